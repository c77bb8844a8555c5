//! A leaf as PDF: one page of A4 in the base fonts, which every reader has. Nothing in it but the leaf: no date, no
//! name of a program; the same leaf gives the same bytes.

mod winansi;

use super::leaf::{Leaf, wrap};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use winansi::{ELLIPSIS, encoded, helvetica};

/// A font of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Font {
    Plain,
    Bold,
    Code,
}

/// A text at its place: points from the left and from the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Placed {
    x: u16,
    y: u16,
    font: Font,
    size: u16,
    grey: bool,
    text: Vec<u8>,
}

// Points, on A4.
const WIDTH: u16 = 595;
const HEIGHT: u16 = 842;
const MARGIN: u16 = 56;
const TOP: u16 = 768;
/// Where values begin; labels are before.
const VALUES: u16 = 206;
const TITLE: u16 = 18;
const HEADING: u16 = 11;
const TEXT: u16 = 9;
/// A hash has 64 signs: they are all on one line.
const CODE: u16 = 8;
const LEADING: u16 = 13;
/// Above a heading.
const SPACE: u16 = 12;
/// And below it.
const BELOW: u16 = 2;
/// The most lines that one value has; fewer where the page would not hold all.
const MOST_LINES: u16 = 6;

/// The leaf as a PDF file.
pub fn pdf(leaf: &Leaf) -> Vec<u8> {
    let [catalog, pages, page, content, info] = [1, 2, 3, 4, 5].map(Ref::new);
    let fonts = [Font::Plain, Font::Bold, Font::Code];
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages).lang(TextStr(leaf.lang));
    pdf.document_info(info).title(TextStr(&leaf.title));
    pdf.pages(pages).kids([page]).count(1);
    let mut drawn = pdf.page(page);
    drawn.media_box(Rect::new(0.0, 0.0, f32::from(WIDTH), f32::from(HEIGHT))).parent(pages).contents(content);
    let mut resources = drawn.resources();
    let mut named = resources.fonts();
    fonts.iter().for_each(|font| _ = named.pair(font.name(), font.object()));
    named.finish();
    resources.finish();
    drawn.finish();
    for font in fonts {
        pdf.type1_font(font.object()).base_font(font.base()).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.stream(content, &ink(&laid_out(leaf)));
    pdf.finish()
}

fn ink(placed: &[Placed]) -> Vec<u8> {
    let mut content = Content::new();
    for p in placed {
        content.begin_text().set_font(p.font.name(), f32::from(p.size)).set_fill_gray(if p.grey { 0.35 } else { 0.0 });
        content.next_line(f32::from(p.x), f32::from(p.y)).show(Str(&p.text)).end_text();
    }
    content.finish().into_vec()
}

impl Font {
    const fn name(self) -> Name<'static> {
        match self {
            Font::Plain => Name(b"F1"),
            Font::Bold => Name(b"F2"),
            Font::Code => Name(b"F3"),
        }
    }

    fn object(self) -> Ref {
        Ref::new(match self {
            Font::Plain => 6,
            Font::Bold => 7,
            Font::Code => 8,
        })
    }

    const fn base(self) -> Name<'static> {
        match self {
            Font::Plain => Name(b"Helvetica"),
            Font::Bold => Name(b"Helvetica-Bold"),
            Font::Code => Name(b"Courier"),
        }
    }

    /// How wide a sign is, in thousandths of the size; of bold, at most: no sign is wider by three tenths.
    fn width(self, sign: u8) -> usize {
        match self {
            Font::Plain => helvetica(sign),
            Font::Bold => helvetica(sign) * 13 / 10,
            Font::Code => 600,
        }
    }
}

/// What stands where. A page that is too full gives its values fewer lines: with one each all leaves fit.
fn laid_out(leaf: &Leaf) -> Vec<Placed> {
    let fits = |most: &u16| laid_out_with(leaf, *most).filter(|_| *most > 0);
    let most = (1..=MOST_LINES).rev().find(|most| fits(most).is_some()).unwrap_or(1);
    laid_out_with(leaf, most).unwrap_or_default()
}

/// The same with so many lines a value at most; nothing where the page does not hold it.
fn laid_out_with(leaf: &Leaf, most: u16) -> Option<Vec<Placed>> {
    let mut page = Page { placed: Vec::new(), y: TOP, whole: true };
    page.block(MARGIN, Font::Bold, TITLE, &leaf.title, 2)?;
    page.down(SPACE)?;
    page.block(MARGIN, Font::Plain, TEXT, &leaf.says, 8)?;
    for part in &leaf.parts {
        page.down(SPACE)?;
        page.block(MARGIN, Font::Bold, HEADING, part.heading, 1)?;
        page.down(BELOW)?;
        for line in &part.lines {
            page.label(line.label);
            let (font, size) = if line.code { (Font::Code, CODE) } else { (Font::Plain, TEXT) };
            page.block(VALUES, font, size, &line.value, most)?;
        }
    }
    page.down(SPACE)?;
    page.block(MARGIN, Font::Plain, TEXT, &leaf.note, 4)?;
    if !page.whole {
        let missing = if leaf.lang == "fr" { MISSING_FR } else { MISSING_EN };
        page.block(MARGIN, Font::Plain, TEXT, missing, 2)?;
    }
    Some(page.placed)
}

const MISSING_FR: &str = "« ? » tient lieu d'un signe que cette page ne sait pas écrire ; la forme JSON est exacte.";
const MISSING_EN: &str = "\"?\" stands for a sign that this page cannot write; the JSON form is exact.";

struct Page {
    placed: Vec<Placed>,
    y: u16,
    /// Whether every sign so far could be written.
    whole: bool,
}

impl Page {
    fn down(&mut self, points: u16) -> Option<()> {
        self.y = self.y.checked_sub(points).filter(|y| *y >= MARGIN)?;
        Some(())
    }

    /// A label beside the block that follows.
    fn label(&mut self, label: &str) {
        let (x, y, text) = (MARGIN, self.y, encoded(label).0);
        self.placed.push(Placed { x, y, font: Font::Plain, size: TEXT, grey: true, text });
    }

    /// A text in lines down the page, to the right margin; what does not fit in so many ends with an ellipsis.
    fn block(&mut self, x: u16, font: Font, size: u16, text: &str, most: u16) -> Option<()> {
        let (signs, whole) = encoded(text);
        self.whole &= whole;
        let room = usize::from(WIDTH - MARGIN - x) * 1000 / usize::from(size);
        let mut lines = wrap(&signs, b' ', room, |sign| font.width(sign));
        if lines.len() > usize::from(most) {
            lines.truncate(usize::from(most));
            if let Some(last) = lines.last_mut() {
                shorten(last, room, font);
            }
        }
        for line in lines {
            self.placed.push(Placed { x, y: self.y, font, size, grey: false, text: line });
            self.down(LEADING.max(size + size / 4))?;
        }
        Some(())
    }
}

/// Takes from the end of a line until an ellipsis has room.
fn shorten(line: &mut Vec<u8>, room: usize, font: Font) {
    let used = |line: &[u8]| line.iter().map(|sign| font.width(*sign)).sum::<usize>();
    while !line.is_empty() && used(line) + font.width(ELLIPSIS) > room {
        line.pop();
    }
    line.push(ELLIPSIS);
}

/// What of a leaf leaves its page or overlaps, for tests.
#[cfg(test)]
pub(crate) fn faults(leaf: &Leaf) -> Vec<String> {
    let end = |p: &Placed| {
        usize::from(p.x) + p.text.iter().map(|s| p.font.width(*s)).sum::<usize>() * usize::from(p.size) / 1000
    };
    let placed = laid_out(leaf);
    let mut faults = if placed.is_empty() { vec!["the page does not hold it".to_owned()] } else { Vec::new() };
    for (n, p) in placed.iter().enumerate() {
        if p.x < MARGIN || end(p) > usize::from(WIDTH - MARGIN) || p.y < MARGIN || p.y + p.size > HEIGHT - MARGIN {
            faults.push(format!("{p:?} leaves the page"));
        }
        for other in &placed[n + 1..] {
            let beside = other.y == p.y && end(p) < usize::from(other.x);
            if !beside && other.y + other.size > p.y {
                faults.push(format!("{p:?} overlaps {other:?}"));
            }
        }
    }
    faults
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::leaf::{Line, Part};
    use super::*;

    /// Four parts of seven lines.
    fn leaf(value: &str) -> Leaf {
        let line = |n: usize| match n {
            0 => Line { label: "empreinte", value: "0123456789abcdef".repeat(4), code: true },
            _ => Line { label: "un libellé plutôt long", value: value.to_owned(), code: false },
        };
        let part = Part { heading: "Quoi", lines: (0..7).map(line).collect() };
        Leaf {
            lang: "fr",
            title: "Attestation de réception et de refus".to_owned(),
            says: "Cette pièce a été reçue. ".repeat(12),
            parts: vec![part; 4],
            note: "À savoir. ".repeat(20),
        }
    }

    #[test]
    fn nothing_leaves_the_page_and_nothing_overlaps() {
        let two_hundred = "Société d'Équipement Œuvré ".repeat(8);
        for value in ["x", &two_hundred[..], &"W".repeat(200), &"工".repeat(5_000), "", &"mot ".repeat(3_000)] {
            assert_eq!(faults(&leaf(value)), Vec::<String>::new(), "{value}");
        }
    }

    #[test]
    fn a_hash_is_whole_on_one_line_and_a_short_value_is_never_cut() {
        let placed = laid_out(&leaf("x"));
        assert_eq!(placed.iter().filter(|p| p.text == "0123456789abcdef".repeat(4).as_bytes()).count(), 4);
        assert!(placed.iter().all(|p| !p.text.contains(&ELLIPSIS)));
        let cut = laid_out(&leaf(&"mot ".repeat(3_000)));
        assert!(cut.iter().any(|p| p.text.ends_with(&[ELLIPSIS])));
    }

    #[test]
    fn what_the_fonts_lack_is_said_on_the_page() {
        let said = |value: &str| laid_out(&leaf(value)).iter().any(|p| p.text.starts_with(b"\xab ? \xbb tient"));
        assert!(said("Łódź"));
        assert!(!said("Éœ€"));
    }

    #[test]
    fn the_same_leaf_gives_the_same_bytes_and_every_object_is_where_the_table_says() {
        let bytes = pdf(&leaf("Œuvre (à peindre) \\ ) ("));
        assert_eq!(bytes, pdf(&leaf("Œuvre (à peindre) \\ ) (")));
        assert!(bytes.starts_with(b"%PDF-1.7"));
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.trim_end().ends_with("%%EOF") && text.contains("/WinAnsiEncoding"));
        assert!(!text.contains("Date"), "nothing says when it was made");
        let find = |what: &[u8]| bytes.windows(what.len()).position(|w| w == what);
        let table = find(b"\nxref\n").unwrap() + 1;
        let rows = std::str::from_utf8(&bytes[table..]).unwrap().lines().skip(3);
        for (n, row) in (1..).zip(rows.take(8)) {
            let at: usize = row[..10].parse().unwrap();
            assert!(bytes[at..].starts_with(format!("{n} 0 obj").as_bytes()), "{n}: {row}");
        }
    }
}
