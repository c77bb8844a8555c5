//! Which rows ask something of which element. Rows that look at the same elements share a [`Site`]; where sites are is
//! written as paths, and one walk over the document finds, for each element, the sites whose path ends there.

use super::bind::{ANY, Path, Pred, Step, Term, namespace, number};
use super::view::{At, Name, View};
use super::{Ask, Found, Tell, Told, broken, codes, decimals, missing, register, subset_cii, subset_ubl, syntax};
use crate::msg;
use crate::xml::{Ways, known_names};
use foldhash::{HashMap, HashMapExt};
use std::ops::Range;

/// What is asked of an element, made ready.
#[derive(Clone)]
enum Ready {
    /// A row of terms.
    Row(Ask),
    /// Codes: which attribute, or the text, and the list.
    Code(&'static codes::Code),
    /// It should not be there, or not have this attribute.
    Unwanted(Option<&'static str>),
    /// It should not have this attribute, unless it is so.
    LacksUnless(&'static str, fn(At<'_, '_>) -> bool),
    /// So many at the end of this path: from, to.
    Count(Path, u8, u8),
    /// At the end of this path, one.
    Has(Path),
    /// The same of a term.
    HasTerm(Path, &'static Term),
    /// The only one at the end of this path, if there is one, has two decimals at most.
    Decimals(Path, &'static Term),
    /// Not one at the end of each of these.
    NotBoth(Box<[Path; 2]>),
    /// Where there is one at the end of this path, that.
    If(Box<(Path, Ready)>),
}

/// Rows that ask something of the same elements.
struct Site {
    /// Paths, each with whether it begins at the root.
    patterns: Vec<(&'static [Step], bool)>,
    /// What is asked, by the number of the rule.
    asks: Vec<(u16, Ready)>,
}

/// Every row, by the elements that it looks at.
pub struct Sites {
    /// For UBL and for CII.
    by_syntax: [Index; 2],
}

/// The sites of a syntax.
#[derive(Default)]
struct Index {
    sites: Vec<Site>,
    /// By the finder's beginnings.
    states: Vec<State>,
    /// What is asked for sure at each of them, one after another.
    sure: Vec<(u16, Ready)>,
    /// What may be asked at each of them.
    perhaps: Vec<Hit>,
    finder: Finder,
    /// Of any element whose name ends so: prefix (`*`: any), ending, sites.
    by_ending: Vec<(&'static str, &'static str, Vec<Hit>)>,
    /// The names that a document's root may have.
    roots: Vec<Name>,
    /// Sites by what is written of where they are.
    known: HashMap<&'static str, u16>,
}

/// What is asked of elements at a beginning: parts of all that is asked so.
struct State {
    sure: Range<u32>,
    /// What is asked of those that have attributes.
    of_attributes: Range<u32>,
    perhaps: Range<u32>,
}

/// A part of a list.
fn part<'l, T>(list: &'l [T], range: &Range<u32>) -> &'l [T] {
    &list[range.start as usize..range.end as usize]
}

/// A site that looks at an element.
#[derive(Clone, Copy, PartialEq)]
struct Hit {
    site: u16,
    /// Its names are those; whether the rest of its pattern holds is to be seen.
    perhaps: bool,
}

impl Hit {
    /// Adds it to others; of a site that is there one will do, and a sure one is better.
    fn join(self, hits: &mut Vec<Hit>) {
        match hits.iter_mut().find(|known| known.site == self.site) {
            Some(known) => known.perhaps &= self.perhaps,
            None => hits.push(self),
        }
    }
}

/// Finds the patterns that end at an element. A state is a beginning of a pattern; that of an element follows from that
/// of the element it is in and from its name (Aho and Corasick, over names for characters).
#[derive(Default)]
struct Finder {
    /// Where a beginning goes on by a name, while patterns are added.
    goto: HashMap<(u16, Name), u16>,
    hits: Vec<Vec<Hit>>,
    /// Once `goto` is whole: where every beginning goes on, its longest other one asked too.
    ways: Ways,
    /// What follows where they do not say, by name.
    anywhere: Vec<u16>,
}

/// No beginning, and that of patterns from the root.
const NOWHERE: u16 = 0;
const OUTSIDE: u16 = 1;

impl Finder {
    fn new() -> Finder {
        Finder { hits: vec![Vec::new(); 2], ..Finder::default() }
    }

    /// Adds a pattern: every sequence of these names.
    fn add(&mut self, from: u16, steps: &[Vec<Name>], hit: Hit) {
        let Some((names, rest)) = steps.split_first() else {
            return hit.join(&mut self.hits[usize::from(from)]);
        };
        for name in names {
            let next = u16::try_from(self.hits.len()).expect("some thousand beginnings of patterns");
            let state = *self.goto.entry((from, *name)).or_insert(next);
            if state == next {
                self.hits.push(Vec::new());
            }
            self.add(state, rest, hit);
        }
    }

    /// Every pattern was added: where a beginning does not go on, another may.
    fn finish(&mut self) {
        let goto = std::mem::take(&mut self.goto);
        self.anywhere = vec![NOWHERE; known_names().count() + 1];
        for ((_, name), to) in goto.iter().filter(|((from, _), _)| *from == NOWHERE) {
            self.anywhere[usize::from(*name)] = *to;
        }
        // What follows a beginning by a name, by the longest of its other ones that goes on.
        let mut next: Vec<HashMap<Name, u16>> = vec![HashMap::new(); self.hits.len()];
        for ((from, name), to) in &goto {
            next[usize::from(*from)].insert(*name, *to);
        }
        // Shorter ones first: what a beginning fails to is shorter than it. Outside is before every root.
        let (mut row, mut outside) = (vec![(NOWHERE, NOWHERE)], Some((OUTSIDE, NOWHERE)));
        while !row.is_empty() {
            let mut longer = Vec::from_iter(outside.take());
            for (state, fail) in row {
                let own: Vec<(Name, u16)> = next[usize::from(state)].iter().map(|(name, to)| (*name, *to)).collect();
                longer.extend(
                    own.into_iter().map(|(name, to)| {
                        (to, if state == NOWHERE { NOWHERE } else { self.follows(&next, fail, name) })
                    }),
                );
                for hit in self.hits[usize::from(fail)].clone() {
                    hit.join(&mut self.hits[usize::from(state)]);
                }
                if fail != NOWHERE {
                    for (name, to) in next[usize::from(fail)].clone() {
                        next[usize::from(state)].entry(name).or_insert(to);
                    }
                }
            }
            row = longer;
        }
        self.ways = Ways::new(next);
    }

    /// What follows a beginning by a name, while the ways are made.
    fn follows(&self, next: &[HashMap<Name, u16>], state: u16, name: Name) -> u16 {
        next[usize::from(state)].get(&name).copied().unwrap_or(self.anywhere[usize::from(name)])
    }

    /// What follows a beginning by a name.
    #[inline]
    fn next(&self, state: u16, name: Name) -> u16 {
        self.ways.next(state, name).unwrap_or_else(|| self.anywhere[usize::from(name)])
    }
}

impl Sites {
    /// Makes every table ready.
    pub fn ready() -> Sites {
        let ubl = [number("ubl:Invoice"), number("cn:CreditNote")];
        let cii = [number("rsm:CrossIndustryInvoice")];
        let mut sites = Sites { by_syntax: [Index::new(&ubl), Index::new(&cii)] };
        let ids: HashMap<&str, u16> = (0..).zip(register::ids()).map(|(n, id)| (*id, n)).collect();
        let rule = |id: &str| *ids.get(id).unwrap_or_else(|| panic!("{id} is registered"));
        for row in register::rows() {
            for (index, asked) in [row.ubl, row.cii].into_iter().enumerate() {
                if let Some((group, ask)) = asked {
                    sites.by_syntax[index].add(group.written(index == 0), rule(row.id), Ready::row(ask, index == 0));
                }
            }
        }
        for code in codes::CODES {
            for (index, path) in [code.ubl, code.cii].into_iter().enumerate().filter(|(_, path)| !path.is_empty()) {
                sites.by_syntax[index].add(path, rule(code.id), Ready::Code(code));
            }
        }
        for (index, sections) in [syntax::UBL, syntax::CII].into_iter().enumerate() {
            for (section, row) in sections.iter().flat_map(|s| s.rows.iter().map(move |row| (s, row))) {
                let (to, id) = (&mut sites.by_syntax[index], rule(row.id));
                if let syntax::Form::Lacks(path) = row.form {
                    to.unwanted(section.at, path, id);
                } else if let Some(ready) = Ready::of(&row.form) {
                    to.add(section.at, id, ready);
                }
            }
        }
        for (index, rows) in [subset_ubl::UBL, subset_cii::CII].into_iter().enumerate() {
            for (id, path) in rows {
                sites.by_syntax[index].unwanted(path, "", rule(id));
            }
        }
        sites.by_syntax.iter_mut().for_each(|index| index.finish());
        sites
    }

    /// Asks every element what there is to ask of it.
    pub(super) fn ask(&self, view: &View<'_>, found: &mut Found) {
        self.by_syntax[usize::from(!view.ubl)].ask(view, found);
    }
}

impl Index {
    fn new(roots: &[Name]) -> Index {
        Index { finder: Finder::new(), roots: roots.to_vec(), ..Index::default() }
    }

    /// Every row was added: what will be looked at together is brought together.
    fn finish(&mut self) {
        // A known name that ends so is a pattern of its own, one name long.
        for (name, (uri, local)) in (1..).zip(known_names()) {
            for hit in self.ending(uri, local).to_vec() {
                self.finder.add(NOWHERE, &[vec![name]], hit);
            }
        }
        self.finder.finish();
        let end = |n: usize| u32::try_from(n).expect("some thousand");
        for mut hits in std::mem::take(&mut self.finder.hits) {
            hits.sort_unstable_by_key(|hit| hit.site);
            let (maybe, sure): (Vec<Hit>, Vec<Hit>) = hits.into_iter().partition(|hit| hit.perhaps);
            let asks = sure.iter().flat_map(|hit| self.sites[usize::from(hit.site)].asks.iter().cloned());
            let (of_attributes, others): (Vec<_>, Vec<_>) =
                asks.partition(|(_, ready)| matches!(ready, Ready::Unwanted(Some(_)) | Ready::LacksUnless(..)));
            let starts = [self.sure.len(), self.sure.len() + others.len(), self.perhaps.len()].map(end);
            self.sure.extend(others.into_iter().chain(of_attributes));
            self.perhaps.extend(maybe);
            let ends = [starts[1], end(self.sure.len()), end(self.perhaps.len())];
            let [sure, of_attributes, perhaps] = [0, 1, 2].map(|n| starts[n]..ends[n]);
            self.states.push(State { sure, of_attributes, perhaps });
        }
        let asks = self.sure.iter_mut().chain(self.sites.iter_mut().flat_map(|site| &mut site.asks));
        Path::gather(asks.flat_map(|(_, ready)| ready.paths()));
    }

    /// An element, or an attribute, that is not wanted, below each of these.
    fn unwanted(&mut self, at: &'static str, path: &'static str, id: u16) {
        let whole: String = at.split(", ").map(|p| format!("{p}/{path}")).collect::<Vec<_>>().join(", ");
        let whole: &'static str = whole.trim_end_matches('/').to_owned().leak();
        let mut attribute = None;
        let elements: Vec<&'static str> = whole
            .split(", ")
            .map(|p| match p.rsplit_once("/@") {
                Some((element, name)) => {
                    attribute = Some(name);
                    element
                }
                None => p.trim_end_matches('/'),
            })
            .collect();
        self.add(elements.join(", ").leak(), id, Ready::Unwanted(attribute));
    }

    fn add(&mut self, written: &'static str, id: u16, ready: Ready) {
        // Rows that look at the same elements share a site.
        if let Some(site) = self.known.get(written) {
            self.sites[usize::from(*site)].asks.push((id, ready));
            return;
        }
        let site = u16::try_from(self.sites.len()).expect("some thousand sites");
        let mut patterns = Vec::new();
        for pattern in written.split(", ") {
            let absolute = pattern.starts_with('/');
            let steps = Path::new(pattern.strip_prefix('/').unwrap_or(pattern)).steps;
            self.find(steps, absolute, site);
            patterns.push((steps, absolute));
        }
        self.known.insert(written, site);
        self.sites.push(Site { patterns, asks: vec![(id, ready)] });
    }

    /// Makes a pattern's end be found, by its names as far as they are given from its end.
    fn find(&mut self, steps: &[Step], absolute: bool, site: u16) {
        let says_more = |step: &Step| step.pred.is_some();
        let (last, before) = steps.split_last().expect("a pattern has a step");
        if let Some(Pred::Ending(prefix, ending)) = last.pred {
            let hit = Hit { site, perhaps: absolute || !before.is_empty() };
            match self.by_ending.iter_mut().find(|(p, e, _)| p == prefix && e == ending) {
                Some((_, _, sites)) => sites.push(hit),
                None => self.by_ending.push((*prefix, *ending, vec![hit])),
            }
            return;
        }
        let given = steps.iter().rposition(|step| step.name == ANY).map_or(0, |any| any + 1);
        // The only element of any name is a pattern's first, the root.
        let from_root = absolute && given <= 1;
        let perhaps = steps.iter().any(says_more) || given > usize::from(from_root);
        let mut sequence: Vec<Vec<Name>> = Vec::new();
        if from_root && given == 1 {
            sequence.push(self.roots.clone());
        }
        sequence.extend(steps[given..].iter().map(Step::names));
        self.finder.add(if from_root { OUTSIDE } else { NOWHERE }, &sequence, Hit { site, perhaps });
    }

    fn ask(&self, view: &View<'_>, found: &mut Found) {
        self.each(view, |at, state| {
            let mut tell = |asks: &[(u16, Ready)]| asks.iter().for_each(|(rule, ready)| ready.tell(*rule, at, found));
            let asked = &self.states[usize::from(state)];
            tell(part(&self.sure, &asked.sure));
            if view.doc.has_attributes(at.node) {
                tell(part(&self.sure, &asked.of_attributes));
            }
            self.others(at, state, |site| tell(&site.asks));
        });
    }

    /// Each element, in order, with its beginning.
    fn each<'v, 'd>(&self, view: &'v View<'d>, mut act: impl FnMut(At<'v, 'd>, u16)) {
        let mut states: Vec<u16> = Vec::with_capacity(view.doc.len());
        for at in view.doc.nodes().map(|node| view.root().to(node)) {
            let state = at.parent().map_or(OUTSIDE, |parent| states[parent.node.0 as usize]);
            let state = self.finder.next(state, at.name());
            states.push(state);
            act(at, state);
        }
    }

    /// The sites that look at an element and are not sure at its beginning.
    #[inline]
    fn others(&self, at: At<'_, '_>, state: u16, mut act: impl FnMut(&Site)) {
        let mut look = |hit: &Hit| {
            let site = &self.sites[usize::from(hit.site)];
            if site.patterns.iter().any(|(steps, absolute)| at.matches(steps, *absolute)) {
                act(site);
            }
        };
        part(&self.perhaps, &self.states[usize::from(state)].perhaps).iter().for_each(&mut look);
        // Endings of known names are among the patterns.
        if at.name() == 0 {
            self.ending(at.view.doc.namespace(at.node), at.view.doc.local(at.node)).iter().for_each(look);
        }
    }

    /// The sites that look at the ending of a name.
    fn ending(&self, uri: &str, local: &str) -> &[Hit] {
        let fits = |prefix: &str, ending: &str| local.ends_with(ending) && (prefix == "*" || namespace(prefix) == uri);
        self.by_ending.iter().find(|(p, e, _)| fits(p, e)).map_or(&[], |(_, _, sites)| sites)
    }
}

impl Ready {
    /// What a row of terms asks: of most, what it looks at is written beside the question.
    fn row(ask: Ask, ubl: bool) -> Ready {
        match ask {
            Ask::Has([term]) => Ready::HasTerm(*term.path(ubl), term),
            Ask::Decimals(term) => Ready::Decimals(*term.path(ubl), term),
            ask => Ready::Row(ask),
        }
    }

    /// The paths that it looks at.
    fn paths(&mut self) -> Vec<&mut Path> {
        match self {
            Ready::Count(path, ..) | Ready::Has(path) | Ready::HasTerm(path, _) | Ready::Decimals(path, _) => {
                vec![path]
            }
            Ready::NotBoth(paths) => paths.iter_mut().collect(),
            Ready::If(then) => {
                let (path, ready) = &mut **then;
                std::iter::once(path).chain(ready.paths()).collect()
            }
            Ready::Row(_) | Ready::Code(_) | Ready::Unwanted(_) | Ready::LacksUnless(..) => Vec::new(),
        }
    }

    /// Asks, and tells what is broken.
    fn tell(&self, rule: u16, at: At<'_, '_>, found: &mut Found) {
        if let Ready::Row(Ask::Family(family)) = self {
            let out = &mut |id: &'static str, broken: Box<super::Broken>| found.tell(register::number(id), at, *broken);
            family(at, &mut Tell { out });
        } else if let Err(broken) = self.ask(at) {
            found.tell(rule, at, *broken);
        }
    }

    /// What a rule of a syntax asks; none where it asks nothing of its elements.
    fn of(form: &syntax::Form) -> Option<Ready> {
        Some(match form {
            syntax::Form::Most(most, path) => Ready::Count(Path::new(path), 0, u8::try_from(*most).expect("a few")),
            syntax::Form::Just(path) => Ready::Count(Path::new(path), 1, 1),
            syntax::Form::Has(path) => Ready::Has(Path::new(path)),
            syntax::Form::NotBoth(one, other) => Ready::NotBoth(Box::new([Path::new(one), Path::new(other)])),
            syntax::Form::If(path, form) => Ready::If(Box::new((Path::new(path), Ready::of(form)?))),
            syntax::Form::Check(check) => Ready::Row(Ask::Check(*check, &[])),
            syntax::Form::LacksUnless(name, unless) => Ready::LacksUnless(name.trim_start_matches('@'), *unless),
            syntax::Form::Lacks(_) | syntax::Form::Never => return None,
        })
    }

    fn ask(&self, at: At<'_, '_>) -> Told {
        match self {
            Ready::Row(ask) => ask.of(at),
            Ready::Code(code) => code.ask(at),
            Ready::Unwanted(None) => Err(broken(msg!(
                "cet élément n'est pas du sous-ensemble d'EN 16931",
                "this element is not in the subset of EN 16931"
            ))),
            Ready::LacksUnless(name, unless) => {
                syntax::attribute_unwanted(at, name).or_else(|broken| if unless(at) { Ok(()) } else { Err(broken) })
            }
            Ready::Unwanted(Some(name)) if at.attribute(name).is_none() => Ok(()),
            Ready::Unwanted(Some(name)) => Err(broken(msg!(
                "l'attribut {name} n'est pas du sous-ensemble d'EN 16931",
                "the attribute {name} is not in the subset of EN 16931"
            ))
            .attribute(name)),
            Ready::Count(path, least, most) => {
                let (mut count, mut over) = (0_usize, None);
                let (least, most) = (usize::from(*least), usize::from(*most));
                at.any_of(path, |one| {
                    count += 1;
                    if count == most + 1 {
                        over = Some(one);
                    }
                    false
                });
                if (least..=most).contains(&count) {
                    return Ok(());
                }
                let message = if count < least {
                    msg!("il en manque", "there are too few")
                } else {
                    msg!("il y en a trop", "there are too many")
                };
                let expected =
                    if least == most { msg!("{most}", "{most}") } else { msg!("{most} au plus", "{most} at most") };
                Err(broken(message).at(over).found(count.to_string()).expected(expected))
            }
            Ready::HasTerm(path, _) if at.has_at(path) => Ok(()),
            Ready::HasTerm(_, term) => Err(missing(at, &[term])),
            Ready::Decimals(path, term) => decimals::two(at.one_at(path.steps)?, term),
            Ready::Has(path) if at.has_at(path) => Ok(()),
            Ready::Has(_) => Err(broken(msg!("il manque un élément", "an element is missing"))),
            Ready::NotBoth(paths) => match (first_of(at, &paths[0]), first_of(at, &paths[1])) {
                (Some(_), Some(second)) => Err(broken(msg!("les deux sont donnés", "both are given"))
                    .at(Some(second))
                    .expected(msg!("l'un ou l'autre", "one or the other"))),
                _ => Ok(()),
            },
            Ready::If(then) => first_of(at, &then.0).map_or(Ok(()), |_| then.1.ask(at)),
        }
    }
}

fn first_of<'v, 'd>(at: At<'v, 'd>, path: &Path) -> Option<At<'v, 'd>> {
    let mut first = None;
    at.any_of(path, |one| {
        first = Some(one);
        true
    });
    first
}

#[cfg(test)]
mod tests {
    use super::super::bind::TABLES;
    use super::super::fragments;
    use super::*;
    use crate::xml::{Doc, Limits};

    /// What the walk finds of an element is what its patterns say of it, one by one.
    #[test]
    fn what_is_asked_of_an_element_is_what_the_sites_ask_whose_pattern_it_matches() {
        let limits = Limits { nodes: 10_000, depth: 64, attributes: 64 };
        let (mut elements, mut found) = (0, 0);
        for (n, fragment) in fragments().enumerate() {
            // Each sixteenth fragment is enough, and all of those that look at an ending.
            if n % 16 != 0 && !fragment.id.contains("DT") {
                continue;
            }
            let doc = Doc::parse(fragment.document(), &limits).expect("it is well-formed");
            let view = View::new(&doc, fragment.syntax != "cii");
            let index = &TABLES.sites.by_syntax[usize::from(!view.ubl)];
            index.each(&view, |at, state| {
                let State { sure, of_attributes, .. } = &index.states[usize::from(state)];
                let rules = |asks: &[(u16, Ready)]| asks.iter().map(|(rule, _)| *rule).collect::<Vec<u16>>();
                let mut asked = rules(part(&index.sure, &(sure.start..of_attributes.end)));
                index.others(at, state, |site| asked.extend(rules(&site.asks)));
                asked.sort_unstable();
                let is_of = |site: &&Site| site.patterns.iter().any(|(steps, absolute)| at.matches(steps, *absolute));
                let mut all: Vec<u16> = index.sites.iter().filter(is_of).flat_map(|site| rules(&site.asks)).collect();
                all.sort_unstable();
                assert_eq!(asked, all, "{} {}", fragment.id, doc.local(at.node));
                elements += 1;
                found += asked.len();
            });
        }
        assert!(elements > 1_000 && found > 2_000, "{elements} elements, {found} questions");
    }
}
