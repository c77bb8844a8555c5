//! The deposit form (`schemas/depot-1.xsd`): what the portal's screen asks, on one flat page. It fills the same model as
//! an invoice does, and names the actors and files that no invoice names. Where an invoice comes with it, the form's
//! data come first, and both must say the same.

use super::amount::day_ubl;
use super::read::{Element, Reader, Row, first};
use super::terms::{Actor, empty};
use super::{Day, Id, Number, Piece, Preceding, Reference, Syntax, Val};
use crate::text::{Text, t};
use crate::xml::{Doc, NodeId, Place};
use std::collections::HashSet;
use std::sync::LazyLock;

/// The namespace of a form.
pub const NAMESPACE: &str = "urn:guichet:depot:1";
/// How the name of a form ends.
pub const ENDING: &str = ".depot.xml";
/// Bytes of a form at most.
pub const LONGEST: usize = 1 << 20;

/// What a deposit form says that no invoice does.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // actors and services are those that they are named after
pub struct Form<'d> {
    /// The form itself.
    pub doc: &'d Doc,
    /// The name of its file.
    pub name: &'d str,
    /// Whether no invoice could be read beside it: the main file is paper.
    pub alone: bool,
    pub destinataire: Option<Id<'d>>,
    pub moe: Option<Id<'d>>,
    pub moa: Option<Id<'d>>,
    pub valideur1: Option<Id<'d>>,
    pub valideur2: Option<Id<'d>>,
    pub destinataire_service: Option<Val<'d>>,
    pub moe_service: Option<Val<'d>>,
    pub moa_service: Option<Val<'d>>,
    /// Whether it asks for the association of an earlier pièce.
    pub associates: bool,
    /// The main file.
    pub principal: Option<Val<'d>>,
    /// The other files.
    pub attachments: Vec<Val<'d>>,
    /// What lies beside it of these files, the main one first.
    pub files: Vec<Named<'d>>,
    /// Data in which it and the invoice differ.
    pub disagreements: Vec<Disagreement<'d>>,
    /// Types of identifiers, until the whole page is read: seller, first and second valideur.
    types: [Option<&'d str>; 3],
}

/// A file that a form names.
#[derive(Clone, Copy, Debug)]
pub struct Named<'d> {
    /// Its name, where the form gives it.
    pub name: Val<'d>,
    /// Whether it is the main file.
    pub main: bool,
    /// What is there.
    pub presence: Presence,
}

/// What is there of a file that a form names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The file, with its size in bytes.
    Here(u64),
    /// Nothing.
    Missing,
    /// Something that is no file, or cannot be read.
    Unreadable,
    /// A file that is too large to be taken along, with its size in bytes.
    Large(u64),
    /// A file that another form names too, and has.
    Taken,
    /// The name leads elsewhere, or is none.
    NoName,
}

/// A datum that a form and its invoice both give, and differ in.
#[derive(Clone, Copy, Debug)]
pub struct Disagreement<'d> {
    /// Which.
    pub datum: Text,
    /// What the form says.
    pub form: Val<'d>,
    /// What the invoice says.
    pub invoice: Val<'d>,
}

/// The bit that tells the nodes of a form from those of the invoice beside it: no document has so many.
const MARK: u32 = 1 << 31;

impl NodeId {
    /// The node of the form that this is, if it is one.
    fn of_form(self) -> Option<NodeId> {
        (self.0 & MARK != 0).then_some(NodeId(self.0 & !MARK))
    }

    /// Whether it is a node of a deposit form.
    pub fn is_of_form(self) -> bool {
        self.of_form().is_some()
    }
}

static READER: LazyLock<Reader> = LazyLock::new(|| Reader::new(&[("", FIELDS)], |_, _, _| NAMESPACE));

fn form<'p, 'd>(p: &'p mut Piece<'d>) -> &'p mut Form<'d> {
    p.form.as_mut().expect("a form is read into a pièce that has one")
}

/// An identifier that is a SIRET unless another type is given.
fn id(e: Element<'_>) -> Option<Id<'_>> {
    e.val().map(|id| Id { id, scheme: Some("1"), scheme_name: None })
}

/// An earlier pièce: its number, with its day and seller where they are given.
fn earlier<'d>(p: &mut Piece<'d>, e: Element<'d>) {
    let issued = e.attribute_val("date").map(|raw| Day { raw, value: day_ubl(raw.text) });
    p.preceding.push(Preceding { number: e.val(), issued, seller: e.attribute_val("fournisseur") });
}

// What each field of the page means, in the order of the page; the names are those of `schemas/depot-1.xsd`.
/// The page.
#[rustfmt::skip]
pub(super) static FIELDS: &[Row] = &[
    // element                  where it goes
    ("cadre",                   |p, e| first(&mut p.process, e.val())),                                  // BT-23
    ("type",                    |p, e| first(&mut p.type_code, e.val())),                                // BT-3
    ("numero",                  |p, e| first(&mut p.number, e.val())),                                   // BT-1
    ("date",                    |p, e| first(&mut p.issued, e.day(day_ubl))),                            // BT-2
    ("devise",                  |p, e| first(&mut p.currency, e.val())),                                 // BT-5
    ("ht",                      |p, e| first(&mut p.totals.net, e.number())),                            // BT-109
    ("tva",                     |p, e| p.totals.vat.extend(e.number())),                                 // BT-110
    ("ttc",                     |p, e| first(&mut p.totals.gross, e.number())),                          // BT-112
    ("net-a-payer",             |p, e| first(&mut p.totals.due, e.number())),                            // BT-115
    ("fournisseur",             |p, e| p.seller.ids.extend(id(e))),                                      // BT-29
    ("fournisseur-type",        |p, e| first(&mut form(p).types[0], e.val().map(|v| v.text))),           // its scheme
    ("fournisseur-nom",         |p, e| first(&mut p.seller.name, e.val())),                              // BT-27
    ("fournisseur-service",     |p, e| first(&mut p.seller_service, e.val())),
    ("destinataire",            |p, e| first(&mut form(p).destinataire, id(e))),                         // BT-46
    ("destinataire-service",    |p, e| first(&mut form(p).destinataire_service, e.val())),               // BT-10
    ("moe",                     |p, e| first(&mut form(p).moe, id(e))),
    ("moe-service",             |p, e| first(&mut form(p).moe_service, e.val())),
    ("moa",                     |p, e| first(&mut form(p).moa, id(e))),
    ("moa-service",             |p, e| first(&mut form(p).moa_service, e.val())),
    ("valideur1",               |p, e| first(&mut form(p).valideur1, id(e))),
    ("valideur1-type",          |p, e| first(&mut form(p).types[1], e.val().map(|v| v.text))),
    ("valideur2",               |p, e| first(&mut form(p).valideur2, id(e))),
    ("valideur2-type",          |p, e| first(&mut form(p).types[2], e.val().map(|v| v.text))),
    ("engagement",              |p, e| first(&mut p.order, e.val())),                                    // BT-13
    ("marche",                  |p, e| p.contracts.extend(marche(e))),                                   // BT-12
    ("piece-anterieure",        earlier),                                                                // BG-3
    ("principal",               |p, e| first(&mut form(p).principal, e.val())),
    ("piece-jointe",            |p, e| form(p).attachments.extend(e.val())),                             // BG-24
];

/// The fields that may be given several times.
const REPEATED: [&str; 2] = ["piece-anterieure", "piece-jointe"];

fn marche(e: Element<'_>) -> Option<Reference<'_>> {
    let id = e.val()?;
    Some(Reference { id: Some(id), kind: Some(Val { text: "marché public", at: id.at }) })
}

/// Whether a document is a deposit form.
pub fn is_form(doc: &Doc) -> bool {
    doc.local(doc.root()) == "Depot" && doc.namespace(doc.root()) == NAMESPACE
}

/// The names of the fields, in the order of the page.
pub fn fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, _)| *name)
}

/// Whether a field may be given several times.
pub fn is_repeated(field: &str) -> bool {
    REPEATED.contains(&field)
}

/// Reads a form whose file has this name.
pub fn read<'d>(doc: &'d Doc, name: &'d str) -> Piece<'d> {
    let mut piece = empty(doc, Syntax::Depot);
    piece.form = Some(Form {
        doc,
        name,
        alone: true,
        destinataire: None,
        moe: None,
        moa: None,
        valideur1: None,
        valideur2: None,
        destinataire_service: None,
        moe_service: None,
        moa_service: None,
        associates: false,
        principal: None,
        attachments: Vec::new(),
        files: Vec::new(),
        disagreements: Vec::new(),
        types: [None; 3],
    });
    READER.read_marked(doc, &mut piece, MARK);
    piece.preceding.retain(|p| p.number.is_some() || p.issued.is_some());
    let associates = !piece.preceding.is_empty();
    let form = form(&mut piece);
    form.associates = associates;
    let [seller, first, second] = form.types;
    for (id, kind) in [(&mut form.valideur1, first), (&mut form.valideur2, second)] {
        *id = id.map(|id| Id { scheme: kind.or(id.scheme), ..id });
    }
    // Who buys is the destinataire; the MOA, where nobody else is named.
    let bought_by = form.destinataire.or(form.moa);
    let service = if form.destinataire.is_some() { form.destinataire_service } else { form.moa_service };
    piece.buyer.ids.extend(bought_by);
    piece.buyer_service = service;
    for id in &mut piece.seller.ids {
        id.scheme = seller.or(id.scheme);
    }
    piece
}

/// The fields of a form that are filled in, as they stand.
pub fn entries(doc: &Doc) -> impl Iterator<Item = (&str, &str)> {
    let is_field = |node: &NodeId| doc.parent(*node) == Some(doc.root());
    doc.nodes().skip(1).filter(is_field).map(|node| (doc.local(node), doc.text(node).trim()))
}

/// The files that a form names, each once: the main one first (no name at all where none is named).
pub fn names(doc: &Doc) -> Vec<String> {
    let piece = read(doc, "");
    let form = piece.form.as_ref().expect("a form was read");
    let main = form.principal.map_or("", |main| main.text);
    let mut seen = HashSet::from([main]);
    let others = form.attachments.iter().map(|name| name.text).filter(|name| seen.insert(name));
    let others: Vec<&str> = others.collect();
    std::iter::once(main).chain(others).map(str::to_owned).collect()
}

/// Whether a file of this name may be a form.
pub fn is_called(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(ENDING)
}

/// Whether a name is that of a file beside the form: no path, and no other form.
pub fn is_plain_name(name: &str) -> bool {
    let is_path = matches!(name, "" | "." | "..") || name.contains(['/', '\\']);
    !is_path && !name.chars().any(char::is_control) && !is_called(name)
}

/// What a form says that it may not: a field that it has not, one given twice, something inside a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// The page has no such field.
    Unknown,
    /// The field is given twice.
    Twice,
    /// An element stands inside a field.
    Inside,
}

impl<'d> Form<'d> {
    /// What is wrong with the page itself, with the nodes of the form.
    pub fn slips(&self) -> Vec<(Slip, NodeId)> {
        let (doc, mut seen, mut slips) = (self.doc, Vec::new(), Vec::new());
        for node in doc.nodes().skip(1) {
            let name = doc.local(node);
            let slip = if doc.parent(node) != Some(doc.root()) {
                Slip::Inside
            } else if doc.namespace(node) != NAMESPACE || !fields().any(|f| f == name) {
                Slip::Unknown
            } else if seen.contains(&name) && !is_repeated(name) {
                Slip::Twice
            } else {
                seen.push(name);
                continue;
            };
            slips.push((slip, NodeId(node.0 | MARK)));
        }
        slips
    }

    /// How many files it names, one that is named again not counted.
    pub fn named(&self) -> usize {
        self.principal.iter().chain(&self.attachments).map(|name| name.text).collect::<HashSet<_>>().len()
    }

    /// The name of a field.
    pub fn field(&self, node: NodeId) -> &'d str {
        self.doc.local(node.of_form().unwrap_or(node))
    }

    /// The actors that it names, the seller aside.
    pub fn actors(&self) -> impl Iterator<Item = Actor<'d>> {
        [self.destinataire, self.moe, self.moa, self.valideur1, self.valideur2]
            .into_iter()
            .flatten()
            .map(|id| Actor::of(&id))
    }

    /// The services that it names, the buyer's aside.
    pub fn services(&self) -> impl Iterator<Item = Val<'d>> {
        [self.destinataire_service, self.moa_service, self.moe_service].into_iter().flatten()
    }

    /// The root of the form.
    pub fn root(&self) -> NodeId {
        NodeId(self.doc.root().0 | MARK)
    }

    fn place(&self, node: NodeId) -> Place {
        let place = self.doc.place(node);
        Place { path: format!("{}!{}", self.name, place.path), form: true, ..place }
    }
}

impl<'d> Piece<'d> {
    /// The place of a node.
    pub fn place(&self, node: NodeId) -> Place {
        match (node.of_form(), &self.form) {
            (Some(node), Some(form)) => form.place(node),
            _ => self.doc.place(node),
        }
    }

    /// The root of the document; of a form that is alone, the form's.
    pub fn root(&self) -> NodeId {
        let root = self.doc.root();
        if self.form.as_ref().is_some_and(|form| form.alone) { NodeId(root.0 | MARK) } else { root }
    }

    /// The text of a node as it is written.
    pub fn raw(&self, node: NodeId) -> &'d str {
        match (node.of_form(), &self.form) {
            (Some(node), Some(form)) => form.doc.text(node),
            _ => self.doc.text(node),
        }
    }

    /// Puts a form before the invoice that came with it; what both say, and say differently, is noted.
    #[must_use]
    pub fn under(self, form: Piece<'d>) -> Piece<'d> {
        let mut both = self;
        let disagreements = disagreements(&form, &both);
        let mut page = form.form.expect("a form was read");
        page.alone = false;
        page.disagreements = disagreements;
        let bought_by = |id: Option<Id<'d>>, piece: &Piece<'d>| {
            id.is_some_and(|id| piece.recipient().is_some_and(|b| b.id.text == id.id.text))
        };
        // A service in the invoice is its buyer's.
        if bought_by(page.destinataire, &both) {
            page.destinataire_service = page.destinataire_service.or(both.buyer_service);
        } else if bought_by(page.moa, &both) {
            page.moa_service = page.moa_service.or(both.buyer_service);
        }
        both.process = form.process.or(both.process.or(both.process_extension));
        both.process_extension = both.process_extension.filter(|_| form.process.is_none());
        both.type_code = form.type_code.or(both.type_code);
        both.number = form.number.or(both.number);
        both.issued = form.issued.or(both.issued);
        both.currency = form.currency.or(both.currency);
        both.order = form.order.or(both.order);
        both.seller_service = form.seller_service.or(both.seller_service);
        let (said, totals) = (form.totals, &mut both.totals);
        totals.net = said.net.or(totals.net);
        totals.gross = said.gross.or(totals.gross);
        totals.due = said.due.or(totals.due);
        if !said.vat.is_empty() {
            totals.vat = said.vat;
        }
        if !form.seller.ids.is_empty() {
            (both.seller.ids, both.seller.legal_id) = (form.seller.ids, None);
        }
        both.seller.name = form.seller.name.or(both.seller.name);
        if page.destinataire.is_some() || both.recipient().is_none() {
            (both.buyer.ids, both.buyer.legal_id) = (form.buyer.ids, None);
            both.buyer_service = form.buyer_service.or(page.destinataire_service);
        } else if page.moa.is_some_and(|moa| bought_by(Some(moa), &both)) {
            both.buyer_service = page.moa_service;
        }
        if !form.preceding.is_empty() {
            both.preceding = form.preceding;
        }
        both.contracts.splice(0..0, form.contracts);
        both.form = Some(page);
        both
    }
}

/// A datum: where it stands, and what is compared.
type Said<'d> = (Val<'d>, String);

fn text(val: Option<Val<'_>>) -> Option<Said<'_>> {
    val.map(|v| (v, v.text.to_owned()))
}

fn amount(number: Option<Number<'_>>) -> Option<Said<'_>> {
    number.map(|n| (n.raw, n.value.map_or_else(|| n.raw.text.to_owned(), |v| v.normalize().to_string())))
}

fn day(day: Option<Day<'_>>) -> Option<Said<'_>> {
    day.map(|d| (d.raw, d.value.map_or_else(|| d.raw.text.to_owned(), |v| v.to_string())))
}

fn actor(actor: Option<Actor<'_>>) -> Option<Said<'_>> {
    actor.map(|a| (a.id, a.id.text.to_owned()))
}

fn earlier_numbers<'d>(p: &Piece<'d>) -> Option<Said<'d>> {
    let first = p.preceding.iter().find_map(|e| e.number)?;
    let mut numbers: Vec<&str> = p.preceding.iter().filter_map(|e| e.number).map(|n| n.text).collect();
    numbers.sort_unstable();
    Some((first, numbers.join("\n")))
}

/// One datum that both may give: the field of the form, what it is, where an invoice has it.
type Datum = (&'static str, Text, for<'d> fn(&Piece<'d>) -> Option<Said<'d>>);

#[rustfmt::skip]
static DATA: &[Datum] = &[
    ("cadre",                 t("le cadre", "the cadre"),                                     |p| text(p.process.or(p.process_extension))),
    ("type",                  t("le type de pièce", "the type of pièce"),                     |p| text(p.type_code)),
    ("numero",                t("le numéro", "the number"),                                   |p| text(p.number)),
    ("date",                  t("la date d'émission", "the issue date"),                      |p| day(p.issued)),
    ("devise",                t("la devise", "the currency"),                                 |p| text(p.currency)),
    ("ht",                    t("le montant HT", "the amount without VAT"),                   |p| amount(p.totals.net)),
    ("tva",                   t("le montant de TVA", "the amount of VAT"),                    |p| amount(p.total_vat())),
    ("ttc",                   t("le montant TTC", "the amount with VAT"),                     |p| amount(p.totals.gross)),
    ("net-a-payer",           t("le net à payer", "the amount due"),                          |p| amount(p.totals.due)),
    ("fournisseur",           t("le fournisseur", "the supplier"),                            |p| actor(p.supplier())),
    ("fournisseur-service",   t("le service du fournisseur", "the supplier's service"),       |p| text(p.seller_service)),
    ("engagement",            t("l'engagement", "the engagement"),                            |p| text(p.engagement())),
    ("marche",                t("le marché", "the marché"),                                   |p| text(p.marche())),
    ("piece-anterieure",      t("la pièce antérieure", "the earlier pièce"),                  |p| earlier_numbers(p)),
];

/// What an invoice says of the fields of a form, each in its own words.
pub fn said<'d>(invoice: &Piece<'d>) -> Vec<(&'static str, &'d str)> {
    let mut said: Vec<_> = DATA.iter().filter_map(|(field, _, of)| Some((*field, of(invoice)?.0.text))).collect();
    let cadre = invoice.process.or(invoice.process_extension).map_or("", |c| c.text);
    let block = if matches!(cadre, "A10" | "A13" | "A14") { "valideur1" } else { "moe" };
    said.extend(invoice.named_valideur().map(|a| (block, a.id.text)));
    // The buyer is the destinataire, or the MOA where the marché's sheet says so.
    said.extend(invoice.recipient().map(|a| ("destinataire", a.id.text)));
    said.extend(invoice.buyer_service.map(|s| ("destinataire-service", s.text)));
    said.extend(invoice.seller.name.map(|n| ("fournisseur-nom", n.text)));
    said
}

/// What a form and the invoice beside it both say, and say differently.
fn disagreements<'d>(form: &Piece<'d>, invoice: &Piece<'d>) -> Vec<Disagreement<'d>> {
    let mut found = Vec::new();
    let mut compare = |datum: Text, one: Option<Said<'d>>, other: Option<Said<'d>>| {
        if let (Some((form, one)), Some((invoice, other))) = (one, other)
            && one != other
        {
            found.push(Disagreement { datum, form, invoice });
        }
    };
    for (_, datum, of) in DATA {
        compare(*datum, of(form), of(invoice));
    }
    let Some(page) = &form.form else { return found };
    let said = |id: Option<Id<'d>>| id.map(|id| (id.id, id.id.text.to_owned()));
    // The block names the MOE, or the first valideur where the cadre has one.
    let block = actor(invoice.named_valideur());
    let cadre = form.process.or(invoice.process).or(invoice.process_extension).map_or("", |c| c.text);
    if matches!(cadre, "A10" | "A13" | "A14") {
        compare(t("le premier valideur", "the first valideur"), said(page.valideur1), block);
    } else {
        compare(t("la MOE", "the MOE"), said(page.moe), block);
    }
    // The buyer of an invoice is the destinataire or the MOA.
    let buyer = actor(invoice.recipient());
    let is = |id: Option<Id<'d>>| id.is_some_and(|id| buyer.as_ref().is_some_and(|(b, _)| b.text == id.id.text));
    let service = text(invoice.buyer_service);
    if is(page.destinataire) {
        compare(
            t("le service du destinataire", "the destinataire's service"),
            text(page.destinataire_service),
            service,
        );
    } else if is(page.moa) {
        compare(t("le service de la MOA", "the MOA's service"), text(page.moa_service), service);
    } else {
        compare(t("le destinataire", "the destinataire"), said(page.destinataire), buyer);
    }
    found
}
