//! Zonal volumes: one for each ordinal of a workload, in the zone where its first pod ran.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Volumes by workload and ordinal.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    slots: BTreeMap<Arc<str>, Vec<Slot>>,
}

#[derive(Debug, Default)]
struct Slot {
    held: bool,
    zone: Option<String>,
}

impl Volumes {
    /// The lowest ordinal whose volume no pod holds.
    pub(super) fn take(&mut self, group: &Arc<str>) -> usize {
        let slots = self.slots.entry(Arc::clone(group)).or_default();
        let free = slots.iter().position(|slot| !slot.held).unwrap_or(slots.len());
        if free == slots.len() {
            slots.push(Slot::default());
        }
        slots[free].held = true;
        free
    }

    /// The pod that held the volume is over; the volume stays.
    pub(super) fn give_back(&mut self, group: &Arc<str>, slot: usize) {
        if let Some(slot) = self.slots.get_mut(group).and_then(|slots| slots.get_mut(slot)) {
            slot.held = false;
        }
    }

    /// The volume's pod runs in this zone; the first one decides for good.
    pub(super) fn bound(&mut self, group: &Arc<str>, slot: usize, zone: &str) {
        if let Some(slot) = self.slots.get_mut(group).and_then(|slots| slots.get_mut(slot)) {
            slot.zone.get_or_insert_with(|| zone.to_owned());
        }
    }

    /// The volume's zone, once it has one.
    pub(super) fn zone(&self, group: &Arc<str>, slot: usize) -> Option<&str> {
        self.slots.get(group)?.get(slot)?.zone.as_deref()
    }
}
