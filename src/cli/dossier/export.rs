//! `dossier --export`: one ZIP file that anyone can open and keep. The same dossier gives the same bytes.

use super::{Dossier, page};
use crate::cli::failure::Failure;
use crate::cli::original::{beside, original};
use crate::cli::output::{self, cannot};
use crate::cli::piece::Whole;
use crate::flux;
use crate::ledger::LedgerReader;
use crate::render::{BYTE_ORDER_MARK, cell, csv_writer};
use crate::text::Lang;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Writes the originals, the trail and the page; nothing is left where that fails.
pub fn write(dossier: &Dossier, to: &Path, ledger: &LedgerReader, spool: &Path, lang: Lang) -> Result<(), Failure> {
    output::create(to, |file| fill(dossier, file, to, ledger, spool, lang))
}

fn fill(
    dossier: &Dossier,
    file: File,
    to: &Path,
    ledger: &LedgerReader,
    spool: &Path,
    lang: Lang,
) -> Result<(), Failure> {
    let wrong = |e: io::Error| cannot(to, &e);
    let json = serde_json::to_vec(dossier).map_err(|e| wrong(e.into()))?;
    let trail = trail(dossier).map_err(wrong)?;
    let mut zip = ZipWriter::new(io::BufWriter::new(file));
    let mut names = Vec::new();
    for (n, piece) in dossier.pieces.iter().enumerate() {
        let bytes = original(ledger, spool, &piece.row.piece)?;
        let name = name_of(n, piece, flux::sniff(&bytes).extension());
        add(&mut zip, &name, &bytes).map_err(wrong)?;
        let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem).to_owned();
        for (n, (file, bytes)) in (1..).zip(beside(ledger, spool, &piece.row.piece, bytes)?) {
            add(&mut zip, &format!("{stem}/{n:02}-{}", plain(&file)), &bytes).map_err(wrong)?;
        }
        names.push(name);
    }
    add(&mut zip, "index.html", page::page(dossier, &names, lang).as_bytes()).map_err(wrong)?;
    add(&mut zip, "dossier.json", &[&json[..], b"\n"].concat()).map_err(wrong)?;
    add(&mut zip, "trail.csv", &trail).map_err(wrong)?;
    let file = zip.finish().map_err(io::Error::from).and_then(|w| w.into_inner().map_err(|e| e.into_error()));
    file.and_then(|file| file.sync_all()).map_err(wrong)
}

fn add(zip: &mut ZipWriter<io::BufWriter<File>>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    zip.start_file(name, options)?;
    zip.write_all(bytes)
}

/// The name of a file beside a pièce, as any file system takes it.
fn plain(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.') { c } else { '_' };
    let name: Vec<char> = name.chars().map(safe).collect();
    name[name.len().saturating_sub(60)..].iter().collect()
}

/// The name of an original in the file: its place, what it is, its number as far as any file system takes it.
fn name_of(n: usize, piece: &Whole, extension: &str) -> String {
    let plain = |text: &Option<String>| -> String {
        let text = text.as_deref().unwrap_or("-").chars().take(40);
        text.map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '+') { c } else { '_' }).collect()
    };
    format!("pieces/{:03}-{}-{}.{extension}", n + 1, plain(&piece.row.cadre), plain(&piece.row.number))
}

/// One row an event, for a spreadsheet: with a byte order mark, since whoever opens it is not asked.
fn trail(dossier: &Dossier) -> io::Result<Vec<u8>> {
    let mut csv = csv_writer(BYTE_ORDER_MARK.to_vec());
    csv.write_record(["piece", "cadre", "number", "status", "label", "at", "by", "motif", "comment"])?;
    for piece in &dossier.pieces {
        let row = &piece.row;
        for step in &piece.trail {
            let [cadre, number, by] = [&row.cadre, &row.number, &step.by].map(cell);
            let (motif, comment) = (cell(&step.motif), step.words());
            csv.write_record([
                &row.piece,
                &cadre,
                &number,
                &step.status,
                &step.label,
                &step.at,
                &by,
                &motif,
                &comment,
            ])?;
        }
    }
    csv.into_inner().map_err(|e| io::Error::from(e.error().kind()))
}
