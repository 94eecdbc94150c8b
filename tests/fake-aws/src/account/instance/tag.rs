//! `CreateTags`, for instances and whatever else can be tagged.

use serde::Deserialize;

use super::no_instances;
use crate::account::action::{Action, Call, Service};
use crate::account::filter::{Tag, Tags};
use crate::account::{Account, AwsError};

/// Most resources that `CreateTags` takes.
const TAGGED_MAX: usize = 1000;

/// `CreateTags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateTags {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// What to tag.
    pub resource_id: Vec<String>,
    /// With what.
    pub tag: Vec<Tag>,
}

impl Call for CreateTags {
    const ACTION: Action = Action::new(Service::Ec2, "CreateTags");
    type Answer = ();

    fn carry_out(self, account: &mut Account) -> Result<(), AwsError> {
        if self.resource_id.len() > TAGGED_MAX {
            return Err(AwsError::invalid(format!("More than {TAGGED_MAX} resources")));
        }
        let reserved = |tag: &&Tag| tag.key.starts_with("aws:");
        if let Some(tag) = self.tag.iter().find(reserved) {
            let message = format!("Tag keys starting with 'aws:' are reserved: {}", tag.key);
            return Err(AwsError::invalid(message));
        }
        for id in &self.resource_id {
            account.tags_of(id)?;
        }
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        for id in &self.resource_id {
            let tags = account.tags_of(id)?;
            tags.extend(self.tag.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
        }
        Ok(())
    }
}

impl Account {
    /// Tags of what can be tagged.
    fn tags_of(&mut self, id: &str) -> Result<&mut Tags, AwsError> {
        let missing = |kind: &str| {
            AwsError::client(format!("Invalid{kind}.NotFound"), format!("'{id}' does not exist"))
        };
        let prefix = id.split('-').next().unwrap_or_default();
        match prefix {
            "i" => {
                let seen = self.instances.0.get_mut(id).filter(|one| one.visible_at <= self.now);
                seen.map(|one| &mut one.tags).ok_or_else(|| no_instances(&[&id.to_owned()]))
            }
            "subnet" => {
                let found = self.network.subnets.get_mut(id);
                found.map(|one| &mut one.tags).ok_or_else(|| missing("SubnetID"))
            }
            "sg" => {
                let found = self.network.groups.get_mut(id);
                found.map(|one| &mut one.tags).ok_or_else(|| missing("Group"))
            }
            "lt" => {
                let mut all = self.templates.by_name.values_mut();
                let found = all.find(|one| one.id == id);
                found.map(|one| &mut one.tags).ok_or_else(|| missing("LaunchTemplateId"))
            }
            "ami" => {
                let found = self.images.by_id.get_mut(id);
                found.map(|one| &mut one.tags).ok_or_else(|| missing("AMIID"))
            }
            _ => {
                let message = format!("The ID '{id}' is not valid");
                Err(AwsError::client("InvalidID", message))
            }
        }
    }
}
