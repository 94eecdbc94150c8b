//! The cluster as files hold it: a directory under Git, or what `kubectl get -o yaml` refreshes.

mod ages;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use aws_provider::{Catalog, CatalogOptions};
use jiff::Timestamp;
use plimsoll_api::DefaultSpread;
use plimsoll_api::objects::Objects;
use scheduler_core::ClusterSnapshot;
use scheduler_core::model::{InstanceType, NodeClass};

use self::ages::Ages;
use crate::driver::{Reading, Source};

/// Reads the files anew each time, and keeps what has not changed: the engine tells by the objects'
/// addresses whether supply and nodes are those that it planned with.
pub(crate) struct ClusterFiles {
    paths: Vec<PathBuf>,
    instance_types: InstanceTypes,
    default_spread: DefaultSpread,
    ages: Ages,
    last: Option<ClusterSnapshot>,
}

impl ClusterFiles {
    /// The cluster in these files and directories. Pods that name no topology spread get this one.
    pub(crate) fn new(
        paths: Vec<PathBuf>,
        (catalog, options): (Catalog, CatalogOptions),
        default_spread: DefaultSpread,
    ) -> Self {
        let instance_types = InstanceTypes { catalog, options, resolved: BTreeMap::new() };
        Self { paths, instance_types, default_spread, ages: Ages::default(), last: None }
    }
}

impl Source for ClusterFiles {
    fn read(&mut self, now: Timestamp) -> anyhow::Result<Reading> {
        let mut objects =
            plimsoll_api::read_paths(&self.paths).context("cannot read the cluster")?;
        // A file that is just being written is empty for a moment.
        ensure!(
            has_objects(&objects),
            "the cluster files hold no node, pod or NodePool; check --cluster-file"
        );
        objects.default_spread.clone_from(&self.default_spread);
        self.ages.fill_in(&mut objects, now);
        let cluster = plimsoll_api::convert(&objects, now);
        let (mut snapshot, refusals) =
            cluster.snapshot(now, |class| self.instance_types.of_class(class));
        if let Some(last) = &self.last {
            keep_unchanged(&mut snapshot, last);
        }
        self.last = Some(snapshot.clone());
        let findings = cluster.findings.iter().map(ToString::to_string);
        let refusals = refusals.iter().map(ToString::to_string);
        let unknown = objects.unknown_kinds.iter().map(|(kind, count)| {
            format!("{kind}: objects of this kind are not read, found {count}")
        });
        let warnings = findings.chain(refusals).chain(unknown).collect();
        Ok(Reading { snapshot, warnings })
    }
}

/// Puts objects of the last snapshot in the place of equal ones.
fn keep_unchanged(snapshot: &mut ClusterSnapshot, last: &ClusterSnapshot) {
    if snapshot.supply == last.supply {
        snapshot.supply = Arc::clone(&last.supply);
    }
    for node in &mut snapshot.nodes {
        let name = &node.node.name;
        let found = last.nodes.binary_search_by(|old| old.node.name.cmp(name));
        if let Some(old) = found.ok().map(|index| &last.nodes[index]).filter(|old| *old == node) {
            *node = Arc::clone(old);
        }
    }
}

fn has_objects(objects: &Objects) -> bool {
    !(objects.nodes.is_empty() && objects.pods.is_empty() && objects.node_pools.is_empty())
}

/// Instance types by class, resolved once for as long as the class stays the same.
struct InstanceTypes {
    catalog: Catalog,
    options: CatalogOptions,
    resolved: BTreeMap<String, (NodeClass, Arc<Vec<InstanceType>>)>,
}

impl InstanceTypes {
    fn of_class(&mut self, class: &NodeClass) -> Arc<Vec<InstanceType>> {
        if let Some((known, types)) = self.resolved.get(&class.name)
            && known == class
        {
            return Arc::clone(types);
        }
        let types = self.catalog.instance_types(class, &self.options);
        self.resolved.insert(class.name.clone(), (class.clone(), Arc::clone(&types)));
        types
    }
}

#[cfg(test)]
mod tests;
