//! Nodes that could be launched: what a label could be on one, before anybody has launched it.

use crate::model::well_known::{HOSTNAME, INSTANCE_TYPE, OF_OFFERING, is_of_offering};
use crate::model::{InstanceType, NodePool, Offering, Requirement};

/// A pool, one of its types, and a way to buy that.
pub(super) type Launchable<'a> = (&'a NodePool, &'a InstanceType, &'a Offering);

/// The values that a label could have on a node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Possible<'a> {
    Absent,
    One(&'a str),
    /// What the pool's requirements allow.
    Pool(&'a Requirement),
    /// What the type allows.
    Type(&'a Requirement),
    /// What the type allows, narrowed by the pool.
    Both(&'a Requirement, &'a Requirement),
}

/// Whether the pool's template and the type agree.
pub(super) fn admits(pool: &NodePool, instance_type: &InstanceType) -> bool {
    let label_admitted = |(key, value): (&String, &String)| {
        instance_type.requirements.get(key).is_none_or(|wanted| wanted.has(value))
    };
    let agrees = |(key, wanted): (&str, &Requirement)| {
        let own = instance_type.requirements.get(key);
        own.is_none_or(|own| {
            overlaps(own, wanted) || (wanted.admits_absence() && may_be_absent(own))
        })
    };
    let named = pool.requirements.get(INSTANCE_TYPE);
    named.is_none_or(|wanted| wanted.has(&instance_type.name))
        && pool.requirements.iter().all(agrees)
        && pool.labels.iter().all(label_admitted)
}

/// Whether the pool's template admits zone, capacity type and reservation of the offering.
pub(super) fn sells(pool: &NodePool, offering: &Offering) -> bool {
    OF_OFFERING.into_iter().all(|key| {
        let value = offering.label(key);
        pool.labels.get(key).is_none_or(|label| Some(label.as_str()) == value)
            && pool.requirements.get(key).is_none_or(|wanted| wanted.admits(value))
    })
}

/// What a label could be.
pub(super) fn possible<'a>(
    (pool, instance_type, offering): Launchable<'a>,
    key: &str,
) -> Possible<'a> {
    match key {
        key if is_of_offering(key) => {
            return offering.label(key).map_or(Possible::Absent, Possible::One);
        }
        INSTANCE_TYPE => return Possible::One(&instance_type.name),
        HOSTNAME => return Possible::Absent,
        _ => {}
    }
    if let Some(label) = pool.labels.get(key) {
        return Possible::One(label);
    }
    match (pool.requirements.get(key), instance_type.requirements.get(key)) {
        (None, None) => Possible::Absent,
        (Some(pool), None) => Possible::Pool(pool),
        (None, Some(own)) => Possible::Type(own),
        (Some(pool), Some(own)) => Possible::Both(own, pool),
    }
}

impl Possible<'_> {
    /// Whether some node satisfies the requirement.
    pub(super) fn may_satisfy(self, wanted: &Requirement) -> bool {
        let some_value = match self {
            Self::Absent => false,
            Self::One(value) => return wanted.has(value),
            Self::Pool(one) | Self::Type(one) => overlaps(one, wanted),
            Self::Both(own, pool) => match own.finite_values() {
                Some(values) => values.iter().any(|one| pool.has(one) && wanted.has(one)),
                None => wanted.overlaps(&own.intersection(pool)),
            },
        };
        some_value || (wanted.admits_absence() && self.may_be_absent())
    }

    /// Whether every node satisfies the requirement.
    pub(super) fn must_satisfy(self, wanted: &Requirement) -> bool {
        let all = |one: &Requirement, admitted: &dyn Fn(&str) -> bool| {
            let values = one.finite_values();
            values.is_some_and(|values| {
                values.iter().filter(|one| admitted(one)).all(|one| wanted.has(one))
            })
        };
        let every_value = match self {
            Self::Absent => true,
            Self::One(value) => return wanted.has(value),
            Self::Pool(one) | Self::Type(one) => all(one, &|_| true),
            Self::Both(own, pool) => {
                all(own, &|value| pool.has(value)) || all(pool, &|value| own.has(value))
            }
        };
        every_value && (wanted.admits_absence() || !self.may_be_absent())
    }

    fn may_be_absent(self) -> bool {
        match self {
            Self::Absent => true,
            Self::One(_) => false,
            Self::Pool(pool) => pool.admits_absence(),
            Self::Type(own) => may_be_absent(own),
            Self::Both(own, pool) => pool.admits_absence() && may_be_absent(own),
        }
    }
}

/// A type of which a label has several values leaves it open which a node has, or whether any.
fn may_be_absent(own: &Requirement) -> bool {
    own.admits_absence() || own.finite_values().is_none_or(|values| values.len() > 1)
}

/// Whether some value satisfies both.
fn overlaps(one: &Requirement, other: &Requirement) -> bool {
    match (one.finite_values(), other.finite_values()) {
        (Some(values), _) => values.iter().any(|value| other.has(value)),
        (None, Some(values)) => values.iter().any(|value| one.has(value)),
        (None, None) => one.overlaps(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_the_type_leaves_open_may_be_anything_it_lists_or_nothing() {
        let listed = Requirement::any_of(["a", "b"]);
        let open = Possible::Type(&listed);
        assert!(open.may_satisfy(&Requirement::any_of(["b", "c"])));
        assert!(open.may_satisfy(&Requirement::does_not_exist()));
        assert!(!open.may_satisfy(&Requirement::any_of(["c"])));
        assert!(!open.must_satisfy(&Requirement::any_of(["a", "b"])));
        assert!(open.must_satisfy(&Requirement::none_of(["c"])));
    }

    #[test]
    fn a_pool_narrows_what_the_type_leaves_open() {
        let (own, pool) = (Requirement::any_of(["a", "b"]), Requirement::any_of(["b", "c"]));
        let both = Possible::Both(&own, &pool);
        assert!(both.must_satisfy(&Requirement::any_of(["b"])));
        assert!(!both.may_satisfy(&Requirement::any_of(["a", "c"])));
    }

    #[test]
    fn a_label_that_the_pool_only_asks_to_exist_may_be_anything() {
        let wanted = Requirement::exists();
        let any = Possible::Pool(&wanted);
        assert!(any.may_satisfy(&Requirement::any_of(["a"])));
        assert!(!any.must_satisfy(&Requirement::any_of(["a"])));
        assert!(!any.may_satisfy(&Requirement::does_not_exist()));
    }
}
