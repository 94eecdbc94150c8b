//! Instance profiles: which one a class uses, and which are to go.

use std::collections::BTreeSet;

use plimsoll_api::crd::ec2_node_class::Ec2NodeClassSpec;

use super::hash::of_text;
use crate::api::iam::InstanceProfile;
use crate::api::{ApiError, Fault, Tags};
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
        format!("/karpenter/{}/{}/", self.region, self.cluster)
    }

    /// The path below which all profiles of the class are.
    pub fn class_path(&self) -> String {
        format!("{}{}/", self.cluster_path(), self.uid)
    }

    /// The name of a new profile. `nonce` makes it one that was never used: IAM forgets slowly.
    pub fn new_name(&self, nonce: &str) -> String {
        let hash = of_text(&format!("{}{}{nonce}", self.region, self.class));
        format!("{}_{hash}", self.cluster)
    }

    /// The name that older versions gave the class's only profile, if IAM takes it.
    pub fn legacy_name(&self) -> Option<String> {
        let hash = of_text(&format!("{}{}", self.region, self.class));
        Some(format!("{}_{hash}", self.cluster)).filter(|name| is_profile_name(name))
    }

    /// Tags of the class's profiles.
    pub fn tags(&self, of_class: &Tags) -> Tags {
        let mut all = of_class.clone();
        all.extend([
            (tags::cluster_owned(self.cluster), tags::OWNED.to_owned()),
            (tags::CLUSTER.to_owned(), self.cluster.to_owned()),
            (tags::NODE_CLASS.to_owned(), self.class.to_owned()),
            (tags::REGION.to_owned(), self.region.to_owned()),
        ]);
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
    /// A new profile is needed for this role (without path).
    Create(String),
    /// The class names neither; the definition does not allow it.
    Nothing,
}

/// What to do, `current` being the profile in use as IAM knows it, or nothing if it is gone.
pub fn profile_step(spec: &Ec2NodeClassSpec, current: Option<&InstanceProfile>) -> ProfileStep {
    if let Some(given) = &spec.instance_profile {
        return ProfileStep::Given(given.clone());
    }
    let Some(role) = spec.role.as_deref().filter(|role| !role.is_empty()) else {
        return ProfileStep::Nothing;
    };
    let role = role_name(role);
    match current.filter(|profile| profile.role.as_deref() == Some(role)) {
        Some(profile) => ProfileStep::Keep(profile.name.clone()),
        None => ProfileStep::Create(role.to_owned()),
    }
}

/// A change of a profile's role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleChange {
    /// Take it out; a profile has one role only.
    Remove(String),
    /// Put it in.
    Add(String),
}

/// What makes this the role of a profile that exists.
pub fn role_changes(profile: &InstanceProfile, role: &str) -> Vec<RoleChange> {
    match profile.role.as_deref() {
        Some(current) if current == role => Vec::new(),
        Some(wrong) => {
            vec![RoleChange::Remove(wrong.to_owned()), RoleChange::Add(role.to_owned())]
        }
        None => vec![RoleChange::Add(role.to_owned())],
    }
}

/// A role's name without its path.
pub fn role_name(role: &str) -> &str {
    role.rsplit_once('/').map_or(role, |(_, name)| name)
}

/// Whether IAM says that the role does not exist, so that another attempt is of no use yet.
pub fn is_role_missing(error: &ApiError) -> bool {
    match &error.fault {
        Fault::Service { code, message, .. } => code == "NoSuchEntity" && message.contains("role"),
        Fault::Unreadable { .. } | Fault::NoAnswer { .. } | Fault::NoCredentials { .. } => false,
    }
}

/// Names of the profiles that nobody uses any more. `in_use` are those of classes, of claims and
/// those that were in use a short time ago. Profiles outside of the cluster's path are never among
/// them, whatever the list says.
pub fn unused_profiles(
    profiles: &[InstanceProfile],
    owner: ProfileOwner<'_>,
    in_use: &BTreeSet<String>,
) -> Vec<String> {
    let path = owner.cluster_path();
    let ours = profiles.iter().filter(|one| one.path.starts_with(&path));
    let unused = ours.filter(|one| !in_use.contains(&one.name));
    unused.map(|one| one.name.clone()).collect()
}

fn is_profile_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Service;

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
        profile_step(&serde_json::from_value(spec).unwrap(), current)
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
        let create = ProfileStep::Create("nodes".to_owned());
        assert_eq!(step(json!({"role": "nodes"}), None), create);
        let other = profile("a", Some("other"));
        assert_eq!(step(json!({"role": "/path/nodes"}), Some(&other)), create);
        assert_eq!(step(json!({"role": "nodes"}), Some(&profile("a", None))), create);
    }

    #[test]
    fn a_wrong_role_is_taken_out_first() {
        let add = RoleChange::Add("nodes".to_owned());
        assert_eq!(role_changes(&profile("a", None), "nodes"), std::slice::from_ref(&add));
        assert_eq!(role_changes(&profile("a", Some("nodes")), "nodes"), []);
        let expected = [RoleChange::Remove("other".to_owned()), add];
        assert_eq!(role_changes(&profile("a", Some("other")), "nodes"), expected);
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

    #[test]
    fn only_a_missing_role_keeps_from_trying_again() {
        let error = |code: &str, message: &str| ApiError {
            service: Service::Iam,
            operation: "AddRoleToInstanceProfile",
            fault: Fault::Service {
                code: code.to_owned(),
                message: message.to_owned(),
                status: 404,
            },
            request_id: None,
        };
        assert!(is_role_missing(&error(
            "NoSuchEntity",
            "The role with name nodes cannot be found."
        )));
        assert!(!is_role_missing(&error("NoSuchEntity", "Instance Profile a cannot be found.")));
        assert!(!is_role_missing(&error("AccessDenied", "the role may not")));
    }

    #[test]
    fn profiles_in_use_and_those_of_other_clusters_are_never_deleted() {
        let foreign = InstanceProfile {
            path: "/karpenter/eu-west-1/demo-2/u-1/".to_owned(),
            ..profile("foreign", None)
        };
        let profiles = [profile("used", None), profile("unused", None), foreign];
        let in_use = BTreeSet::from(["used".to_owned()]);
        assert_eq!(unused_profiles(&profiles, OWNER, &in_use), ["unused"]);
    }
}
