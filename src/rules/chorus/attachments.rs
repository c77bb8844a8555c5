//! What Chorus Pro asks of the files that come with a pièce (BG-24; a deposit form's): their names, sizes, encoding.

use super::{Case, Finding, Findings, Rule};
use crate::config::Limits;
use crate::msg;
use crate::piece::Attachment;
use crate::piece::base64::{self, Fault};
use crate::piece::depot::Presence;
use crate::xml::Place;

#[rustfmt::skip]
static EXTENSIONS: [&str; 36] = [ // sorted
    "BMP", "BZ2", "CSV", "DOC", "DOCX", "FAX", "GIF", "GZ", "GZIP", "HTM", "HTML", "JPEG", "JPG", "ODP", "ODS", "ODT", "P7S", "PDF",
    "PNG", "PPS", "PPT", "PPTX", "RTF", "SVG", "TGZ", "TIF", "TIFF", "TXT", "XHTML", "XLC", "XLM", "XLS", "XLSX", "XML", "ZIP", "",
];

/// A file that comes with a pièce: embedded in it, or beside its deposit form.
struct File<'d> {
    name: &'d str,
    size: u64,
    at: Place,
}

/// Every such file.
fn files<'d>(case: &Case<'_, 'd>) -> impl Iterator<Item = File<'d>> {
    let p = case.piece;
    let embedded = p.attachments.iter().filter_map(|a| {
        let content = a.content?;
        let at = p.place(a.at.unwrap_or(p.root()));
        Some(File { name: p.attachment_name(a).unwrap_or_default(), size: base64::size(content.text), at })
    });
    let beside = p.form.iter().flat_map(|form| &form.files).filter(|file| !file.main).filter_map(|file| {
        let (Presence::Here(size) | Presence::Large(size)) = file.presence else { return None };
        Some(File { name: file.name.text, size, at: p.place(file.name.at) })
    });
    embedded.chain(beside)
}

/// C-08.
pub(super) fn name(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    for File { name, at, .. } in files(case) {
        found.extend(misnamed(rule, name).map(|f| f.at(Some(at))));
    }
}

fn misnamed(rule: &'static Rule, name: &str) -> Option<Finding> {
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
    let known = !extension.is_empty() && EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(extension));
    if known && name.chars().count() <= 50 {
        return None;
    }
    let message = if name.is_empty() {
        msg!("cette pièce jointe n'a pas de nom", "this attachment has no name")
    } else if known {
        msg!("le nom de cette pièce jointe est trop long", "the name of this attachment is too long")
    } else {
        msg!("ce type de pièce jointe n'est pas admis", "this type of attachment is not allowed")
    };
    let list = EXTENSIONS[..35].join(" ");
    Some(rule.finding(message).found(name).expected(msg!(
        "50 caractères au plus, extension parmi {list}",
        "at most 50 characters, an extension among {list}"
    )))
}

/// C-09.
pub(super) fn size(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let (p, limits) = (case.piece, &case.context.config.limits);
    let (mut all, mut count) = (0, 0);
    for File { name, size, at } in files(case) {
        all += size;
        count += 1;
        let name = if name.is_empty() { "–" } else { name };
        found.extend(missized(rule, name, size, limits.attachment).map(|f| f.at(Some(at))));
    }
    found.extend(too_large(rule, all, limits.attachments).map(|f| f.at(Some(p.place(p.root())))));
    if count > limits.entries {
        let (most, message) = (limits.entries, msg!("trop de pièces jointes", "too many attachments"));
        let finding = rule.finding(message).at(Some(p.place(p.root()))).found(count.to_string());
        found.push(finding.expected(msg!("{most} au plus ([limits] entries)", "{most} at most ([limits] entries)")));
    }
}

fn missized(rule: &'static Rule, name: &str, size: u64, limit: u64) -> Option<Finding> {
    let message = match size {
        0 => msg!("cette pièce jointe est vide", "this attachment is empty"),
        _ if size >= limit => msg!("cette pièce jointe est trop lourde", "this attachment is too large"),
        _ => return None,
    };
    let finding = rule.finding(message).found(format!("{name} ({size})"));
    Some(finding.expected(msg!("de 1 à {} octets", "1 to {} bytes", limit - 1)))
}

fn too_large(rule: &'static Rule, all: u64, limit: u64) -> Option<Finding> {
    let message = msg!("les pièces jointes sont trop lourdes ensemble", "the attachments are too large together");
    let expected = msg!("{limit} octets au plus en tout", "at most {limit} bytes in all");
    (all > limit).then(|| rule.finding(message).found(all.to_string()).expected(expected))
}

/// What is wrong with files that an act adds to a pièce: their names and sizes.
pub(super) fn added(of: fn(&str) -> &'static Rule, files: &[(&str, u64)], limits: &Limits) -> Vec<Finding> {
    let (name, size) = (of("C-08"), of("C-09"));
    let each = files.iter().flat_map(|(called, bytes)| {
        let missized = missized(size, called, *bytes, limits.attachment);
        misnamed(name, called).into_iter().chain(missized)
    });
    each.chain(too_large(size, files.iter().map(|(_, bytes)| bytes).sum(), limits.attachments)).collect()
}

/// C-15.
pub(super) fn encoding(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    for a in &p.attachments {
        let Some(fault) = a.content.and_then(|content| base64::fault(content.text)) else { continue };
        let finding = match fault {
            Fault::Character(c, n) => rule
                .finding(msg!(
                    "le caractère n° {n} de cette pièce jointe n'est pas du base64",
                    "character no. {n} of this attachment is no base64"
                ))
                .found(c),
            Fault::Length(n) => rule
                .finding(msg!(
                    "le base64 de cette pièce jointe est tronqué",
                    "the base64 of this attachment is cut short"
                ))
                .found(n.to_string())
                .expected(msg!(
                    "un multiple de 4 caractères, dont deux = au plus, à la fin",
                    "a multiple of 4 characters, of these two = at most, at the end"
                )),
        };
        found.push(at(finding, case, a));
    }
}

fn at(finding: Finding, case: &Case<'_, '_>, a: &Attachment<'_>) -> Finding {
    finding.at(Some(case.piece.place(a.at.unwrap_or(case.piece.root()))))
}
