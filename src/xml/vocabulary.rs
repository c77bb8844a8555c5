//! Names that tables speak of, numbered: of a document each name is looked up once, however often it occurs.

use super::Doc;
use foldhash::{HashMap, HashMapExt};

/// Names with a number each, from 1; 0 is any other name.
#[derive(Debug)]
pub struct Vocabulary {
    namespaces: Vec<&'static str>,
    names: HashMap<(u8, &'static str), u16>,
}

impl Default for Vocabulary {
    fn default() -> Vocabulary {
        Vocabulary { namespaces: Vec::new(), names: HashMap::new() }
    }
}

impl Vocabulary {
    /// The number of a name, new or known.
    ///
    /// # Panics
    /// Where there are more than some thousand names, or hundreds of namespaces: vocabularies are written by hand.
    pub fn number(&mut self, namespace: &'static str, local: &'static str) -> u16 {
        let known = self.namespaces.iter().position(|known| *known == namespace);
        let at = known.unwrap_or_else(|| {
            self.namespaces.push(namespace);
            self.namespaces.len() - 1
        });
        let next = u16::try_from(self.names.len() + 1).expect("some thousand names");
        *self.names.entry((u8::try_from(at).expect("some namespaces"), local)).or_insert(next)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The numbers of a document's names, by their index in it.
    pub fn of(&self, doc: &Doc) -> Vec<u16> {
        let place = |uri: &str| self.namespaces.iter().position(|known| *known == uri);
        let place = |uri: &str| place(uri).and_then(|place| u8::try_from(place).ok());
        // A document has few namespaces.
        let mut places: Vec<Option<Option<u8>>> = Vec::with_capacity(8);
        let number = |(name, (uri, local)): (&super::Name, (&str, &str))| {
            let namespace = name.namespace as usize;
            if places.len() <= namespace {
                places.resize(namespace + 1, None);
            }
            let place = places[namespace].get_or_insert_with(|| place(uri));
            place.and_then(|place| self.names.get(&(place, local))).copied().unwrap_or(0)
        };
        doc.names.iter().zip(doc.names()).map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Doc, Limits};
    use super::*;

    #[test]
    fn names_are_numbered_by_namespace_and_local_part() {
        let mut vocabulary = Vocabulary::default();
        assert!(vocabulary.is_empty());
        let a = vocabulary.number("urn:one", "a");
        let b = vocabulary.number("urn:two", "a");
        assert_eq!((a, b, vocabulary.number("urn:one", "a"), vocabulary.len()), (1, 2, 1, 2));
        let text = r#"<a xmlns="urn:one" xmlns:x="urn:two" xmlns:y="urn:three"><x:a/><y:a/><b/><a/></a>"#;
        let doc = Doc::parse(text.to_owned(), &Limits { nodes: 9, depth: 9, attributes: 9 }).unwrap();
        let numbers = vocabulary.of(&doc);
        let of_nodes: Vec<u16> = doc.nodes().map(|node| numbers[doc.name_index(doc.name(node))]).collect();
        assert_eq!(of_nodes, [a, b, 0, 0, a]);
    }
}
