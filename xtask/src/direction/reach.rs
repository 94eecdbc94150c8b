//! What a member pulls in, directly or through others.

use super::rules::{Banned, Member};

/// What is wrong with a member's tree of dependencies, a line each with the way there.
///
/// `tree` is what `cargo tree --prefix depth --format {p}` prints: a depth, at once followed by a
/// package's name, then its version. A package that comes up again is listed without what it
/// depends on, so that the first way is the one that is told.
pub(crate) fn faults(tree: &str, member: &Member) -> Vec<String> {
    let mut way: Vec<&str> = Vec::new();
    let mut found: Vec<(&str, String)> = Vec::new();
    for (depth, name) in tree.lines().filter_map(depth_and_name) {
        way.truncate(depth);
        way.push(name);
        let is_known = found.iter().any(|(package, _)| *package == name);
        if let Some(banned) = ban(name, member).filter(|_| !is_known) {
            found.push((name, format!("{}: {} {}", way.join(" → "), member.name, banned.because)));
        }
    }
    found.into_iter().map(|(_, fault)| fault).collect()
}

fn depth_and_name(line: &str) -> Option<(usize, &str)> {
    let package = line.split_whitespace().next()?;
    let name = package.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let depth = package.strip_suffix(name)?.parse().ok()?;
    Some((depth, name))
}

fn ban(name: &str, member: &Member) -> Option<&'static Banned> {
    member.never.iter().find(|banned| name.starts_with(banned.prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: Member = Member {
        name: "sim",
        may_use: &[],
        never: &[
            Banned { prefix: "tokio", because: "must be synchronous" },
            Banned { prefix: "aws-sdk-", because: "must build in a minute" },
        ],
    };

    #[test]
    fn the_way_to_a_banned_package_is_named_with_the_rule() {
        let tree = "0sim v0.1.0 (/tree/sim)\n1serde v1.0.0\n1cloud v0.1.0 (/tree/cloud)\n\
                    2aws-sdk-ec2 v1.0.0\n3base64 v0.22.0\n2serde v1.0.0 (*)";
        let expected = ["sim → cloud → aws-sdk-ec2: sim must build in a minute"];
        assert_eq!(faults(tree, &MEMBER), expected);
    }

    #[test]
    fn a_banned_package_that_comes_up_twice_is_named_once() {
        let tree = "0sim v0.1.0\n1http v1.0.0\n2tokio v1.0.0\n1other v1.0.0\n2tokio v1.0.0 (*)";
        assert_eq!(faults(tree, &MEMBER), ["sim → http → tokio: sim must be synchronous"]);
    }

    #[test]
    fn names_that_only_contain_a_banned_one_pass() {
        let tree = "0sim v0.1.0\n1base64 v0.22.0\n1not-tokio v1.0.0\n1my-aws-sdk-ec2 v1.0.0";
        assert!(faults(tree, &MEMBER).is_empty());
    }
}
