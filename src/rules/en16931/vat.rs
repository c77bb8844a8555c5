//! VAT: the breakdown, and the families of rules, one for each category. A family is a row of [`PROFILES`]; what its ten
//! rules ask is said once, below and in `breakdown` (08 to 10), for all of them.
//!
//! | rule | asks |
//! |---|---|
//! | 01 | a breakdown of the category where a line, an allowance or a charge has it |
//! | 02 03 04 | the identifiers of seller and buyer, where a line, an allowance, a charge has it |
//! | 05 06 07 | the rate of a line, an allowance, a charge |
//! | 08 | the taxable amount of the breakdown: lines, less allowances, plus charges (at the same rate) |
//! | 09 | its tax |
//! | 10 | its exemption reason |

mod breakdown;

use super::bind::*;
use super::sums::{CATEGORIES, Sums, category};
use super::view::At;
use super::{Ask::*, Broken, Fault, Row, Tell, Told, both, broken, cii, double, each, missing, ubl};
use crate::msg;
use crate::piece::amount::round;
use crate::text::Msg;
use crate::xml::trim;
use rust_decimal::Decimal;
use std::cmp::Ordering;

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    // id            group                UBL                       CII: not where BR-AF, BR-AG or BR-O ask first
    each("BR-45",    &BREAKDOWN,          Has(&[&TAXABLE]),         Check(has_taxable, &[&TAXABLE])),
    each("BR-46",    &BREAKDOWN,          Has(&[&TAX]),             Check(has_tax, &[&TAX])),
    ubl("BR-47",     &BREAKDOWN,          Has(&[&BREAKDOWN_CODE])),
    cii("BR-47",     &BREAKDOWN,          Check(has_category, &[&BREAKDOWN_CODE])),
    each("BR-48",    &BREAKDOWN,          Check(has_rate, &[&BREAKDOWN_RATE]),          Check(has_rate_cii, &[&BREAKDOWN_RATE])),
    each("BR-CO-17", &BREAKDOWN,          Check(tax_of_rate, &[&TAX, &TAXABLE, &BREAKDOWN_RATE]),       Check(tax_of_rate_cii, &[&TAX, &TAXABLE, &BREAKDOWN_RATE])),
    // The families; each tells its rules by name.
    both("BR-S-01",  &DOCUMENT,           Family(document)),
    both("BR-S-02",  &LINE_CATEGORY,      Family(line)),
    both("BR-S-03",  &ALLOWANCE_CATEGORY, Family(allowance)),
    both("BR-S-04",  &CHARGE_CATEGORY,    Family(charge)),
    both("BR-S-08",  &BREAKDOWN_CATEGORY, Family(breakdown)),
];

use breakdown::breakdown;

/// What a category asks of a rate.
#[derive(Clone, Copy, PartialEq)]
enum Rate {
    Zero,
    Positive,
    NotNegative,
    Absent,
}

/// Which identifiers a category asks of the seller or its tax representative.
#[derive(Clone, Copy, PartialEq)]
enum Seller {
    Any,
    Vat,
    None,
}

/// Which identifiers a category asks of the buyer.
#[derive(Clone, Copy, PartialEq)]
enum Buyer {
    Whatever,
    VatOrLegal,
    Vat,
    None,
}

/// A category of VAT.
struct Profile {
    family: &'static str,
    ids: [&'static str; 10],
    /// Rates of lines (05), allowances (06) and charges (07), in UBL and in CII.
    rate: [Rate; 2],
    seller: Seller,
    buyer: Buyer,
    /// Whether an exemption reason is required; else it is forbidden.
    reason: bool,
    /// UBL's test of 01 and 02 looks at the category only, not at the scheme.
    any_scheme: bool,
    /// 01: a breakdown may be there several times, one for each rate.
    by_rate: bool,
    /// CII: seller and representative are looked for anywhere.
    anywhere: bool,
}

macro_rules! family {
    ($family:literal, $rate:expr, $seller:ident, $buyer:ident, $reason:literal, $any:literal, $by_rate:literal, $anywhere:literal) => {
        Profile {
            family: $family,
            ids: [
                concat!($family, "-01"),
                concat!($family, "-02"),
                concat!($family, "-03"),
                concat!($family, "-04"),
                concat!($family, "-05"),
                concat!($family, "-06"),
                concat!($family, "-07"),
                concat!($family, "-08"),
                concat!($family, "-09"),
                concat!($family, "-10"),
            ],
            rate: $rate,
            seller: Seller::$seller,
            buyer: Buyer::$buyer,
            reason: $reason,
            any_scheme: $any,
            by_rate: $by_rate,
            anywhere: $anywhere,
        }
    };
}

use Rate::{Absent, NotNegative, Positive, Zero};

/// In the order of [`CATEGORIES`].
#[rustfmt::skip]
static PROFILES: [Profile; 9] = [
    //       family   rate UBL, CII                  seller buyer       reason any scheme by rate anywhere
    family!("BR-AE", [Zero, Zero],                   Any,   VatOrLegal, true,  false,     false,  true),
    family!("BR-AF", [NotNegative, Positive],        Any,   Whatever,   false, false,     true,   false),
    family!("BR-AG", [NotNegative, NotNegative],     Any,   Whatever,   false, false,     true,   false),
    family!("BR-E",  [Zero, Zero],                   Any,   Whatever,   true,  false,     false,  false),
    family!("BR-G",  [Zero, Zero],                   Vat,   Whatever,   true,  false,     false,  true),
    family!("BR-IC", [Zero, Zero],                   Vat,   Vat,        true,  false,     false,  true),
    family!("BR-O",  [Absent, Absent],               None,  None,       true,  false,     false,  false),
    family!("BR-S",  [Positive, Positive],           Any,   Whatever,   false, true,      true,   false),
    family!("BR-Z",  [Zero, Zero],                   Any,   Whatever,   false, false,     false,  false),
];

const L: usize = 1;
const M: usize = 2;
const K: usize = 5;
const O: usize = 6;
const S: usize = 7;
const Z: usize = 8;

/// Every id of the families.
pub fn ids() -> impl Iterator<Item = &'static str> {
    let more = ["BR-IC-11", "BR-IC-12", "BR-O-11", "BR-O-12", "BR-O-13", "BR-O-14", "BR-B-01", "BR-B-02"];
    PROFILES.iter().flat_map(|p| p.ids).chain(more)
}

/// Where a rule of a family looks.
pub fn paths(id: &str, add: &mut dyn FnMut(usize, String)) {
    let (family, number) = id.rsplit_once('-').expect("an id has a number");
    let profile = PROFILES.iter().find(|p| p.family == family);
    let of: &[(&Group, &[&Term])] = match (profile, number) {
        (Option::None, _) if family != "BR-B" => return,
        (_, "02" | "05") => &[(&LINE_CATEGORY, &[&CATEGORY, &RATE])],
        (_, "03" | "06") => &[(&ALLOWANCE_CATEGORY, &[&CATEGORY, &RATE])],
        (_, "04" | "07") => &[(&CHARGE_CATEGORY, &[&CATEGORY, &RATE])],
        (_, "08") => &[(&BREAKDOWN_CATEGORY, &[&CATEGORY]), (&BREAKDOWN, &[&TAXABLE])],
        (_, "09") => &[(&BREAKDOWN_CATEGORY, &[&CATEGORY]), (&BREAKDOWN, &[&TAX])],
        (_, "10") => &[(&BREAKDOWN_CATEGORY, &[&EXEMPTION, &EXEMPTION_CODE])],
        _ => &[(&BREAKDOWN_CATEGORY, &[&CATEGORY]), (&LINE_CATEGORY, &[&CATEGORY])],
    };
    for (group, terms) in of {
        for (index, ubl) in [(0, true), (1, false)] {
            for group in group.written(ubl).split(", ") {
                terms.iter().for_each(|term| add(index, format!("{group}/{}", term.written(ubl))));
            }
        }
    }
}

/// CII: whether BR-AF, BR-AG or BR-O look at this breakdown; what comes after them in the official set does not then.
pub fn is_taken(at: At<'_, '_>) -> bool {
    taker(at).is_some()
}

fn taker(at: At<'_, '_>) -> Option<usize> {
    let meant = || Pred::Vat.holds(at) && is_in_transaction(at);
    // Of several that are said the first in this order.
    let (takers, mut first) = ([L, M, O], Option::None);
    at.each(&CATEGORY, |code| {
        let rank = takers.iter().position(|taker| code.text() == CATEGORIES[*taker]);
        first = [first, rank].into_iter().flatten().min();
    });
    first.map(|rank| takers[rank]).filter(|_| meant())
}

/// CII: most families look at the breakdowns of a transaction; S and Z, and the rules of every breakdown, at any.
fn is_in_transaction(at: At<'_, '_>) -> bool {
    at.parent().and_then(|settlement| settlement.parent()).is_some_and(|p| p.name() == TABLES.known.transaction)
}

fn has_taxable(at: At<'_, '_>) -> Told {
    if is_taken(at) || at.has(&TAXABLE) { Ok(()) } else { Err(missing(at, &[&TAXABLE])) }
}

fn has_tax(at: At<'_, '_>) -> Told {
    if is_taken(at) || at.has(&TAX) { Ok(()) } else { Err(missing(at, &[&TAX])) }
}

fn has_category(at: At<'_, '_>) -> Told {
    let holds = is_taken(at) || Pred::Vat.holds(at) && at.has(&BREAKDOWN_CODE);
    if holds { Ok(()) } else { Err(missing(at, &[&BREAKDOWN_CODE])) }
}

/// A rate, but where nothing is taxed (O).
fn has_rate(at: At<'_, '_>) -> Told {
    let holds = at.has(&BREAKDOWN_RATE) || at.any(&BREAKDOWN_CODE, |code| trim(code.text()) == "O");
    if holds { Ok(()) } else { Err(missing(at, &[&BREAKDOWN_RATE])) }
}

fn has_rate_cii(at: At<'_, '_>) -> Told {
    let vat = || Pred::Vat.holds(at);
    let has = || at.has(&BREAKDOWN_RATE) || at.any(&BREAKDOWN_CODE, |code| code.text() == "O");
    let holds = is_taken(at) || vat() && has();
    if holds { Ok(()) } else { Err(missing(at, &[&BREAKDOWN_RATE])) }
}

/// The tax that a rate makes: |base| × rate / 100, in cents.
fn tax_due(base: Decimal, rate: Decimal, at: At<'_, '_>) -> Result<Decimal, Fault> {
    let product = base.abs().checked_mul(rate / Decimal::ONE_HUNDRED).ok_or(Fault::TooLarge(at.node))?;
    Ok(round(product, 2))
}

/// BR-CO-17, UBL: within less than one; a rate that rounds to nothing wants a tax that does.
fn tax_of_rate(at: At<'_, '_>) -> Told {
    tax_is_near(at, at.decimal(&BREAKDOWN_RATE)?, |distance| distance < Decimal::ONE)
}

/// BR-CO-17, CII: within one.
fn tax_of_rate_cii(at: At<'_, '_>) -> Told {
    if is_taken(at) {
        return Ok(());
    }
    let vat = trim(at.string(&TAX_TYPE)?).eq_ignore_ascii_case("VAT");
    let rate = if vat { at.decimal(&RATE)? } else { Option::None };
    tax_is_near(at, rate, |distance| distance <= Decimal::ONE)
}

fn tax_is_near(at: At<'_, '_>, rate: Option<Decimal>, near: fn(Decimal) -> bool) -> Told {
    let tax = at.decimal(&TAX)?;
    let is_nothing = tax.is_some_and(|tax| round(tax, 0).is_zero());
    let Some(rate) = rate.filter(|rate| !round(*rate, 0).is_zero()) else {
        let expected = msg!("0 : BT-119 est nul ou absent", "0: BT-119 is zero or missing");
        return if is_nothing { Ok(()) } else { Err(wrong_tax(at, tax, Decimal::ZERO, expected)) };
    };
    let Some(base) = at.decimal(&TAXABLE)? else { return Err(missing(at, &[&TAXABLE])) };
    let due = tax_due(base, rate, at)?;
    let holds = tax.is_some_and(|tax| near((tax.abs() - due).abs()));
    if holds { Ok(()) } else { Err(wrong_tax(at, tax, due, product(due, base, rate))) }
}

fn product(due: Decimal, base: Decimal, rate: Decimal) -> Msg {
    Msg::same(format!("{due} = BT-116 {base} × BT-119 {rate} / 100"))
}

fn wrong_tax(at: At<'_, '_>, tax: Option<Decimal>, due: Decimal, expected: Msg) -> Box<Broken> {
    let Some(tax) = tax else { return missing(at, &[&TAX]).expected(expected) };
    broken(msg!("BT-117 est {tax}, le calcul donne {due}", "BT-117 is {tax}, the calculation gives {due}"))
        .at(at.first(&TAX))
        .found(tax.to_string())
        .expected(expected)
}

/// The rules that are asked of the whole document: 01 of each category; in UBL also 02 to 04 and those of K and O alone.
fn document(at: At<'_, '_>, tell: &mut Tell<'_>) {
    let sums = at.view.sums();
    for (number, profile) in PROFILES.iter().enumerate() {
        let places = &sums.said.of[number];
        let ids = &profile.ids;
        let said = if at.view.ubl {
            let charged = if profile.any_scheme { places.charge_any } else { places.charge };
            if profile.by_rate {
                places.line_any_or(profile.any_scheme) + charged
            } else {
                places.category + places.line
            }
        } else {
            places.line + places.charge
        };
        if said + places.breakdown + places.breakdown_any + places.line_any == 0 {
            continue;
        }
        if !has_its_breakdown(at.view.ubl, number, sums, said) {
            tell.of(ids[0], Err(wrong_breakdowns(at, number, said)));
        }
        if !at.view.ubl {
            continue;
        }
        let wanted = |so: bool| if so { identified(at, profile) } else { Ok(()) };
        let line = if profile.any_scheme { places.line_any } else { places.line };
        let line_told = if line > 0 && places.line == 0 { Err(no_scheme(at)) } else { wanted(line > 0) };
        // O's 03 and 04 look at the document's allowances and charges, the others' at those of lines too.
        let (allowance, charge) = if number == O {
            (places.document_allowance, places.document_charge)
        } else if number == L {
            (places.allowance_only, places.charge_only_plain)
        } else {
            (places.allowance_only, places.charge_only)
        };
        tell.of(ids[1], line_told);
        tell.of(ids[2], wanted(allowance > 0));
        tell.of(ids[3], wanted(charge > 0));
    }
    if at.view.ubl {
        only_delivered(at, tell, sums.said.of[K].breakdown > 0);
        if sums.said.of[O].breakdown > 0 {
            let others = &sums.said.not_o;
            let counts = [others.breakdown, others.line, others.allowance_only, others.charge_only];
            alone(at, tell, counts.map(|count| count > 0));
        }
    }
    split_payment(at, tell, sums);
}

impl super::sums::Places {
    fn line_any_or(&self, any: bool) -> usize {
        if any { self.line_any } else { self.line }
    }
}

fn has_its_breakdown(ubl: bool, number: usize, sums: &Sums, said: usize) -> bool {
    let places = &sums.said.of[number];
    match (ubl, number) {
        // UBL counts a category with no white space around it where something has it, and any where nothing has it.
        (true, L) if said > 0 => places.breakdown_plain > 0,
        (true, M) if said > 0 => places.breakdown_plain_vat > 0,
        (true, L | M) => places.breakdown == 0,
        (true, S) => (said > 0) == (places.breakdown_any > 0),
        // A breakdown is a TaxCategory too.
        (true, _) => said == 0 || places.breakdown == 1,
        (false, L | M | S) => {
            (places.line == 0 || places.line + places.breakdown >= 2)
                && (places.charge == 0 || places.charge + places.breakdown >= 2)
        }
        (false, O) => places.breakdown == 0 || places.breakdown == 1 && said > 0,
        (false, _) => {
            if places.breakdown == 0 {
                said == 0
            } else {
                places.breakdown == 1 && said > 0
            }
        }
    }
}

fn wrong_breakdowns(at: At<'_, '_>, number: usize, said: usize) -> Box<Broken> {
    let (code, places) = (CATEGORIES[number], at.view.sums().said.of[number]);
    let count = places.breakdown.max(places.breakdown_any);
    let (mut in_breakdown, mut elsewhere) = (Option::None, Option::None);
    for (category, breakdown) in says_category(at, code) {
        let first = if breakdown { &mut in_breakdown } else { &mut elsewhere };
        *first = first.or(Some(category));
        if first.is_some() && (breakdown == (count > 0)) {
            break;
        }
    }
    if said == 0 || count > 0 && places.line + places.charge + places.line_any == 0 {
        let mut broken = broken(msg!(
            "la ventilation de la TVA a la catégorie {code}, que ne porte aucune ligne, remise ou majoration",
            "the VAT breakdown has the category {code}, which no line, allowance or charge has"
        ))
        .at(in_breakdown)
        .found(code)
        .expected(msg!(
            "pas de ventilation {code}, ou une ligne, remise ou majoration de cette catégorie",
            "no breakdown {code}, or a line, an allowance or a charge of that category"
        ));
        broken.help = Some(msg!(
            "retirez cette ventilation, ou corrigez sa catégorie ou celle d'une ligne",
            "remove this breakdown, or correct its category or that of a line"
        ));
        return broken;
    }
    let message = match count {
        0 => msg!(
            "cette catégorie, {code}, n'est pas dans la ventilation de la TVA",
            "this category, {code}, is not in the VAT breakdown"
        ),
        _ => msg!(
            "la catégorie {code} est {count} fois dans la ventilation de la TVA",
            "the category {code} is {count} times in the VAT breakdown"
        ),
    };
    let expected = if PROFILES[number].by_rate {
        msg!("une ventilation {code} par taux", "a breakdown {code} for each rate")
    } else {
        msg!("une seule ventilation {code}", "one breakdown {code}")
    };
    let found = if count == 0 { code.to_owned() } else { count.to_string() };
    broken(message).at(in_breakdown.or(elsewhere)).found(found).expected(expected)
}

/// Where a category is said: its element, and whether that is in the VAT breakdown.
fn says_category<'v, 'd>(at: At<'v, 'd>, code: &'static str) -> impl Iterator<Item = (At<'v, 'd>, bool)> {
    let known = &TABLES.known;
    let names =
        if at.view.ubl { [known.tax_category, known.classified] } else { [known.trade_tax, known.category_tax] };
    let of = names.into_iter().flat_map(move |name| at.view.named(name));
    of.filter_map(move |category| {
        let said = category.first(&CATEGORY).filter(|said| said.is(code))?;
        let around = category.parent().map_or(0, |p| p.name());
        Some((said, around == known.subtotal || around == known.header_settlement))
    })
}

fn no_scheme(at: At<'_, '_>) -> Box<Broken> {
    broken(msg!("la catégorie S est d'un autre régime que la TVA", "the category S is of another scheme than VAT"))
        .at(at.first(&DOCUMENT_LINES))
        .expected(Msg::same("<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"))
}

/// 02 to 04: the identifiers that the category asks for.
fn identified(at: At<'_, '_>, profile: &Profile) -> Told {
    let parties = &at.view.sums().parties;
    let taxed = if at.view.ubl || profile.anywhere { parties.anywhere } else { parties.in_place };
    let seller = match profile.seller {
        Seller::Any => taxed.seller_any || taxed.representative,
        Seller::Vat => taxed.seller_vat || taxed.representative,
        Seller::None => !taxed.seller_vat && !taxed.representative,
    };
    let buyer = match profile.buyer {
        Buyer::Whatever => true,
        Buyer::VatOrLegal => parties.buyer_vat || parties.buyer_legal,
        Buyer::Vat => parties.buyer_vat,
        Buyer::None => !parties.buyer_vat,
    };
    if seller && buyer {
        return Ok(());
    }
    let expected = match (profile.seller, profile.buyer) {
        (Seller::None, _) => msg!("ni BT-31, ni BT-63, ni BT-48", "neither BT-31 nor BT-63 nor BT-48"),
        (Seller::Any, Buyer::VatOrLegal) => {
            msg!("BT-31, BT-32 ou BT-63, et BT-48 ou BT-47", "BT-31, BT-32 or BT-63, and BT-48 or BT-47")
        }
        (Seller::Vat, Buyer::Vat) => msg!("BT-31 ou BT-63, et BT-48", "BT-31 or BT-63, and BT-48"),
        (Seller::Vat, _) => msg!("BT-31 ou BT-63", "BT-31 or BT-63"),
        (Seller::Any, _) => msg!("BT-31, BT-32 ou BT-63", "BT-31, BT-32 or BT-63"),
    };
    let message = match (profile.seller, seller) {
        (Seller::None, _) => return Err(wrong_identifier(at).expected(expected)),
        (_, false) => msg!(
            "le vendeur n'a pas d'identifiant de TVA, ni son représentant",
            "neither the seller nor its representative has a VAT identifier"
        ),
        (_, true) => msg!("l'acheteur n'a pas d'identifiant", "the buyer has no identifier"),
    };
    Err(broken(message).expected(expected))
}

/// A VAT identifier that is given where nothing is subject to VAT.
fn wrong_identifier(at: At<'_, '_>) -> Box<Broken> {
    let known = &TABLES.known;
    let parties = [
        (known.supplier, &PARTY_VAT),
        (known.seller, &PARTY_VAT),
        (known.representative, &REPRESENTATIVE_VAT),
        (known.seller_representative, &REPRESENTATIVE_VAT),
        (known.customer, &PARTY_VAT),
        (known.buyer, &PARTY_VAT),
    ];
    let given = parties.into_iter().find_map(|(name, term)| at.view.named(name).find_map(|party| party.first(term)));
    let broken = broken(msg!("un identifiant de TVA est donné", "a VAT identifier is given")).at(given);
    match given {
        Some(id) => broken.found(id.text()),
        Option::None => broken,
    }
}

/// BR-IC-11 and 12: a delivery has a date and a country.
fn only_delivered(at: At<'_, '_>, tell: &mut Tell<'_>, wanted: bool) {
    if !wanted {
        return;
    }
    let root = at.view.root();
    let period = || root.any(&PERIODS, |period| period.children().next().is_some());
    let dated = root.string(&DELIVERED).map(|day| day.chars().count() > 1 || period());
    tell.of("BR-IC-11", so(dated, || missing(root, &[&DELIVERED, &PERIODS])));
    let country = root.string(&DELIVERY_COUNTRY).map(|code| code.chars().count() > 1);
    tell.of("BR-IC-12", so(country, || missing(root, &[&DELIVERY_COUNTRY])));
}

fn so(holds: Result<bool, Fault>, else_broken: impl Fn() -> Box<Broken>) -> Told {
    if holds? { Ok(()) } else { Err(else_broken()) }
}

/// BR-O-11 to 14: nothing else stands beside what is not subject to VAT.
fn alone(at: At<'_, '_>, tell: &mut Tell<'_>, others: [bool; 4]) {
    for (number, id) in ["BR-O-11", "BR-O-12", "BR-O-13", "BR-O-14"].into_iter().enumerate() {
        if !others[number] {
            continue;
        }
        let message =
            msg!("une autre catégorie que O est dans la facture", "another category than O is in the invoice");
        let other = other_than_o(at, number);
        let broken = broken(message).at(other).expected(Msg::same("O"));
        tell.of(
            id,
            Err(match other {
                Some(other) => broken.found(other.text()),
                Option::None => broken,
            }),
        );
    }
}

/// Another category than O in the breakdown (0), a line (1), an allowance (2) or a charge (3). UBL asks once; each
/// breakdown O of CII asks again: there it is looked for among the first.
fn other_than_o<'v, 'd>(at: At<'v, 'd>, place: usize) -> Option<At<'v, 'd>> {
    let first = if at.view.ubl { usize::MAX } else { 100 };
    let known = &TABLES.known;
    let (name, parent) = match (at.view.ubl, place) {
        (true, 0) => (known.tax_category, known.subtotal),
        (true, 1) => (known.classified, 0),
        (true, _) => (known.tax_category, known.allowance_charge),
        (false, 0) => (known.trade_tax, known.header_settlement),
        (false, 1) => (known.trade_tax, known.line_settlement),
        (false, _) => (known.category_tax, 0),
    };
    let stands = |category: &At<'_, '_>| {
        let Some(around) = category.parent() else { return false };
        let is_meant = place < 2 || around.any(&INDICATOR, |i| i.boolean() == Some(place == 3));
        (parent == 0 || around.name() == parent) && is_meant
    };
    let said = at.view.named(name).take(first).filter(stands).filter_map(|category| category.first(&CATEGORY));
    said.into_iter().find(|code| !code.is("O"))
}

/// BR-B: Italy's split payment, in Italy and without S.
fn split_payment(at: At<'_, '_>, tell: &mut Tell<'_>, sums: &Sums) {
    let said = &sums.said;
    let known = &TABLES.known;
    let countries = if at.view.ubl { known.country } else { known.country_id };
    if said.b[0]
        && let Some(abroad) = at.view.named(countries).find(|c| c.text() != "IT")
    {
        let message = msg!(
            "la catégorie B est dans une facture qui n'est pas italienne",
            "the category B is in an invoice that is not Italian"
        );
        tell.of("BR-B-01", Err(broken(message).at(Some(abroad)).found(abroad.text()).expected(Msg::same("IT"))));
    }
    if said.b[1] && said.s {
        let message =
            msg!("les catégories B et S sont dans une même facture", "the categories B and S are in one invoice");
        tell.of("BR-B-02", Err(broken(message).expected(msg!("l'une ou l'autre", "one or the other"))));
    }
}

/// The category of a line, an allowance or a charge: in CII the first that the official set asks for.
fn category_of(at: At<'_, '_>) -> Option<usize> {
    if at.view.ubl {
        return at.first(&CATEGORY).and_then(|id| category(trim(id.text())));
    }
    (0..CATEGORIES.len()).find(|c| at.any(&CATEGORY, |code| code.text() == CATEGORIES[*c]))
}

fn line(at: At<'_, '_>, tell: &mut Tell<'_>) {
    taxed(at, tell, 0);
}

fn allowance(at: At<'_, '_>, tell: &mut Tell<'_>) {
    taxed(at, tell, 1);
}

fn charge(at: At<'_, '_>, tell: &mut Tell<'_>) {
    taxed(at, tell, 2);
}

/// 05 to 07, and in CII 02 to 04, of a line (0), an allowance (1) or a charge (2).
fn taxed(at: At<'_, '_>, tell: &mut Tell<'_>, which: usize) {
    let Some(number) = category_of(at) else { return };
    let profile = &PROFILES[number];
    if !at.view.ubl {
        tell.of(profile.ids[1 + which], identified(at, profile));
    }
    tell.of(profile.ids[4 + which], rate(at, profile));
}

fn rate(at: At<'_, '_>, profile: &Profile) -> Told {
    let asked = profile.rate[usize::from(!at.view.ubl)];
    // UBL wants a decimal that is 0; elsewhere both compare doubles.
    let holds = match asked {
        Absent => !at.has(&RATE),
        Zero if at.view.ubl => at.decimal(&RATE)? == Some(Decimal::ZERO),
        _ => compares(at, &RATE, |order| match asked {
            Zero => order.is_eq(),
            Positive => order.is_gt(),
            _ => order.is_ge(),
        })?,
    };
    if holds {
        return Ok(());
    }
    let expected = match asked {
        Absent => msg!("pas de taux", "no rate"),
        Zero => msg!("0", "0"),
        Positive => msg!("plus de 0", "more than 0"),
        NotNegative => msg!("0 ou plus", "0 or more"),
    };
    let Some(rate) = at.first(&RATE) else { return Err(missing(at, &[&RATE]).expected(expected)) };
    let code = at.first(&CATEGORY).map_or("", |c| trim(c.text()));
    Err(broken(msg!("ce taux n'est pas celui de la catégorie {code}", "this rate is not that of the category {code}"))
        .at(Some(rate))
        .found(rate.text())
        .expected(expected))
}

/// Whether one element of a term compares so with 0, as doubles.
fn compares(at: At<'_, '_>, term: &Term, so: impl Fn(Ordering) -> bool) -> Result<bool, Fault> {
    let mut fault = Option::None;
    let holds = at.any(term, |one| {
        if double::value(one.text()).is_none() {
            fault = Some(Fault::NoNumber(one.node));
        }
        fault.is_some() || double::compare(one.text(), 0).is_some_and(&so)
    });
    fault.map_or(Ok(holds), Err)
}
