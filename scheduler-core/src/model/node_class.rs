//! What the size of a node depends on besides its instance type.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::instance_type::Reservation;

/// The settings of a `NodeClass` that decide what pods can use on its nodes. The border parses them
/// from an `EC2NodeClass`; the provider turns them into capacity and overhead per type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeClass {
    /// Name of the `EC2NodeClass`.
    pub name: String,
    /// Operating system image.
    pub image_family: ImageFamily,
    /// Kubelet settings.
    #[serde(default)]
    pub kubelet: KubeletSettings,
    /// Size of the volume that holds pods' ephemeral storage, in bytes; `None` is the image
    /// family's default.
    #[serde(default)]
    pub ephemeral_bytes: Option<i64>,
    /// EBS volumes that a node starts with, if the class names any.
    #[serde(default)]
    pub block_devices: Option<u32>,
    /// Local `NVMe` disks are joined and hold ephemeral storage (`instanceStorePolicy: RAID0`).
    #[serde(default)]
    pub instance_store_raid0: bool,
    /// `networkInterfaces` of the class: number of EFA-only ones on card 0 and on all cards;
    /// `None` if the class does not set any.
    #[serde(default)]
    pub efa_only_interfaces: Option<EfaOnlyInterfaces>,
    /// Capacity reservations that the class selects.
    #[serde(default)]
    pub reservations: Vec<ClassReservation>,
}

/// A capacity reservation that a class selects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassReservation {
    /// Instance type.
    pub instance_type: String,
    /// Availability zone.
    pub zone: String,
    /// The reservation. Its count is what the border knows; a provider that asks EC2 knows better.
    pub reservation: Reservation,
    /// Whether it ends so soon that nothing is launched into it any more.
    #[serde(default)]
    pub expiring: bool,
}

impl NodeClass {
    /// A class with the defaults of an image family.
    pub fn new(name: impl Into<String>, image_family: ImageFamily) -> Self {
        Self {
            name: name.into(),
            image_family,
            kubelet: KubeletSettings::default(),
            ephemeral_bytes: None,
            block_devices: None,
            instance_store_raid0: false,
            efa_only_interfaces: None,
            reservations: Vec::new(),
        }
    }
}

/// `efa-only` entries of `networkInterfaces`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EfaOnlyInterfaces {
    /// Those on network card 0.
    pub first_card: u32,
    /// Those on all cards.
    pub all_cards: u32,
}

/// Image families (`amiFamily`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ImageFamily {
    /// Amazon Linux 2.
    Al2,
    /// Amazon Linux 2023.
    Al2023,
    /// Bottlerocket.
    Bottlerocket,
    /// The user's own image.
    Custom,
    /// Windows Server 2019.
    Windows2019,
    /// Windows Server 2022.
    Windows2022,
    /// Windows Server 2025.
    Windows2025,
}

impl ImageFamily {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Al2,
        Self::Al2023,
        Self::Bottlerocket,
        Self::Custom,
        Self::Windows2019,
        Self::Windows2022,
        Self::Windows2025,
    ];

    /// The name in `amiFamily`; an alias has the same name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Al2 => "AL2",
            Self::Al2023 => "AL2023",
            Self::Bottlerocket => "Bottlerocket",
            Self::Custom => "Custom",
            Self::Windows2019 => "Windows2019",
            Self::Windows2022 => "Windows2022",
            Self::Windows2025 => "Windows2025",
        }
    }

    /// The family of this name in `amiFamily`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.as_str() == name)
    }

    /// The family of an alias such as `al2023@latest`; `Custom` has none.
    pub fn of_alias(alias: &str) -> Option<Self> {
        let (name, version) = alias.split_once('@')?;
        let named = |family: &Self| family.as_str().to_lowercase() == name;
        Self::ALL
            .into_iter()
            .filter(|family| *family != Self::Custom && !version.is_empty())
            .find(named)
    }

    /// Whether nodes run Windows.
    pub fn is_windows(self) -> bool {
        matches!(self, Self::Windows2019 | Self::Windows2022 | Self::Windows2025)
    }
}

/// Kubelet settings that change what pods can use. Amounts are as in
/// [`Resources`](super::Resources): CPU in milli-cores, the rest in bytes or units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubeletSettings {
    /// Most pods on a node.
    #[serde(default)]
    pub max_pods: Option<u32>,
    /// Most pods per core.
    #[serde(default)]
    pub pods_per_core: Option<u32>,
    /// Overrides of the computed reservation, by resource name.
    #[serde(default)]
    pub kube_reserved: BTreeMap<String, i64>,
    /// Reserved for the system, by resource name.
    #[serde(default)]
    pub system_reserved: BTreeMap<String, i64>,
    /// Hard eviction thresholds by signal (`memory.available`, `nodefs.available`).
    #[serde(default)]
    pub eviction_hard: BTreeMap<String, EvictionThreshold>,
}

/// A hard eviction threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EvictionThreshold {
    /// So many bytes.
    Bytes(i64),
    /// Millionths of the capacity; a million (`100%`) switches the threshold off.
    Ppm(u32),
}
