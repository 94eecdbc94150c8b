use super::*;
use crate::api::{Fault, Service};
use crate::memory::now;

/// IAM in memory. Like some that speak its protocol, it does not honour paths.
#[derive(Debug, Default)]
struct MemoryIam {
    profiles: Mutex<BTreeMap<String, InstanceProfile>>,
    calls: Mutex<Vec<String>>,
    has_role: bool,
    /// Roles are put in, and the caller hears of a repeated call that was refused.
    loses_answers: bool,
}

fn refusal(operation: &'static str, code: &str, message: &str) -> ApiError {
    let fault = Fault::Service { code: code.to_owned(), message: message.to_owned(), status: 400 };
    ApiError { service: Service::Iam, operation, fault, request_id: None }
}

impl MemoryIam {
    fn profiles(&self) -> MutexGuard<'_, BTreeMap<String, InstanceProfile>> {
        self.profiles.lock().expect("no test panics with the lock")
    }

    fn call(&self, text: String) {
        self.calls.lock().expect("no test panics with the lock").push(text);
    }
}

impl Iam for MemoryIam {
    async fn instance_profile(&self, name: &str) -> Result<InstanceProfile, ApiError> {
        self.call(format!("get {name}"));
        let gone = refusal("GetInstanceProfile", "NoSuchEntity", "instance profile not found");
        self.profiles().get(name).cloned().ok_or(gone)
    }

    async fn instance_profiles(&self, _: &str) -> Result<Vec<InstanceProfile>, ApiError> {
        Ok(self.profiles().values().cloned().collect())
    }

    async fn create_instance_profile(
        &self,
        name: &str,
        path: &str,
        tags: &Tags,
    ) -> Result<(), ApiError> {
        self.call(format!("create {name}"));
        if self.profiles().contains_key(name) {
            return Err(refusal("CreateInstanceProfile", "EntityAlreadyExists", "it is there"));
        }
        self.profiles().insert(name.to_owned(), profile(name, path, None, tags));
        Ok(())
    }

    async fn delete_instance_profile(&self, name: &str) -> Result<(), ApiError> {
        self.profiles().remove(name);
        Ok(())
    }

    async fn add_role(&self, name: &str, role: &str) -> Result<(), ApiError> {
        self.call(format!("add {role}"));
        if !self.has_role {
            let message = format!("The role with name {role} cannot be found.");
            return Err(refusal("AddRoleToInstanceProfile", "NoSuchEntity", &message));
        }
        if let Some(profile) = self.profiles().get_mut(name) {
            profile.role = Some(role.to_owned());
        }
        if self.loses_answers {
            return Err(refusal("AddRoleToInstanceProfile", "LimitExceeded", "one role only"));
        }
        Ok(())
    }

    async fn remove_role(&self, name: &str, role: &str) -> Result<(), ApiError> {
        self.call(format!("remove {role}"));
        if let Some(profile) = self.profiles().get_mut(name) {
            profile.role = None;
        }
        Ok(())
    }
}

fn profile(name: &str, path: &str, role: Option<&str>, tags: &Tags) -> InstanceProfile {
    InstanceProfile {
        name: name.to_owned(),
        path: path.to_owned(),
        role: role.map(str::to_owned),
        created: None,
        tags: tags.clone(),
    }
}

const CLASS: &str = "/karpenter/us-east-1/demo/uid-1/";

fn profiles(present: &[(&str, &str, Option<&str>)]) -> InstanceProfiles<MemoryIam> {
    let iam = MemoryIam { has_role: true, ..MemoryIam::default() };
    for (name, path, role) in present {
        let one = profile(name, path, *role, &Tags::new());
        iam.profiles().insert((*name).to_owned(), one);
    }
    InstanceProfiles::new(iam, "us-east-1", "demo")
}

fn new(name: &str) -> NewProfile {
    let (name, path, role) = (name.to_owned(), CLASS.to_owned(), "node".to_owned());
    NewProfile { name, path, role, tags: Tags::from([("team".to_owned(), "a".to_owned())]) }
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn names(profiles: &InstanceProfiles<MemoryIam>) -> Vec<String> {
    profiles.iam.profiles().keys().cloned().collect()
}

fn calls(profiles: &InstanceProfiles<MemoryIam>) -> Vec<String> {
    profiles.iam.calls.lock().expect("no test panics with the lock").clone()
}

#[test]
fn a_new_profile_has_path_tags_and_role() {
    let profiles = profiles(&[]);
    now(profiles.create(&new("p"), at(0))).expect("IAM makes it");
    let made = now(profiles.get("p", at(1))).expect("it is there");
    assert_eq!((made.path.as_str(), made.role.as_deref()), (CLASS, Some("node")));
    assert_eq!(made.tags["team"], "a");
}

#[test]
fn a_profile_that_is_there_gets_its_role_in_place_of_a_wrong_one() {
    let profiles = profiles(&[("p", CLASS, Some("wrong"))]);
    now(profiles.create(&new("p"), at(0))).expect("IAM changes it");
    assert_eq!(calls(&profiles), ["create p", "get p", "remove wrong", "add node"]);
}

#[test]
fn a_profile_that_is_right_is_not_written() {
    let profiles = profiles(&[("p", CLASS, Some("node"))]);
    now(profiles.create(&new("p"), at(0))).expect("there is nothing to do");
    assert_eq!(calls(&profiles), ["create p", "get p"]);
}

#[test]
fn a_profile_without_its_role_is_taken_away_and_not_tried_again_for_a_minute() {
    let mut profiles = profiles(&[]);
    profiles.iam.has_role = false;
    let error = now(profiles.create(&new("p"), at(0))).unwrap_err();
    assert!(error.to_string().contains("create the role"), "{error}");
    assert_eq!(names(&profiles), Vec::<String>::new());
    let before = calls(&profiles).len();
    assert!(now(profiles.create(&new("q"), at(0))).is_err());
    assert_eq!(calls(&profiles).len(), before);
    profiles.iam.has_role = true;
    assert_eq!(now(profiles.create(&new("r"), at(1))), Ok(()));
}

#[test]
fn a_role_that_was_put_in_without_an_answer_is_in() {
    let mut profiles = profiles(&[]);
    profiles.iam.loses_answers = true;
    assert_eq!(now(profiles.create(&new("p"), at(0))), Ok(()));
    assert_eq!(names(&profiles), ["p"]);
}

#[test]
fn a_profile_is_asked_for_again_after_a_quarter_of_an_hour() {
    let profiles = profiles(&[("p", CLASS, None)]);
    for minute in [0, 14, 15] {
        now(profiles.get("p", at(minute))).expect("it is there");
    }
    assert_eq!(calls(&profiles), ["get p", "get p"]);
}

#[test]
fn collecting_leaves_what_is_in_use_or_protected_or_anothers() {
    let other_cluster = "/karpenter/us-east-1/other/uid-1/";
    let other_region = "/karpenter/eu-west-1/demo/uid-1/";
    let profiles = profiles(&[
        ("used", CLASS, Some("node")),
        ("fresh", CLASS, Some("node")),
        ("old", CLASS, Some("node")),
        ("foreign", other_cluster, Some("node")),
        ("far", other_region, Some("node")),
    ]);
    profiles.protect("fresh", at(0));
    let in_use = BTreeSet::from(["used".to_owned()]);
    assert_eq!(now(profiles.collect(&in_use, at(59))), Ok(vec!["old".to_owned()]));
    assert_eq!(names(&profiles), ["far", "foreign", "fresh", "used"]);
    assert_eq!(now(profiles.collect(&in_use, at(60))), Ok(vec!["fresh".to_owned()]));
}

#[test]
fn a_class_takes_its_own_profiles_along_with_or_without_role() {
    let other_class = "/karpenter/us-east-1/demo/uid-10/";
    let profiles =
        profiles(&[("one", CLASS, Some("node")), ("two", CLASS, None), ("ten", other_class, None)]);
    assert_eq!(now(profiles.delete_of_class("uid-1")), Ok(()));
    assert_eq!(names(&profiles), ["ten"]);
}

#[test]
fn deleting_what_is_gone_is_no_error() {
    assert_eq!(now(profiles(&[]).delete("p")), Ok(()));
}
