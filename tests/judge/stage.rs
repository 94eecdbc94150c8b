//! The control plane as the judge uses it: puts a cluster there, waits for what kube-scheduler says,
//! and takes everything away again.

mod known;
mod provision;
mod seen;
mod storage;

use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::storage::v1::CSINode;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use plimsoll_control_plane::{Options, Plane};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::task::JoinSet;

use crate::cluster::object;
use crate::cluster::shared::{self, DAEMON_NAMESPACE, NAMESPACES};
use crate::planned;
use known::{Created, NODES};
use provision::Provisioner;
pub(crate) use seen::Verdict;
use seen::Watch;

/// Profile whose pods may only go to the node that their annotation names.
const PLANNED_PROFILE: &str = "planned";
/// The annotation; `tests/plane/planned.go` reads it.
const PLANNED_NODE: &str = "plimsoll.test/planned-node";
/// Holds a pod back until its volumes are there.
const GATE: &str = "plimsoll.test/volumes";
/// Requests that are under way at the same time.
const CONCURRENCY: usize = 8;
/// Longest wait for the control plane to do something that it always does.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running control plane.
pub(crate) struct Stage {
    plane: Plane,
    client: Client,
    watch: Watch,
    created: Created,
    _provisioner: Provisioner,
}

/// A pod on the stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Actor {
    uid: String,
}

impl Stage {
    /// Starts the control plane.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        // Preemption would delete pods that others have placed; who may push whom aside is not
        // what is judged.
        let no_preemption = json!({"postFilter": {"disabled": [{"name": "DefaultPreemption"}]}});
        let mut planned = no_preemption.clone();
        planned["preFilter"] = json!({"enabled": [{"name": "PlannedNode"}]});
        let options = Options {
            // There is no controller that would make service accounts, nor one that would take the
            // taints of new nodes away or let go of volumes that are not in use any more.
            api_server_flags: vec![
                "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition,\
                 StorageObjectInUseProtection"
                    .to_owned(),
            ],
            feature_gates: vec!["PodLevelResources=true".to_owned()],
            scheduler_profiles: vec![
                json!({"schedulerName": "default-scheduler", "plugins": no_preemption}),
                json!({"schedulerName": PLANNED_PROFILE, "plugins": planned}),
            ],
        };
        let plane = Plane::start(&options).await?;
        let client = plane.client();
        create_all(&client, &shared::namespaces()).await?;
        create_all(&client, &shared::priority_classes()).await?;
        create_all(&client, &shared::storage_classes()).await?;
        create_all(&client, &shared::runtime_classes()).await?;
        let limits = Api::namespaced(client.clone(), shared::LIMITED_NAMESPACE);
        limits.create(&PostParams::default(), &shared::limit_range()).await?;
        let watch = Watch::start(Api::all(client.clone()));
        let created = Created::default();
        let provisioner = Provisioner::start(&client, &created);
        Ok(Self { plane, client, watch, created, _provisioner: provisioner })
    }

    /// The end of kube-scheduler's log.
    pub(crate) fn scheduler_log(&self) -> String {
        self.plane.scheduler_log()
    }

    /// Creates nodes with the pods bound to them, and waits until the scheduler knows of them all,
    /// and of the volumes that were created before.
    pub(crate) async fn add_nodes(&self, nodes: &[Node], bound: &[Pod]) -> anyhow::Result<()> {
        let mut nodes = nodes.to_vec();
        let limits: Vec<CSINode> = nodes.iter_mut().filter_map(planned::split_volumes).collect();
        self.add_limits(&limits).await?;
        let api: Api<Node> = Api::all(self.client.clone());
        self.at_once(&nodes, &|node| {
            let api = api.clone();
            async move { api.create(&PostParams::default(), &node).await }
        })
        .await?;
        self.created.add(NODES, nodes.len());
        let pods = self
            .at_once(bound, &|pod: Pod| {
                let api = self.pods(&pod.namespace().unwrap_or_default());
                async move { api.create(&PostParams::default(), &pod).await }
            })
            .await?;
        let uids: Vec<String> = pods.iter().filter_map(Pod::uid).collect();
        self.watch.all_bound(&uids).await?;
        self.created.is_known(&self.plane, &self.watch).await
    }

    /// Creates a pod that the scheduler puts wherever it likes.
    pub(crate) async fn add(&self, mut pod: Pod) -> anyhow::Result<Actor> {
        let api = self.pods(&pod.namespace().unwrap_or_default());
        // Ephemeral volumes belong to the pod, so they come after it; it waits for them.
        let waits = storage::has_ephemeral(&pod);
        if waits {
            let spec = pod.spec.get_or_insert_default();
            spec.scheduling_gates = Some(vec![object(json!({"name": GATE}))]);
        }
        let created = api.create(&PostParams::default(), &pod).await;
        let created = created.with_context(|| format!("pod {} is refused", pod.name_any()))?;
        if waits {
            self.add_ephemeral(&created).await?;
            let open = Patch::Merge(json!({"spec": {"schedulingGates": null}}));
            api.patch(&pod.name_any(), &PatchParams::default(), &open).await?;
        }
        let uid = created.uid().context("a pod has no uid")?;
        Ok(Actor { uid })
    }

    /// Creates a pod that may only go to one node, if it may go there at all.
    pub(crate) async fn add_planned(&self, mut pod: Pod, node: &str) -> anyhow::Result<Actor> {
        pod.annotations_mut().insert(PLANNED_NODE.to_owned(), node.to_owned());
        let spec = pod.spec.get_or_insert_default();
        spec.scheduler_name = Some(PLANNED_PROFILE.to_owned());
        self.add(pod).await
    }

    /// Deletes a pod.
    pub(crate) async fn remove(&self, pod: &Pod, actor: &Actor) -> anyhow::Result<()> {
        let now = DeleteParams::default().grace_period(0);
        self.pods(&pod.namespace().unwrap_or_default()).delete(&pod.name_any(), &now).await?;
        self.remove_ephemeral(pod).await?;
        self.watch.gone(actor).await
    }

    /// What the scheduler says of these pods, once it has nothing left to try.
    pub(crate) async fn verdicts(&self, actors: &[Actor]) -> anyhow::Result<Vec<Verdict>> {
        self.watch.settle(&self.plane, actors).await
    }

    /// Takes all nodes and pods away.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        let now = DeleteParams::default().grace_period(0);
        let all = ListParams::default();
        let own = NAMESPACES.iter().map(|(name, _)| *name).chain([DAEMON_NAMESPACE]);
        let pods: Vec<Api<Pod>> = own.map(|namespace| self.pods(namespace)).collect();
        try_join_all(pods.iter().map(|api| api.delete_collection(&now, &all))).await?;
        self.watch.empty().await?;
        let nodes: Api<Node> = Api::all(self.client.clone());
        let nodes = async { nodes.delete_collection(&now, &all).await.map(drop) };
        tokio::try_join!(nodes, self.clear_storage())?;
        self.created.is_gone(&self.plane, &self.watch).await
    }

    fn pods(&self, namespace: &str) -> Api<Pod> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Does the same for every object, several at a time.
    async fn at_once<T, R, F>(
        &self,
        objects: &[T],
        work: &impl Fn(T) -> F,
    ) -> anyhow::Result<Vec<R>>
    where
        T: Clone,
        R: Send + 'static,
        F: Future<Output = kube::Result<R>> + Send + 'static,
    {
        let mut running = JoinSet::new();
        let mut done = Vec::new();
        for object in objects {
            if running.len() >= CONCURRENCY
                && let Some(one) = running.join_next().await
            {
                done.push(one??);
            }
            running.spawn(work(object.clone()));
        }
        while let Some(one) = running.join_next().await {
            done.push(one??);
        }
        Ok(done)
    }
}

/// Creates cluster-wide objects.
async fn create_all<T>(client: &Client, objects: &[T]) -> kube::Result<()>
where
    T: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let api: Api<T> = Api::all(client.clone());
    for object in objects {
        api.create(&PostParams::default(), object).await?;
    }
    Ok(())
}
