//! One leaf of paper: a title, what it says, labelled lines under headings, a note. As text for a terminal or a mail it
//! is 80 columns wide, whatever the terminal; `pdf` draws the same.

use super::table::width;

/// A leaf, in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaf {
    /// Two letters: the language.
    pub lang: &'static str,
    /// Its title.
    pub title: String,
    /// What it says, in sentences.
    pub says: String,
    /// Its parts.
    pub parts: Vec<Part>,
    /// What is to be known of it.
    pub note: String,
}

/// A heading, and what stands below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The heading.
    pub heading: &'static str,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A label and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The label.
    pub label: &'static str,
    /// The value, with nothing in it that moves a cursor.
    pub value: String,
    /// Whether it is a hash, to be compared sign by sign.
    pub code: bool,
}

/// Columns of the text.
const COLUMNS: usize = 80;
/// Before a hash that needs a line of its own.
const INDENT: &str = "    ";

impl Leaf {
    /// The leaf as text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n{}", self.title, paragraph(&self.says));
        for part in &self.parts {
            text.push_str(&format!("\n{}\n", part.heading));
            part.lines.iter().for_each(|line| line.write(self.labels(), &mut text));
        }
        if !self.note.is_empty() {
            text.push_str(&format!("\n{}", paragraph(&self.note)));
        }
        text
    }

    /// Columns of the labels.
    fn labels(&self) -> usize {
        let labels = self.parts.iter().flat_map(|part| &part.lines).map(|line| width(line.label));
        labels.max().unwrap_or(0)
    }
}

impl Line {
    fn write(&self, labels: usize, to: &mut String) {
        let (label, pad) = (self.label, " ".repeat(labels.saturating_sub(width(self.label))));
        let room = COLUMNS.saturating_sub(labels + 4);
        if self.code && self.value.len() > room {
            to.push_str(&format!("  {label}\n{INDENT}{}\n", self.value));
            return;
        }
        for (n, line) in wrapped(&self.value, room).iter().enumerate() {
            match n {
                0 => to.push_str(format!("  {label}{pad}  {line}").trim_end()),
                _ => to.push_str(&format!("  {}  {line}", " ".repeat(labels))),
            }
            to.push('\n');
        }
    }
}

fn paragraph(text: &str) -> String {
    wrapped(text, COLUMNS).iter().map(|line| format!("{line}\n")).collect()
}

/// A text in lines of so many columns.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let signs: Vec<char> = text.chars().collect();
    let of = |c: char| width(c.encode_utf8(&mut [0; 4]));
    wrap(&signs, ' ', columns, of).into_iter().map(|line| line.iter().collect()).collect()
}

/// Signs in lines that have room for so much: broken at a space where there is one, anywhere else where there is none.
/// One line at least, even of nothing.
pub(super) fn wrap<T: Copy + PartialEq>(signs: &[T], space: T, room: usize, width: impl Fn(T) -> usize) -> Vec<Vec<T>> {
    let end = signs.iter().rposition(|sign| *sign != space).map_or(0, |last| last + 1);
    let (mut lines, mut rest) = (Vec::new(), &signs[..end]);
    loop {
        let mut used = 0;
        let fits = rest.iter().take_while(|sign| {
            used += width(**sign);
            used <= room
        });
        let fits = fits.count();
        if fits == rest.len() {
            lines.push(rest.to_vec());
            return lines;
        }
        // A space that is just past the edge is as good as one before it.
        let broken = rest[..=fits].iter().rposition(|sign| *sign == space).filter(|at| *at > 0);
        let end = broken.unwrap_or_else(|| fits.max(1));
        lines.push(rest[..end].to_vec());
        let after = rest[end..].iter().position(|sign| *sign != space).unwrap_or(rest.len() - end);
        rest = &rest[end + after..];
        if rest.is_empty() {
            return lines;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_where_they_must() {
        assert_eq!(wrapped("un deux trois", 8), ["un deux", "trois"]);
        assert_eq!(wrapped("un deux", 7), ["un deux"]);
        assert_eq!(wrapped("undeuxtrois", 5), ["undeu", "xtroi", "s"]);
        assert_eq!(wrapped("undeux trois", 6), ["undeux", "trois"]);
        assert_eq!(wrapped("工事工事", 5), ["工事", "工事"]);
        assert_eq!(wrapped("工", 1), ["工"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped(" a   ", 2), [" a"]);
    }

    #[test]
    fn a_leaf_stays_within_its_columns() {
        let line = |label, value: &str, code| Line { label, value: value.to_owned(), code };
        let name = "Société d'Équipement ".repeat(10);
        let leaf = Leaf {
            lang: "fr",
            title: "Titre".to_owned(),
            says: name.clone(),
            parts: vec![Part {
                heading: "Quoi",
                lines: vec![
                    line("nom", &name, false),
                    line("SHA-256", &"0".repeat(64), true),
                    line("un libellé plutôt long", "x", true),
                ],
            }],
            note: String::new(),
        };
        let text = leaf.text();
        assert!(text.lines().all(|line| width(line) <= COLUMNS && line == line.trim_end()), "{text}");
        assert!(text.contains(&format!("  SHA-256\n    {}\n  un libellé plutôt long  x\n", "0".repeat(64))), "{text}");
    }
}
