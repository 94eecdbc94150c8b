//! Options that say what machines there are and what they cost.

use std::path::PathBuf;

use aws_provider::{Catalog, CatalogError, CatalogOptions};
use clap::Args;

use super::values;

/// Prices and machines.
#[derive(Args, Debug)]
pub(super) struct Prices {
    /// Catalogue of instance types and prices [default: us-east-1, built in]
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Multiply all Spot prices by this
    #[arg(long, value_name = "FACTOR", default_value = "1.0", value_parser = values::factor_ppm)]
    pub(super) spot_price_factor: u32,
}

impl Prices {
    /// Reads the catalogue.
    pub(super) fn catalog(&self) -> Result<Catalog, CatalogError> {
        self.catalog.as_deref().map_or_else(Catalog::embedded, Catalog::read)
    }

    /// How instance types follow from it.
    pub(super) fn options(&self) -> CatalogOptions {
        CatalogOptions {
            spot_price_factor_ppm: self.spot_price_factor,
            ..CatalogOptions::default()
        }
    }

    /// The options that say the same again, on a command line.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if let Some(catalog) = &self.catalog {
            arguments.extend(["--catalog".to_owned(), catalog.display().to_string()]);
        }
        if self.spot_price_factor != CatalogOptions::default().spot_price_factor_ppm {
            let factor = crate::report::format::factor(self.spot_price_factor);
            arguments.extend(["--spot-price-factor".to_owned(), factor]);
        }
        arguments
    }
}
