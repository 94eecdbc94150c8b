//! A region's instance types with their prices, from a file.

mod decimal;
mod error;
mod live;
mod record;

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use scheduler_core::model::{InstanceType, NodeClass};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

pub(crate) use decimal::dollars;
pub use error::CatalogError;
pub use live::LiveFacts;
pub use record::{Architecture, Ec2Type, Gpu, InterruptionBand, NetworkInterfaces};

use crate::instance_type::resolve;

/// The catalogue that is built in, and its name in messages.
const EMBEDDED: &[u8] = include_bytes!("../data/ec2-us-east-1.json.gz");
const EMBEDDED_NAME: &str = "ec2-us-east-1.json.gz (built in)";

/// First bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Largest catalogue that is unpacked. All regions together are some 50 MB; more is a mistake or
/// an attack.
const UNPACKED_MAX: u64 = 256 << 20;

/// A region's instance types with their prices.
///
/// Every record was checked when the catalogue was read, so instance types come out of it without
/// an error.
#[derive(Clone, Debug)]
pub struct Catalog {
    region: String,
    as_of: AsOf,
    sha256: String,
    /// By name.
    types: Vec<Ec2Type>,
}

/// Dates of the parts of a catalogue, as written: they are shown, never computed with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AsOf {
    /// When on-demand prices were read.
    pub on_demand_price: String,
    /// When limits of network interfaces were read.
    #[serde(default)]
    pub vpc_limits: Option<String>,
    /// When the Spot Advisor was read.
    #[serde(default)]
    pub spot_advisor: Option<String>,
}

/// How nodes and prices are computed from a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogOptions {
    /// Every spot price is multiplied by so many millionths. A factor above one may lift a spot
    /// price above the on-demand price; nothing caps it.
    pub spot_price_factor_ppm: u32,
    /// Memory that the hypervisor keeps, in millionths (`VM_MEMORY_OVERHEAD_PERCENT`).
    pub vm_memory_overhead_ppm: u32,
    /// Network interfaces that pods cannot use (`RESERVED_ENIS`).
    pub reserved_enis: u32,
}

impl Default for CatalogOptions {
    /// Karpenter's defaults, and spot prices as they are.
    fn default() -> Self {
        Self { spot_price_factor_ppm: 1_000_000, vm_memory_overhead_ppm: 75_000, reserved_enis: 0 }
    }
}

/// The outer layer of a catalogue file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    region: String,
    as_of: AsOf,
    #[serde(borrow)]
    instance_types: Vec<&'a RawValue>,
}

impl Catalog {
    /// The catalogue of `us-east-1` that is built in.
    ///
    /// # Errors
    /// Never, unless the crate was built with a broken file; a test reads it.
    pub fn embedded() -> Result<Self, CatalogError> {
        Self::from_slice(EMBEDDED_NAME, EMBEDDED)
    }

    /// The catalogue in a file, plain JSON or gzip.
    ///
    /// # Errors
    /// If the file cannot be read, or as for [`Self::from_slice`].
    pub fn read(path: &Path) -> Result<Self, CatalogError> {
        let bytes = fs::read(path)
            .map_err(|source| CatalogError::Read { path: path.to_owned(), source })?;
        Self::from_slice(&path.display().to_string(), &bytes)
    }

    /// The catalogue in these bytes, plain JSON or gzip, told apart by their first two. `name` is
    /// used in messages.
    ///
    /// # Errors
    /// If the bytes are not a whole gzip file, not JSON of the catalogue format, or a record
    /// contradicts itself. The error names file, record and field.
    pub fn from_slice(name: &str, bytes: &[u8]) -> Result<Self, CatalogError> {
        if bytes.starts_with(&GZIP_MAGIC) {
            Self::from_json(name, &unpack(name, bytes)?)
        } else {
            Self::from_json(name, bytes)
        }
    }

    fn from_json(name: &str, json: &[u8]) -> Result<Self, CatalogError> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let document: Document<'_> = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| CatalogError::document(name, error))?;
        deserializer.end().map_err(|source| CatalogError::Document {
            catalog: name.to_owned(),
            field: "end of file".to_owned(),
            source,
        })?;
        let records = document.instance_types.iter().enumerate();
        let mut types = records
            .map(|(index, raw)| Ec2Type::parse(name, index, raw))
            .collect::<Result<Vec<_>, _>>()?;
        types.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(twins) = types.windows(2).find(|two| two[0].name == two[1].name) {
            return Err(CatalogError::Value {
                catalog: name.to_owned(),
                record: twins[0].name.clone(),
                field: "name".to_owned(),
                problem: "the type appears twice; remove one record".to_owned(),
            });
        }
        let (region, as_of) = (document.region, document.as_of);
        Ok(Self { region, as_of, sha256: hex_sha256(json), types })
    }

    /// Region of the catalogue.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Dates of its parts.
    pub const fn as_of(&self) -> &AsOf {
        &self.as_of
    }

    /// SHA-256 of the unpacked bytes in hexadecimal: the same for a file and its gzip.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The records, by name.
    pub fn records(&self) -> &[Ec2Type] {
        &self.types
    }

    /// The instance types as nodes of this class would have them, by name.
    ///
    /// All types are listed; offerings of those that the class cannot run are not available. The
    /// work is done anew at each call, so keep the result for as long as class and options stay.
    pub fn instance_types(
        &self,
        class: &NodeClass,
        options: &CatalogOptions,
    ) -> Arc<Vec<InstanceType>> {
        Arc::new(self.types.iter().map(|one| resolve(one, &self.region, class, options)).collect())
    }
}

fn unpack(name: &str, bytes: &[u8]) -> Result<Vec<u8>, CatalogError> {
    let mut json = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(UNPACKED_MAX + 1)
        .read_to_end(&mut json)
        .map_err(|source| CatalogError::Unpack { catalog: name.to_owned(), source })?;
    if json.len() as u64 > UNPACKED_MAX {
        let (catalog, bytes_max) = (name.to_owned(), UNPACKED_MAX);
        return Err(CatalogError::TooLarge { catalog, bytes_max });
    }
    Ok(json)
}

/// The SHA-256 of bytes, as 64 digits.
pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;
