//! Instance profiles: which one a class uses. [`crate::profile`] makes and deletes them.

use plimsoll_api::crd::ec2_node_class::Ec2NodeClassSpec;

use super::hash::of_text;
use crate::api::Tags;
use crate::api::iam::InstanceProfile;
use crate::profile::{self, NewProfile};
use crate::tags;

/// Longest name of a profile that IAM takes.
const NAME_MAX: usize = 128;

/// Whose profiles are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileOwner<'a> {
    /// Region; profiles have none of their own.
    pub region: &'a str,
    /// Cluster.
    pub cluster: &'a str,
    /// Name of the class.
    pub class: &'a str,
    /// UID of the class.
    pub uid: &'a str,
}

impl ProfileOwner<'_> {
    /// The path below which all profiles of the cluster in the region are.
    pub fn cluster_path(&self) -> String {
        profile::cluster_path(self.region, self.cluster)
    }

    /// The path below which all profiles of the class are.
    pub fn class_path(&self) -> String {
        profile::class_path(&self.cluster_path(), self.uid)
    }

    fn new_name(&self, nonce: &str) -> String {
        let hash = of_text(&format!("{}{}{nonce}", self.region, self.class));
        format!("{}_{hash}", self.cluster)
    }

    /// The name that older versions gave the class's only profile, if IAM takes it.
    pub fn legacy_name(&self) -> Option<String> {
        let hash = of_text(&format!("{}{}", self.region, self.class));
        Some(format!("{}_{hash}", self.cluster)).filter(|name| is_profile_name(name))
    }

    fn tags(&self, of_class: &Tags) -> Tags {
        let mut all = tags::for_class(self.cluster, self.class, of_class);
        all.insert(tags::REGION.to_owned(), self.region.to_owned());
        all
    }
}

/// What to do for a class's profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileStep {
    /// The user's own profile; IAM is not asked.
    Given(String),
    /// The profile in use has the role.
    Keep(String),
    /// A new profile is needed. The one in use so far is to be protected for a while.
    Create(NewProfile),
    /// The class names neither; the definition does not allow it.
    Nothing,
}

/// What to do, `current` being the profile in use as IAM knows it, or nothing if it is gone. `nonce`
/// makes the name of a new profile one that was never used: IAM forgets slowly.
pub fn profile_step(
    spec: &Ec2NodeClassSpec,
    owner: ProfileOwner<'_>,
    current: Option<&InstanceProfile>,
    nonce: &str,
) -> ProfileStep {
    if let Some(given) = &spec.instance_profile {
        return ProfileStep::Given(given.clone());
    }
    let Some(role) = spec.role.as_deref().filter(|role| !role.is_empty()) else {
        return ProfileStep::Nothing;
    };
    let role = role_name(role);
    match current.filter(|profile| profile.role.as_deref() == Some(role)) {
        Some(profile) => ProfileStep::Keep(profile.name.clone()),
        None => ProfileStep::Create(NewProfile {
            name: owner.new_name(nonce),
            path: owner.class_path(),
            role: role.to_owned(),
            tags: owner.tags(&spec.tags.clone().unwrap_or_default()),
        }),
    }
}

/// A role's name without its path.
pub fn role_name(role: &str) -> &str {
    role.rsplit_once('/').map_or(role, |(_, name)| name)
}

fn is_profile_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OWNER: ProfileOwner<'static> =
        ProfileOwner { region: "eu-west-1", cluster: "demo", class: "default", uid: "u-1" };

    fn profile(name: &str, role: Option<&str>) -> InstanceProfile {
        InstanceProfile {
            name: name.to_owned(),
            path: OWNER.class_path(),
            role: role.map(str::to_owned),
            created: None,
            tags: Tags::new(),
        }
    }

    fn step(spec: Value, current: Option<&InstanceProfile>) -> ProfileStep {
        let mut spec = spec;
        spec["subnetSelectorTerms"] = json!([]);
        spec["securityGroupSelectorTerms"] = json!([]);
        profile_step(&serde_json::from_value(spec).unwrap(), OWNER, current, "nonce")
    }

    #[test]
    fn a_given_profile_is_used_whatever_was_in_use() {
        let current = profile("old", Some("nodes"));
        let found = step(json!({"instanceProfile": "mine"}), Some(&current));
        assert_eq!(found, ProfileStep::Given("mine".to_owned()));
    }

    #[test]
    fn a_profile_with_the_role_is_kept() {
        let current = profile("a", Some("nodes"));
        let found = step(json!({"role": "path/to/nodes"}), Some(&current));
        assert_eq!(found, ProfileStep::Keep("a".to_owned()));
    }

    #[test]
    fn another_role_or_no_profile_needs_a_new_one() {
        let create = ProfileStep::Create(NewProfile {
            name: OWNER.new_name("nonce"),
            path: OWNER.class_path(),
            role: "nodes".to_owned(),
            tags: OWNER.tags(&Tags::new()),
        });
        assert_eq!(step(json!({"role": "nodes"}), None), create);
        let other = profile("a", Some("other"));
        assert_eq!(step(json!({"role": "/path/nodes"}), Some(&other)), create);
        assert_eq!(step(json!({"role": "nodes"}), Some(&profile("a", None))), create);
    }

    #[test]
    fn a_class_without_role_and_profile_has_none() {
        assert_eq!(step(json!({}), None), ProfileStep::Nothing);
    }

    #[test]
    fn names_and_paths_are_karpenters() {
        assert_eq!(OWNER.class_path(), "/karpenter/eu-west-1/demo/u-1/");
        let hash = of_text("eu-west-1default");
        assert_eq!(OWNER.legacy_name(), Some(format!("demo_{hash}")));
        let hash = of_text("eu-west-1defaultnonce");
        assert_eq!(OWNER.new_name("nonce"), format!("demo_{hash}"));
    }

    #[test]
    fn two_classes_with_one_role_have_profiles_of_their_own() {
        let other = ProfileOwner { class: "other", uid: "u-2", ..OWNER };
        assert_ne!(OWNER.new_name("nonce"), other.new_name("nonce"));
        assert_ne!(OWNER.class_path(), other.class_path());
    }

    #[test]
    fn a_legacy_name_that_iam_does_not_take_was_never_used() {
        let long = "c".repeat(120);
        assert_eq!(ProfileOwner { cluster: &long, ..OWNER }.legacy_name(), None);
        assert_eq!(ProfileOwner { cluster: "a b", ..OWNER }.legacy_name(), None);
    }

    #[test]
    fn profiles_carry_the_tags_that_the_controllers_policy_asks_for() {
        let of_class = Tags::from([("team".to_owned(), "web".to_owned())]);
        let found: Vec<String> = OWNER
            .tags(&of_class)
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let expected = [
            "eks:eks-cluster-name=demo",
            "karpenter.k8s.aws/ec2nodeclass=default",
            "kubernetes.io/cluster/demo=owned",
            "team=web",
            "topology.kubernetes.io/region=eu-west-1",
        ];
        assert_eq!(found, expected);
    }
}
