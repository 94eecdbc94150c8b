//! Instance profiles in IAM: made, given their role, deleted. Never another cluster's.
//!
//! Profiles are told by their path. IAM is asked for those below a path, and what it answers is
//! checked against the path again before anything is deleted: not everything that speaks its
//! protocol honours the question.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::api::iam::{Iam, InstanceProfile};
use crate::api::{ApiError, Tags};
use crate::error::{CloudError, unless_gone};
use crate::time::is_within;

/// How long a profile is known without asking again.
const KNOWN: SignedDuration = SignedDuration::from_mins(15);
/// How long no profile is made for a role that does not exist: making it would fail again.
const ROLE_MISSING: SignedDuration = SignedDuration::from_mins(1);
/// How long a profile that has just been made or given up is not collected: instances may still be
/// launched with it.
const PROTECTED: SignedDuration = SignedDuration::from_hours(1);

/// A profile to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// Its name, never used before.
    pub name: String,
    /// Its path, below that of the cluster (`/karpenter/<region>/<cluster>/<class UID>/`).
    pub path: String,
    /// Its role, without path.
    pub role: String,
    /// Its tags.
    pub tags: Tags,
}

/// The instance profiles of a cluster.
#[derive(Debug)]
pub struct InstanceProfiles<I> {
    iam: I,
    /// Below it are all that are ours, and only those.
    cluster_path: String,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    known: BTreeMap<String, (InstanceProfile, Timestamp)>,
    missing_roles: BTreeMap<String, Timestamp>,
    protected: BTreeMap<String, Timestamp>,
}

impl<I: Iam> InstanceProfiles<I> {
    /// The profiles below the path of a cluster in a region.
    pub fn new(iam: I, region: &str, cluster: &str) -> Self {
        Self { iam, cluster_path: cluster_path(region, cluster), memory: Mutex::default() }
    }

    /// A profile by its name, as it was no longer than a quarter of an hour ago.
    ///
    /// # Errors
    /// [`CloudError::NotFound`] if there is none, or what IAM says.
    pub async fn get(&self, name: &str, now: Timestamp) -> Result<InstanceProfile, CloudError> {
        if let Some((profile, since)) = self.memory().known.get(name)
            && is_within(*since, KNOWN, now)
        {
            return Ok(profile.clone());
        }
        let profile = self.iam.instance_profile(name).await?;
        self.memory().known.insert(name.to_owned(), (profile.clone(), now));
        Ok(profile)
    }

    /// Makes a profile with its role, and protects it. One that is there already gets its role. What
    /// could not be finished is taken away again, lest each attempt leaves one behind.
    ///
    /// # Errors
    /// [`CloudError::NotReady`] while the role is known not to exist, or what IAM says.
    pub async fn create(&self, new: &NewProfile, now: Timestamp) -> Result<(), CloudError> {
        let missing = self.memory().missing_roles.get(&new.role).copied();
        if missing.is_some_and(|since| is_within(since, ROLE_MISSING, now)) {
            return Err(role_missing(&new.role));
        }
        self.protect(&new.name, now);
        match self.make(new).await {
            Ok(profile) => {
                self.memory().known.insert(new.name.clone(), (profile, now));
                Ok(())
            }
            Err(error) => {
                // Best effort: if it fails too, the profile is collected later.
                drop(self.delete(&new.name).await);
                if is_of_role(&error) {
                    self.memory().missing_roles.insert(new.role.clone(), now);
                    return Err(role_missing(&new.role));
                }
                Err(error.into())
            }
        }
    }

    /// Makes sure that nobody collects the profile for an hour.
    pub fn protect(&self, name: &str, now: Timestamp) {
        self.memory().protected.insert(name.to_owned(), now);
    }

    /// Deletes a profile with its role. One that is gone is as good.
    ///
    /// # Errors
    /// What IAM says.
    pub async fn delete(&self, name: &str) -> Result<(), CloudError> {
        self.memory().known.remove(name);
        let profile = match self.iam.instance_profile(name).await {
            Err(error) if error.is_gone() => return Ok(()),
            other => other?,
        };
        if let Some(role) = &profile.role {
            unless_gone(self.iam.remove_role(name, role).await)?;
        }
        unless_gone(self.iam.delete_instance_profile(name).await)?;
        Ok(())
    }

    /// Deletes all profiles of a class, which is going away.
    ///
    /// # Errors
    /// The first that IAM tells; the class is to stay as long as there is one.
    pub async fn delete_of_class(&self, class_uid: &str) -> Result<(), CloudError> {
        for profile in self.below(&class_path(&self.cluster_path, class_uid)).await? {
            self.delete(&profile.name).await?;
        }
        Ok(())
    }

    /// Deletes the cluster's profiles that nobody uses. `in_use` are the names in the status of
    /// classes and in the annotations of claims. Returns what was deleted.
    ///
    /// # Errors
    /// The first that IAM tells.
    pub async fn collect(
        &self,
        in_use: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Vec<String>, CloudError> {
        let mut deleted = Vec::new();
        for profile in self.below(&self.cluster_path).await? {
            let name = profile.name;
            if !in_use.contains(&name) && !self.is_protected(&name, now) {
                self.delete(&name).await?;
                deleted.push(name);
            }
        }
        Ok(deleted)
    }

    async fn make(&self, new: &NewProfile) -> Result<InstanceProfile, ApiError> {
        match self.iam.create_instance_profile(&new.name, &new.path, &new.tags).await {
            Err(error) if !error.is_there_already() => return Err(error),
            _ => {}
        }
        let mut profile = self.iam.instance_profile(&new.name).await?;
        if profile.role.as_deref() != Some(&new.role) {
            if let Some(wrong) = &profile.role {
                self.iam.remove_role(&new.name, wrong).await?;
            }
            if let Err(error) = self.iam.add_role(&new.name, &new.role).await {
                // A call that is repeated because its answer was lost is refused: the role is there.
                profile = self.iam.instance_profile(&new.name).await?;
                return if profile.role.as_deref() == Some(&new.role) {
                    Ok(profile)
                } else {
                    Err(error)
                };
            }
            profile.role = Some(new.role.clone());
        }
        Ok(profile)
    }

    /// Profiles below a path of ours.
    async fn below(&self, path: &str) -> Result<Vec<InstanceProfile>, CloudError> {
        let mut found = self.iam.instance_profiles(path).await?;
        found.retain(|one| one.path.starts_with(path));
        Ok(found)
    }

    fn is_protected(&self, name: &str, now: Timestamp) -> bool {
        self.memory().protected.get(name).is_some_and(|since| is_within(*since, PROTECTED, now))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Each change is one insertion or removal, so what a panic left behind can be used.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path below which all profiles of a cluster in a region are; profiles have no region of their
/// own.
pub(crate) fn cluster_path(region: &str, cluster: &str) -> String {
    format!("/karpenter/{region}/{cluster}/")
}

/// The path below which all profiles of a class are.
pub(crate) fn class_path(cluster_path: &str, class_uid: &str) -> String {
    format!("{cluster_path}{class_uid}/")
}

/// IAM says of a role, in lower case, that it cannot be found.
fn is_of_role(error: &ApiError) -> bool {
    error.code() == Some("NoSuchEntity") && error.fault.to_string().contains("role")
}

fn role_missing(role: &str) -> CloudError {
    CloudError::NotReady {
        what: format!("role {role}"),
        why: "IAM does not know it; create the role, or correct spec.role of the EC2NodeClass"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests;
