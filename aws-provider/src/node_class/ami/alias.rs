//! Images that AWS publishes: from an alias to the SSM parameters that hold their ids.

use scheduler_core::model::ImageFamily;

use super::lookup::{Mutability, Parameter};
use super::{AmiError, KubernetesVersion};

/// The last version that AWS publishes Amazon Linux 2 for.
const AL2_LAST: KubernetesVersion = KubernetesVersion::minor(32);
/// The first version that AWS publishes Windows Server 2025 for.
const WINDOWS_2025_FIRST: KubernetesVersion = KubernetesVersion::minor(35);

/// What an image is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Variant {
    /// Types without accelerators.
    Standard,
    /// Types with NVIDIA GPUs.
    Nvidia,
    /// Types with Neuron devices.
    Neuron,
    /// Windows of this build.
    Windows(&'static str),
}

/// The parameters of an alias (`al2023@v20240625`).
pub(super) fn parameters(
    alias: &str,
    kubernetes: KubernetesVersion,
) -> Result<Vec<Parameter>, AmiError> {
    let unsupported =
        || AmiError::UnsupportedAlias { alias: alias.to_owned(), version: kubernetes };
    let family = ImageFamily::of_alias(alias).ok_or_else(unsupported)?;
    let release = alias.split_once('@').map_or("latest", |(_, release)| release);
    let (release, mutability) = match release {
        "latest" => (None, Mutability::Mutable),
        pinned => (Some(pinned), Mutability::Pinned),
    };
    let found = match family {
        ImageFamily::Al2 if kubernetes > AL2_LAST => return Err(unsupported()),
        ImageFamily::Windows2025 if kubernetes < WINDOWS_2025_FIRST => return Err(unsupported()),
        ImageFamily::Al2 => al2(kubernetes, release),
        ImageFamily::Al2023 => al2023(kubernetes, release),
        ImageFamily::Bottlerocket => bottlerocket(kubernetes, release),
        ImageFamily::Windows2019 => windows(kubernetes, "2019", family),
        ImageFamily::Windows2022 => windows(kubernetes, "2022", family),
        ImageFamily::Windows2025 => windows(kubernetes, "2025", family),
        ImageFamily::Custom => return Err(unsupported()),
    };
    // Windows parameters have no release in their name, so they are never pinned.
    let mutability = if family.is_windows() { Mutability::Mutable } else { mutability };
    let parameter = |(name, variants)| Parameter::of_alias(name, mutability, variants);
    Ok(found.into_iter().map(parameter).collect())
}

type Found = Vec<(String, Vec<Variant>)>;

fn al2(kubernetes: KubernetesVersion, release: Option<&str>) -> Found {
    let images = [
        ("amazon-linux-2", "amazon-eks-node", vec![Variant::Standard]),
        ("amazon-linux-2-arm64", "amazon-eks-arm64-node", vec![Variant::Standard]),
        ("amazon-linux-2-gpu", "amazon-eks-gpu-node", vec![Variant::Neuron, Variant::Nvidia]),
    ];
    let path = |(folder, image, variants)| {
        let release = named(release, &format!("{image}-{kubernetes}"));
        let root = "/aws/service/eks/optimized-ami";
        (format!("{root}/{kubernetes}/{folder}/{release}/image_id"), variants)
    };
    images.into_iter().map(path).collect()
}

fn al2023(kubernetes: KubernetesVersion, release: Option<&str>) -> Found {
    let images = [
        ("x86_64", "standard", Variant::Standard),
        ("x86_64", "nvidia", Variant::Nvidia),
        ("x86_64", "neuron", Variant::Neuron),
        ("arm64", "standard", Variant::Standard),
        ("arm64", "nvidia", Variant::Nvidia),
    ];
    let path = |(arch, name, variant)| {
        let image = format!("amazon-eks-node-al2023-{arch}-{name}-{kubernetes}");
        let release = named(release, &image);
        let root = format!("/aws/service/eks/optimized-ami/{kubernetes}/amazon-linux-2023");
        (format!("{root}/{arch}/{name}/{release}/image_id"), vec![variant])
    };
    images.into_iter().map(path).collect()
}

fn bottlerocket(kubernetes: KubernetesVersion, release: Option<&str>) -> Found {
    let release = release.map_or("latest", |release| release.trim_start_matches('v'));
    let images = [
        ("", "x86_64", vec![Variant::Standard, Variant::Neuron]),
        ("", "arm64", vec![Variant::Standard]),
        ("-nvidia", "x86_64", vec![Variant::Nvidia]),
        ("-nvidia", "arm64", vec![Variant::Nvidia]),
    ];
    let path = |(suffix, arch, variants)| {
        let root = format!("/aws/service/bottlerocket/aws-k8s-{kubernetes}{suffix}");
        (format!("{root}/{arch}/{release}/image_id"), variants)
    };
    images.into_iter().map(path).collect()
}

fn windows(kubernetes: KubernetesVersion, year: &str, family: ImageFamily) -> Found {
    let build = crate::instance_type::windows_build(family).unwrap_or_default();
    let image = format!("Windows_Server-{year}-English-Core-EKS_Optimized-{kubernetes}");
    let path = format!("/aws/service/ami-windows-latest/{image}/image_id");
    vec![(path, vec![Variant::Windows(build)])]
}

/// The folder of a release of an image, or of the newest.
fn named(release: Option<&str>, image: &str) -> String {
    release.map_or_else(|| "recommended".to_owned(), |release| format!("{image}-{release}"))
}
