//! Disruption budgets.

use scheduler_core::model::BudgetLimit;

use crate::crd::node_pool::Budget;
use crate::duration::parse_whole;
use crate::finding::Problem;

/// The cap of a budget, if it names one, once everything else in it makes sense.
pub(super) fn parse(budget: &Budget) -> Result<Option<BudgetLimit>, Problem> {
    let limit = budget.nodes.as_deref().map(parse_nodes).transpose()?;
    match (budget.schedule.as_deref(), budget.duration.as_deref()) {
        (None, None) => {}
        (Some(schedule), Some(duration)) => {
            check_schedule(schedule)?;
            check_duration(duration)?;
        }
        (Some(_), None) => return Err(incomplete("schedule", "duration")),
        (None, Some(_)) => return Err(incomplete("duration", "schedule")),
    }
    let known = ["Underutilized", "Empty", "Drifted"];
    let reasons = budget.reasons.iter().flatten();
    if let Some(reason) = reasons.clone().find(|reason| !known.contains(&reason.as_str())) {
        return Err(blocking(
            "reasons",
            &format!("unknown reason {reason:?}, expected Underutilized, Empty or Drifted"),
            "correct the reason",
        ));
    }
    Ok(limit)
}

fn parse_nodes(text: &str) -> Result<BudgetLimit, Problem> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let limit = match text.strip_suffix('%') {
        Some(percent) if is_number(percent) && percent.len() <= 3 => {
            percent.parse().ok().filter(|percent| *percent <= 100).map(BudgetLimit::Percent)
        }
        None if is_number(text) => text.parse().ok().map(BudgetLimit::Count),
        Some(_) | None => None,
    };
    limit.ok_or_else(|| {
        let problem = format!("{text:?} is neither a number nor a percentage up to 100%");
        blocking("nodes", &problem, "write a number such as 3 or a percentage such as 10%")
    })
}

const NAMED_SCHEDULES: [&str; 7] =
    ["@annually", "@yearly", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

fn check_schedule(schedule: &str) -> Result<(), Problem> {
    let in_field = |byte: u8| byte.is_ascii_alphanumeric() || b"*/,-?".contains(&byte);
    let mut fields = schedule.split_whitespace();
    let is_cron = fields.clone().count() == 5 && fields.all(|field| field.bytes().all(in_field));
    if is_cron || NAMED_SCHEDULES.contains(&schedule) {
        return Ok(());
    }
    Err(blocking(
        "schedule",
        &format!("{schedule:?} is not a cron line of five fields"),
        "write one in UTC such as \"0 9 * * mon-fri\", or a name such as @daily",
    ))
}

/// Hours and minutes; `0s` may follow.
fn check_duration(duration: &str) -> Result<(), Problem> {
    let whole = duration.strip_suffix("0s").filter(|rest| rest.ends_with(['h', 'm']));
    let whole = whole.unwrap_or(duration);
    if parse_whole(whole).is_ok() && !whole.contains('s') {
        return Ok(());
    }
    Err(blocking(
        "duration",
        &format!("{duration:?} is not a duration of hours and minutes"),
        "write one such as 8h or 1h30m",
    ))
}

fn incomplete(present: &str, missing: &str) -> Problem {
    blocking(missing, &format!("it is missing although {present} is set"), "set both or neither")
}

fn blocking(field: &str, problem: &str, fix: &str) -> Problem {
    Problem::new(field, format!("{problem}; until then the budget allows no disruption"), fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheduled(schedule: Option<&str>, duration: Option<&str>) -> Budget {
        Budget {
            nodes: Some("5".to_owned()),
            schedule: schedule.map(str::to_owned),
            duration: duration.map(str::to_owned),
            ..Budget::default()
        }
    }

    #[test]
    fn nodes_are_a_number_or_a_percentage() {
        assert_eq!(parse_nodes("10%"), Ok(BudgetLimit::Percent(10)));
        assert_eq!(parse_nodes("100%"), Ok(BudgetLimit::Percent(100)));
        assert_eq!(parse_nodes("7"), Ok(BudgetLimit::Count(7)));
        for text in ["", "%", "-1", "-1%", "101%", "1000%", "1.5", "+1"] {
            assert!(parse_nodes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn schedule_and_duration_go_together() {
        assert!(parse(&scheduled(Some("0 9 * * mon-fri"), Some("8h"))).is_ok());
        assert!(parse(&scheduled(Some("@daily"), Some("1h30m0s"))).is_ok());
        assert!(parse(&scheduled(Some("@daily"), None)).is_err());
        assert!(parse(&scheduled(None, Some("8h"))).is_err());
    }

    #[test]
    fn schedules_have_five_fields_and_durations_no_seconds() {
        for schedule in ["* * * *", "* * * * * *", "@sometimes", "a;b * * * *"] {
            assert!(parse(&scheduled(Some(schedule), Some("8h"))).is_err(), "{schedule}");
        }
        for duration in ["30s", "-1h", "1h30s", "Never", ""] {
            assert!(parse(&scheduled(Some("@daily"), Some(duration))).is_err(), "{duration}");
        }
    }
}
