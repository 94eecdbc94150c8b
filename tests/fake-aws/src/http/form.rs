//! The query protocol's requests: forms whose keys are paths (`Filter.1.Value.2`).

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::AwsError;

/// A form as a tree of its keys' parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    Leaf(String),
    Node(BTreeMap<String, Self>),
}

impl Tree {
    /// Reads a form.
    pub(super) fn parse(form: &[u8]) -> Result<Self, AwsError> {
        let mut root = Self::Node(BTreeMap::new());
        for (key, value) in form_urlencoded::parse(form) {
            root.insert(&key, &value)?;
        }
        Ok(root)
    }

    fn insert(&mut self, path: &str, value: &str) -> Result<(), AwsError> {
        let mut at = self;
        for part in path.split('.') {
            let Self::Node(children) = at else {
                let message = format!("{path} is both a value and a structure");
                return Err(AwsError::client("MalformedQueryString", message));
            };
            at = children.entry(part.to_owned()).or_insert_with(|| Self::Node(BTreeMap::new()));
        }
        *at = Self::Leaf(value.to_owned());
        Ok(())
    }

    /// Takes a child out.
    pub(super) fn take(&mut self, key: &str) -> Option<Self> {
        match self {
            Self::Leaf(_) => None,
            Self::Node(children) => children.remove(key),
        }
    }

    /// Takes a value out.
    pub(super) fn take_text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Self::Leaf(text) => Some(text),
            Self::Node(_) => None,
        }
    }

    /// Moves all children but these under a key of their own.
    pub(super) fn gather_but(self, keep: &[&str], key: &str) -> Self {
        let Self::Node(children) = self else { return self };
        let is_kept = |(name, _): &(String, Self)| keep.contains(&name.as_str());
        let (mut kept, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            children.into_iter().partition(is_kept);
        kept.insert(key.to_owned(), Self::Node(rest));
        Self::Node(kept)
    }

    /// Reads a request out of the tree.
    pub(super) fn into_request<T: DeserializeOwned>(self) -> Result<T, AwsError> {
        T::deserialize(self).map_err(|error: Mismatch| {
            let message = error.to_string();
            // A parameter that the fake does not know is a hole in the fake, to be seen at once.
            let code = if message.starts_with("unknown field") {
                "UnknownParameter"
            } else {
                "InvalidParameterValue"
            };
            AwsError::client(code, message)
        })
    }

    fn scalar(self) -> Result<String, Mismatch> {
        match self {
            Self::Leaf(text) => Ok(text),
            Self::Node(_) => Err(Mismatch::custom("expected a value, found a structure")),
        }
    }
}

type Mismatch = serde::de::value::Error;

impl IntoDeserializer<'_, Mismatch> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Values that are written as text.
macro_rules! parse_scalars {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            let text = self.scalar()?;
            let value = text.parse().map_err(|error| no_value(&text, &error))?;
            visitor.$visit(value)
        }
    )*};
}

fn no_value(text: &str, error: &impl Display) -> Mismatch {
    Mismatch::custom(format_args!("value '{text}' is invalid: {error}"))
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Leaf(text) => visitor.visit_string(text),
            Self::Node(children) => visitor.visit_map(MapDeserializer::new(children.into_iter())),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            // A structure without members.
            Self::Leaf(text) if text.is_empty() => {
                visitor.visit_map(MapDeserializer::new(BTreeMap::<String, Self>::new().into_iter()))
            }
            Self::Leaf(_) => Err(Mismatch::custom("expected a structure, found a value")),
            Self::Node(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    /// Lists are children named by numbers, in IAM under a child `member`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let mut children = match self {
            Self::Leaf(text) if text.is_empty() => BTreeMap::new(),
            Self::Leaf(_) => return Err(Mismatch::custom("expected a list, found a value")),
            Self::Node(children) => children,
        };
        if let Some(members) = children.remove("member") {
            return members.deserialize_seq(visitor);
        }
        let numbered = children.into_iter().map(|(key, child)| match key.parse::<u32>() {
            Ok(number) => Ok((number, child)),
            Err(error) => Err(no_value(&key, &error)),
        });
        let mut numbered = numbered.collect::<Result<Vec<_>, _>>()?;
        numbered.sort_by_key(|(number, _)| *number);
        visitor.visit_seq(SeqDeserializer::new(numbered.into_iter().map(|(_, child)| child)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_string(self.scalar()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_string(visitor)
    }

    parse_scalars! {
        deserialize_bool visit_bool
        deserialize_i64 visit_i64
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_f64 visit_f64
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use crate::account::fleet::request::CreateFleet;
    use crate::account::iam::CreateInstanceProfile;
    use crate::account::machines::DescribeInstanceTypes;

    fn tree(form: &str) -> Tree {
        Tree::parse(form.as_bytes()).unwrap()
    }

    #[test]
    fn numbered_keys_are_lists_in_order_of_their_numbers() {
        let form = "InstanceType.2=b&InstanceType.10=c&InstanceType.1=a&DryRun=true&MaxResults=7";
        let request: DescribeInstanceTypes = tree(form).into_request().unwrap();
        assert_eq!(request.instance_type, ["a", "b", "c"]);
        assert!(request.dry_run);
        assert_eq!(request.max_results, Some(7));
    }

    #[test]
    fn structures_nest() {
        let form = "Type=instant&TargetCapacitySpecification.TotalTargetCapacity=3\
                    &LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=x%2Fy\
                    &LaunchTemplateConfigs.1.Overrides.1.Priority=0.096";
        let request: CreateFleet = tree(form).into_request().unwrap();
        assert_eq!(request.target_capacity_specification.total_target_capacity, 3);
        let config = &request.launch_template_configs[0];
        let name = config.launch_template_specification.launch_template_name.as_deref();
        assert_eq!(name, Some("x/y"));
        assert_eq!(config.overrides[0].priority, Some(0.096));
    }

    #[test]
    fn lists_of_iam_have_members() {
        let form = "InstanceProfileName=x&Tags.member.1.Key=k&Tags.member.1.Value=v";
        let request: CreateInstanceProfile = tree(form).into_request().unwrap();
        assert_eq!((request.tags[0].key.as_str(), request.tags[0].value.as_str()), ("k", "v"));
    }

    #[test]
    fn a_parameter_that_is_not_known_is_named() {
        let error = tree("Colour=red").into_request::<DescribeInstanceTypes>().unwrap_err();
        assert_eq!(error.code, "UnknownParameter");
        assert!(error.message.contains("`Colour`"), "{}", error.message);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let error = tree("MaxResults=many").into_request::<DescribeInstanceTypes>().unwrap_err();
        assert_eq!(error.code, "InvalidParameterValue");
        assert!(error.message.contains("'many'"), "{}", error.message);
    }

    #[test]
    fn a_key_that_is_a_value_has_no_parts() {
        assert_eq!(Tree::parse(b"A=1&A.B=2").unwrap_err().code, "MalformedQueryString");
    }
}
