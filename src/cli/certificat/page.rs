//! The certificate as a leaf of paper, text or PDF.

use super::{Certificat, Event, Kind};
use crate::lifecycle::Statut;
use crate::msg;
use crate::render::{Leaf, Line, Part, cell};
use crate::rules::works::cadres;
use crate::text::{Lang, Shown, Text, t};
use crate::trade::{Cadre, Role};

/// The leaf, in a language.
pub fn leaf(c: &Certificat, lang: Lang) -> Leaf {
    let refused = c.kind == Kind::Refusal;
    let (title, says) = if refused { REFUSAL } else { DEPOSIT };
    let siret = c.issuer.siret.as_ref().map(|siret| format!(" (SIRET {})", Shown(siret))).unwrap_or_default();
    let name = Shown(&c.issuer.name);
    let issuer = msg!("Délivré par {name}{siret}.", "Issued by {name}{siret}.");
    Leaf {
        lang: if lang == Lang::Fr { "fr" } else { "en" },
        title: title.get(lang).to_owned(),
        says: format!("{} {}", says.get(lang), issuer.get(lang)),
        parts: vec![
            part(WHO, who(c, lang), lang),
            part(WHAT, what(c, lang), lang),
            part(WHEN, when(c, lang), lang),
            part(HASHES, hashes(c, lang), lang),
        ],
        note: NOTE.get(lang).to_owned(),
    }
}

const DEPOSIT: (Text, Text) = (
    t("Certificat de dépôt", "Certificate of deposit"),
    t(
        "Cette pièce a été reçue au guichet, et acceptée au contrôle : elle est déposée.",
        "This pièce was received at the counter and accepted at the control: it is deposited.",
    ),
);
const REFUSAL: (Text, Text) = (
    t("Attestation de réception et de refus", "Attestation of receipt and refusal"),
    t(
        "Cette pièce a été reçue au guichet, et REFUSÉE au contrôle : elle n'est pas déposée, et son numéro reste libre. Ceci n'est pas un certificat de dépôt.",
        "This pièce was received at the counter and REFUSED at the control: it is not deposited, and its number is still free. This is no certificate of deposit.",
    ),
);
const WHO: Text = t("Qui", "Who");
const WHAT: Text = t("Quoi", "What");
const WHEN: Text = t("Quand", "When");
const HASHES: Text = t("Empreintes", "Hashes");
const NOTE: Text = t(
    "L'empreinte SHA-256 est celle des octets reçus. Celles du registre couvrent chacune un événement de la pièce et tous ceux qui le précèdent ; le premier couvre ce qui a été déposé. `guichet verify` les contrôle.",
    "The SHA-256 is that of the bytes received. Each of the ledger's covers an event of the pièce and all before it; the first covers what was deposited. `guichet verify` checks them.",
);

type Lines = Vec<(Text, String, bool)>;

/// What is there, line by line.
fn part(heading: Text, lines: Lines, lang: Lang) -> Part {
    let there = lines.into_iter().filter(|(_, value, _)| !value.is_empty());
    let lines = there.map(|(label, value, code)| Line { label: label.get(lang), value, code });
    Part { heading: heading.get(lang), lines: lines.collect() }
}

/// A name with its identifier, whichever is known.
fn called(name: &Option<String>, id: &Option<String>) -> String {
    match (name, id) {
        (Some(_), Some(_)) => format!("{} ({})", cell(name), cell(id)),
        _ => format!("{}{}", cell(name), cell(id)),
    }
}

#[rustfmt::skip]
fn who(c: &Certificat, lang: Lang) -> Lines {
    let role = c.depositor.role.and_then(|role| role.parse::<Role>().ok());
    vec![
        (t("déposant", "depositor"),        called(&c.depositor.name, &c.depositor.id),                           false),
        (t("en qualité de", "acting as"),   role.map(|role| role.label().get(lang).to_owned()).unwrap_or_default(), false),
        (t("partenaire", "partner"),        Shown(&c.partner).to_string(),                                        false),
        (t("mode", "mode"),                 c.mode.clone(),                                                       false),
    ]
}

#[rustfmt::skip]
fn what(c: &Certificat, lang: Lang) -> Lines {
    let cadre = c.cadre.as_deref().and_then(|cadre| cadre.parse::<Cadre>().ok());
    let cadre = cadre.map(|cadre| format!("{cadre}, {}", cadres::of(cadre).label.get(lang)));
    let amount = |amount: &Option<String>| match amount {
        Some(_) => format!("{} {}", cell(amount), cell(&c.currency)).trim_end().to_owned(),
        None => String::new(),
    };
    vec![
        (t("pièce", "pièce"),               c.piece.clone(),                                false),
        (t("cadre", "cadre"),               cadre.unwrap_or_else(|| cell(&c.cadre)),        false),
        (t("type", "type"),                 cell(&c.type_code),                             false),
        (t("numéro", "number"),             cell(&c.number),                                false),
        (t("émise le", "issued"),           cell(&c.issued),                                false),
        (t("fournisseur", "supplier"),      called(&c.supplier.name, &c.supplier.id),       false),
        (t("destinataire", "destinataire"), cell(&c.destinataire),                          false),
        (t("marché", "marché"),             cell(&c.marche),                                false),
        (t("dossier", "dossier"),           cell(&c.dossier),                               false),
        (t("HT", "excl. VAT"),              amount(&c.ht),                                  false),
        (t("TVA", "VAT"),                   amount(&c.vat),                                 false),
        (t("TTC", "incl. VAT"),             amount(&c.ttc),                                 false),
        (t("net à payer", "due"),           amount(&c.due),                                 false),
        (t("fichier", "file"),              c.file.clone(),                                 false),
        (t("membre", "member"),             cell(&c.member),                                false),
    ]
}

#[rustfmt::skip]
fn when(c: &Certificat, lang: Lang) -> Lines {
    let since = match lang { Lang::Fr => "depuis le", Lang::En => "since" };
    let received = if c.kind == Kind::Refusal { t("reçue et refusée le", "received and refused") } else { t("déposée le", "deposited") };
    vec![
        (received,                          c.deposited.clone(),                            false),
        (t("flux", "flow"),                 c.flow.clone(),                                 false),
        (t("statut actuel", "current status"), format!("{}, {since} {}", c.label, c.status_at), false),
    ]
}

#[rustfmt::skip]
fn hashes(c: &Certificat, lang: Lang) -> Lines {
    let archive = c.flow_sha256.clone().filter(|_| c.member.is_some()).unwrap_or_default();
    vec![
        (t("SHA-256 de la pièce", "SHA-256 of the pièce"),     c.sha256.clone().unwrap_or_default(), true),
        (t("SHA-256 de l'archive", "SHA-256 of the archive"),  archive,                     true),
        (t("premier événement", "first event"),                event(&c.first, lang),       false),
        (t("empreinte au registre", "ledger hash"),            c.first.hash.clone(),        true),
        (t("dernier événement", "last event"),                 event(&c.last, lang),        false),
        (t("empreinte au registre", "ledger hash"),            c.last.hash.clone(),         true),
        (t("version des règles", "version of the rules"),      c.rules.clone(),             false),
    ]
}

/// An event: its place in the chain, the status that it gave, when.
fn event(event: &Event, lang: Lang) -> String {
    let label = event.status.parse::<Statut>().map_or(event.status.as_str(), |s| s.label_in(lang));
    let (seq, at) = (event.seq, &event.at);
    msg!("n° {seq}, {label}, {at}", "no. {seq}, {label}, {at}").get(lang).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{Depositor, Issuer};
    use super::*;
    use crate::ledger::Supplier;
    use crate::render::{faults, width};

    /// A certificate whose names are all this one.
    fn certificat(kind: Kind, cadre: &str, name: &str) -> Certificat {
        let text = || Some(name.to_owned());
        let at = || "2026-11-02T09:30:00+01:00".to_owned();
        let event =
            || Event { seq: 123_456_789, status: "REFUSEE_CONTROLE".to_owned(), at: at(), hash: "0".repeat(64) };
        Certificat {
            kind,
            issuer: Issuer { name: name.to_owned(), siret: text() },
            piece: "p-0123456789abcdef-123".to_owned(),
            cadre: Some(cadre.to_owned()),
            type_code: text(),
            number: text(),
            issued: text(),
            supplier: Supplier { kind: text(), id: text(), name: text() },
            destinataire: text(),
            marche: text(),
            dossier: text(),
            ht: Some(format!("-{}.99", "9".repeat(17))),
            vat: text(),
            ttc: text(),
            due: text(),
            currency: Some("EUR".to_owned()),
            depositor: Depositor { role: Some("destinataire"), id: text(), name: text() },
            partner: name.to_owned(),
            mode: "portail".to_owned(),
            flow: "f-0123456789abcdef".to_owned(),
            file: name.to_owned(),
            member: text(),
            deposited: at(),
            sha256: Some("a".repeat(64)),
            flow_sha256: Some("b".repeat(64)),
            rules: "2026-11-26".to_owned(),
            first: event(),
            last: event(),
            status: "ERREUR_FOURNISSEUR_SUR_VALIDEUR".to_owned(),
            label: Statut::ErreurFournisseurSurValideur.label_in(Lang::Fr).to_owned(),
            status_at: at(),
        }
    }

    #[test]
    fn every_leaf_fits_its_page_and_its_columns_whatever_the_names() {
        let names = [
            "x".to_owned(),
            "Société d'Équipement ".repeat(10),
            "W".repeat(200),
            "工".repeat(1_000),
            "É".repeat(2_000),
        ];
        let cadres = Cadre::ALL.map(Cadre::code).map(|cadre| (cadre, "x"));
        let odd = names.iter().flat_map(|name| [("A10", name.as_str()), (name, name)]);
        for (cadre, name) in cadres.into_iter().chain(odd) {
            for (kind, lang) in [(Kind::Deposit, Lang::Fr), (Kind::Deposit, Lang::En), (Kind::Refusal, Lang::Fr)] {
                let leaf = leaf(&certificat(kind, cadre, name), lang);
                assert_eq!(faults(&leaf), Vec::<String>::new(), "{cadre} {kind:?} {name}");
                let text = leaf.text();
                assert!(text.lines().all(|line| width(line) <= 80), "{text}");
                assert!(
                    text.contains(&"0".repeat(64)) && text.contains(&"a".repeat(64)),
                    "a hash is on one line: {text}"
                );
            }
        }
    }
}
