//! Splits a text into documents, and documents into objects.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ReadError;
use super::object::add;
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

/// A list, with its items left as text so that a large one is not held in memory twice.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawList<'a> {
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
            let document = document.map_err(|error| self.json_error(&error))?;
            match serde_json::from_str::<RawList<'_>>(document.get()) {
                Ok(RawList { kind, api_version, items: Some(items) }) if kind.ends_with("List") => {
                    for (index, item) in items.into_iter().enumerate() {
                        let item = self.json_value(item)?;
                        self.item(index, with_type(item, &kind, &api_version));
                    }
                }
                _ => {
                    let value = self.json_value(document)?;
                    self.document(value);
                }
            }
        }
        Ok(())
    }

    fn json_value(&self, raw: &RawValue) -> Result<Value, ReadError> {
        serde_json::from_str(raw.get()).map_err(|error| self.json_error(&error))
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
        let kind = text(&value, "kind");
        match value.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) if kind.ends_with("List") => {
                let api_version = text(&value, "apiVersion");
                for (index, item) in items.into_iter().enumerate() {
                    self.item(index, with_type(item, &kind, &api_version));
                }
            }
            Some(items) => {
                value["items"] = items;
                self.add(value, None);
            }
            None if value.is_null() => {}
            None => self.add(value, None),
        }
    }

    fn item(&mut self, index: usize, value: Value) {
        self.add(value, Some(index as u32 + 1));
    }

    fn add(&mut self, value: Value, item: Option<u32>) {
        let source = Source { file: Arc::clone(&self.file), document: self.document, item };
        add(self.objects, source, value);
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

/// Items of a typed list (`PodList`) may leave out what the list already says.
fn with_type(mut item: Value, list_kind: &str, api_version: &str) -> Value {
    let kind = list_kind.strip_suffix("List").unwrap_or_default();
    if let Value::Object(fields) = &mut item
        && !kind.is_empty()
        && !fields.contains_key("kind")
    {
        fields.insert("kind".to_owned(), kind.into());
        fields.entry("apiVersion").or_insert_with(|| api_version.into());
    }
    item
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
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
