//! What dry runs try to launch.

use plimsoll_api::crd::ec2_node_class::Ami;
use scheduler_core::model::{ImageFamily, InstanceType, Requirements, well_known};

use crate::node_class::ami::Images;

/// Types that exist nearly everywhere, one for each architecture.
const FALLBACK: [&str; 2] = ["m5.large", "m6g.large"];

/// Whose hardware an instance runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenancy {
    /// Shared with other accounts.
    Default,
    /// The account's alone.
    Dedicated,
}

/// The type to try, with its image. `types` are those that the class can run, in the order in which
/// they are preferred, `pools` the requirements of the pools that use the class, their labels
/// included.
///
/// It should be one that will be launched. If none of those has an image, another one shows at least
/// whether launches are permitted.
pub fn check_type<'a>(
    types: &'a [InstanceType],
    pools: &[Requirements],
    amis: &'a [Ami],
    family: ImageFamily,
) -> Option<(&'a InstanceType, &'a Ami)> {
    let wanted = |one: &&InstanceType| {
        !family.is_windows()
            && pools.iter().any(|pool| pool.first_conflict(&one.requirements).is_none())
    };
    let images = Images::of(amis);
    let fallback = |one: &&InstanceType| FALLBACK.contains(&one.name.as_str());
    let booted = |types: &mut dyn Iterator<Item = &'a InstanceType>| {
        let booted: Vec<_> =
            types.filter_map(|one| images.for_type(one).map(|ami| (one, ami))).collect();
        // Images for accelerators are larger than the volume that a class gives to nodes without.
        let plain = booted.iter().find(|(_, ami)| !is_for_accelerators(ami));
        plain.or(booted.first()).copied()
    };
    booted(&mut types.iter().filter(wanted))
        .or_else(|| booted(&mut types.iter().filter(fallback)))
        .or_else(|| booted(&mut types.iter()))
}

fn is_for_accelerators(ami: &Ami) -> bool {
    ami.requirements.iter().any(|one| one.operator == "Exists")
}

/// The tenancy to try: the dearer one, if a pool that uses the class allows it by name.
pub fn check_tenancy(pools: &[Requirements]) -> Tenancy {
    let named = pools.iter().filter_map(|pool| pool.get(well_known::INSTANCE_TENANCY));
    let dedicated =
        named.filter_map(|one| one.finite_values()).any(|all| all.contains("dedicated"));
    if dedicated { Tenancy::Dedicated } else { Tenancy::Default }
}
