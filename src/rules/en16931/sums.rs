//! What several rules count, counted once for each document: sums of amounts, and who says which VAT category where.

use super::bind::*;
use super::double;
use super::view::{At, Fault, View};
use crate::piece::amount;
use crate::text::Shown;
use crate::xml::{NodeId, trim};
use foldhash::{HashMap, HashMapExt};
use rust_decimal::Decimal;

/// The VAT categories that have a family of rules, in the order in which the CII test asks for them.
pub const CATEGORIES: [&str; 9] = ["AE", "L", "M", "E", "G", "K", "O", "S", "Z"];

/// The number of a category in [`CATEGORIES`].
pub fn category(code: &str) -> Option<usize> {
    CATEGORIES.iter().position(|c| *c == code)
}

/// A sum of amounts.
#[derive(Clone, Debug)]
pub struct Total {
    /// What they are together.
    pub sum: Result<Decimal, Fault>,
    /// How many elements may have one.
    pub elements: usize,
    /// The same, as the CII tests add: see [`double`].
    pub double: double::Sum,
    /// How many amounts there are.
    amounts: usize,
    /// The first of them, as many as are told.
    first: [NodeId; TOLD],
}

/// Amounts of a sum that are told one by one.
const TOLD: usize = 6;

impl Default for Total {
    fn default() -> Total {
        let double = double::Sum::default();
        Total { sum: Ok(Decimal::ZERO), elements: 0, double, amounts: 0, first: [NodeId(0); TOLD] }
    }
}

impl Total {
    /// Adds one.
    pub fn add(&mut self, at: At<'_, '_>) {
        if !at.view.ubl {
            self.double.add(at.text());
        }
        let sum = self.sum.and_then(|sum| plus(sum, at.number()?, at.node));
        self.sum = sum;
        if let Some(place) = self.first.get_mut(self.amounts) {
            *place = at.node;
        }
        self.amounts += 1;
    }

    /// What it is the sum of: `1.00 [1] + 2.00 [2] + … (12)`, in brackets the line that an amount is of.
    pub fn told(&self, view: &View<'_>) -> String {
        let one = |node: &NodeId| {
            let amount = view.root().to(*node);
            let shown = Shown(trim(amount.text()));
            match line_of(amount) {
                Some(line) => format!("{shown} [{}]", Shown(line.first(&LINE_ID).map_or("?", |id| trim(id.text())))),
                None => shown.to_string(),
            }
        };
        let first = self.first.iter().take(self.amounts).map(one).collect::<Vec<_>>().join(" + ");
        if self.amounts > TOLD { format!("{first} + … ({})", self.amounts) } else { first }
    }
}

/// The line that an amount is of.
fn line_of<'v, 'd>(amount: At<'v, 'd>) -> Option<At<'v, 'd>> {
    let known = &TABLES.known;
    let is_line = |at: &At<'_, '_>| [known.invoice_line, known.credit_line, known.trade_line].contains(&at.name());
    std::iter::successors(amount.parent(), |at| at.parent()).find(is_line)
}

/// Adds, where the digits can be held.
pub fn plus(a: Decimal, b: Decimal, at: NodeId) -> Result<Decimal, Fault> {
    a.checked_add(b).ok_or(Fault::TooLarge(at))
}

/// What is of one category (at one rate): the lines', charges' and allowances' amounts.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Lines of an invoice, whose net amounts they are.
    pub lines: Total,
    /// Lines of a credit note.
    pub credit_lines: Total,
    /// Charges of the document.
    pub charges: Total,
    /// Allowances of the document.
    pub allowances: Total,
}

/// Sums and categories of a document.
pub struct Sums {
    /// Net amounts of all lines (BT-131).
    pub lines: Total,
    /// Amounts of the document's allowances (BT-92).
    pub allowances: Total,
    /// Amounts of the document's charges (BT-99).
    pub charges: Total,
    /// How many allowances and charges the document has, with an amount or without.
    pub allowance_elements: usize,
    /// The same of charges.
    pub charge_elements: usize,
    /// By category.
    pub of: [Parts; 9],
    /// By category and rate.
    rated: HashMap<(usize, Decimal), Parts>,
    /// Categories and rates that some allowance or charge has, wherever it is (UBL).
    charged: HashMap<(usize, Decimal), ()>,
    /// The first rate that is no number, by category.
    fault: [Option<Fault>; 9],
    /// Where categories are said.
    pub said: Said,
    /// Who has which identifier.
    pub parties: Parties,
    /// What stands once in the document and repeated elements ask for.
    pub header: Header,
}

/// What stands once in the document, and repeated elements ask for (CII).
#[derive(Debug, Default)]
pub struct Header {
    /// Whether some line's quantity has a unit.
    pub has_unit: bool,
    /// Whether there is a VAT breakdown.
    pub has_breakdown: bool,
    /// BT-72.
    pub delivered: bool,
    /// BT-80.
    pub delivery_country: bool,
    /// BT-5.
    pub currencies: Vec<NodeId>,
    /// The breakdowns' taxes (BT-117).
    pub taxes: Total,
}

impl Header {
    fn of(view: &View<'_>) -> Header {
        let (root, mut header) = (view.root(), Header::default());
        if view.ubl {
            return header;
        }
        header.has_unit = root.any(&DOCUMENT_LINES, |line| line.has(&UNIT));
        // In any transaction, wherever that is.
        let known = &TABLES.known;
        header.has_breakdown = view.named(known.trade_tax).any(|tax| {
            let settlement = tax.parent().filter(|p| p.name() == known.header_settlement);
            settlement.and_then(|s| s.parent()).is_some_and(|p| p.name() == known.transaction)
        });
        header.delivered = root.has(&DELIVERED);
        header.delivery_country = root.has(&DELIVERY_COUNTRY);
        root.each(&CURRENCY, |currency| header.currencies.push(currency.node));
        root.each(&BREAKDOWN_TAXES, |tax| header.taxes.add(tax));
        header
    }

    /// Whether this is the invoice currency.
    pub fn is_currency(&self, at: At<'_, '_>, code: Option<&str>) -> bool {
        let currencies = self.currencies.iter().take_while(|_| at.view.look());
        currencies.into_iter().any(|currency| Some(at.to(*currency).text()) == code)
    }
}

/// Whether seller, tax representative and buyer have the identifiers that VAT categories ask for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parties {
    /// Seller and representative, wherever they stand.
    pub anywhere: Taxed,
    /// Seller and representative where they belong (CII).
    pub in_place: Taxed,
    /// BT-48.
    pub buyer_vat: bool,
    /// BT-47.
    pub buyer_legal: bool,
}

/// Whether seller and tax representative have tax identifiers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taxed {
    /// BT-31.
    pub seller_vat: bool,
    /// BT-31 or BT-32.
    pub seller_any: bool,
    /// BT-63.
    pub representative: bool,
}

/// Categories and rates of a line, an allowance or a charge, each once.
#[derive(Default)]
struct Kinds {
    categories: Vec<usize>,
    rates: Vec<Decimal>,
    fault: Option<Fault>,
}

impl Kinds {
    fn of(at: At<'_, '_>, categories: &Term, rates: &Term) -> Kinds {
        let mut kinds = Kinds::default();
        at.each(categories, |c| {
            let code = if at.view.ubl { trim(c.text()) } else { c.text() };
            if let Some(number) = category(code).filter(|n| !kinds.categories.contains(n)) {
                kinds.categories.push(number);
            }
        });
        if kinds.categories.is_empty() {
            return kinds;
        }
        let mut of = None;
        at.each(rates, |r| match r.number().map(|n| n.normalize()) {
            // A category has one rate.
            _ if std::mem::replace(&mut of, r.parent().map(|p| p.node)) == r.parent().map(|p| p.node) => {
                kinds.fault = kinds.fault.or(Some(Fault::Repeated(r.node)));
            }
            Ok(rate) if kinds.rates.contains(&rate) => {}
            Ok(rate) => kinds.rates.push(rate),
            // A number of more digits than can be held is the rate of nothing.
            Err(_) if amount::shape(trim(r.text())).is_some() => {}
            Err(fault) => kinds.fault = kinds.fault.or(Some(fault)),
        });
        kinds
    }
}

impl Sums {
    /// Counts a document.
    pub fn of(view: &View<'_>) -> Sums {
        let mut sums = Sums {
            lines: Total::default(),
            allowances: Total::default(),
            charges: Total::default(),
            allowance_elements: 0,
            charge_elements: 0,
            of: Default::default(),
            rated: HashMap::new(),
            charged: HashMap::new(),
            fault: [None; 9],
            said: Said::of(view),
            parties: Parties::of(view),
            header: Header::of(view),
        };
        let root = view.root();
        if view.ubl {
            let known = &TABLES.known;
            for line in view.named(known.invoice_line).chain(view.named(known.credit_line)) {
                line.each(&LINE_NET, |net| sums.lines.add(net));
            }
            root.each(&INVOICE_LINES, |line| sums.line(line, &LINE_NET, |parts| &mut parts.lines));
            root.each(&CREDIT_LINES, |line| sums.line(line, &LINE_NET, |parts| &mut parts.credit_lines));
        } else {
            root.each(&INVOICE_LINES, |line| {
                line.each(&LINE_NET, |net| sums.lines.add(net));
                line.each(&SETTLEMENTS, |s| sums.line(s, &SETTLED_NET, |parts| &mut parts.lines));
            });
        }
        root.each(&DOCUMENT_CHARGES, |charge| sums.charge(charge));
        if view.ubl {
            for charge in view.named(TABLES.known.allowance_charge) {
                sums.charged(charge);
            }
        }
        sums
    }

    /// Where a category at a rate is counted.
    pub fn at_rate(&self, category: usize, rate: Decimal) -> Option<&Parts> {
        self.rated.get(&(category, rate.normalize()))
    }

    /// Whether some allowance or charge, of a line too, has this category and rate.
    pub fn is_charged(&self, category: usize, rate: Decimal) -> bool {
        self.charged.contains_key(&(category, rate.normalize()))
    }

    /// What keeps a category's rates from being compared.
    pub fn fault(&self, category: usize) -> Result<(), Fault> {
        self.fault[category].map_or(Ok(()), Err)
    }

    fn line(&mut self, at: At<'_, '_>, net: &Term, total: fn(&mut Parts) -> &mut Total) {
        let kinds = Kinds::of(at, &LINE_CATEGORIES, &LINE_RATES);
        self.add_to(&kinds, |parts| {
            let total = total(parts);
            total.elements += 1;
            at.each(net, |net| total.add(net));
        });
    }

    fn charge(&mut self, at: At<'_, '_>) {
        let (mut charge, mut allowance) = (false, false);
        at.each(&INDICATOR, |i| match i.boolean() {
            Some(true) => charge = true,
            Some(false) => allowance = true,
            None => {}
        });
        let kinds = Kinds::of(at, &CHARGE_CATEGORIES, &CHARGE_RATES);
        // The CII tests take the first amount; the UBL tests end at a second one.
        let amount = |total: &mut Total| {
            if at.view.ubl {
                at.each(&AMOUNT, |amount| total.add(amount));
            } else if let Some(amount) = at.first(&AMOUNT) {
                total.add(amount);
            }
        };
        if charge {
            self.charge_elements += 1;
            amount(&mut self.charges);
            self.add_to(&kinds, |parts| amount(&mut parts.charges));
        }
        if allowance {
            self.allowance_elements += 1;
            amount(&mut self.allowances);
            self.add_to(&kinds, |parts| amount(&mut parts.allowances));
        }
    }

    fn add_to(&mut self, kinds: &Kinds, add: impl Fn(&mut Parts)) {
        for &category in &kinds.categories {
            add(&mut self.of[category]);
            self.fault[category] = self.fault[category].or(kinds.fault);
            for &rate in &kinds.rates {
                add(self.rated.entry((category, rate)).or_default());
            }
        }
    }

    fn charged(&mut self, at: At<'_, '_>) {
        let kinds = Kinds::of(at, &CHARGE_CATEGORIES, &CHARGE_RATES);
        for &category in &kinds.categories {
            self.charged.extend(kinds.rates.iter().map(|rate| ((category, *rate), ())));
        }
    }
}

impl Parties {
    fn of(view: &View<'_>) -> Parties {
        let (mut parties, known) = (Parties::default(), &TABLES.known);
        for at in view.named(known.supplier).chain(view.named(known.seller)) {
            let (vat, other) = (at.has(&PARTY_VAT), at.has(&PARTY_TAX));
            parties.of_seller(at, |taxed| {
                taxed.seller_vat |= vat;
                taxed.seller_any |= vat || other;
            });
        }
        for at in view.named(known.representative).chain(view.named(known.seller_representative)) {
            let vat = at.has(&REPRESENTATIVE_VAT);
            parties.of_seller(at, |taxed| taxed.representative |= vat);
        }
        for at in view.named(known.customer).chain(view.named(known.buyer)) {
            parties.buyer_vat |= at.has(&PARTY_VAT);
            parties.buyer_legal |= at.has(&PARTY_LEGAL_ID);
        }
        parties
    }

    fn of_seller(&mut self, at: At<'_, '_>, note: impl Fn(&mut Taxed)) {
        note(&mut self.anywhere);
        let known = &TABLES.known;
        let agreement = at.parent().filter(|p| p.name() == known.agreement);
        let transaction = agreement.and_then(|a| a.parent()).filter(|t| t.name() == known.transaction);
        if transaction.and_then(|t| t.parent()).is_some_and(|root| root.node == at.view.doc.root()) {
            note(&mut self.in_place);
        }
    }
}

/// How often a category is said, and where. What is counted whether or not the scheme is VAT says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    /// UBL: in any `TaxCategory` of the VAT scheme.
    pub category: usize,
    /// By a line; in UBL one of the VAT scheme.
    pub line: usize,
    /// By a line, of any scheme.
    pub line_any: usize,
    /// By an allowance or charge; in UBL of the VAT scheme.
    pub charge: usize,
    /// By an allowance or charge, of any scheme (UBL).
    pub charge_any: usize,
    /// By an allowance of the VAT scheme (UBL).
    pub allowance_only: usize,
    /// By a charge of the VAT scheme (UBL).
    pub charge_only: usize,
    /// By a charge of the VAT scheme, without white space (UBL).
    pub charge_only_plain: usize,
    /// By an allowance of the document (UBL).
    pub document_allowance: usize,
    /// By a charge of the document (UBL).
    pub document_charge: usize,
    /// In the VAT breakdown; in UBL of the VAT scheme.
    pub breakdown: usize,
    /// In the VAT breakdown, of any scheme (UBL).
    pub breakdown_any: usize,
    /// In the VAT breakdown, of any scheme, without white space (UBL).
    pub breakdown_plain: usize,
    /// In the VAT breakdown, of the VAT scheme, without white space (UBL).
    pub breakdown_plain_vat: usize,
}

/// Where VAT categories are said.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// By category.
    pub of: [Places; 9],
    /// Of any other category than O.
    pub not_o: Places,
    /// Whether B is said, and S: anywhere, and where BR-B-02 looks.
    pub b: [bool; 2],
    /// Whether S is said where BR-B-02 looks.
    pub s: bool,
}

impl Said {
    fn of(view: &View<'_>) -> Said {
        let mut said = Said::default();
        let known = &TABLES.known;
        view.named(known.tax_category).for_each(|at| said.ubl(at, false));
        view.named(known.classified).for_each(|at| said.ubl(at, true));
        view.named(known.trade_tax).for_each(|at| said.cii(at, false));
        view.named(known.category_tax).for_each(|at| said.cii(at, true));
        for at in view.named(known.category_code) {
            said.b = [said.b[0] || at.text() == "B"; 2];
            said.s |= at.text() == "S";
        }
        said
    }

    fn ubl(&mut self, at: At<'_, '_>, is_line: bool) {
        let known = &TABLES.known;
        let vat = super::view::is_vat(at);
        let parent = at.parent();
        let in_charge = parent.filter(|p| !is_line && p.name() == known.allowance_charge);
        let root = at.view.doc.root();
        let in_document = in_charge.filter(|p| p.parent().is_some_and(|g| g.node == root));
        let in_breakdown = parent.is_some_and(|p| {
            let total = p.parent().filter(|_| !is_line && p.name() == known.subtotal);
            total.is_some_and(|t| t.name() == known.tax_total && t.parent().is_some_and(|g| g.node == root))
        });
        let (mut charge, mut allowance) = (false, false);
        if let Some(p) = in_charge {
            p.each(&INDICATOR, |i| match i.boolean() {
                Some(true) => charge = true,
                Some(false) => allowance = true,
                None => {}
            });
        }
        let add = |places: &mut Places, plain: bool| {
            let count = |place: &mut usize, so: bool| *place += usize::from(so);
            count(&mut places.category, vat && !is_line);
            count(&mut places.line, vat && is_line);
            count(&mut places.line_any, is_line);
            count(&mut places.charge, vat && in_charge.is_some());
            count(&mut places.charge_any, in_charge.is_some());
            count(&mut places.allowance_only, vat && allowance);
            count(&mut places.charge_only, vat && charge);
            count(&mut places.charge_only_plain, vat && charge && plain);
            count(&mut places.document_allowance, vat && allowance && in_document.is_some());
            count(&mut places.document_charge, vat && charge && in_document.is_some());
            count(&mut places.breakdown, vat && in_breakdown);
            count(&mut places.breakdown_any, in_breakdown);
            count(&mut places.breakdown_plain, in_breakdown && plain);
            count(&mut places.breakdown_plain_vat, in_breakdown && plain && vat);
        };
        let mut codes = 0;
        at.each(&super::bind::CATEGORY, |id| {
            codes += 1;
            let code = trim(id.text());
            if let Some(number) = category(code) {
                add(&mut self.of[number], id.text() == code);
            }
            if code != "O" {
                add(&mut self.not_o, false);
            }
            let looked_at = is_line || in_document.is_some() || in_breakdown;
            if id.text() == "B" {
                self.b = [true, self.b[1] || looked_at];
            }
            self.s |= id.text() == "S" && looked_at;
        });
        if codes == 0 {
            add(&mut self.not_o, false);
        }
    }

    fn cii(&mut self, at: At<'_, '_>, is_charge: bool) {
        let known = &TABLES.known;
        let parent = at.parent().map_or(0, |p| p.name());
        let mut not_o = false;
        let mut seen = [false; 9];
        at.each(&super::bind::CATEGORY, |code| {
            not_o |= code.text() != "O";
            if let Some(number) = category(code.text()) {
                seen[number] = true;
            }
        });
        for (places, _) in self.of.iter_mut().zip(seen).filter(|(_, seen)| *seen) {
            places.charge += usize::from(is_charge);
            places.line += usize::from(!is_charge && parent == known.line_settlement);
            places.breakdown += usize::from(!is_charge && parent == known.header_settlement);
        }
        self.not_o.charge += usize::from(not_o && is_charge);
        self.not_o.line += usize::from(not_o && !is_charge);
    }
}
