//! The files that a document embeds (BG-24), as whoever receives the pièce finds them beside it.

use super::{Piece, base64, read};
use crate::flux::{self, Kind, archive, pdf};
use crate::xml::{Doc, Limits};

/// No limits: a document that was accepted was read within limits, and has not changed since.
const UNLIMITED: Limits = Limits { nodes: u32::MAX, depth: u32::MAX, attributes: u32::MAX };

impl<'d> Piece<'d> {
    /// The embedded files: name and base64, in order. What has no bytes is none.
    pub fn embedded(&self) -> impl Iterator<Item = (&'d str, &'d str)> {
        self.attachments.iter().filter_map(|a| {
            let content = a.content.filter(|c| !c.text.is_empty())?;
            Some((self.attachment_name(a).unwrap_or_default(), content.text))
        })
    }
}

/// Gives each file that an accepted document embeds, in order: its number from 1, its name as written, its bytes, which
/// are decoded one file at a time. The document is XML, or a PDF that carries it; of anything else there is none.
///
/// # Errors
/// What `take` said.
pub fn each<E>(document: Vec<u8>, mut take: impl FnMut(usize, &str, Vec<u8>) -> Result<(), E>) -> Result<(), E> {
    let xml = match flux::sniff(&document) {
        Kind::Pdf => pdf::invoice(&document, &archive::UNLIMITED).ok().map(|invoice| invoice.bytes),
        _ => Some(document),
    };
    let Some(text) = xml.and_then(|xml| flux::decode(xml).ok()) else { return Ok(()) };
    let Ok(doc) = Doc::parse(text, &UNLIMITED) else { return Ok(()) };
    let Ok(piece) = read(&doc) else { return Ok(()) };
    for (n, (name, content)) in (1..).zip(piece.embedded()) {
        take(n, name, base64::decode(content))?;
    }
    Ok(())
}
