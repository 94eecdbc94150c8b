//! The command line as a user meets it: the built program, its streams and its exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "this is a test, helpers and all"
)]

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/general.rs"]
mod general;
#[path = "cli/plan.rs"]
mod plan;
#[path = "cli/run.rs"]
mod run;
#[path = "cli/simulate.rs"]
mod simulate;
#[path = "cli/verify.rs"]
mod verify;
