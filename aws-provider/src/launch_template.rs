//! Launch templates: made when first needed, deleted when nobody has needed them for a while.
//!
//! The name follows from the content, so the same content finds its template again after a restart,
//! and two controllers never disagree about what a name means.

use std::collections::BTreeMap;

use futures_util::lock::Mutex;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::api::ec2::{Ec2, LaunchTemplateData};
use crate::api::{Filter, Tags};
use crate::error::{CloudError, TEMPLATE_GONE, unless_gone};
use crate::tags;
use crate::time::is_over;

/// What all our names begin with.
const PREFIX: &str = "karpenter.k8s.aws/";
/// A template that was not used for so long is deleted.
const KEPT_UNUSED: SignedDuration = SignedDuration::from_mins(1);

/// What a template is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Template {
    /// Its own tags.
    pub tags: Tags,
    /// What instances are made of.
    pub data: LaunchTemplateData,
}

impl Template {
    /// Its name: the same for the same content in the same cluster, for ever.
    pub fn name(&self, cluster: &str) -> String {
        // Maps with text keys and plain structs always serialize.
        let json = serde_json::to_vec(&(cluster, self)).unwrap_or_default();
        let digest = Sha256::digest(json);
        let hash = digest.iter().take(8).fold(0u64, |hash, byte| hash << 8 | u64::from(*byte));
        format!("{PREFIX}{hash}")
    }
}

/// The launch templates of a cluster.
#[derive(Debug)]
pub struct LaunchTemplates {
    cluster: String,
    /// When each was used last. The lock is held over calls: of many launches that need the same
    /// template one makes it.
    known: Mutex<BTreeMap<String, Timestamp>>,
}

impl LaunchTemplates {
    /// None known yet.
    pub fn new(cluster: impl Into<String>) -> Self {
        Self { cluster: cluster.into(), known: Mutex::default() }
    }

    /// Makes sure that the templates exist, and tells their names.
    ///
    /// # Errors
    /// If EC2 refuses to describe or create one.
    pub async fn ensure<E: Ec2>(
        &self,
        ec2: &E,
        templates: &[Template],
        now: Timestamp,
    ) -> Result<Vec<String>, CloudError> {
        let mut known = self.known.lock().await;
        let mut names = Vec::with_capacity(templates.len());
        for template in templates {
            let name = template.name(&self.cluster);
            if !known.contains_key(&name) {
                find_or_create(ec2, &name, template).await?;
            }
            known.insert(name.clone(), now);
            names.push(name);
        }
        Ok(names)
    }

    /// The templates are gone, as EC2 says: they are made again when needed.
    pub async fn forget(&self, names: &[String]) {
        self.known.lock().await.retain(|name, _| !names.contains(name));
    }

    /// Learns of the cluster's templates, so that those which nobody uses are deleted in time.
    ///
    /// # Errors
    /// If EC2 refuses to list them.
    pub async fn hydrate<E: Ec2>(&self, ec2: &E, now: Timestamp) -> Result<usize, CloudError> {
        let filters = [Filter::tag(tags::CLUSTER, &self.cluster)];
        let found = ec2.launch_templates(&filters).await?;
        let mut known = self.known.lock().await;
        for template in &found {
            known.entry(template.name.clone()).or_insert(now);
        }
        Ok(found.len())
    }

    /// Deletes what was not used lately. What cannot be deleted is tried again the next time.
    ///
    /// # Errors
    /// Those of EC2, each; the others are deleted nevertheless.
    pub async fn collect<E: Ec2>(&self, ec2: &E, now: Timestamp) -> Vec<CloudError> {
        let mut known = self.known.lock().await;
        let unused: Vec<String> = known
            .iter()
            .filter(|(_, used)| is_over(**used, KEPT_UNUSED, now))
            .map(|(name, _)| name.clone())
            .collect();
        delete(ec2, &mut known, unused).await
    }

    /// Deletes all templates of a class, which is going away.
    ///
    /// # Errors
    /// Those of EC2, each; the others are deleted nevertheless. The class is to stay as long as
    /// there are any.
    pub async fn delete_of_class<E: Ec2>(
        &self,
        ec2: &E,
        node_class: &str,
    ) -> Result<(), Vec<CloudError>> {
        let filters =
            [Filter::tag(tags::CLUSTER, &self.cluster), Filter::tag(tags::NODE_CLASS, node_class)];
        let found = ec2.launch_templates(&filters).await.map_err(|error| vec![error.into()])?;
        let names = found.into_iter().map(|template| template.name);
        let errors = delete(ec2, &mut *self.known.lock().await, names).await;
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

async fn find_or_create<E: Ec2>(
    ec2: &E,
    name: &str,
    template: &Template,
) -> Result<(), CloudError> {
    match ec2.launch_templates_named(&[name.to_owned()]).await {
        Ok(found) if found.len() == 1 => Ok(()),
        Ok(found) => Err(CloudError::NotReady {
            what: format!("launch template {name}"),
            why: format!("EC2 lists {} of this name instead of one", found.len()),
        }),
        Err(error) if error.code() == Some(TEMPLATE_GONE) => {
            ec2.create_launch_template(name, &template.tags, &template.data).await?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Deletes and forgets templates, each by itself. The errors of those that could not be deleted.
async fn delete<E: Ec2>(
    ec2: &E,
    known: &mut BTreeMap<String, Timestamp>,
    names: impl IntoIterator<Item = String>,
) -> Vec<CloudError> {
    let mut errors = Vec::new();
    for name in names {
        match unless_gone(ec2.delete_launch_template(&name).await) {
            Ok(()) => drop(known.remove(&name)),
            Err(error) => errors.push(error.into()),
        }
    }
    errors
}

#[cfg(test)]
mod tests;
