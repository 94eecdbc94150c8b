//! Launch templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::filter::{Filter, Filterable, TagSpecification, Tags, select};
use super::launch_data::LaunchData;
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// Most templates on a page.
const PAGE: usize = 200;

/// A launch template; it has one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// `lt-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Tags of the template itself.
    pub tags: Tags,
    /// What instances will be like.
    pub data: Arc<LaunchData>,
    /// Token of the request that made it.
    client_token: Option<String>,
}

/// Templates by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Templates {
    pub(crate) by_name: BTreeMap<String, LaunchTemplate>,
}

/// A template and a version, in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct LaunchTemplateRef {
    /// Its id, or
    pub launch_template_id: Option<String>,
    /// its name.
    pub launch_template_name: Option<String>,
    /// `$Latest`, `$Default` or a number.
    pub version: Option<String>,
}

impl Templates {
    fn by_id(&self, id: &str) -> Option<&LaunchTemplate> {
        self.by_name.values().find(|one| one.id == id)
    }

    /// The template that a request names.
    pub(crate) fn find(&self, wanted: &LaunchTemplateRef) -> Result<&LaunchTemplate, AwsError> {
        let template = match (&wanted.launch_template_id, &wanted.launch_template_name) {
            (Some(id), None) => self.by_id(id).ok_or_else(|| no_id(id)),
            (None, Some(name)) => self.by_name.get(name).ok_or_else(|| no_name(name)),
            _ => {
                let message = "Either a launch template id or a name must be given";
                Err(AwsError::client("MissingParameter", message))
            }
        }?;
        match wanted.version.as_deref() {
            None | Some("$Latest" | "$Default" | "1") => Ok(template),
            Some(other) => Err(AwsError::client(
                "InvalidLaunchTemplateId.VersionNotFound",
                format!("Could not find launch template version {other}"),
            )),
        }
    }
}

fn no_name(name: &str) -> AwsError {
    let message =
        format!("The specified launch template, with template name {name}, does not exist.");
    AwsError::client("InvalidLaunchTemplateName.NotFoundException", message)
}

fn no_id(id: &str) -> AwsError {
    let message = format!("The specified launch template, with template ID {id}, does not exist.");
    AwsError::client("InvalidLaunchTemplateId.NotFound", message)
}

/// `CreateLaunchTemplate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateLaunchTemplate {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// The same token twice makes one template.
    pub client_token: Option<String>,
    /// Its name.
    pub launch_template_name: String,
    /// Ignored.
    pub version_description: Option<String>,
    /// What instances will be like.
    pub launch_template_data: LaunchData,
    /// Tags of the template itself.
    pub tag_specification: Vec<TagSpecification>,
}

impl Call for CreateLaunchTemplate {
    const ACTION: Action = Action::new(Service::Ec2, "CreateLaunchTemplate");
    type Answer = LaunchTemplate;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let name = self.launch_template_name;
        if !is_name(&name) {
            let message = format!("'{name}' is not a valid name of a launch template");
            return Err(AwsError::client("InvalidLaunchTemplateName.MalformedException", message));
        }
        self.launch_template_data.check_form()?;
        if !self.tag_specification.is_empty() {
            account.require(Service::Ec2, "ec2:CreateTags")?;
        }
        let tags = TagSpecification::tags_of(&self.tag_specification, "launch-template");
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let data = Arc::new(self.launch_template_data);
        if let Some(known) = account.templates.by_name.get(&name) {
            // A request that is sent again makes nothing new.
            if self.client_token.is_some() && known.client_token == self.client_token {
                return Ok(known.clone());
            }
            let message = format!("Launch template name already in use: {name}");
            return Err(AwsError::client(
                "InvalidLaunchTemplateName.AlreadyExistsException",
                message,
            ));
        }
        let (id, created_at) = (account.draw.id("lt"), account.now);
        let client_token = self.client_token;
        let template =
            LaunchTemplate { id, name: name.clone(), created_at, tags, data, client_token };
        account.templates.by_name.insert(name, template.clone());
        Ok(template)
    }
}

/// 3 to 128 letters, digits and `( ) . / _ -`.
fn is_name(name: &str) -> bool {
    (3..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"().-/_".contains(&byte))
}

/// `DescribeLaunchTemplates`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeLaunchTemplates {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub launch_template_id: Vec<String>,
    /// Only these; all must exist.
    pub launch_template_name: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page, up to 200.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeLaunchTemplates {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeLaunchTemplates");
    type Answer = Page<LaunchTemplate>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let (ids, names) = (&self.launch_template_id, &self.launch_template_name);
        let templates = &account.templates;
        if let Some(unknown) = ids.iter().find(|id| templates.by_id(id).is_none()) {
            return Err(no_id(unknown));
        }
        if let Some(unknown) = names.iter().find(|name| !templates.by_name.contains_key(*name)) {
            return Err(no_name(unknown));
        }
        let found = select(&self.filter, templates.by_name.values())?.into_iter();
        let found = found
            .filter(|one| ids.is_empty() || ids.contains(&one.id))
            .filter(|one| names.is_empty() || names.contains(&one.name))
            .cloned()
            .collect();
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PAGE };
        page(found, |one: &LaunchTemplate| one.id.clone(), wanted, account.settings.paging)
    }
}

impl Filterable for LaunchTemplate {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        match filter {
            "launch-template-name" => Some(vec![self.name.clone()]),
            "create-time" => Some(vec![self.created_at.to_string()]),
            _ => None,
        }
    }
}

/// `DeleteLaunchTemplate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteLaunchTemplate {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Its id, or
    pub launch_template_id: Option<String>,
    /// its name.
    pub launch_template_name: Option<String>,
}

impl Call for DeleteLaunchTemplate {
    const ACTION: Action = Action::new(Service::Ec2, "DeleteLaunchTemplate");
    type Answer = LaunchTemplate;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let Self { dry_run, launch_template_id, launch_template_name } = self;
        let version = None;
        let wanted = LaunchTemplateRef { launch_template_id, launch_template_name, version };
        let template = account.templates.find(&wanted)?.clone();
        if dry_run {
            return Err(AwsError::dry_run());
        }
        account.templates.by_name.remove(&template.name);
        Ok(template)
    }
}
