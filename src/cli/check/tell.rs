//! What `check` says of one file, in the format asked for: made by the worker that judged it, printed in order later.

use super::files::{Large, Named, STDIN, large_archive, read};
use super::set;
use crate::cli::Session;
use crate::error::Problem;
use crate::flux::{self, Kind};
use crate::judge::{
    Document, Fate, Judged, JudgedFlow, Judges, Set, judge_archive, judge_set_with_texts, judge_with_text,
};
use crate::render::{Diagnostics, Format, csv_writer};
use crate::rules::{Context, Finding, Layer, Severity, safe};
use crate::text::{Lang, Shown, hex};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::io::{self, Cursor, Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What is printed of a file, and what is counted.
pub struct Report {
    pub text: String,
    pub documents: u64,
    pub refused: u64,
    pub errors: u64,
    pub warnings: u64,
}

/// Judges files and puts what was found into words.
pub struct Teller<'a> {
    context: &'a Context<'a>,
    format: Format,
    lang: Lang,
    diagnostics: Diagnostics,
}

/// A file, or a member of an archive, judged; with its decoded text, to show what is wrong in its place.
struct Checked {
    file: String,
    sha256: Option<String>,
    /// The deposit form that it came with.
    form: Option<String>,
    judged: Judged,
}

impl<'a> Teller<'a> {
    pub fn new(context: &'a Context<'a>, session: &Session) -> Teller<'a> {
        let diagnostics = Diagnostics { lang: session.lang, colour: session.out.colour };
        Teller { context, format: session.format, lang: session.lang, diagnostics }
    }

    /// What comes before the first file.
    pub fn header(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.format == Format::Csv { csv_lines([HEADER], out) } else { Ok(()) }
    }

    /// Judges a file. What cannot be read is a problem, not a verdict.
    pub fn judge(&self, file: Named) -> Result<Report, Problem> {
        let path = file?;
        let name = if path == Path::new(STDIN) && self.format == Format::Table {
            "<stdin>".to_owned()
        } else {
            path.to_string_lossy().into_owned()
        };
        let mut report = Report { text: String::new(), documents: 0, refused: 0, errors: 0, warnings: 0 };
        for mut checked in self.checked(name, &path)? {
            // What kept a document from being read kept every layer from judging it.
            if checked.judged.fate == Fate::Piece {
                checked.judged.findings.retain(|f| self.context.layers.contains(&f.layer));
            }
            report.text += &match self.format {
                Format::Json => json(&checked, self.lang),
                Format::Csv => csv(&checked, self.lang),
                Format::Table | Format::Markdown => {
                    let Checked { file, judged, .. } = &checked;
                    let inside = judged.embedded.as_ref().map(|name| format!("{file}!{name}"));
                    let file = inside.as_ref().unwrap_or(file);
                    let form = checked.form.as_deref().zip(judged.form.as_ref().map(|(_, text)| text.as_str()));
                    self.diagnostics.with_form(file, judged.text.as_deref(), form, &judged.findings)
                }
            };
            let count = |severity| checked.judged.findings.iter().filter(|f| f.severity == severity).count() as u64;
            report.documents += 1;
            report.refused += u64::from(checked.judged.refused());
            report.errors += count(Severity::Error);
            report.warnings += count(Severity::Warning);
        }
        Ok(report)
    }

    /// What a file brings: itself, or the members of an archive.
    fn checked(&self, file: String, path: &Path) -> Result<Vec<Checked>, Problem> {
        let limits = &self.context.config.limits;
        let held = |finding| Judged::unread("unknown", Fate::Hold, vec![finding]);
        match read(path, limits.document())? {
            Ok(bytes) => {
                if let Some(names) = set::names_of(path, &bytes, self.context) {
                    return self.set(file, path, bytes, &names).map(|checked| vec![checked]);
                }
                let (kind, size) = (flux::sniff(&bytes), bytes.len() as u64);
                let sha256: [u8; 32] = Sha256::digest(&bytes).into();
                if kind.is_archive() {
                    return Ok(self.archive(file, &sha256, kind, Cursor::new(bytes), size));
                }
                // A fault of ours on one file must not hide what there is to say of the others.
                let judged = catch_unwind(AssertUnwindSafe(|| judge_with_text(bytes, self.context)))
                    .unwrap_or_else(|_| held(safe::internal_fault()));
                Ok(vec![Checked { file, sha256: Some(hex(&sha256)), form: None, judged }])
            }
            Err(size) => match large_archive(path, limits.flow)? {
                Some(Large { kind, sha256, reader }) => Ok(self.archive(file, &sha256, kind, reader, size)),
                None => {
                    let judged = held(safe::oversize(size, limits.document()));
                    Ok(vec![Checked { file, sha256: None, form: None, judged }])
                }
            },
        }
    }

    /// A deposit form, with the files that it names beside it.
    fn set(&self, file: String, path: &Path, form: Vec<u8>, names: &[String]) -> Result<Checked, Problem> {
        let limits = &self.context.config.limits;
        let (main, beside) = set::beside(path, names, limits.document())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let set = Set { name: Shown(&name).to_string(), form, main: main.map(|(_, bytes)| bytes), beside };
        let above = |name: &str| path.with_file_name(name).to_string_lossy().into_owned();
        let (main, sha256) = match names.first().filter(|_| set.main.is_some()) {
            Some(name) => (above(name), set.main.as_deref().map(|bytes| hex(&Sha256::digest(bytes)))),
            None => (file.clone(), Some(hex(&Sha256::digest(&set.form)))),
        };
        Ok(Checked { file: main, sha256, form: Some(file), judged: judge_set_with_texts(set, self.context) })
    }

    /// The members of an archive, each named `archive!member`; or what is wrong with all of it.
    fn archive<R: Read + Seek>(
        &self,
        file: String,
        sha256: &[u8; 32],
        kind: Kind,
        reader: R,
        size: u64,
    ) -> Vec<Checked> {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            judge_archive(kind, reader, size, self.context, Judges::WITH_TEXTS, |_, _| Ok::<(), Infallible>(()))
        }));
        let flow =
            opened.unwrap_or_else(|_| Ok(JudgedFlow::unread("unknown", Fate::Hold, vec![safe::internal_fault()])));
        let Ok(flow) = flow;
        if flow.documents.is_empty() {
            let judged = Judged::unread(flow.syntax, flow.fate, flow.findings);
            return vec![Checked { file, sha256: Some(hex(sha256)), form: None, judged }];
        }
        let of_member = |Document { member, form, judged }| {
            let (name, sha256) = member.map_or_else(Default::default, |m| (m.name, m.sha256));
            let sha256 = (sha256 != [0; 32]).then(|| hex(&sha256));
            let form = form.map(|form| format!("{file}!{}", form.name));
            Checked { file: format!("{file}!{name}"), sha256, form, judged }
        };
        flow.documents.into_iter().map(of_member).collect()
    }
}

/// The contract's line.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    sha256: Option<&'a str>,
    syntax: &'a str,
    cadre: Option<&'a str>,
    number: Option<&'a str>,
    verdict: &'a str,
    findings: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    rule: &'a str,
    layer: Layer,
    severity: Severity,
    bt: &'a [&'a str],
    line: Option<u32>,
    column: Option<u32>,
    path: Option<&'a str>,
    message: &'a str,
    found: Option<&'a str>,
    expected: Option<&'a str>,
    help: &'a str,
}

fn found(f: &Finding, lang: Lang) -> Found<'_> {
    Found {
        rule: f.rule,
        layer: f.layer,
        severity: f.severity,
        bt: f.terms,
        line: f.place.as_ref().map(|p| p.line),
        column: f.place.as_ref().map(|p| p.column),
        path: f.place.as_ref().map(|p| p.path.as_str()).filter(|path| !path.is_empty()),
        message: f.message.get(lang),
        found: f.found.as_deref(),
        expected: f.expected.as_ref().map(|e| e.get(lang)),
        help: f.help.get(lang),
    }
}

fn line<'a>(checked: &'a Checked, lang: Lang) -> Line<'a> {
    let judged = &checked.judged;
    Line {
        file: &checked.file,
        sha256: checked.sha256.as_deref(),
        syntax: judged.syntax,
        cadre: judged.facts.cadre.as_deref(),
        number: judged.facts.number.as_deref(),
        verdict: if judged.refused() { "refused" } else { "accepted" },
        findings: judged.findings.iter().map(|f| found(f, lang)).collect(),
    }
}

fn json(checked: &Checked, lang: Lang) -> String {
    crate::text::json(&line(checked, lang)) + "\n"
}

#[rustfmt::skip]
const HEADER: [&str; 17] = [
    "file", "sha256", "syntax", "cadre", "number", "verdict", "rule", "layer", "severity", "bt", "line", "column", "path", "message",
    "found", "expected", "help",
];

/// One row a finding; a file without any has one too, with its verdict.
fn csv(checked: &Checked, lang: Lang) -> String {
    let all = line(checked, lang);
    let shown = |text: Option<&str>| text.map(|text| Shown(text).to_string()).unwrap_or_default();
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let of_file = [
        shown(Some(all.file)),
        shown(all.sha256),
        all.syntax.to_owned(),
        shown(all.cadre),
        shown(all.number),
        all.verdict.to_owned(),
    ];
    let of_finding = |f: &Found<'_>| {
        let severity = if f.severity == Severity::Error { "error" } else { "warning" };
        #[rustfmt::skip]
        let cells = [
            f.rule.to_owned(), f.layer.name().to_owned(), severity.to_owned(), f.bt.join(" "), number(f.line),
            number(f.column), shown(f.path), shown(Some(f.message)), shown(f.found), shown(f.expected), shown(Some(f.help)),
        ];
        cells
    };
    let nothing = all.findings.is_empty().then(Default::default);
    let rows = all.findings.iter().map(of_finding).chain(nothing);
    let rows = rows.map(|cells| of_file.iter().cloned().chain(cells).collect::<Vec<_>>());
    let mut text = Vec::new();
    csv_lines(rows, &mut text).expect("memory takes what is written");
    String::from_utf8(text).expect("cells are texts")
}

fn csv_lines(
    rows: impl IntoIterator<Item = impl IntoIterator<Item = impl AsRef<[u8]>>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut csv = csv_writer(out);
    for row in rows {
        csv.write_record(row)?;
    }
    csv.flush()
}
