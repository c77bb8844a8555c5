//! Layer *chorus*: what Chorus Pro asks of every pièce.

mod attachments;

use super::legible::each_number;
use super::{Case, Check, Finding, Findings, Layer, Rule, Severity};
use crate::annuaire::siret_checks;
use crate::msg;
use crate::piece::amount::shape;
use crate::piece::{Account, Actor, Number, PaymentMeans, Piece, Val};
use crate::text::{Text, counted, same, t};
use rust_decimal::Decimal;

const DECK: &str = "Chorus Pro, training deck on works invoices: mandatory fields";
const CHORUS: &str = "Chorus Pro, management rules";

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
    Rule { id, layer: Layer::Chorus, severity, terms, says, why, source, example, mend, check }
}

use Severity::{Error, Warning};

#[rustfmt::skip]
static TABLE: [Rule; 20] = [
    rule("G1.05", Error, &["BT-1"],
        t("le numéro a de 1 à 20 caractères parmi lettres, chiffres, espace, + - _ /, sans espace au bord ni double", "the number has 1 to 20 characters among letters, digits, space, + - _ /, no space at an end nor two together"),
        t("Chorus Pro compare les numéros caractère par caractère", "Chorus Pro compares numbers character by character"),
        CHORUS, same("FACTURE N°1"),
        t("retirez accents, ponctuation et espaces en trop ; 20 caractères au plus", "remove accents, punctuation and spare spaces; 20 characters at most"), Some(number_form)),
    rule("G1.07", Error, &["BT-2"],
        t("la date d'émission n'est pas après le jour du contrôle", "the issue date is not after the day of the control"),
        t("une pièce ne peut pas être émise demain", "a pièce cannot be issued tomorrow"),
        CHORUS, same("2099-01-01"),
        t("corrigez la date, ou déposez la pièce ce jour-là", "mend the date, or drop the pièce on that day"), Some(future)),
    rule("G1.14", Error, &["BT-106", "BT-109", "BT-110", "BT-112", "BT-115", "BT-131", "BT-146"],
        t("un montant a 19 chiffres au plus, dont 2 décimales dans l'en-tête et 6 dans les lignes", "an amount has at most 19 digits, with 2 decimals in the header and 6 in lines"),
        t("au-delà, Chorus Pro arrondirait ou refuserait", "beyond that, Chorus Pro would round or refuse"),
        CHORUS, same("<cbc:PayableAmount>120.001</cbc:PayableAmount>"),
        t("arrondissez au centime dans l'en-tête", "round to the cent in the header"), Some(digits)),
    rule("G1.42", Error, &["BT-1", "BT-2", "BT-29"],
        t("le numéro, l'année d'émission et le fournisseur ne désignent qu'une pièce non refusée", "number, year of issue and supplier name only one pièce that is not refused"),
        t("une pièce déposée deux fois pourrait être payée deux fois", "a pièce that is deposited twice could be paid twice"),
        CHORUS, t("FAC-1 deux fois en 2026", "FAC-1 twice in 2026"),
        t("donnez un autre numéro ; le numéro d'une pièce refusée est de nouveau libre", "give another number; that of a refused pièce is free again"), None),
    rule("S2.05", Error, &["BT-81", "BT-84"],
        t("un mode de paiement parmi 01 10 20 30 31 42 48 49 58 59 97 est donné ; un virement (30, 31, 42, 58) a un IBAN", "a payment means among 01 10 20 30 31 42 48 49 58 59 97 is given; a transfer (30, 31, 42, 58) has an IBAN"),
        t("le comptable paie sur le compte indiqué", "the accountant pays to the account given"),
        CHORUS, t("<cbc:PaymentMeansCode>30</cbc:PaymentMeansCode> sans compte", "<cbc:PaymentMeansCode>30</cbc:PaymentMeansCode> without an account"),
        t("ajoutez le code et, pour un virement, l'IBAN du bénéficiaire", "add the code and, for a transfer, the payee's IBAN"), Some(payment)),
    rule("C-01", Error, &["BT-5"],
        t("la devise est donnée, ou tous les montants disent la même", "the currency is given, or all amounts say the same one"),
        t("un montant sans devise n'est pas une somme", "an amount without currency is no sum"),
        DECK, t("ni DocumentCurrencyCode ni currencyID", "neither DocumentCurrencyCode nor currencyID"),
        t("ajoutez UBL DocumentCurrencyCode ou CII InvoiceCurrencyCode : EUR", "add UBL DocumentCurrencyCode or CII InvoiceCurrencyCode: EUR"), Some(currency)),
    rule("C-02", Error, &["BT-109"],
        t("le total HT est donné", "the total without VAT is given"),
        t("champ obligatoire du dépôt", "a mandatory field of the deposit"),
        DECK, t("pas de TaxExclusiveAmount", "no TaxExclusiveAmount"),
        t("ajoutez UBL LegalMonetaryTotal/TaxExclusiveAmount ou CII TaxBasisTotalAmount", "add UBL LegalMonetaryTotal/TaxExclusiveAmount or CII TaxBasisTotalAmount"), Some(net_given)),
    rule("C-03", Error, &["BT-115"],
        t("le net à payer est donné", "the amount due is given"),
        t("champ obligatoire du dépôt", "a mandatory field of the deposit"),
        DECK, t("pas de PayableAmount", "no PayableAmount"),
        t("ajoutez UBL LegalMonetaryTotal/PayableAmount ou CII DuePayableAmount", "add UBL LegalMonetaryTotal/PayableAmount or CII DuePayableAmount"), Some(due_given)),
    rule("C-04", Error, &["BT-110"],
        t("le total de TVA est donné, ou se déduit du TTC et du HT (alors un avertissement)", "the total VAT is given, or follows from the totals with and without VAT (then a warning)"),
        t("champ obligatoire du dépôt", "a mandatory field of the deposit"),
        DECK, t("ni TaxTotal ni TaxInclusiveAmount", "neither TaxTotal nor TaxInclusiveAmount"),
        t("ajoutez UBL TaxTotal/TaxAmount ou CII TaxTotalAmount", "add UBL TaxTotal/TaxAmount or CII TaxTotalAmount"), Some(vat_given)),
    rule("C-05", Error, &["BT-29", "BT-46"],
        t("un SIRET a 14 chiffres", "a SIRET has 14 digits"),
        t("avec un chiffre de trop ou de moins, il ne désigne personne", "with a digit too many or too few it names nobody"),
        DECK, same("9110000160001"),
        t("recopiez les 14 chiffres du SIRET, sans espace", "copy the 14 digits of the SIRET, without spaces"), Some(siret)),
    rule("C-06", Warning, &["BT-29", "BT-46"],
        t("la clé d'un SIRET est juste", "the check digit of a SIRET is right"),
        t("un avertissement seulement : des structures de test ne la respectent pas, et La Poste a la sienne", "a warning only: test structures break it, and La Poste has a rule of its own"),
        "INSEE, formule de Luhn", same("91100001600013"),
        t("vérifiez le SIRET sur l'annuaire des entreprises", "check the SIRET in the register of companies"), Some(luhn)),
    rule("C-07", Error, &["BT-10"],
        t("un code service a 100 caractères au plus : lettres, chiffres, espace, - et _", "a service code has at most 100 characters: letters, digits, space, - and _"),
        t("Chorus Pro ne connaît pas d'autre code", "Chorus Pro knows no other code"),
        CHORUS, same("COMPTA#1"),
        t("recopiez le code service de l'annuaire du destinataire", "copy the service code from the destinataire's directory"), Some(service_form)),
    rule("C-08", Error, &["BG-24", "BT-125"],
        t("une pièce jointe a un nom de 50 caractères au plus, avec une extension admise", "an attachment has a name of at most 50 characters, with an extension that is allowed"),
        t("Chorus Pro n'accepte que ces types de fichiers", "Chorus Pro takes these types of files only"),
        CHORUS, same("filename=\"macro.exe\""),
        t("renommez ou convertissez la pièce jointe (PDF, par exemple)", "rename or convert the attachment (PDF, for instance)"), Some(attachments::name)),
    rule("C-09", Error, &["BT-125"],
        t("une pièce jointe n'est pas vide, fait moins de 10 Mo, et toutes ensemble 120 Mo au plus", "an attachment is not empty, has less than 10 MB, and all together at most 120 MB"),
        t("limites de Chorus Pro ; ici [limits] attachment et attachments", "limits of Chorus Pro; here [limits] attachment and attachments"),
        CHORUS, same("<cbc:EmbeddedDocumentBinaryObject filename=\"a.pdf\"/>"),
        t("retirez la pièce jointe vide, allégez la trop lourde", "remove the empty attachment, lighten the heavy one"), Some(attachments::size)),
    rule("C-10", Error, &["BT-112", "BT-109", "BT-110"],
        t("TTC = HT + TVA", "total with VAT = total without VAT + VAT"),
        t("tolérance zéro : les totaux déclarés se recoupent au centime", "no tolerance: the stated totals agree to the cent"),
        DECK, same("100.00 + 20.00 ≠ 121.00"),
        t("corrigez le montant faux", "mend the wrong amount"), Some(gross)),
    rule("C-11", Error, &["BT-115", "BT-112", "BT-113", "BT-114"],
        t("net à payer = TTC − déjà payé + arrondi", "amount due = total with VAT − paid + rounding"),
        t("tolérance zéro", "no tolerance"),
        DECK, t("TTC 120.00, payé 20.00, net 120.00", "with VAT 120.00, prepaid 20.00, due 120.00"),
        t("corrigez le montant faux, ou donnez l'avance déjà payée (PrepaidAmount, TotalPrepaidAmount)", "mend the wrong amount, or give what was paid in advance (PrepaidAmount, TotalPrepaidAmount)"), Some(due)),
    rule("C-12", Error, &["BT-109", "BT-106", "BT-107", "BT-108"],
        t("HT = total des lignes − remises + charges, tels que l'en-tête les donne", "total without VAT = total of lines − allowances + charges, as the header states them"),
        t("tolérance zéro ; une retenue de garantie est une remise de l'en-tête", "no tolerance; a retention is an allowance of the header"),
        DECK, same("100.00 − 5.00 ≠ 100.00"),
        t("corrigez le montant faux, ou donnez le total des remises et des charges", "mend the wrong amount, or give the totals of allowances and charges"), Some(net)),
    rule("C-13", Warning, &["BT-106", "BT-131"],
        t("le total des lignes est la somme des lignes", "the total of lines is the sum of the lines"),
        t("un avertissement : des flux réels acceptés ne le respectent pas ; EN 16931 en fait une erreur (BR-CO-10)", "a warning: real flows that are accepted break it; EN 16931 makes it an error (BR-CO-10)"),
        "EN 16931-1", t("lignes 60.00 + 30.00, total 100.00", "lines 60.00 + 30.00, total 100.00"),
        t("corrigez le total ou la ligne oubliée", "mend the total or the line left out"), Some(lines)),
    rule("C-14", Warning, &["BG-23", "BT-110", "BT-117"],
        t("le récapitulatif de TVA a pour somme le total de TVA", "the VAT breakdown sums up to the total VAT"),
        t("un avertissement : le récapitulatif est facultatif dans Chorus Pro ; EN 16931 en fait une erreur (BR-CO-14)", "a warning: the breakdown is optional in Chorus Pro; EN 16931 makes it an error (BR-CO-14)"),
        "EN 16931-1", t("20.00 annoncés, 15.00 + 4.00 détaillés", "20.00 stated, 15.00 + 4.00 broken down"),
        t("corrigez le récapitulatif ou le total", "mend the breakdown or the total"), Some(breakdown)),
    rule("C-15", Error, &["BT-125"],
        t("le contenu d'une pièce jointe est en base64", "the content of an attachment is base64"),
        t("un contenu mal codé ne rend pas le fichier d'origine à qui le reçoit", "what is encoded wrongly does not give its recipient the file that it was"),
        CHORUS, same("<cbc:EmbeddedDocumentBinaryObject filename=\"a.pdf\">JVBERi0!</cbc:EmbeddedDocumentBinaryObject>"),
        t("encodez le fichier en base64 (RFC 4648), avec ses signes = à la fin", "encode the file as base64 (RFC 4648), with its = signs at the end"), Some(attachments::encoding)),
];

/// The rules of this layer, in order.
pub static RULES: &[Rule] = &TABLE;

/// G1.42 is found by the ledger; the other pièce is named only to the partner who deposited it.
pub fn not_unique(number: &str, year: &str, other: Option<&str>) -> Finding {
    let rule = RULES.iter().find(|r| r.id == "G1.42").expect("the table has this rule");
    let finding = rule
        .finding(msg!(
            "une pièce de ce fournisseur porte déjà le numéro {number} en {year}",
            "a pièce of this supplier already has the number {number} in {year}"
        ))
        .found(number)
        .expected(msg!("un numéro qui n'a pas servi en {year}", "a number not used in {year}"));
    match other {
        Some(id) => finding.help(msg!(
            "c'est la pièce {id} ; donnez un autre numéro, ou corrigez celle-là",
            "it is the pièce {id}; give another number, or mend that one"
        )),
        None => finding,
    }
}

fn number_form(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let Some(number) = case.piece.number else { return };
    let text = number.text;
    let good = text.chars().count() <= 20
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'+' | b'-' | b'_' | b'/'))
        && !text.contains("  ");
    if good && has_space_at_edge(case.piece.raw(number.at)) {
        found.push(
            rule.finding(msg!("un espace borde ce numéro", "a space stands at an end of this number"))
                .at(Some(case.piece.place(number.at)))
                .found(format!("« {} »", case.piece.raw(number.at).trim_matches(['\n', '\r'])))
                .expected(crate::text::Msg::same(text)),
        );
    } else if !good {
        found.push(
            rule.finding(msg!("ce numéro n'a pas la forme admise", "this number has not the form allowed"))
                .at(Some(case.piece.place(number.at)))
                .found(text)
                .expected(msg!(
                    "1 à 20 caractères : A-Z a-z 0-9 espace + - _ /",
                    "1 to 20 characters: A-Z a-z 0-9 space + - _ /"
                )),
        );
    }
}

/// Whether white space stands at an edge of a text as written, on the line of the text itself. What stands around it on
/// lines of its own, and indents it, is the layout of the document.
fn has_space_at_edge(raw: &str) -> bool {
    let text = crate::xml::trim(raw);
    let start = raw.find(text).unwrap_or(0);
    let (before, after) = (&raw[..start], &raw[start + text.len()..]);
    let breaks = |c: char| matches!(c, '\n' | '\r');
    let indented = before.contains(breaks);
    (!before.is_empty() && !indented) || after.split(breaks).next().is_some_and(|rest| !rest.is_empty())
}

fn future(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let Some(issued) = case.piece.issued else { return };
    let today = case.context.today;
    if issued.value.is_some_and(|day| day > today) {
        found.push(
            rule.finding(msg!("la date d'émission est dans le futur", "the issue date is in the future"))
                .at(Some(case.piece.place(issued.raw.at)))
                .found(issued.raw.text)
                .expected(msg!("au plus tard {today}", "{today} at the latest")),
        );
    }
}

fn digits(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    each_number(case.piece, &mut |n, decimals| {
        let Some(s) = shape(n.raw.text) else { return };
        if s.fraction <= decimals && s.integer + s.fraction <= 19 {
            return;
        }
        let (whole, part) = (s.integer, s.fraction);
        found.push(
            rule.finding(
                msg!("ce montant a ", "this amount has ")
                    + counted(whole, ["chiffre", "chiffres"], ["digit", "digits"])
                    + msg!(" et ", " and ")
                    + counted(part, ["décimale", "décimales"], ["decimal", "decimals"]),
            )
            .at(Some(case.piece.place(n.raw.at)))
            .found(n.raw.text)
            .expected(msg!(
                "19 chiffres au plus, dont {decimals} décimales",
                "at most 19 digits, {decimals} of them decimals"
            )),
        );
    });
}

/// Codes of payment means that Chorus Pro takes, and which of them are transfers.
#[rustfmt::skip]
static MEANS: &[(&str, bool)] = &[
    ("01", false), ("1", false), ("10", false), ("20", false), ("30", true), ("31", true), ("42", true),
    ("48", false), ("49", false), ("58", true), ("59", false), ("97", false),
];

fn payment(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    if p.form.is_some() {
        return; // the portal's screen asks for none
    }
    if p.payment_means.is_empty() {
        found.push(
            rule.finding(msg!("aucun mode de paiement n'est donné", "no payment means is given"))
                .at(Some(p.place(p.root())))
                .expected(msg!(
                    "un code parmi 01 10 20 30 31 42 48 49 58 59 97",
                    "a code among 01 10 20 30 31 42 48 49 58 59 97"
                )),
        );
    }
    for means in &p.payment_means {
        payment_means(rule, case, means, found);
    }
}

fn payment_means(rule: &'static Rule, case: &Case<'_, '_>, means: &PaymentMeans<'_>, found: &mut Findings) {
    let p = case.piece;
    let at = means.at.unwrap_or(p.root());
    let Some(code) = means.code else {
        found.push(
            rule.finding(msg!("le mode de paiement n'a pas de code", "the payment means has no code"))
                .at(Some(p.place(at)))
                .expected(msg!(
                    "un code parmi 01 10 20 30 31 42 48 49 58 59 97",
                    "a code among 01 10 20 30 31 42 48 49 58 59 97"
                )),
        );
        return;
    };
    match MEANS.iter().find(|(known, _)| *known == code.text) {
        None => found.push(
            rule.finding(msg!(
                "Chorus Pro n'accepte pas ce mode de paiement",
                "Chorus Pro does not take this payment means"
            ))
            .at(Some(p.place(code.at)))
            .found(code.text)
            .expected(msg!(
                "un code parmi 01 10 20 30 31 42 48 49 58 59 97",
                "one of 01 10 20 30 31 42 48 49 58 59 97"
            )),
        ),
        Some((_, true)) => match means.account.as_ref().and_then(Account::iban) {
            Some(iban) => account(rule, case, iban, found),
            None => found.push(
                rule.finding(msg!("ce virement n'a pas d'IBAN", "this transfer has no IBAN"))
                    .at(Some(p.place(at)))
                    .found(code.text)
                    .expected(msg!(
                        "UBL PayeeFinancialAccount/ID ou CII PayeePartyCreditorFinancialAccount/IBANID",
                        "UBL PayeeFinancialAccount/ID or CII PayeePartyCreditorFinancialAccount/IBANID"
                    )),
            ),
        },
        Some(_) => {}
    }
}

/// The account of a transfer has the form of an IBAN; that its key is wrong is a warning.
fn account(rule: &'static Rule, case: &Case<'_, '_>, iban: Val<'_>, found: &mut Findings) {
    let place = || Some(case.piece.place(iban.at));
    match iban_key(iban.text) {
        Some(1) => {}
        Some(_) => found.push(
            rule.finding(msg!("la clé de cet IBAN est fausse", "the check digits of this IBAN are wrong"))
                .at(place())
                .found(iban.text)
                .help(msg!(
                    "recopiez l'IBAN du relevé d'identité bancaire",
                    "copy the IBAN from the bank's own document"
                ))
                .warn(),
        ),
        None => found.push(
            rule.finding(msg!("ce compte n'est pas un IBAN", "this account is no IBAN"))
                .at(place())
                .found(iban.text)
                .expected(msg!(
                    "deux lettres, deux chiffres, 11 à 30 lettres ou chiffres",
                    "two letters, two digits, 11 to 30 letters or digits"
                )),
        ),
    }
}

/// The remainder by 97 of an IBAN, spaces left out: 1 where its key is right. `None` where it has not the form of one.
fn iban_key(text: &str) -> Option<u32> {
    let iban: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (head, account) = iban.split_at_checked(4)?;
    let form = head[..2].iter().all(char::is_ascii_alphabetic)
        && head[2..].iter().all(char::is_ascii_digit)
        && (11..=30).contains(&account.len())
        && account.iter().all(char::is_ascii_alphanumeric);
    // A letter counts as two digits, from A = 10.
    let shift = |digit: u32| if digit < 10 { 10 } else { 100 };
    let digits = account.iter().chain(head).filter_map(|c| c.to_digit(36));
    form.then(|| digits.fold(0, |key, digit| (key * shift(digit) + digit) % 97))
}

fn currency(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    if p.document_currency().is_none() {
        found.push(
            rule.finding(msg!("la devise manque", "the currency is missing"))
                .at(Some(p.place(p.totals.at.unwrap_or(p.root()))))
                .expected(msg!("une devise, EUR le plus souvent", "a currency, mostly EUR")),
        );
    }
}

fn net_given(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    missing(rule, case, case.piece.totals.net, found, || {
        msg!("le total HT manque", "the total without VAT is missing")
    });
}

fn due_given(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    missing(rule, case, case.piece.totals.due, found, || msg!("le net à payer manque", "the amount due is missing"));
}

fn missing(
    rule: &'static Rule,
    case: &Case<'_, '_>,
    amount: Option<Number<'_>>,
    found: &mut Findings,
    message: fn() -> crate::text::Msg,
) {
    if amount.is_none() {
        let place = case.piece.place(case.piece.totals.at.unwrap_or(case.piece.root()));
        found.push(rule.finding(message()).at(Some(place)));
    }
}

fn vat_given(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let t = &case.piece.totals;
    if case.piece.total_vat().is_some() {
        return;
    }
    let place = Some(case.piece.place(t.at.unwrap_or(case.piece.root())));
    match (t.gross, t.net) {
        (Some(gross), Some(net)) => {
            if let Some(vat) = minus(gross.value, net.value) {
                found.push(
                    rule.finding(msg!(
                        "le total de TVA manque ; déduit du TTC et du HT : {vat}",
                        "the total VAT is missing; it follows from the totals: {vat}"
                    ))
                    .at(place)
                    .expected(crate::text::Msg::same(vat.to_string()))
                    .warn(),
                );
            }
        }
        _ => found.push(rule.finding(msg!("le total de TVA manque", "the total VAT is missing")).at(place)),
    }
}

/// The identifiers that are, or say that they are, SIRETs.
fn each_siret<'d>(case: &Case<'_, 'd>, each: &mut dyn FnMut(Actor<'d>)) {
    let p = case.piece;
    let of_form = p.form.iter().flat_map(|form| form.actors());
    let of_invoice = [p.supplier(), p.recipient(), p.named_valideur()].into_iter().flatten();
    let mut seen = Vec::with_capacity(3);
    for actor in of_invoice.chain(of_form) {
        // A form's destinataire is its buyer too.
        if actor.kind == Some(1) && !seen.contains(&actor.id.at) {
            seen.push(actor.id.at);
            each(actor);
        }
    }
}

/// Fourteen digits.
pub(super) fn is_siret(id: &str) -> bool {
    id.len() == 14 && id.bytes().all(|b| b.is_ascii_digit())
}

fn siret(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    each_siret(case, &mut |actor| {
        if !is_siret(actor.id.text) {
            let n = actor.id.text.chars().count();
            found.push(
                rule.finding(msg!("ce SIRET n'a pas 14 chiffres", "this SIRET has not 14 digits"))
                    .at(Some(case.piece.place(actor.id.at)))
                    .found(format!("{} ({n})", actor.id.text))
                    .expected(msg!("14 chiffres", "14 digits")),
            );
        }
    });
}

fn luhn(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    each_siret(case, &mut |actor| {
        if is_siret(actor.id.text) && !siret_checks(actor.id.text) {
            found.push(
                rule.finding(msg!("la clé de ce SIRET est fausse", "the check digit of this SIRET is wrong"))
                    .at(Some(case.piece.place(actor.id.at)))
                    .found(actor.id.text),
            );
        }
    });
}

/// At most 100 letters, digits, spaces, `-` and `_`.
pub(super) fn is_service_code(code: &str) -> bool {
    code.chars().count() <= 100 && code.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
}

fn service_form(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    let of_form = p.form.iter().flat_map(|form| form.services());
    let mut all: Vec<Val<'_>> = [p.buyer_service, p.seller_service].into_iter().flatten().chain(of_form).collect();
    all.dedup_by_key(|v| v.at);
    for service in all.into_iter().filter(|v| !is_service_code(v.text)) {
        found.push(
            rule.finding(msg!("ce code service n'a pas la forme admise", "this service code has not the form allowed"))
                .at(Some(p.place(service.at)))
                .found(service.text)
                .expected(msg!(
                    "100 caractères au plus : lettres, chiffres, espace, - et _",
                    "at most 100 characters: letters, digits, space, - and _"
                )),
        );
    }
}

/// The sum. `None` where an amount is none, or where the sum has more digits than can be held: G1.14 tells the amount.
pub fn plus(a: Option<Decimal>, b: Option<Decimal>) -> Option<Decimal> {
    a?.checked_add(b?)
}

/// The difference, as [`plus`].
pub fn minus(a: Option<Decimal>, b: Option<Decimal>) -> Option<Decimal> {
    a?.checked_sub(b?)
}

/// The amount, or zero where it is absent; `None` where it stands and is no number: that was told.
fn or_zero(amount: Option<Number<'_>>) -> Option<Decimal> {
    amount.map_or(Some(Decimal::ZERO), |n| n.value)
}

/// The total VAT as stated (BT-110).
pub fn stated_vat(piece: &Piece<'_>) -> Option<Decimal> {
    piece.total_vat().and_then(|n| n.value)
}

fn disagree(
    rule: &'static Rule,
    case: &Case<'_, '_>,
    stated: Number<'_>,
    computed: Decimal,
    sum: String,
    found: &mut Findings,
) {
    let Some(difference) = minus(stated.value, Some(computed)) else { return };
    if !difference.is_zero() {
        found.push(
            rule.finding(msg!(
                "ce montant ne se recoupe pas : écart de {difference}",
                "this amount does not agree: off by {difference}"
            ))
            .at(Some(case.piece.place(stated.raw.at)))
            .found(stated.raw.text)
            .expected(crate::text::Msg::same(format!("{computed} = {sum}"))),
        );
    }
}

fn gross(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let t = &case.piece.totals;
    let (net, vat) = (t.net.and_then(|n| n.value), stated_vat(case.piece));
    if let (Some(gross), Some(net), Some(vat), Some(sum)) = (t.gross, net, vat, plus(net, vat)) {
        disagree(rule, case, gross, sum, format!("{net} + {vat}"), found);
    }
}

fn due(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let t = &case.piece.totals;
    let gross = match t.gross {
        Some(gross) => gross.value,
        None => plus(t.net.and_then(|n| n.value), stated_vat(case.piece)),
    };
    let (paid, rounding) = (or_zero(t.prepaid), or_zero(t.rounding));
    let sum = plus(minus(gross, paid), rounding);
    if let (Some(due), Some(sum), Some(gross), Some(paid), Some(rounding)) = (t.due, sum, gross, paid, rounding) {
        disagree(rule, case, due, sum, format!("{gross} - {paid} + {rounding}"), found);
    }
}

fn net(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let t = &case.piece.totals;
    let (Some(net), Some(lines)) = (t.net, t.line_net.and_then(|n| n.value)) else { return };
    let (less, more) = (or_zero(t.allowances), or_zero(t.charges));
    let sum = plus(minus(Some(lines), less), more);
    if let (Some(sum), Some(less), Some(more)) = (sum, less, more) {
        disagree(rule, case, net, sum, format!("{lines} - {less} + {more}"), found);
    }
}

fn lines(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    let Some(stated) = p.totals.line_net else { return };
    let all = p.lines.iter().try_fold(Decimal::ZERO, |sum, line| plus(Some(sum), or_zero(line.net)));
    if let (Some(all), false) = (all, p.lines.is_empty()) {
        let n = p.lines.len();
        disagree(rule, case, stated, all, format!("Σ {n} × BT-131"), found);
    }
}

fn breakdown(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    let Some(stated) = p.total_vat() else { return };
    // Where the breakdown is given in a second currency too, that one is left out.
    let currency = p.document_currency();
    let own = |n: Number<'_>| n.unit.is_none() || n.unit == currency;
    let rows = || p.vat.iter().map(|row| row.amount).filter(|amount| amount.is_none_or(own));
    let sum = rows().try_fold(Decimal::ZERO, |sum, amount| plus(Some(sum), or_zero(amount)));
    let n = rows().count();
    if let (Some(sum), true) = (sum, n > 0) {
        disagree(rule, case, stated, sum, format!("Σ {n} × BT-117"), found);
    }
}

/// What is wrong with files that an act adds to a pièce: their names and their sizes in bytes.
pub fn added(files: &[(&str, u64)], limits: &crate::config::Limits) -> Vec<Finding> {
    let of = |id: &str| TABLE.iter().find(|r| r.id == id).expect("the table has this rule");
    attachments::added(of, files, limits)
}
