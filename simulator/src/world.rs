//! The simulated cluster: pods that come and go, nodes that take time, a binder in between.
//!
//! The world changes in two ways only: an event of its queue or a row of the trace comes due, or a
//! plan is carried out. It decides nothing itself.

mod bind;
mod busiest;
mod carry_out;
mod event;
mod node;
mod pod;
mod standing;
mod view;
mod volume;
mod workload;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use scheduler_core::Supply;
use scheduler_core::model::{NodeName, OfferingKey, PodId, PodSpec};
use scheduler_core::plan::ReasonCode;

use crate::binder::{Binder, NodeId, Scoring, SpecId};
use crate::clock::{self, Clock};
use crate::cloud::{Cloud, CloudSettings};
use crate::figures::{Recorder, StepGrid};
use crate::outcome::{Figures, Picture, Series};
use crate::trace::{Groups, TraceRow};
use busiest::Busiest;
pub(crate) use carry_out::LaunchResult;
use event::{Event, EventQueue};
use node::SimNode;
use pod::{Place, PodKey, QueuePlace, SimPod};
pub(crate) use standing::StandingFleet;
use volume::Volumes;
use workload::Lifetime;
pub(crate) use workload::Workloads;

/// An instance that Spot takes back gets notice so long before (`aws-provider.md` §6).
const INTERRUPTION_NOTICE: SignedDuration = SignedDuration::from_secs(120);

/// A pod is expected on a node that is up for so long; then others have taken its room. The window
/// is the peer's for pods that it nominates to nodes that are up.
const NOMINATION_KEPT: SignedDuration = SignedDuration::from_secs(20);

/// kube-scheduler has tried every waiting pod on a new node after so long.
const NODE_TRIED: SignedDuration = SignedDuration::from_secs(1);

/// Why a pod that ended while it waited had no place, if no plan said so.
const ENDED_WAITING: &str = "ended-waiting";

/// What a world is made of.
#[derive(Clone, Debug)]
pub(crate) struct WorldOptions {
    pub(crate) seed: u64,
    pub(crate) cloud: CloudSettings,
    pub(crate) scoring: Scoring,
    pub(crate) divide_requests: u32,
    pub(crate) groups: Arc<Groups>,
    pub(crate) grid: StepGrid,
    pub(crate) supply: Arc<Supply>,
}

/// The simulated cluster.
#[derive(Debug)]
pub(crate) struct World {
    clock: Clock,
    horizon: Timestamp,
    cloud: Cloud,
    supply: Arc<Supply>,
    queue: EventQueue,
    workloads: Workloads,
    volumes: Volumes,
    pods: BTreeMap<PodKey, SimPod>,
    /// Waiting pods in the order in which they are tried.
    waiting: BTreeSet<QueuePlace>,
    waiting_ids: BTreeMap<PodId, PodKey>,
    nodes: BTreeMap<NodeId, SimNode>,
    node_ids: BTreeMap<NodeName, NodeId>,
    /// Daemons of every node.
    daemons: Vec<(PodId, Arc<PodSpec>, SpecId)>,
    binder: Binder,
    recorder: Recorder,
    busiest: Busiest,
    never_placed: BTreeMap<String, u64>,
    pods_made: u64,
    nodes_made: u32,
    /// Something happened that may let a waiting pod be bound.
    room_changed: bool,
    /// Something happened that a planner must hear of.
    changed: bool,
}

/// What is left when a replay has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) figures: Figures,
    pub(crate) series: Series,
    pub(crate) busiest: Picture,
    pub(crate) never_placed: BTreeMap<String, u64>,
}

impl World {
    /// An empty cluster at the trace's zero.
    pub(crate) fn new(options: WorldOptions) -> Self {
        let mut binder = Binder::new(options.scoring);
        let daemons = options.supply.daemon_sets.iter().map(|daemon_set| {
            let spec = Arc::new(daemon_set.spec.clone());
            let id = binder.spec_id(&spec);
            (daemon_set.id.clone(), spec, id)
        });
        let daemons = daemons.collect();
        Self {
            clock: Clock::new(),
            horizon: clock::at_second(options.grid.seconds),
            cloud: Cloud::new(options.cloud, options.seed),
            supply: options.supply,
            queue: EventQueue::default(),
            workloads: Workloads::new(options.groups, options.divide_requests),
            volumes: Volumes::default(),
            pods: BTreeMap::new(),
            waiting: BTreeSet::new(),
            waiting_ids: BTreeMap::new(),
            nodes: BTreeMap::new(),
            node_ids: BTreeMap::new(),
            daemons,
            binder,
            recorder: Recorder::new(options.grid),
            busiest: Busiest::default(),
            never_placed: BTreeMap::new(),
            pods_made: 0,
            nodes_made: 0,
            room_changed: false,
            changed: false,
        }
    }

    /// The present.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When the replay ends.
    pub(crate) fn horizon(&self) -> Timestamp {
        self.horizon
    }

    /// When the next event of the queue is due.
    pub(crate) fn next_event(&self) -> Option<Timestamp> {
        self.queue.next()
    }

    /// Whether any pod waits.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether something happened since the last call that a planner must hear of: anything but
    /// pods that were bound as soon as they came.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// What is measured.
    pub(crate) fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// Moves to an instant; nothing happens on the way.
    pub(crate) fn advance_to(&mut self, instant: Timestamp) {
        let instant = instant.min(self.horizon);
        self.recorder.advance_to(instant, self.waiting.len());
        self.clock.advance_to(instant);
    }

    /// Carries out the events of the queue that are due.
    pub(crate) fn run_due_events(&mut self) {
        while let Some(event) = self.queue.pop_due(self.now()) {
            match event {
                Event::ServicePodEnds(pod) => self.end_pod(pod),
                Event::RunEnds { pod, life } => {
                    if self.pods.get(&pod).is_some_and(|pod| pod.life == life) {
                        self.end_pod(pod);
                    }
                }
                Event::NodeJoins(node) => self.node_joins(node),
                Event::NominationsLapse(node) => self.nominations_lapse(node),
                Event::NodeWarned(node) => self.node_warned(node),
                Event::NodeReclaimed(node) => self.node_reclaimed(node),
                Event::OfferingReturns(offering) => self.offering_returns(&offering),
            }
        }
    }

    /// A pod of the trace is created.
    pub(crate) fn arrive(&mut self, row: &TraceRow) {
        let template = self.workloads.template(row);
        let id = self.workloads.pod_id(row);
        let key = PodKey(self.pods_made);
        self.pods_made += 1;
        let (ends_at, remaining) = match template.lifetime {
            Lifetime::UntilEnd => (row.end.map(clock::at_second), None),
            Lifetime::FullRun => {
                let seconds = row.end.map(|end| (end - row.start) as i64);
                (None, seconds.map(SignedDuration::from_secs))
            }
        };
        if let Some(end) = ends_at {
            self.queue.push(end, Event::ServicePodEnds(key));
        }
        let volume = template.volume.then(|| self.volumes.take(&template.group));
        let pod = SimPod::new(id, template, self.now(), (remaining, volume));
        self.pods.insert(key, pod);
        self.wait(key);
    }

    /// A pod joins the queue under the spec that its volume demands.
    fn wait(&mut self, key: PodKey) {
        let now = self.clock.now();
        let Some(pod) = self.pods.get_mut(&key) else {
            return;
        };
        let zone = pod.volume.and_then(|slot| self.volumes.zone(&pod.template.group, slot));
        let spec = match zone {
            Some(zone) => self.workloads.pinned(&pod.template.spec, zone),
            None => Arc::clone(&pod.template.spec),
        };
        pod.spec_id = Some(self.binder.spec_id(&spec));
        pod.wait(spec, now);
        self.waiting.insert(pod.queue_place(key));
        self.waiting_ids.insert(pod.shown.id.clone(), key);
        self.room_changed = true;
    }

    /// A pod is over: it leaves its node, or gives up waiting.
    fn end_pod(&mut self, key: PodKey) {
        self.leave_node(key);
        let Some(pod) = self.pods.remove(&key) else {
            return;
        };
        if pod.place == Place::Waiting {
            self.waiting.remove(&pod.queue_place(key));
            self.waiting_ids.remove(&pod.shown.id);
            self.changed = true;
            if !pod.ever_bound {
                self.count_never_placed(pod.reason);
            }
        }
        if let Some(slot) = pod.volume {
            self.volumes.give_back(&pod.template.group, slot);
        }
    }

    fn count_never_placed(&mut self, reason: Option<ReasonCode>) {
        let reason = reason.map_or(ENDED_WAITING, ReasonCode::as_str);
        *self.never_placed.entry(reason.to_owned()).or_default() += 1;
    }

    fn offering_returns(&mut self, offering: &OfferingKey) {
        let mut supply = self.supply.as_ref().clone();
        supply.unavailable.remove(offering);
        self.supply = Arc::new(supply);
        self.changed = true;
    }

    /// Ends the replay at its horizon: running nodes are billed until then.
    pub(crate) fn end(mut self) -> Ended {
        self.advance_to(self.horizon);
        let now = self.now();
        for node in self.nodes.values() {
            self.recorder.node_remains(&node.facts, now);
        }
        // Pods that are on their way to a node, or that no plan has looked at yet, are not failures.
        let without_place: Vec<ReasonCode> = (self.waiting.iter())
            .filter_map(|place| self.pods.get(&place.key))
            .filter(|pod| !pod.ever_bound)
            .filter_map(|pod| pod.reason)
            .collect();
        for reason in without_place {
            self.count_never_placed(Some(reason));
        }
        let (mut figures, series) = self.recorder.finish();
        figures.never_placed = self.never_placed.values().sum();
        let busiest = self.busiest.picture();
        Ended { figures, series, busiest, never_placed: self.never_placed }
    }
}
