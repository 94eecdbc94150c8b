//! The comparison as one page: picks what is shown, the template lays it out.

use std::collections::BTreeMap;

use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;
use thiserror::Error;

use super::chart::{self, Axes, Band, Chart, Key};
use super::format::{count, dollars, percent, seconds};
use super::grid::Grid;
use super::packing::{Packing, Painter};
use super::{figures, series, summary};
use crate::outcome::{Comparison, Outcome};

const TEMPLATE: &str = include_str!("../../templates/report.html");
const STYLE: &str = include_str!("../../templates/report.css");

/// Colours of strategies before they repeat.
const STRATEGY_COLOURS: usize = 8;
/// Colours of the instance types shown one by one, in an order in which neighbours differ.
const TYPE_COLOURS: [&str; 8] = ["c6", "c3", "c1", "c5", "c2", "c4", "c7", "c0"];

/// The page could not be written.
#[derive(Debug, Error)]
#[error("cannot write the HTML report")]
pub struct HtmlError(#[from] minijinja::Error);

pub(super) fn html(comparison: &Comparison) -> Result<String, HtmlError> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("report.html", TEMPLATE)?;
    Ok(environment.get_template("report.html")?.render(Serde(page(comparison)))?)
}

#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    title: String,
    trace: &'a str,
    synthetic: Option<&'static str>,
    headline: String,
    service: Option<String>,
    tiles: Vec<Tile>,
    bars: Vec<Bar<'a>>,
    tables: Vec<Figures>,
    cost: Chart,
    cpu_fill: Chart,
    memory_fill: Chart,
    strategies: Vec<Strategy<'a>>,
    packing_legend: Vec<Key>,
    inputs: Vec<(&'static str, String)>,
    notices: Vec<String>,
    command: &'a str,
    version: &'a str,
}

/// A figure that a hurried reader takes along.
#[derive(Serialize)]
struct Tile {
    value: String,
    label: String,
}

/// A strategy's dollars a month against the dearest, in percent.
#[derive(Serialize)]
struct Bar<'a> {
    name: &'a str,
    class: String,
    amount: String,
    width: String,
    bound: String,
}

#[derive(Serialize)]
struct Figures {
    caption: &'static str,
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct Strategy<'a> {
    name: &'a str,
    description: &'a str,
    class: String,
    types: Chart,
    capacity: Chart,
    waits: Chart,
    wait_caption: String,
    packing: Packing,
    instant: String,
    open: bool,
}

fn page(comparison: &Comparison) -> Page<'_> {
    let painter = Painter::new(comparison);
    let best = summary::best(comparison);
    let named = |caption, grid: &Grid| Figures {
        caption,
        titles: grid.titles().collect(),
        rows: grid.rows().to_vec(),
    };
    let share = |share: f64| format!("{:.0} %", share * 100.0);
    Page {
        style: STYLE,
        title: format!("Plimsoll: {}", comparison.trace.name),
        trace: &comparison.trace.name,
        synthetic: comparison.trace.synthetic.then_some(summary::SYNTHETIC),
        headline: unbroken(&summary::headline(comparison)),
        service: summary::service(comparison).map(|sentence| unbroken(&sentence)),
        tiles: best.map(|best| tiles(comparison, best)).unwrap_or_default(),
        bars: bars(comparison),
        tables: vec![
            named("Cost", &figures::cost(comparison)),
            named("Service", &figures::service(comparison)),
        ],
        cost: cost(comparison),
        cpu_fill: chart::lines(
            axes(comparison, "Share of CPU asked for, over time", share, Some(1.0)),
            None,
            each(comparison, |outcome| &outcome.series.cpu_fill),
        ),
        memory_fill: chart::lines(
            axes(comparison, "Share of memory asked for, over time", share, Some(1.0)),
            None,
            each(comparison, |outcome| &outcome.series.memory_fill),
        ),
        strategies: strategies(comparison, &painter, best),
        packing_legend: painter.legend().to_vec(),
        inputs: summary::inputs(comparison),
        notices: summary::notices(comparison),
        command: &comparison.command,
        version: &comparison.version,
    }
}

fn tiles(comparison: &Comparison, best: &Outcome) -> Vec<Tile> {
    let figures = &best.figures;
    let tile = |value, label: String| Tile { value, label };
    let first = &comparison.outcomes[0];
    vec![
        tile(percent(figures.saving), format!("saved against {}", first.strategy)),
        tile(dollars(figures.dollars_per_month), format!("a month with {}", best.strategy)),
        tile(percent(figures.over_bound), "above the proven bound".to_owned()),
        tile(seconds(figures.wait_p95_seconds), "longest wait of 95 % of the pods".to_owned()),
    ]
}

/// Keeps a number and its percent sign on one line.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

fn bars(comparison: &Comparison) -> Vec<Bar<'_>> {
    let dollars_of = |outcome: &Outcome| outcome.figures.dollars;
    let dearest = comparison.outcomes.iter().map(dollars_of).fold(f64::MIN_POSITIVE, f64::max);
    let width = |dollars: f64| format!("{:.2}%", dollars / dearest * 100.0);
    let outcomes = comparison.outcomes.iter().enumerate();
    outcomes
        .map(|(index, outcome)| Bar {
            name: &outcome.strategy,
            class: class(index),
            amount: dollars(outcome.figures.dollars_per_month) + figures::mark(outcome),
            width: width(outcome.figures.dollars),
            bound: width(comparison.clairvoyant_dollars),
        })
        .collect()
}

fn cost(comparison: &Comparison) -> Chart {
    let floor = Band {
        name: "clairvoyant bound".to_owned(),
        class: "bound".to_owned(),
        values: comparison.bound_series.clone(),
    };
    let bands = each(comparison, |outcome| &outcome.series.dollars_per_hour);
    let label = "Dollars an hour over time, one line a strategy, the bound as an area beneath";
    chart::lines(axes(comparison, label, axis_dollars, None), Some(floor), bands)
}

fn strategies<'a>(
    comparison: &'a Comparison,
    painter: &Painter<'_>,
    best: Option<&Outcome>,
) -> Vec<Strategy<'a>> {
    let waits = Waits::new(comparison);
    let strategy = |(index, outcome): (usize, &'a Outcome)| {
        let figures = &outcome.figures;
        let nodes = |name: &str| format!("Nodes by {name} over time, {}", outcome.strategy);
        let whole = |nodes: f64| {
            if nodes.fract() == 0.0 { count(nodes as u64) } else { format!("{nodes:.1}") }
        };
        Strategy {
            name: &outcome.strategy,
            description: &outcome.description,
            class: class(index),
            types: chart::stack(
                axes(comparison, &nodes("instance type"), whole, None),
                by_type(&outcome.series.nodes_by_type),
            ),
            capacity: chart::stack(
                axes(comparison, &nodes("capacity type"), whole, None),
                by_capacity_type(&outcome.series.nodes_by_capacity_type),
            ),
            waits: waits.chart(outcome, &class(index)),
            wait_caption: format!(
                "p50 {}, p95 {}, p99 {}, longest {}",
                seconds(figures.wait_p50_seconds),
                seconds(figures.wait_p95_seconds),
                seconds(figures.wait_p99_seconds),
                seconds(figures.wait_max_seconds)
            ),
            packing: painter.paint(&outcome.busiest),
            instant: seconds(outcome.busiest.at_seconds as f64),
            open: best.is_some_and(|best| best.strategy == outcome.strategy),
        }
    };
    comparison.outcomes.iter().enumerate().map(strategy).collect()
}

/// The part of the waiting-time histograms that any strategy fills, so that all charts agree.
struct Waits {
    from: usize,
    to: usize,
    max: f64,
}

impl Waits {
    fn new(comparison: &Comparison) -> Self {
        let histograms = || comparison.outcomes.iter().map(|one| &one.series.wait_histogram);
        let filled =
            |(index, (_, pods)): (usize, &(Option<f64>, u64))| (*pods > 0).then_some(index);
        let indices = || histograms().flat_map(|one| one.iter().enumerate().filter_map(filled));
        let shares = histograms().flat_map(|one| {
            let total = total(one);
            one.iter().map(move |(_, pods)| *pods as f64 / total)
        });
        Self {
            from: indices().min().unwrap_or(0),
            to: indices().max().map_or(0, |last| last + 1),
            max: shares.fold(0.0, f64::max),
        }
    }

    fn chart(&self, outcome: &Outcome, class: &str) -> Chart {
        let histogram = &outcome.series.wait_histogram;
        let total = total(histogram);
        let shown = histogram.get(self.from..self.to.min(histogram.len())).unwrap_or(&[]);
        let columns: Vec<_> = shown
            .iter()
            .map(|(edge, pods)| {
                let name = edge.map_or("more".to_owned(), |edge| format!("≤ {}", seconds(edge)));
                (name, *pods as f64 / total)
            })
            .collect();
        let label = format!("Share of pods by waiting time, {}", outcome.strategy);
        chart::columns(&label, class, &columns, self.max)
    }
}

fn axis_dollars(amount: f64) -> String {
    let text = dollars(amount);
    text.strip_suffix(".00").map_or_else(|| text.clone(), str::to_owned)
}

fn total(histogram: &[(Option<f64>, u64)]) -> f64 {
    histogram.iter().map(|(_, pods)| *pods).sum::<u64>().max(1) as f64
}

fn by_type(series: &BTreeMap<String, Vec<f64>>) -> Vec<Band> {
    let ranked = series::largest(series, TYPE_COLOURS.len());
    let classes = TYPE_COLOURS.into_iter().chain(std::iter::repeat("other"));
    let bands = ranked.into_iter().zip(classes);
    bands.map(|((name, values), class)| Band { name, class: class.to_owned(), values }).collect()
}

fn by_capacity_type(series: &BTreeMap<String, Vec<f64>>) -> Vec<Band> {
    let used = series.iter().filter(|(_, values)| values.iter().any(|value| *value > 0.0));
    used.map(|(name, values)| Band {
        name: name.clone(),
        class: name.clone(),
        values: values.clone(),
    })
    .collect()
}

fn each(comparison: &Comparison, values: impl Fn(&Outcome) -> &Vec<f64>) -> Vec<Band> {
    let outcomes = comparison.outcomes.iter().enumerate();
    outcomes
        .map(|(index, outcome)| Band {
            name: outcome.strategy.clone(),
            class: class(index),
            values: values(outcome).clone(),
        })
        .collect()
}

fn axes<'a>(
    comparison: &Comparison,
    label: &'a str,
    value: fn(f64) -> String,
    max: Option<f64>,
) -> Axes<'a> {
    Axes { label, seconds: comparison.seconds, value, max }
}

fn class(index: usize) -> String {
    format!("c{}", index % STRATEGY_COLOURS)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::comparison;
    use super::*;

    #[test]
    fn the_page_asks_the_network_for_nothing() {
        let page = html(&comparison()).unwrap();
        for word in ["http://", "https://", "<script", "<link", "@import", "url("] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn every_part_of_the_report_is_there() {
        let page = html(&comparison()).unwrap();
        for part in [
            "72.5 %",
            "Cost over time",
            "clairvoyant bound",
            "by instance type",
            "by capacity type",
            "Fill over time",
            "Waiting time",
            "Busiest instant",
            "plimsoll simulate azure2017-1in40 --seed 1",
            "2026-07-20",
            "CC-BY-4.0",
            "Spot prices are derived",
            "name=\"viewport\"",
        ] {
            assert!(page.contains(part), "{part}");
        }
    }

    #[test]
    fn names_are_escaped() {
        let mut comparison = comparison();
        comparison.outcomes[1].strategy = "<b>mine</b>".to_owned();
        let page = html(&comparison).unwrap();
        assert!(!page.contains("<b>mine"));
        assert!(page.contains("&lt;b&gt;mine"));
    }

    #[test]
    fn a_synthetic_trace_is_marked_beside_the_title() {
        let mut comparison = comparison();
        assert!(!html(&comparison).unwrap().contains("SYNTHETIC"));
        comparison.trace.synthetic = true;
        assert!(html(&comparison).unwrap().contains("<span class=\"badge\">SYNTHETIC</span>"));
    }

    #[test]
    fn elements_are_closed() {
        let page = html(&comparison()).unwrap();
        for name in ["svg", "section", "div", "figure", "details", "table", "ul", "path", "title"] {
            let opened = page.matches(&format!("<{name}>")).count()
                + page.matches(&format!("<{name} ")).count();
            assert_eq!(opened, page.matches(&format!("</{name}>")).count(), "{name}");
        }
    }
}
