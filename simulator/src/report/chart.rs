//! Line, area and column charts as inline SVG.
//!
//! A chart is as wide as its container and its text never scales: lines and areas are drawn in a
//! nested `svg` that stretches, labels are placed outside it in percent. The style sheet leaves a
//! margin to the left for the values of the y axis.

use serde::Serialize;

use super::series::{instants, thin, ticks};
use super::svg::{Svg, short};

/// Height of a plot over time in pixels.
const TALL: f64 = 220.0;
/// Height of a plot of columns, of which a page has one a strategy.
const LOW: f64 = 130.0;
/// Room above the plot for the topmost label.
const TOP: f64 = 16.0;
/// Room beneath the plot for the labels of the x axis.
const BOTTOM: f64 = 22.0;
/// Side of the stretched coordinate system.
const SIDE: f64 = 1000.0;

/// A chart with its legend, as the template shows it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Chart {
    /// The picture.
    pub(super) svg: String,
    /// What its colours mean.
    pub(super) legend: Vec<Key>,
}

/// An entry of a legend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Key {
    /// CSS class of the colour.
    pub(super) class: String,
    /// Meaning.
    pub(super) name: String,
}

/// One series with its colour.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// Meaning.
    pub(super) name: String,
    /// CSS class of the colour (`c0`…).
    pub(super) class: String,
    /// One value a step.
    pub(super) values: Vec<f64>,
}

/// What the axes say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axes<'a> {
    /// The chart in words, for screen readers.
    pub(super) label: &'a str,
    /// Length of the time axis.
    pub(super) seconds: u64,
    /// Writes a value of the y axis.
    pub(super) value: fn(f64) -> String,
    /// Upper end of the y axis, if it does not follow from the data.
    pub(super) max: Option<f64>,
}

/// Lines over time, with an area beneath them.
pub(super) fn lines(axes: Axes<'_>, floor: Option<Band>, bands: Vec<Band>) -> Chart {
    let bands: Vec<_> = bands.into_iter().map(thinned).collect();
    let floor = floor.map(thinned);
    let values = bands.iter().chain(&floor).flat_map(|band| &band.values);
    let scale = ticks(axes.max.unwrap_or_else(|| values.copied().fold(0.0, f64::max)));
    let top = scale.last().copied().unwrap_or(1.0);
    let mut svg = Svg::default();
    open(&mut svg, axes.label, TALL);
    open_plot(&mut svg);
    if let Some(floor) = &floor {
        let zero = vec![0.0; floor.values.len()];
        area(&mut svg, floor, &zero, top);
    }
    for band in &bands {
        let class = format!("line {}", band.class);
        let d = format!("M{}", points(&band.values, top).join("L"));
        svg.open("path", &[("class", &class), ("d", &d)]);
        svg.leaf("title", &[], &band.name);
        svg.close("path");
    }
    svg.close("svg");
    grid(&mut svg, TALL, &scale, axes.value);
    time_axis(&mut svg, axes.seconds);
    svg.close("svg");
    Chart { svg: svg.finish(), legend: legend(bands.iter().chain(&floor)) }
}

/// Areas over time, one on top of the other, the first at the bottom.
pub(super) fn stack(axes: Axes<'_>, bands: Vec<Band>) -> Chart {
    let bands: Vec<_> = bands.into_iter().map(thinned).collect();
    let length = bands.iter().map(|band| band.values.len()).max().unwrap_or(0);
    let mut edges = vec![vec![0.0; length]];
    for band in &bands {
        let below = &edges[edges.len() - 1];
        let padded = band.values.iter().copied().chain(std::iter::repeat(0.0));
        edges.push(below.iter().zip(padded).map(|(below, value)| below + value).collect());
    }
    let scale = ticks(edges[edges.len() - 1].iter().copied().fold(0.0, f64::max));
    let top = scale.last().copied().unwrap_or(1.0);
    let mut svg = Svg::default();
    open(&mut svg, axes.label, TALL);
    open_plot(&mut svg);
    for (index, band) in bands.iter().enumerate() {
        let upper = Band { values: edges[index + 1].clone(), ..band.clone() };
        area(&mut svg, &upper, &edges[index], top);
    }
    svg.close("svg");
    grid(&mut svg, TALL, &scale, axes.value);
    time_axis(&mut svg, axes.seconds);
    svg.close("svg");
    // Top to bottom, as the eye meets them.
    Chart { svg: svg.finish(), legend: legend(bands.iter().rev()) }
}

/// Columns of shares with a label beneath each.
pub(super) fn columns(label: &str, class: &str, columns: &[(String, f64)], max: f64) -> Chart {
    let scale = ticks(max);
    let top = scale.last().copied().unwrap_or(1.0);
    let width = 100.0 / columns.len().max(1) as f64;
    // So many labels fit at a phone's width.
    let every = columns.len().div_ceil(4).max(1);
    let mut svg = Svg::default();
    open(&mut svg, label, LOW);
    for (index, (name, share)) in columns.iter().enumerate() {
        let height = share / top * LOW;
        let left = index as f64 * width;
        svg.open(
            "rect",
            &[
                ("class", &format!("area {class}")),
                ("x", &format!("{:.2}%", left + width * 0.1)),
                ("y", &short(TOP + LOW - height)),
                ("width", &format!("{:.2}%", width * 0.8)),
                ("height", &short(height)),
            ],
        );
        svg.leaf("title", &[], &format!("{name}: {:.1} % of the pods", share * 100.0));
        svg.close("rect");
        if index % every == 0 {
            let x = format!("{:.2}%", left + width / 2.0);
            let y = short(TOP + LOW + 16.0);
            svg.leaf("text", &[("class", &"tick middle"), ("x", &x), ("y", &y)], name);
        }
    }
    grid(&mut svg, LOW, &scale, |share| format!("{:.0} %", share * 100.0));
    svg.close("svg");
    Chart { svg: svg.finish(), legend: Vec::new() }
}

fn thinned(band: Band) -> Band {
    Band { values: thin(&band.values), ..band }
}

fn legend<'a>(bands: impl Iterator<Item = &'a Band>) -> Vec<Key> {
    bands.map(|band| Key { class: band.class.clone(), name: band.name.clone() }).collect()
}

fn open(svg: &mut Svg, label: &str, plot: f64) {
    let height = short(TOP + plot + BOTTOM);
    let attributes: [(&str, &dyn std::fmt::Display); 4] =
        [("class", &"chart"), ("height", &height), ("role", &"img"), ("aria-label", &label)];
    svg.open("svg", &attributes);
}

fn open_plot(svg: &mut Svg) {
    svg.open(
        "svg",
        &[
            ("x", &0),
            ("y", &TOP),
            ("width", &"100%"),
            ("height", &TALL),
            ("viewBox", &format!("0 0 {SIDE} {SIDE}")),
            ("preserveAspectRatio", &"none"),
        ],
    );
}

/// Values as points: each in the middle of its step, and held to both ends of the plot.
fn points(values: &[f64], top: f64) -> Vec<String> {
    let width = SIDE / values.len().max(1) as f64;
    let y = |value: f64| short(SIDE - value / top * SIDE);
    let middle = values.iter().enumerate();
    let mut points: Vec<_> = middle
        .map(|(index, value)| format!("{} {}", short((index as f64 + 0.5) * width), y(*value)))
        .collect();
    if let (Some(first), Some(last)) = (values.first(), values.last()) {
        points.insert(0, format!("0 {}", y(*first)));
        points.push(format!("{SIDE} {}", y(*last)));
    }
    points
}

fn area(svg: &mut Svg, upper: &Band, lower: &[f64], top: f64) {
    let mut outline = points(&upper.values, top);
    outline.extend(points(lower, top).into_iter().rev());
    let class = format!("area {}", upper.class);
    svg.open("path", &[("class", &class), ("d", &format!("M{}Z", outline.join("L")))]);
    svg.leaf("title", &[], &upper.name);
    svg.close("path");
}

/// Horizontal rules, and their values in the margin.
fn grid(svg: &mut Svg, height: f64, scale: &[f64], value: fn(f64) -> String) {
    let top = scale.last().copied().unwrap_or(1.0);
    for tick in scale {
        let y = short(TOP + height - tick / top * height);
        let class = if *tick == 0.0 { "axis" } else { "rule" };
        svg.empty(
            "line",
            &[("class", &class), ("x1", &0), ("x2", &"100%"), ("y1", &y), ("y2", &y)],
        );
        let y = short(TOP + height - tick / top * height + 4.0);
        svg.leaf("text", &[("class", &"tick end"), ("x", &-7), ("y", &y)], &value(*tick));
    }
}

fn time_axis(svg: &mut Svg, seconds: u64) {
    for (at, label) in instants(seconds) {
        let share = at as f64 / seconds.max(1) as f64 * 100.0;
        let anchor = match share {
            left if left < 3.0 => "tick",
            right if right > 97.0 => "tick end",
            _ => "tick middle",
        };
        let x = format!("{share:.2}%");
        let y = short(TOP + TALL + 16.0);
        svg.leaf("text", &[("class", &anchor), ("x", &x), ("y", &y)], &label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Axes<'static> {
        Axes { label: "cost", seconds: 3600, value: |value| format!("${value}"), max: None }
    }

    fn band(name: &str, values: &[f64]) -> Band {
        Band { name: name.to_owned(), class: "c0".to_owned(), values: values.to_vec() }
    }

    #[test]
    fn a_line_is_held_to_both_ends_of_the_plot() {
        let chart = lines(axes(), None, vec![band("a", &[0.0, 10.0])]);
        assert!(chart.svg.contains("d=\"M0 1000L250 1000L750 0L1000 0\""), "{}", chart.svg);
    }

    #[test]
    fn areas_stand_on_each_other() {
        let chart = stack(axes(), vec![band("a", &[4.0]), band("b", &[6.0])]);
        let lower = "M0 600L500 600L1000 600L1000 1000L500 1000L0 1000Z";
        let upper = "M0 0L500 0L1000 0L1000 600L500 600L0 600Z";
        assert!(chart.svg.contains(lower) && chart.svg.contains(upper), "{}", chart.svg);
    }

    #[test]
    fn a_chart_says_in_words_what_it_shows() {
        let chart = columns("waiting times", "c0", &[("1 s".to_owned(), 0.5)], 1.0);
        assert!(chart.svg.contains("role=\"img\" aria-label=\"waiting times\""));
        assert!(chart.svg.contains("<title>1 s: 50.0 % of the pods</title>"));
    }

    #[test]
    fn a_chart_without_data_is_empty_and_whole() {
        let chart = stack(axes(), Vec::new());
        assert_eq!(chart.svg.matches("<svg").count(), chart.svg.matches("</svg>").count());
    }
}
