//! Flags, the environment names of Karpenter, and the settings that come of both.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use aws_provider::CatalogOptions;
use clap::Parser;
use jiff::SignedDuration;
use plimsoll_api::DefaultSpread;
use plimsoll_api::duration::parse_go;
use scheduler_core::model::Price;
use scheduler_core::{MinValuesPolicy, PreferencePolicy, UnknownPolicy};
use tracing_subscriber::filter::LevelFilter;

use crate::driver::Rounds;

const EXAMPLES: &str = "Examples:
  plimsoll-controller --recommend-only --cluster-file cluster/ --interval 30s
  plimsoll-controller --recommend-only --cluster-file nodes.yaml pods.yaml --once";

/// Watches cluster files and logs which nodes it would launch and give up.
///
/// Flags beat the environment. An environment value that does not parse is passed over, as in
/// Karpenter; only a policy or log level that is unknown is an error.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Advise only and write nothing; must be given, because writing is not built yet
    #[arg(long)]
    recommend_only: bool,
    /// Files or directories of Kubernetes objects, read again at each round
    #[arg(long = "cluster-file", value_name = "PATH", num_args = 1..)]
    cluster_files: Vec<PathBuf>,
    /// Catalogue of instance types in place of the one built in
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Longest pause between two rounds
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = pause)]
    interval: SignedDuration,
    /// Read once, decide at once and end
    #[arg(long)]
    once: bool,
    /// A batch closes when no new pod has come for so long (`BATCH_IDLE_DURATION`; 1s)
    #[arg(long, value_name = "DURATION", value_parser = pause)]
    batch_idle_duration: Option<SignedDuration>,
    /// A batch closes at the latest so long after its first pod (`BATCH_MAX_DURATION`; 10s)
    #[arg(long, value_name = "DURATION", value_parser = pause)]
    batch_max_duration: Option<SignedDuration>,
    /// Share of memory that the hypervisor keeps (`VM_MEMORY_OVERHEAD_PERCENT`; 0.075)
    #[arg(long, value_name = "SHARE", value_parser = share_ppm)]
    vm_memory_overhead_percent: Option<u32>,
    /// Network interfaces that pods cannot use (`RESERVED_ENIS`; 0)
    #[arg(long, value_name = "COUNT")]
    reserved_enis: Option<u32>,
    /// Steps spent on a better plan; 0 takes the first answer (`PLIMSOLL_IMPROVEMENT_STEPS`; 50000)
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    improvement_steps: Option<u32>,
    /// Most of a workload's pods on one node, one pod at least (`PLIMSOLL_BLAST_RADIUS`; no limit)
    #[arg(long, value_name = "PERCENT", value_parser = percent, allow_negative_numbers = true)]
    blast_radius: Option<u32>,
    /// What losing a node to a Spot interruption costs (`PLIMSOLL_INTERRUPTION_COST`; 1)
    #[arg(long, value_name = "DOLLARS", value_parser = dollars, allow_negative_numbers = true)]
    interruption_cost: Option<Price>,
    /// Respect or Ignore what pods only prefer (`PREFERENCE_POLICY`; Respect)
    #[arg(long, value_name = "POLICY")]
    preference_policy: Option<PreferencePolicy>,
    /// `Strict`, or `BestEffort`: lower `minValues` that cannot be had (`MIN_VALUES_POLICY`; Strict)
    #[arg(long, value_name = "POLICY")]
    min_values_policy: Option<MinValuesPolicy>,
    /// File with the topology spread of pods that name none, as Karpenter's scheduler-config has it
    /// (`SCHEDULER_CONFIG` holds the text itself; none)
    #[arg(long, value_name = "FILE")]
    scheduler_config: Option<PathBuf>,
    /// Least level that is logged: debug, info or error (`LOG_LEVEL`; info)
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

/// What the controller is told to do, complete and checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Files and directories of the cluster.
    pub(crate) cluster_files: Vec<PathBuf>,
    /// Catalogue in place of the one built in.
    pub(crate) catalog: Option<PathBuf>,
    /// How nodes are computed from the catalogue.
    pub(crate) catalog_options: CatalogOptions,
    /// How the engine decides.
    pub(crate) engine: scheduler_core::Settings,
    /// Spread of pods that name none.
    pub(crate) default_spread: DefaultSpread,
    /// Longest pause between two rounds.
    pub(crate) interval: SignedDuration,
    /// When to stop.
    pub(crate) rounds: Rounds,
    /// Least level that is logged.
    pub(crate) log_level: LevelFilter,
}

impl Args {
    /// The settings, with `environment` asked for what no flag says.
    ///
    /// # Errors
    /// Without `--recommend-only`, without a cluster file, if a policy or the log level is unknown,
    /// or if the scheduler configuration is wrong.
    pub(crate) fn settings(
        self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Settings> {
        let Self {
            recommend_only,
            cluster_files,
            catalog,
            interval,
            once,
            batch_idle_duration,
            batch_max_duration,
            vm_memory_overhead_percent,
            reserved_enis,
            improvement_steps,
            blast_radius,
            interruption_cost,
            preference_policy,
            min_values_policy,
            scheduler_config,
            log_level,
        } = self;
        ensure!(
            recommend_only,
            "writing to a cluster is not built yet; start with --recommend-only to get advice \
             without writes"
        );
        ensure!(!cluster_files.is_empty(), "no cluster to read; add --cluster-file PATH");
        let duration = |name| environment(name).and_then(|text| pause(&text).ok());
        let share = |name| environment(name).and_then(|text| share_ppm(&text).ok());
        let count = |name| environment(name).and_then(|text| text.parse().ok());
        let radius = |name| environment(name).and_then(|text| percent(&text).ok());
        let money = |name| environment(name).and_then(|text| dollars(&text).ok());
        let mut engine = scheduler_core::Settings::default();
        if let Some(idle) = batch_idle_duration.or_else(|| duration("BATCH_IDLE_DURATION")) {
            engine.batch_idle = idle;
        }
        if let Some(max) = batch_max_duration.or_else(|| duration("BATCH_MAX_DURATION")) {
            engine.batch_max = max;
        }
        if let Some(steps) = improvement_steps.or_else(|| count("PLIMSOLL_IMPROVEMENT_STEPS")) {
            engine.improvement_steps = steps;
        }
        if let Some(radius) = blast_radius.or_else(|| radius("PLIMSOLL_BLAST_RADIUS")) {
            engine.blast_radius_percent = Some(radius);
        }
        if let Some(cost) = interruption_cost.or_else(|| money("PLIMSOLL_INTERRUPTION_COST")) {
            engine.interruption_cost = cost;
        }
        engine.preferences = policy(preference_policy, "PREFERENCE_POLICY", &environment)?;
        engine.min_values_policy = policy(min_values_policy, "MIN_VALUES_POLICY", &environment)?;
        if once {
            // No more pods can come, so there is no batch to wait for.
            engine.batch_idle = SignedDuration::ZERO;
        }
        let mut catalog_options = CatalogOptions::default();
        if let Some(ppm) =
            vm_memory_overhead_percent.or_else(|| share("VM_MEMORY_OVERHEAD_PERCENT"))
        {
            catalog_options.vm_memory_overhead_ppm = ppm;
        }
        if let Some(enis) = reserved_enis.or_else(|| count("RESERVED_ENIS")) {
            catalog_options.reserved_enis = enis;
        }
        let log_level = log_level.or_else(|| environment("LOG_LEVEL")).unwrap_or_default();
        Ok(Settings {
            cluster_files,
            catalog,
            catalog_options,
            engine,
            default_spread: default_spread(scheduler_config.as_deref(), &environment)?,
            interval,
            rounds: if once { Rounds::Once } else { Rounds::UntilStopped },
            log_level: level(&log_level)?,
        })
    }
}

/// A Go duration above zero.
fn pause(text: &str) -> anyhow::Result<SignedDuration> {
    let duration = parse_go(text)?;
    ensure!(duration.is_positive(), "{text:?} must be above zero");
    Ok(duration)
}

/// A share from 0 to 1 in millionths. Karpenter calls it a percentage and writes `0.075`.
fn share_ppm(text: &str) -> anyhow::Result<u32> {
    let share: f64 = text.parse().with_context(|| format!("{text:?} is not a number"))?;
    ensure!((0.0..=1.0).contains(&share), "{text:?} must be from 0 to 1, such as 0.075");
    Ok((share * 1e6).round() as u32)
}

/// A percentage from 1 to 100: nothing at all could be placed under a limit of 0.
fn percent(text: &str) -> anyhow::Result<u32> {
    let percent: u32 =
        text.parse().with_context(|| format!("{text:?} is not a whole number of per cent"))?;
    ensure!((1..=100).contains(&percent), "{text:?} must be from 1 to 100");
    Ok(percent)
}

/// Dollars that losing a node may be taken to cost: enough for days of the dearest machine.
const INTERRUPTION_DOLLARS_MAX: f64 = 10_000.0;

/// An amount of money.
fn dollars(text: &str) -> anyhow::Result<Price> {
    let dollars: f64 = text.parse().with_context(|| format!("{text:?} is not a number"))?;
    ensure!(
        (0.0..=INTERRUPTION_DOLLARS_MAX).contains(&dollars),
        "{text:?} must be from 0 to {INTERRUPTION_DOLLARS_MAX} dollars"
    );
    Ok(Price::from_micro_usd((dollars * 1e6).round() as i64))
}

/// A policy by flag or environment. Unlike a number, one that is unknown is fatal, as in Karpenter.
fn policy<P>(
    flag: Option<P>,
    name: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<P>
where
    P: Default + FromStr<Err = UnknownPolicy>,
{
    let text = environment(name).filter(|text| !text.is_empty());
    match (flag, text) {
        (Some(policy), _) => Ok(policy),
        (None, Some(text)) => text.parse().with_context(|| format!("{name} is wrong")),
        (None, None) => Ok(P::default()),
    }
}

/// The default spread: the flag names a file, the environment holds the text, as for Karpenter.
fn default_spread(
    file: Option<&Path>,
    environment: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<DefaultSpread> {
    const NAME: &str = "SCHEDULER_CONFIG";
    match (file, environment(NAME)) {
        (Some(path), _) => DefaultSpread::read(path)
            .with_context(|| format!("scheduler configuration {}", path.display())),
        (None, Some(text)) => {
            DefaultSpread::parse(&text).with_context(|| format!("{NAME} is wrong"))
        }
        (None, None) => Ok(DefaultSpread::default()),
    }
}

fn level(text: &str) -> anyhow::Result<LevelFilter> {
    Ok(match text {
        "debug" => LevelFilter::DEBUG,
        "" | "info" => LevelFilter::INFO,
        "error" => LevelFilter::ERROR,
        other => bail!("unknown log level {other:?}; use debug, info or error"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flags: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let required = ["plimsoll-controller", "--recommend-only", "--cluster-file", "cluster"];
        let args = Args::try_parse_from(required.iter().chain(flags))?;
        args.settings(|name| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_recommend_only_it_says_that_writing_is_not_built() {
        let args = Args::try_parse_from(["plimsoll-controller", "--cluster-file", "x"]).unwrap();
        let error = args.settings(|_| None).unwrap_err();
        assert!(error.to_string().starts_with("writing to a cluster is not built yet"), "{error}");
    }

    #[test]
    fn without_a_cluster_file_it_names_the_flag() {
        let args = Args::try_parse_from(["plimsoll-controller", "--recommend-only"]).unwrap();
        let error = args.settings(|_| None).unwrap_err();
        assert_eq!(error.to_string(), "no cluster to read; add --cluster-file PATH");
    }

    #[test]
    fn the_defaults_are_karpenters() {
        let found = settings(&[], &[]).unwrap();
        assert_eq!(found.engine, scheduler_core::Settings::default());
        assert_eq!(found.catalog_options, CatalogOptions::default());
        assert_eq!(found.log_level, LevelFilter::INFO);
        assert_eq!(found.interval, SignedDuration::from_secs(10));
        assert_eq!(found.rounds, Rounds::UntilStopped);
    }

    #[test]
    fn the_environment_speaks_where_no_flag_does() {
        let environment = [
            ("BATCH_IDLE_DURATION", "2s"),
            ("BATCH_MAX_DURATION", "20s"),
            ("VM_MEMORY_OVERHEAD_PERCENT", "0.05"),
            ("RESERVED_ENIS", "1"),
            ("LOG_LEVEL", "error"),
        ];
        let found = settings(&["--batch-max-duration", "30s"], &environment).unwrap();
        assert_eq!(found.engine.batch_idle, SignedDuration::from_secs(2));
        assert_eq!(found.engine.batch_max, SignedDuration::from_secs(30));
        assert_eq!(found.catalog_options.vm_memory_overhead_ppm, 50_000);
        assert_eq!(found.catalog_options.reserved_enis, 1);
        assert_eq!(found.log_level, LevelFilter::ERROR);
    }

    #[test]
    fn flags_and_environment_say_how_the_engine_plans() {
        let environment = [
            ("PLIMSOLL_IMPROVEMENT_STEPS", "0"),
            ("PLIMSOLL_BLAST_RADIUS", "50"),
            ("PLIMSOLL_INTERRUPTION_COST", "2"),
        ];
        let found = settings(&["--interruption-cost", "0.25"], &environment).unwrap().engine;
        let expected = scheduler_core::Settings {
            improvement_steps: 0,
            blast_radius_percent: Some(50),
            interruption_cost: Price::from_micro_usd(250_000),
            ..scheduler_core::Settings::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn policies_come_from_flags_and_karpenters_environment() {
        let environment = [("PREFERENCE_POLICY", "Ignore"), ("MIN_VALUES_POLICY", "Strict")];
        let found = settings(&["--min-values-policy", "BestEffort"], &environment).unwrap().engine;
        assert_eq!(found.preferences, PreferencePolicy::Ignore);
        assert_eq!(found.min_values_policy, MinValuesPolicy::BestEffort);
    }

    #[test]
    fn an_unknown_policy_is_fatal() {
        assert!(settings(&["--preference-policy", "maybe"], &[]).is_err());
        let error = settings(&[], &[("MIN_VALUES_POLICY", "lax")]).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "MIN_VALUES_POLICY is wrong: unknown policy \"lax\", expected Strict or BestEffort"
        );
    }

    #[test]
    fn a_flag_out_of_range_is_fatal() {
        let wrong = [
            ["--improvement-steps", "-1"],
            ["--blast-radius", "0"],
            ["--blast-radius", "101"],
            ["--interruption-cost", "-1"],
            ["--interruption-cost", "10001"],
        ];
        for flags in wrong {
            assert!(settings(&flags, &[]).is_err(), "{flags:?}");
        }
    }

    #[test]
    fn an_environment_value_that_does_not_parse_is_passed_over() {
        let environment = [
            ("BATCH_IDLE_DURATION", "soon"),
            ("RESERVED_ENIS", "-1"),
            ("PLIMSOLL_BLAST_RADIUS", "0"),
            ("PLIMSOLL_INTERRUPTION_COST", "much"),
        ];
        let found = settings(&[], &environment).unwrap();
        assert_eq!(found.engine, scheduler_core::Settings::default());
        assert_eq!(found.catalog_options.reserved_enis, 0);
    }

    /// A configuration of one constraint.
    const SPREAD: &str = "podTopologySpread: {defaultConstraints: [{maxSkew: 1, topologyKey: zone, \
                          whenUnsatisfiable: ScheduleAnyway}]}";

    #[test]
    fn the_default_spread_is_the_text_in_karpenters_environment() {
        let found = settings(&[], &[("SCHEDULER_CONFIG", SPREAD)]).unwrap();
        assert_eq!(found.default_spread, DefaultSpread::parse(SPREAD).unwrap());
        assert_eq!(settings(&[], &[]).unwrap().default_spread, DefaultSpread::default());
    }

    #[test]
    fn a_file_with_the_default_spread_beats_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scheduler.yaml");
        std::fs::write(&path, SPREAD).unwrap();
        let flags = ["--scheduler-config", path.to_str().unwrap()];
        let found = settings(&flags, &[("SCHEDULER_CONFIG", "not read")]).unwrap();
        assert_eq!(found.default_spread, DefaultSpread::parse(SPREAD).unwrap());
    }

    #[test]
    fn a_wrong_scheduler_configuration_is_fatal() {
        let text = SPREAD.replace("maxSkew: 1", "maxSkew: 0");
        let error = settings(&[], &[("SCHEDULER_CONFIG", &text)]).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "SCHEDULER_CONFIG is wrong: podTopologySpread.defaultConstraints[0].maxSkew: 0 is not \
             above zero"
        );
        let error = settings(&["--scheduler-config", "/nowhere.yaml"], &[]).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.starts_with("scheduler configuration /nowhere.yaml: cannot read"), "{text}");
    }

    #[test]
    fn an_unknown_log_level_is_fatal() {
        let error = settings(&[], &[("LOG_LEVEL", "loud")]).unwrap_err();
        assert_eq!(error.to_string(), "unknown log level \"loud\"; use debug, info or error");
    }

    #[test]
    fn once_does_not_wait_for_a_batch() {
        let found = settings(&["--once", "--batch-idle-duration", "5s"], &[]).unwrap();
        assert_eq!((found.rounds, found.engine.batch_idle), (Rounds::Once, SignedDuration::ZERO));
    }

    #[test]
    fn an_interval_must_be_above_zero() {
        assert!(settings(&["--interval", "0s"], &[]).is_err());
        assert!(settings(&["--interval", "-1s"], &[]).is_err());
    }

    #[test]
    fn several_cluster_files_follow_one_flag() {
        let found = settings(&["--cluster-file", "a", "b"], &[]).unwrap();
        assert_eq!(found.cluster_files, ["cluster", "a", "b"].map(PathBuf::from));
    }
}
