//! Layer *works*: the matrix, the actors, the annuaire, the marché.

pub mod actors;
mod acts;
pub mod cadres;
mod marche;
pub mod names;
mod services;

use super::{Case, Check, Finding, Findings, Layer, Rule, Severity};
use crate::annuaire::Annuaire;
use crate::clock::Instant;
use crate::error::shown;
use crate::msg;
use crate::text::{Msg, Shown, Text, same, t};
use crate::trade::{Cadre, Mode, Role};
use actors::{Actor, Source};
use cadres::{Cell, Kind, Named};
pub(crate) use marche::may_see_sheet;
use marche::{awaits_sheet, cadre_used, has_role, in_time, may_see, not_solidaire, registered};
pub use services::address;
use services::{either_given, engagement_given, service_active, service_given, service_known};

const DECK: &str = "Chorus Pro, training deck on works invoices";

#[allow(clippy::too_many_arguments)] // a row of the table
const fn rule(
    id: &'static str,
    severity: Severity,
    terms: &'static [&'static str],
    says: Text,
    why: Text,
    source: &'static str,
    example: Text,
    mend: Text,
    check: Option<Check>,
) -> Rule {
    Rule { id, layer: Layer::Works, severity, terms, says, why, source, example, mend, check }
}

use Severity::{Error, Warning};

#[rustfmt::skip]
static TABLE: [Rule; 45] = [
    rule("T-01", Error, &["BT-23"],
        t("le cadre est un cadre de travaux : A4 à A8, A10, A13 à A20, A22 à A25", "the cadre is a works cadre: A4 to A8, A10, A13 to A20, A22 to A25"),
        t("guichet reçoit les pièces de travaux ; les autres restent sur le portail", "guichet takes works pièces; others stay with the portal"),
        DECK, same("A1"),
        t("donnez le cadre de la pièce : UBL ProfileID, CII BusinessProcessSpecifiedDocumentContextParameter/ID", "give the pièce's cadre: UBL ProfileID, CII BusinessProcessSpecifiedDocumentContextParameter/ID"), Some(works_cadre)),
    rule("T-02", Error, &["BT-23"],
        t("le mode d'émission accepte un dépôt initial de ce cadre", "the mode accepts an initial deposit of this cadre"),
        t("la matrice des cadres : « non » dans cette colonne", "the matrix of cadres: « non » in this column"),
        DECK, t("A15 par EDI", "A15 by EDI"),
        t("déposez la pièce par un mode qui l'accepte", "drop the pièce by a mode that accepts it"), Some(initial_refused)),
    rule("T-03", Error, &["BT-23"],
        t("un dépôt initial de ce cadre a un sens", "an initial deposit of this cadre has a meaning"),
        t("la matrice des cadres : « sans objet » ; la pièce prend toujours la suite d'une autre", "the matrix of cadres: « na »; the pièce always follows another"),
        DECK, t("A23 sans pièce antérieure", "A23 without an earlier pièce"),
        t("citez la pièce antérieure que celle-ci prend en compte", "cite the earlier pièce that this one takes"), Some(initial_meaningless)),
    rule("T-04", Error, &["BG-3", "BT-25"],
        t("le mode d'émission accepte l'association de ce cadre à une pièce antérieure", "the mode accepts this cadre's association to an earlier pièce"),
        t("la matrice des cadres : « non » dans cette colonne", "the matrix of cadres: « non » in this column"),
        DECK, t("A6 qui cite un A4", "A6 that cites an A4"),
        t("retirez la référence, ou déposez par un mode qui accepte l'association", "remove the reference, or drop by a mode that accepts the association"), Some(association_refused)),
    rule("T-05", Warning, &["BG-3", "BT-25"],
        t("citer une pièce antérieure a un sens pour ce cadre (une erreur dans un formulaire de dépôt)", "citing an earlier pièce has a meaning for this cadre (an error in a deposit form)"),
        t("la matrice des cadres : « sans objet » ; la pièce reste un dépôt initial", "the matrix of cadres: « na »; the pièce stays an initial deposit"),
        DECK, t("A4 qui cite un A4", "A4 that cites an A4"),
        t("rien à faire ; la référence est ignorée", "nothing to do; the reference is ignored"), Some(association_meaningless)),
    rule("T-10", Error, &[],
        t("les mêmes octets du même partenaire ne font pas une seconde pièce, ni deux fois le même acte", "the same bytes from the same partner make no second pièce, nor the same act twice"),
        t("un renvoi par erreur ne doit rien changer", "sent again by mistake, it must change nothing"),
        "guichet", t("le même fichier déposé deux fois", "the same file dropped twice"),
        t("rien à faire : la première réception compte", "nothing to do: the first one counts"), None),
    rule("T-11", Error, &[],
        t("un flux vient d'un partenaire connu", "a flow comes from a known partner"),
        t("sans partenaire, personne n'est habilité et personne n'aurait la réponse", "without a partner nobody is entitled and nobody would get the answer"),
        "guichet, partners.toml", t("in/edi/inconnu/F", "in/edi/unknown/F"),
        t("ajoutez le partenaire à partners.toml", "add the partner to partners.toml"), None),
    rule("T-12", Error, &[],
        t("le partenaire peut déposer par ce mode", "the partner may deposit by this mode"),
        t("chaque partenaire a ses modes", "each partner has its modes"),
        "guichet, partners.toml: modes", t("un partenaire EDI dans in/portail", "an EDI partner in in/portail"),
        t("déposez dans le répertoire d'un de vos modes, ou demandez l'ajout du mode", "drop in the directory of one of your modes, or ask for the mode"), Some(mode_allowed)),
    rule("T-13", Error, &["BT-29"],
        t("le partenaire agit pour le déposant de la pièce", "the partner acts for the pièce's depositor"),
        t("nul ne dépose au nom d'une structure sans habilitation", "nobody deposits for a structure without being entitled to"),
        DECK, t("le partenaire d'une autre entreprise", "another company's partner"),
        t("déposez par le partenaire de cette structure, ou demandez l'habilitation", "deposit through this structure's partner, or ask to be entitled"), Some(entitled)),
    rule("T-14", Error, &["BT-29", "BT-46"],
        t("chaque structure nommée est dans l'annuaire", "every structure that is named is in the annuaire"),
        t("une structure inconnue ne reçoit rien", "an unknown structure receives nothing"),
        DECK, t("un SIRET absent de structures.csv", "a SIRET that is not in structures.csv"),
        t("vérifiez l'identifiant, ou faites inscrire la structure", "check the identifier, or have the structure registered"), Some(known)),
    rule("T-15", Error, &["BT-29", "BT-46"],
        t("chaque structure nommée est active", "every structure that is named is active"),
        t("une structure fermée ne reçoit plus rien", "a closed structure receives nothing any more"),
        DECK, same("active = false"),
        t("adressez la pièce à la structure qui l'a remplacée", "address the pièce to the structure that replaced it"), Some(active)),
    rule("T-16", Error, &["BT-10"],
        t("le code service est donné quand le destinataire l'exige", "the service code is given where the destinataire asks for it"),
        t("il dirige la pièce dans la structure", "it directs the pièce inside the structure"),
        "Chorus Pro, parameters of a structure", t("pas de BuyerReference", "no BuyerReference"),
        t("donnez le code service : UBL AccountingContact/ID ou BuyerReference, CII BuyerReference", "give the service code: UBL AccountingContact/ID or BuyerReference, CII BuyerReference"), Some(service_given)),
    rule("T-17", Error, &["BT-10"],
        t("le service existe chez la structure à qui la pièce le donne", "the service exists at the structure that the pièce gives it to"),
        t("un service inconnu ne reçoit rien", "an unknown service receives nothing"),
        "Chorus Pro, parameters of a structure", t("un code d'une autre structure", "another structure's code"),
        t("recopiez un code de l'annuaire de cette structure", "copy a code from that structure's directory"), Some(service_known)),
    rule("T-18", Error, &["BT-10"],
        t("le service est actif", "the service is active"),
        t("un service fermé ne reçoit plus rien", "a closed service receives nothing any more"),
        "Chorus Pro, parameters of a service", same("active = false"),
        t("demandez à la structure le code qui l'a remplacé", "ask the structure for the code that replaced it"), Some(service_active)),
    rule("T-19", Error, &["BT-13"],
        t("le numéro d'engagement est donné quand le destinataire ou son service l'exige", "the engagement is given where the destinataire or its service asks for it"),
        t("il dit sur quel budget payer", "it says from which budget to pay"),
        "Chorus Pro, parameters of a structure", t("pas d'OrderReference", "no OrderReference"),
        t("donnez l'engagement : UBL OrderReference/ID, CII BuyerOrderReferencedDocument/IssuerAssignedID", "give the engagement: UBL OrderReference/ID, CII BuyerOrderReferencedDocument/IssuerAssignedID"), Some(engagement_given)),
    rule("T-20", Error, &["BT-10", "BT-13"],
        t("le code service ou l'engagement est donné quand le destinataire exige l'un des deux", "the service code or the engagement is given where the destinataire asks for one of them"),
        t("sans l'un ni l'autre, la pièce n'est dirigée nulle part", "without either, the pièce is directed nowhere"),
        "Chorus Pro, parameters of a structure", t("ni l'un ni l'autre", "neither"),
        t("donnez le code service ou l'engagement", "give the service code or the engagement"), Some(either_given)),
    rule("T-21", Error, &[],
        t("chaque acteur dont le cadre a besoin est nommé", "every actor that the cadre needs is named"),
        t("sans lui la pièce ne peut pas circuler", "without it the pièce cannot go its way"),
        DECK, t("un A4 sans MOE", "an A4 without MOE"),
        t("nommez-le dans le bloc valideur (UBL AccountingSupplierParty/Party/AgentParty, CII InvoiceeTradeParty), ou citez le marché dont la fiche le nomme",
          "name it in the valideur block (UBL AccountingSupplierParty/Party/AgentParty, CII InvoiceeTradeParty), or cite the marché whose sheet names it"), Some(all_named)),
    rule("T-22", Error, &[],
        t("le flux et la fiche du marché nomment les mêmes acteurs", "the flow and the marché's sheet name the same actors"),
        t("une pièce qui part chez le mauvais acteur revient des semaines plus tard", "a pièce that goes to the wrong actor comes back weeks later"),
        "guichet", t("la MOE d'un autre marché", "another marché's MOE"),
        t("corrigez l'acteur, ou le numéro de marché, ou faites corriger la fiche", "mend the actor, or the marché's number, or have the sheet mended"), Some(agree)),
    rule("T-23", Error, &["BT-12"],
        t("le marché cité est enregistré chez ce destinataire (avertissement s'il n'y en a aucun)", "the cited marché is registered with this buyer (a warning if it has none)"),
        t("un numéro de marché est propre à un maître d'ouvrage", "a marché's number belongs to one owner"),
        "guichet, marches.toml", t("un numéro mal recopié", "a number copied wrongly"),
        t("recopiez le numéro du marché, ou faites enregistrer le marché", "copy the marché's number, or have the marché registered"), Some(registered)),
    rule("T-24", Error, &["BT-2", "BT-12"],
        t("la pièce est émise entre le début et la fin du marché", "the pièce is issued between the marché's first and last day"),
        t("hors de ses dates, le marché ne paie pas", "outside its dates the marché does not pay"),
        "guichet, marches.toml: starts, ends", t("émise avant la notification", "issued before the marché was notified"),
        t("vérifiez la date et le numéro du marché", "check the date and the marché's number"), Some(in_time)),
    rule("T-25", Error, &["BT-12", "BT-23"],
        t("le marché utilise ce cadre", "the marché uses this cadre"),
        t("la fiche du marché dit quels cadres ses acteurs utilisent", "the marché's sheet says which cadres its actors use"),
        "Chorus Pro, sheet of a marché", t("A6 pour un marché en A4, A15, A19", "A6 for a marché with A4, A15, A19"),
        t("utilisez un des cadres du marché", "use one of the marché's cadres"), Some(cadre_used)),
    rule("T-26", Error, &[],
        t("la MOE n'est pas désignée par le SIRET de l'État (11000201100044)", "the MOE is not named by the State's SIRET (11000201100044)"),
        t("la pièce se perdrait parmi celles de tous les services de l'État", "the pièce would be lost among those of all services of the State"),
        DECK, t("11000201100044 dans le bloc valideur", "11000201100044 in the valideur block"),
        t("donnez le SIRET de la MOE elle-même", "give the SIRET of the MOE itself"), Some(not_the_state)),
    rule("T-27", Error, &["BT-23"],
        t("dans un groupement solidaire, seul le mandataire dépose (A4, A7)", "in a groupement solidaire the mandataire alone deposits (A4, A7)"),
        t("le mandataire dépose un seul projet de décompte pour tous", "the mandataire deposits one draft statement for all"),
        DECK, t("A13 sous un groupement solidaire", "A13 under a groupement solidaire"),
        t("transmettez votre décompte au mandataire, hors de guichet", "hand your statement to the mandataire, outside guichet"), Some(not_solidaire)),
    rule("T-28", Error, &[],
        t("le premier valideur n'est pas le déposant", "the first valideur is not the depositor"),
        t("nul ne valide sa propre demande", "nobody validates their own demand"),
        "guichet", t("A10 dont le bloc valideur nomme le sous-traitant", "A10 whose valideur block names the sous-traitant"),
        t("nommez le titulaire (ou le mandataire, ou le cotraitant) dans le bloc valideur", "name the titulaire (or the mandataire, or the cotraitant) in the valideur block"), Some(not_oneself)),
    rule("T-29", Error, &["BG-3", "BT-25", "BT-26"],
        t("chaque pièce antérieure citée est ici et peut encore être associée", "each earlier pièce that is cited is here and can still be associated"),
        t("elle est cherchée par son numéro (et sa date) parmi les pièces du marché que ce cadre peut prendre en compte", "it is looked for by its number (and date) among the marché's pièces that this cadre may take"),
        DECK, t("A15 qui cite un A4 déjà associé", "A15 that cites an A4 already associated"),
        t("recopiez le numéro de la pièce antérieure ; déposez-la d'abord si elle n'est pas encore ici", "copy the earlier pièce's number; deposit that one first where it is not here yet"), None),
    rule("T-30", Error, &["BT-12", "BT-29"],
        t("le vendeur a dans le marché cité le rôle que le cadre suppose", "the seller has in the cited marché the role that the cadre supposes"),
        t("titulaire ou mandataire, sous-traitant (A10), cotraitant (A13, A14)", "titulaire or mandataire, sous-traitant (A10), cotraitant (A13, A14)"),
        "guichet, marches.toml", t("un A4 d'un sous-traitant", "an A4 of a sous-traitant"),
        t("vérifiez le cadre et le numéro du marché, ou faites compléter la fiche", "check the cadre and the marché's number, or have the sheet completed"), Some(has_role)),
    rule("T-31", Error, &["BG-3", "BT-25", "BT-26"],
        t("une référence désigne une seule pièce antérieure", "a reference names one earlier pièce only"),
        t("le même numéro peut servir une année après l'autre", "the same number may serve in one year and in another"),
        "guichet", t("un numéro que deux années portent", "a number that two years have"),
        t("donnez aussi la date de la pièce antérieure : UBL IssueDate, CII FormattedIssueDateTime", "give the earlier pièce's date too: UBL IssueDate, CII FormattedIssueDateTime"), None),
    rule("T-32", Error, &["BG-3", "BT-25"],
        t("le déposant a le droit d'associer la pièce antérieure", "the depositor may associate the earlier pièce"),
        t("c'est l'acteur qui la détient ; dans la procédure tacite, le fournisseur ou la MOE du marché", "that is the actor who holds it; in the tacit procedure the contractor or the marché's MOE"),
        DECK, t("A15 d'une MOE qui ne détient pas l'A4", "A15 of a MOE that does not hold the A4"),
        t("faites déposer la pièce par l'acteur qui détient l'antérieure", "have the pièce deposited by the actor who holds the earlier one"), None),
    rule("T-33", Error, &["BT-2", "BT-23"],
        t("un A22 qui reprend un A7 vient après le délai de notification du décompte général", "an A22 that takes back an A7 comes after the delay for the MOA to notify the general account"),
        t("la MOA a trente jours pour notifier ; la procédure tacite commence ensuite", "the MOA has thirty days to notify; the tacit procedure begins after them"),
        "CCAG Travaux 2021; [delays] dg", t("A22 le jour qui suit l'A7", "A22 the day after the A7"),
        t("attendez la fin du délai", "wait for the end of the delay"), None),
    rule("T-34", Error, &["BT-2", "BT-23"],
        t("un A23, un A24 ou un A25 vient après dix jours pleins depuis l'A22", "an A23, A24 or A25 comes after ten full days since the A22"),
        t("la MOA peut encore notifier le décompte général (A20) dans ce délai", "the MOA may still notify the general account (A20) in that time"),
        "CCAG Travaux 2021; [delays] tacite", t("A23 au dixième jour", "A23 on the tenth day"),
        t("déposez la pièce le lendemain du dixième jour, heure de Paris", "deposit the pièce the day after the tenth, Paris time"), None),
    rule("T-35", Warning, &["BG-3"],
        t("un A22 ou un A24 associe une pièce antérieure", "an A22 or A24 associates an earlier pièce"),
        t("sans elle, les délais de la procédure tacite ne sont pas vérifiés", "without it the delays of the tacit procedure are not checked"),
        "guichet", t("A22 sans référence", "A22 without a reference"),
        t("citez l'A7 ou l'A17 (A22), l'A22 (A24)", "cite the A7 or A17 (A22), the A22 (A24)"), Some(tacit_alone)),
    rule("T-36", Error, &["BG-3", "BT-25"],
        t("une pièce n'en cite pas une autre deux fois, ni elle-même", "a pièce cites another once, and never itself"),
        t("une pièce ne peut être prise en compte qu'une fois", "a pièce can be taken once only"),
        "guichet", t("deux références au même A4", "two references to the same A4"),
        t("retirez la référence en trop", "remove the spare reference"), None),
    names::MALFORMED, names::DISAGREES, names::USED,
    acts::UNKNOWN, acts::AMBIGUOUS, acts::NOT_NOW, acts::NOT_YOURS, acts::MOTIF, acts::COMMENT, acts::AMOUNT,
    acts::CORRECTION, acts::NO_ACT, acts::ORIGINAL,
];

/// The rules of this layer, in order.
pub static RULES: &[Rule] = &TABLE;

/// The rule of this layer that has this id.
pub(crate) fn of(id: &str) -> &'static Rule {
    RULES.iter().find(|r| r.id == id).expect("the table has this rule")
}

/// Who deposits a cadre.
pub(crate) fn depositor(cadre: Cadre) -> Role {
    cadres::of(cadre).depositor
}

/// T-10 is found by the ledger.
pub fn duplicate(flow: &str, piece: Option<&str>, at: Instant) -> Finding {
    let day = at.day();
    let message = match piece {
        Some(piece) => msg!(
            "ce fichier a déjà été reçu le {day} : flux {flow}, pièce {piece}",
            "this file was received before, on {day}: flow {flow}, pièce {piece}"
        ),
        None => msg!(
            "ce fichier a déjà été reçu le {day}, et ses actes sont faits : flux {flow}",
            "this file was received before, on {day}, and its acts are done: flow {flow}"
        ),
    };
    of("T-10").finding(message).found(flow)
}

/// T-11 is found by the spool: nobody is told but the operator.
pub fn unknown_partner(name: &str) -> Finding {
    let name = Shown(name).to_string();
    of("T-11").finding(msg!("{name} n'est pas un partenaire connu", "{name} is no known partner")).found(name)
}

fn works_cadre(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let (p, a) = (case.piece, &case.actors);
    if a.cadre.is_some() {
        return;
    }
    let finding = match a.written {
        None => rule
            .finding(msg!(
                "aucun cadre n'est donné : c'est un A1, qui n'est pas un cadre de travaux",
                "no cadre is given: that is an A1, which is no works cadre"
            ))
            .at(Some(p.place(p.root()))),
        Some(written) => {
            let code = Shown(written.text).to_string();
            let message = match cadres::named(written.text) {
                Named::Other => msg!(
                    "{code} est un cadre de Chorus Pro, mais pas de travaux",
                    "{code} is a cadre of Chorus Pro's, but none of works"
                ),
                Named::Withdrawn => msg!("{code} a été retiré de Chorus Pro", "{code} was withdrawn from Chorus Pro"),
                Named::Works(_) | Named::Unknown => {
                    msg!("{code} n'est pas un cadre de facturation", "{code} is no cadre de facturation")
                }
            };
            rule.finding(message).at(Some(p.place(written.at))).found(written.text)
        }
    };
    let all = Cadre::ALL.map(Cadre::code).join(" ");
    found.push(finding.expected(Msg::same(all)));
}

/// The cell that a deposit must pass, with its cadre.
fn cell(case: &Case<'_, '_>, kind: Kind) -> Option<(Cadre, Cell)> {
    let cadre = case.actors.cadre?;
    Some((cadre, cadres::of(cadre).cell(case.context.mode, kind)))
}

/// Whether the deposit is to be judged as an association: it cites an earlier pièce and the matrix has one.
pub(crate) fn is_association(case: &Case<'_, '_>) -> bool {
    case.actors.cites && cell(case, Kind::Association).is_some_and(|(_, cell)| cell == Cell::Oui)
}

/// Whether it is a *dépôt initial*: it cites nothing, or citing has no meaning for this cadre.
fn is_initial(case: &Case<'_, '_>) -> bool {
    !case.actors.cites || cell(case, Kind::Association).is_some_and(|(_, cell)| cell == Cell::Na)
}

fn at_cadre(case: &Case<'_, '_>) -> Option<super::Place> {
    case.actors.written.map(|w| case.piece.place(w.at))
}

fn at_reference(case: &Case<'_, '_>) -> Option<super::Place> {
    let first = case.piece.preceding.first()?;
    let at = first.number.map(|n| n.at).or(first.issued.map(|d| d.raw.at))?;
    Some(case.piece.place(at))
}

fn modes(cadre: Cadre, kind: Kind) -> Msg {
    let modes: Vec<&str> = cadres::of(cadre).modes(kind).map(Mode::name).collect();
    if modes.is_empty() { msg!("aucun mode", "no mode") } else { Msg::same(modes.join(", ")) }
}

fn initial_refused(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let mode = case.context.mode;
    if let (Some((cadre, Cell::Non)), true) = (cell(case, Kind::Initial), is_initial(case)) {
        found.push(
            rule.finding(msg!(
                "le mode {mode} refuse le dépôt d'un {cadre}",
                "the mode {mode} refuses the deposit of an {cadre}"
            ))
            .at(at_cadre(case))
            .found(format!("{cadre}, {mode}"))
            .expected(modes(cadre, Kind::Initial)),
        );
    }
}

fn initial_meaningless(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    if let (Some((cadre, Cell::Na)), true) = (cell(case, Kind::Initial), is_initial(case)) {
        let takes = crate::routing::of(cadre).associates.iter().map(|c| c.code()).collect::<Vec<_>>().join(", ");
        found.push(
            rule.finding(msg!(
                "un {cadre} ne peut pas être un dépôt initial",
                "an {cadre} cannot be an initial deposit"
            ))
            .at(at_cadre(case))
            .found(cadre.code())
            .expected(msg!(
                "une référence à la pièce antérieure ({takes})",
                "a reference to the earlier pièce ({takes})"
            )),
        );
    }
}

fn association_refused(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let mode = case.context.mode;
    if let (Some((cadre, Cell::Non)), true) = (cell(case, Kind::Association), case.actors.cites) {
        found.push(
            rule.finding(msg!(
                "le mode {mode} refuse l'association d'un {cadre} à une pièce antérieure",
                "the mode {mode} refuses an {cadre}'s association to an earlier pièce"
            ))
            .at(at_reference(case))
            .found(format!("{cadre}, {mode}"))
            .expected(modes(cadre, Kind::Association)),
        );
    }
}

fn association_meaningless(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    if let (Some((cadre, Cell::Na)), true) = (cell(case, Kind::Association), case.actors.cites) {
        let finding = rule
            .finding(msg!(
                "un {cadre} ne s'associe à aucune pièce antérieure",
                "an {cadre} associates no earlier pièce"
            ))
            .at(at_reference(case))
            .found(cadre.code());
        let asks = case.piece.form.as_ref().is_some_and(|form| form.associates);
        found.push(if asks { asked(finding) } else { finding });
    }
}

/// Whoever fills in a form asks for the association; a flow may merely cite.
fn asked(finding: Finding) -> Finding {
    let help = msg!("retirez la pièce antérieure du formulaire", "remove the earlier pièce from the form");
    Finding { severity: Error, ..finding }.help(help)
}

fn tacit_alone(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    if let (Some(cadre @ (Cadre::A22 | Cadre::A24)), false) = (case.actors.cadre, case.actors.cites) {
        found.push(
            rule.finding(msg!("cet {cadre} n'associe aucune pièce", "this {cadre} associates no pièce"))
                .at(at_cadre(case)),
        );
    }
}

fn mode_allowed(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let mode = case.context.mode;
    if let Some(partner) = case.context.partner
        && !partner.modes.contains(&mode)
    {
        let own = partner.modes.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ");
        found.push(
            rule.finding(msg!(
                "vous ne pouvez pas déposer par le mode {mode}",
                "you may not deposit by the mode {mode}"
            ))
            .found(mode.name())
            .expected(Msg::same(own)),
        );
    }
}

/// Whether the depositing partner does not act for the depositor; for the seller, where nobody knows who deposits.
fn is_foreign(case: &Case<'_, '_>) -> bool {
    let Some(partner) = case.context.partner else { return false };
    let depositor = case.actors.depositor.map(|(_, actor)| actor).or(case.actors.seller);
    depositor.is_none_or(|actor| partner.structures.iter().all(|s| s != actor.id))
}

fn entitled(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let (Some(partner), Some((role, actor))) = (case.context.partner, case.actors.depositor) else { return };
    if !is_foreign(case) || is_told(case, actor) {
        return;
    }
    let (label, id) = (role.label(), actor.id);
    // Who the depositor is comes from the sheet only for a MOE or MOA: that is another's datum.
    let finding = match actor.at {
        Some(at) => rule
            .finding(Msg::new(
                format!("vous n'agissez pas pour {id}, {} et déposant de cette pièce", label.fr),
                format!("you do not act for {id}, {} and depositor of this pièce", label.en),
            ))
            .at(Some(case.piece.place(at)))
            .found(id),
        None => rule.finding(Msg::new(
            format!("vous n'agissez pas pour le déposant de cette pièce : {}", label.fr),
            format!("you do not act for this pièce's depositor: {}", label.en),
        )),
    };
    let own = partner.structures.join(", ");
    found.push(finding.expected(msg!("une de vos structures : {own}", "one of your structures: {own}")));
}

/// The structures that the flow names, then those of the sheet that the pièce needs, each once, with how a sentence
/// calls it.
fn involved<'a>(case: &'a Case<'_, '_>) -> Vec<(Text, Actor<'a>)> {
    let a = &case.actors;
    let mut all: Vec<(Text, Actor<'a>)> = Vec::with_capacity(4);
    let mut add = |label: Text, actor: Option<Actor<'a>>| {
        if let Some(actor) = actor.filter(|actor| all.iter().all(|(_, other)| other.id != actor.id)) {
            all.push((label, actor));
        }
    };
    add(t("fournisseur", "supplier"), a.seller);
    add(t("destinataire ou MOA", "destinataire or MOA"), a.buyer);
    for role in [Role::Valideur1, Role::Valideur2, Role::Moe, Role::Moa, Role::Destinataire] {
        add(role.label(), a.who(role).filter(|actor| actor.at.is_some()));
    }
    let needs = a.cadre.map_or(&[][..], |cadre| crate::routing::of(cadre).needs);
    for role in needs.iter().chain(&[Role::Destinataire, Role::Valideur2]) {
        add(role.label(), a.who(*role));
    }
    all
}

/// Whether another rule told already that an identifier of the flow cannot be one.
fn is_told(case: &Case<'_, '_>, actor: Actor<'_>) -> bool {
    let p = case.piece;
    let named = [(p.supplier(), false), (p.recipient(), true), (p.named_valideur(), false)];
    let of_form = p.form.iter().flat_map(|form| form.actors()).map(|actor| (Some(actor), false));
    named.into_iter().chain(of_form).any(|(named, is_buyer)| {
        named.filter(|n| Some(n.id.at) == actor.at).is_some_and(|n| match n.kind {
            Some(1) => !super::chorus::is_siret(n.id.text),
            Some(_) => is_buyer,
            None => true,
        })
    })
}

fn known(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let Some(annuaire) = case.context.annuaire else { return };
    for (label, actor) in involved(case) {
        if annuaire.structure(actor.id).is_none() && !is_told(case, actor) {
            found.push(about(case, actor, |id| unknown(rule, id, label)));
        }
    }
}

fn active(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let Some(annuaire) = case.context.annuaire else { return };
    for (label, actor) in involved(case) {
        if annuaire.structure(actor.id).is_some_and(|s| !s.active) {
            found.push(about(case, actor, |id| inactive(rule, id, label)));
        }
    }
}

fn unknown(rule: &'static Rule, id: &str, label: Text) -> Finding {
    rule.finding(Msg::new(
        format!("la structure {id} ({}) n'est pas dans l'annuaire", label.fr),
        format!("the structure {id} ({}) is not in the annuaire", label.en),
    ))
}

fn inactive(rule: &'static Rule, id: &str, label: Text) -> Finding {
    rule.finding(Msg::new(
        format!("la structure {id} ({}) n'est plus active", label.fr),
        format!("the structure {id} ({}) is no longer active", label.en),
    ))
}

/// What is wrong with a structure in the role that a correction gives it.
pub fn structure(annuaire: &Annuaire, id: &str, role: Role) -> Option<Finding> {
    let (label, name) = (role.label(), shown(id));
    let finding = match annuaire.structure(id) {
        None => unknown(of("T-14"), &name, label),
        Some(structure) if !structure.active => inactive(of("T-15"), &name, label),
        Some(_) if role == Role::Moe && id == STATE => the_state(of("T-26")),
        Some(_) => return None,
    };
    Some(finding.found(id))
}

/// A finding about a structure: at its place in the flow; one that only the sheet names is named to those in it.
fn about(case: &Case<'_, '_>, actor: Actor<'_>, finding: impl FnOnce(&str) -> Finding) -> Finding {
    let id = if actor.at.is_some() || may_see_sheet(case) { shown(actor.id) } else { "–".to_owned() };
    let finding = finding(&id).found(id);
    match actor.at {
        Some(at) => finding.at(Some(case.piece.place(at))),
        None => finding.at(at_marche(case)),
    }
}

/// Where the marché is cited; else the seller, whose marché it is.
fn at_marche(case: &Case<'_, '_>) -> Option<super::Place> {
    let p = case.piece;
    Some(p.place(p.marche().map(|m| m.at).or(p.seller.at).unwrap_or(p.root())))
}

fn all_named(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let a = &case.actors;
    // Without the annuaire, or while the cited sheet is missing, nobody knows whom the sheet would name.
    // An association may take them from the earlier pièce.
    let awaits_earlier = is_association(case) && case.context.associated.is_none();
    let known = case.context.annuaire.is_some() && !awaits_sheet(case) && !awaits_earlier;
    let Some(cadre) = a.cadre.filter(|_| known) else { return };
    // The seller and the buyer have rules of their own; a MOA is only missing where the buyer is.
    for role in a.lacking().filter(|r| *r != Role::Moa) {
        let label = role.label();
        found.push(
            rule.finding(Msg::new(
                format!("un {cadre} a besoin d'un acteur que rien ne nomme : {}", label.fr),
                format!("an {cadre} needs an actor that nothing names: {}", label.en),
            ))
            .at(Some(case.piece.place(case.piece.seller.at.unwrap_or(case.piece.root())))),
        );
    }
}

fn agree(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    for c in case.actors.conflicts.iter().filter(|c| !is_told(case, c.flow)) {
        let (label, id) = (c.role.label(), c.flow.id);
        let (place, may_see) = match (c.source, case.actors.marche()) {
            (Source::Sheet, Some(marche)) => {
                let number = &marche.number;
                (msg!("dans le marché {number}", "in the marché {number}"), may_see(case, marche))
            }
            // Whoever associates a pièce knows it.
            _ => (msg!("dans la pièce associée", "in the pièce that is associated"), true),
        };
        let finding = rule
            .finding(Msg::new(
                format!("{id} n'est pas, {}, l'acteur : {}", place.fr, label.fr),
                format!("{id} is not, {}, the actor: {}", place.en, label.en),
            ))
            .at(c.flow.at.map(|at| case.piece.place(at)))
            .found(id);
        found.push(if may_see { finding.expected(Msg::same(c.other)) } else { finding });
    }
}

/// The State: every ministry's pièces bear it.
const STATE: &str = "11000201100044";

fn not_the_state(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    if let Some(moe) = case.actors.moe.filter(|m| m.id == STATE) {
        found.push(the_state(rule).at(moe.at.map(|at| case.piece.place(at))));
    }
}

fn the_state(rule: &'static Rule) -> Finding {
    let message = msg!("la MOE est désignée par le SIRET de l'État", "the MOE is named by the State's SIRET");
    rule.finding(message).found(STATE).expected(msg!("le SIRET de la MOE", "the MOE's SIRET"))
}

/// A valideur who is the depositor.
pub fn oneself(rule: &'static Rule, id: &str) -> Finding {
    rule.finding(msg!("le valideur est le déposant lui-même", "the valideur is the depositor itself")).found(id)
}

fn not_oneself(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let a = &case.actors;
    if let (Some(valideur), Some(seller)) = (a.valideur1, a.seller)
        && valideur.id == seller.id
    {
        found.push(oneself(rule, valideur.id).at(valideur.at.map(|at| case.piece.place(at))));
    }
}
