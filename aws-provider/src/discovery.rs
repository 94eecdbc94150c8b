//! What EC2 rents, asked every twelve hours.

use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};

use crate::api::ec2::{Ec2, InstanceTypeInfo, TypeOffering};
use crate::catalog::{Catalog, LiveFacts};
use crate::error::CloudError;
use crate::pricing::Prices;

/// How often types, offerings and prices are asked for.
pub const EVERY: SignedDuration = SignedDuration::from_hours(12);

/// Whether an answer differs from what was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It does; what was computed from it is to be computed again.
    Changed,
    /// It does not.
    Same,
}

/// Instance types and where they are offered, as EC2 said last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    types: Vec<InstanceTypeInfo>,
    offerings: Vec<TypeOffering>,
    asked: Option<Timestamp>,
}

/// What EC2 answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    types: Vec<InstanceTypeInfo>,
    offerings: Vec<TypeOffering>,
}

/// Asks EC2 for all types and offerings.
///
/// # Errors
/// If one of the two cannot be had; at the start that is fatal, later the old answer goes on.
pub async fn discover<E: Ec2>(ec2: &E) -> Result<Discovered, CloudError> {
    let (types, offerings) = join(ec2.instance_types(), ec2.instance_type_offerings()).await;
    Ok(Discovered { types: types?, offerings: offerings? })
}

impl Discovery {
    /// Takes over an answer. An empty part says nothing, so what was known of it stays.
    pub fn learn(&mut self, found: Discovered, now: Timestamp) -> Change {
        let Discovered { mut types, mut offerings } = found;
        types.sort_by(|a, b| a.name.cmp(&b.name));
        offerings.sort();
        let mut change = Change::Same;
        if !types.is_empty() && types != self.types {
            self.types = types;
            change = Change::Changed;
        }
        if !offerings.is_empty() && offerings != self.offerings {
            self.offerings = offerings;
            change = Change::Changed;
        }
        self.asked = Some(now);
        change
    }

    /// When to ask again; at once if nobody has asked yet.
    pub fn next(&self, now: Timestamp) -> Timestamp {
        self.asked.map_or(now, |asked| asked.checked_add(EVERY).unwrap_or(Timestamp::MAX))
    }

    /// The catalogue of what is known, with these prices. What no service tells is taken from the
    /// embedded one.
    pub fn catalog(&self, region: &str, prices: &Prices, embedded: &Catalog) -> Catalog {
        let (types, offerings) = (&self.types, &self.offerings);
        Catalog::live(&LiveFacts { region, types, offerings, prices, embedded })
    }
}

#[cfg(test)]
mod tests;
