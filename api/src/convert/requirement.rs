//! Requirements on labels, and the node affinity of pods.

use k8s_openapi::api::core::v1::{Affinity, NodeSelectorTerm};
use scheduler_core::model::{Operator, PreferredTerm, Requirement, Requirements, well_known};

use crate::finding::{Problem, Report};

/// Requirements that are being collected, with the first key on which they contradict each other.
///
/// The core reads a set without values as "the label is absent"; two requirements that both want
/// the label present but agree on no value are something else.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gathered {
    pub(super) requirements: Requirements,
    pub(super) contradiction: Option<String>,
}

impl Gathered {
    pub(super) fn add(&mut self, key: &str, requirement: Requirement) {
        if let Some(present) = self.requirements.get(key) {
            let both = present.intersection(&requirement);
            let absent = present.admits_absence() && requirement.admits_absence();
            if both.operator() == Operator::DoesNotExist && !absent {
                self.contradiction.get_or_insert_with(|| key.to_owned());
            }
        }
        self.requirements.add(key, requirement);
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (key, requirement) in other.requirements.iter() {
            self.add(key, requirement.clone());
        }
        if self.contradiction.is_none() {
            self.contradiction.clone_from(&other.contradiction);
        }
    }
}

/// Requirements on keys, read from the list in this field; what is wrong with one of them, or with
/// all together, is told.
pub(super) fn gather<'a>(
    field: &str,
    written: impl Iterator<Item = (&'a str, Result<Requirement, Problem>)>,
    report: &mut Report<'_>,
) -> Requirements {
    let mut gathered = Gathered::default();
    for (index, (key, read)) in written.enumerate() {
        let read = read.map_err(|problem| problem.within(&format!("{field}[{index}]")));
        if let Some(requirement) = report.accept(read) {
            gathered.add(key, requirement);
        }
    }
    if let Some(key) = &gathered.contradiction {
        report.error(Problem::new(
            field,
            format!("the requirements on {key} contradict each other: no value satisfies them all"),
            "remove or correct one of them",
        ));
    }
    gathered.requirements
}

/// A requirement as people write it.
pub(super) struct Written<'a> {
    pub(super) operator: &'a str,
    pub(super) values: &'a [String],
}

impl Written<'_> {
    /// The requirement, if the operator is one of `allowed`.
    pub(super) fn parse(&self, allowed: &[&str]) -> Result<Requirement, Problem> {
        let Self { operator, values } = self;
        let known = Operator::parse(operator).filter(|_| allowed.contains(operator));
        let operator = known.ok_or_else(|| {
            let expected = allowed.join(", ");
            Problem::new(
                "operator",
                format!("unknown operator {operator:?}, expected one of {expected}"),
                "correct the operator",
            )
        })?;
        Requirement::new(operator, values)
            .map_err(|error| Problem::new("values", error.to_string(), "correct the values"))
    }
}

/// Operators of Karpenter's own objects.
pub(super) const ALL_OPERATORS: [&str; 8] =
    ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"];

/// Operators of node affinity.
const NODE_OPERATORS: [&str; 6] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

/// The expressions of a node selector term; its fields are the caller's business.
pub(super) fn term(term: &NodeSelectorTerm) -> Result<Gathered, Problem> {
    let mut gathered = Gathered::default();
    for (index, expression) in term.match_expressions.iter().flatten().enumerate() {
        let written = Written {
            operator: &expression.operator,
            values: expression.values.as_deref().unwrap_or_default(),
        };
        let requirement = written
            .parse(&NODE_OPERATORS)
            .map_err(|problem| problem.within(&format!("matchExpressions[{index}]")))?;
        // Every node has a host name; only it is not known yet of a node that does not exist.
        if expression.key == well_known::HOSTNAME && requirement == Requirement::exists() {
            continue;
        }
        gathered.add(&expression.key, requirement);
    }
    Ok(gathered)
}

/// The fields of a node selector term, under keys that no label has. Kubernetes knows the node's
/// name only, and one of them at a time.
fn fields(term: &NodeSelectorTerm) -> Result<Gathered, Problem> {
    let mut gathered = Gathered::default();
    for (index, field) in term.match_fields.iter().flatten().enumerate() {
        let within = |problem: Problem| problem.within(&format!("matchFields[{index}]"));
        if field.key != "metadata.name" {
            let what = format!("{:?} is not a field to select nodes by", field.key);
            return Err(within(Problem::new("key", what, "write metadata.name")));
        }
        let values = field.values.as_deref().unwrap_or_default();
        if values.len() != 1 {
            let what = format!("one name is expected, found {}", values.len());
            return Err(within(Problem::new("values", what, "write one name")));
        }
        let written = Written { operator: &field.operator, values };
        let requirement = written.parse(&["In", "NotIn"]).map_err(within)?;
        gathered.add(well_known::NODE_NAME, requirement);
    }
    Ok(gathered)
}

/// Whether a term names fields of the node instead of labels.
pub(super) fn has_fields(term: &NodeSelectorTerm) -> bool {
    term.match_fields.as_ref().is_some_and(|fields| !fields.is_empty())
}

/// Whether a term is empty: such a term selects nothing.
pub(super) fn is_empty(term: &NodeSelectorTerm) -> bool {
    !has_fields(term) && term.match_expressions.as_ref().is_none_or(Vec::is_empty)
}

/// The terms of required node affinity, any of which will do; `None` if there is no such affinity.
pub(super) fn required_terms(affinity: Option<&Affinity>) -> Option<&[NodeSelectorTerm]> {
    let node = affinity?.node_affinity.as_ref()?;
    let required = node.required_during_scheduling_ignored_during_execution.as_ref()?;
    Some(&required.node_selector_terms)
}

/// Where the terms of required node affinity are.
pub(super) const REQUIRED_TERMS: &str = "spec.affinity.nodeAffinity.\
    requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";

/// Preferred node affinity, heaviest first. Empty and contradictory terms prefer nothing.
pub(super) fn preferences(affinity: Option<&Affinity>) -> Result<Vec<PreferredTerm>, Problem> {
    const FIELD: &str =
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution";
    let node = affinity.and_then(|affinity| affinity.node_affinity.as_ref());
    let preferred =
        node.and_then(|n| n.preferred_during_scheduling_ignored_during_execution.as_ref());
    let mut preferences = Vec::new();
    for (index, preferred) in preferred.into_iter().flatten().enumerate() {
        let field = format!("{FIELD}[{index}].preference");
        let within = |problem: Problem| problem.within(&field);
        let mut gathered = term(&preferred.preference).map_err(within)?;
        gathered.add_all(&fields(&preferred.preference).map_err(within)?);
        if is_empty(&preferred.preference) || gathered.contradiction.is_some() {
            continue;
        }
        let weight = u32::try_from(preferred.weight).unwrap_or(0);
        preferences.push(PreferredTerm { weight, requirements: gathered.requirements });
    }
    preferences.sort_by_key(|preferred| std::cmp::Reverse(preferred.weight));
    Ok(preferences)
}
