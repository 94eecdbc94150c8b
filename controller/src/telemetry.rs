//! Logs as Karpenter writes them: one JSON object a line on standard output, with the keys
//! `level`, `time`, `logger`, `message` and `commit` before those of the event.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// The commit that the binary was built from, if the build says so.
const COMMIT: &str = match option_env!("PLIMSOLL_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Crate name in the path of a module, and what Karpenter's loggers begin with.
const CRATE: &str = "plimsoll_controller";
const LOGGER: &str = "controller";

/// A subscriber that writes events of at least this level.
pub(crate) fn subscriber<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(writer)
        .event_format(KarpenterJson)
        .finish()
}

struct KarpenterJson;

impl<S, N> FormatEvent<S, N> for KarpenterJson
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let logger = metadata.target().replace(CRATE, LOGGER).replace("::", ".");
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Fields { message, others } = fields;
        let first: [(&str, Value); 5] = [
            ("level", metadata.level().as_str().into()),
            ("time", format!("{:.3}", Timestamp::now()).into()),
            ("logger", logger.into()),
            ("message", message.into()),
            ("commit", COMMIT.into()),
        ];
        for (index, (key, value)) in first.into_iter().chain(others).enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            write!(writer, "{before}{}:{value}", Value::from(key))?;
        }
        writeln!(writer, "}}")
    }
}

/// The fields of an event in their order, the message apart.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn push(&mut self, field: &Field, value: impl Into<Value>) {
        self.others.push((field.name(), value.into()));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.push(field, format!("{value:?}"));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
