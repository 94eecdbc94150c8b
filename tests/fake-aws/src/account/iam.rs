//! Roles and instance profiles.

pub(crate) mod role;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::filter::{Tag, Tags};
use super::page::{Page, Paging, Wanted, page};
use super::{Account, AwsError};

/// Most profiles on a page.
const PAGE: usize = 100;
/// Longest name of a profile.
const NAME_MAX: usize = 128;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its path; `/` is none.
    pub path: String,
    /// Its id.
    pub id: String,
    /// Its ARN; set by the account that it belongs to.
    pub arn: String,
}

impl Role {
    /// A role without a path.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: "/".to_owned(),
            id: format!("AROA{}", name.to_uppercase().replace(|c: char| !c.is_alphanumeric(), "")),
            arn: String::new(),
        }
    }

    /// With a path (`/nodes/`).
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }
}

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceProfile {
    /// Its name.
    pub name: String,
    /// Its path; `/` is none.
    pub path: String,
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on EC2 takes it.
    pub known_at: Timestamp,
    /// Its role.
    pub role: Option<Role>,
    /// Tags.
    pub tags: Tags,
}

/// Roles and profiles by name.
#[derive(Clone, Debug)]
pub(crate) struct Iam {
    roles: BTreeMap<String, Role>,
    pub(crate) profiles: BTreeMap<String, InstanceProfile>,
}

impl Iam {
    pub(crate) fn new(account_id: &str, roles: Vec<Role>) -> Self {
        let with_arn = |role: Role| Role {
            arn: format!("arn:aws:iam::{account_id}:role{}{}", role.path, role.name),
            ..role
        };
        let roles = roles.into_iter().map(with_arn);
        let roles = roles.map(|role| (role.name.clone(), role)).collect();
        Self { roles, profiles: BTreeMap::new() }
    }

    fn role(&self, name: &str) -> Result<&Role, AwsError> {
        self.roles
            .get(name)
            .ok_or_else(|| no_entity(format!("The role with name {name} cannot be found.")))
    }

    fn profile(&mut self, name: &str) -> Result<&mut InstanceProfile, AwsError> {
        self.profiles
            .get_mut(name)
            .ok_or_else(|| no_entity(format!("Instance Profile {name} cannot be found.")))
    }
}

fn no_entity(message: String) -> AwsError {
    AwsError::client("NoSuchEntity", message).with_status(404)
}

fn conflict(code: &str, message: String) -> AwsError {
    AwsError::client(code, message).with_status(409)
}

/// IAM `GetInstanceProfile`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct GetInstanceProfile {
    /// Its name.
    pub instance_profile_name: String,
}

impl Call for GetInstanceProfile {
    const ACTION: Action = Action::new(Service::Iam, "GetInstanceProfile");
    type Answer = InstanceProfile;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        account.iam.profile(&self.instance_profile_name).cloned()
    }
}

/// IAM `CreateInstanceProfile`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateInstanceProfile {
    /// Its name.
    pub instance_profile_name: String,
    /// Its path; `/` if nothing is said.
    pub path: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Call for CreateInstanceProfile {
    const ACTION: Action = Action::new(Service::Iam, "CreateInstanceProfile");
    type Answer = InstanceProfile;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let name = self.instance_profile_name;
        let path = self.path.unwrap_or_else(|| "/".to_owned());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_".contains(&byte);
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(allowed) {
            let message = format!("The specified value for instanceProfileName is invalid: {name}");
            return Err(AwsError::client("ValidationError", message));
        }
        if !path.starts_with('/') || !path.ends_with('/') {
            let message = format!("The specified value for path is invalid: {path}");
            return Err(AwsError::client("ValidationError", message));
        }
        if account.iam.profiles.contains_key(&name) {
            let message = format!("Instance Profile {name} already exists.");
            return Err(conflict("EntityAlreadyExists", message));
        }
        let profile = InstanceProfile {
            id: format!("AIPA{:016X}", account.draw.next("profile")),
            arn: account.arn("iam", &format!("instance-profile{path}{name}")),
            created_at: account.now,
            known_at: account.after(account.settings.timing.profile_known_after),
            role: None,
            tags: self.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            name: name.clone(),
            path,
        };
        account.iam.profiles.insert(name, profile.clone());
        Ok(profile)
    }
}

/// IAM `DeleteInstanceProfile`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteInstanceProfile {
    /// Its name.
    pub instance_profile_name: String,
}

impl Call for DeleteInstanceProfile {
    const ACTION: Action = Action::new(Service::Iam, "DeleteInstanceProfile");
    type Answer = ();

    fn carry_out(self, account: &mut Account) -> Result<(), AwsError> {
        let name = self.instance_profile_name;
        if account.iam.profile(&name)?.role.is_some() {
            let message = "Cannot delete entity, must remove roles from instance profile first.";
            return Err(conflict("DeleteConflict", message.to_owned()));
        }
        account.iam.profiles.remove(&name);
        Ok(())
    }
}

/// IAM `TagInstanceProfile`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TagInstanceProfile {
    /// Its name.
    pub instance_profile_name: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Call for TagInstanceProfile {
    const ACTION: Action = Action::new(Service::Iam, "TagInstanceProfile");
    type Answer = ();

    fn carry_out(self, account: &mut Account) -> Result<(), AwsError> {
        let profile = account.iam.profile(&self.instance_profile_name)?;
        profile.tags.extend(self.tags.into_iter().map(|tag| (tag.key, tag.value)));
        Ok(())
    }
}

/// IAM `ListInstanceProfiles`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ListInstanceProfiles {
    /// Only with such paths.
    pub path_prefix: Option<String>,
    /// Most on a page.
    pub max_items: Option<usize>,
    /// Which page.
    pub marker: Option<String>,
}

impl Call for ListInstanceProfiles {
    const ACTION: Action = Action::new(Service::Iam, "ListInstanceProfiles");
    type Answer = Page<InstanceProfile>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        let found = account.iam.profiles.values().filter(|one| one.path.starts_with(prefix));
        let found: Vec<InstanceProfile> = found.cloned().collect();
        let next_token = self.marker.as_deref();
        let wanted = Wanted { max_results: self.max_items, next_token, limit: PAGE };
        // IAM pages in its own way, without empty ones.
        page(found, |one| one.name.clone(), wanted, Paging::AsAsked)
    }
}
