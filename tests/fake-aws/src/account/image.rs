//! Machine images, and the parameters that name them.

mod eks;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::filter::{Filter, Filterable, Tags, select};
use super::launch_data::is_id;
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// Most images on a page.
const PAGE: usize = 1000;

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `ami-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Who made it.
    pub owner: ImageOwner,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is, or was, deprecated.
    pub deprecated_at: Option<Timestamp>,
    /// Tags.
    pub tags: Tags,
}

/// Who made an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageOwner {
    /// The account itself.
    Own,
    /// AWS.
    Amazon,
}

/// Account number of the images of AWS.
const AMAZON: &str = "602401143452";

impl Image {
    /// An image of the account.
    pub fn new(id: &str, name: &str, architecture: &str, created_at: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            architecture: architecture.to_owned(),
            owner: ImageOwner::Own,
            created_at,
            deprecated_at: None,
            tags: Tags::new(),
        }
    }

    /// Deprecated from this instant on.
    #[must_use]
    pub fn deprecated_at(self, at: Timestamp) -> Self {
        Self { deprecated_at: Some(at), ..self }
    }

    /// With one more tag.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Account number of its owner.
    pub(crate) fn owner_id<'a>(&self, account_id: &'a str) -> &'a str {
        match self.owner {
            ImageOwner::Own => account_id,
            ImageOwner::Amazon => AMAZON,
        }
    }

    /// Device of its first volume.
    pub fn root_device(&self) -> &'static str {
        if self.is_windows() { "/dev/sda1" } else { "/dev/xvda" }
    }

    /// Whether it has Windows.
    pub fn is_windows(&self) -> bool {
        self.name.starts_with("Windows")
    }
}

/// Images by id, and parameters by name.
#[derive(Clone, Debug)]
pub(crate) struct Images {
    pub(crate) by_id: BTreeMap<String, Image>,
    pub(crate) parameters: BTreeMap<String, Parameter>,
}

/// A parameter of Systems Manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// How often it was changed, and once.
    pub version: u32,
}

impl Images {
    /// EKS's images and these.
    pub(crate) fn new(more: Vec<Image>) -> Self {
        let mut images = eks::images();
        images.by_id.extend(more.into_iter().map(|one| (one.id.clone(), one)));
        images
    }

    /// Sets a parameter.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let version = self.parameters.get(name).map_or(1, |old| old.version + 1);
        let parameter = Parameter { name: name.to_owned(), value: value.to_owned(), version };
        self.parameters.insert(name.to_owned(), parameter);
    }
}

/// What is said of an image that is not there.
pub(crate) fn no_image(id: &str) -> AwsError {
    let message = format!("The image id '[{id}]' does not exist");
    AwsError::client("InvalidAMIID.NotFound", message)
}

/// `DescribeImages`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeImages {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub image_id: Vec<String>,
    /// Only of these: an account number, `self` or `amazon`.
    pub owner: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Deprecated ones too.
    pub include_deprecated: bool,
    /// Most on a page.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeImages {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeImages");
    /// Images with the account numbers of their owners.
    type Answer = Page<(Image, String)>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        if let Some(bad) = self.image_id.iter().find(|id| !is_id(id, "ami-")) {
            let message = format!("Invalid id: \"{bad}\"");
            return Err(AwsError::client("InvalidAMIID.Malformed", message));
        }
        let images = &account.images.by_id;
        if let Some(unknown) = self.image_id.iter().find(|id| !images.contains_key(*id)) {
            return Err(no_image(unknown));
        }
        let account_id = account.settings.account_id.as_str();
        let is_current = |image: &Image| image.deprecated_at.is_none_or(|at| at > account.now);
        let found = select(&self.filter, images.values())?.into_iter();
        let found = found
            .filter(|one| self.image_id.is_empty() || self.image_id.contains(&one.id))
            // A deprecated image is shown to its owner, and to whom knows its id.
            .filter(|one| {
                let shown = self.include_deprecated || one.owner == ImageOwner::Own;
                shown || !self.image_id.is_empty() || is_current(one)
            })
            .filter(|one| self.owner.is_empty() || self.is_of_owner(one, account_id))
            .map(|one| (one.clone(), one.owner_id(account_id).to_owned()))
            .collect();
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PAGE };
        page(found, |(image, _)| image.id.clone(), wanted, account.settings.paging)
    }
}

impl DescribeImages {
    fn is_of_owner(&self, image: &Image, account_id: &str) -> bool {
        let alias = match image.owner {
            ImageOwner::Own => "self",
            ImageOwner::Amazon => "amazon",
        };
        self.owner.iter().any(|owner| owner == alias || owner == image.owner_id(account_id))
    }
}

impl Filterable for Image {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "image-id" => vec![self.id.clone()],
            "name" => vec![self.name.clone()],
            "architecture" => vec![self.architecture.clone()],
            "state" => vec!["available".to_owned()],
            "image-type" => vec!["machine".to_owned()],
            _ => return None,
        })
    }
}

/// SSM `GetParameter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetParameter {
    /// Name or ARN.
    pub name: String,
}

impl Call for GetParameter {
    const ACTION: Action = Action::new(Service::Ssm, "GetParameter");
    type Answer = Parameter;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let parameters = &account.images.parameters;
        // An ARN ends in the name, whose slash at the front it shares.
        let of_arn = self.name.split_once(":parameter").map(|(_, name)| name);
        let name = of_arn.unwrap_or(&self.name);
        let found = parameters.get(name).or_else(|| parameters.get(name.trim_start_matches('/')));
        found.cloned().ok_or_else(|| {
            AwsError::client("ParameterNotFound", format!("Parameter {} not found.", self.name))
        })
    }
}
