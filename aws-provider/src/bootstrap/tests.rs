use scheduler_core::model::TaintEffect;
use serde_json::{Value, json};

use super::*;

/// A cluster, a claim and a class, ready to be changed by a test.
struct Given {
    cluster: ClusterAccess,
    family: ImageFamily,
    own: Option<String>,
    kubelet: Value,
    labels: BTreeMap<String, String>,
    taints: Vec<Taint>,
    instance_store: InstanceStore,
    release: Option<String>,
}

fn given(family: ImageFamily) -> Given {
    Given {
        cluster: ClusterAccess {
            name: "demo".to_owned(),
            endpoint: "https://demo.eks".to_owned(),
            ca_bundle: "Y2EtYnVuZGxlCg==".to_owned(),
            service_cidr: Some("10.100.0.0/16".to_owned()),
            dns: Some("10.100.0.10".parse().unwrap()),
        },
        family,
        own: None,
        kubelet: json!({}),
        labels: BTreeMap::from([
            ("karpenter.sh/nodepool".to_owned(), "general".to_owned()),
            ("team".to_owned(), "web".to_owned()),
        ]),
        taints: vec![Taint {
            key: "dedicated".to_owned(),
            value: "web".to_owned(),
            effect: TaintEffect::NoSchedule,
        }],
        instance_store: InstanceStore::Unused,
        release: None,
    }
}

impl Given {
    fn own(mut self, own: &str) -> Self {
        self.own = Some(own.to_owned());
        self
    }

    fn kubelet(mut self, kubelet: Value) -> Self {
        self.kubelet = kubelet;
        self
    }

    fn raid0(mut self) -> Self {
        self.instance_store = InstanceStore::Raid0;
        self
    }

    fn release(mut self, release: &str) -> Self {
        self.release = Some(release.to_owned());
        self
    }

    fn label(mut self, key: &str) -> Self {
        self.labels.insert(key.to_owned(), "value".to_owned());
        self
    }

    fn dns(mut self, dns: &str) -> Self {
        self.cluster.dns = Some(dns.parse().unwrap());
        self
    }

    fn try_render(&self) -> Result<UserData, UserDataError> {
        let bootstrap = Bootstrap {
            cluster: &self.cluster,
            family: self.family,
            own: self.own.as_deref(),
            kubelet: self.kubelet.as_object(),
            pods: 29,
            labels: &self.labels,
            capacity_type: CapacityType::Spot,
            taints: &self.taints,
            instance_store: self.instance_store,
            release: self.release.as_deref(),
        };
        bootstrap.user_data()
    }

    fn render(self) -> String {
        self.try_render().unwrap().text
    }
}

fn al2() -> Given {
    given(ImageFamily::Al2)
}

fn al2023() -> Given {
    given(ImageFamily::Al2023)
}

fn bottlerocket() -> Given {
    given(ImageFamily::Bottlerocket)
}

/// Settings for every managed field.
fn managed() -> Value {
    json!({
        "clusterDNS": ["10.100.0.53"],
        "maxPods": 110,
        "podsPerCore": 10,
        "systemReserved": {"memory": "100Mi", "cpu": "100m"},
        "kubeReserved": {"cpu": "200m", "ephemeral-storage": "1Gi"},
        "evictionHard": {"nodefs.available": "10%", "memory.available": "5%"},
        "evictionSoft": {"memory.available": "10%"},
        "evictionSoftGracePeriod": {"memory.available": "1m"},
        "evictionMaxPodGracePeriod": 60,
        "imageGCHighThresholdPercent": 85,
        "imageGCLowThresholdPercent": 80,
        "cpuCFSQuota": false,
    })
}

/// The settings of Kubernetes in Bottlerocket's user data.
fn kubernetes(text: &str) -> toml::Table {
    let document: toml::Table = text.parse().unwrap();
    document["settings"]["kubernetes"].as_table().unwrap().clone()
}

#[test]
fn amazon_linux_2_calls_its_bootstrap_script() {
    insta::assert_snapshot!(al2().render());
}

#[test]
fn amazon_linux_2_takes_managed_settings_as_flags() {
    insta::assert_snapshot!(al2().kubelet(managed()).raid0().render());
}

#[test]
fn amazon_linux_2023_reads_a_node_config() {
    insta::assert_snapshot!(al2023().render());
}

#[test]
fn amazon_linux_2023_takes_every_setting() {
    let mut kubelet = managed();
    kubelet["containerLogMaxSize"] = json!("50Mi");
    kubelet["serializeImagePulls"] = json!(false);
    kubelet["memoryThrottlingFactor"] = json!(0.9);
    insta::assert_snapshot!(al2023().kubelet(kubelet).raid0().render());
}

#[test]
fn bottlerocket_reads_settings() {
    insta::assert_snapshot!(bottlerocket().render());
}

#[test]
fn bottlerocket_takes_managed_settings() {
    insta::assert_snapshot!(bottlerocket().kubelet(managed()).raid0().release("1.45.0").render());
}

#[test]
fn windows_calls_its_bootstrap_script() {
    let own = "Write-Host 'hello'";
    insta::assert_snapshot!(given(ImageFamily::Windows2022).own(own).kubelet(managed()).render());
}

#[test]
fn windows_without_data_of_the_users_own_has_ours_alone() {
    let text = given(ImageFamily::Windows2019).own("").render();
    assert!(text.starts_with("<powershell>\n[string]$EKSBootstrapScriptFile"), "{text}");
}

#[test]
fn custom_images_get_the_users_own_data_untouched() {
    let own = "anything\r\n at all";
    assert_eq!(given(ImageFamily::Custom).own(own).kubelet(managed()).render(), own);
    assert_eq!(given(ImageFamily::Custom).render(), "");
}

#[test]
fn the_same_input_gives_the_same_text() {
    for family in ImageFamily::ALL {
        let render = || given(family).kubelet(managed()).raid0().render();
        assert_eq!(render(), render());
    }
}

#[test]
fn a_script_of_the_users_own_runs_before_ours() {
    let text = al2().own("#!/bin/bash\necho before").render();
    let parts = mime::read(&text).unwrap();
    assert_eq!((parts.len(), parts[0].body.as_str()), (2, "#!/bin/bash\necho before"));
    assert!(parts[1].body.contains("/etc/eks/bootstrap.sh"));
}

#[test]
fn an_archive_of_the_users_own_keeps_its_parts() {
    let archive = "Content-Type: multipart/mixed; boundary=\"B\"\n\n--B\nContent-Type: \
                   text/cloud-config\n\nruncmd: []\n--B--\n";
    for text in [archive.to_owned(), format!("MIME-Version: 1.0\n{archive}")] {
        for given in [al2(), al2023()] {
            let parts = mime::read(&given.own(&text).render()).unwrap();
            let first = (parts[0].content_type.as_str(), parts[0].body.as_str());
            assert_eq!((parts.len(), first), (2, ("text/cloud-config", "runcmd: []")));
        }
    }
}

#[test]
fn a_malformed_archive_gives_no_user_data() {
    for given in [al2(), al2023()] {
        let error = given.own("MIME-Version: 1.0\nnonsense").try_render().unwrap_err();
        assert!(matches!(error, UserDataError::Mime { .. }), "{error}");
    }
}

#[test]
fn nodeadm_reads_yaml_of_the_users_own_as_a_node_config() {
    let part = |own: &str| mime::read(&al2023().own(own).render()).unwrap().remove(0);
    let yaml = part("apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n");
    assert_eq!(yaml.content_type, "application/node.eks.aws");
    assert_eq!(part("#!/bin/bash\necho one").content_type, mime::SHELL);
}

#[test]
fn amazon_linux_2023_waits_for_the_range_of_service_addresses() {
    let mut given = al2023();
    given.cluster.service_cidr = None;
    assert!(matches!(given.try_render(), Err(UserDataError::NoServiceCidr)));
}

#[test]
fn an_expression_is_never_written() {
    let kubelet = json!({"maxPods": "vcpus * 10", "kubeReserved": {"cpu": "vcpus"}});
    for family in [ImageFamily::Al2, ImageFamily::Al2023, ImageFamily::Bottlerocket] {
        let text = given(family).kubelet(kubelet.clone()).render();
        assert!(!text.contains("vcpus") && text.contains("29"), "{text}");
    }
}

#[test]
fn settings_that_cannot_be_read_give_no_user_data() {
    let error = al2().kubelet(json!({"podsPerCore": "ten"})).try_render().unwrap_err();
    assert!(matches!(error, UserDataError::Kubelet(_)), "{error}");
}

#[test]
fn amazon_linux_2_has_no_flags_for_other_settings() {
    let text = al2().kubelet(json!({"containerLogMaxSize": "50Mi"})).render();
    assert!(!text.contains("50Mi"));
}

#[test]
fn a_dns_address_of_ipv6_makes_the_node_one_of_ipv6() {
    let text = al2().dns("fd00::10").render();
    assert!(text.contains("--ip-family ipv6 \\\n--dns-cluster-ip 'fd00::10'"), "{text}");
    assert!(!al2().render().contains("--ip-family"));
}

#[test]
fn labels_of_kubernetes_own_domains_are_left_to_it() {
    let restricted = [
        "kubernetes.io/a",
        "sub.kubernetes.io/a",
        "k8s.io/a",
        "sub.k8s.io/a",
        "node-restriction.kubernetes.io/a",
        "sub.node-restriction.kubernetes.io/a",
    ];
    for key in restricted {
        assert!(!al2().label(key).render().contains(key), "{key}");
    }
    for key in ["mykubernetes.io/a", "karpenter.k8s.aws/a", "a"] {
        assert!(al2().label(key).render().contains(&format!("{key}=value")), "{key}");
    }
}

#[test]
fn all_but_custom_images_are_told_not_to_sync_taints() {
    for family in ImageFamily::ALL {
        let told = given(family).render().contains("karpenter.sh/do-not-sync-taints");
        assert_eq!(told, family != ImageFamily::Custom, "{family:?}");
    }
}

#[test]
fn a_node_starts_with_the_taint_of_the_unregistered_once() {
    let mut given = al2();
    let (key, value) = (UNREGISTERED.to_owned(), String::new());
    given.taints.push(Taint { key, value, effect: TaintEffect::NoExecute });
    assert_eq!(given.render().matches(UNREGISTERED).count(), 1);
    assert_eq!(al2().render().matches(UNREGISTERED).count(), 1);
}

#[test]
fn settings_of_the_users_own_stay_and_ours_win() {
    let own = "
[settings.host-containers.admin]
enabled = true
[settings.kubernetes]
cluster-name = \"other\"
registry-qps = 7
[settings.kubernetes.node-labels]
mine = \"yes\"
team = \"other\"
[settings.kubernetes.node-taints]
mine = [\"a:NoSchedule\"]
";
    let text = bottlerocket().own(own).render();
    let document: toml::Table = text.parse().unwrap();
    let admin = &document["settings"]["host-containers"]["admin"]["enabled"];
    assert_eq!(admin.as_bool(), Some(true));
    let kubernetes = kubernetes(&text);
    assert_eq!(kubernetes["cluster-name"].as_str(), Some("demo"));
    assert_eq!(kubernetes["registry-qps"].as_integer(), Some(7));
    let label = |key: &str| kubernetes["node-labels"][key].as_str().unwrap();
    assert_eq!((label("mine"), label("team")), ("yes", "web"));
    let taints: Vec<&String> = kubernetes["node-taints"].as_table().unwrap().keys().collect();
    assert_eq!(taints, ["dedicated", "karpenter.sh/unregistered"]);
}

#[test]
fn settings_that_bottlerocket_does_not_have_are_left_out_and_told() {
    let own = "
[settings.kubernetes]
made-up = 1
[settings.kubernetes.static-pods.one]
enabled = true
colour = \"red\"
[settings.kubernetes.topology-manager-policy-options]
prefer-closest-numa-nodes = true
nearest = true
";
    let found = bottlerocket().own(own).try_render().unwrap();
    let expected = [
        "settings.kubernetes.made-up",
        "settings.kubernetes.static-pods.one.colour",
        "settings.kubernetes.topology-manager-policy-options.nearest",
    ];
    assert_eq!(found.dropped, expected);
    let kept = &kubernetes(&found.text)["static-pods"]["one"]["enabled"];
    assert_eq!(kept.as_bool(), Some(true));
}

#[test]
fn memory_reserved_by_numa_node_stays() {
    let own = "
[settings.kubernetes.memory-manager-reserved-memory.0]
enabled = true
memory = \"1Gi\"
hugepages-2Mi = \"100Mi\"
[settings.kubernetes.memory-manager-reserved-memory.1]
enabled = true
hugepages-1Gi = \"2Gi\"
";
    let kept = kubernetes(&bottlerocket().own(own).render());
    let node = |number: &str| kept["memory-manager-reserved-memory"][number].clone();
    assert_eq!(node("0")["hugepages-2Mi"].as_str(), Some("100Mi"));
    assert_eq!(node("1")["hugepages-1Gi"].as_str(), Some("2Gi"));
}

#[test]
fn invalid_toml_gives_no_user_data() {
    let error = bottlerocket().own("#!/bin/bash\necho").try_render().unwrap_err();
    assert!(matches!(error, UserDataError::Toml(_)), "{error}");
    let error = bottlerocket().own("settings = 1").try_render().unwrap_err();
    assert_eq!(error.to_string(), "spec.userData: settings is not a table");
}

#[test]
fn local_disks_are_mounted_beside_commands_of_the_users_own() {
    let own = "
[settings.bootstrap-commands.\"100-mine\"]
commands = [[\"apiclient\", \"set\"]]
mode = \"always\"
";
    let text = bottlerocket().own(own).raid0().release("latest").render();
    let document: toml::Table = text.parse().unwrap();
    let commands = document["settings"]["bootstrap-commands"].as_table().unwrap().clone();
    let names: Vec<&String> = commands.keys().collect();
    assert_eq!(names, ["000-mount-instance-storage", "100-mine"]);
    let bind = commands["000-mount-instance-storage"]["commands"][1].as_array().unwrap();
    assert_eq!(bind.len(), 3);
}

#[test]
fn releases_before_1_46_are_told_what_to_bind() {
    let expected = [
        ("1.45.0", false),
        ("v1.45.9", false),
        ("1.46.0", true),
        ("v1.46.0", true),
        ("1.47.0", true),
        ("1.47.1", true),
        ("2.0.0", true),
        ("latest", true),
        ("0.99.0", false),
        ("1.46", false),
        ("v", false),
        ("", false),
        ("1.46.x", false),
    ];
    for (release, binds) in expected {
        assert_eq!(binds_by_default(release), binds, "{release}");
    }
}

#[test]
fn the_release_is_told_by_alias_names_or_images() {
    let release = |terms: Value, amis: Value| {
        let spec = json!({
            "subnetSelectorTerms": [], "securityGroupSelectorTerms": [],
            "amiFamily": "Bottlerocket", "amiSelectorTerms": terms,
        });
        let amis: Vec<plimsoll_api::crd::ec2_node_class::Ami> =
            serde_json::from_value(amis).unwrap();
        release(&serde_json::from_value(spec).unwrap(), &amis)
    };
    let name = "bottlerocket-aws-k8s-1.33-x86_64-v1.45.0-1a2b3c4d";
    let amis = json!([{"id": "ami-1", "name": name, "requirements": []}]);
    let found = [
        release(json!([{"alias": "bottlerocket@v1.46.0"}]), amis.clone()),
        release(json!([{"alias": "bottlerocket@latest"}]), amis.clone()),
        release(json!([{"name": name.replace("1.45", "1.44")}]), amis.clone()),
        release(json!([{"id": "ami-1"}]), amis.clone()),
        release(json!([{"tags": {"a": "1"}}]), amis),
        release(json!([{"tags": {"a": "1"}}]), json!([])),
    ];
    let found: Vec<&str> = found.iter().map(|one| one.as_deref().unwrap_or("none")).collect();
    assert_eq!(found, ["v1.46.0", "latest", "v1.44.0", "v1.45.0", "v1.45.0", "none"]);
}
