//! Layers of rules over the model. A rule is a row of a table ([`Rule`]); what it says of a pièce is a [`Finding`].
//! Rules never see XML, never touch the disk and never ask the time: the same input gives the same findings.

pub mod catalogue;
pub mod chorus;
pub mod en16931;
pub mod legible;
pub mod safe;
pub mod works;

use crate::annuaire::{Annuaire, Partner};
use crate::config::Config;
use crate::facts::Facts;
use crate::piece::Piece;
use crate::text::{Msg, Text, counted};
use crate::trade::Mode;
pub use crate::xml::Place;
use chrono::NaiveDate;

/// The version of the rules: every verdict and every flow in the ledger names it. The day of the last change, and the
/// version of the EN 16931 artefacts ([`en16931::ARTEFACTS`]).
pub const VERSION: &str = "2026-11-27+en16931-1.3.16";

/// What a judgement depends on beside the bytes.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Limits and rule settings.
    pub config: &'a Config,
    /// The directory; without one, what needs it is left out.
    pub annuaire: Option<&'a Annuaire>,
    /// How the flow was handed in.
    pub mode: Mode,
    /// Who handed it in; without one (`check`), the depositor's right is left out.
    pub partner: Option<&'a Partner>,
    /// The day of the control, in Paris.
    pub today: NaiveDate,
    /// The layers that are judged.
    pub layers: &'a [Layer],
    /// Of an association, once it is known: the first of the earlier pièces, a source of actors after the flow.
    pub associated: Option<&'a Facts>,
}

/// A pièce under judgement: what a rule may look at.
pub struct Case<'a, 'd> {
    /// The pièce.
    pub piece: &'a Piece<'d>,
    /// Everything around it.
    pub context: &'a Context<'a>,
    /// Its cadre and its actors, resolved.
    pub actors: works::actors::Actors<'a, 'd>,
}

/// What a rule does: looks at a case and adds what it finds.
pub type Check = fn(&'static Rule, &Case<'_, '_>, &mut Findings);

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

/// One row of the catalogue: a rule as a person reads it, and what looks for it.
#[derive(Clone)]
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
    pub example: Text,
    /// How to mend it.
    pub mend: Text,
    /// What looks for it in a pièce; none where the reader, the spool or the ledger finds it.
    pub check: Option<Check>,
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

/// Findings of one document, as they are made: of each rule so many at most, then one that says how many more there
/// are. A document that breaks one rule two million times must not cost what two million sentences cost.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    /// Of the rule that is looking now.
    of_rule: usize,
}

/// Findings of one rule in one document that are told one by one.
pub const MOST_OF_RULE: usize = 1_000;
/// Characters that a finding quotes of what stands there.
const LONGEST_QUOTE: usize = 400;

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.of_rule += 1;
        if self.of_rule <= MOST_OF_RULE {
            self.list.push(finding);
        }
    }

    /// Adds some.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// Counts some that are not told.
    pub fn unseen(&mut self, more: usize) {
        self.of_rule += more;
    }

    /// The rule has looked: what it was not told of is counted.
    pub fn end_of(&mut self, rule: &Rule) {
        let more = std::mem::take(&mut self.of_rule).saturating_sub(MOST_OF_RULE);
        if more > 0 {
            let more = counted(more, ["autre fois", "autres fois"], ["more"; 2]);
            let message = crate::msg!("et ", "and ") + more + crate::msg!(" la même règle", " of the same rule");
            self.list.push(rule.finding(message));
        }
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Finding> {
        self.list
    }
}

/// Characters of a sentence of a finding: whatever it says of the document, it is no longer than some quotes.
const LONGEST_SENTENCE: usize = 2_000;

/// A text as it is told: its beginning, where it is long, and how many characters it has.
pub fn quote(text: String) -> String {
    beginning(text, LONGEST_QUOTE)
}

fn beginning(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        let all = text.chars().count();
        text.truncate(end);
        text.push_str(&format!("… ({all})"));
    }
    text
}

/// A sentence as it is told.
fn sentence(Msg { fr, en }: Msg) -> Msg {
    Msg { fr: beginning(fr, LONGEST_SENTENCE), en: beginning(en, LONGEST_SENTENCE) }
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
            message: sentence(message),
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

    /// Sets what was found: its beginning, where it is long, and how many characters it has.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Finding {
        self.found = Some(quote(found.into()));
        self
    }

    /// Sets what was expected.
    #[must_use]
    pub fn expected(mut self, expected: Msg) -> Finding {
        self.expected = Some(sentence(expected));
        self
    }

    /// Sets what to do.
    #[must_use]
    pub fn help(mut self, help: Msg) -> Finding {
        self.help = sentence(help);
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
