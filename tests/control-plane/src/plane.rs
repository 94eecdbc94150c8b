//! Starting and ending the control plane.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use kube::Client;
use kube::config::KubeConfigOptions;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::plane_binary;
use crate::certificates::{Authority, Identity, Pair};
use crate::program::{Program, free_ports};
use crate::work::Work;

/// Longest time until everything is ready; ten times what a loaded machine needs.
const START_MAX: Duration = Duration::from_mins(2);
/// Time between two questions whether a program is ready.
const POLL: Duration = Duration::from_millis(50);

/// Metrics of kube-scheduler that make three quarters of the text and are of no use to a test, which
/// may ask for the others hundreds of times.
const LARGE_METRICS: [&str; 6] = [
    "kubernetes_feature_enabled",
    "scheduler_framework_extension_point_duration_seconds",
    "scheduler_plugin_evaluation_total",
    "scheduler_plugin_execution_duration_seconds",
    "scheduler_queueing_hint_execution_duration_seconds",
    "scheduler_scheduling_attempt_duration_seconds",
];

const ADMINISTRATOR: Identity = Identity { user: "administrator", group: Some("system:masters") };
const SCHEDULER: Identity = Identity { user: "system:kube-scheduler", group: None };

/// What differs between suites.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// More flags for kube-apiserver.
    pub api_server_flags: Vec<String>,
    /// Feature gates of all programs (`PodLevelResources=true`).
    pub feature_gates: Vec<String>,
    /// Profiles of kube-scheduler as in its configuration file; none is the default profile.
    pub scheduler_profiles: Vec<Value>,
}

/// A control plane on the loopback interface. It ends when this is dropped, also in a test that
/// panics, and when the process of the test is gone.
pub struct Plane {
    client: Client,
    scheduler_client: Client,
    // Dropped in this order: the scheduler first, the files last.
    scheduler: Program,
    _api_server: Program,
    _etcd: Program,
    _folder: TempDir,
}

impl Plane {
    /// Starts everything, and builds it before if need be.
    ///
    /// # Errors
    /// If it cannot be built, or a program ends or is not ready in time; the end of its log is
    /// told.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let binary = plane_binary()?;
        let folder = TempDir::with_prefix("plimsoll-plane-").context("cannot create a folder")?;
        let [etcd_port, peer_port, api_port, scheduler_port] = free_ports()?;
        let layout = Layout { binary, folder: folder.path().to_owned() };
        let authority = Authority::new(&layout.folder)?;
        let server = authority.server("server")?;

        let etcd = layout.etcd(etcd_port, peer_port)?;
        let mut api_server =
            layout.api_server(&authority, &server, [etcd_port, api_port], options)?;
        let administrator = authority.client(ADMINISTRATOR)?;
        let config = kubeconfig(&authority, &administrator, api_port);
        let client = client(config).await?;
        ready(&client, &mut api_server).await?;

        let mut scheduler =
            layout.scheduler(&authority, &server, [api_port, scheduler_port], options)?;
        let config = kubeconfig(&authority, &administrator, scheduler_port);
        let scheduler_client = self::client(config).await?;
        ready(&scheduler_client, &mut scheduler).await?;
        Ok(Self {
            client,
            scheduler_client,
            scheduler,
            _api_server: api_server,
            _etcd: etcd,
            _folder: folder,
        })
    }

    /// A client that may do everything.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// What kube-scheduler has to do now.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn scheduler_work(&self) -> anyhow::Result<Work> {
        Ok(Work::parse(&get(&self.scheduler_client, "metrics").await?))
    }

    /// The end of kube-scheduler's log, for a test that fails.
    pub fn scheduler_log(&self) -> String {
        self.scheduler.log_end()
    }
}

/// Where things are.
struct Layout {
    binary: PathBuf,
    folder: PathBuf,
}

impl Layout {
    fn start(
        &self,
        name: &'static str,
        flags: impl IntoIterator<Item = String>,
    ) -> anyhow::Result<Program> {
        Program::start(&self.binary, name, &self.folder, flags)
    }

    fn etcd(&self, port: u16, peer_port: u16) -> anyhow::Result<Program> {
        let (client, peer) = (plain_url(port), plain_url(peer_port));
        let flags = [
            "--name=only".to_owned(),
            format!("--data-dir={}", self.folder.join("etcd").display()),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=only={peer}"),
            "--log-level=warn".to_owned(),
            // What is lost with the machine was only for this run.
            "--unsafe-no-fsync".to_owned(),
        ];
        self.start("etcd", flags)
    }

    fn api_server(
        &self,
        authority: &Authority,
        server: &Pair,
        [etcd_port, port]: [u16; 2],
        options: &Options,
    ) -> anyhow::Result<Program> {
        let flags = [
            format!("--etcd-servers={}", plain_url(etcd_port)),
            format!("--bind-address={}", Ipv4Addr::LOCALHOST),
            format!("--secure-port={port}"),
            format!("--tls-cert-file={}", server.certificate.display()),
            format!("--tls-private-key-file={}", server.key.display()),
            format!("--client-ca-file={}", authority.certificate.display()),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", server.certificate.display()),
            format!("--service-account-signing-key-file={}", server.key.display()),
            "--service-cluster-ip-range=10.100.0.0/16".to_owned(),
            // A loopback address may not be the endpoint of a Service.
            "--endpoint-reconciler-type=none".to_owned(),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--anonymous-auth=false".to_owned(),
            // All requests are a test's own; none has to wait for a fairer share.
            "--enable-priority-and-fairness=false".to_owned(),
            // The stock 1 deletes the objects of a test one after the other.
            "--delete-collection-workers=4".to_owned(),
        ];
        let flags = flags.into_iter().chain(options.api_server_flags.iter().cloned());
        self.start("kube-apiserver", flags.chain(feature_gates(options)))
    }

    fn scheduler(
        &self,
        authority: &Authority,
        server: &Pair,
        [api_port, port]: [u16; 2],
        options: &Options,
    ) -> anyhow::Result<Program> {
        let user = authority.client(SCHEDULER)?;
        let kubeconfig = kubeconfig(authority, &user, api_port);
        let kubeconfig = self.write("scheduler-kubeconfig.json", &kubeconfig)?;
        let mut configuration = json!({
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            // The stock 50 and 100 dominate with many pods.
            "clientConnection": {"kubeconfig": kubeconfig, "qps": 1000, "burst": 2000},
            "leaderElection": {"leaderElect": false},
            "podInitialBackoffSeconds": 1,
            "podMaxBackoffSeconds": 1,
        });
        if !options.scheduler_profiles.is_empty() {
            configuration["profiles"] = json!(options.scheduler_profiles);
        }
        let configuration = self.write("scheduler.json", &configuration)?;
        let flags = [
            format!("--config={}", configuration.display()),
            "--authorization-always-allow-paths=/readyz,/metrics".to_owned(),
            format!("--disabled-metrics={}", LARGE_METRICS.join(",")),
            format!("--bind-address={}", Ipv4Addr::LOCALHOST),
            format!("--secure-port={port}"),
            format!("--tls-cert-file={}", server.certificate.display()),
            format!("--tls-private-key-file={}", server.key.display()),
        ];
        self.start("kube-scheduler", flags.into_iter().chain(feature_gates(options)))
    }

    fn write(&self, name: &str, value: &Value) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        fs::write(&path, value.to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

fn feature_gates(options: &Options) -> Option<String> {
    let gates = &options.feature_gates;
    (!gates.is_empty()).then(|| format!("--feature-gates={}", gates.join(",")))
}

fn plain_url(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}

fn kubeconfig(authority: &Authority, user: &Pair, port: u16) -> Value {
    const NAME: &str = "plane";
    let server = format!("https://{}:{port}", Ipv4Addr::LOCALHOST);
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{
            "name": NAME,
            "cluster": {"server": server, "certificate-authority": authority.certificate},
        }],
        "users": [{
            "name": NAME,
            "user": {"client-certificate": user.certificate, "client-key": user.key},
        }],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
    })
}

async fn client(kubeconfig: Value) -> anyhow::Result<Client> {
    let kubeconfig = serde_json::from_value(kubeconfig)?;
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    Ok(Client::try_from(config)?)
}

/// Waits until a program says that it is ready.
async fn ready(client: &Client, program: &mut Program) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        program.check()?;
        match get(client, "readyz").await {
            Ok(_) => return Ok(()),
            Err(error) if start.elapsed() > START_MAX => {
                bail!("not ready after {START_MAX:?}: {error}\n{}", program.log_end())
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// What a program answers at a path that is no object.
async fn get(client: &Client, path: &str) -> anyhow::Result<String> {
    let request = kube::core::Request::new("").get(path, &kube::api::GetParams::default());
    Ok(client.request_text(request?).await?)
}
