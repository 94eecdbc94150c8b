//! The provider with the real SDK against the fake account, over HTTP.

mod faults;
mod life;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use aws_provider::api::Tags;
use aws_provider::api::ec2::{Ec2 as _, MetadataOptions, Switch};
use aws_provider::api::ssm::Ssm as _;
use aws_provider::instance::Instances;
use aws_provider::profile::{InstanceProfiles, NewProfile};
use aws_provider::{Boot, LaunchSpec, LaunchSubnet, tags};
use aws_provider_sdk::{ClientOptions, Clients, Ec2Client};
use jiff::{SignedDuration, Timestamp};
use plimsoll_fake_aws::{AccountBuilder, Clock, FakeAws, ServeOptions};
use scheduler_core::model::InstanceType;

const CLUSTER: &str = "demo";
const PROFILE: &str = "demo-profile";
/// The image of Amazon Linux 2023 that EKS names.
const IMAGE: &str = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/\
                     recommended/image_id";

/// A cluster in an account whose time stands still but for [`Bed::wait`].
struct Bed {
    aws: FakeAws,
    instances: Instances<Ec2Client>,
    spec: LaunchSpec,
    now: Timestamp,
}

impl Bed {
    async fn new(builder: AccountBuilder) -> Self {
        let now: Timestamp = "2026-08-01T08:00:00Z".parse().expect("a time");
        let options = ServeOptions { port: 0, clock: Clock::Still };
        let aws = FakeAws::start_with(builder.starts_at(now), options).expect("a port is free");
        let options = ClientOptions {
            endpoint: Some(aws.endpoint().to_owned()),
            region: Some("us-east-1".to_owned()),
            credentials: Some(("key".to_owned(), "secret".to_owned())),
            first_backoff: Some(Duration::from_millis(1)),
        };
        let clients = Clients::load(options).await.expect("the region is given");
        let spec = spec(&clients).await;
        let instances = Instances::new(clients.ec2.clone(), CLUSTER, SignedDuration::from_mins(1));
        let mut bed = Self { aws, instances, spec, now };
        // IAM is slow to make a profile known.
        bed.wait(60).await;
        bed
    }

    /// Lets time pass, and looks at the subnets again.
    async fn wait(&mut self, seconds: u32) {
        self.aws.account().advance(Duration::from_secs(seconds.into()));
        self.now += SignedDuration::from_secs(seconds.into());
        self.instances.sweep(self.now);
        let subnets = answered(async || self.instances.ec2().subnets(&[]).await).await;
        self.instances.describe_subnets(&subnets, self.now);
    }

    /// The class's launch, for these types.
    fn spec(&self, types: &[InstanceType]) -> LaunchSpec {
        let mut spec = self.spec.clone();
        spec.boots[0].instance_types = types.iter().map(|one| one.name.clone()).collect();
        spec
    }

    /// Ids of the class's subnets by zone.
    fn subnets(&self) -> BTreeMap<String, Vec<String>> {
        let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for subnet in &self.spec.subnets {
            zones.entry(subnet.zone.clone()).or_default().push(subnet.id.clone());
        }
        zones
    }
}

/// An answer, sooner or later: of faults a share of calls only meets one.
async fn answered<T, E: Debug>(call: impl AsyncFn() -> Result<T, E>) -> T {
    for _ in 0..50 {
        if let Ok(answer) = call().await {
            return answer;
        }
    }
    call().await.expect("one call in 50 is answered")
}

async fn spec(clients: &Clients) -> LaunchSpec {
    let profiles = InstanceProfiles::new(clients.iam.clone(), "us-east-1", CLUSTER);
    let new = NewProfile {
        name: PROFILE.to_owned(),
        path: "/karpenter/us-east-1/demo/uid-1/".to_owned(),
        role: "KarpenterNodeRole-demo".to_owned(),
        tags: Tags::new(),
    };
    answered(async || profiles.create(&new, Timestamp::UNIX_EPOCH).await).await;
    let subnets = answered(async || clients.ec2.subnets(&[]).await).await;
    let groups = answered(async || clients.ec2.security_groups(&[]).await).await;
    let image = answered(async || clients.ssm.parameter(IMAGE).await).await;
    let boot = Boot { image, user_data: "#!/bin/sh".to_owned(), ..Boot::default() };
    LaunchSpec {
        node_class: "default".to_owned(),
        subnets: subnets
            .into_iter()
            .map(|one| LaunchSubnet { id: one.id, zone: one.zone, zone_id: one.zone_id })
            .collect(),
        security_groups: groups.into_iter().map(|one| one.id).collect(),
        instance_profile: PROFILE.to_owned(),
        boots: vec![boot],
        metadata: MetadataOptions {
            endpoint: Switch::Enabled,
            ipv6: Some(Switch::Disabled),
            hop_limit: 1,
            tokens_required: true,
        },
        tags: tags::for_launch(CLUSTER, "general", "default", &Tags::new()),
        ..LaunchSpec::default()
    }
}

/// Types of a catalogue by name.
fn named(all: &[InstanceType], names: &[&str]) -> Arc<Vec<InstanceType>> {
    Arc::new(all.iter().filter(|one| names.contains(&one.name.as_str())).cloned().collect())
}
