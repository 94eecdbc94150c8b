//! The table: a change here is a change of the architecture and needs a line in ARCHITECTURE.md.

/// A member of the workspace and what it may depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// Name of its package.
    pub(crate) name: &'static str,
    /// Members that it may depend on, in any way. Itself is always allowed: tests of a crate turn
    /// on its own features so.
    pub(crate) may_use: &'static [&'static str],
    /// What must not come in with it, directly or through others.
    pub(crate) never: &'static [Banned],
}

/// Packages that a member must not reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Banned {
    /// How their names begin.
    pub(crate) prefix: &'static str,
    /// What the member would lose.
    pub(crate) because: &'static str,
}

/// What keeps a crate free of networks and runtimes.
const OFFLINE: &[Banned] = &[
    Banned { prefix: "aws-sdk-", because: "it must build in a minute, without the AWS SDK" },
    Banned { prefix: "aws-config", because: "it must build in a minute, without the AWS SDK" },
    Banned { prefix: "aws-smithy-", because: "it must build in a minute, without the AWS SDK" },
    Banned { prefix: "kube-client", because: "it must not talk to an API server" },
    Banned { prefix: "kube-runtime", because: "it must not talk to an API server" },
    Banned { prefix: "tokio", because: "it must be synchronous" },
];

/// Every member of the workspace.
pub(crate) const MEMBERS: &[Member] = &[
    Member { name: "scheduler-core", may_use: &[], never: OFFLINE },
    Member { name: "plimsoll-api", may_use: &["scheduler-core"], never: OFFLINE },
    Member { name: "aws-provider", may_use: &["scheduler-core", "plimsoll-api"], never: OFFLINE },
    // The leaf that is the AWS SDK's: whoever uses it pays for its build.
    Member {
        name: "aws-provider-sdk",
        may_use: &["scheduler-core", "aws-provider", "plimsoll-api"],
        never: &[],
    },
    Member {
        name: "plimsoll",
        may_use: &["scheduler-core", "plimsoll-api", "aws-provider"],
        never: OFFLINE,
    },
    Member {
        name: "plimsoll-controller",
        may_use: &["scheduler-core", "plimsoll-api", "aws-provider", "aws-provider-sdk"],
        never: &[],
    },
    Member { name: "plimsoll-control-plane", may_use: &[], never: &[] },
    // The fake account sells what the catalogue lists.
    Member {
        name: "plimsoll-fake-aws",
        may_use: &["scheduler-core", "aws-provider", "plimsoll-api"],
        never: &[Banned { prefix: "aws-sdk-", because: "it must not share the client's mistakes" }],
    },
    Member { name: "plimsoll-tests", may_use: TESTED, never: &[] },
    Member { name: "plimsoll-benches", may_use: PRODUCT, never: &[] },
    // For chores that write files from types.
    Member { name: "xtask", may_use: &["scheduler-core", "plimsoll-api"], never: &[] },
];

/// All but tests, benches and chores, which nobody may use.
const PRODUCT: &[&str] =
    &["scheduler-core", "plimsoll-api", "aws-provider", "plimsoll", "plimsoll-controller"];

/// What tests look at, and what they run it against.
const TESTED: &[&str] = &[
    "scheduler-core",
    "plimsoll-api",
    "aws-provider",
    "aws-provider-sdk",
    "plimsoll",
    "plimsoll-controller",
    "plimsoll-control-plane",
    "plimsoll-fake-aws",
];
