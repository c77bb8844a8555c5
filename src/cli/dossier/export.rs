//! `dossier --export`: one ZIP file that anyone can open and keep. The same dossier gives the same bytes.

use super::{Dossier, page};
use crate::cli::failure::Failure;
use crate::cli::original::original;
use crate::cli::piece::Whole;
use crate::error::{reason, shown};
use crate::flux;
use crate::ledger::LedgerReader;
use crate::msg;
use crate::render::{BYTE_ORDER_MARK, cell, csv_writer};
use crate::text::{Lang, Msg};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Writes the originals, the trail and the page; nothing is left where that fails.
pub fn write(dossier: &Dossier, to: &Path, ledger: &LedgerReader, spool: &Path, lang: Lang) -> Result<(), Failure> {
    if to.symlink_metadata().is_ok() {
        return Err(cannot(to, &io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    let part = part_of(to);
    let file = File::create_new(&part).map_err(|e| cannot(&part, &e))?;
    let done = fill(dossier, file, to, ledger, spool, lang).and_then(|()| place(&part, to).map_err(|e| cannot(to, &e)));
    if done.is_err() {
        // What could not be finished is ours to remove; if even that fails, the first failure is the one to tell.
        let _ = std::fs::remove_file(&part);
    }
    done
}

/// The name under which the file is written: beside the other, and another for each process.
fn part_of(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    to.with_file_name(name)
}

/// Gives the finished file its name, unless something else has it by now.
fn place(part: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, part, CWD, to, RenameFlags::NOREPLACE) {
        // A file system that cannot do so in one step.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            std::fs::hard_link(part, to)?;
            std::fs::remove_file(part)
        }
        done => Ok(done?),
    }
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
            let (motif, comment) = (cell(&step.motif), cell(&step.comment));
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

fn cannot(path: &Path, error: &io::Error) -> Failure {
    let path = shown(&path.display().to_string());
    let (why, help) = reason(error);
    let message =
        Msg::new(format!("impossible d'écrire {path} : {}", why.fr), format!("cannot write {path}: {}", why.en));
    match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(message, msg!("choisissez un autre nom", "choose another name")),
        _ => Failure::new(message, help.into()),
    }
}
