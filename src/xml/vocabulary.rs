//! The names that tables speak of, as the reader looks them up: by number, once for each name that it meets.

use super::known::KNOWN;
use super::names::Word;
use super::scan;
use std::sync::LazyLock;

/// The number of a name that some table speaks of, from 1; 0 is any other name.
pub type Known = u16;

/// Every name of [`KNOWN`], with its number.
pub(super) struct Vocabulary {
    /// Their local parts, one after another; what comes after the last one is none.
    text: &'static str,
    /// Each name; its number is its place here, from 1.
    names: Vec<Name>,
    /// Numbers, each at a place that its name chooses, or the next free one; a power of two of them.
    places: Vec<Known>,
}

struct Name {
    namespace: u32,
    /// Its local part, in the text.
    word: Word,
}

/// Made once.
pub(super) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::of(KNOWN));

/// The number of a name.
///
/// # Panics
/// Where no table of names has it: whoever writes a table of paths adds its names to `known.rs`.
pub fn number(namespace: &str, local: &str) -> Known {
    let place = namespace_number(namespace);
    let word = Word::new(local.as_bytes(), 0, local.len());
    match place.map_or(0, |place| VOCABULARY.find(place, &word, local.as_bytes())) {
        0 => panic!("{local} of {namespace} is a name in src/xml/known.rs"),
        number => number,
    }
}

/// Namespace and local part of each name that has a number, from 1 on.
pub fn known_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let vocabulary = &*VOCABULARY;
    vocabulary.names.iter().map(|name| (KNOWN[name.namespace as usize].0, name.word.of(vocabulary.text)))
}

/// The number of a namespace that tables speak of.
pub(super) fn namespace_number(uri: &str) -> Option<u32> {
    KNOWN.iter().position(|(known, _)| *known == uri).map(scan::int)
}

impl Vocabulary {
    fn of(table: &[(&str, &'static str)]) -> Vocabulary {
        let all = (0..).zip(table).flat_map(|(number, (_, words))| words.split_whitespace().map(move |w| (number, w)));
        let (mut text, mut parts) = (String::new(), Vec::new());
        for (namespace, local) in all {
            parts.push((namespace, text.len(), text.len() + local.len()));
            text += local;
        }
        // Names are compared with what follows them.
        text += &" ".repeat(64);
        let text: &'static str = text.leak();
        let name = |(namespace, start, end)| Name { namespace, word: Word::new(text.as_bytes(), start, end) };
        let names: Vec<Name> = parts.into_iter().map(name).collect();
        let mut vocabulary = Vocabulary { text, places: vec![0; names.len().next_power_of_two() * 4], names };
        for (number, name) in (1..).zip(&vocabulary.names) {
            let mut place = vocabulary.place(name.namespace, &name.word);
            while vocabulary.places[place] != 0 {
                place = (place + 1) % vocabulary.places.len();
            }
            vocabulary.places[place] = number;
        }
        vocabulary
    }

    fn place(&self, namespace: u32, word: &Word) -> usize {
        word.place(namespace, self.places.len().trailing_zeros())
    }

    /// The number of a name whose local part stands in some bytes.
    #[inline]
    pub fn find(&self, namespace: u32, word: &Word, bytes: &[u8]) -> Known {
        let mut place = self.place(namespace, word);
        loop {
            let number = self.places[place];
            let Some(name) = usize::from(number).checked_sub(1).map(|at| &self.names[at]) else {
                return 0;
            };
            if name.namespace == namespace && name.word.is(self.text.as_bytes(), word, bytes) {
                return number;
            }
            place = (place + 1) % self.places.len();
        }
    }

    /// Namespace number and local part of a known name.
    pub fn name(&self, number: Known) -> (u32, &'static str) {
        let name = &self.names[usize::from(number) - 1];
        (name.namespace, name.word.of(self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Doc, Limits};
    use super::*;

    #[test]
    fn each_name_stands_in_the_table_once_and_has_its_own_number() {
        let names: Vec<(&str, &str)> = known_names().collect();
        assert!(names.len() > 700, "{}", names.len());
        for (n, (namespace, local)) in (1..).zip(&names) {
            assert_eq!(number(namespace, local), n, "{local} of {namespace}");
        }
        let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
        assert!(KNOWN.iter().all(|(_, text)| words(text).is_sorted_by(|a, b| a < b)));
    }

    #[test]
    fn a_document_s_names_are_known_by_namespace_and_local_part() {
        let (cac, cbc) = (KNOWN[4].0, KNOWN[5].0);
        // Names that are known, in another namespace or in part, and two that differ in the middle.
        let text = format!(
            "<c:AdditionalDocumentReference xmlns:c='{cac}' xmlns='{cbc}'><ID/><c:ID/><I/><IDX/><c:Party schemeID=''/>
            <c:AdditionalDocumentXeference/><c:AdditionalItemProperty/><x xmlns=''/><ID xmlns='urn:x'/></c:AdditionalDocumentReference>"
        );
        let doc = Doc::parse(text, &Limits { nodes: 20, depth: 9, attributes: 9 }).expect("it is well-formed");
        let known: Vec<Known> = doc.nodes().map(|node| doc.known(node)).collect();
        let is = |uri: &str, local: &str| number(uri, local);
        let first = is(cac, "AdditionalDocumentReference");
        let (id, party, property) = (is(cbc, "ID"), is(cac, "Party"), is(cac, "AdditionalItemProperty"));
        assert_eq!(known, [first, id, 0, 0, 0, party, 0, property, 0, 0]);
        let names: Vec<(&str, &str)> = doc.nodes().map(|node| (doc.namespace(node), doc.local(node))).collect();
        assert_eq!(names[..3], [(cac, "AdditionalDocumentReference"), (cbc, "ID"), (cac, "ID")]);
        assert_eq!((names[8], names[9]), (("", "x"), ("urn:x", "ID")));
    }

    #[test]
    #[should_panic(expected = "Nothing of urn:x is a name in src/xml/known.rs")]
    fn a_name_that_is_not_in_the_table_is_told() {
        number("urn:x", "Nothing");
    }
}
