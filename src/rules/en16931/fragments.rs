//! Fragments of documents that keep or break a rule: examples for people, and a test of each rule. They are files of
//! `samples/en16931`: a line `== BR-CO-10 ubl pass`, then the content, root included, its namespaces left out.

use std::sync::LazyLock;

static FILES: &[&str] = &[];

/// A fragment.
#[derive(Debug)]
pub struct Fragment {
    /// The rule.
    pub id: &'static str,
    /// `ubl`, `creditnote` or `cii`.
    pub syntax: &'static str,
    /// Whether it keeps the rule.
    pub passes: bool,
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
        let (head, xml) = part.split_once('\n').unwrap_or((part, ""));
        let mut words = head.split_ascii_whitespace();
        let mut word = || words.next().unwrap_or("");
        let (id, syntax, verdict) = (word(), word(), word());
        Fragment { id, syntax, passes: verdict == "pass", xml }
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
