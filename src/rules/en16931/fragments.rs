//! Fragments of documents that keep or break a rule: examples for people, and a test of each rule. They are files of
//! `samples/en16931`: a line `== BR-CO-10 ubl pass`, perhaps a line `# …` about the official
//! test, then the content, root included, its namespaces left out.

use std::sync::LazyLock;

#[rustfmt::skip]
static FILES: &[&str] = &[
    include_str!("../../../samples/en16931/br.txt"),
    include_str!("../../../samples/en16931/br-co.txt"),
    include_str!("../../../samples/en16931/br-cl.txt"),
    include_str!("../../../samples/en16931/br-dec.txt"),
    include_str!("../../../samples/en16931/br-ae.txt"),
    include_str!("../../../samples/en16931/br-af.txt"),
    include_str!("../../../samples/en16931/br-ag.txt"),
    include_str!("../../../samples/en16931/br-b.txt"),
    include_str!("../../../samples/en16931/br-e.txt"),
    include_str!("../../../samples/en16931/br-g.txt"),
    include_str!("../../../samples/en16931/br-ic.txt"),
    include_str!("../../../samples/en16931/br-o.txt"),
    include_str!("../../../samples/en16931/br-s.txt"),
    include_str!("../../../samples/en16931/br-z.txt"),
    include_str!("../../../samples/en16931/ubl.txt"),
    include_str!("../../../samples/en16931/cii.txt"),
];

/// A fragment.
#[derive(Debug)]
pub struct Fragment {
    /// The rule.
    pub id: &'static str,
    /// `ubl`, `creditnote` or `cii`.
    pub syntax: &'static str,
    /// Whether it keeps the rule.
    pub passes: bool,
    /// What its author says of the official test; often nothing.
    pub note: &'static str,
    /// The content.
    pub xml: &'static str,
}

/// Every fragment, in the order of the files.
pub fn fragments() -> impl Iterator<Item = &'static Fragment> {
    static FRAGMENTS: LazyLock<Vec<Fragment>> = LazyLock::new(|| FILES.iter().flat_map(|text| of(text)).collect());
    FRAGMENTS.iter()
}

fn of(text: &'static str) -> impl Iterator<Item = Fragment> {
    let text = text.strip_prefix("== ").unwrap_or_else(|| text.split_once("\n== ").map_or("", |(_, rest)| rest));
    text.split("\n== ").filter(|part| !part.is_empty()).map(|part| {
        let (head, rest) = part.split_once('\n').unwrap_or((part, ""));
        let (note, xml) = match rest.strip_prefix("# ") {
            Some(noted) => noted.split_once('\n').unwrap_or((noted, "")),
            None => ("", rest),
        };
        let mut words = head.split_ascii_whitespace();
        let mut word = || words.next().unwrap_or("");
        let (id, syntax, verdict) = (word(), word(), word());
        Fragment { id, syntax, passes: verdict == "pass", note, xml }
    })
}

impl Fragment {
    /// The fragment as a document of its own.
    pub fn document(&self) -> String {
        let cii = self.syntax == "cii";
        let root = match self.syntax {
            "cii" => "CrossIndustryInvoice",
            "creditnote" => "CreditNote",
            _ => "Invoice",
        };
        let of = |prefix: &str| format!(" xmlns:{prefix}=\"{}\"", super::bind::namespace(prefix));
        let mut declared: String = if cii {
            ["rsm", "ram", "udt", "qdt"].map(of).concat()
        } else {
            let own = super::bind::namespace(if root == "Invoice" { "ubl" } else { "cn" });
            format!(" xmlns=\"{own}\"") + &["cbc", "cac", "ext"].map(of).concat()
        };
        declared.insert_str(0, root);
        self.xml.replacen(root, &declared, 1)
    }
}
