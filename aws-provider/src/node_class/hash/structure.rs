//! The hash of a structure.

use super::fnv::{finished, of_pair, of_text};

/// Hash of a structure under construction: the type's name first, then each field that is set, in
/// the order of declaration.
pub(super) struct Fields(u64);

impl Fields {
    /// A structure of this type without any field.
    pub(super) fn of(type_name: &str) -> Self {
        Self(of_text(type_name))
    }

    /// With a field, unless it is not set.
    pub(super) fn add(self, name: &str, value: Option<u64>) -> Self {
        match value {
            Some(value) => Self(finished(self.0 ^ of_pair(of_text(name), value))),
            None => self,
        }
    }

    /// With a text for which empty is the same as not set.
    pub(super) fn text(self, name: &str, text: Option<&str>) -> Self {
        self.add(name, text.filter(|text| !text.is_empty()).map(of_text))
    }

    pub(super) fn hash(self) -> u64 {
        self.0
    }
}
