//! The original bytes of a pièce, from the file of its deposit, checked against what the ledger says of them.

use super::failure::Failure;
use crate::error::reason;
use crate::flux::{self, archive};
use crate::judge;
use crate::ledger::{LedgerReader, Original};
use crate::msg;
use crate::piece::attached;
use crate::text::Msg;
use crate::xml::Limits;
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::io::Cursor;
use std::path::Path;

/// The bytes of a pièce, exactly as they were deposited.
pub fn original(ledger: &LedgerReader, spool: &Path, piece: &str) -> Result<Vec<u8>, Failure> {
    let known = ledger.original(piece)?.ok_or_else(|| gone(piece, &msg!("inconnue", "unknown")))?;
    let bytes = std::fs::read(spool.join(&known.filed)).map_err(|e| gone(&known.filed, &reason(&e).0))?;
    check(&known.filed, &bytes, known.sha256)?;
    let bytes = document(piece, &known, bytes)?;
    check(piece, &bytes, known.delivered)?;
    Ok(bytes)
}

/// The files of a pièce beside it, each with its name: those that it embeds, those that came with its form, those that
/// acts added. `document` is the pièce itself.
pub fn beside(ledger: &LedgerReader, spool: &Path, piece: &str, document: Vec<u8>) -> Result<Vec<Named>, Failure> {
    let known = ledger.original(piece)?.ok_or_else(|| gone(piece, &msg!("inconnue", "unknown")))?;
    let mut found: Vec<Named> = Vec::new();
    let Ok(()) = attached::each(document, |_, name, bytes| {
        found.push((name.to_owned(), bytes));
        Ok::<(), Infallible>(())
    });
    if let Some(entry) = known.entry {
        let bytes = std::fs::read(spool.join(&known.filed)).map_err(|e| gone(&known.filed, &reason(&e).0))?;
        let (kind, size) = (flux::sniff(&bytes), bytes.len() as u64);
        let all = judge::came_along(kind, Cursor::new(bytes), size, entry, &UNLIMITED);
        found.extend(all.into_iter().map(|(file, bytes)| (file.name, bytes)));
    }
    found.extend(ledger.added(piece)?);
    Ok(found)
}

/// A file with its name as it was given.
pub type Named = (String, Vec<u8>);

/// A form that was accepted was read within limits, and has not changed since.
const UNLIMITED: Limits = Limits { nodes: u32::MAX, depth: u32::MAX, attributes: u32::MAX };

/// The pièce's own bytes: the whole deposit, or its member of an archive.
fn document(piece: &str, known: &Original, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let Some(entry) = known.entry else { return Ok(bytes) };
    let (kind, size) = (flux::sniff(&bytes), bytes.len() as u64);
    // The archive is the one that was opened at its deposit: its hash was checked.
    let member = archive::member(kind, Cursor::new(bytes), size, &archive::UNLIMITED, entry);
    member.ok().flatten().ok_or_else(|| {
        let filed = &known.filed;
        gone(piece, &msg!("ce n'est pas un membre de {filed}", "it is no member of {filed}"))
    })
}

fn check(what: &str, bytes: &[u8], sha256: Option<[u8; 32]>) -> Result<(), Failure> {
    if sha256.is_none_or(|sha256| <[u8; 32]>::from(Sha256::digest(bytes)) == sha256) {
        return Ok(());
    }
    Err(Failure::new(
        msg!(
            "{what} : les octets ne sont plus ceux du dépôt",
            "{what}: its bytes are not those of the deposit any more"
        ),
        msg!("`guichet verify` dit tout ce qui a changé", "`guichet verify` says all that has changed"),
    ))
}

fn gone(what: &str, why: &Msg) -> Failure {
    Failure::new(
        Msg::new(format!("impossible de lire {what} : {}", why.fr), format!("cannot read {what}: {}", why.en)),
        msg!("`guichet verify` dit tout ce qui manque", "`guichet verify` says all that is missing"),
    )
}
