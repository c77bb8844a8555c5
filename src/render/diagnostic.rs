//! Findings as a compiler tells them: the sentence, where, the line of the source with what is wrong underlined, what
//! was found, what was expected, what to do.

use super::table::width;
use crate::error;
use crate::rules::{Finding, Severity};
use crate::text::{Lang, Shown, Text, t};
use crate::xml::Place;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;
use std::ops::Range;

/// How diagnostics are written.
pub struct Diagnostics {
    /// In which language.
    pub lang: Lang,
    /// With escape sequences.
    pub colour: bool,
}

/// Characters of a source line that are shown at most; longer lines show the part around what is wrong.
const WINDOW: usize = 120;
/// Of these, before what is wrong.
const BEFORE: usize = 40;

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();
const BOLD: Style = Style::new().bold();

impl Diagnostics {
    /// All findings of a file, each followed by an empty line.
    pub fn of(&self, file: &str, source: Option<&str>, findings: &[Finding]) -> String {
        self.with_form(file, source, None, findings)
    }

    /// The same of a pièce that came with a deposit form: the name of the form's file, and its text.
    pub fn with_form(
        &self,
        file: &str,
        source: Option<&str>,
        form: Option<(&str, &str)>,
        findings: &[Finding],
    ) -> String {
        let any = |of_form: bool| findings.iter().any(|f| f.place.as_ref().is_some_and(|at| at.form == of_form));
        let source = source.filter(|_| any(false)).map(Source::new);
        let page = form.filter(|_| any(true)).map(|(name, text)| (name, Source::new(text)));
        let mut text = String::new();
        for finding in findings {
            let is_of_form = finding.place.as_ref().is_some_and(|at| at.form);
            // Writing into a String cannot fail.
            let _ = match page.as_ref().filter(|_| is_of_form) {
                Some((name, page)) => self.one(&mut text, name, Some(page), finding),
                None => self.one(&mut text, file, source.as_ref().filter(|_| !is_of_form), finding),
            };
        }
        text
    }

    fn one(&self, to: &mut String, file: &str, source: Option<&Source<'_>>, finding: &Finding) -> std::fmt::Result {
        let (name, style) = match finding.severity {
            Severity::Error => (t("erreur", "error"), RED),
            Severity::Warning => (t("avertissement", "warning"), YELLOW),
        };
        let head = self.paint(style, format_args!("{}[{}]", name.get(self.lang), finding.rule));
        let says = self.paint(BOLD, format_args!(": {}", Shown(finding.message.get(self.lang))));
        writeln!(to, "{head}{says}")?;
        let part = finding.place.as_ref().and_then(|at| source.map(|s| s.shown(at)));
        let gutter = part.as_ref().map_or(1, |part| part.line.to_string().len());
        let arrow = self.paint(BLUE, format_args!("{:gutter$}-->", ""));
        match &finding.place {
            Some(at) => writeln!(to, "{arrow} {}:{}:{}", Shown(file), at.line, at.column)?,
            None => writeln!(to, "{arrow} {}", Shown(file))?,
        }
        let bar = self.paint(BLUE, format_args!("{:gutter$} |", ""));
        if let Some(part) = part {
            let number = self.paint(BLUE, format_args!("{:gutter$} |", part.line));
            let (space, carets) = part.underline();
            let carets = self.paint(style, format_args!("{carets}"));
            writeln!(to, "{bar}\n{number} {}\n{bar} {space}{carets}\n{bar}", part.line_shown().trim_end())?;
        }
        let expected = finding.expected.as_ref().map(|e| e.get(self.lang));
        #[rustfmt::skip]
        let notes: [(Text, Option<&str>); 3] = [
            (t("trouvé : ", "found: "),      finding.found.as_deref()),
            (t("attendu : ", "expected: "),  expected),
            (t("remède : ", "help: "),       Some(finding.help.get(self.lang))),
        ];
        for (name, text) in notes {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                let equals = self.paint(BLUE, format_args!("{:gutter$} =", ""));
                let name = self.paint(BOLD, format_args!("{}", name.get(self.lang)));
                writeln!(to, "{equals} {name}{}", note(text))?;
            }
        }
        writeln!(to)
    }

    fn paint(&self, style: Style, text: std::fmt::Arguments<'_>) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

/// A text on one line: what was found may be long, and may hold anything.
fn note(text: &str) -> String {
    if text.chars().count() > 400 { error::shown(text) } else { Shown(text).to_string() }
}

/// A document with the beginnings of its lines.
struct Source<'s> {
    text: &'s str,
    lines: Vec<usize>,
}

/// The part of a line that is shown.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    text: String,
    line: usize,
    marked: Range<usize>,
}

impl<'s> Source<'s> {
    fn new(text: &'s str) -> Source<'s> {
        let lines = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1)).collect();
        Source { text, lines }
    }

    /// The line of what is wrong, or the part of it that a screen holds.
    fn shown(&self, at: &Place) -> Part {
        let start = floor(self.text, at.span.0);
        let n = self.lines.partition_point(|line| *line <= start).saturating_sub(1);
        let end = self.lines.get(n + 1).map_or(self.text.len(), |next| next - 1);
        let whole = self.text[self.lines[n]..end].trim_end_matches('\r');
        let from = start - self.lines[n];
        let marked = from.min(whole.len())..floor(whole, from.saturating_add(at.span.1)).max(from.min(whole.len()));
        window(whole, marked, n + 1)
    }
}

/// Cuts a line that no screen holds; what is marked stays in sight.
fn window(line: &str, marked: Range<usize>, number: usize) -> Part {
    if line.chars().take(WINDOW + 1).count() <= WINDOW {
        return Part { text: line.to_owned(), line: number, marked };
    }
    let before = &line[..marked.start];
    let from = before.char_indices().rev().nth(BEFORE - 1).map_or(0, |(i, _)| i);
    let to = line[from..].char_indices().nth(WINDOW).map_or(line.len(), |(i, _)| from + i);
    let (head, tail) = (if from > 0 { "…" } else { "" }, if to < line.len() { "…" } else { "" });
    let shift = |i: usize| i.min(to) - from + head.len();
    Part {
        text: format!("{head}{}{tail}", &line[from..to]),
        line: number,
        marked: shift(marked.start)..shift(marked.end),
    }
}

impl Part {
    /// As a terminal may see it: nothing in it moves the cursor, a tab is one space.
    fn line_shown(&self) -> String {
        made_visible(&self.text)
    }

    /// The space before the carets, and the carets: one at least.
    fn underline(&self) -> (String, String) {
        let before = width(&made_visible(&self.text[..self.marked.start]));
        let marked = width(&made_visible(&self.text[self.marked.clone()]));
        (" ".repeat(before), "^".repeat(marked.max(1)))
    }
}

fn made_visible(text: &str) -> String {
    Shown(&text.replace('\t', " ")).to_string()
}

/// The nearest place before which a character begins.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Layer;
    use crate::text::Msg;

    fn finding(span: (usize, usize)) -> Finding {
        Finding {
            rule: "G1.05",
            layer: Layer::Chorus,
            severity: Severity::Error,
            terms: &["BT-1"],
            place: Some(Place { line: 2, column: 3, path: "/Invoice/cbc:ID".to_owned(), span, form: false }),
            message: Msg::new("numéro fautif", "wrong number"),
            found: Some("F\u{1b}1".to_owned()),
            expected: Some(Msg::new("A à Z", "A to Z")),
            help: Msg::new("corrigez", "mend it"),
        }
    }

    #[test]
    fn a_finding_is_told_as_a_compiler_does() {
        let source = "<Invoice>\n  <cbc:ID>F-é1</cbc:ID>\n</Invoice>";
        let plain = Diagnostics { lang: Lang::En, colour: false };
        let told = plain.of("a.xml", Some(source), &[finding((20, 5))]);
        let expected = [
            "error[G1.05]: wrong number",
            " --> a.xml:2:3",
            "  |",
            "2 |   <cbc:ID>F-é1</cbc:ID>",
            "  |           ^^^^",
            "  |",
            "  = found: F\\u{1b}1",
            "  = expected: A to Z",
            "  = help: mend it",
            "",
            "",
        ];
        assert_eq!(told, expected.join("\n"));
        let french = Diagnostics { lang: Lang::Fr, colour: false }.of("a.xml", Some(source), &[finding((20, 5))]);
        assert!(french.starts_with("erreur[G1.05]: numéro fautif\n") && french.contains("= trouvé : F"), "{french}");
    }

    #[test]
    fn a_line_that_no_screen_holds_is_cut_around_what_is_wrong() {
        let line = format!("{}é{}", "x".repeat(5000), "y".repeat(5000));
        let part = window(&line, 5000..5002, 1);
        assert_eq!(part.text.chars().count(), WINDOW + 2);
        assert_eq!(&part.text[part.marked.clone()], "é");
        let all = window(&line, 0..line.len(), 1);
        assert_eq!((all.marked.start, all.text.chars().last()), (0, Some('…')));
    }

    #[test]
    fn any_span_is_taken() {
        let source = "é\r\n\nab";
        let plain = Diagnostics { lang: Lang::En, colour: false };
        for start in 0..9 {
            for len in [0, 1, 2, 50, usize::MAX] {
                assert!(plain.of("a", Some(source), &[finding((start, len))]).contains("help"));
            }
        }
        assert!(plain.of("a", Some(""), &[finding((0, 0))]).contains("a:2:3"));
    }
}
