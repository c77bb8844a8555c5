//! Judges documents by a schema of ours: an interpreter of just those XSD constructs that `schemas/*.xsd` use. Whatever
//! else it meets in a schema is a panic, not a shrug: a check that is not done must not look like one that passed.

use chrono::{DateTime, NaiveDate};
use roxmltree::{Document, Node};
use std::collections::HashMap;

const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// Panics unless the bytes are a CPPStatut flow as guichet sends it.
pub fn assert_valid_cppstatut(bytes: &[u8]) {
    if let Err(why) = validate_cppstatut(bytes) {
        panic!("no CPPStatut: {why}\n{}", String::from_utf8_lossy(bytes));
    }
}

/// Says what keeps the bytes from being a CPPStatut flow.
pub fn validate_cppstatut(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    validate(include_str!("../../schemas/cppstatut.xsd"), text)?;
    counters(&Document::parse(text).unwrap())
}

/// What the format says and a schema cannot: counters count, numbers of order go from 1, the envelope says when and what.
fn counters(doc: &Document<'_>) -> Result<(), String> {
    for (list, counter, order) in [
        ("CPPFluxStatuts", "compteur", "NumOrdre"),
        ("CPPFactureStatuts", "compteur", "NumOrdre"),
        ("Details", "NbLignesErreur", "IdLigne"),
    ] {
        for node in doc.descendants().filter(|n| n.has_tag_name(list)) {
            let found: Vec<_> = node.children().filter(Node::is_element).map(|c| c.attribute(order).unwrap()).collect();
            let wanted: Vec<_> = (1..=found.len()).map(|n| n.to_string()).collect();
            if found != wanted || node.attribute(counter) != Some(found.len().to_string().as_str()) {
                return Err(format!("{list}: {counter} or {order} does not count: {found:?}"));
            }
        }
    }
    let codes: Vec<_> = doc.descendants().filter(|n| n.has_tag_name("Code")).filter_map(|n| n.text()).collect();
    if codes != ["DtPrd", "IdFlx"] { Err(format!("the envelope's parameters are {codes:?}")) } else { Ok(()) }
}

/// Says what keeps a document from following a schema.
pub fn validate(schema: &str, document: &str) -> Result<(), String> {
    let schema = Document::parse(schema).expect("the schema is well-formed");
    let schema = Schema::read(&schema);
    let doc = Document::parse(document).map_err(|e| format!("not well-formed: {e}"))?;
    let root = doc.root_element();
    match schema.elements.get(root.tag_name().name()) {
        Some(declaration) if root.tag_name().namespace() == schema.target => schema.element(*declaration, root),
        _ => Err(format!("no such root: {}", root.tag_name().name())),
    }
}

struct Schema<'s> {
    /// The namespace of its elements.
    target: Option<&'s str>,
    elements: HashMap<&'s str, Node<'s, 's>>,
    complex: HashMap<&'s str, Node<'s, 's>>,
    simple: HashMap<&'s str, Node<'s, 's>>,
}

/// The element children of a schema's node, comments left out.
fn parts<'s>(node: Node<'s, 's>) -> Vec<Node<'s, 's>> {
    for child in node.children() {
        assert!(!child.is_text() || child.text().unwrap().trim().is_empty(), "text in the schema");
    }
    node.children().filter(Node::is_element).collect()
}

/// What kind of construct a node is, once its attributes are known to be among those that are understood.
fn construct<'s>(node: Node<'s, 's>, attributes: &[&str]) -> &'s str {
    assert_eq!(node.tag_name().namespace(), Some(XS), "foreign element in the schema");
    for a in node.attributes() {
        assert!(attributes.contains(&a.name()), "{}: attribute {} is not understood", node.tag_name().name(), a.name());
    }
    node.tag_name().name()
}

impl<'s> Schema<'s> {
    fn read(doc: &'s Document<'s>) -> Schema<'s> {
        let root = doc.root_element();
        assert_eq!(construct(root, &["elementFormDefault", "targetNamespace"]), "schema");
        let target = root.attribute("targetNamespace");
        // Types are named without a prefix: they are those of the target.
        assert_eq!(root.default_namespace(), target);
        assert_eq!(root.attribute("elementFormDefault"), Some("qualified"));
        let mut schema = Schema { target, elements: HashMap::new(), complex: HashMap::new(), simple: HashMap::new() };
        for part in parts(root) {
            let map = match construct(part, &["name"]) {
                "element" => &mut schema.elements,
                "complexType" => &mut schema.complex,
                "simpleType" => &mut schema.simple,
                other => panic!("xs:{other} at the top is not understood"),
            };
            assert!(map.insert(part.attribute("name").expect("a name"), part).is_none(), "declared twice");
        }
        schema.inspect();
        schema
    }

    /// Walks all of the schema once, so that a construct that no document reaches is understood too.
    fn inspect(&self) {
        for complex in self.complex.values() {
            self.inspect_complex(*complex);
        }
        for simple in self.simple.values() {
            let _ = self.simple_value(*simple, "");
        }
        for element in self.elements.values() {
            let [complex] = parts(*element)[..] else { panic!("a root holds one complexType") };
            assert_eq!(construct(complex, &[]), "complexType");
            self.inspect_complex(complex);
        }
    }

    fn inspect_complex(&self, complex: Node<'s, 's>) {
        for part in parts(complex) {
            match construct(part, &["name", "type", "use"]) {
                "sequence" => parts(part).into_iter().for_each(|p| self.inspect_particle(p)),
                "attribute" => {
                    assert!(
                        matches!(part.attribute("use"), None | Some("required" | "optional")),
                        "use is not understood"
                    );
                    let _ = self.value_of_type(part.attribute("type").expect("an attribute has a type"), "");
                }
                "simpleContent" => {
                    let _ = self.value_of_type(base(part), "");
                    let extension = parts(part)[0];
                    parts(extension).into_iter().for_each(|p| assert_eq!(construct(p, &["name", "type"]), "attribute"));
                }
                other => panic!("xs:{other} in a type is not understood"),
            }
        }
    }

    fn inspect_particle(&self, particle: Node<'s, 's>) {
        match construct(particle, &["name", "type", "minOccurs", "maxOccurs"]) {
            "element" => {
                let kind = particle.attribute("type").expect("a local element has a named type");
                assert!(parts(particle).is_empty(), "a local element has a named type only");
                if !self.complex.contains_key(kind) {
                    let _ = self.value_of_type(kind, "");
                }
                let _ = occurs(particle);
            }
            "choice" => {
                assert_eq!(particle.attributes().len(), 0, "a choice is made once");
                for option in parts(particle) {
                    assert_eq!(construct(option, &["name", "type"]), "element", "a choice is between elements");
                    self.inspect_particle(option);
                }
            }
            other => panic!("xs:{other} in a sequence is not understood"),
        }
    }

    /// An element against its declaration: a root, which holds its type.
    fn element(&self, declaration: Node<'s, 's>, node: Node<'_, '_>) -> Result<(), String> {
        self.complex(parts(declaration)[0], node)
    }

    /// An element against the name of its type.
    fn typed(&self, kind: &str, node: Node<'_, '_>) -> Result<(), String> {
        if let Some(complex) = self.complex.get(kind) {
            return self.complex(*complex, node);
        }
        let name = node.tag_name().name();
        if let Some(a) = node.attributes().next() {
            return Err(format!("{name}: attribute {} is not allowed", a.name()));
        }
        if node.children().any(|c| c.is_element()) {
            return Err(format!("{name}: holds elements where a text belongs"));
        }
        let text: String = node.children().filter_map(|c| if c.is_text() { c.text() } else { None }).collect();
        self.value_of_type(kind, &text).map_err(|why| format!("{name}: {why}"))
    }

    fn complex(&self, complex: Node<'s, 's>, node: Node<'_, '_>) -> Result<(), String> {
        let name = node.tag_name().name();
        if let Some(content) = parts(complex).into_iter().find(|p| p.tag_name().name() == "simpleContent") {
            self.attributes(&parts(parts(content)[0]), node)?;
            let text = node.text().unwrap_or_default();
            return self.value_of_type(base(content), text).map_err(|why| format!("{name}: {why}"));
        }
        let declared: Vec<_> = parts(complex).into_iter().filter(|p| p.tag_name().name() == "attribute").collect();
        self.attributes(&declared, node)?;
        if node.children().any(|c| c.is_text() && !c.text().unwrap_or_default().trim().is_empty()) {
            return Err(format!("{name}: text between elements"));
        }
        let children: Vec<_> = node.children().filter(Node::is_element).collect();
        let mut rest = &children[..];
        for sequence in parts(complex).into_iter().filter(|p| p.tag_name().name() == "sequence") {
            for particle in parts(sequence) {
                rest = self.particle(particle, rest).map_err(|why| format!("{name}/{why}"))?;
            }
        }
        match rest.first() {
            None => Ok(()),
            Some(extra) => Err(format!("{name}: {} is not allowed here", extra.tag_name().name())),
        }
    }

    fn attributes(&self, declared: &[Node<'s, 's>], node: Node<'_, '_>) -> Result<(), String> {
        let name = node.tag_name().name();
        for a in node.attributes() {
            let known = declared.iter().find(|d| d.attribute("name") == Some(a.name()) && a.namespace().is_none());
            let Some(known) = known else { return Err(format!("{name}: attribute {} is not allowed", a.name())) };
            self.value_of_type(known.attribute("type").unwrap(), a.value())
                .map_err(|why| format!("{name}@{}: {why}", a.name()))?;
        }
        for d in declared.iter().filter(|d| d.attribute("use") == Some("required")) {
            let wanted = d.attribute("name").unwrap();
            if !node.has_attribute(wanted) {
                return Err(format!("{name}: attribute {wanted} is missing"));
            }
        }
        Ok(())
    }

    /// Takes what a particle may take from the front of the children; what is left is for the next.
    fn particle<'n, 'd, 'i>(
        &self,
        particle: Node<'s, 's>,
        children: &'n [Node<'d, 'i>],
    ) -> Result<&'n [Node<'d, 'i>], String> {
        if particle.tag_name().name() == "choice" {
            let fits =
                |p: &Node<'_, '_>| children.first().is_some_and(|c| self.is_called(*c, p.attribute("name").unwrap()));
            let taken = parts(particle).into_iter().find(fits);
            let none = || "none of the elements of a choice is here".to_owned();
            return self.particle(taken.ok_or_else(none)?, children);
        }
        let name = particle.attribute("name").expect("a local element has a name");
        let (least, most) = occurs(particle);
        let n = children.iter().take(most).take_while(|c| self.is_called(**c, name)).count();
        if n < least {
            let instead = children.get(n).map_or("the end", |c| c.tag_name().name());
            return Err(format!("{name} is missing ({n} of {least}); found {instead}"));
        }
        for child in &children[..n] {
            self.typed(particle.attribute("type").unwrap(), *child)?;
        }
        Ok(&children[n..])
    }

    fn is_called(&self, node: Node<'_, '_>, name: &str) -> bool {
        node.tag_name().name() == name && node.tag_name().namespace() == self.target
    }

    fn value_of_type(&self, kind: &str, value: &str) -> Result<(), String> {
        if let Some(simple) = self.simple.get(kind) {
            return self.simple_value(*simple, value);
        }
        let good = match kind {
            "xs:string" => true,
            "xs:nonNegativeInteger" => !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()),
            // Stricter than XML Schema: guichet always writes whole seconds and an offset.
            "xs:dateTime" => value.len() == 25 && DateTime::parse_from_rfc3339(value).is_ok(),
            "xs:decimal" => guichet::piece::amount::shape(value).is_some(),
            "xs:date" => value.len() == 10 && NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
            other => panic!("the type {other} is not understood"),
        };
        if good { Ok(()) } else { Err(format!("{value:?} is no {kind}")) }
    }

    fn simple_value(&self, simple: Node<'s, 's>, value: &str) -> Result<(), String> {
        let [restriction] = parts(simple)[..] else { panic!("a simple type is one restriction") };
        assert_eq!(construct(restriction, &["base"]), "restriction");
        assert_eq!(restriction.attribute("base"), Some("xs:string"), "only strings are restricted");
        let length = value.chars().count();
        let (mut words, mut wrong) = (Vec::new(), None);
        for facet in parts(restriction) {
            let name = construct(facet, &["value"]);
            let wanted = facet.attribute("value").expect("a facet has a value");
            let number = || wanted.parse::<usize>().expect("a number");
            let good = match name {
                "length" => length == number(),
                "minLength" => length >= number(),
                "maxLength" => length <= number(),
                "pattern" => matches_pattern(wanted, value),
                "enumeration" => {
                    words.push(wanted);
                    true
                }
                other => panic!("the facet {other} is not understood"),
            };
            if !good {
                wrong = Some(format!("{value:?} has not {name} {wanted}"));
            }
        }
        if !words.is_empty() && !words.contains(&value) {
            wrong = Some(format!("{value:?} is none of {words:?}"));
        }
        wrong.map_or(Ok(()), Err)
    }
}

/// The type that a text with attributes extends.
fn base<'s>(content: Node<'s, 's>) -> &'s str {
    let [extension] = parts(content)[..] else { panic!("a simple content is one extension") };
    assert_eq!(construct(extension, &["base"]), "extension");
    extension.attribute("base").expect("an extension has a base")
}

fn occurs(particle: Node<'_, '_>) -> (usize, usize) {
    let least = particle.attribute("minOccurs").map_or(1, |n| n.parse().expect("a number"));
    let most = match particle.attribute("maxOccurs") {
        None => 1,
        Some("unbounded") => usize::MAX,
        Some(n) => n.parse().expect("a number"),
    };
    (least, most)
}

/// One class of characters `[a-b]`, once or `{n}` times: all the patterns there are.
fn matches_pattern(pattern: &str, value: &str) -> bool {
    let (class, times) = pattern.strip_prefix('[').and_then(|p| p.split_once(']')).expect("a class");
    let [from, '-', to] = class.chars().collect::<Vec<_>>()[..] else {
        panic!("the class [{class}] is not understood")
    };
    let times = match times.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
        Some(n) => n.parse().expect("a number of times"),
        None => {
            assert!(times.is_empty(), "the pattern {pattern} is not understood");
            1
        }
    };
    value.chars().count() == times && value.chars().all(|c| (from..=to).contains(&c))
}
