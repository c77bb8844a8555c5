//! A CSV file as spreadsheets write it: `,` or `;`, quotes, CRLF, columns in any order, blank rows at the end. A line
//! that begins with `#` is a comment.

use crate::config::tree::Source;
use crate::error::{Problem, Problems, nearest, shown};
use crate::msg;
use crate::text::{Msg, counted};

/// A row, its cells in the order of the columns that were asked for.
pub(super) struct Row<'a> {
    source: &'a Source,
    columns: &'static [&'static str],
    order: &'a [usize],
    record: &'a csv::StringRecord,
    /// Where the row begins.
    pub start: usize,
}

impl<'a> Row<'a> {
    /// A cell, trimmed.
    pub fn cell(&self, column: usize) -> &'a str {
        self.record.get(self.order[column]).unwrap_or_default().trim()
    }

    /// Something wrong in this row.
    pub fn problem(&self, message: Msg, help: Msg) -> Problem {
        self.source.problem(self.start, message, help)
    }

    /// A cell that is `true` or `false`.
    pub fn flag(&self, column: usize, problems: &mut Problems) -> bool {
        let (cell, name) = (self.cell(column), self.columns[column]);
        if !matches!(cell, "true" | "false") {
            let found = shown(cell);
            problems.push(self.problem(
                msg!("{name} = « {found} » : il faut true ou false", "{name} = \"{found}\": expected true or false"),
                msg!(
                    "écrivez true ou false en minuscules, en anglais (pas VRAI, OUI ou 1)",
                    "write true or false in lower case (not TRUE, YES or 1)"
                ),
            ));
        }
        cell == "true"
    }
}

/// Reads every row of a file whose header has exactly these columns. False where the header is not right: no row is
/// read then.
pub(super) fn read(
    source: &Source,
    columns: &'static [&'static str],
    problems: &mut Problems,
    mut each: impl FnMut(Row<'_>, &mut Problems),
) -> bool {
    let mut record = csv::StringRecord::new();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .delimiter(delimiter(&source.text))
        .from_reader(source.text.as_bytes());
    // The text is UTF-8 and in memory: reading a record cannot fail but at the end.
    let mut next = |record: &mut csv::StringRecord| reader.read_record(record).unwrap_or(false);
    if !next(&mut record) {
        record.clear();
    }
    let Some(order) = header(source, columns, &record, problems) else { return false };
    let width = record.len();
    while next(&mut record) {
        let start = begin(&source.text, record.position().map_or(0, csv::Position::byte));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let row = Row { source, columns, order: &order, record: &record, start };
        match misshapen(&row, width) {
            Some(problem) => problems.push(problem),
            None => each(row, problems),
        }
    }
    true
}

/// A spreadsheet in French writes `;`: the header says which.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.starts_with('#'));
    if header.is_some_and(|header| header.contains(';')) { b';' } else { b',' }
}

/// Where a record really begins: the reader counts the line breaks and the comments before it as its own.
fn begin(text: &str, byte: u64) -> usize {
    let mut byte = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    loop {
        byte += text.as_bytes()[byte..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if !text[byte..].starts_with('#') {
            return byte;
        }
        byte += text[byte..].find('\n').unwrap_or(text.len() - byte);
    }
}

/// For each column asked for, where it stands; or what is wrong with the header.
fn header(
    source: &Source,
    columns: &'static [&'static str],
    record: &csv::StringRecord,
    problems: &mut Problems,
) -> Option<Vec<usize>> {
    let start = begin(&source.text, 0);
    let names: Vec<&str> = record.iter().map(str::trim).collect();
    let mut found = Vec::new();
    let all = columns.join(",");
    let help = || msg!("la première ligne doit être : {all}", "the first line must be: {all}");
    for (i, name) in names.iter().enumerate() {
        let shown_name = shown(name);
        if !columns.contains(name) {
            let near = nearest(name, columns.iter().copied().filter(|c| !names.contains(c)));
            let help =
                near.map_or_else(help, |near| msg!("vouliez-vous dire « {near} » ?", "did you mean \"{near}\"?"));
            found.push((msg!("colonne inconnue : « {shown_name} »", "unknown column \"{shown_name}\""), help));
        } else if names[..i].contains(name) {
            found
                .push((msg!("colonne en double : « {shown_name} »", "column \"{shown_name}\" is there twice"), help()));
        }
    }
    for column in columns.iter().filter(|c| !names.contains(c)) {
        found.push((msg!("il manque la colonne « {column} »", "the column \"{column}\" is missing"), help()));
    }
    if found.is_empty() {
        return columns.iter().map(|c| names.iter().position(|n| n == c)).collect();
    }
    found.into_iter().for_each(|(message, help)| problems.push(source.problem(start, message, help)));
    None
}

/// What is wrong with the shape of a row, whatever its cells say.
fn misshapen(row: &Row<'_>, width: usize) -> Option<Problem> {
    let cells = row.record.len();
    if row.record.iter().any(|cell| cell.trim().chars().any(char::is_control)) {
        return Some(row.problem(
            msg!(
                "une case contient un saut de ligne ou un caractère de contrôle",
                "a cell contains a line break or a control character"
            ),
            msg!("cherchez un guillemet qui n'est pas fermé", "look for a quote that is not closed"),
        ));
    }
    (cells != width).then(|| {
        row.problem(
            counted(cells, ["case", "cases"], ["cell", "cells"]) + msg!(" au lieu de {width}", " instead of {width}"),
            msg!(
                "une case qui contient le séparateur se met entre guillemets droits : \"…\"",
                "a cell that contains the separator goes between straight quotes: \"…\""
            ),
        )
    })
}
