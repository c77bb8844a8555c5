//! Every rule of the layer in one list: the rows of the tables with their words. What `guichet rules` prints.

use super::{ARTEFACTS, Fragment, Row, Words, codes, fragments, subset_cii, subset_ubl, syntax, texts, vat};
use super::{allowances, decimals, document, lines, parties, payment, totals};
use crate::rules::{Layer, Rule, Severity as Told};
use crate::text::{Text, same, t};
use foldhash::{HashMap, HashMapExt};
use std::sync::LazyLock;

/// What the official artefacts make of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The document is not valid.
    Fatal,
    /// It is, but.
    Warning,
}

/// The tables of rows, group by group.
static ROWS: [&[Row]; 8] = [
    document::ROWS,
    parties::ROWS,
    totals::ROWS,
    lines::ROWS,
    allowances::ROWS,
    payment::ROWS,
    vat::ROWS,
    decimals::ROWS,
];

/// Every row of every table.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.into_iter().flatten()
}

/// Every id, once, in the order of the catalogue: the rules of the standard, then those of the syntaxes.
pub fn ids() -> &'static [&'static str] {
    static IDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let mut ids: Vec<&'static str> = rows().map(|r| r.id).chain(codes::CODES.iter().map(|c| c.id)).collect();
        ids.extend(vat::ids());
        ids.retain(|id| id.starts_with("BR-"));
        ids.sort_by_key(|id| order(id));
        let syntax = [syntax::UBL, syntax::CII].into_iter().flatten().flat_map(|s| s.rows.iter().map(|r| r.id));
        let subset = subset_ubl::UBL.iter().chain(subset_ubl::ATTRIBUTES).chain(subset_cii::CII).map(|(id, _)| *id);
        ids.extend(syntax);
        ids.extend(subset);
        let mut seen = foldhash::HashSet::default();
        ids.retain(|id| seen.insert(*id));
        ids
    });
    &IDS
}

/// `BR-1` to `BR-65`, then `BR-CO-…`, `BR-CL-…`, `BR-DEC-…`, then the VAT families.
fn order(id: &str) -> (usize, &str, u16) {
    let (family, number) = id.rsplit_once('-').expect("an id has a number");
    let families = ["BR", "BR-CO", "BR-CL", "BR-DEC"];
    let place = families.iter().position(|f| *f == family).unwrap_or(families.len());
    (place, family, number.parse().unwrap_or(0))
}

/// The number of a rule in the catalogue.
pub fn number(id: &str) -> u16 {
    static NUMBERS: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
        let mut numbers = HashMap::new();
        numbers.extend((0..).zip(ids()).map(|(n, id)| (*id, n)));
        numbers
    });
    *NUMBERS.get(id).unwrap_or_else(|| panic!("{id} is registered"))
}

/// What the official artefacts make of a rule in one of the syntaxes.
pub fn severity(rule: u16, ubl: bool) -> Severity {
    static WARNINGS: LazyLock<Vec<bool>> = LazyLock::new(|| {
        let mut warnings = vec![false; ids().len()];
        let syntax = [syntax::UBL, syntax::CII].into_iter().flatten().flat_map(|s| s.rows.iter());
        let subset = subset_ubl::UBL.iter().chain(subset_ubl::ATTRIBUTES).chain(subset_cii::CII).map(|(id, _)| *id);
        for id in subset.chain(syntax.filter(|row| !row.fatal).map(|row| row.id)) {
            warnings[usize::from(number(id))] = true;
        }
        warnings
    });
    // The only one whose severity differs: a card number that is too long is a warning in UBL.
    let card = ubl && ids()[usize::from(rule)] == "BR-51";
    if card || WARNINGS[usize::from(rule)] { Severity::Warning } else { Severity::Fatal }
}

/// The paths that a rule looks at, in UBL and in CII: groups, and terms below them.
pub fn paths(id: &str) -> &'static [Vec<String>; 2] {
    static PATHS: LazyLock<HashMap<&'static str, [Vec<String>; 2]>> = LazyLock::new(all_paths);
    static NONE: [Vec<String>; 2] = [Vec::new(), Vec::new()];
    PATHS.get(id).unwrap_or(&NONE)
}

fn all_paths() -> HashMap<&'static str, [Vec<String>; 2]> {
    let mut all: HashMap<&'static str, [Vec<String>; 2]> = HashMap::new();
    let mut add = |id: &'static str, index: usize, path: String| {
        let path = path.trim_end_matches("/.").replace("/./", "/").replace("/*", "/");
        let path = if path == "/" { path } else { path.replace("//", "/") };
        let paths = &mut all.entry(id).or_default()[index];
        if !path.is_empty() && !paths.contains(&path) {
            paths.push(path);
        }
    };
    for row in rows().filter(|row| !matches!(row.ubl, Some((_, super::Ask::Family(_))))) {
        for (index, asked) in [&row.ubl, &row.cii].into_iter().enumerate() {
            let Some((group, ask)) = asked else { continue };
            let below = terms_of(ask).into_iter().map(|t| t.written(index == 0)).filter(|w| !w.is_empty());
            let below: Vec<&str> = below.collect();
            for group in group.written(index == 0).split(", ") {
                if below.is_empty() {
                    add(row.id, index, group.to_owned());
                }
                below.iter().for_each(|path| add(row.id, index, format!("{group}/{path}")));
            }
        }
    }
    for code in codes::CODES {
        for (index, path) in [code.ubl, code.cii].into_iter().enumerate() {
            let attribute = code.attribute.map(|a| format!("/@{a}")).unwrap_or_default();
            path.split(", ").filter(|p| !p.is_empty()).for_each(|p| add(code.id, index, format!("{p}{attribute}")));
        }
    }
    for (index, sections) in [syntax::UBL, syntax::CII].into_iter().enumerate() {
        for (section, row) in sections.iter().flat_map(|s| s.rows.iter().map(move |r| (s, r))) {
            let below = row.form.path().map(|p| format!("/{p}")).unwrap_or_default();
            section.at.split(", ").for_each(|at| add(row.id, index, format!("{at}{below}")));
        }
    }
    for (index, rows) in [subset_ubl::UBL, subset_cii::CII].into_iter().enumerate() {
        for (id, paths) in rows {
            paths.split(", ").for_each(|path| add(id, index, path.to_owned()));
        }
    }
    for (id, name) in subset_ubl::ATTRIBUTES {
        add(id, 0, format!("@{name}"));
    }
    vat::ids().for_each(|id| vat::paths(id, &mut |index, path| add(id, index, path)));
    all
}

fn terms_of(ask: &super::Ask) -> Vec<&'static super::Term> {
    match ask {
        super::Ask::Has(terms) | super::Ask::Says(terms) | super::Ask::Check(_, terms) => terms.to_vec(),
        super::Ask::Decimals(term) | super::Ask::FirstDecimals(term) => vec![term],
        _ => Vec::new(),
    }
}

/// Ours, beside the official rules.
static BOOLEAN: Words = Words {
    id: "EN-01",
    terms: &["BG-20", "BG-21", "BG-27", "BG-28"],
    says: t("un indicateur de majoration est vrai ou faux", "a charge indicator is true or false"),
    why: t(
        "sans lui une remise ne se distingue pas d'une majoration ; la feuille officielle s'y arrête sans verdict",
        "without it an allowance cannot be told from a charge; the official stylesheet ends there without a verdict",
    ),
    mend: t("écrivez true (majoration) ou false (remise)", "write true (a charge) or false (an allowance)"),
};

/// Ours: what bounds the cost of all others.
static ENDLESS: Words = Words {
    id: "EN-02",
    terms: &[],
    says: t(
        "un document ne répète pas sans fin ce qui se dit une fois",
        "a document does not repeat without end what is said once",
    ),
    why: t(
        "les règles comparent chaque répétition à chaque autre : le coût croîtrait comme le carré ; elles ne sont alors pas jugées",
        "rules compare each repetition with each other one: the cost would grow as the square; they are not judged then",
    ),
    mend: t(
        "donnez une fois les éléments que la norme donne une fois",
        "give once the elements that the standard has once",
    ),
};

/// Warnings of the syntaxes that are more than an element that is not wanted: id, sentence, what to do.
#[rustfmt::skip]
static WARNED: &[(&str, Text, Text)] = &[
    ("CII-DT-041", t("une base d'imposition ne se donne que dans la ventilation de la TVA", "a taxable amount is given in the VAT breakdown only"),
        t("retirez BasisAmount d'ici", "remove BasisAmount here")),
    ("CII-DT-052", t("un code d'exonération ne se donne que dans une TVA (ApplicableTradeTax)", "an exemption code is given in a VAT (ApplicableTradeTax) only"),
        t("mettez ExemptionReasonCode dans l'ApplicableTradeTax de la catégorie, ou retirez-le", "put ExemptionReasonCode into the category's ApplicableTradeTax, or remove it")),
    ("CII-DT-054", t("une date d'exigibilité ne se donne que dans la ventilation de la TVA", "a VAT point date is given in the VAT breakdown only"),
        t("mettez TaxPointDate dans ApplicableHeaderTradeSettlement/ApplicableTradeTax", "put TaxPointDate into ApplicableHeaderTradeSettlement/ApplicableTradeTax")),
    ("CII-DT-058", t("un code d'exigibilité ne se donne que dans la ventilation de la TVA", "a VAT point date code is given in the VAT breakdown only"),
        t("mettez DueDateTypeCode dans ApplicableHeaderTradeSettlement/ApplicableTradeTax", "put DueDateTypeCode into ApplicableHeaderTradeSettlement/ApplicableTradeTax")),
    ("CII-DT-098", t("un motif d'exonération ne se donne que dans une TVA (ApplicableTradeTax)", "an exemption reason is given in a VAT (ApplicableTradeTax) only"),
        t("mettez ExemptionReason dans l'ApplicableTradeTax de la catégorie, ou retirez-le", "put ExemptionReason into the category's ApplicableTradeTax, or remove it")),
    ("CII-SR-003", t("il y a un cadre au plus", "there is one business process at most"),
        t("ne gardez qu'un BusinessProcessSpecifiedDocumentContextParameter", "keep one BusinessProcessSpecifiedDocumentContextParameter")),
    ("CII-SR-030", t("une note a un texte au plus", "a note has one text at most"),
        t("réunissez les textes en un Content, ou faites plusieurs notes", "join the texts into one Content, or make several notes")),
    ("CII-SR-039", t("une ligne a une note au plus", "a line has one note at most"),
        t("réunissez les notes de la ligne en une", "join the line's notes into one")),
    ("CII-SR-040", t("la note d'une ligne a un texte au plus", "a line's note has one text at most"),
        t("réunissez les textes en un Content", "join the texts into one Content")),
    ("CII-SR-119", t("une remise sur le prix brut a un indicateur faux et un montant", "a discount on the gross price has a false indicator and an amount"),
        t("donnez ActualAmount, et ChargeIndicator/Indicator à false, ou retirez AppliedTradeAllowanceCharge", "give ActualAmount, and ChargeIndicator/Indicator as false, or remove AppliedTradeAllowanceCharge")),
    ("CII-SR-449", t("le lieu de livraison a un identifiant (ID) ou un identifiant global, non les deux", "the place of delivery has an identifier (ID) or a global one, not both"),
        t("gardez GlobalID avec son schéma, ou ID sans schéma", "keep GlobalID with its scheme, or ID without one")),
    ("CII-SR-450", t("l'acheteur a un identifiant (ID) ou un identifiant global, non les deux", "the buyer has an identifier (ID) or a global one, not both"),
        t("gardez GlobalID avec son schéma, ou ID sans schéma", "keep GlobalID with its scheme, or ID without one")),
    ("CII-SR-451", t("le bénéficiaire a un identifiant (ID) ou un identifiant global, non les deux", "the payee has an identifier (ID) or a global one, not both"),
        t("gardez GlobalID avec son schéma, ou ID sans schéma", "keep GlobalID with its scheme, or ID without one")),
    ("CII-SR-452", t("il y a des conditions de paiement au plus une fois", "there are payment terms once at most"),
        t("réunissez les conditions en un SpecifiedTradePaymentTerms", "join the terms into one SpecifiedTradePaymentTerms")),
    ("CII-SR-453", t("les conditions de paiement ont un texte au plus", "the payment terms have one text at most"),
        t("réunissez les textes en une Description", "join the texts into one Description")),
    ("CII-SR-454", t("une ligne a une TVA", "a line has one VAT"),
        t("gardez un ApplicableTradeTax ; deux taux font deux lignes", "keep one ApplicableTradeTax; two rates make two lines")),
    ("CII-SR-457", t("il y a une référence d'appel d'offres (50) au plus", "there is one tender reference (50) at most"),
        t("n'en gardez qu'une de TypeCode 50", "keep one of TypeCode 50")),
    ("CII-SR-458", t("il y a un objet facturé (130) au plus", "there is one invoiced object (130) at most"),
        t("n'en gardez qu'un de TypeCode 130", "keep one of TypeCode 130")),
    ("CII-SR-465", t("le contact du vendeur a un nom ou un service, non les deux", "the seller's contact has a name or a department, not both"),
        t("gardez PersonName ou DepartmentName", "keep PersonName or DepartmentName")),
    ("CII-SR-466", t("le contact de l'acheteur a un nom ou un service, non les deux", "the buyer's contact has a name or a department, not both"),
        t("gardez PersonName ou DepartmentName", "keep PersonName or DepartmentName")),
    ("CII-SR-474", t("une ligne a un objet facturé (130) au plus", "a line has one invoiced object (130) at most"),
        t("n'en gardez qu'un de TypeCode 130", "keep one of TypeCode 130")),
    ("CII-SR-475", t("les documents joints (916) ont un nom au plus", "the supporting documents (916) have one name at most"),
        t("faites un AdditionalReferencedDocument par document", "make one AdditionalReferencedDocument for each document")),
    ("CII-SR-476", t("les documents joints (916) ont un fichier au plus", "the supporting documents (916) have one file at most"),
        t("faites un AdditionalReferencedDocument par fichier", "make one AdditionalReferencedDocument for each file")),
    ("UBL-CR-002", t("la version d'UBL, si elle est dite, est 2.1", "the UBL version, where it is said, is 2.1"),
        t("écrivez 2.1 dans UBLVersionID, ou retirez-le", "write 2.1 into UBLVersionID, or remove it")),
    ("UBL-CR-412", t("l'échéance d'une facture est DueDate, non celle d'un moyen de paiement", "an invoice's due date is DueDate, not that of a means of payment"),
        t("mettez l'échéance dans Invoice/DueDate ; un avoir garde celle du moyen de paiement", "put the due date into Invoice/DueDate; a credit note keeps that of the means of payment")),
    ("UBL-CR-665", t("seule la référence d'un objet facturé (130) a un type d'identifiant", "only the reference of an invoiced object (130) has a scheme identifier"),
        t("retirez schemeID, ou donnez DocumentTypeCode 130 s'il s'agit de l'objet facturé", "remove schemeID, or give DocumentTypeCode 130 if it is the invoiced object")),
    ("UBL-DT-18", t("seul un code de moyen de paiement a un attribut name", "only a payment means code has an attribute name"),
        t("retirez l'attribut name", "remove the attribute name")),
];

/// The words of a rule; none for what only the subset's tables name.
pub fn words(id: &str) -> Option<&'static Words> {
    if id == BOOLEAN.id {
        return Some(&BOOLEAN);
    }
    if id == ENDLESS.id {
        return Some(&ENDLESS);
    }
    texts::TEXTS.binary_search_by(|w| w.id.cmp(id)).ok().map(|at| &texts::TEXTS[at])
}

fn warned(id: &str) -> Option<(Text, Text)> {
    let row = WARNED.binary_search_by(|(known, ..)| (*known).cmp(id)).ok().map(|at| &WARNED[at]);
    row.map(|(_, says, mend)| (*says, *mend))
}

/// The catalogue of the layer.
pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut of: HashMap<&'static str, Vec<&'static Fragment>> = HashMap::new();
    for fragment in fragments::fragments().filter(|f| f.syntax != "creditnote") {
        of.entry(fragment.id).or_default().push(fragment);
    }
    let whole = |rule: &Rule| {
        let paths = paths(rule.id);
        let example = example(paths, of.get(rule.id).map_or(&[], Vec::as_slice));
        let says = if is_of_subset(rule.id) { unwanted(&paths.concat().join(", ")) } else { rule.says };
        Rule { example: same(example.leak()), says, ..rule.clone() }
    };
    TOLD.iter().map(whole).collect()
});

/// The rules as findings need them: without examples, which take a while to make.
static TOLD: LazyLock<Vec<Rule>> = LazyLock::new(|| (0..).zip(ids()).map(|(n, id)| rule(n, id)).collect());

/// A rule, as a finding needs it.
pub fn told(rule: u16) -> &'static Rule {
    &TOLD[usize::from(rule)]
}

fn rule(number: u16, id: &'static str) -> Rule {
    static SOURCES: LazyLock<[&'static str; 2]> = LazyLock::new(|| {
        let own = format!("CEN/TC 434 validation artefacts {ARTEFACTS}");
        [format!("EN 16931-1; {own}").leak(), own.leak()]
    });
    let fatal = severity(number, false) == Severity::Fatal;
    let severity = if fatal { Told::Error } else { Told::Warning };
    let source = SOURCES[usize::from(!id.starts_with("BR-"))];
    let (layer, check, example) = (Layer::En16931, None, same(""));
    match words(id) {
        Some(Words { terms, says, why, mend, .. }) => {
            Rule { id, layer, severity, terms, says: *says, why: *why, source, example, mend: *mend, check }
        }
        None => {
            let (says, mend) = warned(id)
                .unwrap_or((same(""), t("retirez-le, ou dites-le dans une note", "remove it, or say it in a note")));
            let why = t("un récepteur d'EN 16931 n'a pas à le lire", "a receiver of EN 16931 need not read it");
            Rule { id, layer, severity, terms: &[], says, why, source, example, mend, check }
        }
    }
}

fn unwanted(path: &str) -> Text {
    Text {
        fr: format!("le sous-ensemble d'EN 16931 n'a pas {path}").leak(),
        en: format!("the subset of EN 16931 has no {path}").leak(),
    }
}

const UBL_ROOTS: &str = "/Invoice, /CreditNote";
const CII_ROOT: &str = "/rsm:CrossIndustryInvoice";

/// Where it looks in both syntaxes, fragments that break it, and such as keep it.
fn example(paths: &[Vec<String>; 2], fragments: &[&Fragment]) -> String {
    let mut text = String::new();
    for (name, roots, paths) in [("UBL", UBL_ROOTS, &paths[0]), ("CII", CII_ROOT, &paths[1])] {
        // What looks at all of a document has no path below its root.
        let paths: Vec<&str> = paths.iter().map(|path| if path == "/" { roots } else { path }).collect();
        if !paths.is_empty() {
            text += &format!("{name}: {}\n", paths.join(", "));
        }
    }
    for (mark, passes) in [("✗", false), ("✓", true)] {
        for fragment in fragments.iter().filter(|f| f.passes == passes) {
            text += &format!("{mark} {}\n{}\n", fragment.syntax.to_uppercase(), fragment.xml.trim());
        }
    }
    text.trim_end().to_owned()
}

/// Whether a rule is only that something is not in the subset: its path says all of it.
pub fn is_of_subset(id: &str) -> bool {
    words(id).is_none() && warned(id).is_none()
}
