//! Taints and tolerations.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaintEffect {
    /// New pods are kept off.
    NoSchedule,
    /// New pods are kept off where possible.
    PreferNoSchedule,
    /// New pods are kept off, running ones are evicted.
    NoExecute,
}

/// A taint of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// Value; may be empty.
    #[serde(default)]
    pub value: String,
    /// Effect.
    pub effect: TaintEffect,
}

impl Taint {
    /// Whether the taint keeps a pod off a node for good: all effects but `PreferNoSchedule`.
    pub fn is_hard(&self) -> bool {
        self.effect != TaintEffect::PreferNoSchedule
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_empty() {
            write!(f, "{}:{:?}", self.key, self.effect)
        } else {
            write!(f, "{}={}:{:?}", self.key, self.value, self.effect)
        }
    }
}

/// How a toleration compares the taint's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TolerationOperator {
    /// Values are equal.
    #[default]
    Equal,
    /// Any value.
    Exists,
    /// The taint's value is an integer above the toleration's.
    Gt,
    /// The taint's value is an integer below the toleration's.
    Lt,
}

/// A toleration of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Toleration {
    /// Key; empty with `Exists` tolerates every key.
    #[serde(default)]
    pub key: String,
    /// Comparison.
    #[serde(default)]
    pub operator: TolerationOperator,
    /// Value.
    #[serde(default)]
    pub value: String,
    /// Effect; `None` is every effect.
    #[serde(default)]
    pub effect: Option<TaintEffect>,
}

impl Toleration {
    /// Tolerates every taint, as most `DaemonSet`s of a platform do.
    pub fn everything() -> Self {
        Self { operator: TolerationOperator::Exists, ..Self::default() }
    }

    /// Whether this toleration covers the taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        if !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        match self.operator {
            TolerationOperator::Exists => true,
            TolerationOperator::Equal => !self.key.is_empty() && self.value == taint.value,
            TolerationOperator::Gt => self.compares(taint, |taint, mine| taint > mine),
            TolerationOperator::Lt => self.compares(taint, |taint, mine| taint < mine),
        }
    }

    fn compares(&self, taint: &Taint, compare: impl Fn(i64, i64) -> bool) -> bool {
        match (taint.value.parse(), self.value.parse()) {
            (Ok(theirs), Ok(mine)) => compare(theirs, mine),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taint(value: &str) -> Taint {
        Taint { key: "team".into(), value: value.into(), effect: TaintEffect::NoSchedule }
    }

    #[test]
    fn an_empty_key_with_exists_tolerates_everything() {
        assert!(Toleration::everything().tolerates(&taint("a")));
        assert!(!Toleration::default().tolerates(&taint("")));
    }

    #[test]
    fn the_effect_must_match_if_given() {
        let mut toleration =
            Toleration { key: "team".into(), value: "a".into(), ..Toleration::default() };
        assert!(toleration.tolerates(&taint("a")) && !toleration.tolerates(&taint("b")));
        toleration.effect = Some(TaintEffect::NoExecute);
        assert!(!toleration.tolerates(&taint("a")));
    }

    #[test]
    fn numeric_operators_compare_integers() {
        let above = Toleration {
            key: "team".into(),
            operator: TolerationOperator::Gt,
            value: "5".into(),
            effect: None,
        };
        assert!(above.tolerates(&taint("6")) && !above.tolerates(&taint("5")));
        assert!(!above.tolerates(&taint("x")));
    }
}
