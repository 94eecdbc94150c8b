//! Traces that are built into the program; `data/README.md` states their sources and licences.

/// A trace that is built into the program.
#[derive(Debug)]
pub struct EmbeddedTrace {
    /// Name.
    pub name: &'static str,
    /// Text that the source's licence asks to be shown.
    pub attribution: Option<&'static str>,
    /// Gzip of the rows.
    pub(crate) rows: &'static [u8],
    /// Gzip of the groups file.
    pub(crate) groups: Option<&'static [u8]>,
}

/// The real one, replayed by default: arrivals and lifetimes of Azure's own virtual machines.
static AZURE: EmbeddedTrace = EmbeddedTrace {
    name: "azure2017-1in40",
    attribution: Some(
        "Azure Public Dataset V1, Microsoft, CC-BY-4.0; E. Cortez and others, \"Resource \
         Central\", SOSP 2017; processed by S. Bergsma and others, SOSP 2021 \
         (huaweicloud/trace_generation_rnn fa856db, MIT); sampled and converted for this project.",
    ),
    rows: include_bytes!("../data/azure2017-1in40.csv.gz"),
    groups: None,
};

/// A made-up week of a developer platform, with constraints that no public trace has.
static IDP_WEEK: EmbeddedTrace = EmbeddedTrace {
    name: "idp-week",
    attribution: None,
    rows: include_bytes!("../data/idp-week.csv.gz"),
    groups: Some(include_bytes!("../data/idp-week.groups.json.gz")),
};

impl EmbeddedTrace {
    /// Every embedded trace, the default first.
    pub fn all() -> [&'static Self; 2] {
        [&AZURE, &IDP_WEEK]
    }

    /// The embedded trace of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().into_iter().find(|trace| trace.name == name)
    }
}
