//! REQ: the algebra, held against a reading of each operator of its own.

use scheduler_core::model::Operator::{DoesNotExist, Exists, Gt, Gte, In, Lt, Lte, NotIn};
use scheduler_core::model::{Operator, Requirement, Requirements};

/// A requirement as it is written.
type Written = (Operator, &'static [&'static str]);

const WRITTEN: [Written; 18] = [
    (Exists, &[]),
    (DoesNotExist, &[]),
    (In, &["A"]),
    (In, &["B"]),
    (In, &["A", "B"]),
    (NotIn, &["A"]),
    (In, &["1"]),
    (In, &["9"]),
    (In, &["1", "9"]),
    (NotIn, &["12"]),
    (Gt, &["1"]),
    (Gt, &["9"]),
    (Lt, &["1"]),
    (Lt, &["9"]),
    (Gte, &["1"]),
    (Gte, &["9"]),
    (Lte, &["1"]),
    (Lte, &["9"]),
];

/// Values of every kind that the requirements tell apart.
const VALUES: [Option<&str>; 11] = [
    None,
    Some("A"),
    Some("B"),
    Some("C"),
    Some("0"),
    Some("1"),
    Some("2"),
    Some("8"),
    Some("9"),
    Some("10"),
    Some("12"),
];

fn build((operator, values): Written) -> Requirement {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    Requirement::new(operator, &values).expect("the table is of valid requirements")
}

/// What the operator says about a label, by Kubernetes' own words.
fn says((operator, values): Written, label: Option<&str>) -> bool {
    let compare = |holds: fn(i64, i64) -> bool| {
        let number = label.and_then(|value| value.parse().ok());
        number.is_some_and(|number| holds(number, values[0].parse().expect("a bound")))
    };
    match operator {
        In => label.is_some_and(|value| values.contains(&value)),
        NotIn => label.is_none_or(|value| !values.contains(&value)),
        Exists => label.is_some(),
        DoesNotExist => label.is_none(),
        Gt => compare(|number, bound| number > bound),
        Lt => compare(|number, bound| number < bound),
        Gte => compare(|number, bound| number >= bound),
        Lte => compare(|number, bound| number <= bound),
    }
}

#[test]
fn every_pair_of_requirements_admits_what_both_say() {
    for one in WRITTEN {
        for other in WRITTEN {
            let both = build(one).intersection(&build(other));
            for label in VALUES {
                let expected = says(one, label) && says(other, label);
                assert_eq!(both.admits(label), expected, "{one:?} and {other:?} on {label:?}");
            }
            let mut present = VALUES.into_iter().flatten();
            let overlap = present.any(|value| says(one, Some(value)) && says(other, Some(value)));
            assert_eq!(build(one).overlaps(&build(other)), overlap, "{one:?} and {other:?}");
        }
    }
}

#[test]
fn of_two_wishes_for_flexibility_the_larger_one_stays() {
    for one in WRITTEN {
        for other in WRITTEN {
            for (mine, theirs, larger) in
                [(None, None, None), (Some(2), None, Some(2)), (Some(2), Some(3), Some(3))]
            {
                let (mut left, mut right) = (build(one), build(other));
                (left.min_values, right.min_values) = (mine, theirs);
                assert_eq!(left.intersection(&right).min_values, larger);
                assert_eq!(right.intersection(&left).min_values, larger);
            }
        }
    }
}

#[test]
fn intersections_read_back_as_they_are_written() {
    let text = |one: Written, other: Written| build(one).intersection(&build(other)).to_string();
    assert_eq!(text((Gt, &["9"]), (Lt, &["1"])), "DoesNotExist");
    assert_eq!(text((Gt, &["1"]), (Lt, &["9"])), "Exists >=2 <=8");
    assert_eq!(text((In, &["1", "9"]), (Gt, &["1"])), "In [9]");
    assert_eq!(text((NotIn, &["A"]), (In, &["A", "B"])), "In [B]");
    assert_eq!(text((NotIn, &["A"]), (NotIn, &["12"])), "NotIn [12 A]");
    assert_eq!(text((Gte, &["3"]), (Gt, &["1"])), "Exists >=3");
    assert_eq!(text((Lte, &["3"]), (Lt, &["3"])), "Exists <=2");
    assert_eq!(text((DoesNotExist, &[]), (In, &["A"])), "DoesNotExist");
}

#[test]
fn bounds_hold_to_the_ends_of_the_integers() {
    let bound = |operator, value: i64| Requirement::new(operator, &[value.to_string()]).unwrap();
    assert!(bound(Gte, 0).has("0") && bound(Lte, 0).has("0"));
    assert!(!bound(Lt, 0).has("0"));
    assert!(bound(Gt, i64::MAX).admits_nothing());
}

#[test]
fn a_set_of_requirements_is_printed_in_the_order_of_its_keys() {
    let mut set = Requirements::new();
    set.add("z", Requirement::any_of(["b", "a"]));
    set.add("failure-domain.beta.kubernetes.io/zone", Requirement::exists());
    let mut flexible = Requirement::none_of(["x"]);
    flexible.min_values = Some(2);
    set.add("a", flexible);
    let expected = "a NotIn [x] minValues 2, topology.kubernetes.io/zone Exists, z In [a b]";
    assert_eq!(set.to_string(), expected);
}

#[test]
fn every_old_key_is_read_as_the_present_one() {
    let keys = [
        ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
        ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
        ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
        ("beta.kubernetes.io/os", "kubernetes.io/os"),
        ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ];
    for (old, present) in keys {
        let mut set = Requirements::new();
        set.add(old, Requirement::any_of(["x"]));
        assert_eq!(set.get(present), Some(&Requirement::any_of(["x"])), "{old}");
    }
}
