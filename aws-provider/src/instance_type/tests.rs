use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use scheduler_core::model::attachment::{EBS_DRIVER, attachable_volumes};
use scheduler_core::model::{
    CapacityType, ClassReservation, EfaOnlyInterfaces, EvictionThreshold, ImageFamily,
    InstanceType, NodeClass, Price, Requirement, Reservation, ReservationKind, Resources,
    well_known,
};

use crate::catalog::{Catalog, CatalogOptions};

const MIB: i64 = 1 << 20;
const GIB: i64 = 1 << 30;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().unwrap());

fn class(family: ImageFamily) -> NodeClass {
    NodeClass::new("default", family)
}

fn al2023() -> NodeClass {
    class(ImageFamily::Al2023)
}

fn types(class: &NodeClass, options: CatalogOptions) -> Arc<Vec<InstanceType>> {
    CATALOG.instance_types(class, &options)
}

fn one(name: &str, class: &NodeClass, options: CatalogOptions) -> InstanceType {
    types(class, options).iter().find(|one| one.name == name).unwrap().clone()
}

fn default(name: &str, class: &NodeClass) -> InstanceType {
    one(name, class, CatalogOptions::default())
}

fn no_vm_overhead() -> CatalogOptions {
    CatalogOptions { vm_memory_overhead_ppm: 0, ..CatalogOptions::default() }
}

fn reserving_one_eni() -> CatalogOptions {
    CatalogOptions { reserved_enis: 1, ..CatalogOptions::default() }
}

/// Memory that kubelet reserves, in mebibytes: the overhead less the default eviction threshold.
fn kube_reserved_mib(instance_type: &InstanceType) -> i64 {
    instance_type.overhead.memory_bytes / MIB - 100
}

fn label<'a>(instance_type: &'a InstanceType, key: &str) -> Option<&'a str> {
    let key = format!("karpenter.k8s.aws/{key}");
    let values = instance_type.requirements.get(&key)?.finite_values()?;
    values.first().map(String::as_str)
}

fn is_absent(instance_type: &InstanceType, key: &str) -> bool {
    instance_type.requirements.get(key) == Some(&Requirement::does_not_exist())
}

#[test]
fn allocatable_is_what_karpenter_computes() {
    // Type, allocatable CPU in milli-cores where it is known, memory in mebibytes, pods.
    let expected = [
        ("a1.medium", Some(940), 1392, 8),
        ("t3.micro", Some(1930), 548, 4),
        ("t3.large", None, 6837, 35),
        ("t4g.medium", None, 3187, 17),
        ("m5.large", Some(1930), 6903, 29),
        ("m5.xlarge", Some(3920), 14162, 58),
        ("m6g.4xlarge", Some(15890), 57632, 234),
        ("c7g.large", None, 3055, 29),
        ("c5d.18xlarge", Some(71750), 127_934, 737),
        ("g4dn.8xlarge", Some(31850), 120_248, 58),
        ("g5.48xlarge", Some(191_450), 723_299, 345),
        ("p4d.24xlarge", Some(95690), 1_082_712, 737),
        ("p5.48xlarge", Some(191_450), 1_938_410, 100),
        ("trn1.32xlarge", Some(127_610), 481_894, 247),
        ("m6idn.32xlarge", None, 480_277, 394),
        ("x1e.32xlarge", None, 3_694_939, 234),
    ];
    let class = al2023();
    let all = types(&class, CatalogOptions::default());
    for (name, cpu_milli, memory_mib, pods) in expected {
        let found = all.iter().find(|one| one.name == name).unwrap().allocatable();
        if let Some(cpu_milli) = cpu_milli {
            assert_eq!(found.cpu_milli, cpu_milli, "cpu of {name}");
        }
        // Published figures are whole mebibytes, and so is everything that goes into ours.
        assert_eq!(found.memory_bytes, memory_mib * MIB, "memory of {name}");
        assert_eq!(found.pods, pods, "pods of {name}");
        assert_eq!(found.ephemeral_bytes, 17 * GIB, "ephemeral storage of {name}");
    }
}

#[test]
fn m5_xlarge_reserves_80_milli_cores_and_893_mebibytes_for_kubelet() {
    let found = default("m5.xlarge", &al2023());
    assert_eq!((found.overhead.cpu_milli, kube_reserved_mib(&found)), (80, 893));
}

#[test]
fn bottlerocket_reserves_memory_for_the_pods_it_may_run() {
    let mut class = class(ImageFamily::Bottlerocket);
    let memory_mib =
        |class: &NodeClass| one("m5.xlarge", class, no_vm_overhead()).overhead.memory_bytes / MIB;
    assert_eq!(memory_mib(&class), 993);
    class.kubelet.max_pods = Some(110);
    assert_eq!(memory_mib(&class), 1565);
}

#[test]
fn kube_reserved_memory_follows_max_pods_only_where_the_image_does() {
    let expected = [
        (ImageFamily::Al2, 640),
        (ImageFamily::Al2023, 640),
        (ImageFamily::Custom, 640),
        (ImageFamily::Bottlerocket, 365),
        (ImageFamily::Windows2019, 365),
        (ImageFamily::Windows2022, 365),
        (ImageFamily::Windows2025, 365),
    ];
    for (family, memory_mib) in expected {
        let mut class = class(family);
        class.kubelet.max_pods = Some(10);
        let found = default("t3.large", &class);
        assert_eq!(
            (found.capacity.pods, kube_reserved_mib(&found)),
            (10, memory_mib),
            "{family:?}"
        );
    }
}

#[test]
fn a_reserved_network_interface_costs_pods_but_not_always_memory() {
    let expected = [
        (ImageFamily::Al2, 24, 640),
        (ImageFamily::Al2023, 24, 640),
        (ImageFamily::Custom, 24, 640),
        (ImageFamily::Bottlerocket, 24, 519),
        (ImageFamily::Windows2019, 110, 1465),
        (ImageFamily::Windows2022, 110, 1465),
        (ImageFamily::Windows2025, 110, 1465),
    ];
    for (family, pods, memory_mib) in expected {
        let found = one("t3.large", &class(family), reserving_one_eni());
        assert_eq!(
            (found.capacity.pods, kube_reserved_mib(&found)),
            (pods, memory_mib),
            "{family:?}"
        );
    }
}

#[test]
fn more_reserved_network_interfaces_than_there_are_leave_no_pods() {
    let options = CatalogOptions { reserved_enis: 99, ..CatalogOptions::default() };
    assert_eq!(one("t3.large", &al2023(), options).capacity.pods, 0);
}

#[test]
fn efa_only_interfaces_on_the_first_card_take_pods_away() {
    let mut class = al2023();
    class.efa_only_interfaces = Some(EfaOnlyInterfaces { first_card: 1, all_cards: 4 });
    let found = default("m5.large", &class);
    assert_eq!((found.capacity.pods, found.capacity.get("vpc.amazonaws.com/efa")), (20, 4));
    class.efa_only_interfaces = Some(EfaOnlyInterfaces { first_card: 0, all_cards: 4 });
    assert_eq!(default("m5.large", &class).capacity.pods, 29);
}

#[test]
fn pods_per_core_lowers_pods_except_on_bottlerocket() {
    let pods = |family, per_core, max_pods| {
        let mut class = class(family);
        class.kubelet.pods_per_core = Some(per_core);
        class.kubelet.max_pods = max_pods;
        default("m5.large", &class).capacity.pods
    };
    assert_eq!(pods(ImageFamily::Al2023, 4, None), 8);
    assert_eq!(pods(ImageFamily::Al2023, 4, Some(5)), 5);
    assert_eq!(pods(ImageFamily::Al2023, 0, None), 29);
    assert_eq!(pods(ImageFamily::Windows2022, 4, None), 8);
    assert_eq!(pods(ImageFamily::Bottlerocket, 4, None), 29);
}

#[test]
fn own_reservations_replace_or_add_by_resource() {
    let mut class = al2023();
    class.kubelet.kube_reserved =
        [("cpu".to_owned(), 500), ("pid".to_owned(), 1000)].into_iter().collect();
    class.kubelet.system_reserved =
        [("cpu".to_owned(), 100), ("memory".to_owned(), 200 * MIB)].into_iter().collect();
    let mut expected = Resources::new(600, (893 + 100 + 200) * MIB);
    expected.ephemeral_bytes = 3 * GIB;
    assert_eq!(default("m5.xlarge", &class).overhead, expected);
}

#[test]
fn own_eviction_thresholds_replace_the_default() {
    let memory_mib = |threshold| {
        let mut class = al2023();
        class.kubelet.eviction_hard.insert("memory.available".to_owned(), threshold);
        one("m5.xlarge", &class, no_vm_overhead()).overhead.memory_bytes / MIB
    };
    // Of 16,384 MiB kubelet reserves 893 MiB.
    assert_eq!(memory_mib(EvictionThreshold::Bytes(500 * MIB)), 893 + 500);
    assert_eq!(memory_mib(EvictionThreshold::Ppm(250_000)), 893 + 4096);
    assert_eq!(memory_mib(EvictionThreshold::Ppm(1_000_000)), 893);
}

#[test]
fn a_percentage_of_storage_is_rounded_up_to_a_byte() {
    let mut class = al2023();
    class.ephemeral_bytes = Some(1001);
    class
        .kubelet
        .eviction_hard
        .insert("nodefs.available".to_owned(), EvictionThreshold::Ppm(50_000));
    assert_eq!(default("m5.large", &class).overhead.ephemeral_bytes, GIB + 51);
}

#[test]
fn joined_local_disks_hold_ephemeral_storage() {
    let mut class = al2023();
    class.instance_store_raid0 = true;
    let bytes = |name: &str, class: &NodeClass| default(name, class).capacity.ephemeral_bytes;
    assert_eq!(bytes("c5d.18xlarge", &class), 1800 * 1_000_000_000);
    assert_eq!(bytes("m5.large", &class), 20 * GIB);
    assert_eq!(bytes("m5.large", &self::class(ImageFamily::Windows2022)), 50 * GIB);
}

#[test]
fn a_class_volume_holds_ephemeral_storage() {
    let mut class = al2023();
    class.ephemeral_bytes = Some(80 * GIB);
    assert_eq!(default("m5.large", &class).capacity.ephemeral_bytes, 80 * GIB);
}

#[test]
fn extended_resources_are_those_of_the_hardware() {
    let found = default("g5.48xlarge", &al2023()).capacity;
    assert_eq!(found.get("nvidia.com/gpu"), 8);
    assert_eq!(found.get("vpc.amazonaws.com/pod-eni"), 115);
    let plain = default("t3.large", &al2023()).capacity;
    assert_eq!(plain.extended.into_keys().collect::<Vec<_>>(), [attachable_volumes(EBS_DRIVER)]);
}

#[test]
fn nodes_attach_as_many_volumes_as_the_ebs_driver_will_find() {
    let volumes =
        |name: &str| default(name, &al2023()).capacity.get(&attachable_volumes(EBS_DRIVER));
    // 28 slots, less the root volume, two network interfaces and local disks.
    assert_eq!((volumes("m5.large"), volumes("m5d.24xlarge")), (25, 21));
    // Slots for volumes alone, less the root volume.
    assert_eq!((volumes("m7i.large"), volumes("m7i.48xlarge")), (31, 127));
    assert_eq!((volumes("m4.large"), volumes("c6i.metal")), (38, 29));
}

#[test]
fn volumes_that_a_node_starts_with_leave_less_for_pods() {
    let volumes = |class: &NodeClass| {
        default("m5.large", class).capacity.get(&attachable_volumes(EBS_DRIVER))
    };
    assert_eq!(volumes(&class(ImageFamily::Bottlerocket)), 24);
    assert_eq!(volumes(&NodeClass { block_devices: Some(4), ..al2023() }), 22);
}

#[test]
fn windows_nodes_offer_private_addresses() {
    let found = default("m5.large", &class(ImageFamily::Windows2022));
    assert_eq!(found.capacity.get("vpc.amazonaws.com/PrivateIPv4Address"), 9);
    assert!(found.requirements.get(well_known::OS).unwrap().has("windows"));
    assert!(found.requirements.get(well_known::WINDOWS_BUILD).unwrap().has("10.0.20348"));
}

#[test]
fn labels_state_the_hardware() {
    let found = default("g5.48xlarge", &al2023());
    let expected = [
        ("instance-category", "g"),
        ("instance-generation", "5"),
        ("instance-family", "g5"),
        ("instance-size", "48xlarge"),
        ("instance-capability-flex", "false"),
        ("instance-cpu", "192"),
        ("instance-memory", "786432"),
        ("instance-cpu-manufacturer", "amd"),
        ("instance-cpu-sustained-clock-speed-mhz", "3300"),
        ("instance-ebs-bandwidth", "19000"),
        ("instance-network-bandwidth", "100000"),
        ("instance-local-nvme", "7600"),
        ("instance-hypervisor", "nitro"),
        ("instance-gpu-name", "a10g"),
        ("instance-gpu-manufacturer", "nvidia"),
        ("instance-gpu-count", "8"),
        ("instance-gpu-memory", "22888"),
        ("instance-tenancy", "default"),
    ];
    for (key, value) in expected {
        assert_eq!(label(&found, key), Some(value), "{key}");
    }
    let common = [
        (well_known::INSTANCE_TYPE, "g5.48xlarge"),
        (well_known::REGION, "us-east-1"),
        (well_known::ARCH, "amd64"),
        (well_known::OS, "linux"),
    ];
    for (key, value) in common {
        assert_eq!(found.requirements.get(key), Some(&Requirement::any_of([value])), "{key}");
    }
}

#[test]
fn names_with_spaces_become_one_word() {
    let class = al2023();
    let all = types(&class, CatalogOptions::default());
    let names: BTreeSet<&str> =
        all.iter().filter_map(|one| label(one, "instance-gpu-name")).collect();
    assert!(names.contains("rtx-pro-4500"), "{names:?}");
}

#[test]
fn what_a_type_lacks_is_stated_as_absent() {
    let found = default("m5.large", &al2023());
    let absent = ["instance-local-nvme", "instance-gpu-name", "instance-accelerator-name"];
    for key in absent {
        assert!(is_absent(&found, &format!("karpenter.k8s.aws/{key}")), "{key}");
    }
    assert!(is_absent(&found, well_known::WINDOWS_BUILD));
}

#[test]
fn accelerators_without_a_name_leave_their_labels_open() {
    let found = default("trn1.32xlarge", &al2023());
    let key = "karpenter.k8s.aws/instance-accelerator-name";
    assert_eq!(found.requirements.get(key), None);
}

#[test]
fn offerings_are_listed_by_zone_then_capacity_type() {
    let found = default("m5.large", &al2023());
    let listed: Vec<(&str, CapacityType, i64)> = found
        .offerings
        .iter()
        .take(3)
        .map(|one| (one.zone.as_str(), one.capacity_type, one.price.micro_usd()))
        .collect();
    let expected = [
        ("us-east-1a", CapacityType::Spot, 31_700),
        ("us-east-1a", CapacityType::OnDemand, 96_000),
        ("us-east-1b", CapacityType::Spot, 40_200),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn the_spot_factor_scales_spot_prices_only() {
    let options = CatalogOptions { spot_price_factor_ppm: 1_300_000, ..CatalogOptions::default() };
    let found = one("m5.large", &al2023(), options);
    let prices: Vec<Price> = found.offerings.iter().take(2).map(|one| one.price).collect();
    assert_eq!(prices, [Price::from_micro_usd(41_210), Price::from_micro_usd(96_000)]);
}

#[test]
fn a_type_without_spot_prices_is_on_demand_only() {
    let found = default("m8gn.large", &al2023());
    assert!(!found.offerings.is_empty());
    assert!(found.offerings.iter().all(|one| one.capacity_type == CapacityType::OnDemand));
}

#[test]
fn spot_is_interrupted_by_the_middle_of_its_band_and_on_demand_never() {
    // Band 3 of the advisor is 15 to 20 %.
    let found = default("m5.large", &al2023());
    for offering in &found.offerings {
        let expected = if offering.capacity_type == CapacityType::Spot { 175 } else { 0 };
        assert_eq!(offering.interruptions_permille_month, expected);
    }
}

#[test]
fn types_that_the_image_cannot_run_are_listed_but_not_available() {
    let available = |name, family| {
        let found = default(name, &class(family));
        assert!(!found.offerings.is_empty());
        found.offerings.iter().any(|one| one.available)
    };
    assert!(!available("a1.medium", ImageFamily::Al2023));
    assert!(available("a1.medium", ImageFamily::Bottlerocket));
    assert!(!available("m6g.4xlarge", ImageFamily::Windows2022));
    assert!(available("m6g.4xlarge", ImageFamily::Al2023));
}

#[test]
fn every_embedded_type_is_valid_with_every_image_family() {
    let families = [
        ImageFamily::Al2,
        ImageFamily::Al2023,
        ImageFamily::Bottlerocket,
        ImageFamily::Custom,
        ImageFamily::Windows2019,
        ImageFamily::Windows2022,
        ImageFamily::Windows2025,
    ];
    for family in families {
        let all = types(&class(family), CatalogOptions::default());
        assert_eq!(all.len(), 1340);
        assert!(all.is_sorted_by(|a, b| a.name < b.name));
        for instance_type in all.iter() {
            check(instance_type, family);
        }
    }
}

fn check(instance_type: &InstanceType, family: ImageFamily) {
    let name = &instance_type.name;
    let allocatable = instance_type.allocatable();
    assert!(allocatable.cpu_milli > 0 && allocatable.pods > 0, "{name} {family:?}");
    assert!(allocatable.fits(&instance_type.capacity), "{name}");
    assert!(instance_type.capacity.extended.values().all(|amount| *amount > 0), "{name}");
    for (key, requirement) in instance_type.requirements.iter() {
        assert!(
            requirement.finite_values().is_some_and(|values| values.len() <= 1),
            "{name} {key}"
        );
    }
    for key in well_known::OF_OFFERING {
        assert_eq!(instance_type.requirements.get(key), None, "{name}");
    }
    let place = |at: usize| {
        let offering = &instance_type.offerings[at];
        (&offering.zone, offering.capacity_type)
    };
    assert!(!instance_type.offerings.is_empty(), "{name}");
    assert!((1..instance_type.offerings.len()).all(|at| place(at - 1) < place(at)), "{name}");
    assert!(instance_type.offerings.iter().all(|one| one.price > Price::ZERO), "{name}");
}

fn reserving(expiring: bool) -> NodeClass {
    let reservation = Reservation {
        id: "cr-1".to_owned(),
        kind: ReservationKind::Default,
        interruptible: false,
        remaining: 3,
    };
    let (instance_type, zone) = ("m5.large".to_owned(), "us-east-1b".to_owned());
    let reservations = vec![ClassReservation { instance_type, zone, reservation, expiring }];
    NodeClass { reservations, ..al2023() }
}

#[test]
fn a_reservation_is_one_more_offering_of_its_type_in_its_zone() {
    let offerings = default("m5.large", &reserving(false)).offerings;
    let reserved: Vec<_> = offerings.iter().filter(|one| one.reservation.is_some()).collect();
    let known = reserved
        .iter()
        .map(|one| (one.zone.as_str(), one.capacity_type, one.price.micro_usd(), one.available));
    assert_eq!(known.collect::<Vec<_>>(), [("us-east-1b", CapacityType::Reserved, 1, true)]);
}

#[test]
fn nothing_is_launched_into_a_reservation_that_is_about_to_end() {
    let offerings = default("m5.large", &reserving(true)).offerings;
    let reserved = offerings.iter().find(|one| one.reservation.is_some());
    assert_eq!(reserved.map(|one| one.available), Some(false));
}
