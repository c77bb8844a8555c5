//! From tree to model: a reader is a table of paths, and this walks it.
//!
//! A row is a path below the root and what to do with the element found there. The first occurrence of a single term
//! wins; a repeated group opens with a row of its own, which comes before the rows inside it, as in the document.

use super::{Day, Id, Number, Piece, Val};
use crate::xml::{self, Doc, Known, NodeId, Ways, trim};
use chrono::NaiveDate;

/// One row: a path, and what the element there means.
pub(super) type Row = (&'static str, for<'d> fn(&mut Piece<'d>, Element<'d>));

/// An element of the document that is being read.
#[derive(Clone, Copy)]
pub(super) struct Element<'d> {
    pub doc: &'d Doc,
    pub at: NodeId,
    /// Set in every node that is kept of it.
    pub mark: u32,
}

impl<'d> Element<'d> {
    /// The node as it is kept.
    fn kept(self) -> NodeId {
        NodeId(self.at.0 | self.mark)
    }

    /// Its text; nothing where it is empty.
    pub fn val(self) -> Option<Val<'d>> {
        let text = trim(self.doc.text(self.at));
        (!text.is_empty()).then_some(Val { text, at: self.kept() })
    }

    /// Its attribute; nothing where it is empty.
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        self.doc.attribute(self.at, name).map(trim).filter(|v| !v.is_empty())
    }

    /// Its attribute, placed where it stands.
    pub fn attribute_val(self, name: &str) -> Option<Val<'d>> {
        self.attribute(name).map(|text| Val { text, at: self.kept() })
    }

    /// Its text as a number, with the currency or unit that it names.
    pub fn number(self) -> Option<Number<'d>> {
        let raw = self.val()?;
        let unit = self.attribute("currencyID").or_else(|| self.attribute("unitCode"));
        Some(Number { raw, value: super::amount::decimal(raw.text), unit })
    }

    /// Its text as an identifier.
    pub fn id(self) -> Option<Id<'d>> {
        let id = self.val()?;
        let (scheme, name) = (self.attribute("schemeID"), self.attribute("schemeName"));
        Some(Id { id, scheme: scheme.or(name), scheme_name: scheme.and(name) })
    }

    /// Its text as an identifier in a list, which `@listID` names.
    pub fn listed(self) -> Option<Id<'d>> {
        self.val().map(|id| Id { id, scheme: self.attribute("listID"), scheme_name: None })
    }

    /// Its text as a day.
    pub fn day(self, parse: fn(&str) -> Option<NaiveDate>) -> Option<Day<'d>> {
        let raw = self.val()?;
        Some(Day { raw, value: parse(raw.text) })
    }
}

/// Functions that give the group of a pièce that the document is in.
macro_rules! groups {
    ($(#[$meta:meta])* $($name:ident : $type:ident = |$p:ident| $group:expr;)*) => {$(
        fn $name<'p, 'd>($p: &'p mut $crate::piece::Piece<'d>) -> &'p mut $type<'d> {
            $group
        }
    )*};
}
pub(super) use groups;

/// The first occurrence wins.
pub(super) fn first<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

/// A table, made ready: a tree of names, with what to do at its nodes.
pub(super) struct Reader {
    ways: Ways,
    /// By step.
    acts: Vec<Option<Act>>,
}

/// What to do with an element.
type Act = for<'d> fn(&mut Piece<'d>, Element<'d>);

/// The steps of no path, and that of the root.
const NOWHERE: u16 = 0;
const ROOT: u16 = 1;

impl Reader {
    /// Makes tables ready; each stands below a path of its own. `namespace` gives the namespace of a step from its
    /// prefix, its depth from 1, and whether it is the last.
    pub fn new(
        tables: &[(&'static str, &'static [Row])],
        namespace: fn(Option<&str>, usize, bool) -> &'static str,
    ) -> Reader {
        let mut steps: Vec<Vec<(Known, u16)>> = vec![Vec::new(); 2];
        let mut acts: Vec<Option<Act>> = vec![None; 2];
        for (below, (path, act)) in tables.iter().flat_map(|(below, rows)| rows.iter().map(move |row| (below, row))) {
            let mut at = ROOT;
            let parts: Vec<&'static str> = below.split('/').chain(path.split('/')).filter(|p| !p.is_empty()).collect();
            let group = path.is_empty();
            for (depth, part) in (1..).zip(&parts) {
                let (prefix, local) = part.split_once(':').map_or((None, *part), |(p, l)| (Some(p), l));
                let last = depth == parts.len() && !group;
                let name = xml::number(namespace(prefix, depth, last), local);
                let known = steps[usize::from(at)].iter().find(|(n, _)| *n == name).map(|(_, to)| *to);
                at = known.unwrap_or_else(|| {
                    let new = u16::try_from(steps.len()).expect("a table has some hundred steps");
                    steps[usize::from(at)].push((name, new));
                    steps.push(Vec::new());
                    acts.push(None);
                    new
                });
            }
            let act = acts[usize::from(at)].replace(*act);
            assert!(act.is_none(), "the path {below}/{path} stands in the table twice");
        }
        Reader { ways: Ways::new(steps), acts }
    }

    /// Reads a document into a pièce.
    pub fn read<'d>(&self, doc: &'d Doc, piece: &mut Piece<'d>) {
        self.read_marked(doc, piece, 0);
    }

    /// The same; every node that is kept bears a mark.
    pub fn read_marked<'d>(&self, doc: &'d Doc, piece: &mut Piece<'d>, mark: u32) {
        let mut steps: Vec<u16> = Vec::with_capacity(doc.len());
        steps.push(ROOT);
        for node in doc.nodes().skip(1) {
            let parent = doc.parent(node).expect("every node but the root has a parent");
            let step = self.ways.next(steps[parent.0 as usize], doc.known(node)).unwrap_or(NOWHERE);
            steps.push(step);
            if let Some(act) = self.acts[usize::from(step)] {
                act(piece, Element { doc, at: node, mark });
            }
        }
    }
}
