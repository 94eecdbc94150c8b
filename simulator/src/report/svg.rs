//! Writing SVG by hand: few elements, every text escaped.

use std::fmt::{Display, Write as _};

/// Text that is safe inside an element or a double-quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// An SVG fragment under construction.
#[derive(Debug, Default)]
pub(super) struct Svg {
    text: String,
}

/// A coordinate with at most one decimal: charts repeat thousands of them.
pub(super) fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

impl Svg {
    /// Opens an element with attributes.
    pub(super) fn open(&mut self, name: &str, attributes: &[(&str, &dyn Display)]) {
        self.tag(name, attributes, ">");
    }

    /// Closes an element.
    pub(super) fn close(&mut self, name: &str) {
        let _ = write!(self.text, "</{name}>");
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &dyn Display)]) {
        self.tag(name, attributes, "/>");
    }

    /// An element that holds only text.
    pub(super) fn leaf(&mut self, name: &str, attributes: &[(&str, &dyn Display)], text: &str) {
        self.open(name, attributes);
        self.text.push_str(&escape(text));
        self.close(name);
    }

    /// The finished fragment.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &dyn Display)], end: &str) {
        let _ = write!(self.text, "<{name}");
        for (key, value) in attributes {
            let _ = write!(self.text, " {key}=\"{}\"", escape(&value.to_string()));
        }
        self.text.push_str(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_files_cannot_leave_their_attribute() {
        let mut svg = Svg::default();
        svg.leaf("text", &[("class", &"\"><script>")], "a < b & c");
        let expected = "<text class=\"&quot;&gt;&lt;script&gt;\">a &lt; b &amp; c</text>";
        assert_eq!(svg.finish(), expected);
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([10.0, 0.25, 3.16].map(short), ["10", "0.2", "3.2"]);
    }
}
