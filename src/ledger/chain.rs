//! The chain of hashes: what an event's hash covers, byte for byte.

use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// Hashes fields so that no two lists of fields give the same bytes: each has its kind and its length before it.
pub(super) struct Fields(Sha256);

impl Fields {
    /// Begins with what kind of row follows.
    pub fn of(kind: &str) -> Fields {
        Fields(Sha256::new()).text(Some(kind))
    }

    /// A text or nothing.
    pub fn text(self, value: Option<&str>) -> Fields {
        self.bytes(value.map(str::as_bytes))
    }

    /// Bytes or nothing.
    pub fn bytes(mut self, value: Option<&[u8]>) -> Fields {
        match value {
            None => self.0.update([0]),
            Some(bytes) => {
                self.0.update([1]);
                self.0.update((bytes.len() as u64).to_be_bytes());
                self.0.update(bytes);
            }
        }
        self
    }

    /// A number or nothing.
    pub fn int(mut self, value: Option<i64>) -> Fields {
        match value {
            None => self.0.update([0]),
            Some(n) => {
                self.0.update([2]);
                self.0.update(n.to_be_bytes());
            }
        }
        self
    }

    /// The hash.
    pub fn hash(self) -> Hash {
        self.0.finalize().into()
    }
}

/// What stands before the first event.
pub(super) const GENESIS: Hash = [0; 32];

/// One event, as its hash sees it.
pub(super) struct Link<'a> {
    pub seq: i64,
    pub subject: &'a str,
    pub n: i64,
    pub status: &'a str,
    pub at: i64,
    pub by: Option<&'a str>,
    pub motif: Option<&'a str>,
    pub comment: Option<&'a str>,
    pub facts: Option<&'a [u8]>,
    pub via: Option<&'a str>,
    pub changes: Option<&'a str>,
    /// What was added to the pièce with it: names and hashes.
    pub supplements: &'a [(String, Hash)],
}

impl Link<'_> {
    /// The hash of this event after the event whose hash is `before`. What earlier versions did not have is covered
    /// where it is there, so that their hashes stand.
    pub fn hash(&self, before: &Hash) -> Hash {
        let mut fields = Fields::of("event")
            .bytes(Some(before))
            .int(Some(self.seq))
            .text(Some(self.subject))
            .int(Some(self.n))
            .text(Some(self.status))
            .int(Some(self.at))
            .text(self.by)
            .text(self.motif)
            .text(self.comment)
            .bytes(self.facts);
        for (what, text) in [("via", self.via), ("changes", self.changes)] {
            if text.is_some() {
                fields = fields.text(Some(what)).text(text);
            }
        }
        let add = |fields: Fields, (name, hash): &(String, Hash)| fields.text(Some(name)).bytes(Some(hash));
        self.supplements.iter().fold(fields, add).hash()
    }
}

/// What the first event of a flow covers: its whole row.
pub(super) struct FlowFacts<'a> {
    pub mode: &'a str,
    pub partner: &'a str,
    pub name: &'a [u8],
    pub size: i64,
    pub sha256: Option<&'a [u8]>,
    pub syntax: &'a str,
    pub outcome: &'a str,
    pub first: Option<&'a str>,
    pub decided_at: i64,
    pub filed: &'a str,
    pub findings: &'a str,
    pub rules: &'a str,
}

impl FlowFacts<'_> {
    /// Their hash.
    pub fn hash(&self) -> Hash {
        Fields::of("flow")
            .text(Some(self.mode))
            .text(Some(self.partner))
            .bytes(Some(self.name))
            .int(Some(self.size))
            .bytes(self.sha256)
            .text(Some(self.syntax))
            .text(Some(self.outcome))
            .text(self.first)
            .int(Some(self.decided_at))
            .text(Some(self.filed))
            .text(Some(self.findings))
            .text(Some(self.rules))
            .hash()
    }
}

/// What the first event of a pièce covers: what it says, as deposited. Actors and services are left out: an act may
/// change them, with an event of its own.
pub(super) struct PieceFacts<'a> {
    pub flow: &'a str,
    pub texts: [Option<&'a str>; 13],
    pub mode: &'a str,
    pub partner: &'a str,
    pub at: i64,
    /// Of an archive: the entry and its name.
    pub member: Option<(i64, &'a str)>,
    /// The pièces that it associates.
    pub earlier: &'a [String],
}

impl PieceFacts<'_> {
    /// Their hash. What version 1 did not have is covered where it is there, so that older hashes stand.
    pub fn hash(&self) -> Hash {
        let mut fields = Fields::of("piece").text(Some(self.flow));
        fields = self.texts.iter().fold(fields, |fields, text| fields.text(*text));
        fields = fields.text(Some(self.mode)).text(Some(self.partner)).int(Some(self.at));
        if let Some((entry, name)) = self.member {
            fields = fields.text(Some("member")).int(Some(entry)).text(Some(name));
        }
        self.earlier.iter().fold(fields, |fields, id| fields.text(Some("link")).text(Some(id))).hash()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let a = Fields::of("x").text(Some("ab")).text(Some("c")).hash();
        let b = Fields::of("x").text(Some("a")).text(Some("bc")).hash();
        let c = Fields::of("x").text(Some("ab")).text(None).text(Some("c")).hash();
        assert!(a != b && a != c && b != c);
    }
}
