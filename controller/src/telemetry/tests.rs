use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;

use super::subscriber;

/// Standard output of a test.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that `act` logs, as they are written.
fn written(level: LevelFilter, act: impl FnOnce()) -> String {
    let output = Output::default();
    let writer = output.clone();
    tracing::subscriber::with_default(subscriber(level, move || writer.clone()), act);
    let bytes = output.0.lock().unwrap();
    String::from_utf8(bytes.clone()).unwrap()
}

/// The lines that `act` logs.
pub(crate) fn logged(level: LevelFilter, act: impl FnOnce()) -> Vec<Value> {
    written(level, act).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_has_karpenters_keys_and_the_events_own() {
    let lines = logged(LevelFilter::INFO, || {
        tracing::info!(nodes = 3, price = 0.25, pod = %"web/a", gap = None::<f64>, "computed plan");
    });
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["logger"], "controller.telemetry.tests");
    assert_eq!(line["message"], "computed plan");
    assert!(line["commit"].is_string());
    assert_eq!((&line["nodes"], &line["price"]), (&3.into(), &0.25.into()));
    assert_eq!(line["pod"], "web/a");
    assert!(line.get("gap").is_none());
}

#[test]
fn karpenters_keys_come_first_and_the_others_in_their_order() {
    let text = written(LevelFilter::INFO, || tracing::info!(zone = "a", nodes = 3, "hello"));
    let keys = ["level", "time", "logger", "message", "commit", "zone", "nodes"];
    let places = keys.map(|key| text.find(&format!("\"{key}\":")));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
}

#[test]
fn quotes_and_line_breaks_stay_within_the_line() {
    let lines = logged(LevelFilter::INFO, || tracing::info!(error = "a\n\"b\"", "say \"hi\""));
    assert_eq!(
        (&lines[0]["error"], &lines[0]["message"]),
        (&"a\n\"b\"".into(), &"say \"hi\"".into())
    );
}

#[test]
fn times_are_utc_with_milliseconds() {
    let lines = logged(LevelFilter::INFO, || tracing::info!("hello"));
    let time = lines[0]["time"].as_str().unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    assert_eq!(time.len(), "2026-08-01T12:00:00.000Z".len());
}

#[test]
fn lower_levels_are_left_out() {
    let lines = logged(LevelFilter::ERROR, || {
        tracing::info!("hello");
        tracing::error!("help");
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["level"], "ERROR");
}
