//! Writing XML: one buffer, elements in the order they are said, every text made fit for XML on its way in.

use crate::text::is_hidden;
use std::fmt::{Display, Write};

/// XML as it is written.
#[derive(Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Opens an element.
    pub fn open(&mut self, name: &str) {
        self.tag(name, &[]);
        self.0.push('\n');
    }

    /// Opens an element that has one attribute.
    pub fn open_with(&mut self, name: &str, attribute: &str, value: impl Display) {
        self.tag(name, &[(attribute, value.to_string())]);
        self.0.push('\n');
    }

    /// Closes it.
    pub fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push_str(">\n");
    }

    /// An element that holds a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.tag(name, &[]);
        escape(text, Place::Text, &mut self.0);
        self.close(name);
    }

    /// An element that holds a text, where there is one.
    pub fn text_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|t| !t.is_empty()) {
            self.text(name, text);
        }
    }

    /// An element that holds an attribute and nothing else.
    pub fn empty_with(&mut self, name: &str, attribute: &str, value: &str) {
        self.tag(name, &[(attribute, value.to_owned())]);
        self.0.insert(self.0.len() - 1, '/');
        self.0.push('\n');
    }

    /// What was written elsewhere.
    pub fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// What was written here.
    pub fn finish(self) -> String {
        self.0
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, String)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            escape(value, Place::Attribute, &mut self.0);
            self.0.push('"');
        }
        self.0.push('>');
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Attribute,
}

/// Characters that must not stand as they are: those with a meaning in XML become entities, white space that a reader
/// would change and what is not seen or changes the order of a line become references, and what XML cannot hold at all
/// becomes visible (`\u{1b}`), as on a terminal.
fn escape(text: &str, place: Place, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if place == Place::Attribute => out.push_str("&quot;"),
            '\t' | '\n' if place == Place::Text => out.push(c),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ if is_shown_instead(c) => out.extend(c.escape_unicode()),
            // Part of a name, and harmless to whoever looks at the file.
            _ if is_hidden(c) => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
}

/// Control characters, of which XML 1.0 forbids some and a terminal obeys others, and the two non-characters it
/// forbids.
fn is_shown_instead(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// How many characters a reader will find where this text was written.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(|c| if is_shown_instead(c) { c.escape_unicode().count() } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_made_fit_for_xml() {
        let mut m = Markup::default();
        m.text("A", "a<b>&\"c'\u{0}\u{1b}[31m\r\n\té\u{fffe}\u{85}");
        assert_eq!(m.finish(), "<A>a&lt;b&gt;&amp;\"c'\\u{0}\\u{1b}[31m&#13;\n\té\\u{fffe}\\u{85}</A>\n");
        let mut m = Markup::default();
        m.text("A", "a\u{202e}b\u{ad}");
        assert_eq!(m.finish(), "<A>a&#8238;b&#173;</A>\n");
        let mut m = Markup::default();
        m.empty_with("A", "Id", "\"<\n>");
        assert_eq!(m.finish(), "<A Id=\"&quot;&lt;&#10;&gt;\"/>\n");
    }

    #[test]
    fn an_absent_or_empty_text_leaves_no_element() {
        let mut m = Markup::default();
        m.text_if("A", None);
        m.text_if("A", Some(""));
        assert_eq!(m.finish(), "");
    }

    #[test]
    fn a_length_is_what_a_reader_counts() {
        assert_eq!(length("é<&"), 3);
        assert_eq!(length("\u{1b}"), r"\u{1b}".len());
    }
}
