//! `NodePool`s.

use scheduler_core::model::{
    Budget, BudgetLimit, CapacityType, ConsolidationPolicy, Disruption, Labels, Limits, NodePool,
    Requirement, Taint, well_known,
};

use super::amount::{Amounts, in_core_unit};
use super::label::{check_key, check_value, is_qualified_name};
use super::requirement::{ALL_OPERATORS, Written, gather};
use super::taint;
use crate::crd::node_pool as written;
use crate::crd::shared::{Requirement as WrittenRequirement, Taint as WrittenTaint};
use crate::crd::{self, unknown_fields};
use crate::duration::{NillableDuration, parse_whole};
use crate::finding::{Problem, Report};
use crate::objects::name;

const NODE_CLASS_GROUP: &str = "karpenter.k8s.aws";
const NODE_CLASS_KIND: &str = "EC2NodeClass";

/// The highest weight of a pool.
const WEIGHT_MAX: i32 = 100;

/// A pool, unless something about it is wrong.
pub(super) fn convert(pool: &crd::NodePool, report: &mut Report<'_>) -> Option<NodePool> {
    for field in unknown_fields(pool) {
        report.warn(super::unknown_field(field, "NodePool"));
    }
    if pool.metadata.deletion_timestamp.is_some() {
        report.warn(Problem::new(
            "metadata.deletionTimestamp",
            "the pool is being deleted and launches nothing",
            "leave it out, or create it again",
        ));
        return None;
    }
    let class = &pool.spec.template.spec.node_class_ref;
    if (class.group.as_str(), class.kind.as_str()) != (NODE_CLASS_GROUP, NODE_CLASS_KIND) {
        report.warn(Problem::new(
            "spec.template.spec.nodeClassRef",
            format!(
                "the pool is another provider's ({}/{}) and is ignored",
                class.group, class.kind
            ),
            format!("name an {NODE_CLASS_KIND} of group {NODE_CLASS_GROUP}"),
        ));
        return None;
    }
    let conditions = pool.status.as_ref().and_then(|status| status.conditions.as_deref());
    if super::is_not_ready(conditions, report) {
        return None;
    }
    let written = pool.spec.template.spec.requirements.iter();
    let written = written.map(|entry| (entry.key.as_str(), requirement(entry)));
    // Every check runs, so that all findings are told at once.
    let before = report.count();
    let converted = NodePool {
        name: name(&pool.metadata).to_owned(),
        node_class: class.name.clone(),
        weight: report.accept(weight(pool.spec.weight, WEIGHT_MAX)).unwrap_or_default(),
        requirements: gather("spec.template.spec.requirements", written, report),
        labels: labels(pool, report),
        taints: taints(&pool.spec.template.spec, report),
        limits: limits(&pool.spec, report),
        disruption: disruption(pool.spec.disruption.as_ref(), report)?,
        replicas: replicas(&pool.spec, report),
    };
    check_template(&pool.spec.template.spec, report);
    (!report.has_error_since(before)).then_some(converted)
}

/// The weight of an object that may have one from 1 to so much; 0 if it has none.
pub(super) fn weight(written: Option<i32>, most: i32) -> Result<u32, Problem> {
    match written {
        None => Ok(0),
        Some(weight) if (1..=most).contains(&weight) => Ok(weight.unsigned_abs()),
        Some(other) => Err(Problem::new(
            "spec.weight",
            format!("{other} is out of range, expected 1 to {most}"),
            "correct the weight or leave it out",
        )),
    }
}

fn is_numeric(operator: &str) -> bool {
    ["Gt", "Lt", "Gte", "Lte"].contains(&operator)
}

fn requirement(entry: &WrittenRequirement) -> Result<Requirement, Problem> {
    check_key(&entry.key)?;
    let values = entry.values.as_deref().unwrap_or_default();
    let mut requirement = Written { operator: &entry.operator, values }.parse(&ALL_OPERATORS)?;
    if is_numeric(&entry.operator) && values.iter().any(|value| value.starts_with('-')) {
        return Err(Problem::new(
            "values",
            format!("operator {} needs a number of at least 0, found {values:?}", entry.operator),
            "correct the value",
        ));
    }
    values.iter().try_for_each(|value| check_value(value))?;
    if entry.operator == "In" {
        check_known_values(&entry.key, values)?;
    }
    requirement.min_values = match entry.min_values {
        None => None,
        Some(least @ 1..=50) if entry.operator != "In" || least as usize <= values.len() => {
            Some(least as u32)
        }
        Some(other) => {
            return Err(Problem::new(
                "minValues",
                format!("{other} is not between 1 and 50 and at most the number of values"),
                "lower it, or list more values",
            ));
        }
    };
    Ok(requirement)
}

/// Of keys whose values are known, at least one value must be one of them.
fn check_known_values(key: &str, values: &[String]) -> Result<(), Problem> {
    let known: &[&str] = match key {
        well_known::CAPACITY_TYPE => &["on-demand", "spot", "reserved"],
        "karpenter.k8s.aws/instance-tenancy" => &["default", "dedicated"],
        _ => return Ok(()),
    };
    let is_known = |value: &String| match key {
        well_known::CAPACITY_TYPE => CapacityType::parse(value).is_some(),
        _ => known.contains(&value.as_str()),
    };
    if values.iter().any(is_known) {
        return Ok(());
    }
    let expected = known.join(", ");
    Err(Problem::new(
        "values",
        format!("none of {values:?} is a value of {key}, expected one of {expected}"),
        "correct the values",
    ))
}

fn labels(pool: &crd::NodePool, report: &mut Report<'_>) -> Labels {
    const FIELD: &str = "spec.template.metadata.labels";
    let metadata = pool.spec.template.metadata.as_ref();
    let mut labels = metadata.and_then(|metadata| metadata.labels.clone()).unwrap_or_default();
    for (key, value) in &labels {
        for checked in [check_key(key), check_value(value)] {
            let field = format!("{FIELD}[{key}]");
            report.accept(checked.map_err(|problem| Problem { field, ..problem }));
        }
    }
    labels.insert(well_known::NODE_POOL.to_owned(), name(&pool.metadata).to_owned());
    let class = pool.spec.template.spec.node_class_ref.name.clone();
    labels.insert(well_known::EC2_NODE_CLASS.to_owned(), class);
    labels
}

fn taints(spec: &written::NodeClaimTemplateSpec, report: &mut Report<'_>) -> Vec<Taint> {
    let own = checked_taints(spec.taints.as_ref(), "spec.template.spec.taints", report);
    let startup =
        checked_taints(spec.startup_taints.as_ref(), "spec.template.spec.startupTaints", report);
    let all: Vec<&Taint> = own.iter().chain(&startup).collect();
    for (index, one) in all.iter().enumerate() {
        if all[..index].iter().any(|other| taint::same(one, other)) {
            report.error(Problem::new(
                "spec.template.spec.taints",
                format!("taint {}:{:?} appears twice, startupTaints included", one.key, one.effect),
                "remove one of them",
            ));
        }
    }
    own
}

fn checked_taints(
    written: Option<&Vec<WrittenTaint>>,
    field: &str,
    report: &mut Report<'_>,
) -> Vec<Taint> {
    let taints = report.accept(taint::written(written, field)).unwrap_or_default();
    for (index, taint) in taints.iter().enumerate() {
        if !is_qualified_name(&taint.key) {
            report.error(Problem::new(
                format!("{field}[{index}].key"),
                format!("{:?} is not a taint key", taint.key),
                "write it like a label key",
            ));
        }
        if !taint.value.is_empty() && !is_qualified_name(&taint.value) {
            report.error(Problem::new(
                format!("{field}[{index}].value"),
                format!("{:?} is not a taint value", taint.value),
                "write it like a label value",
            ));
        }
    }
    taints
}

fn limits(spec: &written::NodePoolSpec, report: &mut Report<'_>) -> Limits {
    let amounts = Amounts::parse(spec.limits.as_ref(), "spec.limits");
    let amounts = report.accept(amounts).unwrap_or_default();
    let limits = amounts.0.iter().map(|(name, amount)| (name.clone(), in_core_unit(name, *amount)));
    Limits(limits.collect())
}

fn replicas(spec: &written::NodePoolSpec, report: &mut Report<'_>) -> Option<u32> {
    let written = spec.replicas?;
    let replicas = u32::try_from(written).ok();
    if replicas.is_none() {
        report.error(Problem::new(
            "spec.replicas",
            format!("{written} is out of range, expected 0 or more"),
            "correct the number",
        ));
    }
    if spec.weight.is_some() {
        report.error(Problem::new(
            "spec.weight",
            "a pool with replicas has no weight",
            "remove weight or replicas",
        ));
    }
    if spec.limits.iter().flatten().any(|(name, _)| name != "nodes") {
        report.error(Problem::new(
            "spec.limits",
            "a pool with replicas can only limit nodes",
            "remove the other limits or replicas",
        ));
    }
    replicas
}

fn disruption(
    disruption: Option<&written::Disruption>,
    report: &mut Report<'_>,
) -> Option<Disruption> {
    let default = written::Disruption::default();
    let disruption = disruption.unwrap_or(&default);
    let immediately = NillableDuration::new("0s");
    let after = disruption.consolidate_after.as_ref().unwrap_or(&immediately).parse();
    let after = report.accept(after.map_err(|error| {
        let fix = "write whole numbers of h, m and s, or Never";
        Problem::new("spec.disruption.consolidateAfter", error.to_string(), fix)
    }));
    let policy = match disruption.consolidation_policy.as_deref() {
        None | Some("WhenEmptyOrUnderutilized") => ConsolidationPolicy::WhenEmptyOrUnderutilized,
        Some("WhenEmpty") => ConsolidationPolicy::WhenEmpty,
        Some("Balanced") => ConsolidationPolicy::Balanced,
        Some(other) => {
            report.error(Problem::new(
                "spec.disruption.consolidationPolicy",
                format!(
                    "unknown policy {other:?}, expected WhenEmpty, WhenEmptyOrUnderutilized or \
                     Balanced"
                ),
                "correct the policy",
            ));
            return None;
        }
    };
    let standard = [written::Budget { nodes: Some("10%".to_owned()), ..Default::default() }];
    let budgets = disruption.budgets.as_deref().unwrap_or(&standard);
    let budgets =
        budgets.iter().enumerate().map(|(index, entry)| budget(index, entry, report)).collect();
    Some(Disruption { policy, consolidate_after: after?, budgets })
}

/// A budget; one that cannot be understood allows no disruption.
fn budget(index: usize, budget: &written::Budget, report: &mut Report<'_>) -> Budget {
    let mut nodes = BudgetLimit::Percent(10);
    match super::budget::parse(budget) {
        Ok(limit) => nodes = limit.unwrap_or(nodes),
        Err(problem) => {
            nodes = BudgetLimit::Count(0);
            report.warn(problem.within(&format!("spec.disruption.budgets[{index}]")));
        }
    }
    let schedule = budget.schedule.as_ref().map(|schedule| match &budget.duration {
        Some(duration) => format!("{schedule} for {duration}"),
        None => schedule.clone(),
    });
    Budget { nodes, reasons: budget.reasons.clone().unwrap_or_default(), schedule }
}

/// Fields that do not matter for planning, but that the API server would refuse.
fn check_template(spec: &written::NodeClaimTemplateSpec, report: &mut Report<'_>) {
    let fix = "write whole numbers of h, m and s";
    let grace = spec.termination_grace_period.as_deref().map(parse_whole).transpose();
    report.accept(grace.map_err(|error| {
        Problem::new("spec.template.spec.terminationGracePeriod", error.to_string(), fix)
    }));
    let expire = spec.expire_after.as_ref().map(NillableDuration::parse).transpose();
    report.accept(expire.map_err(|error| {
        Problem::new(
            "spec.template.spec.expireAfter",
            error.to_string(),
            format!("{fix}, or Never"),
        )
    }));
}
