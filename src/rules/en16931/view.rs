//! A document as the official tests look at it: nodes, not values. A small navigator over the flat tree: children by
//! interned name, how many there are, their text as XPath reads it (as a string, normalized, as a decimal, as a day).
//!
//! What XPath stops at (a function of one value that is given two, a number that is none) is a [`Fault`]: the official
//! stylesheet then ends without a verdict; here the rule that met it says which value it was.

use super::bind::{Path, Pred, Step, TABLES, Term};
use super::sums::Sums;
use crate::piece::amount;
use crate::xml::{Doc, NodeId, trim};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::cell::{Cell, OnceCell};

/// The number of a name that some table speaks of; 0 for any other.
pub use crate::xml::Known as Name;

/// A document, ready to be looked at.
pub struct View<'d> {
    /// The document.
    pub doc: &'d Doc,
    /// UBL, or CII.
    pub ubl: bool,
    /// What is asked of elements over and over, close together.
    seen: Vec<Seen>,
    /// Of each name of the document its place among sixty-four bits, from 1; 0 for a name that it has not. The first
    /// names have one each, the others the last one together.
    bits: Vec<u8>,
    /// The first element of each name that rules look for wherever they are, by the name's place among them.
    firsts: Vec<u32>,
    sums: OnceCell<Sums>,
    /// Of elements that have elements in them, and whose text someone asked for, the text.
    strings: OnceCell<Vec<OnceCell<String>>>,
    /// How many elements may still be looked at: cost stays linear, whatever a document repeats.
    left: Cell<u64>,
}

/// An element, as the walks see it.
struct Seen {
    name: Name,
    parent: u32,
    /// The element after the last one in it.
    after: u32,
    /// The next element of its name, where rules look for that wherever it is.
    next: u32,
    /// The bits of the names in it: what has no bit here is not there, and nobody looks for it.
    inside: u64,
    /// The bits of names that are in it more than once: of any other one there is no second to look for.
    twice: u64,
}

/// Looks at elements that a document has in any case, and for each of its elements; real ones need a tenth of these.
const LOOKS: u64 = 1_000_000;
const LOOKS_EACH: u64 = 500;

/// No element.
const NONE: u32 = u32::MAX;

/// The place of the bit that names share which have none of their own.
const SHARED: u8 = 63;

/// The bit of a place; none of 0.
fn bit(place: u8) -> u64 {
    (1 << place) & !1
}

/// An element of a document.
#[derive(Clone, Copy)]
pub struct At<'v, 'd> {
    /// The document.
    pub view: &'v View<'d>,
    /// The element.
    pub node: NodeId,
}

/// What keeps a test from being computed.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The second of what may be there once.
    Repeated(NodeId),
    /// It is no number.
    NoNumber(NodeId),
    /// It is no day.
    NoDay(NodeId),
    /// It, or what is computed with it, has more digits than can be held.
    TooLarge(NodeId),
}

impl<'d> View<'d> {
    /// Gets a document ready.
    pub fn new(doc: &'d Doc, ubl: bool) -> View<'d> {
        let tables = &*TABLES;
        let (count, listed) = (doc.len(), tables.listed());
        let (mut firsts, mut lasts) = (vec![NONE; listed], vec![NONE; listed]);
        let mut seen: Vec<Seen> = Vec::with_capacity(count);
        let (mut bits, mut last_bit) = (vec![0; tables.names()], 0);
        for node in doc.nodes() {
            let name = doc.known(node);
            let parent = doc.parent(node).map_or(NONE, |parent| parent.0);
            let place_of_bit = &mut bits[usize::from(name)];
            if *place_of_bit == 0 {
                last_bit = SHARED.min(last_bit + 1);
                *place_of_bit = last_bit;
            }
            if let Some(parent) = seen.get_mut(parent as usize) {
                let bit = bit(*place_of_bit);
                parent.twice |= parent.inside & bit;
                parent.inside |= bit;
            }
            if let Some(place) = tables.place(name) {
                match lasts[place] {
                    NONE => firsts[place] = node.0,
                    last => seen[last as usize].next = node.0,
                }
                lasts[place] = node.0;
            }
            seen.push(Seen { name, parent, after: doc.after(node), next: NONE, inside: 0, twice: 0 });
        }
        let (sums, strings) = (OnceCell::new(), OnceCell::new());
        let left = Cell::new(LOOKS + LOOKS_EACH * count as u64);
        View { doc, ubl, seen, bits, firsts, sums, strings, left }
    }

    /// Counts one look at an element; false: no more may be looked at, and what is found is worth nothing.
    pub fn look(&self) -> bool {
        self.looked(1);
        self.is_whole()
    }

    /// Counts looks at elements.
    fn looked(&self, looks: u64) {
        self.left.set(self.left.get().saturating_sub(looks));
    }

    /// The bits of a step's names: none of them, none of the elements.
    fn bits(&self, step: &Step) -> u64 {
        let of = |name: Name| self.bits.get(usize::from(name)).map_or(0, |place| bit(*place));
        if step.name == super::bind::ANY { u64::MAX } else { of(step.name) | of(step.other) }
    }

    /// Whether everything could be looked at.
    pub fn is_whole(&self) -> bool {
        self.left.get() > 0
    }

    /// The name of an element.
    pub fn name(&self, node: NodeId) -> Name {
        self.seen[node.0 as usize].name
    }

    /// The document's root, to look from.
    pub fn root(&self) -> At<'_, 'd> {
        At { view: self, node: self.doc.root() }
    }

    /// Sums and VAT categories, counted once.
    pub fn sums(&self) -> &Sums {
        self.sums.get_or_init(|| Sums::of(self))
    }

    /// Every element of one of the names that rules look for wherever they are.
    pub fn named(&self, name: Name) -> impl Iterator<Item = At<'_, 'd>> {
        let place = TABLES.place(name).expect("one of the known names");
        let following = |node: &u32| Some(self.seen[*node as usize].next).filter(|next| *next != NONE);
        let all = std::iter::successors(Some(self.firsts[place]).filter(|first| *first != NONE), following);
        all.take_while(|_| self.look()).map(|node| At { view: self, node: NodeId(node) })
    }
}

impl<'v, 'd> At<'v, 'd> {
    /// Another element of the same document.
    pub fn to(self, node: NodeId) -> At<'v, 'd> {
        At { node, ..self }
    }

    /// The element it is in.
    pub fn parent(self) -> Option<At<'v, 'd>> {
        let parent = self.view.seen[self.node.0 as usize].parent;
        (parent != NONE).then(|| self.to(NodeId(parent)))
    }

    /// The elements directly in it, in order.
    pub fn children(self) -> impl Iterator<Item = At<'v, 'd>> {
        let seen = &self.view.seen;
        let end = seen[self.node.0 as usize].after;
        let mut next = self.node.0 + 1;
        std::iter::from_fn(move || {
            let here = next;
            (here < end).then(|| {
                next = seen[here as usize].after;
                self.to(NodeId(here))
            })
        })
    }

    /// Its text as it stands, with that of the elements in it.
    pub fn text(self) -> &'v str {
        let doc = self.view.doc;
        if doc.is_leaf(self.node) {
            return doc.text(self.node);
        }
        let strings = self.view.strings.get_or_init(|| vec![OnceCell::new(); doc.len()]);
        strings[self.node.0 as usize].get_or_init(|| doc.string(self.node))
    }

    /// An attribute as it stands.
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        self.view.doc.attribute(self.node, name)
    }

    /// Its name.
    pub fn name(self) -> Name {
        self.view.name(self.node)
    }

    /// Whether an element of this name is around it.
    pub fn is_in(self, name: Name) -> bool {
        std::iter::successors(self.parent(), |at| at.parent()).any(|at| at.name() == name)
    }

    /// Whether one of the elements of a term holds.
    pub fn any(self, term: &Term, mut holds: impl FnMut(At<'v, 'd>) -> bool) -> bool {
        self.walk(term.path(self.view.ubl).steps, &mut holds)
    }

    /// Whether a term is there, be it empty.
    pub fn has(self, term: &Term) -> bool {
        self.has_at(term.path(self.view.ubl))
    }

    /// Whether there is something at the end of a path.
    pub fn has_at(self, path: &Path) -> bool {
        if let ([step @ Step { pred: None, .. }], None) = (path.steps, path.attribute) {
            let (bits, own) = (self.view.bits(step), &self.view.seen[self.node.0 as usize]);
            if bits & bit(SHARED) == 0 {
                return own.inside & bits != 0;
            }
        }
        self.any_of(path, |_| true)
    }

    /// How many elements a term has.
    pub fn count(self, term: &Term) -> usize {
        let mut count = 0;
        self.each(term, |_| count += 1);
        count
    }

    /// Each element of a term, in order.
    pub fn each(self, term: &Term, mut act: impl FnMut(At<'v, 'd>)) {
        self.any(term, |at| {
            act(at);
            false
        });
    }

    /// Each element of a term, until one is at fault.
    pub fn try_each(self, term: &Term, mut act: impl FnMut(At<'v, 'd>) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut result = Ok(());
        self.any(term, |at| {
            result = act(at);
            result.is_err()
        });
        result
    }

    /// Whether one of the elements at the end of a path holds; where the path has an attribute, of those that have it.
    pub fn any_of(self, path: &Path, mut holds: impl FnMut(At<'v, 'd>) -> bool) -> bool {
        self.walk(path.steps, &mut |at: At<'v, 'd>| {
            path.attribute.is_none_or(|name| at.attribute(name).is_some()) && holds(at)
        })
    }

    /// The first element of a term.
    pub fn first(self, term: &Term) -> Option<At<'v, 'd>> {
        let mut first = None;
        self.any(term, |at| {
            first = Some(at);
            true
        });
        first
    }

    /// The only element of a term; two are a fault.
    pub fn one(self, term: &Term) -> Result<Option<At<'v, 'd>>, Fault> {
        self.one_at(term.path(self.view.ubl).steps)
    }

    /// The only element at the end of some steps; two are a fault.
    pub fn one_at(self, steps: &[Step]) -> Result<Option<At<'v, 'd>>, Fault> {
        let (mut one, mut second) = (None, None);
        self.walk(steps, &mut |at| {
            if one.is_none() {
                one = Some(at);
                return false;
            }
            second = Some(at.node);
            true
        });
        second.map_or(Ok(one), |node| Err(Fault::Repeated(node)))
    }

    /// Whether the only element (or attribute) of a term says something that is not white space.
    pub fn says(self, term: &Term) -> Result<bool, Fault> {
        let Some(name) = term.path(self.view.ubl).attribute else {
            return Ok(self.one(term)?.is_some_and(|at| !trim(at.text()).is_empty()));
        };
        // Elements without the attribute are none of the term.
        let (mut says, mut second) = (None, None);
        self.any(term, |at| {
            let Some(text) = at.attribute(name) else { return false };
            second = says.replace(!trim(text).is_empty()).map(|_| at.node);
            second.is_some()
        });
        second.map_or(Ok(says == Some(true)), |node| Err(Fault::Repeated(node)))
    }

    /// The text of the only element of a term, as it stands; empty where there is none.
    pub fn string(self, term: &Term) -> Result<&'v str, Fault> {
        Ok(self.one(term)?.map_or("", |at| at.text()))
    }

    /// The only element of a term as a decimal; none where there is none.
    pub fn decimal(self, term: &Term) -> Result<Option<Decimal>, Fault> {
        self.one(term)?.map(|at| at.number()).transpose()
    }

    /// The first element of a term as a decimal; none where there is none.
    pub fn first_decimal(self, term: &Term) -> Result<Option<Decimal>, Fault> {
        self.first(term).map(|at| at.number()).transpose()
    }

    /// Itself as a decimal.
    pub fn number(self) -> Result<Decimal, Fault> {
        let text = trim(self.text());
        let number = amount::decimal(text).or_else(|| amount::decimal(without_zeros(text)));
        number.ok_or_else(|| match amount::shape(text) {
            Some(_) => Fault::TooLarge(self.node),
            None => Fault::NoNumber(self.node),
        })
    }

    /// Itself as a day; its time zone is not looked at.
    pub fn day(self) -> Result<NaiveDate, Fault> {
        amount::day_ubl(trim(self.text())).ok_or(Fault::NoDay(self.node))
    }

    /// Whether its text, normalized, is this.
    pub fn is(self, text: &str) -> bool {
        trim(self.text()) == text
    }

    /// Whether it is `true` or `1`; none where it is no boolean.
    pub fn boolean(self) -> Option<bool> {
        match trim(self.text()) {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    fn walk(mut self, mut steps: &[Step], holds: &mut dyn FnMut(At<'v, 'd>) -> bool) -> bool {
        let view = self.view;
        while let Some((step, rest)) = steps.split_first() {
            let (own, bits) = (&view.seen[self.node.0 as usize], view.bits(step));
            if own.inside & bits == 0 || !view.is_whole() {
                return false;
            }
            let is_only = step.name == step.other && own.twice & bits == 0;
            let (mut here, mut looks, mut only) = (self.node.0 + 1, 0, None);
            while here < own.after {
                let (at, child) = (self.to(NodeId(here)), &view.seen[here as usize]);
                looks += 1;
                if step.is_named(child.name) {
                    if is_only {
                        only = Some(at);
                        break;
                    }
                    if step.pred.is_none_or(|pred| pred.holds(at)) && at.walk(rest, holds) {
                        view.looked(looks);
                        return true;
                    }
                }
                here = child.after;
            }
            view.looked(looks);
            match only {
                // The way goes on from the only one.
                Some(at) if step.pred.is_none_or(|pred| pred.holds(at)) => (self, steps) = (at, rest),
                _ => return false,
            }
        }
        holds(self)
    }

    /// Whether the elements around it are those of a pattern, from the inside out.
    pub fn matches(self, steps: &[Step], absolute: bool) -> bool {
        let mut at = Some(self);
        for step in steps.iter().rev() {
            match at {
                Some(here) if step.is(here) => at = here.parent(),
                _ => return false,
            }
        }
        !absolute || at.is_none()
    }
}

impl Step {
    /// Whether it is a step to this element.
    fn is(&self, at: At<'_, '_>) -> bool {
        self.is_named(at.name()) && self.pred.is_none_or(|pred| pred.holds(at))
    }

    fn is_named(&self, name: Name) -> bool {
        name == self.name || name == self.other || self.name == super::bind::ANY
    }
}

impl Pred {
    /// Whether an element is one that is meant.
    pub fn holds(&self, at: At<'_, '_>) -> bool {
        match self {
            Pred::Vat => is_vat(at),
            Pred::Attribute(name) => at.attribute(name).is_some(),
            Pred::AttributeIs(name, value) => at.attribute(name) == Some(*value),
            // What is both an allowance and a charge is an allowance: the official set asks for that first.
            Pred::Charge(charge) => {
                let says = |word: bool| at.any(&super::bind::INDICATOR, |i| i.boolean() == Some(word));
                says(*charge) && !(*charge && says(false))
            }
            Pred::SaysCharge(word) => at.any(&super::bind::INDICATOR, |i| i.text() == *word),
            Pred::Ending(prefix, ending) => {
                let doc = at.view.doc;
                doc.local(at.node).ends_with(ending)
                    && (*prefix == "*" || doc.namespace(at.node) == super::bind::namespace(prefix))
            }
            Pred::Says(name, value) => at.children().any(|c| c.name() == *name && c.text() == *value),
            Pred::SaysTrimmed(name, value) => at.children().any(|c| c.name() == *name && c.is(value)),
        }
    }
}

/// A number without the zeros at its end: they are no digits that have to be held.
fn without_zeros(text: &str) -> &str {
    let Some(point) = text.find('.') else { return text };
    let end = text.trim_end_matches('0').len().max(point + 2).min(text.len());
    &text[..end]
}

/// Whether a tax scheme (UBL) or a tax type (CII) is VAT, in small letters too.
pub fn is_vat(at: At<'_, '_>) -> bool {
    if at.view.ubl {
        at.any(&super::bind::SCHEME, |id| trim(id.text()).eq_ignore_ascii_case("VAT"))
    } else {
        at.any(&super::bind::TAX_TYPE, |code| code.text().eq_ignore_ascii_case("VAT"))
    }
}
