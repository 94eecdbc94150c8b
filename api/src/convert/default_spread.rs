//! Topology spread of pods that name none, from the cluster's defaults.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::TopologySpreadConstraint;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector, LabelSelectorRequirement, ObjectMeta,
};
use scheduler_core::model::Labels;

use super::context::{Key, controller};
use crate::objects::{Objects, Sourced, name, namespace};
use crate::scheduler_config::DefaultSpread;

/// The defaults, and what tells which pods count.
pub(super) struct SpreadDefaults<'a> {
    spread: &'a DefaultSpread,
    /// Selectors of Services by namespace.
    services: BTreeMap<&'a str, Vec<&'a Labels>>,
    /// Selectors of controllers by kind, namespace and name.
    controllers: BTreeMap<(&'static str, Key<'a>), Selector<'a>>,
}

/// The selector of a controller.
enum Selector<'a> {
    /// Of the old kind: labels that replace those of Services.
    Labels(&'a Labels),
    /// Of the new kind: demands besides those of Services.
    Expressions(&'a LabelSelector),
}

impl<'a> SpreadDefaults<'a> {
    pub(super) fn new(objects: &'a Objects) -> Self {
        let mut defaults = Self {
            spread: &objects.default_spread,
            services: BTreeMap::new(),
            controllers: BTreeMap::new(),
        };
        if defaults.spread.constraints().is_empty() {
            return defaults;
        }
        for Sourced { object, .. } in &objects.services {
            if let Some(selector) = object.spec.as_ref().and_then(|spec| spec.selector.as_ref()) {
                defaults.services.entry(namespace(&object.metadata)).or_default().push(selector);
            }
        }
        let replication = objects.replication_controllers.iter().filter_map(|one| {
            let selector = one.object.spec.as_ref()?.selector.as_ref()?;
            Some(("ReplicationController", &one.object.metadata, Selector::Labels(selector)))
        });
        let replica_sets = objects.replica_sets.iter().filter_map(|one| {
            let selector = &one.object.spec.as_ref()?.selector;
            Some(("ReplicaSet", &one.object.metadata, Selector::Expressions(selector)))
        });
        let stateful_sets = objects.stateful_sets.iter().filter_map(|one| {
            let selector = &one.object.spec.as_ref()?.selector;
            Some(("StatefulSet", &one.object.metadata, Selector::Expressions(selector)))
        });
        // Pods that are not created yet belong to the Deployment itself.
        let deployments = objects.deployments.iter().filter_map(|one| {
            let selector = &one.object.spec.as_ref()?.selector;
            Some(("Deployment", &one.object.metadata, Selector::Expressions(selector)))
        });
        let all = replication.chain(replica_sets).chain(stateful_sets).chain(deployments);
        for (kind, metadata, selector) in all {
            let key = (namespace(metadata), name(metadata));
            defaults.controllers.entry((kind, key)).or_insert(selector);
        }
        defaults
    }

    /// The constraints of a pod that names none; none if no selector follows from its Services
    /// and its controller.
    pub(super) fn of_pod(
        &self,
        pod_namespace: &str,
        metadata: &ObjectMeta,
    ) -> Vec<TopologySpreadConstraint> {
        if self.spread.constraints().is_empty() {
            return Vec::new();
        }
        let Some(selector) = self.selector(pod_namespace, metadata) else { return Vec::new() };
        let with_selector = |constraint: &TopologySpreadConstraint| TopologySpreadConstraint {
            label_selector: Some(selector.clone()),
            ..constraint.clone()
        };
        self.spread.constraints().iter().map(with_selector).collect()
    }

    fn selector(&self, pod_namespace: &str, metadata: &ObjectMeta) -> Option<LabelSelector> {
        let none = Labels::new();
        let own = metadata.labels.as_ref().unwrap_or(&none);
        let selects = |selector: &Labels| selector.iter().all(|(k, v)| own.get(k) == Some(v));
        let mut labels = Labels::new();
        let mut expressions: Vec<LabelSelectorRequirement> = Vec::new();
        for service in self.services.get(pod_namespace).into_iter().flatten() {
            if selects(service) {
                labels.extend(service.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
        }
        let owner = controller(metadata).and_then(|owner| {
            let kinds = ["ReplicationController", "ReplicaSet", "StatefulSet", "Deployment"];
            let kind = kinds.into_iter().find(|kind| *kind == owner.kind)?;
            self.controllers.get(&(kind, (pod_namespace, owner.name.as_str())))
        });
        match owner {
            Some(Selector::Labels(selector)) => {
                labels.extend(selector.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            Some(Selector::Expressions(selector)) => {
                let equal = selector.match_labels.iter().flatten();
                expressions.extend(equal.map(|(key, value)| LabelSelectorRequirement {
                    key: key.clone(),
                    operator: "In".to_owned(),
                    values: Some(vec![value.clone()]),
                }));
                expressions.extend(selector.match_expressions.iter().flatten().cloned());
            }
            None => {}
        }
        (!labels.is_empty() || !expressions.is_empty()).then_some(LabelSelector {
            match_labels: Some(labels),
            match_expressions: Some(expressions),
        })
    }
}
