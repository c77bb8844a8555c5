//! The rules of the syntaxes themselves: how often an element may be there, and what the data types may carry. Those
//! that the artefacts call fatal, and the warnings that are more than an element that is not wanted (see the subset's
//! tables).
//!
//! `at` is where the elements stand that are asked: a path from any element, or from the root; several with `, `.

use super::view::At;
use super::{Broken, Told, broken};
use crate::msg;
use crate::text::Msg;
use crate::xml::trim;

mod cii;
mod ubl;

pub use cii::CII;
pub use ubl::{UBL, attributes};

/// Rules that are asked of the same elements.
pub struct Section {
    /// Where they stand.
    pub at: &'static str,
    /// The rules.
    pub rows: &'static [SyntaxRow],
}

/// A rule.
pub struct SyntaxRow {
    /// `UBL-SR-01`.
    pub id: &'static str,
    /// Whether it makes the document invalid.
    pub fatal: bool,
    /// What it asks.
    pub form: Form,
}

/// What a rule asks.
#[derive(Clone, Copy)]
pub enum Form {
    /// This is not there.
    Lacks(&'static str),
    /// This attribute is not there, but at elements that are so.
    LacksUnless(&'static str, fn(At<'_, '_>) -> bool),
    /// This is there so many times at most.
    Most(usize, &'static str),
    /// This is there once.
    Just(&'static str),
    /// This is there.
    Has(&'static str),
    /// Not both of these are there.
    NotBoth(&'static str, &'static str),
    /// Where this is there, so is what the form asks.
    If(&'static str, &'static Form),
    /// Something of its own.
    Check(fn(At<'_, '_>) -> Told),
    /// Nothing: in the official set an earlier rule takes its elements.
    Never,
}

use Form::{Check, Has, If, Just, Lacks, LacksUnless, Most, Never, NotBoth};

impl Form {
    /// Where it looks, below its section.
    pub fn path(&self) -> Option<&'static str> {
        match self {
            Lacks(path) | LacksUnless(path, _) | Most(_, path) | Just(path) | Has(path) | NotBoth(path, _) => {
                Some(path)
            }
            If(_, form) => form.path(),
            Check(_) | Never => None,
        }
    }
}

const fn fatal(id: &'static str, form: Form) -> SyntaxRow {
    SyntaxRow { id, fatal: true, form }
}

const fn warn(id: &'static str, form: Form) -> SyntaxRow {
    SyntaxRow { id, fatal: false, form }
}

pub(super) fn told(holds: bool, else_broken: impl FnOnce() -> Box<Broken>) -> Told {
    if holds { Ok(()) } else { Err(else_broken()) }
}

pub(super) fn boolean(at: At<'_, '_>) -> Told {
    told(at.boolean().is_some(), || {
        broken(msg!("cet indicateur n'est ni vrai ni faux", "this indicator is neither true nor false"))
            .found(at.text())
            .expected(msg!("true ou false", "true or false"))
    })
}

/// An element that is given where it should not be.
pub(super) fn unwanted(at: Option<At<'_, '_>>, expected: impl FnOnce() -> Msg) -> Told {
    let Some(at) = at else { return Ok(()) };
    Err(broken(msg!("cet élément ne va pas ici", "this element does not belong here"))
        .at(Some(at))
        .expected(expected()))
}

pub(super) fn one_of(values: &[At<'_, '_>], same: impl Fn(&str, &str) -> bool) -> Told {
    let Some((first, rest)) = values.split_first() else { return Ok(()) };
    let Some(other) = rest.iter().find(|other| !same(first.text(), other.text())) else { return Ok(()) };
    let first = crate::error::shown(trim(first.text()));
    Err(broken(msg!("il y en a deux, et ils diffèrent", "there are two, and they differ"))
        .at(Some(*other))
        .found(other.text())
        .expected(msg!("{first}, comme le premier", "{first}, like the first")))
}

/// The first child of an element with this name.
pub(super) fn child<'v, 'd>(at: At<'v, 'd>, name: super::Name) -> Option<At<'v, 'd>> {
    at.children().find(|c| c.name() == name)
}

pub(super) fn attribute_unwanted(at: At<'_, '_>, name: &'static str) -> Told {
    told(at.attribute(name).is_none(), || {
        broken(msg!("l'attribut {name} ne va pas ici", "the attribute {name} does not belong here")).attribute(name)
    })
}
