//! The whole text of an element that has elements in it. Data formats have no such text, so the tree does not keep it:
//! it is read again from the source, by whoever asks what XPath would see.

use super::scan::{self, with_line_feeds};
use super::{Doc, NodeId};

impl Doc {
    /// Whether an element has no elements in it.
    pub fn is_leaf(&self, node: NodeId) -> bool {
        self.node(node).after == node.0 + 1
    }

    /// All the text inside an element, that of the elements in it too, in order.
    pub fn string(&self, node: NodeId) -> String {
        let bytes = self.source.as_bytes();
        let (mut text, mut depth, mut at) = (String::new(), 0_usize, self.node(node).start as usize);
        // The document was read once already: what cannot be read now ends the text.
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let after = |from, mark| scan::after(bytes, from, mark).unwrap_or(bytes.len());
            let end = match rest {
                [b'<', b'!', b'-', ..] => after(at + 4, "-->"),
                [b'<', b'!', ..] => {
                    let end = after(at, "]]>");
                    text.push_str(&with_line_feeds(&self.source[at + "<![CDATA[".len()..end - "]]>".len()]));
                    end
                }
                [b'<', b'?', ..] => after(at, "?>"),
                [b'<', second, ..] => {
                    let end = scan::tag_end(bytes, at).unwrap_or(bytes.len());
                    match (*second, bytes[end - 2]) {
                        (b'/', _) => depth = depth.saturating_sub(1),
                        (_, b'/') => {}
                        _ => depth += 1,
                    }
                    end
                }
                [b'&', ..] => {
                    let end = after(at, ";");
                    text.extend(scan::resolve(&self.source[at + 1..end - 1]).ok());
                    end
                }
                _ => {
                    let end = at + memchr::memchr2(b'<', b'&', rest).unwrap_or(rest.len());
                    text.push_str(&with_line_feeds(&self.source[at..end]));
                    end
                }
            };
            at = end;
            if depth == 0 {
                break;
            }
        }
        text
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
