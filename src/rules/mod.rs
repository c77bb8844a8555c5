//! Layers of rules over the model. A rule is a row of a table ([`Rule`]); what it says of a pièce is a [`Finding`].
//! Rules never see XML, never touch the disk and never ask the time: the same input gives the same findings.

use crate::text::{Msg, Text};
pub use crate::xml::Place;

/// The layer that a rule belongs to; all layers that can be judged are judged in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Well-formed, no DTD, within limits.
    Safe,
    /// A known root, and the data that routing needs.
    Legible,
    /// What Chorus Pro asks of every pièce.
    Chorus,
    /// Matrix, actors, annuaire, marché.
    Works,
    /// EN 16931.
    En16931,
}

impl Layer {
    /// Every layer, in the order of judgement.
    pub const ALL: [Layer; 5] = [Layer::Safe, Layer::Legible, Layer::Chorus, Layer::Works, Layer::En16931];

    /// Its name in options, JSON and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Layer::Safe => "safe",
            Layer::Legible => "legible",
            Layer::Chorus => "chorus",
            Layer::Works => "works",
            Layer::En16931 => "en16931",
        }
    }
}

/// Whether a finding refuses the pièce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    Error,
    /// It is told, no more.
    Warning,
}

/// One row of the catalogue: a rule as a person reads it. What it checks stands beside its table.
#[derive(Debug)]
pub struct Rule {
    /// `G1.05`, `T-02`, `BR-CO-10`: the official id where one exists, ours otherwise.
    pub id: &'static str,
    /// Its layer.
    pub layer: Layer,
    /// What breaking it usually means; a check may soften it where the rule says so.
    pub severity: Severity,
    /// Business terms and groups it speaks of: `BT-1`, `BG-25`.
    pub terms: &'static [&'static str],
    /// The rule in one sentence.
    pub says: Text,
    /// Why it exists.
    pub why: Text,
    /// Where it comes from.
    pub source: &'static str,
    /// An example that breaks it.
    pub example: &'static str,
    /// How to mend it.
    pub mend: Text,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// Its layer.
    pub layer: Layer,
    /// Error or warning, here.
    pub severity: Severity,
    /// Terms it speaks of.
    pub terms: &'static [&'static str],
    /// Where, if anywhere.
    pub place: Option<Place>,
    /// What is wrong, in one sentence without full stop.
    pub message: Msg,
    /// What stands there.
    pub found: Option<String>,
    /// What should.
    pub expected: Option<Msg>,
    /// What to do.
    pub help: Msg,
}

impl Rule {
    /// A finding of this rule: its own severity, no place, its `mend` as help.
    pub fn finding(&self, message: Msg) -> Finding {
        Finding {
            rule: self.id,
            layer: self.layer,
            severity: self.severity,
            terms: self.terms,
            place: None,
            message,
            found: None,
            expected: None,
            help: self.mend.into(),
        }
    }
}

impl Finding {
    /// Sets the place.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Finding {
        self.place = place;
        self
    }

    /// Sets what was found.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Finding {
        self.found = Some(found.into());
        self
    }

    /// Sets what was expected.
    #[must_use]
    pub fn expected(mut self, expected: Msg) -> Finding {
        self.expected = Some(expected);
        self
    }

    /// Sets what to do.
    #[must_use]
    pub fn help(mut self, help: Msg) -> Finding {
        self.help = help;
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn warn(mut self) -> Finding {
        self.severity = Severity::Warning;
        self
    }

    /// Whether it refuses the pièce.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
pub const VERSION: &str = "stub";
static STUB: Rule = Rule { id: "STUB", layer: Layer::Safe, severity: Severity::Error, terms: &[], says: Text { fr: "", en: "" }, why: Text { fr: "", en: "" }, source: "", example: "", mend: Text { fr: "", en: "" } };
pub mod safe { use super::*; pub fn oversize(_: u64, _: u64) -> Finding { STUB.finding(Msg::same("x")) } pub fn internal_fault() -> Finding { STUB.finding(Msg::same("x")) } }
pub mod chorus { use super::*; pub fn not_unique(_: &str, _: &str, _: Option<&str>) -> Finding { STUB.finding(Msg::same("x")) } }
pub mod works { use super::*; pub fn unknown_partner(_: &str) -> Finding { STUB.finding(Msg::same("x")) } pub fn duplicate(_: &str, _: Option<&str>, _: crate::clock::Instant) -> Finding { STUB.finding(Msg::same("x")) } }
