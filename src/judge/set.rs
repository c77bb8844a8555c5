//! A deposit form with the files that it names: one pièce. In an archive they are found in a first reading, so that the
//! order of the members does not matter and one main file at a time is in memory.

use super::{Context, Document, Fate, Judged, Member, judge_piece, parse};
use crate::flux::archive::{self, Content, Odd};
use crate::flux::pdf::{self, PdfError};
use crate::flux::{self, Kind};
use crate::msg;
use crate::piece;
use crate::piece::depot::{self, Named, Presence};
use crate::rules::{Finding, Place, legible, quote, safe};
use crate::text::Shown;
use crate::xml::Doc;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A deposit form with what lies beside it.
#[derive(Debug)]
pub struct Set {
    /// The name of the form's file, made visible.
    pub name: String,
    /// The form.
    pub form: Vec<u8>,
    /// The main file, where it is there.
    pub main: Option<Vec<u8>>,
    /// What is there of each file that it names.
    pub beside: HashMap<String, Presence>,
}

/// What is kept of the form of a document: enough to judge it again, and to deliver what came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its place among the archive's entries.
    pub entry: usize,
    /// Its name, made visible.
    pub name: String,
    /// The main file's place, where there is one.
    pub main: Option<usize>,
    /// What is there of each file that it names.
    pub beside: HashMap<String, Presence>,
    /// The other files that are there, in the form's order.
    pub attachments: Vec<Attached>,
}

/// A file that came with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its place among the archive's entries.
    pub entry: usize,
    /// Its name, as the form gives it.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// Judges a form with the files that it names.
pub fn judge_set(set: Set, context: &Context<'_>) -> Judged {
    Judged { text: None, form: None, ..judge_set_with_texts(set, context) }
}

/// The same; the texts of the form and of the invoice are kept.
pub fn judge_set_with_texts(set: Set, context: &Context<'_>) -> Judged {
    catch_unwind(AssertUnwindSafe(|| judge(set, context)))
        .unwrap_or_else(|_| Judged::unread("depot", Fate::Unreadable, vec![safe::internal_fault()]))
}

/// The invoice of a main file, or why there is none to be read.
struct Invoice {
    doc: Option<Doc>,
    kind: Kind,
    embedded: Option<String>,
    text: Option<String>,
    findings: Vec<Finding>,
}

fn judge(set: Set, context: &Context<'_>) -> Judged {
    let Set { name, form, main, beside } = set;
    let page = match parse(form, context) {
        Ok(page) => page,
        Err((_, finding, text)) => {
            let judged = Judged::unread("depot", Fate::Unreadable, vec![of_form(*finding, &name)]);
            return Judged { form: text.map(|text| (name, text)), ..judged };
        }
    };
    let mut piece = depot::read(&page, &name);
    if let Some(form) = &mut piece.form {
        let names = form.principal.iter().map(|n| (n, true)).chain(form.attachments.iter().map(|n| (n, false)));
        let named = names.map(|(name, main)| Named { name: *name, main, presence: presence(&beside, name.text) });
        // Of too many, one finding tells.
        form.files = if form.named() < context.config.limits.entries { named.collect() } else { Vec::new() };
    }
    let mut invoice = match main {
        Some(bytes) => read_main(bytes, context),
        None => Invoice { doc: None, kind: Kind::Xml, embedded: None, text: None, findings: Vec::new() },
    };
    let of_invoice = invoice.doc.as_ref().map(piece::read);
    let (kind, findings) = (invoice.kind, std::mem::take(&mut invoice.findings));
    let judged = match of_invoice {
        Some(Ok(of_invoice)) => judge_piece(&of_invoice.under(piece), context, findings),
        Some(Err(what)) => {
            let place = invoice.doc.as_ref().map(|doc| doc.place(doc.root()));
            let finding = place.map(|place| legible::not_a_piece(&what, place));
            judge_piece(&piece, context, findings.into_iter().chain(finding).collect())
        }
        None => judge_piece(&piece, context, findings),
    };
    let findings = judged.findings.into_iter().map(in_words_of_the_form).collect();
    let judged = Judged { findings, ..judged };
    let text = invoice.doc.map(Doc::into_source).or(invoice.text);
    let form = Some((name.clone(), page.into_source()));
    Judged { syntax: "depot", embedded: invoice.embedded, kind, text, form, ..judged }
}

/// What to fill in where a form lacks it: the rule, and the field. Of an invoice each rule says so in its own words.
#[rustfmt::skip]
static LACKING: [(&str, &str); 9] = [
    ("L-06", "<numero>"),           ("L-07", "<date>"),        ("L-09", "<fournisseur>, <fournisseur-type>"),
    ("L-10", "<destinataire>, <moa>"), ("C-01", "<devise>"),   ("C-02", "<ht>"),
    ("C-03", "<net-a-payer>"),      ("C-04", "<tva>"),         ("T-01", "<cadre>"),
];

/// A finding in a form says what to do in the words of the form.
fn in_words_of_the_form(mut finding: Finding) -> Finding {
    let is_of_form = finding.place.as_ref().is_some_and(|place| place.form);
    if let Some((_, fields)) = LACKING.iter().find(|(rule, _)| is_of_form && *rule == finding.rule) {
        finding.help = msg!("renseignez dans le formulaire : {fields}", "fill in, in the form: {fields}");
    }
    finding
}

fn presence(beside: &HashMap<String, Presence>, name: &str) -> Presence {
    match beside.get(name) {
        _ if !depot::is_plain_name(name) => Presence::NoName,
        Some(presence) => *presence,
        None => Presence::Missing,
    }
}

/// A finding of a form that could not be read.
fn of_form(finding: Finding, name: &str) -> Finding {
    let place = finding.place.clone().map(|p| Place { path: format!("{name}!{}", p.path), form: true, ..p });
    finding.at(place)
}

/// Reads what a main file says, if it says anything: XML, or the XML that a PDF carries. A PDF that carries none is
/// paper: the form says all of it.
fn read_main(bytes: Vec<u8>, context: &Context<'_>) -> Invoice {
    let kind = flux::sniff(&bytes);
    let nothing = |findings| Invoice { doc: None, kind, embedded: None, text: None, findings };
    let (xml, embedded) = match kind {
        Kind::Xml => (bytes, None),
        Kind::Empty => return nothing(vec![safe::empty()]),
        Kind::Pdf => match pdf::invoice(&bytes, &context.config.limits.archive()) {
            Ok(invoice) => (invoice.bytes, Some(quote(Shown(&invoice.name).to_string()))),
            Err(error) => return nothing(of_pdf(&error)),
        },
        other => return nothing(vec![legible::not_a_main_file(other.name())]),
    };
    match parse(xml, context) {
        Ok(doc) => Invoice { doc: Some(doc), kind, embedded, text: None, findings: Vec::new() },
        Err((_, finding, text)) => Invoice { doc: None, kind, embedded, text, findings: vec![*finding] },
    }
}

/// What is told of a PDF from which no invoice is read. That its insides are strange to this reader is no reason to
/// refuse what the form says.
fn of_pdf(error: &PdfError) -> Vec<Finding> {
    match error {
        PdfError::Nothing { .. } => Vec::new(),
        PdfError::Several { names } => vec![legible::several_embedded(names)],
        PdfError::Damaged | PdfError::Tangled | PdfError::Method { .. } => vec![safe::pdf(error).warn()],
        _ => vec![safe::pdf(error)],
    }
}

/// The forms of an archive, and which of its members belong to which.
#[derive(Default)]
pub(super) struct Sets {
    sets: Vec<InArchive>,
    /// By entry: the form, and what the member is to it.
    members: HashMap<usize, (usize, Part)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Form,
    Main,
    Attachment,
}

struct InArchive {
    bytes: Vec<u8>,
    sha256: [u8; 32],
    form: Form,
}

/// What the first reading notes of a member.
struct Seen {
    entry: usize,
    presence: Presence,
    sha256: [u8; 32],
}

impl Sets {
    /// Finds the forms of an archive; whatever is wrong with it, the second reading tells.
    pub fn look<R: Read + Seek>(kind: Kind, reader: &mut R, size: u64, context: &Context<'_>) -> Sets {
        let limits = &context.config.limits;
        Sets::within(kind, reader, size, &limits.archive(), &limits.xml())
    }

    fn within<R: Read + Seek>(
        kind: Kind,
        reader: &mut R,
        size: u64,
        limits: &archive::Limits,
        xml: &crate::xml::Limits,
    ) -> Sets {
        let (mut forms, mut seen) = (Vec::new(), HashMap::new());
        let _ = archive::each(kind, &mut *reader, size, limits, |member| {
            let name = String::from_utf8_lossy(archive::plain(&member.name)).into_owned();
            let (presence, sha256) = match &member.content {
                Content::Bytes(bytes) => (Presence::Here(bytes.len() as u64), Sha256::digest(bytes).into()),
                Content::Odd(Odd::Large { size }) => (Presence::Large(*size), [0; 32]),
                Content::Odd(_) => (Presence::Unreadable, [0; 32]),
            };
            if let Content::Bytes(bytes) = member.content
                && let Some(names) = names_of(&name, &bytes, xml)
            {
                forms.push((name.clone(), names, bytes));
            }
            seen.insert(name, Seen { entry: member.entry, presence, sha256 });
            Ok::<(), ()>(())
        });
        let _ = reader.rewind();
        let mut sets = Sets::default();
        for (path, names, bytes) in forms {
            sets.add(&path, names, bytes, &seen);
        }
        sets
    }

    fn add(&mut self, path: &str, names: Vec<String>, bytes: Vec<u8>, seen: &HashMap<String, Seen>) {
        let Some(own) = seen.get(path).filter(|own| !self.members.contains_key(&own.entry)) else { return };
        let (above, name) = path.rsplit_once('/').map_or(("", path), |(above, name)| (above, name));
        let n = self.sets.len();
        let (mut beside, mut main, mut attachments) = (HashMap::new(), None, Vec::new());
        self.members.insert(own.entry, (n, Part::Form));
        for (nth, name) in names.into_iter().enumerate() {
            let path = if above.is_empty() { name.clone() } else { format!("{above}/{name}") };
            let file = seen.get(&path).filter(|_| depot::is_plain_name(&name));
            let presence = match file {
                None => Presence::Missing,
                Some(file) if self.members.contains_key(&file.entry) => Presence::Taken,
                Some(file) => file.presence,
            };
            if let (Presence::Here(_), Some(file)) = (presence, file) {
                // The names of a form begin with its main file, where it has one.
                let part = if nth == 0 { Part::Main } else { Part::Attachment };
                self.members.insert(file.entry, (n, part));
                match part {
                    Part::Main => main = Some(file.entry),
                    _ => attachments.push(Attached { entry: file.entry, name: name.clone(), sha256: file.sha256 }),
                }
            } else if let (Presence::Large(_) | Presence::Unreadable, Some(file)) = (presence, file) {
                // The form tells of it; by itself it has nothing more to say.
                self.members.insert(file.entry, (n, Part::Attachment));
            }
            beside.insert(name, presence);
        }
        let name = quote(Shown(name).to_string());
        let form = Form { entry: own.entry, name, main, beside, attachments };
        self.sets.push(InArchive { bytes, sha256: own.sha256, form });
    }

    /// Whether a member is a form, or belongs to one.
    pub fn is_of_one(&self, entry: usize) -> bool {
        self.members.contains_key(&entry)
    }

    /// Judges the form of a member that came: with its main file, or alone where that is not there.
    pub fn judge(
        &mut self,
        member: archive::Member,
        context: &Context<'_>,
        judge: fn(Set, &Context<'_>) -> Judged,
    ) -> Option<Document> {
        let (n, part) = *self.members.get(&member.entry)?;
        let InArchive { bytes, sha256, form } = &mut self.sets[n];
        let is_due = match part {
            Part::Form => form.main.is_none(),
            Part::Main => true,
            Part::Attachment => false,
        };
        if !is_due {
            return None;
        }
        let name = quote(Shown(&String::from_utf8_lossy(&member.name)).to_string());
        let (main, sha256) = match (part, member.content) {
            (Part::Main, Content::Bytes(bytes)) => {
                let sha256 = Sha256::digest(&bytes).into();
                (Some(bytes), sha256)
            }
            _ => (None, *sha256),
        };
        let set = Set { name: form.name.clone(), form: std::mem::take(bytes), main, beside: form.beside.clone() };
        let judged = judge(set, context);
        let member = Some(Member { entry: member.entry, name, sha256 });
        Some(Document { member, form: Some(form.clone()), judged })
    }
}

/// The files that came along with a pièce of an archive, if it came with a deposit form: the archive was opened within
/// limits before, and has not changed since.
pub fn came_along<R: Read + Seek>(
    kind: Kind,
    mut reader: R,
    size: u64,
    entry: usize,
    xml: &crate::xml::Limits,
) -> Vec<(Attached, Vec<u8>)> {
    let sets = Sets::within(kind, &mut reader, size, &archive::UNLIMITED, xml);
    let Some((n, _)) = sets.members.get(&entry) else { return Vec::new() };
    let form = &sets.sets[*n].form;
    let mut found = Vec::new();
    let _ = archive::each(kind, reader, size, &archive::UNLIMITED, |member| {
        let attached = form.attachments.iter().find(|a| a.entry == member.entry);
        if let (Some(attached), Content::Bytes(bytes)) = (attached, member.content) {
            found.push((attached.clone(), bytes));
        }
        Ok::<(), ()>(())
    });
    // In the form's order, as they went out the first time.
    found.sort_by_key(|(a, _)| form.attachments.iter().position(|other| other == a));
    found
}

/// The files that a file of this name names, if it is a deposit form: the main one first, no name where none is named.
/// A fault of ours in reading it names none: whoever judges it tells.
pub fn names_of(name: &str, bytes: &[u8], limits: &crate::xml::Limits) -> Option<Vec<String>> {
    if !depot::is_called(name) || bytes.len() > depot::LONGEST || flux::sniff(bytes) != Kind::Xml {
        return None;
    }
    let read = || {
        let doc = flux::decode(bytes.to_vec()).ok().and_then(|text| Doc::parse(text, limits).ok())?;
        depot::is_form(&doc).then(|| depot::names(&doc))
    };
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}
