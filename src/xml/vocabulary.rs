//! Names that tables speak of, numbered: of a document each name is looked up once, however often it occurs.

use super::Doc;
use super::names::Word;

/// Names with a number each, from 1; 0 is any other name.
#[derive(Default)]
pub struct Vocabulary {
    namespaces: Vec<&'static str>,
    /// Each name: the place of its namespace, its local part. Its number is its place here, from 1.
    names: Vec<(u32, &'static str, Word)>,
    /// Numbers, each at a place that its name chooses, or the next free one; a power of two of them.
    places: Vec<u16>,
}

impl Vocabulary {
    /// The number of a name, new or known.
    ///
    /// # Panics
    /// Where there are more than some ten thousand names: vocabularies are written by hand.
    pub fn number(&mut self, namespace: &'static str, local: &'static str) -> u16 {
        let known = self.namespaces.iter().position(|known| *known == namespace);
        let at = known.unwrap_or_else(|| {
            self.namespaces.push(namespace);
            self.namespaces.len() - 1
        });
        let at = u32::try_from(at).expect("some namespaces");
        let word = Word::new(local.as_bytes(), 0, local.len());
        match self.find(at, &word, local) {
            0 => {
                self.names.push((at, local, word));
                let number = u16::try_from(self.names.len()).expect("some thousand names");
                if self.names.len() * 4 > self.places.len() {
                    self.places = vec![0; self.names.len().next_power_of_two() * 8];
                    (1..=number).for_each(|number| self.put(number));
                } else {
                    self.put(number);
                }
                number
            }
            number => number,
        }
    }

    fn put(&mut self, number: u16) {
        let (namespace, _, word) = &self.names[usize::from(number) - 1];
        let mut place = self.place(*namespace, word);
        while self.places[place] != 0 {
            place = (place + 1) % self.places.len();
        }
        self.places[place] = number;
    }

    fn place(&self, namespace: u32, word: &Word) -> usize {
        word.place(namespace, self.places.len().trailing_zeros())
    }

    /// The number of a known name; 0: it is none.
    fn find(&self, namespace: u32, word: &Word, local: &str) -> u16 {
        if self.places.is_empty() {
            return 0;
        }
        let mut place = self.place(namespace, word);
        loop {
            let number = self.places[place];
            let Some((of, known, same)) = usize::from(number).checked_sub(1).map(|at| &self.names[at]) else {
                return 0;
            };
            if *of == namespace && same.looks_like(word) && (local.len() <= 16 || *known == local) {
                return number;
            }
            place = (place + 1) % self.places.len();
        }
    }

    /// Namespace and local part of each name, from number 1 on.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.names.iter().map(|(namespace, local, _)| (self.namespaces[*namespace as usize], *local))
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
        let place = |uri: &str| place(uri).and_then(|place| u32::try_from(place).ok());
        // A document has few namespaces.
        let mut places: Vec<Option<Option<u32>>> = Vec::with_capacity(8);
        let number = |name: &super::Name| {
            let namespace = name.namespace as usize;
            if places.len() <= namespace {
                places.resize(namespace + 1, None);
            }
            let Some(place) = *places[namespace].get_or_insert_with(|| place(doc.uri(name.namespace))) else {
                return 0;
            };
            let (start, end) = (name.start as usize, (name.start + name.len) as usize);
            self.find(place, &Word::new(doc.source.as_bytes(), start, end), &doc.source[start..end])
        };
        doc.names.iter().map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    #[test]
    fn names_are_numbered_by_namespace_and_local_part() {
        let mut vocabulary = Vocabulary::default();
        assert!(vocabulary.is_empty());
        let a = vocabulary.number("urn:one", "a");
        let b = vocabulary.number("urn:two", "a");
        assert_eq!((a, b, vocabulary.number("urn:one", "a"), vocabulary.len()), (1, 2, 1, 2));
        // Alike at both ends.
        let long =
            ["AdditionalDocumentReference", "AdditionalTransportReference"].map(|n| vocabulary.number("urn:one", n));
        let text = r#"<a xmlns="urn:one" xmlns:x="urn:two" xmlns:y="urn:three"><x:a/><y:a/><b/><a/>
            <AdditionalDocumentReference/><AdditionalTransportReference/><AdditionalDocumentXeference/></a>"#;
        let doc =
            Doc::parse(text.to_owned(), &Limits { nodes: 9, depth: 9, attributes: 9 }).expect("it is well-formed");
        let numbers = vocabulary.of(&doc);
        let of_nodes: Vec<u16> = doc.nodes().map(|node| numbers[doc.name_index(doc.name(node))]).collect();
        assert_eq!(of_nodes, [a, b, 0, 0, a, long[0], long[1], 0]);
    }

    #[test]
    fn a_vocabulary_of_many_names_finds_each() {
        let mut vocabulary = Vocabulary::default();
        let names: Vec<&'static str> = (0..3_000).map(|n| &*format!("Name{n}OfAThing{}", n % 7).leak()).collect();
        let numbers: Vec<u16> = names.iter().map(|name| vocabulary.number("urn:one", name)).collect();
        assert_eq!(numbers, (1..=3_000).collect::<Vec<u16>>());
        assert!(names.iter().zip(numbers).all(|(name, number)| vocabulary.number("urn:one", name) == number));
    }
}
