//! The whole text of an element that has elements in it. Data formats have no such text, so the tree does not keep it:
//! it is read again from the source, by whoever asks what XPath would see.

use super::parse::resolve;
use super::{Doc, NodeId};
use quick_xml::Reader;
use quick_xml::events::Event;

impl Doc {
    /// Whether an element has no elements in it.
    pub fn is_leaf(&self, node: NodeId) -> bool {
        self.node(node).after == node.0 + 1
    }

    /// All the text inside an element, that of the elements in it too, in order.
    pub fn string(&self, node: NodeId) -> String {
        let mut reader = Reader::from_str(&self.source[self.node(node).start as usize..]);
        reader.config_mut().check_end_names = false;
        let (mut text, mut depth) = (String::new(), 0_usize);
        loop {
            // The document was read once already: what cannot be read now ends the text.
            match reader.read_event() {
                Ok(Event::Start(_)) => depth += 1,
                Ok(Event::End(_)) => depth = depth.saturating_sub(1),
                Ok(Event::Text(t)) => text.push_str(&t),
                Ok(Event::CData(t)) => text.push_str(&t),
                Ok(Event::GeneralRef(r)) => text.extend(resolve(&r).ok()),
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
            if depth == 0 {
                break;
            }
        }
        text.replace("\r\n", "\n").replace('\r', "\n")
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::xml::Doc;

    #[test]
    fn the_text_of_an_element_is_all_text_in_it() {
        let source = "<a>\r\nx<b>y<!-- no --><![CDATA[<z>]]></b> &amp;&#65;<c/>\n</a>".to_owned();
        let doc = Doc::parse(source, &Config::default().limits.xml()).expect("a document");
        let nodes: Vec<_> = doc.nodes().collect();
        assert_eq!(doc.string(nodes[0]), "\nxy<z> &A\n");
        assert_eq!((doc.is_leaf(nodes[0]), doc.is_leaf(nodes[1])), (false, true));
    }
}
