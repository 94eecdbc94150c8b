//! Splits a text into documents, and documents into objects.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ReadError;
use super::object::{Content, Type, add};
use crate::finding::Source;
use crate::objects::Objects;

/// Reads every object of a text.
pub(super) fn read(objects: &mut Objects, file: &str, text: &str) -> Result<(), ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { objects, file: file.into(), document: 0 };
    if is_json(text) { reader.json(text) } else { reader.yaml(text) }
}

/// Whether the text starts as a JSON object does. YAML is a superset, but JSON is read much faster.
fn is_json(text: &str) -> bool {
    text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"'))
}

struct Reader<'a> {
    objects: &'a mut Objects,
    file: Arc<str>,
    document: u32,
}

/// What an object says it is, and the items of a list as text: a large list is read item by item.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

impl Reader<'_> {
    /// Reads JSON objects, one after the other.
    fn json(&mut self, text: &str) -> Result<(), ReadError> {
        for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            self.document += 1;
            let text = document.map_err(|error| self.json_error(&error))?.get();
            let Head { kind, api_version, items } = head(text);
            let of = Type { kind, api_version };
            match items.filter(|_| of.kind.ends_with("List")) {
                Some(items) => {
                    for (index, item) in items.into_iter().enumerate() {
                        let text = item.get();
                        let Head { kind, api_version, .. } = head(text);
                        let of = of.of_item(Type { kind, api_version });
                        self.add(of, Content::Text(text), Some(index));
                    }
                }
                None => self.add(of, Content::Text(text), None),
            }
        }
        Ok(())
    }

    fn json_error(&self, error: &serde_json::Error) -> ReadError {
        self.syntax(error.line() as u64, &error.to_string())
    }

    /// Reads YAML documents, separated by lines that start with `---`, as kubectl does.
    fn yaml(&mut self, text: &str) -> Result<(), ReadError> {
        for Part { first_line, text } in split(text) {
            self.document += 1;
            if is_blank(text) {
                continue;
            }
            let value: Value =
                serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
                    let line = error.location().map_or(1, |location| location.line());
                    self.syntax(first_line + line - 1, &error.without_snippet().to_string())
                })?;
            self.document(value);
        }
        Ok(())
    }

    /// Adds a document: nothing, an object or a list of objects.
    fn document(&mut self, mut value: Value) {
        if value.is_null() {
            return;
        }
        let of = type_of(&value);
        let items = value.get_mut("items").filter(|_| of.kind.ends_with("List"));
        match items.map(Value::take) {
            Some(Value::Array(items)) => {
                for (index, item) in items.into_iter().enumerate() {
                    self.add(of.of_item(type_of(&item)), Content::Tree(item), Some(index));
                }
            }
            // `items: null` is how an empty list may be written.
            Some(Value::Null) => {}
            Some(_) | None => self.add(of, Content::Tree(value), None),
        }
    }

    fn add(&mut self, of: Type, content: Content<'_>, index: Option<usize>) {
        let item = index.map(|index| index as u32 + 1);
        let source = Source { file: Arc::clone(&self.file), document: self.document, item };
        add(self.objects, source, of, content);
    }

    /// The parsers name the line themselves, but count from the start of the document.
    fn syntax(&self, line: u64, message: &str) -> ReadError {
        let message = message.split_once(" at line ").map_or(message, |(message, _)| message);
        ReadError::Syntax {
            file: self.file.to_string(),
            document: self.document,
            line,
            message: message.to_owned(),
        }
    }
}

/// The head of an object; something else has none, and becomes a finding for want of a kind.
fn head(text: &str) -> Head<'_> {
    serde_json::from_str(text).unwrap_or_default()
}

fn type_of(value: &Value) -> Type {
    let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Type { kind: text("kind"), api_version: text("apiVersion") }
}

impl Type {
    /// The type of an item: items of a typed list (`PodList`) may leave out what the list says.
    fn of_item(&self, item: Self) -> Self {
        if !item.kind.is_empty() {
            return item;
        }
        let kind = self.kind.strip_suffix("List").unwrap_or_default().to_owned();
        Self { kind, api_version: self.api_version.clone() }
    }
}

/// A document of a YAML text, and the line that it starts on.
struct Part<'a> {
    first_line: u64,
    text: &'a str,
}

fn split(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut first_line, mut offset) = (0, 1, 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            parts.push(Part { first_line, text: &text[start..offset] });
            // Something may follow on the same line, such as a comment.
            start = offset + 3;
            first_line = index as u64 + 1;
        }
        offset += line.len();
    }
    parts.push(Part { first_line, text: &text[start..] });
    // A separator before the first document is a habit, not an empty document.
    if parts.len() > 1 && is_blank(parts[0].text) {
        parts.remove(0);
    }
    parts
}

fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line.starts_with('%') || line == "..."
    })
}

/// The parser's limits guard a server; the files here are the user's own and may be large.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: None,
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
        with_snippet: false,
        // Labels such as `y` and `no` are texts.
        strict_booleans: true,
    }
}
