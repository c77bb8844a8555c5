//! From document to pièce, and the terms that are found in more than one place.

use super::cii::{self, RSM};
use super::depot::NAMESPACE;
use super::read::{Element, first};
use super::ubl::{self, CREDIT_NOTE, INVOICE};
use super::{Attachment, Delivery, Id, Number, Party, Piece, Syntax, Totals, Val};
use crate::xml::{Doc, trim};

/// A document that is no pièce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAPiece {
    /// A life-cycle flow.
    CppStatut,
    /// A deposit form of ours.
    DepositForm,
    /// Anything else.
    Unknown {
        /// The root's local name.
        name: String,
        /// The root's namespace.
        namespace: String,
    },
}

/// Reads a document into a pièce.
///
/// # Errors
/// What the document is instead, by its root.
pub fn read(doc: &Doc) -> Result<Piece<'_>, NotAPiece> {
    let (name, namespace) = (doc.local(doc.root()), doc.namespace(doc.root()));
    let (syntax, reader) = match (name, namespace) {
        ("Invoice", INVOICE) => (Syntax::UblInvoice, &*ubl::INVOICE_READER),
        ("CreditNote", CREDIT_NOTE) => (Syntax::UblCreditNote, &*ubl::CREDIT_NOTE_READER),
        ("CrossIndustryInvoice", RSM) => (Syntax::Cii, &*cii::READER),
        ("CPPStatut", "") => return Err(NotAPiece::CppStatut),
        ("Depot", NAMESPACE) => return Err(NotAPiece::DepositForm),
        _ => return Err(NotAPiece::Unknown { name: name.to_owned(), namespace: namespace.to_owned() }),
    };
    let mut piece = empty(doc, syntax);
    reader.read(doc, &mut piece);
    piece.settle();
    Ok(piece)
}

pub(super) fn empty(doc: &Doc, syntax: Syntax) -> Piece<'_> {
    Piece {
        doc,
        syntax,
        process: None,
        process_extension: None,
        specification: None,
        number: None,
        type_code: None,
        issued: None,
        currency: None,
        only_currency: None,
        tax_currency: None,
        tax_point: None,
        tax_point_code: None,
        due_date: None,
        buyer_reference: None,
        project: None,
        contracts: Vec::new(),
        order: None,
        sales_order: None,
        receiving_advice: None,
        despatch_advice: None,
        tender: None,
        invoiced_object: None,
        buyer_accounting: None,
        payment_terms: None,
        notes: Vec::new(),
        preceding: Vec::new(),
        seller: Party::default(),
        buyer: Party::default(),
        valideur: None,
        buyers_valideur: None,
        payee: None,
        tax_representative: None,
        delivery: Delivery::default(),
        buyer_service: None,
        seller_service: None,
        payment_means: Vec::new(),
        remittance: None,
        mandate: None,
        creditor_id: None,
        allowances_charges: Vec::new(),
        totals: Totals::default(),
        vat: Vec::new(),
        attachments: Vec::new(),
        lines: Vec::new(),
        form: None,
    }
}

/// An actor that a flow names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor<'d> {
    /// Its identifier.
    pub id: Val<'d>,
    /// The kind of identifier, 1 to 7; `None` where the scheme is none that is known.
    pub kind: Option<u8>,
    /// The scheme as written.
    pub scheme: Option<&'d str>,
}

#[rustfmt::skip]
static KINDS: &[(&str, u8)] = &[
    // schemes as Chorus Pro's samples, its documents and ISO 6523 write them; upper case
    ("1", 1), ("SIRET", 1), ("0009", 1),
    ("2", 2), ("UE_HORS_FRANCE", 2), ("TVA", 2), ("VA", 2), ("0223", 2),
    ("3", 3), ("HORS_UE", 3), ("ETR", 3), ("0227", 3),
    ("4", 4), ("RIDET", 4), ("0228", 4),
    ("5", 5), ("TAHITI", 5), ("0229", 5),
    ("6", 6), ("EN_COURS_IMMATRICULATION", 6),
    ("7", 7), ("PARTICULIER", 7),
];

impl<'d> Actor<'d> {
    pub(super) fn of(id: &Id<'d>) -> Actor<'d> {
        let siret = id.id.text.len() == 14 && id.id.text.bytes().all(|b| b.is_ascii_digit());
        let kind_of = |scheme: &str| match scheme {
            "0002" => siret.then_some(1),
            _ => KINDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(scheme)).map(|(_, kind)| *kind),
        };
        let kind = match id.scheme {
            None => siret.then_some(1),
            Some(scheme) => kind_of(scheme).or_else(|| id.scheme_name.and_then(kind_of)),
        };
        Actor { id: id.id, kind, scheme: id.scheme }
    }
}

/// The `currencyID` that stands in a document, if it is one only.
fn only_currency(doc: &Doc) -> Option<&str> {
    let given = doc.nodes().filter_map(|at| Element { doc, at, mark: 0 }.attribute("currencyID"));
    let mut found = None;
    for unit in given {
        if found.is_some_and(|other| other != unit) {
            return None;
        }
        found = Some(unit);
    }
    found
}

impl<'d> Piece<'d> {
    /// Puts in order what the tables cannot say row by row.
    fn settle(&mut self) {
        self.settle_documents();
        self.settle_payment();
        let identified = |party: &Party<'d>| !party.ids.is_empty() || party.legal_id.is_some();
        let buyers = self.buyers_valideur.take();
        self.valideur = self.valideur.take().filter(identified).or(buyers);
        self.preceding.retain(|p| p.number.is_some() || p.issued.is_some());
        self.contracts.retain(|c| c.id.is_some());
        self.buyer_service = self.buyer_service.or(self.buyer_reference);
        if self.currency.is_none() {
            self.only_currency = only_currency(self.doc);
        }
    }

    /// BT-18 (code 130), BT-17 and BT-11 (both 50) travel among the supporting documents and are none.
    fn settle_documents(&mut self) {
        let (mut object, mut tender, mut project) = (None, None, None);
        let syntax = self.syntax;
        self.attachments.retain(|a| {
            let (Some(code), Some(id), None) = (a.type_code.map(|c| c.text), a.id, a.content) else { return true };
            match (code, syntax) {
                ("130", _) => first(&mut object, Some(Id { id, scheme: a.scheme.map(|s| s.text), scheme_name: None })),
                ("50", Syntax::Cii) => first(&mut tender, Some(id)),
                ("50", Syntax::UblCreditNote) => first(&mut project, Some(id)),
                _ => return true,
            }
            false
        });
        self.invoiced_object = self.invoiced_object.or(object);
        self.tender = self.tender.or(tender);
        self.project = self.project.or(project);
    }

    /// What CII says of all payment means together is the first's; an account number that is no IBAN is BT-84 too.
    fn settle_payment(&mut self) {
        if let Some(means) = self.payment_means.first_mut() {
            means.remittance = means.remittance.or(self.remittance);
            means.mandate = means.mandate.or(self.mandate);
        }
        for account in self.payment_means.iter_mut().filter_map(|means| means.account.as_mut()) {
            account.id = account.id.or(account.proprietary);
        }
    }

    /// Who sells: the company whose work is billed. UBL's party identification comes before its legal registration;
    /// CII's legal organisation before its identifiers.
    pub fn supplier(&self) -> Option<Actor<'d>> {
        self.actor(&self.seller)
    }

    /// Who buys: the destinataire or the MOA.
    pub fn recipient(&self) -> Option<Actor<'d>> {
        self.actor(&self.buyer)
    }

    /// Who stands in the valideur block.
    pub fn named_valideur(&self) -> Option<Actor<'d>> {
        self.valideur.as_ref().and_then(|v| self.actor(v))
    }

    /// Of several identifiers the first whose scheme is known, else the first.
    fn actor(&self, party: &Party<'d>) -> Option<Actor<'d>> {
        let ids = party.ids.iter();
        let all: Vec<&Id<'d>> = match self.syntax {
            Syntax::Cii => party.legal_id.iter().chain(ids).collect(),
            Syntax::UblInvoice | Syntax::UblCreditNote | Syntax::Depot => ids.chain(&party.legal_id).collect(),
        };
        let mut actors = all.into_iter().map(Actor::of);
        let first = actors.next()?;
        Some(if first.kind.is_some() { first } else { actors.find(|a| a.kind.is_some()).unwrap_or(first) })
    }

    /// The marché (BT-12): the contract reference that says it is one, else the one that says it is a contract, else
    /// one that says nothing.
    pub fn marche(&self) -> Option<Val<'d>> {
        let of = |ranks: &[&str]| self.contracts.iter().find(|c| ranks.contains(&self.rank(c.kind))).and_then(|c| c.id);
        of(&["marché"]).or_else(|| of(&["contrat"])).or_else(|| of(&[""]))
    }

    /// The engagement: BT-13, else the contract reference that is one.
    pub fn engagement(&self) -> Option<Val<'d>> {
        let reference = || self.contracts.iter().find(|c| self.rank(c.kind) == "engagement").and_then(|c| c.id);
        self.order.or_else(reference)
    }

    /// What a contract reference refers to, by its code.
    fn rank(&self, kind: Option<Val<'d>>) -> &'static str {
        let Some(kind) = kind else { return "" };
        let word = kind.text.to_lowercase().replace(['é', 'è'], "e");
        match (self.syntax, word.as_str()) {
            (Syntax::Cii, "bc") | (_, "marche public" | "marche") => "marché",
            (Syntax::Cii, "ct") | (_, "contrat") => "contrat",
            (_, "bon de commande" | "engagement") => "engagement",
            _ => "other",
        }
    }

    /// The currency: BT-5, else the only `currencyID` that the document has.
    pub fn document_currency(&self) -> Option<&'d str> {
        self.currency.map(|c| c.text).or(self.only_currency)
    }

    /// BT-110, the total VAT: of several the one in the document's currency, else one that names none. A total in
    /// another currency is BT-111, and stands for nothing else.
    pub fn total_vat(&self) -> Option<Number<'d>> {
        let currency = self.document_currency();
        let of = |unit: Option<&str>| self.totals.vat.iter().find(|n| n.unit == unit).copied();
        currency.and_then(|c| of(Some(c))).or_else(|| of(None))
    }

    /// The file name of a supporting document: `@filename`, else in CII its reference.
    pub fn attachment_name(&self, attachment: &Attachment<'d>) -> Option<&'d str> {
        let reference = attachment.id.filter(|_| self.syntax == Syntax::Cii).map(|id| id.text);
        attachment.filename.or(reference)
    }
}

impl<'d> Attachment<'d> {
    /// Takes an embedded object: its bytes as written, even where there are none.
    pub(super) fn embed(&mut self, e: Element<'d>) {
        if self.content.is_none() {
            self.content = Some(Val { text: trim(e.doc.text(e.at)), at: e.at });
            self.mime = e.attribute("mimeCode");
            self.filename = e.attribute("filename");
        }
    }
}
