//! Roles, alone and in instance profiles.

use serde::Deserialize;

use super::{Role, conflict, no_entity};
use crate::account::action::{Action, Call, Service};
use crate::account::{Account, AwsError};

/// IAM `GetRole`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct GetRole {
    /// Its name.
    pub role_name: String,
}

impl Call for GetRole {
    const ACTION: Action = Action::new(Service::Iam, "GetRole");
    type Answer = Role;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        account.iam.role(&self.role_name).cloned()
    }
}

/// IAM `AddRoleToInstanceProfile`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct AddRoleToInstanceProfile {
    /// Name of the profile.
    pub instance_profile_name: String,
    /// Name of the role, without its path.
    pub role_name: String,
}

impl Call for AddRoleToInstanceProfile {
    const ACTION: Action = Action::new(Service::Iam, "AddRoleToInstanceProfile");
    type Answer = ();

    fn carry_out(self, account: &mut Account) -> Result<(), AwsError> {
        account.iam.profile(&self.instance_profile_name)?;
        let role = account.iam.role(&self.role_name)?.clone();
        let profile = account.iam.profile(&self.instance_profile_name)?;
        if profile.role.is_some() {
            let message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
            return Err(conflict("LimitExceeded", message.to_owned()));
        }
        profile.role = Some(role);
        Ok(())
    }
}

/// IAM `RemoveRoleFromInstanceProfile`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct RemoveRoleFromInstanceProfile {
    /// Name of the profile.
    pub instance_profile_name: String,
    /// Name of the role.
    pub role_name: String,
}

impl Call for RemoveRoleFromInstanceProfile {
    const ACTION: Action = Action::new(Service::Iam, "RemoveRoleFromInstanceProfile");
    type Answer = ();

    fn carry_out(self, account: &mut Account) -> Result<(), AwsError> {
        let profile = account.iam.profile(&self.instance_profile_name)?;
        if profile.role.as_ref().is_none_or(|role| role.name != self.role_name) {
            let message = format!("The role with name {} cannot be found.", self.role_name);
            return Err(no_entity(message));
        }
        profile.role = None;
        Ok(())
    }
}
