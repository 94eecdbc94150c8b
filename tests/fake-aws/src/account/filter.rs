//! Filters of `Describe…` calls, and tags.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::AwsError;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// A tag in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// Tags for what a call makes, by kind of resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TagSpecification {
    /// `instance`, `volume`, `launch-template` and so on.
    pub resource_type: String,
    /// The tags.
    pub tag: Vec<Tag>,
}

impl TagSpecification {
    /// The tags for this kind of resource; later ones win.
    pub(crate) fn tags_of(specifications: &[Self], resource_type: &str) -> Tags {
        let of_kind = specifications.iter().filter(|one| one.resource_type == resource_type);
        of_kind.flat_map(|one| &one.tag).map(|tag| (tag.key.clone(), tag.value.clone())).collect()
    }
}

/// A filter in a request: one of the values must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Filter {
    /// `subnet-id`, `tag:KEY` and so on.
    pub name: String,
    /// With `*` and `?` as wildcards.
    pub value: Vec<String>,
}

impl Filter {
    /// A filter by name and values.
    pub fn new<const N: usize>(name: &str, values: [&str; N]) -> Self {
        Self { name: name.to_owned(), value: values.map(str::to_owned).to_vec() }
    }
}

/// What filters look at.
pub(crate) trait Filterable {
    /// Its tags.
    fn tags(&self) -> &Tags;
    /// Its values for a filter that is not about tags; `None` if there is no such filter.
    fn values(&self, filter: &str) -> Option<Vec<String>>;
}

/// Whether the item passes all filters.
pub(crate) fn passes(filters: &[Filter], item: &impl Filterable) -> Result<bool, AwsError> {
    for filter in filters {
        let values: Vec<String> = if filter.name == "tag-key" {
            item.tags().keys().cloned().collect()
        } else if let Some(key) = filter.name.strip_prefix("tag:") {
            item.tags().get(key).cloned().into_iter().collect()
        } else {
            item.values(&filter.name).ok_or_else(|| {
                AwsError::invalid(format!("The filter '{}' is invalid", filter.name))
            })?
        };
        let wanted = |value: &String| filter.value.iter().any(|pattern| glob(pattern, value));
        if !values.iter().any(wanted) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The items that pass all filters.
pub(crate) fn select<'a, T: Filterable + 'a>(
    filters: &[Filter],
    items: impl IntoIterator<Item = &'a T>,
) -> Result<Vec<&'a T>, AwsError> {
    let mut selected = Vec::new();
    for item in items {
        if passes(filters, item)? {
            selected.push(item);
        }
    }
    Ok(selected)
}

/// Whether the text is as the pattern says, `*` being any characters and `?` any one.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut next) = (0, 0);
    // Where the last star was, and what it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while next < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, next));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[next] => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                (at, next) = (star_at + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_pattern_without_wildcards_is_the_text_itself() {
        assert!(glob("subnet-1", "subnet-1"));
        assert!(!glob("subnet-1", "subnet-12"));
        assert!(!glob("", "a"));
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(glob("*", ""));
        assert!(glob("a*z", "abcz"));
        assert!(glob("*eks*1.33*", "amazon-eks-node-al2023-1.33-v1"));
        assert!(!glob("a*z", "abc"));
    }

    #[test]
    fn a_question_mark_stands_for_one() {
        assert!(glob("m?.large", "m5.large"));
        assert!(!glob("m?.large", "m5a.large"));
    }
}
