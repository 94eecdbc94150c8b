//! Instance types and how they are sold.

use super::quantity::{cpu, memory, price};
use crate::model::well_known::{ARCH, INSTANCE_TYPE, OS};
use crate::model::{
    CapacityType, InstanceType, Offering, Price, Requirement, Requirements, Reservation,
    ReservationKind, Resources,
};

/// Label of the family of an instance type.
const FAMILY: &str = "karpenter.k8s.aws/instance-family";
/// Label that only types with a GPU have.
const GPU_NAME: &str = "karpenter.k8s.aws/instance-gpu-name";

/// Family, architecture, GiB per vCPU.
const FAMILIES: [(&str, &str, i64); 5] = [
    ("c7g", "arm64", 2),
    ("m7g", "arm64", 4),
    ("r7g", "arm64", 8),
    ("m5", "amd64", 4),
    ("g5", "amd64", 4),
];
/// Size, vCPUs, pod slots.
const SIZES: [(&str, i64, i64); 7] = [
    ("medium", 1, 8),
    ("large", 2, 29),
    ("xlarge", 4, 58),
    ("2xlarge", 8, 58),
    ("4xlarge", 16, 234),
    ("8xlarge", 32, 234),
    ("16xlarge", 64, 737),
];

/// How a type is sold in a zone.
#[derive(Clone, Debug)]
pub struct Sale {
    capacity_type: CapacityType,
    price: Price,
    available: bool,
    interruptions_permille_month: u32,
    reservation: Option<Reservation>,
}

/// On demand at this price.
pub fn on_demand(price_text: &str) -> Sale {
    Sale::new(CapacityType::OnDemand, price(price_text))
}

/// On the Spot market at this price, never interrupted.
pub fn spot(price_text: &str) -> Sale {
    Sale::new(CapacityType::Spot, price(price_text))
}

/// Into a reservation that has so many instances left.
pub fn reserved(id: &str, remaining: u32) -> Sale {
    let reservation = Reservation {
        id: id.to_owned(),
        kind: ReservationKind::Default,
        interruptible: false,
        remaining,
    };
    let sale = Sale::new(CapacityType::Reserved, Reservation::price(Price::ZERO));
    Sale { reservation: Some(reservation), ..sale }
}

impl Sale {
    /// Available at a price.
    pub const fn new(capacity_type: CapacityType, price: Price) -> Self {
        Self {
            capacity_type,
            price,
            available: true,
            interruptions_permille_month: 0,
            reservation: None,
        }
    }

    /// Known, but not to be had now.
    #[must_use]
    pub const fn sold_out(mut self) -> Self {
        self.available = false;
        self
    }

    /// So many thousandths are reclaimed in a month.
    #[must_use]
    pub const fn interrupted(mut self, permille_month: u32) -> Self {
        self.interruptions_permille_month = permille_month;
        self
    }
}

/// Builds an [`InstanceType`].
#[derive(Clone, Debug)]
pub struct InstanceTypeBuilder(InstanceType);

/// An instance type. Names such as `m7g.large` have the size that they have at EC2, with nothing
/// reserved; others start with 1 vCPU, 1 GiB and 110 pod slots.
pub fn instance_type(name: &str) -> InstanceTypeBuilder {
    let (family, size) = name.split_once('.').unwrap_or((name, ""));
    let known_family = FAMILIES.iter().find(|(one, ..)| *one == family);
    let known_size = SIZES.iter().find(|(one, ..)| *one == size);
    let (arch, capacity) = match (known_family, known_size) {
        (Some((_, arch, ratio)), Some((_, vcpus, pods))) => {
            (*arch, Resources::new(vcpus * 1000, (vcpus * ratio) << 30).with_pods(*pods))
        }
        _ => ("arm64", Resources::new(1000, 1 << 30).with_pods(110)),
    };
    let mut requirements = Requirements::new();
    requirements.add(INSTANCE_TYPE, Requirement::any_of([name]));
    requirements.add(ARCH, Requirement::any_of([arch]));
    requirements.add(OS, Requirement::any_of(["linux"]));
    requirements.add(FAMILY, Requirement::any_of([family]));
    let built = InstanceTypeBuilder(InstanceType {
        name: name.to_owned(),
        requirements,
        capacity,
        overhead: Resources::default(),
        offerings: Vec::new(),
    });
    if family.starts_with('g') {
        built.label(GPU_NAME, "a10g").resource("nvidia.com/gpu", 1)
    } else {
        built.without_label(GPU_NAME)
    }
}

impl InstanceTypeBuilder {
    /// Its CPU.
    #[must_use]
    pub fn cpu(mut self, text: &str) -> Self {
        self.0.capacity.cpu_milli = cpu(text);
        self
    }

    /// Its memory.
    #[must_use]
    pub fn memory(mut self, text: &str) -> Self {
        self.0.capacity.memory_bytes = memory(text);
        self
    }

    /// Its pod slots.
    #[must_use]
    pub fn pods(mut self, slots: i64) -> Self {
        self.0.capacity.pods = slots;
        self
    }

    /// An amount of any resource.
    #[must_use]
    pub fn resource(mut self, name: &str, amount: i64) -> Self {
        self.0.capacity.set(name, amount);
        self
    }

    /// What the system reserves.
    #[must_use]
    pub fn reserved(mut self, cpu_text: &str, memory_text: &str) -> Self {
        self.0.overhead = Resources::new(cpu(cpu_text), memory(memory_text));
        self
    }

    /// A label of its nodes.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.0.requirements.add(key, Requirement::any_of([value]));
        self
    }

    /// A label that its nodes never have.
    #[must_use]
    pub fn without_label(mut self, key: &str) -> Self {
        self.0.requirements.add(key, Requirement::does_not_exist());
        self
    }

    /// One more way to buy it.
    #[must_use]
    pub fn offering(mut self, zone: &str, sale: Sale) -> Self {
        let Sale { capacity_type, price, available, interruptions_permille_month, reservation } =
            sale;
        let offering = Offering {
            zone: zone.to_owned(),
            capacity_type,
            price,
            available,
            interruptions_permille_month,
            reservation,
        };
        self.0.offerings.push(offering);
        let place = |one: &Offering| {
            (one.zone.clone(), one.capacity_type, one.reservation_id().map(str::to_owned))
        };
        self.0.offerings.sort_by_key(place);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The type.
    pub fn build(self) -> InstanceType {
        self.0
    }
}
