//! The places where the simulation happens: structures, marchés of every kind and partners, as files of an annuaire and
//! as the law's book has them; and what partners write: pièces, and flows of acts.

use super::law::{Book, Piece, Sheet, What, Who, number, route};
use crate::common::build::{Build, Format};
use std::fmt::Write;
use std::path::Path;

/// Who there is in a town. `Tresor` has no partner: a person acts for it.
pub const ROLES: [&str; 21] = [
    "MOA", "DEST", "MOE", "MOE2", "TIT", "TIT2", "MAND", "MAND2", "C1", "C2", "C3", "ST1", "ST2", "ST3", "ST4", "ST5",
    "SOLM", "SOLC", "OWNER2", "OWNER3", "TRESOR",
];

/// The marchés of a town, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One company, and a sous-traitant.
    Solo,
    /// A groupement conjoint of four, with sous-traitants, one of them of two companies.
    Conjoint,
    /// A groupement solidaire.
    Solidaire,
    /// Its sheet names no MOE: pièces do.
    Open,
    /// It is not registered: pièces name everyone.
    Free,
}

pub const KINDS: [Kind; 5] = [Kind::Solo, Kind::Conjoint, Kind::Solidaire, Kind::Open, Kind::Free];

/// The SIRET of a role in a town.
pub fn siret(town: usize, role: &str) -> String {
    let n = ROLES.iter().position(|r| *r == role).unwrap_or_else(|| panic!("{role}"));
    let siren = checked(&format!("{:08}", 50_000_000 + town * 100 + n));
    checked(&format!("{siren}0001"))
}

/// With the digit that makes the sum of Luhn right.
fn checked(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0');
            if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { d }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

pub fn marche(town: usize, kind: Kind) -> usize {
    town * KINDS.len() + KINDS.iter().position(|k| *k == kind).unwrap()
}

fn sheet(town: usize, kind: Kind) -> Sheet {
    let s = |role: &str| siret(town, role);
    let base = Sheet {
        number: format!("{kind:?}-{town}").to_uppercase(),
        registered: true,
        moa: s("MOA"),
        dest: s("DEST"),
        moe: Some(s("MOE")),
        titulaire: s("TIT"),
        lead: s("TIT"),
        service: Some("TRAV".to_owned()),
        engagement: Some(format!("ENG-{town}")),
        ..Sheet::default()
    };
    match kind {
        Kind::Solo => Sheet { subs: vec![(s("ST1"), s("TIT"))], ..base },
        Kind::Conjoint => Sheet {
            titulaire: s("MAND"),
            lead: s("MAND"),
            cotraitants: vec![s("C1"), s("C2"), s("C3")],
            subs: [("ST2", "MAND"), ("ST3", "C1"), ("ST3", "C2"), ("ST4", "C3")].map(|(a, b)| (s(a), s(b))).to_vec(),
            ..base
        },
        Kind::Solidaire => Sheet {
            titulaire: s("SOLM"),
            lead: s("SOLM"),
            cotraitants: vec![s("SOLC")],
            subs: vec![(s("ST5"), s("SOLM"))],
            solidaire: true,
            dest: s("TRESOR"),
            service: None,
            engagement: None,
            ..base
        },
        Kind::Open => Sheet { moe: None, titulaire: s("TIT2"), lead: s("TIT2"), ..base },
        Kind::Free => Sheet {
            registered: false,
            moa: s("OWNER2"),
            dest: s("OWNER2"),
            moe: None,
            service: None,
            engagement: None,
            ..base
        },
    }
}

/// The book of so many towns, with nothing in it yet.
pub fn book(towns: usize) -> Book {
    let mut book = Book::default();
    for town in 0..towns {
        for role in ROLES {
            let services = if role == "DEST" { vec!["TRAV".to_owned(), "VOIRIE".to_owned()] } else { vec![] };
            book.structures.insert(siret(town, role), services);
            if role != "TRESOR" {
                book.partners.push((format!("t{town}-{}", role.to_lowercase()), vec![siret(town, role)]));
            }
        }
        // One office for several companies of the groupement, beside their own.
        let group = ["MAND", "C1", "ST3"].map(|role| siret(town, role)).to_vec();
        book.partners.push((format!("t{town}-groupe"), group));
        book.sheets.extend(KINDS.map(|kind| sheet(town, kind)));
    }
    // An engineer that works everywhere; and one who has nothing to do with anything.
    book.partners.push(("bureau".to_owned(), (0..towns).map(|town| siret(town, "MOE")).collect()));
    book.structures.insert(stranger(), vec![]);
    book.partners.push(("stranger".to_owned(), vec![stranger()]));
    book
}

pub fn stranger() -> String {
    checked(&format!("{}0001", checked("49999999")))
}

/// Writes configuration and annuaire.
pub fn found(dir: &Path, book: &Book) {
    std::fs::create_dir_all(dir.join("annuaire")).unwrap();
    std::fs::write(dir.join("guichet.toml"), "[spool]\nsettle = \"0s\"\n").unwrap();
    let mut structures = "id,id_type,name,active,service_required,engagement_required,either_required\n".to_owned();
    let mut services = "siret,code,name,active,engagement_required\n".to_owned();
    for (id, codes) in &book.structures {
        writeln!(structures, "{id},1,Structure {id},true,false,false,false").unwrap();
        for code in codes {
            writeln!(services, "{id},{code},{code},true,false").unwrap();
        }
        if !codes.is_empty() {
            writeln!(services, "{id},CLOS,Fermé,false,false").unwrap();
        }
    }
    let mut partners = String::new();
    for (n, (name, all)) in book.partners.iter().enumerate() {
        let all = all.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ");
        writeln!(
            partners,
            "[[partner]]\nname = \"{name}\"\napp_code = \"P{n:05}\"\nstructures = [{all}]\nmodes = [\"edi\", \"portail\", \"service\"]\n"
        )
        .unwrap();
    }
    std::fs::write(dir.join("annuaire/structures.csv"), structures).unwrap();
    std::fs::write(dir.join("annuaire/services.csv"), services).unwrap();
    std::fs::write(dir.join("annuaire/partners.toml"), partners).unwrap();
    write_marches(dir, book);
}

pub fn write_marches(dir: &Path, book: &Book) {
    let mut text = String::new();
    let quoted = |ids: &[String]| ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ");
    for s in book.sheets.iter().filter(|s| s.registered) {
        let (number, moa, dest, titulaire) = (&s.number, &s.moa, &s.dest, &s.titulaire);
        writeln!(
            text,
            "[[marche]]\nnumber = \"{number}\"\nmoa = \"{moa}\"\ndestinataire = \"{dest}\"\ntitulaire = \"{titulaire}\""
        )
        .unwrap();
        let mut one = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                writeln!(text, "{key} = \"{value}\"").unwrap();
            }
        };
        one("moe", &s.moe);
        one("destinataire_service", &s.service);
        one("engagement", &s.engagement);
        if !s.cotraitants.is_empty() {
            let how = if s.solidaire { "solidaire" } else { "conjoint" };
            let (lead, all) = (&s.lead, quoted(&s.cotraitants));
            writeln!(text, "groupement = \"{how}\"\nmandataire = \"{lead}\"\ncotraitants = [{all}]").unwrap();
        }
        let subs: Vec<String> = s.subs.iter().map(|(id, of)| format!("{{ id = \"{id}\", of = \"{of}\" }}")).collect();
        writeln!(text, "sous_traitants = [{}]\n", subs.join(", ")).unwrap();
    }
    std::fs::write(dir.join("annuaire/marches.toml"), text).unwrap();
}

/// What the file that every pièce embeds holds, where it embeds one.
pub const PLAN: (&str, &str, &[u8]) = ("plan.pdf", "cGxhbiBkJ2V4w6ljdXRpb24=", "plan d'exécution".as_bytes());

/// The bytes of a pièce that cites these numbers.
pub fn document(piece: &Piece, sheet: &Sheet, cites: &[&str], cii: bool, plan: bool, by_dest: bool) -> Vec<u8> {
    let format = if cii { Format::Cii } else { Format::Ubl };
    let block = match piece.cadre {
        "A10" | "A13" | "A14" => piece.v1.clone(),
        _ => piece.moe.clone(),
    };
    let buyer = if by_dest { piece.dest.clone() } else { piece.moa.clone().unwrap() };
    let build = Build::new(format).with(|b| {
        b.cadre = Some(piece.cadre.to_owned());
        b.number = Some(piece.number.clone());
        b.issued = Some(piece.issued.clone());
        b.seller = Some(("1", piece.seller.clone()));
        b.buyer = Some(("1", buyer));
        b.block = block.map(|id| ("1", id));
        // A MOE that the sheet does not name has no part in the marché for guichet but by the pièce that it takes.
        let is_unnamed = sheet.registered && sheet.moe.is_none() && route(piece.cadre).1 == Who::Moe;
        b.marche = (!is_unnamed).then(|| sheet.number.clone());
        if plan {
            b.attachments = vec![(Some(PLAN.0.to_owned()), PLAN.1.to_owned())];
        }
    });
    let text = String::from_utf8(build.bytes()).unwrap();
    let references: String = cites
        .iter()
        .map(|number| match cii {
            true => format!(
                "<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{number}</ram:IssuerAssignedID></ram:InvoiceReferencedDocument>\n"
            ),
            false => format!(
                "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{number}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>\n"
            ),
        })
        .collect();
    let at = if cii { "</ram:ApplicableHeaderTradeSettlement>" } else { "<cac:AccountingSupplierParty>" };
    text.replacen(at, &format!("{references}{at}"), 1).into_bytes()
}

/// A flow of acts: each a pièce and what is asked.
pub fn acts(id: &str, units: &[Unit]) -> Vec<u8> {
    let mut x = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CPPStatut Version=\"1.19\"><Enveloppe><EnveloppeUnitaire NumOrdre=\"1\"><Parametres>\
         <ParametreIndiv NumOrdre=\"0001\"><Code>DtPrd</Code><Valeurparametre>2026-01-01T00:00:00+01:00</Valeurparametre></ParametreIndiv>\
         <ParametreIndiv NumOrdre=\"0002\"><Code>IdFlx</Code><Valeurparametre>{id}</Valeurparametre></ParametreIndiv></Parametres>\
         <Partenaires><Recepteur><Id>GUI001</Id></Recepteur><Emetteur><Id>SIM001</Id></Emetteur></Partenaires></EnveloppeUnitaire></Enveloppe>\n\
         <CPPFactureStatuts compteur=\"{}\">\n",
        units.len()
    );
    for (n, unit) in (1..).zip(units) {
        writeln!(x, "<CPPFactureStatutUnitaire NumOrdre=\"{n}\">{}</CPPFactureStatutUnitaire>", unit.0).unwrap();
    }
    x.push_str("</CPPFactureStatuts></CPPStatut>\n");
    x.into_bytes()
}

/// One unit of such a flow, rendered.
#[derive(Clone, Debug)]
pub struct Unit(String);

impl Unit {
    pub fn new(piece: &Piece, what: What, by: Option<&str>, says: Option<&str>, dated: bool) -> Unit {
        let (seller, dest, invoice) = (&piece.seller, &piece.dest, &piece.number);
        let (id, code) = match what {
            What::Act(act) => panic!("{act}: a flow asks for a status"),
            What::Number(n) => (n, None),
            What::Status(status) => (number(status), Some(status)),
        };
        let mut x = format!(
            "<Fournisseur><TypeIdentifiant>1</TypeIdentifiant><Identifiant>{seller}</Identifiant><RaisonSociale>Vendeur</RaisonSociale></Fournisseur>\
             <Debiteur><TypeIdentifiant>1</TypeIdentifiant><Identifiant>{dest}</Identifiant></Debiteur><DonneesStatut><IdStatut>{id:02}</IdStatut>"
        );
        let mut one = |name: &str, text: Option<&str>| {
            if let Some(text) = text {
                let text = text.replace('&', "&amp;").replace('<', "&lt;");
                write!(x, "<{name}>{text}</{name}>").unwrap();
            }
        };
        one("ComplementStatut", code);
        one("Commentaire", says);
        one("Horodatage", Some("2026-01-01T00:00:00+01:00"));
        if let Some(by) = by {
            write!(x, "<Producteur Id=\"{by}\"/>").unwrap();
        }
        write!(x, "<IdFacture>{invoice}</IdFacture>").unwrap();
        if dated {
            write!(x, "<DateFacture>{}</DateFacture>", piece.issued).unwrap();
        }
        Unit(x + "</DonneesStatut>")
    }
}

/// A pièce of this cadre under a sheet, whose seller and, where they are not the sheet's, MOE and valideur are given.
pub fn piece(
    book: &Book,
    marche: usize,
    cadre: &str,
    seller: &str,
    moe: Option<&str>,
    valideur: Option<&str>,
) -> Piece {
    let sheet = &book.sheets[marche];
    let (v1, v2) = sheet.valideurs(cadre, valideur);
    let moe = moe.map(str::to_owned).or_else(|| sheet.moe.clone());
    Piece {
        cadre: route(cadre).0,
        seller: seller.to_owned(),
        moe,
        moa: Some(sheet.moa.clone()),
        dest: sheet.dest.clone(),
        v1,
        v2,
        service: sheet.service.clone(),
        engagement: sheet.engagement.clone(),
        marche,
        status: "",
        ..Piece::default()
    }
}

/// Who deposits a pièce: the structure.
pub fn depositor(piece: &Piece) -> String {
    piece.who(Who::Depositor).unwrap().to_owned()
}
