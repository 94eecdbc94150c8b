//! Capacity reservations that an `EC2NodeClass` has found.

use std::collections::BTreeMap;

use scheduler_core::model::{ClassReservation, Reservation, ReservationKind};

use crate::crd::Ec2NodeClass;
use crate::crd::ec2_node_class::CapacityReservation;
use crate::finding::{Problem, Report};

/// How many instances each reservation has left, as `cr-1=3,cr-2=0`. The status of a class does not
/// say; a provider that asks EC2 knows, and this is for whoever plans from files.
const LEFT: &str = "plimsoll.dev/reserved-instances";

/// The reservations of a class, by id.
pub(super) fn convert(class: &Ec2NodeClass, report: &mut Report<'_>) -> Vec<ClassReservation> {
    let status = class.status.as_ref();
    let found = status.and_then(|status| status.capacity_reservations.as_deref());
    let found = found.unwrap_or_default();
    if found.is_empty() {
        return Vec::new();
    }
    let annotations = class.metadata.annotations.as_ref();
    let written = annotations.and_then(|all| all.get(LEFT)).map_or("", String::as_str);
    let left = report.accept(left(written)).unwrap_or_default();
    let mut reservations: Vec<ClassReservation> =
        found.iter().filter_map(|one| report.accept(reservation(one, &left))).collect();
    reservations.sort_by(|a, b| a.reservation.id.cmp(&b.reservation.id));
    reservations
}

fn left(written: &str) -> Result<BTreeMap<&str, u32>, Problem> {
    let entries = written.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let pair = entry.split_once('=');
            let pair = pair.and_then(|(id, count)| Some((id.trim(), count.trim().parse().ok()?)));
            pair.ok_or_else(|| {
                Problem::new(
                    format!("metadata.annotations[{LEFT}]"),
                    format!("{entry:?} is not a reservation, '=' and a number"),
                    "write it as cr-0123456789abcdef0=3, several with commas between",
                )
            })
        })
        .collect()
}

fn reservation(
    found: &CapacityReservation,
    left: &BTreeMap<&str, u32>,
) -> Result<ClassReservation, Problem> {
    let kind = match found.reservation_type.as_deref() {
        None | Some("default") => ReservationKind::Default,
        Some("capacity-block") => ReservationKind::CapacityBlock,
        Some(other) => {
            return Err(Problem::new(
                format!("status.capacityReservations[{}].reservationType", found.id),
                format!("unknown type {other:?}, expected default or capacity-block"),
                "correct the type, or the reservation is left out",
            ));
        }
    };
    Ok(ClassReservation {
        instance_type: found.instance_type.clone(),
        zone: found.availability_zone.clone(),
        reservation: Reservation {
            id: found.id.clone(),
            kind,
            interruptible: found.interruptible.unwrap_or(false),
            remaining: left.get(found.id.as_str()).copied().unwrap_or(0),
        },
        expiring: found.state.as_deref() == Some("expiring"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_read_by_reservation() {
        assert_eq!(left(" cr-1=3, cr-2 = 0,"), Ok([("cr-1", 3), ("cr-2", 0)].into()));
    }

    #[test]
    fn a_number_that_is_none_is_named() {
        let problem = left("cr-1=many").expect_err("many is no number");
        assert_eq!(problem.what, "\"cr-1=many\" is not a reservation, '=' and a number");
    }

    #[test]
    fn a_reservation_of_an_unknown_type_is_refused() {
        let found = CapacityReservation {
            id: "cr-1".to_owned(),
            reservation_type: Some("future".to_owned()),
            ..CapacityReservation::default()
        };
        let problem = reservation(&found, &BTreeMap::new()).expect_err("the type is unknown");
        assert_eq!(problem.field, "status.capacityReservations[cr-1].reservationType");
    }

    #[test]
    fn a_reservation_of_which_nothing_is_known_has_nothing_left() {
        let found = CapacityReservation { id: "cr-1".to_owned(), ..CapacityReservation::default() };
        let read = reservation(&found, &[("cr-2", 4)].into()).expect("it is complete");
        assert_eq!(
            (read.reservation.remaining, read.reservation.kind),
            (0, ReservationKind::Default)
        );
    }
}
