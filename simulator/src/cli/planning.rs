//! Cluster files with options that say how the engine decides, and the plan that comes of both.

use std::time::Instant;

use anyhow::bail;
use clap::{Args, value_parser};
use scheduler_core::model::Price;
use scheduler_core::{Engine, MinValuesPolicy, PreferencePolicy, Settings};

use super::cluster::{ClusterArgs, ReadCluster};
use super::values;
use crate::plan::Planned;

/// A cluster, and how to plan for it.
#[derive(Args, Debug)]
pub(super) struct PlanningArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Steps spent on a better plan; 0 takes the first answer [default: 50000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    improvement_steps: Option<u32>,
    /// Most of a workload's pods on one node, one pod at least [default: no limit]
    #[arg(long, value_name = "PERCENT", value_parser = value_parser!(u32).range(1..=100), allow_negative_numbers = true)]
    blast_radius: Option<u32>,
    /// What losing a node to a Spot interruption costs [default: 1]
    #[arg(long, value_name = "DOLLARS", value_parser = values::interruption_cost, allow_negative_numbers = true)]
    interruption_cost: Option<Price>,
    /// Respect or Ignore what pods only prefer [default: Respect]
    #[arg(long, value_name = "POLICY")]
    preference_policy: Option<PreferencePolicy>,
    /// `Strict`, or `BestEffort`: lower `minValues` that cannot be had [default: Strict]
    #[arg(long, value_name = "POLICY")]
    min_values_policy: Option<MinValuesPolicy>,
}

/// A plan, and whether everything that was read went into it.
pub(super) struct PlannedCluster {
    pub(super) planned: Planned,
    pub(super) refused: bool,
}

impl PlanningArgs {
    /// Reads the files, says what is wrong with them, and plans all pending pods.
    pub(super) fn plan(&self) -> anyhow::Result<PlannedCluster> {
        let ReadCluster { snapshot, settings, inputs, mut times, refused } = self.cluster.read()?;
        let watch = Instant::now();
        let plan = Engine::new(self.apply(settings)).plan_now(&snapshot);
        times.plan = watch.elapsed();
        if let Some(first) = plan.report.violations.first() {
            let number = plan.report.violations.len();
            bail!("the plan is withheld: the verifier found {number} faults, first: {first}");
        }
        Ok(PlannedCluster { planned: Planned { snapshot, plan, inputs, times }, refused })
    }

    /// The settings with what the options change in them.
    fn apply(&self, mut settings: Settings) -> Settings {
        if let Some(steps) = self.improvement_steps {
            settings.improvement_steps = steps;
        }
        if let Some(percent) = self.blast_radius {
            settings.blast_radius_percent = Some(percent);
        }
        if let Some(cost) = self.interruption_cost {
            settings.interruption_cost = cost;
        }
        if let Some(policy) = self.preference_policy {
            settings.preferences = policy;
        }
        if let Some(policy) = self.min_values_policy {
            settings.min_values_policy = policy;
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        planning: PlanningArgs,
    }

    fn settings(options: &[&str]) -> Settings {
        let words = ["plan", "cluster.yaml"].iter().chain(options);
        Line::parse_from(words).planning.apply(Settings::default())
    }

    #[test]
    fn without_options_the_settings_stay_and_are_those_in_the_help() {
        let found = settings(&[]);
        assert_eq!(found, Settings::default());
        assert_eq!((found.improvement_steps, found.blast_radius_percent), (50_000, None));
        assert_eq!(found.interruption_cost, Price::from_micro_usd(1_000_000));
    }

    #[test]
    fn options_change_the_settings() {
        let options =
            ["--improvement-steps", "0", "--blast-radius", "50", "--interruption-cost", "0.25"];
        let expected = Settings {
            improvement_steps: 0,
            blast_radius_percent: Some(50),
            interruption_cost: Price::from_micro_usd(250_000),
            ..Settings::default()
        };
        assert_eq!(settings(&options), expected);
    }

    #[test]
    fn policies_have_the_names_of_karpenter() {
        let options = ["--preference-policy", "Ignore", "--min-values-policy", "BestEffort"];
        let expected = Settings {
            preferences: PreferencePolicy::Ignore,
            min_values_policy: MinValuesPolicy::BestEffort,
            ..Settings::default()
        };
        assert_eq!(settings(&options), expected);
        let words = ["plan", "cluster.yaml", "--min-values-policy", "lax"];
        let error = Line::try_parse_from(words).unwrap_err().to_string();
        assert!(error.contains("expected Strict or BestEffort"), "{error}");
    }
}
