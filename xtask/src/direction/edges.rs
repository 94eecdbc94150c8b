//! Edges between members of the workspace.

use serde::Deserialize;

use super::rules::Member;

/// The part of `cargo metadata --no-deps` that is looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    /// Name of the package, also where the manifest renames it.
    name: String,
    /// `None` is a normal one.
    kind: Option<String>,
    /// Set for members of the workspace, which have no other source.
    path: Option<String>,
}

impl Metadata {
    /// From JSON.
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

/// What is wrong with the edges, a line each.
pub(crate) fn faults(metadata: &Metadata, members: &[Member]) -> Vec<String> {
    let rule = |name: &str| members.iter().find(|member| member.name == name);
    let mut found = Vec::new();
    for package in &metadata.packages {
        match rule(&package.name) {
            Some(member) => found.extend(faults_of(package, member)),
            None => {
                found.push(format!("{} is not in the table; say what it may use", package.name));
            }
        }
    }
    let exists = |member: &Member| metadata.packages.iter().any(|one| one.name == member.name);
    for member in members.iter().filter(|member| !exists(member)) {
        found.push(format!("{} is in the table, but not in the workspace", member.name));
    }
    found
}

fn faults_of(package: &Package, member: &Member) -> Vec<String> {
    let own = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
    let wrong = own.filter(|dependency| {
        dependency.name != member.name && !member.may_use.contains(&dependency.name.as_str())
    });
    let allowed = match member.may_use {
        [] => "no other member".to_owned(),
        names => format!("only {}", names.join(", ")),
    };
    let fault = |dependency: &Dependency| {
        let kind = dependency.kind.as_deref().map(|kind| format!(" ({kind})")).unwrap_or_default();
        format!("{} → {}{kind}: {} may use {allowed}", package.name, dependency.name, package.name)
    };
    wrong.map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBERS: &[Member] = &[
        Member { name: "core", may_use: &[], never: &[] },
        Member { name: "api", may_use: &["core"], never: &[] },
    ];

    fn package(name: &str, dependencies: &[(&str, &str)]) -> serde_json::Value {
        let dependency = |(name, kind): &(&str, &str)| {
            let kind = (*kind != "normal").then_some(kind);
            serde_json::json!({"name": name, "kind": kind, "path": format!("/tree/{name}")})
        };
        let dependencies: Vec<_> = dependencies.iter().map(dependency).collect();
        serde_json::json!({"name": name, "dependencies": dependencies})
    }

    fn check(packages: &[serde_json::Value], expected: &[&str]) {
        let text = serde_json::json!({"packages": packages}).to_string();
        assert_eq!(faults(&Metadata::parse(&text).unwrap(), MEMBERS), expected);
    }

    #[test]
    fn allowed_edges_and_a_crate_s_edge_to_itself_pass() {
        check(&[package("core", &[("core", "dev")]), package("api", &[("core", "normal")])], &[]);
    }

    #[test]
    fn an_edge_against_the_direction_is_named_with_the_rule() {
        check(
            &[package("core", &[("api", "normal")]), package("api", &[])],
            &["core → api: core may use no other member"],
        );
    }

    #[test]
    fn an_edge_that_only_tests_have_counts_too() {
        check(
            &[package("core", &[]), package("api", &[("core", "normal"), ("sim", "dev")])],
            &["api → sim (dev): api may use only core"],
        );
    }

    #[test]
    fn a_dependency_from_a_registry_is_no_edge() {
        let mut core = package("core", &[("serde", "normal")]);
        core["dependencies"][0]["path"] = serde_json::Value::Null;
        check(&[core, package("api", &[])], &[]);
    }

    #[test]
    fn a_member_without_a_rule_and_a_rule_without_a_member_are_named() {
        check(
            &[package("core", &[]), package("new", &[])],
            &[
                "new is not in the table; say what it may use",
                "api is in the table, but not in the workspace",
            ],
        );
    }
}
