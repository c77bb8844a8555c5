//! What the ledger keeps of a pièce: what it says and who is who in it, once every source was heard.

use crate::trade::Role;
use chrono::NaiveDate;
use rust_decimal::Decimal;

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

impl Facts {
    /// The structure in a role; the companies are all the seller of their pièce.
    pub fn who(&self, role: Role) -> Option<&str> {
        match role {
            Role::Fournisseur | Role::SousTraitant | Role::Cotraitant => self.supplier_id.as_deref(),
            Role::Valideur1 => self.valideur1.as_deref(),
            Role::Valideur2 => self.valideur2.as_deref(),
            Role::Moe => self.moe.as_deref(),
            Role::Moa => self.moa.as_deref(),
            Role::Destinataire => self.destinataire.as_deref(),
        }
    }

    /// Every structure that is an actor of the pièce; one may come twice.
    pub fn actors(&self) -> impl Iterator<Item = &str> {
        [Role::Fournisseur, Role::Valideur1, Role::Valideur2, Role::Moe, Role::Moa, Role::Destinataire]
            .into_iter()
            .filter_map(|role| self.who(role))
    }

    /// The seller as G1.42 and *same seller* compare it: the SIREN of a SIRET, else type and whole identifier.
    pub fn supplier_key(&self) -> Option<String> {
        Some(supplier_key(self.supplier_type?, self.supplier_id.as_deref()?))
    }
}

/// The same, of a supplier of this type and identifier.
pub fn supplier_key(kind: u8, id: &str) -> String {
    let siren = (kind == 1 && id.len() == 14).then(|| id.get(..9)).flatten();
    siren.map_or_else(|| format!("{kind}:{id}"), str::to_owned)
}
