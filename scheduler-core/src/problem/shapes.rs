//! What can be bought, as rows (pool variant × instance type) and shapes (row × offering).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::well_known::{
    CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, OF_OFFERING, ZONE, is_of_offering,
};
use crate::model::{
    CapacityType, HostPort, InstanceType, Labels, NodePool, Offering, PodSpec, Price, Requirement,
    Requirements, Resources, Taint, Toleration,
};
use crate::snapshot::Supply;

/// Most combinations of values of a pool's own open labels that are told apart.
const VARIANTS_MAX: usize = 64;

/// Everything that can be bought.
#[derive(Debug)]
pub(crate) struct ShapeTable {
    pub(crate) rows: Vec<Row>,
    pub(crate) shapes: Vec<Shape>,
    /// Shapes by risk price, then price, type, zone and capacity type: the order of alternatives.
    pub(crate) by_price: Vec<usize>,
    /// Zone names; shapes name a zone by its index.
    pub(crate) zones: Vec<String>,
    /// Reservations by id; shapes name one by its index.
    pub(crate) reservations: Vec<Reserved>,
}

/// A reservation, wherever it is offered.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) id: String,
    /// An offering of it: its labels.
    offering: Offering,
    /// Instances that can still be launched into it.
    pub(crate) remaining: i64,
}

/// An instance type as one pool would run it.
#[derive(Debug)]
pub(crate) struct Row {
    /// Index into the supply's pools.
    pub(crate) pool: usize,
    /// Index into the pool's catalogue.
    pub(crate) instance_type: usize,
    /// Labels of the node that come from the pool, and its own values for open requirements.
    pub(crate) pool_labels: std::sync::Arc<Labels>,
    /// Labels of the node that come from the type, where the pool's labels do not say otherwise.
    pub(crate) type_labels: Vec<(String, String)>,
    /// Requests of the daemons.
    pub(crate) daemons: Resources,
    /// What is left for pods: allocatable less daemons; may be negative.
    pub(crate) room: Resources,
    /// Whether the daemons leave room of every kind; a row without is never bought.
    pub(crate) usable: bool,
    /// Ports that daemons take.
    pub(crate) ports: Vec<HostPort>,
    /// Range of the row's shapes.
    pub(crate) shapes: std::ops::Range<usize>,
}

impl Row {
    /// The value of a label, zone, capacity type and hostname left out.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.pool_labels.get(key).map(String::as_str).or_else(|| {
            let found = self.type_labels.binary_search_by(|(name, _)| name.as_str().cmp(key));
            found.ok().map(|index| self.type_labels[index].1.as_str())
        })
    }
}

/// One way to buy a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) row: usize,
    pub(crate) zone: usize,
    pub(crate) capacity_type: CapacityType,
    /// Index of the reservation that it is part of.
    pub(crate) reservation: Option<usize>,
    /// List price.
    pub(crate) price: Price,
    /// Price plus expected cost of interruptions: what offerings are compared by.
    pub(crate) risk_price: Price,
    /// Whether it can be bought now.
    pub(crate) available: bool,
}

impl ShapeTable {
    /// All shapes of the supply. `named` are values that pods ask for on labels that a pool leaves
    /// open.
    pub(crate) fn new(
        supply: &Supply,
        named: &BTreeMap<String, BTreeSet<String>>,
        interruption_cost: Price,
    ) -> Self {
        let mut table = Self {
            rows: Vec::new(),
            shapes: Vec::new(),
            by_price: Vec::new(),
            zones: zone_names(supply),
            reservations: reservations(supply),
        };
        for (index, pool) in supply.node_pools.iter().enumerate() {
            if pool.replicas.is_some() {
                continue;
            }
            let open = open_keys(pool, supply.catalog(pool));
            for labels in variants(pool, &open, named) {
                table.add_pool(supply, index, pool, labels, interruption_cost);
            }
        }
        // Catalogues list types by name, and zones are numbered by name.
        let mut by_price: Vec<usize> = (0..table.shapes.len()).collect();
        by_price.sort_by_cached_key(|index| {
            let shape = &table.shapes[*index];
            let instance_type = table.rows[shape.row].instance_type;
            let price = (shape.risk_price, shape.price);
            (price, instance_type, shape.zone, shape.capacity_type, *index)
        });
        table.by_price = by_price;
        table
    }

    fn add_pool(
        &mut self,
        supply: &Supply,
        pool_index: usize,
        pool: &NodePool,
        labels: Labels,
        interruption_cost: Price,
    ) {
        let pool_labels = std::sync::Arc::new(labels);
        for (type_index, instance_type) in supply.catalog(pool).iter().enumerate() {
            if pool.requirements.first_conflict(&instance_type.requirements).is_some() {
                continue;
            }
            let type_labels = type_labels(pool, instance_type);
            let start = self.shapes.len();
            let row_index = self.rows.len();
            self.add_shapes(supply, pool, instance_type, row_index, interruption_cost);
            if self.shapes.len() == start {
                continue;
            }
            let mut row = Row {
                pool: pool_index,
                instance_type: type_index,
                pool_labels: pool_labels.clone(),
                type_labels,
                daemons: Resources::default(),
                room: instance_type.allocatable(),
                usable: true,
                ports: Vec::new(),
                shapes: start..self.shapes.len(),
            };
            add_daemons(supply, pool, &mut row);
            self.rows.push(row);
        }
    }

    fn add_shapes(
        &mut self,
        supply: &Supply,
        pool: &NodePool,
        instance_type: &InstanceType,
        row: usize,
        interruption_cost: Price,
    ) {
        // The keys of offerings that the pool speaks of: mostly few.
        let labelled = OF_OFFERING.into_iter().filter_map(|key| Some((key, pool.labels.get(key)?)));
        let labelled: Vec<(&str, &String)> = labelled.collect();
        let wanted = OF_OFFERING.into_iter().filter_map(|key| {
            let requirement = pool.requirements.get(key)?;
            Some((key, requirement))
        });
        let wanted: Vec<(&str, &Requirement)> = wanted.collect();
        for offering in &instance_type.offerings {
            let admitted =
                labelled.iter().all(|(key, label)| {
                    offering.label(key).is_some_and(|value| value == label.as_str())
                }) && wanted.iter().all(|(key, wanted)| wanted.admits(offering.label(key)));
            let Some(zone) = self.zones.binary_search(&offering.zone).ok().filter(|_| admitted)
            else {
                continue;
            };
            let reservation = offering.reservation_id().and_then(|id| {
                self.reservations.binary_search_by(|one| one.id.as_str().cmp(id)).ok()
            });
            self.shapes.push(Shape {
                row,
                zone,
                capacity_type: offering.capacity_type,
                reservation,
                price: offering.price,
                risk_price: offering.risk_price(interruption_cost),
                available: offering.is_on_sale() && !is_marked(supply, instance_type, offering),
            });
        }
    }

    /// The pool of a shape.
    pub(crate) fn pool(&self, shape: usize) -> usize {
        self.rows[self.shapes[shape].row].pool
    }

    /// The value of a label on a node of this shape.
    pub(crate) fn label(&self, shape: &Shape, key: &str) -> Option<&str> {
        match key {
            ZONE => Some(&self.zones[shape.zone]),
            CAPACITY_TYPE => Some(shape.capacity_type.as_str()),
            HOSTNAME => None,
            key if is_of_offering(key) => self.reservations[shape.reservation?].offering.label(key),
            other => self.rows[shape.row].label(other),
        }
    }

    /// All labels of a node of this shape, the hostname left out.
    pub(crate) fn labels(&self, shape: &Shape) -> Labels {
        let row = &self.rows[shape.row];
        let mut labels: Labels = row.type_labels.iter().cloned().collect();
        labels.extend(row.pool_labels.iter().map(|(key, value)| (key.clone(), value.clone())));
        for key in OF_OFFERING {
            if let Some(value) = self.label(shape, key) {
                labels.insert(key.to_owned(), value.to_owned());
            }
        }
        labels
    }
}

/// Whether the offering recently failed.
fn is_marked(supply: &Supply, instance_type: &InstanceType, offering: &Offering) -> bool {
    !supply.unavailable.is_empty()
        && supply.unavailable.contains(&offering.key(&instance_type.name))
}

/// Every reservation on offer, by id. Of several counts for one id the least holds.
fn reservations(supply: &Supply) -> Vec<Reserved> {
    let mut found: BTreeMap<&str, (&Offering, u32)> = BTreeMap::new();
    let types = supply.all_catalogs().flat_map(|catalog| catalog.iter());
    for offering in types.flat_map(|instance_type| &instance_type.offerings) {
        if let Some(one) = &offering.reservation {
            let known = found.entry(&one.id).or_insert((offering, one.remaining));
            known.1 = known.1.min(one.remaining);
        }
    }
    let reserved = found.into_iter().map(|(id, (offering, remaining))| Reserved {
        id: id.to_owned(),
        offering: offering.clone(),
        remaining: i64::from(remaining),
    });
    reserved.collect()
}

fn zone_names(supply: &Supply) -> Vec<String> {
    let types = supply.all_catalogs().flat_map(|catalog| catalog.iter());
    let zones: BTreeSet<&str> = types
        .flat_map(|instance_type| &instance_type.offerings)
        .map(|offering| offering.zone.as_str())
        .collect();
    zones.into_iter().map(str::to_owned).collect()
}

/// Labels of the type with one value each; where a type has several, the first that the pool admits.
fn type_labels(pool: &NodePool, instance_type: &InstanceType) -> Vec<(String, String)> {
    let value = |(key, requirement): (&str, &Requirement)| {
        if pool.labels.contains_key(key) || is_of_offering(key) || key == HOSTNAME {
            return None;
        }
        let wanted = pool.requirements.get(key);
        let mut admitted = requirement
            .finite_values()?
            .iter()
            .filter(|value| wanted.is_none_or(|wanted| wanted.has(value)));
        admitted.next().map(|value| (key.to_owned(), value.clone()))
    };
    let mut labels: Vec<(String, String)> =
        instance_type.requirements.iter().filter_map(value).collect();
    if instance_type.requirements.get(INSTANCE_TYPE).is_none() {
        labels.push((INSTANCE_TYPE.to_owned(), instance_type.name.clone()));
        labels.sort();
    }
    labels
}

/// Keys of all pools for which the values that pods name make a difference.
pub(crate) fn open_keys_of(supply: &Supply) -> BTreeSet<String> {
    let dynamic = supply.node_pools.iter().filter(|pool| pool.replicas.is_none());
    dynamic
        .flat_map(|pool| open_keys(pool, supply.catalog(pool)))
        .filter(|(_, requirement)| requirement.finite_values().is_none())
        .map(|(key, _)| key.to_owned())
        .collect()
}

/// Keys that the pool restricts and that neither its labels, nor its types, nor offerings decide.
fn open_keys<'a>(pool: &'a NodePool, catalog: &[InstanceType]) -> Vec<(&'a str, &'a Requirement)> {
    let decided = |key: &str| {
        is_of_offering(key)
            || [INSTANCE_TYPE, HOSTNAME].contains(&key)
            || pool.labels.contains_key(key)
            || catalog.iter().any(|one| one.requirements.get(key).is_some())
    };
    pool.requirements.iter().filter(|(key, _)| !decided(key)).collect()
}

/// The labels that nodes of the pool can have, one set for each combination of open values.
fn variants(
    pool: &NodePool,
    open: &[(&str, &Requirement)],
    named: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<Labels> {
    let mut variants = vec![pool.labels.clone()];
    for (key, requirement) in open {
        let choices = open_values(key, requirement, named);
        variants = variants
            .iter()
            .flat_map(|labels| {
                choices.iter().map(|choice| {
                    let mut labels = labels.clone();
                    if let Some(value) = choice {
                        labels.insert((*key).to_owned(), value.clone());
                    }
                    labels
                })
            })
            .take(VARIANTS_MAX)
            .collect();
    }
    variants
}

/// Values that a node may get for an open key; `None` is no label.
fn open_values(
    key: &str,
    requirement: &Requirement,
    named: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<Option<String>> {
    if let Some(values) = requirement.finite_values() {
        if values.is_empty() {
            return vec![None];
        }
        return values.iter().cloned().map(Some).collect();
    }
    let asked = named.get(key).into_iter().flatten();
    let mut choices: Vec<Option<String>> =
        asked.filter(|value| requirement.has(value)).cloned().map(Some).collect();
    if requirement.admits_absence() {
        choices.push(None);
    } else if choices.is_empty() {
        choices.push(Some(invented_value(requirement)));
    }
    choices
}

/// Numbers that are tried as a value for a label that must exist with no value given.
const INVENTED_MAX: i64 = 1000;

/// A value for a label that must exist with no value given: the smallest number that is admitted.
fn invented_value(requirement: &Requirement) -> String {
    let first = requirement.smallest_number();
    let mut numbers = (first..first.saturating_add(INVENTED_MAX)).map(|number| number.to_string());
    numbers.find(|value| requirement.has(value)).unwrap_or_default()
}

fn add_daemons(supply: &Supply, pool: &NodePool, row: &mut Row) {
    for daemon_set in &supply.daemon_sets {
        let spec = &daemon_set.spec;
        let tolerated = tolerates_taints(&spec.tolerations, &pool.taints);
        if tolerated && daemon_admits(spec, row) {
            row.daemons.add(&spec.requests);
            row.ports.extend(spec.host_ports.iter().cloned());
        }
    }
    row.room.subtract(&row.daemons);
    row.usable = row.room.iter().all(|(_, amount)| amount >= 0);
}

/// Whether the tolerations cover every hard taint.
pub(crate) fn tolerates_taints(tolerations: &[Toleration], taints: &[Taint]) -> bool {
    let covered = |taint| tolerations.iter().any(|toleration| toleration.tolerates(taint));
    taints.iter().filter(|taint| taint.is_hard()).all(covered)
}

/// Whether a daemon runs on nodes of the row. Zone, capacity type and reservation are not decided
/// yet: a daemon that asks for one of them counts on all, which wastes a little room and never
/// overfills a node.
fn daemon_admits(spec: &PodSpec, row: &Row) -> bool {
    let admits = |alternative: &Requirements| {
        alternative
            .iter()
            .all(|(key, requirement)| is_of_offering(key) || requirement.admits(row.label(key)))
    };
    spec.node_alternatives.iter().any(admits)
}
