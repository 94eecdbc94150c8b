//! Requirements on node labels and their algebra (`karpenter-core.md` §3).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::label::{Labels, well_known};

/// Operator of a requirement, as in node affinity and in Karpenter's `NodePool`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is an integer above the value.
    Gt,
    /// The label is an integer below the value.
    Lt,
    /// The label is an integer of at least the value.
    Gte,
    /// The label is an integer of at most the value.
    Lte,
}

impl Operator {
    /// The operator written as in a manifest; `None` if there is no such operator.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "In" => Self::In,
            "NotIn" => Self::NotIn,
            "Exists" => Self::Exists,
            "DoesNotExist" => Self::DoesNotExist,
            "Gt" => Self::Gt,
            "Lt" => Self::Lt,
            "Gte" => Self::Gte,
            "Lte" => Self::Lte,
            _ => return None,
        })
    }
}

/// Why a requirement could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// `In` without a value would admit nothing.
    #[error("operator In needs at least one value")]
    NoValue,
    /// A numeric operator has another number of values than one, or not an integer.
    #[error("operator {operator:?} needs exactly one integer, found {found:?}")]
    NotOneInteger {
        /// The operator.
        operator: Operator,
        /// The values as written.
        found: Vec<String>,
    },
    /// `Exists` or `DoesNotExist` with values.
    #[error("operator {operator:?} takes no values, found {found:?}")]
    UnexpectedValues {
        /// The operator.
        operator: Operator,
        /// The values as written.
        found: Vec<String>,
    },
}

/// The set of values that a label may have: a finite set, or all but a finite set, within optional
/// integer bounds.
///
/// `DoesNotExist` is the empty finite set; `Exists` is the complement of the empty set. Whether the
/// label must be there is kept apart, so that `Exists` and `NotIn` together still ask for it, and
/// `In [a]` and `In [b]` together admit nothing, not even absence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Requirement {
    complement: bool,
    /// The label must be present.
    present: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    values: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gte: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lte: Option<i64>,
    /// At least so many distinct values must remain among the candidate instance types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_values: Option<u32>,
}

impl Requirement {
    /// A requirement from an operator and its values.
    ///
    /// # Errors
    /// If the number or form of the values does not suit the operator.
    pub fn new(operator: Operator, values: &[String]) -> Result<Self, RequirementError> {
        match operator {
            Operator::In if values.is_empty() => Err(RequirementError::NoValue),
            Operator::In => Ok(Self::any_of(values)),
            Operator::NotIn => Ok(Self::none_of(values)),
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                Err(RequirementError::UnexpectedValues { operator, found: values.to_vec() })
            }
            Operator::Exists => Ok(Self::exists()),
            Operator::DoesNotExist => Ok(Self::does_not_exist()),
            Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte => {
                let bound = match values {
                    [value] => value.parse::<i64>().ok(),
                    _ => None,
                };
                let bound = bound.ok_or_else(|| RequirementError::NotOneInteger {
                    operator,
                    found: values.to_vec(),
                })?;
                Ok(Self::bounded(operator, bound))
            }
        }
    }

    /// The label has one of these values.
    pub fn any_of<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Self {
        let values = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        Self { complement: false, present: true, values, gte: None, lte: None, min_values: None }
    }

    /// The label is absent or has none of these values.
    pub fn none_of<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Self {
        let values = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        Self { complement: true, present: false, values, gte: None, lte: None, min_values: None }
    }

    /// The label is present.
    pub fn exists() -> Self {
        Self { present: true, ..Self::none_of::<&str>([]) }
    }

    /// The label is absent.
    pub fn does_not_exist() -> Self {
        Self { present: false, ..Self::any_of::<&str>([]) }
    }

    fn bounded(operator: Operator, bound: i64) -> Self {
        let mut requirement = Self::exists();
        match operator {
            Operator::Gt if bound == i64::MAX => return Self::any_of::<&str>([]),
            Operator::Gt => requirement.gte = Some(bound + 1),
            Operator::Lt if bound == i64::MIN => return Self::any_of::<&str>([]),
            Operator::Gte => requirement.gte = Some(bound),
            Operator::Lt => requirement.lte = Some(bound - 1),
            Operator::Lte => requirement.lte = Some(bound),
            Operator::In | Operator::NotIn | Operator::Exists | Operator::DoesNotExist => {}
        }
        requirement
    }

    /// The finite set of values, if the requirement is one (`In` or `DoesNotExist`).
    pub fn finite_values(&self) -> Option<&BTreeSet<String>> {
        (!self.complement).then_some(&self.values)
    }

    /// The values named by the requirement, whether admitted or excluded.
    pub fn named_values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(String::as_str)
    }

    /// No admitted number is below this one.
    pub fn smallest_number(&self) -> i64 {
        self.gte.unwrap_or(0)
    }

    /// Whether the label may have this value.
    pub fn has(&self, value: &str) -> bool {
        (self.values.contains(value) != self.complement) && self.within_bounds(value)
    }

    /// Whether an absent label satisfies the requirement: `NotIn` and `DoesNotExist` do.
    pub fn admits_absence(&self) -> bool {
        !self.present
    }

    /// Whether neither a value nor absence satisfies the requirement.
    pub fn admits_nothing(&self) -> bool {
        self.present && !self.complement && self.values.is_empty()
    }

    /// Whether the label `value`, or its absence, satisfies the requirement.
    pub fn admits(&self, value: Option<&str>) -> bool {
        value.map_or_else(|| self.admits_absence(), |value| self.has(value))
    }

    /// Values that satisfy both requirements.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let min_values = self.min_values.max(other.min_values);
        let gte = self.gte.max(other.gte);
        let lte = match (self.lte, other.lte) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if matches!((gte, lte), (Some(gte), Some(lte)) if gte > lte) {
            return Self { min_values, ..Self::any_of::<&str>([]) };
        }
        let present = self.present || other.present;
        let complement = self.complement && other.complement;
        let values: BTreeSet<String> = match (self.complement, other.complement) {
            (true, true) => self.values.union(&other.values).cloned().collect(),
            (true, false) => other.values.difference(&self.values).cloned().collect(),
            (false, true) => self.values.difference(&other.values).cloned().collect(),
            (false, false) => self.values.intersection(&other.values).cloned().collect(),
        };
        let mut both = Self { complement, present, values, gte, lte, min_values };
        if !complement {
            both.values = both.values.iter().filter(|v| both.within_bounds(v)).cloned().collect();
            both.gte = None;
            both.lte = None;
        }
        both
    }

    /// Whether some value satisfies both. Two complements overlap unless their bounds cross.
    pub fn overlaps(&self, other: &Self) -> bool {
        let both = self.intersection(other);
        both.complement || !both.values.is_empty()
    }

    /// The operator that the set reads back as.
    pub fn operator(&self) -> Operator {
        match (self.complement, self.values.is_empty()) {
            (true, true) => Operator::Exists,
            (true, false) => Operator::NotIn,
            (false, true) => Operator::DoesNotExist,
            (false, false) => Operator::In,
        }
    }

    fn within_bounds(&self, value: &str) -> bool {
        if self.gte.is_none() && self.lte.is_none() {
            return true;
        }
        value.parse::<i64>().is_ok_and(|number| {
            self.gte.is_none_or(|gte| number >= gte) && self.lte.is_none_or(|lte| number <= lte)
        })
    }
}

impl fmt::Display for Requirement {
    /// `In [a b c d e and 3 others] >=2`, as Karpenter prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        write!(f, "{:?}", self.operator())?;
        if !self.values.is_empty() {
            let shown: Vec<&str> = self.named_values().take(SHOWN).collect();
            write!(f, " [{}", shown.join(" "))?;
            if self.values.len() > SHOWN {
                write!(f, " and {} others", self.values.len() - SHOWN)?;
            }
            write!(f, "]")?;
        }
        if let Some(gte) = self.gte {
            write!(f, " >={gte}")?;
        }
        if let Some(lte) = self.lte {
            write!(f, " <={lte}")?;
        }
        if let Some(min_values) = self.min_values {
            write!(f, " minValues {min_values}")?;
        }
        Ok(())
    }
}

/// One requirement per label key; a key that is not named admits everything.
///
/// Keys are normalised to their current spelling on the way in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Requirements(BTreeMap<String, Requirement>);

impl Requirements {
    /// Requirements that admit everything.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Every label must have exactly its value.
    pub fn from_labels(labels: &Labels) -> Self {
        labels.iter().map(|(key, value)| (key.clone(), Requirement::any_of([value]))).collect()
    }

    /// Adds a requirement; a key that is already there is intersected.
    pub fn add(&mut self, key: &str, requirement: Requirement) {
        let key = well_known::normalize(key);
        let both = match self.0.get(key) {
            Some(present) => present.intersection(&requirement),
            None => requirement,
        };
        self.0.insert(key.to_owned(), both);
    }

    /// Adds every requirement of `other`.
    pub fn add_all(&mut self, other: &Self) {
        for (key, requirement) in &other.0 {
            self.add(key, requirement.clone());
        }
    }

    /// Both sets together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.add_all(other);
        both
    }

    /// The requirement on a key.
    pub fn get(&self, key: &str) -> Option<&Requirement> {
        self.0.get(well_known::normalize(key))
    }

    /// Keys and requirements in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Requirement)> {
        self.0.iter().map(|(key, requirement)| (key.as_str(), requirement))
    }

    /// Whether no key is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets nodes without a label pass that have it to come.
    pub fn allow_absence(&mut self, key: &str) {
        if let Some(requirement) = self.0.get_mut(well_known::normalize(key)) {
            requirement.present = false;
        }
    }

    /// The first key on which the labels of a node fail, or `None` if they satisfy everything.
    pub fn first_unmet<'a>(&'a self, labels: &Labels) -> Option<(&'a str, &'a Requirement)> {
        self.iter()
            .find(|(key, requirement)| !requirement.admits(labels.get(*key).map(String::as_str)))
    }

    /// Whether the labels of a node satisfy every requirement.
    pub fn admit(&self, labels: &Labels) -> bool {
        self.first_unmet(labels).is_none()
    }

    /// The first key named by both sets with no common value, where absence does not satisfy both.
    pub fn first_conflict<'a>(&'a self, other: &Self) -> Option<(&'a str, &'a Requirement)> {
        self.iter().find(|(key, mine)| {
            other.get(key).is_some_and(|theirs| {
                !(mine.overlaps(theirs) || mine.admits_absence() && theirs.admits_absence())
            })
        })
    }
}

impl FromIterator<(String, Requirement)> for Requirements {
    fn from_iter<I: IntoIterator<Item = (String, Requirement)>>(entries: I) -> Self {
        let mut requirements = Self::new();
        for (key, requirement) in entries {
            requirements.add(&key, requirement);
        }
        requirements
    }
}

impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, requirement)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{key} {requirement}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gt(bound: &str) -> Requirement {
        Requirement::new(Operator::Gt, &[bound.to_owned()]).unwrap()
    }

    fn lt(bound: &str) -> Requirement {
        Requirement::new(Operator::Lt, &[bound.to_owned()]).unwrap()
    }

    #[test]
    fn intersection_of_a_set_and_a_complement_drops_the_excluded() {
        let both = Requirement::any_of(["a", "b"]).intersection(&Requirement::none_of(["b", "c"]));
        assert_eq!(both, Requirement::any_of(["a"]));
    }

    #[test]
    fn crossing_bounds_admit_nothing() {
        let both = gt("5").intersection(&lt("5"));
        assert_eq!(both.operator(), Operator::DoesNotExist);
        assert!(!gt("5").overlaps(&lt("5")));
    }

    #[test]
    fn bounds_are_integers_and_exclusive_for_gt_and_lt() {
        assert!(gt("3").has("4") && !gt("3").has("3") && !gt("3").has("four"));
        assert!(lt("3").has("2") && !lt("3").has("3"));
        let both = gt("3").intersection(&Requirement::any_of(["2", "4", "6"]));
        assert_eq!(both, Requirement::any_of(["4", "6"]));
    }

    #[test]
    fn bounds_may_be_negative() {
        assert!(gt("-2").has("-1") && gt("-2").has("0") && !gt("-2").has("-2"));
        assert!(lt("-1").has("-2") && !lt("-1").has("-1"));
        let never = lt("-9223372036854775808");
        assert!(never.admits_nothing());
    }

    #[test]
    fn absence_satisfies_not_in_and_does_not_exist_only() {
        assert!(Requirement::none_of(["a"]).admits(None));
        assert!(Requirement::does_not_exist().admits(None));
        assert!(!Requirement::exists().admits(None));
        assert!(!Requirement::any_of(["a"]).admits(None));
        assert!(!gt("1").admits(None));
    }

    #[test]
    fn a_label_that_must_exist_stays_so_when_a_value_is_excluded() {
        let both = Requirement::exists().intersection(&Requirement::none_of(["a"]));
        assert!(!both.admits(None) && both.admits(Some("b")) && !both.admits(Some("a")));
    }

    #[test]
    fn a_contradiction_does_not_admit_absence() {
        let both = Requirement::any_of(["a"]).intersection(&Requirement::any_of(["b"]));
        assert!(!both.admits(None) && !both.admits(Some("a")) && both.admits_nothing());
        let never = Requirement::exists().intersection(&Requirement::does_not_exist());
        assert!(!never.admits(None));
    }

    #[test]
    fn values_must_suit_the_operator() {
        assert_eq!(Requirement::new(Operator::In, &[]), Err(RequirementError::NoValue));
        assert!(Requirement::new(Operator::Gt, &["1.5".to_owned()]).is_err());
        assert!(Requirement::new(Operator::Gt, &["1".to_owned(), "2".to_owned()]).is_err());
        assert!(Requirement::new(Operator::Exists, &["1".to_owned()]).is_err());
    }

    #[test]
    fn prints_five_values_and_counts_the_rest() {
        let many = Requirement::any_of(["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(many.to_string(), "In [a b c d e and 2 others]");
        assert_eq!(gt("3").to_string(), "Exists >=4");
    }

    #[test]
    fn keys_are_normalised_and_intersected() {
        let mut requirements = Requirements::new();
        requirements.add("beta.kubernetes.io/arch", Requirement::any_of(["arm64", "amd64"]));
        requirements.add("kubernetes.io/arch", Requirement::any_of(["arm64"]));
        assert_eq!(requirements.get("kubernetes.io/arch"), Some(&Requirement::any_of(["arm64"])));
    }
}
