//! Answers in XML.

use std::fmt::Display;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use crate::account::filter::Tags;

/// An answer that is being written. Writing to memory cannot fail, so its results are dropped.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// A document with this root; all inside is in the namespace.
    pub(super) fn document(
        root: &str,
        namespace: Option<&str>,
        fill: impl FnOnce(&mut Self),
    ) -> String {
        let mut xml = Self(Writer::new(Vec::new()));
        let mut start = BytesStart::new(root);
        if let Some(namespace) = namespace {
            start.push_attribute(("xmlns", namespace));
        }
        drop(xml.0.write_event(Event::Start(start)));
        fill(&mut xml);
        drop(xml.0.write_event(Event::End(BytesEnd::new(root))));
        String::from_utf8(xml.0.into_inner()).unwrap_or_default()
    }

    /// An element with what is written meanwhile.
    pub(super) fn node(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        drop(self.0.write_event(Event::Start(BytesStart::new(name))));
        fill(self);
        drop(self.0.write_event(Event::End(BytesEnd::new(name))));
    }

    /// An element with a text.
    pub(super) fn text(&mut self, name: &str, value: impl Display) {
        let text = value.to_string();
        self.node(name, |xml| {
            drop(xml.0.write_event(Event::Text(BytesText::new(&text))));
        });
    }

    /// An element with a text, if there is one.
    pub(super) fn maybe(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An element with an instant.
    pub(super) fn time(&mut self, name: &str, at: Timestamp) {
        self.text(name, at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"));
    }

    /// An element with an `item` for each one of the list, as EC2 writes lists.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Self, T),
    ) {
        self.node(name, |xml| {
            for item in items {
                xml.node("item", |xml| fill(xml, item));
            }
        });
    }

    /// A list of texts.
    pub(super) fn texts<T: Display>(&mut self, name: &str, items: impl IntoIterator<Item = T>) {
        self.node(name, |xml| {
            for item in items {
                xml.text("item", item);
            }
        });
    }

    /// Tags as EC2 writes them.
    pub(super) fn tags(&mut self, tags: &Tags) {
        self.list("tagSet", tags, |xml, (key, value)| {
            xml.text("key", key);
            xml.text("value", value);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Xml;

    #[test]
    fn texts_are_escaped_and_lists_have_items() {
        let xml = Xml::document("R", Some("urn:x"), |xml| {
            xml.text("a", "<1 & 2>");
            xml.maybe("b", None::<u32>);
            xml.texts("c", [1, 2]);
        });
        let expected = "<R xmlns=\"urn:x\"><a>&lt;1 &amp; 2&gt;</a>\
                        <c><item>1</item><item>2</item></c></R>";
        assert_eq!(xml, expected);
    }

    #[test]
    fn instants_have_milliseconds() {
        let at = "2026-07-20T12:00:00Z".parse().unwrap();
        let xml = Xml::document("R", None, |xml| xml.time("t", at));
        assert_eq!(xml, "<R><t>2026-07-20T12:00:00.000Z</t></R>");
    }
}
