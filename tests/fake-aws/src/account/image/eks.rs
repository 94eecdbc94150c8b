//! EKS's own images for every Kubernetes version, and the parameters that name them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Image, ImageOwner, Images};
use crate::account::draw::Draw;
use crate::account::filter::Tags;

/// Minor versions of Kubernetes that have images.
const MINORS: std::ops::RangeInclusive<u32> = 26..=36;
/// Last minor version with images of Amazon Linux 2.
const AL2_LAST: u32 = 32;
/// First minor version with images of Windows Server 2025.
const WINDOWS_2025_FIRST: u32 = 35;

/// A release of all images: its date, and Bottlerocket's number on that day.
#[derive(Clone, Copy, Debug)]
struct Release {
    date: &'static str,
    made_at: &'static str,
    deprecated_at: Option<&'static str>,
    bottlerocket: &'static str,
}

/// From old to new; the last one is recommended.
const RELEASES: [Release; 3] = [
    Release {
        date: "20240703",
        made_at: "2024-07-03T08:00:00Z",
        deprecated_at: Some("2026-07-03T08:00:00Z"),
        bottlerocket: "1.20.3",
    },
    Release {
        date: "20260605",
        made_at: "2026-06-05T08:00:00Z",
        deprecated_at: Some("2028-06-05T08:00:00Z"),
        bottlerocket: "1.45.0",
    },
    Release {
        date: "20260703",
        made_at: "2026-07-03T08:00:00Z",
        deprecated_at: Some("2028-07-03T08:00:00Z"),
        bottlerocket: "1.46.0",
    },
];

/// A kind of image: its name and the parameters that name it in a release.
struct Kind {
    name: String,
    architecture: &'static str,
    /// Of this very release.
    pinned: String,
    /// Of the release that is recommended.
    recommended: String,
}

pub(super) fn images() -> Images {
    let mut images = Images { by_id: BTreeMap::new(), parameters: BTreeMap::new() };
    for release in RELEASES {
        for minor in MINORS {
            for kind in kinds(minor, release) {
                add(&mut images, &kind, release);
            }
        }
    }
    images
}

/// Ids follow from names alone, so that they are the same in every account.
fn add(images: &mut Images, kind: &Kind, release: Release) {
    let id = format!("ami-0{:016x}", Draw::new(0).of("image", &kind.name));
    let time = |text: &str| text.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let image = Image {
        id: id.clone(),
        name: kind.name.clone(),
        architecture: kind.architecture.to_owned(),
        owner: ImageOwner::Amazon,
        created_at: time(release.made_at),
        deprecated_at: release.deprecated_at.map(time),
        tags: Tags::new(),
    };
    images.set(&kind.pinned, &id);
    images.set(&kind.recommended, &id);
    images.by_id.insert(id, image);
}

fn kinds(minor: u32, release: Release) -> Vec<Kind> {
    let mut kinds = vec![
        al2023(minor, release, "x86_64", "standard"),
        al2023(minor, release, "x86_64", "nvidia"),
        al2023(minor, release, "x86_64", "neuron"),
        al2023(minor, release, "arm64", "standard"),
        al2023(minor, release, "arm64", "nvidia"),
        bottlerocket(minor, release, "x86_64", ""),
        bottlerocket(minor, release, "x86_64", "-nvidia"),
        bottlerocket(minor, release, "arm64", ""),
        bottlerocket(minor, release, "arm64", "-nvidia"),
        windows(minor, release, 2019),
        windows(minor, release, 2022),
    ];
    if minor >= WINDOWS_2025_FIRST {
        kinds.push(windows(minor, release, 2025));
    }
    if minor <= AL2_LAST {
        kinds.extend([
            al2(minor, release, "x86_64", ["", ""]),
            al2(minor, release, "arm64", ["-arm64", "-arm64"]),
            al2(minor, release, "x86_64", ["-gpu", "-gpu"]),
        ]);
    }
    kinds
}

fn al2023(minor: u32, release: Release, architecture: &'static str, variant: &str) -> Kind {
    let base = format!("/aws/service/eks/optimized-ami/1.{minor}/amazon-linux-2023/{architecture}");
    let name =
        format!("amazon-eks-node-al2023-{architecture}-{variant}-1.{minor}-v{}", release.date);
    Kind {
        pinned: format!("{base}/{variant}/{name}/image_id"),
        recommended: format!("{base}/{variant}/recommended/image_id"),
        architecture,
        name,
    }
}

fn al2(minor: u32, release: Release, architecture: &'static str, suffix: [&str; 2]) -> Kind {
    let [folder, infix] = suffix;
    let base = format!("/aws/service/eks/optimized-ami/1.{minor}/amazon-linux-2{folder}");
    let name = format!("amazon-eks{infix}-node-1.{minor}-v{}", release.date);
    Kind {
        pinned: format!("{base}/{name}/image_id"),
        recommended: format!("{base}/recommended/image_id"),
        architecture,
        name,
    }
}

fn bottlerocket(minor: u32, release: Release, architecture: &'static str, variant: &str) -> Kind {
    let base = format!("/aws/service/bottlerocket/aws-k8s-1.{minor}{variant}/{architecture}");
    let version = release.bottlerocket;
    let dated = release.date;
    Kind {
        name: format!("bottlerocket-aws-k8s-1.{minor}{variant}-{architecture}-v{version}-{dated}"),
        pinned: format!("{base}/{version}/image_id"),
        recommended: format!("{base}/latest/image_id"),
        architecture,
    }
}

/// Parameters of Windows know no release.
fn windows(minor: u32, release: Release, year: u32) -> Kind {
    let name = format!("Windows_Server-{year}-English-Core-EKS_Optimized-1.{minor}");
    let parameter = format!("/aws/service/ami-windows-latest/{name}/image_id");
    Kind {
        name: format!("{name}-{}", release.date),
        architecture: "x86_64",
        pinned: parameter.clone(),
        recommended: parameter,
    }
}

#[cfg(test)]
mod tests {
    use super::images;

    #[test]
    fn the_recommended_image_is_the_newest_of_its_kind() {
        let images = images();
        let base = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/arm64/standard";
        let recommended = &images.parameters[&format!("{base}/recommended/image_id")];
        let image = &images.by_id[&recommended.value];
        assert_eq!(image.name, "amazon-eks-node-al2023-arm64-standard-1.33-v20260703");
        assert_eq!(image.architecture, "arm64");
        let pinned = &images.parameters[&format!("{base}/{}/image_id", image.name)];
        assert_eq!(pinned.value, image.id);
    }

    #[test]
    fn amazon_linux_2_ends_with_its_last_version() {
        let images = images();
        let parameter = |minor: u32| {
            format!("/aws/service/eks/optimized-ami/1.{minor}/amazon-linux-2/recommended/image_id")
        };
        assert!(images.parameters.contains_key(&parameter(32)));
        assert!(!images.parameters.contains_key(&parameter(33)));
    }

    #[test]
    fn bottlerocket_is_named_by_version_without_its_letter() {
        let images = images();
        let pinned = "/aws/service/bottlerocket/aws-k8s-1.33-nvidia/x86_64/1.45.0/image_id";
        let image = &images.by_id[&images.parameters[pinned].value];
        assert!(image.name.contains("-v1.45.0-"), "{}", image.name);
    }
}
