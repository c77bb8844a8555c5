//! One document, every layer that can be judged, in one go. Pure: the annuaire and the day are arguments.

mod set;

use set::Sets;
pub use set::{Attached, Form, Set, came_along, judge_set, judge_set_with_texts, names_of};

use crate::asked::{self, Unit};
pub use crate::facts::Facts;
use crate::flux::archive::{self, COMPANIONS, Content, Fault};
use crate::flux::pdf::{self, PdfError};
use crate::flux::{self, Kind};
use crate::piece::{self, NotAPiece, Piece};
pub use crate::routing::Route;
use crate::routing::route;
pub use crate::rules::Context;
use crate::rules::works::actors::Actors;
use crate::rules::{Case, Finding, Findings, Layer, Place, catalogue, chorus, en16931, legible, quote, safe, works};
use crate::text::Shown;
use crate::trade::Mode;
use crate::xml::{Doc, XmlErrorKind};
use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What came of one document.
#[derive(Debug)]
pub struct Judged {
    /// `ubl-invoice`, `ubl-credit-note`, `cii`, `facturx` (whatever XML the PDF carries), `depot` (a deposit form,
    /// whatever came with it), `cppstatut` or `unknown`.
    pub syntax: &'static str,
    /// Of a PDF: the name of the XML embedded in it, made visible. Places in findings are places in that.
    pub embedded: Option<String>,
    /// What becomes of the file.
    pub fate: Fate,
    /// What could be read; empty where nothing could.
    pub facts: Facts,
    /// Where it goes, when every datum that routing needs is there.
    pub route: Option<Route>,
    /// The earlier pièces that it associates; none: it is a *dépôt initial*.
    pub cites: Vec<Cited>,
    /// Of a life-cycle flow: its acts, in order.
    pub acts: Vec<Unit>,
    /// How many files it embeds (BG-24).
    pub attachments: usize,
    /// What its bytes are.
    pub kind: Kind,
    /// The decoded document, where it was to be kept: places in findings are places in it.
    pub text: Option<String>,
    /// The same of the deposit form: its name and its text.
    pub form: Option<(String, String)>,
    /// Everything that was found, in the order of layers, then of the document.
    pub findings: Vec<Finding>,
}

impl Judged {
    /// Whether the pièce (or the file) is refused.
    pub fn refused(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    /// The extension under which its bytes are delivered.
    pub fn extension(&self) -> &'static str {
        self.kind.extension()
    }
}

/// An earlier pièce as a deposit cites it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cited {
    /// Its number (BT-25).
    pub number: Option<String>,
    /// Its date (BT-26), where it is given and is one.
    pub issued: Option<NaiveDate>,
    /// Its seller, where the deposit says so.
    pub seller: Option<String>,
    /// Where it is cited.
    pub place: Option<Place>,
}

/// What came of one deposited file: of a plain one a single document, of an archive one for each pièce in it.
#[derive(Debug)]
pub struct JudgedFlow {
    /// What it is: its documents' syntax.
    pub syntax: &'static str,
    /// What becomes of the file.
    pub fate: Fate,
    /// What was found of the file as a whole, or of one that holds no pièce. An error refuses all of it.
    pub findings: Vec<Finding>,
    /// Its documents, in their order; none where nothing could be read.
    pub documents: Vec<Document>,
}

/// A document of a deposit.
#[derive(Debug)]
pub struct Document {
    /// Of an archive: which member it is.
    pub member: Option<Member>,
    /// The deposit form that it came with.
    pub form: Option<Form>,
    /// What came of it.
    pub judged: Judged,
}

/// A member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its place among the archive's entries, from 0.
    pub entry: usize,
    /// Its name, made visible; the beginning of a long one.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Document {
    /// Whether it made a pièce that is accepted.
    pub fn accepted(&self) -> bool {
        self.judged.fate == Fate::Piece && !self.judged.refused() && self.judged.route.is_some()
    }

    /// How many things it asks for: one pièce, or its acts.
    pub fn units(&self) -> usize {
        if self.judged.fate == Fate::Acts { self.judged.acts.len() } else { 1 }
    }

    /// Where in its deposit it was read, where that is not the whole file: `b.xml`, `factur-x.xml`,
    /// `b.pdf!factur-x.xml`.
    pub fn inside(&self) -> Option<String> {
        let member = self.member.as_ref().map(|m| m.name.as_str());
        let parts: Vec<&str> = member.into_iter().chain(self.judged.embedded.as_deref()).collect();
        (!parts.is_empty()).then(|| parts.join("!"))
    }
}

impl JudgedFlow {
    /// A file of which no pièce could be read.
    pub fn unread(syntax: &'static str, fate: Fate, findings: Vec<Finding>) -> JudgedFlow {
        JudgedFlow { syntax, fate, findings, documents: Vec::new() }
    }

    /// A plain file.
    pub fn of(judged: Judged) -> JudgedFlow {
        let (syntax, fate) = (judged.syntax, judged.fate);
        match fate {
            Fate::Piece | Fate::Acts => {
                let documents = vec![Document { member: None, form: None, judged }];
                JudgedFlow { syntax, fate, findings: Vec::new(), documents }
            }
            // Alone, a companion is no flow.
            Fate::Companion => JudgedFlow::unread(syntax, Fate::Unreadable, judged.findings),
            Fate::Unreadable | Fate::Hold => JudgedFlow::unread(syntax, fate, judged.findings),
        }
    }
}

/// What judges one document, and what judges a deposit form with the files that it names.
#[derive(Clone, Copy)]
pub struct Judges {
    /// A document.
    pub one: fn(Vec<u8>, &Context<'_>) -> Judged,
    /// A form.
    pub set: fn(Set, &Context<'_>) -> Judged,
}

impl Judges {
    /// Keeping nothing of what they read.
    pub const PLAIN: Judges = Judges { one: judge, set: judge_set };
    /// Keeping the texts, to show what is wrong in its place.
    pub const WITH_TEXTS: Judges = Judges { one: judge_with_text, set: judge_set_with_texts };
}

/// Judges an archive, each member as it comes; what is wrong with one costs the others nothing. A deposit form and the
/// files that it names, beside it, make one pièce. `keep` is given the bytes of each pièce that may be accepted, and of
/// whatever belongs to a form, with its entry.
///
/// # Errors
/// What `keep` said.
pub fn judge_archive<R: Read + Seek, E>(
    kind: Kind,
    reader: R,
    size: u64,
    context: &Context<'_>,
    judges: Judges,
    mut keep: impl FnMut(usize, &[u8]) -> Result<(), E>,
) -> Result<JudgedFlow, E> {
    let (limits, most) = (context.config.limits.archive(), context.config.limits.pieces);
    let mut documents = Vec::new();
    let (mut crowded, mut told, mut units, mut files) = (false, 0, 0, 0);
    let (mut reader, mut sets) = (reader, Sets::default());
    // EDI has no forms, and its archives are opened once.
    if context.mode != Mode::Edi {
        sets = Sets::look(kind, &mut reader, size, context);
    }
    let opened = archive::each(kind, reader, size, &limits, |member| {
        if sets.is_of_one(member.entry) {
            if !crowded && let Content::Bytes(bytes) = &member.content {
                keep(member.entry, bytes)?;
            }
            let Some(document) = sets.judge(member, context, judges.set) else { return Ok(()) };
            units += 1;
            crowded |= units > most;
            if !crowded {
                files += document.judged.attachments;
                told += document.judged.findings.len();
                documents.push(briefly(document, told));
            }
            return Ok(());
        }
        if archive::is_companion(&member.name) {
            return Ok(());
        }
        let Some((document, bytes)) = judge_member(member, &limits, context, judges.one) else { return Ok(()) };
        units += document.units();
        crowded |= units > most;
        if crowded {
            return Ok(()); // counted no further: the flow is refused, but the archive is read to its end
        }
        let judged = &document.judged;
        if let Some(bytes) = bytes.filter(|_| judged.fate == Fate::Piece && !judged.refused()) {
            keep(document.member.as_ref().map_or(0, |m| m.entry), &bytes)?;
        }
        files += document.judged.attachments;
        told += document.judged.findings.len();
        documents.push(briefly(document, told));
        Ok(())
    });
    let syntax = documents.iter().map(|d: &Document| d.judged.syntax).find(|s| *s != "unknown").unwrap_or("unknown");
    let refused = |finding| Ok(JudgedFlow::unread(syntax, Fate::Unreadable, vec![finding]));
    match opened {
        Err(Fault::Taking(e)) => Err(e),
        Err(fault @ Fault::Broken { .. }) => {
            Ok(JudgedFlow::unread(syntax, Fate::Hold, vec![safe::archive(&fault, &limits)]))
        }
        Err(fault) => refused(safe::archive(&fault, &limits)),
        Ok(()) if crowded => refused(safe::too_many_pieces(most)),
        Ok(()) if files > limits.entries => refused(safe::too_many_files(files, limits.entries)),
        Ok(()) if documents.is_empty() => refused(safe::no_piece()),
        Ok(()) => Ok(JudgedFlow { syntax, fate: Fate::Piece, findings: Vec::new(), documents }),
    }
}

/// Findings of a whole archive that are told one by one; after them each document's first few.
const MOST_OF_FLOW: usize = 20_000;
/// Findings of a document after so many others.
const BRIEFLY: usize = 20;

/// A document of an archive that has told too much already says what it has to say briefly.
fn briefly(mut document: Document, told: usize) -> Document {
    let acts = !document.judged.acts.is_empty(); // each is told by itself
    let findings = &mut document.judged.findings;
    if told > MOST_OF_FLOW && findings.len() > BRIEFLY && !acts {
        let more = findings.len() - BRIEFLY;
        // Errors first: whatever is left out, a refusal has its reason.
        findings.sort_by_key(|f| !f.is_error());
        findings.truncate(BRIEFLY);
        findings.push(safe::and_more(more));
    }
    document
}

/// Judges one member; none: it is no pièce and need be none.
fn judge_member(
    member: archive::Member,
    limits: &archive::Limits,
    context: &Context<'_>,
    judge: fn(Vec<u8>, &Context<'_>) -> Judged,
) -> Option<(Document, Option<Vec<u8>>)> {
    let archive::Member { entry, name, content } = member;
    // Each finding tells it, and a tar may give a member any name.
    let name = quote(Shown(&String::from_utf8_lossy(&name)).to_string());
    let (judged, bytes, sha256) = match content {
        Content::Odd(odd) => {
            (Judged::unread("unknown", Fate::Unreadable, vec![safe::member(&odd, limits)]), None, [0; 32])
        }
        Content::Bytes(bytes) => {
            let sha256 = Sha256::digest(&bytes).into();
            (judge(bytes.clone(), context), Some(bytes), sha256)
        }
    };
    let fate = match judged.fate {
        Fate::Companion => return None,
        fate @ (Fate::Piece | Fate::Acts) => fate,
        // What an operator would look at alone is the sender's to mend in an archive.
        Fate::Hold | Fate::Unreadable => Fate::Unreadable,
    };
    let member = Some(Member { entry, name, sha256 });
    Some((Document { member, form: None, judged: Judged { fate, ..judged } }, bytes))
}

/// What becomes of a file after judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A pièce was read: accepted or refused, its file goes to the archive.
    Piece,
    /// Acts were read: its file goes to the archive, whatever becomes of them.
    Acts,
    /// No pièce could be read, for a reason that its sender must mend: refused, its file goes to the archive.
    Unreadable,
    /// It is no pièce and need be none: a signature or stylesheet that travels beside pièces in an archive.
    Companion,
    /// An operator must look, or guichet does not handle it yet: reported, its file goes to hold.
    Hold,
}

impl Judged {
    /// A file of which no pièce could be read.
    pub fn unread(syntax: &'static str, fate: Fate, findings: Vec<Finding>) -> Judged {
        let (facts, route, cites, acts, text, embedded, form) = Default::default();
        let kind = Kind::Xml;
        Judged { syntax, embedded, fate, facts, route, cites, acts, attachments: 0, kind, text, form, findings }
    }
}

/// Judges one document.
pub fn judge(bytes: Vec<u8>, context: &Context<'_>) -> Judged {
    judge_keeping(bytes, context).0
}

/// Judges one document and keeps its decoded text, whatever came of it.
pub fn judge_with_text(bytes: Vec<u8>, context: &Context<'_>) -> Judged {
    let (judged, text) = judge_keeping(bytes, context);
    Judged { text, ..judged }
}

/// Judges one document and gives back its decoded text, where it could be decoded: places in findings are places in it.
///
/// A fault of ours in judging holds the one file and harms no other.
pub fn judge_keeping(bytes: Vec<u8>, context: &Context<'_>) -> (Judged, Option<String>) {
    catch_unwind(AssertUnwindSafe(|| judge_bytes(bytes, context)))
        .unwrap_or_else(|_| (Judged::unread("unknown", Fate::Hold, vec![safe::internal_fault()]), None))
}

fn judge_bytes(bytes: Vec<u8>, context: &Context<'_>) -> (Judged, Option<String>) {
    let kind = flux::sniff(&bytes);
    let hold = |finding| (Judged::unread("unknown", Fate::Hold, vec![finding]), None);
    match kind {
        Kind::Empty => hold(safe::empty()),
        // What is no pièce may be a file that a form names, where there are forms.
        Kind::Unknown if context.mode != Mode::Edi => hold(legible::unnamed(&bytes)),
        Kind::Unknown => hold(safe::unrecognised(&bytes)),
        // A flow's own archive is opened before its documents come here.
        Kind::Gzip | Kind::Tar | Kind::Zip => hold(legible::nested()),
        Kind::Pdf => judge_pdf(bytes, context),
        Kind::Xml => judge_xml(bytes, context),
    }
}

/// Judges a PDF: the XML embedded in it, as if it came alone.
fn judge_pdf(bytes: Vec<u8>, context: &Context<'_>) -> (Judged, Option<String>) {
    let invoice = match pdf::invoice(&bytes, &context.config.limits.archive()) {
        Ok(invoice) => invoice,
        Err(error) => {
            let (fate, finding) = match &error {
                PdfError::Cut | PdfError::Damaged => (Fate::Hold, safe::pdf(&error)),
                PdfError::Nothing { others } => (Fate::Unreadable, legible::nothing_embedded(others, context.mode)),
                PdfError::Several { names } => (Fate::Unreadable, legible::several_embedded(names)),
                _ => (Fate::Unreadable, safe::pdf(&error)),
            };
            return (Judged::unread("unknown", fate, vec![finding]), None);
        }
    };
    drop(bytes);
    let (judged, text) = match flux::sniff(&invoice.bytes) {
        Kind::Xml => judge_xml(invoice.bytes, context),
        Kind::Empty => (Judged::unread("facturx", Fate::Unreadable, vec![safe::empty()]), None),
        _ => (Judged::unread("facturx", Fate::Unreadable, vec![safe::unrecognised(&invoice.bytes)]), None),
    };
    let name = quote(Shown(&invoice.name).to_string());
    // The PDF is whole: what is wrong with its XML is the sender's to mend, and it is no companion of anything.
    let judged = match judged.fate {
        Fate::Piece => judged,
        Fate::Acts => {
            let finding = legible::acts_in_a_pdf();
            Judged::unread("facturx", Fate::Unreadable, said_of(&name, vec![finding]))
        }
        _ => Judged { fate: Fate::Unreadable, findings: said_of(&name, judged.findings), ..judged },
    };
    (Judged { syntax: "facturx", embedded: Some(name), kind: Kind::Pdf, ..judged }, text)
}

/// Findings of a PDF of which no pièce was read: each says that it speaks of the file embedded in it.
fn said_of(name: &str, findings: Vec<Finding>) -> Vec<Finding> {
    let start = || Place { line: 1, column: 1, path: String::new(), span: (0, 0), form: false };
    let placed = findings.into_iter().map(|finding| {
        let place = finding.place.clone().unwrap_or_else(start);
        let path = format!("{name}{}", place.path);
        finding.at(Some(Place { path, ..place }))
    });
    placed.collect()
}

fn judge_xml(bytes: Vec<u8>, context: &Context<'_>) -> (Judged, Option<String>) {
    match parse(bytes, context) {
        Ok(doc) => {
            let judged = document(&doc, context);
            (judged, Some(doc.into_source()))
        }
        Err((fate, finding, text)) => (Judged::unread("unknown", fate, vec![*finding]), text),
    }
}

/// Why bytes are no XML document: what becomes of them, the finding, and their text where it could be decoded.
type NoDocument = (Fate, Box<Finding>, Option<String>);

fn parse(bytes: Vec<u8>, context: &Context<'_>) -> Result<Doc, NoDocument> {
    let text = flux::decode(bytes).map_err(|e| (Fate::Unreadable, Box::new(safe::encoding(&e)), None))?;
    Doc::parse(text, &context.config.limits.xml()).map_err(|(e, text)| {
        let is_cut = matches!(e.kind, XmlErrorKind::Truncated { .. } | XmlErrorKind::NoRoot);
        let fate = if is_cut { Fate::Hold } else { Fate::Unreadable };
        (fate, Box::new(safe::xml(&e)), Some(text))
    })
}

fn document(doc: &Doc, context: &Context<'_>) -> Judged {
    match piece::read(doc) {
        Ok(piece) => judge_piece(&piece, context, Vec::new()),
        Err(NotAPiece::CppStatut) => judge_acts(doc, context),
        Err(NotAPiece::DepositForm) if context.mode == Mode::Edi => {
            let finding = legible::form_by(context.mode, doc.place(doc.root()));
            Judged::unread("depot", Fate::Unreadable, vec![finding])
        }
        Err(what) => {
            let finding = legible::not_a_piece(&what, doc.place(doc.root()));
            let (syntax, fate) = match &what {
                NotAPiece::CppStatut => ("cppstatut", Fate::Unreadable),
                NotAPiece::DepositForm => ("depot", Fate::Unreadable),
                NotAPiece::Unknown { namespace, .. } if COMPANIONS.contains(&namespace.as_str()) => {
                    ("unknown", Fate::Companion)
                }
                NotAPiece::Unknown { .. } => ("unknown", Fate::Unreadable),
            };
            Judged::unread(syntax, fate, vec![finding])
        }
    }
}

/// Reads a life-cycle flow: its acts are decided later, by whoever knows the pièces.
fn judge_acts(doc: &Doc, context: &Context<'_>) -> Judged {
    let refused = |finding| Judged::unread("cppstatut", Fate::Unreadable, vec![finding]);
    let most = context.config.limits.pieces;
    match asked::read(doc) {
        Err(finding) => refused(*finding),
        Ok((acts, _)) if acts.len() > most => refused(safe::too_many_acts(acts.len(), most)),
        Ok((acts, findings)) => Judged { acts, ..Judged::unread("cppstatut", Fate::Acts, findings) },
    }
}

/// Every rule of every layer that is asked for, in the order of the layers; then the route. `before`: what was found
/// while it was read.
fn judge_piece(piece: &Piece<'_>, context: &Context<'_>, before: Vec<Finding>) -> Judged {
    let case = Case { piece, context, actors: Actors::resolve(piece, context) };
    let mut findings = Findings::default();
    for layer in Layer::ALL.iter().filter(|l| context.layers.contains(l)) {
        if *layer == Layer::En16931 {
            en16931::judge(piece, context, &mut findings);
            continue;
        }
        for rule in catalogue::of_layer(*layer) {
            if let Some(check) = rule.check {
                check(rule, &case, &mut findings);
                findings.end_of(rule);
            }
        }
    }
    let findings: Vec<Finding> = before.into_iter().chain(findings.into_vec()).collect();
    let refused = findings.iter().any(Finding::is_error);
    let depositor = case.actors.depositor;
    let route = match (case.actors.cadre, depositor) {
        (Some(cadre), Some((role, _))) if !refused => route(cadre, role, |role| case.actors.who(role).map(|a| a.id)),
        _ => None,
    };
    let facts = if refused && !works::may_see_sheet(&case) {
        // Of a marché that the partner has no part in, a refused pièce takes nothing: its status goes to this partner.
        let actors = Actors::resolve(piece, &Context { annuaire: None, associated: None, ..*context });
        facts(&Case { piece, context, actors })
    } else {
        facts(&case)
    };
    let cites = if works::is_association(&case) { cited(piece) } else { Vec::new() };
    let (syntax, fate) = (piece.syntax.name(), Fate::Piece);
    let (attachments, kind, acts) = (piece.embedded().count(), Kind::Xml, Vec::new());
    let (embedded, text, form) = Default::default();
    Judged { syntax, embedded, fate, facts, route, cites, acts, attachments, kind, text, form, findings }
}

/// The earlier pièces that a document cites.
fn cited(piece: &Piece<'_>) -> Vec<Cited> {
    let each = piece.preceding.iter().map(|p| Cited {
        number: p.number.map(|n| kept(n.text).to_owned()),
        issued: p.issued.and_then(|d| d.value),
        seller: p.seller.map(|s| kept(s.text).to_owned()),
        place: p.number.map(|n| n.at).or(p.issued.map(|d| d.raw.at)).map(|at| piece.place(at)),
    });
    each.collect()
}

/// A text as the ledger keeps it: what is longer is no name, number or identifier of anybody's.
fn kept(text: &str) -> &str {
    text.char_indices().nth(LONGEST_KEPT).map_or(text, |(end, _)| &text[..end])
}

/// Characters of a text that the ledger keeps.
const LONGEST_KEPT: usize = 1_000;

fn facts(case: &Case<'_, '_>) -> Facts {
    let (p, a, t) = (case.piece, &case.actors, &case.piece.totals);
    let services = a.services(p);
    let own = |text: Option<&str>| text.map(|text| kept(text).to_owned());
    let name_of = |id: &str| case.context.annuaire.and_then(|n| n.structure(id)).map(|s| s.name.clone());
    let supplier_name = p.seller.name.or(p.seller.trading_name).map(|v| kept(v.text).to_owned());
    let buyer_name = p.buyer.name.or(p.buyer.trading_name).map(|v| kept(v.text).to_owned());
    let stated = chorus::stated_vat(p);
    let (net, gross) = (t.net.and_then(|n| n.value), t.gross.and_then(|n| n.value));
    let vat = stated.or_else(|| chorus::minus(gross, net).filter(|_| p.total_vat().is_none()));
    let id = |actor: Option<crate::rules::works::actors::Actor<'_>>| actor.map(|a| kept(a.id).to_owned());
    Facts {
        cadre: own(a.written.map(|w| w.text)),
        number: own(p.number.map(|n| n.text)),
        type_code: own(p.type_code.map(|c| c.text)),
        issued: p.issued.and_then(|d| d.value),
        supplier_type: p.supplier().and_then(|s| s.kind),
        supplier_id: id(a.seller),
        supplier_name: supplier_name.or_else(|| a.seller.and_then(|s| name_of(s.id))),
        destinataire: id(a.destinataire),
        destinataire_name: a.destinataire.and_then(|d| {
            let is_buyer = a.buyer.is_some_and(|b| b.id == d.id);
            buyer_name.filter(|_| is_buyer).or_else(|| name_of(d.id))
        }),
        moe: id(a.moe),
        moa: id(a.moa),
        valideur1: id(a.valideur1),
        valideur2: id(a.valideur2),
        service: own(services.destinataire),
        moe_service: own(services.moe),
        moa_service: own(services.moa),
        seller_service: own(services.seller),
        engagement: own(services.engagement),
        marche: a.marche().map(|m| m.number.clone()).or_else(|| own(p.marche().map(|m| m.text))).or_else(|| {
            let earlier = case.context.associated?;
            earlier.marche.clone()
        }),
        marche_moa: a.marche().map(|m| m.moa.clone()),
        ht: net,
        vat,
        ttc: gross.or_else(|| chorus::plus(net, vat).filter(|_| t.gross.is_none())),
        due: t.due.and_then(|n| n.value),
        currency: own(p.document_currency()),
    }
}
