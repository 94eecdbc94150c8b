//! Instance profiles.

use aws_config::SdkConfig;
use aws_provider::api::iam::{Iam, InstanceProfile};
use aws_provider::api::{ApiError, Service, Tags};
use aws_sdk_iam::Client;
use aws_sdk_iam::error::BuildError;
use aws_sdk_iam::types::Tag;

use crate::failure::failed;
use crate::timestamp;

/// IAM by the SDK.
#[derive(Clone, Debug)]
pub struct IamClient(Client);

impl IamClient {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

impl Iam for IamClient {
    async fn instance_profile(&self, name: &str) -> Result<InstanceProfile, ApiError> {
        let answer = self.0.get_instance_profile().instance_profile_name(name).send().await;
        let answer = answer.map_err(failed(Service::Iam, "GetInstanceProfile"))?;
        Ok(answer.instance_profile.map_or_else(|| empty(name), profile))
    }

    async fn instance_profiles(&self, path: &str) -> Result<Vec<InstanceProfile>, ApiError> {
        let pages = self.0.list_instance_profiles().path_prefix(path).into_paginator();
        let found = pages.items().send().try_collect().await;
        let found = found.map_err(failed(Service::Iam, "ListInstanceProfiles"))?;
        Ok(found.into_iter().map(profile).collect())
    }

    async fn create_instance_profile(
        &self,
        name: &str,
        path: &str,
        tags: &Tags,
    ) -> Result<(), ApiError> {
        let tags: Result<Vec<Tag>, BuildError> =
            tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let call = self
            .0
            .create_instance_profile()
            .instance_profile_name(name)
            .path(path)
            .set_tags(tags.ok());
        call.send().await.map_err(failed(Service::Iam, "CreateInstanceProfile"))?;
        Ok(())
    }

    async fn delete_instance_profile(&self, name: &str) -> Result<(), ApiError> {
        let call = self.0.delete_instance_profile().instance_profile_name(name);
        call.send().await.map_err(failed(Service::Iam, "DeleteInstanceProfile"))?;
        Ok(())
    }

    async fn add_role(&self, profile: &str, role: &str) -> Result<(), ApiError> {
        let call =
            self.0.add_role_to_instance_profile().instance_profile_name(profile).role_name(role);
        call.send().await.map_err(failed(Service::Iam, "AddRoleToInstanceProfile"))?;
        Ok(())
    }

    async fn remove_role(&self, profile: &str, role: &str) -> Result<(), ApiError> {
        let call = self
            .0
            .remove_role_from_instance_profile()
            .instance_profile_name(profile)
            .role_name(role);
        call.send().await.map_err(failed(Service::Iam, "RemoveRoleFromInstanceProfile"))?;
        Ok(())
    }
}

fn profile(profile: aws_sdk_iam::types::InstanceProfile) -> InstanceProfile {
    let tags = profile.tags.unwrap_or_default();
    InstanceProfile {
        name: profile.instance_profile_name,
        path: profile.path,
        // There is at most one.
        role: profile.roles.into_iter().next().map(|one| one.role_name),
        created: timestamp(&profile.create_date),
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
    }
}

/// An answer without a profile says that there is one, and nothing about it.
fn empty(name: &str) -> InstanceProfile {
    let (name, path) = (name.to_owned(), String::new());
    InstanceProfile { name, path, role: None, created: None, tags: Tags::new() }
}
