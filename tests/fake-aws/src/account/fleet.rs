//! `CreateFleet` of type `instant`: which pools give how many of the instances.

mod order;
pub(crate) mod request;

use std::collections::BTreeMap;
use std::sync::Arc;

use scheduler_core::model::CapacityType;

use self::order::{Candidate, Strategy};
use self::request::{CreateFleet, FleetOverride};
use super::action::{Action, Call, Service};
use super::fault::Pool;
use super::filter::{TagSpecification, Tags};
use super::launch::{Origin, Site, Wish};
use super::settings::FleetAnswers;
use super::template::LaunchTemplate;
use super::{Account, AwsError};

/// Most instances that one call may ask for.
const TARGET_MAX: u32 = 1000;
/// Most launch templates and overrides of one call, together.
const OVERRIDES_MAX: usize = 300;

/// What was made of a call, by its token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fleets {
    answered: BTreeMap<String, (CreateFleet, FleetAnswer)>,
}

/// What `CreateFleet` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetAnswer {
    /// `fleet-…`.
    pub fleet_id: String,
    /// What was launched.
    pub instances: Vec<FleetInstances>,
    /// Which pools gave less than was asked of them, and why.
    pub errors: Vec<FleetError>,
}

impl FleetAnswer {
    /// All instances.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.instances.iter().flat_map(|one| &one.instance_ids).map(String::as_str)
    }
}

/// Instances of one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetInstances {
    /// What was asked for.
    pub source: FleetSource,
    /// Their ids.
    pub instance_ids: Vec<String>,
    /// Their type.
    pub instance_type: String,
    /// Their zone.
    pub zone: String,
}

/// A pool that gave less than was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetError {
    /// What was asked for.
    pub source: FleetSource,
    /// Why.
    pub error: AwsError,
}

/// The template and override that instances or an error come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetSource {
    /// Id of the template.
    pub template_id: String,
    /// Its name.
    pub template_name: String,
    /// The override as it was asked.
    pub asked: FleetOverride,
    /// How it was to be bought.
    pub capacity_type: CapacityType,
}

impl Call for CreateFleet {
    const ACTION: Action = Action::new(Service::Ec2, "CreateFleet");
    type Answer = FleetAnswer;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let capacity_type = self.capacity_type()?;
        let strategy = Strategy::of(&self, capacity_type)?;
        let wanted = self.target_capacity_specification.total_target_capacity;
        if wanted == 0 || wanted > TARGET_MAX {
            return Err(AwsError::invalid(format!("The target capacity {wanted} is not in range")));
        }
        if !self.tag_specification.is_empty() {
            account.require(Service::Ec2, "ec2:CreateTags")?;
        }
        if let Some(token) = &self.client_token
            && let Some((request, answer)) = account.fleets.answered.get(token)
        {
            if *request == self {
                return Ok(answer.clone());
            }
            let message = "The client token was used before with other parameters";
            return Err(AwsError::client("IdempotentParameterMismatch", message));
        }
        let templates = account.templates_of(&self)?;
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let fleet_id = format!("fleet-{}", account.draw.uuid("fleet"));
        let mut candidates = account.candidates(&self, &templates, capacity_type);
        strategy.sort(&mut candidates, wanted);
        let mut tags = TagSpecification::tags_of(&self.tag_specification, "instance");
        tags.insert("aws:ec2:fleet-id".to_owned(), fleet_id.clone());
        let mut answer = FleetAnswer { fleet_id, instances: Vec::new(), errors: Vec::new() };
        account.fulfil(candidates, wanted, &tags, &mut answer);
        if let Some(token) = self.client_token.clone() {
            account.fleets.answered.insert(token, (self, answer.clone()));
        }
        Ok(answer)
    }
}

impl Account {
    /// The templates of a call, which must all exist.
    fn templates_of(&self, request: &CreateFleet) -> Result<Vec<LaunchTemplate>, AwsError> {
        let configs = &request.launch_template_configs;
        if configs.is_empty() {
            let message = "The request must contain the parameter LaunchTemplateConfigs";
            return Err(AwsError::client("MissingParameter", message));
        }
        let overrides: usize = configs.iter().map(|one| one.overrides.len().max(1)).sum();
        if overrides > OVERRIDES_MAX {
            let message = format!("More than {OVERRIDES_MAX} launch templates and overrides");
            return Err(AwsError::invalid(message));
        }
        let named = configs.iter().map(|one| &one.launch_template_specification);
        named.map(|wanted| self.templates.find(wanted).cloned()).collect()
    }

    /// Every override with the pool that it means, if it means one.
    fn candidates(
        &mut self,
        request: &CreateFleet,
        templates: &[LaunchTemplate],
        capacity_type: CapacityType,
    ) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for (config, template) in request.launch_template_configs.iter().zip(templates) {
            let whole = [FleetOverride::default()];
            let asked = if config.overrides.is_empty() { &whole } else { &config.overrides[..] };
            for asked in asked {
                let wish = Wish {
                    data: Arc::clone(&template.data),
                    instance_type: asked.instance_type.clone(),
                    image_id: asked.image_id.clone(),
                    subnet_id: asked.subnet_id.clone(),
                    zone: asked.availability_zone.clone(),
                    capacity_type,
                };
                let site = self.site(&wish).and_then(|site| self.sold(site));
                let pool = site.as_ref().ok().map(|site| &site.pool);
                let price = pool.and_then(|pool| self.price(pool));
                let left = pool.and_then(|pool| self.pools.left.get(pool).copied());
                let source = FleetSource {
                    template_id: template.id.clone(),
                    template_name: template.name.clone(),
                    asked: asked.clone(),
                    capacity_type,
                };
                candidates.push(Candidate { source, site, price, left });
            }
        }
        candidates
    }

    /// The site, if its pool has a price: others are not sold.
    fn sold(&self, site: Site) -> Result<Site, AwsError> {
        if self.price(&site.pool).is_some() {
            return Ok(site);
        }
        let Pool { instance_type, zone, capacity_type } = &site.pool;
        let message = format!("{instance_type} is not sold as {capacity_type} in {zone}");
        Err(AwsError::client("UnfulfillableCapacity", message))
    }

    /// Takes what is wanted from one pool after the other.
    fn fulfil(
        &mut self,
        candidates: Vec<Candidate>,
        wanted: u32,
        tags: &Tags,
        answer: &mut FleetAnswer,
    ) {
        let mut missing = wanted;
        for Candidate { source, site, .. } in candidates {
            if missing == 0 {
                break;
            }
            let site = match site {
                Ok(site) => site,
                Err(error) => {
                    answer.errors.push(FleetError { source, error });
                    continue;
                }
            };
            let share = self.available(&site, missing);
            if let Some(error) = share.shortfall {
                answer.errors.push(FleetError { source: source.clone(), error });
            }
            if share.count == 0 {
                continue;
            }
            missing -= share.count;
            let mut tags = tags.clone();
            tags.insert("aws:ec2launchtemplate:id".to_owned(), source.template_id.clone());
            tags.insert("aws:ec2launchtemplate:version".to_owned(), "1".to_owned());
            let ids = self.launch(&site, share.count, &Origin { tags, client_token: None });
            let entries = match self.settings.fleet_answers {
                FleetAnswers::ByPool => vec![ids],
                FleetAnswers::ByInstance => ids.into_iter().map(|id| vec![id]).collect(),
            };
            answer.instances.extend(entries.into_iter().map(|instance_ids| FleetInstances {
                source: source.clone(),
                instance_ids,
                instance_type: site.pool.instance_type.clone(),
                zone: site.pool.zone.clone(),
            }));
        }
    }
}
