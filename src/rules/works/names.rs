//! The names of EDI files, of partners who name them by Chorus Pro's rule (`naming = "chorus"`), strictly: 41 characters,
//! no extension,
//!
//! ```text
//! FSO1116A_ABC001_ABC0011116000000000000001
//! |        |      |     |   sequence, 15 digits, which serves once
//! |        |      |     the four digits of the interface
//! |        |      the partner's application code
//! |        the partner's application code
//! interface: what the file is
//! ```
//!
//! What is wrong with a name makes the whole flow irrecevable; every part of it is judged, so that all is told at once.

use super::{Error, of, rule};
use crate::annuaire::{Naming, Partner};
use crate::clock::Instant;
use crate::config::{Announces, Interfaces};
use crate::msg;
use crate::rules::{Finding, Rule};
use crate::text::{Msg, Shown, Text, counted, same, t};
use crate::trade::Mode;

const SOURCE: &str = "Chorus Pro, names of EDI flows";

#[rustfmt::skip]
pub(super) const MALFORMED: Rule = rule("T-37", Error, &[],
    t("le fichier EDI d'un partenaire qui suit la règle de Chorus Pro porte un nom de 41 caractères, sans extension",
      "the EDI file of a partner who follows Chorus Pro's rule has a name of 41 characters, without an extension"),
    t("interface, deux fois le code application du partenaire, les quatre chiffres de l'interface, une séquence de 15 chiffres ; tout autre nom rend le flux irrecevable",
      "interface, twice the partner's application code, the four digits of the interface, a sequence of 15 digits; any other name makes the flow irrecevable"),
    SOURCE, same("FSO1116A_ABC001_ABC0011116000000000000001.xml"),
    t("renommez le fichier et redéposez-le ; `naming = \"free\"` dans partners.toml accepte tous les noms", "rename the file and drop it again; `naming = \"free\"` in partners.toml accepts every name"), None);

#[rustfmt::skip]
pub(super) const DISAGREES: Rule = rule("T-38", Error, &[],
    t("le contenu du fichier est ce que l'interface de son nom annonce", "the content of the file is what the interface of its name announces"),
    t("un flux acheminé d'après son nom n'arriverait pas où son contenu est attendu", "a flow sent on by its name would not arrive where its content is awaited"),
    SOURCE, t("du CII sous FSO1100A", "CII under FSO1100A"),
    t("donnez au fichier le nom de ce qu'il contient", "name the file after what it holds"), None);

#[rustfmt::skip]
pub(super) const USED: Rule = rule("T-39", Error, &[],
    t("la séquence du nom ne sert qu'une fois (avertissement si le flux qui l'avait prise n'a pas été intégré)",
      "the sequence of the name serves once (a warning where the flow that took it was not integrated)"),
    t("deux flux de même nom ne se distinguent plus, ni leurs comptes rendus", "two flows of one name cannot be told apart, nor can their reports"),
    SOURCE, t("un second fichier de même nom, de contenu différent", "a second file of the same name with another content"),
    t("prenez la séquence suivante", "take the next sequence"), None);

/// An earlier flow of the same name by the same partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFlow {
    /// The flow.
    pub flow: String,
    /// When it was decided.
    pub at: Instant,
    /// Whether it was integrated, whole or in part.
    pub integrated: bool,
}

/// What a deposit holds, as far as it could be detected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// The syntaxes of its documents; what is none of [`SYNTAXES`] says nothing.
    pub syntaxes: Vec<&'a str>,
    /// Whether it is an archive.
    pub archive: bool,
}

/// What an interface can announce.
const SYNTAXES: [&str; 5] = ["ubl-invoice", "ubl-credit-note", "cii", "facturx", "cppstatut"];

/// What a strict name has, each part as long as the rule says.
const NAME: usize = 41;
const APP_CODE: usize = 6;
const DIGITS: usize = 4;
const SEQUENCE: usize = 15;

/// What is wrong with the name of a deposit, by itself (T-37) and by what it holds (T-38); nothing where the partner
/// names its files as it likes, and nothing of what comes by another mode than EDI.
pub fn judge(
    name: &[u8],
    mode: Mode,
    partner: &Partner,
    interfaces: &Interfaces,
    content: &Content<'_>,
) -> Vec<Finding> {
    if !is_strict(mode, partner) {
        return Vec::new();
    }
    let name = String::from_utf8_lossy(name);
    let mut parts = Name { partner, interfaces, found: Vec::new() };
    let announced = parts.judge(&name);
    let mut found = parts.found;
    if let Some((interface, announces)) = announced {
        found.extend(disagreement(interface, announces, interfaces, content));
    }
    found
}

/// Whether the names of these deposits are judged.
pub fn is_strict(mode: Mode, partner: &Partner) -> bool {
    mode == Mode::Edi && partner.naming == Naming::Chorus
}

/// Whether a finding says that the name itself is wrong.
pub fn is_malformed(finding: &Finding) -> bool {
    finding.rule == MALFORMED.id
}

/// T-39: what to say of a name that an earlier flow had.
pub fn used(name: &[u8], earlier: &NamedFlow) -> Finding {
    let name = String::from_utf8_lossy(name);
    let sequence = Shown(name.get(NAME - SEQUENCE..).unwrap_or(&name)).to_string();
    let (flow, day) = (&earlier.flow, earlier.at.day());
    let finding = |message| of("T-39").finding(message).found(sequence.clone());
    if earlier.integrated {
        return finding(msg!(
            "ce nom a déjà servi le {day} : le flux {flow} a été intégré sous ce nom",
            "this name served before, on {day}: the flow {flow} was integrated under it"
        ))
        .expected(msg!("une séquence qui n'a pas encore servi", "a sequence that has not served yet"));
    }
    finding(msg!(
        "ce nom a déjà servi le {day}, au flux {flow}, qui n'a pas été intégré",
        "this name served before, on {day}, for the flow {flow}, which was not integrated"
    ))
    .warn()
}

/// A name under judgement.
struct Name<'a> {
    partner: &'a Partner,
    interfaces: &'a Interfaces,
    found: Vec<Finding>,
}

impl<'a> Name<'a> {
    /// Judges every part; gives back the interface, if it is a known one, and what it announces.
    fn judge(&mut self, name: &str) -> Option<(&'a str, Announces)> {
        let stem = self.extension(name);
        let stem = &self.capitals(stem);
        let groups: Vec<&str> = stem.split('_').collect();
        let interface = self.interface(groups[0]);
        let [_, first, rest] = groups[..] else {
            self.whole(stem, groups.len());
            return interface;
        };
        self.app_code(first, true);
        let (second, rest) = cut(rest, APP_CODE);
        self.app_code(second, false);
        let (digits, sequence) = cut(rest, DIGITS);
        self.digits(digits, interface.map_or(groups[0], |(known, _)| known));
        self.sequence(sequence);
        interface
    }

    fn tell(&mut self, message: Msg, found: &str, expected: Msg) {
        self.found.push(of("T-37").finding(message).found(Shown(found).to_string()).expected(expected));
    }

    /// The name without its extension: that is told, and the rest is judged all the same.
    fn extension<'n>(&mut self, name: &'n str) -> &'n str {
        let Some(dot) = name.find('.') else { return name };
        self.tell(
            msg!("le nom a une extension", "the name has an extension"),
            &name[dot..],
            msg!("aucune extension", "no extension"),
        );
        &name[..dot]
    }

    /// The name in capitals: small letters are told once, not in each part.
    fn capitals(&mut self, stem: &str) -> String {
        let capitals = stem.to_ascii_uppercase();
        if capitals != stem {
            let message = msg!("le nom a des lettres minuscules", "the name has small letters");
            self.tell(message, stem, Msg::same(Shown(&capitals).to_string()));
        }
        capitals
    }

    fn whole(&mut self, stem: &str, groups: usize) {
        let code = &self.partner.app_code;
        self.tell(
            msg!("le nom a ", "the name has ")
                + counted(groups, ["groupe", "groupes"], ["group", "groups"])
                + msg!(", séparés par « _ », et non trois", " between \"_\", and not three"),
            stem,
            msg!(
                "<interface>_{code}_{code}<quatre chiffres de l'interface><séquence de 15 chiffres>",
                "<interface>_{code}_{code}<four digits of the interface><sequence of 15 digits>"
            ),
        );
    }

    fn interface(&mut self, code: &str) -> Option<(&'a str, Announces)> {
        let known = self.interfaces.inbound.get_key_value(code);
        if known.is_none() {
            let all: Vec<&str> = self.interfaces.inbound.keys().map(String::as_str).collect();
            self.tell(msg!("l'interface n'est pas connue", "the interface is not known"), code, one_of(&all));
        }
        known.map(|(code, announces)| (code.as_str(), *announces))
    }

    fn app_code(&mut self, code: &str, first: bool) {
        let own = &self.partner.app_code;
        if code != own {
            let message = if first {
                msg!("le premier code application n'est pas le vôtre", "the first application code is not yours")
            } else {
                msg!("le second code application n'est pas le vôtre", "the second application code is not yours")
            };
            self.tell(message, code, Msg::same(own.clone()));
        }
    }

    fn digits(&mut self, digits: &str, interface: &str) {
        let expected = interface.get(3..3 + DIGITS).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let wrong = match expected {
            Some(expected) => digits != expected,
            None => digits.len() != DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()),
        };
        if wrong {
            let message = msg!(
                "les quatre chiffres ne sont pas ceux de l'interface",
                "the four digits are not those of the interface"
            );
            let four = || msg!("quatre chiffres", "four digits");
            self.tell(message, digits, expected.map_or_else(four, Msg::same));
        }
    }

    fn sequence(&mut self, sequence: &str) {
        if sequence.len() != SEQUENCE || !sequence.bytes().all(|b| b.is_ascii_digit()) {
            let expected = match sequence.chars().count() {
                SEQUENCE => msg!("{SEQUENCE} chiffres", "{SEQUENCE} digits"),
                length => msg!("{SEQUENCE} chiffres, et non {length}", "{SEQUENCE} digits, not {length}"),
            };
            let message =
                msg!("la séquence n'est pas un nombre de 15 chiffres", "the sequence is no number of 15 digits");
            self.tell(message, sequence, expected);
        }
    }
}

/// The first characters of a text and the rest, as far as there are any.
fn cut(text: &str, characters: usize) -> (&str, &str) {
    text.split_at(text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at))
}

fn one_of(codes: &[&str]) -> Msg {
    let codes = codes.join(", ");
    msg!("un de : {codes}", "one of: {codes}")
}

/// Whether a syntax is what an interface announces.
fn fits(announces: Announces, syntax: &str) -> bool {
    match announces {
        Announces::Ubl | Announces::UblMixed => matches!(syntax, "ubl-invoice" | "ubl-credit-note"),
        Announces::Cii | Announces::CiiMixed => syntax == "cii",
        Announces::FacturX => syntax == "facturx",
        Announces::Cppstatut => syntax == "cppstatut",
    }
}

/// Whether an interface announces one document alone, which is no archive.
fn is_alone(announces: Announces) -> bool {
    !matches!(announces, Announces::UblMixed | Announces::CiiMixed)
}

/// T-38: what the flow holds is not what its name announces. What nobody could detect contradicts nothing.
fn disagreement(
    interface: &str,
    announces: Announces,
    interfaces: &Interfaces,
    content: &Content<'_>,
) -> Option<Finding> {
    let mut syntaxes: Vec<&str> = content.syntaxes.iter().copied().filter(|s| SYNTAXES.contains(s)).collect();
    syntaxes.sort_unstable();
    syntaxes.dedup();
    let holds = |a: Announces| syntaxes.iter().all(|s| fits(a, s));
    let fits = |a: Announces| holds(a) && !(content.archive && is_alone(a));
    if fits(announces) {
        return None;
    }
    let found = syntaxes.join(", ");
    let (fr, en) = (label(announces).fr, label(announces).en);
    let finding = if holds(announces) {
        let message = msg!(
            "{interface} annonce un document seul, et c'est une archive",
            "{interface} announces one document alone, and this is an archive"
        );
        of("T-38").finding(message).found("tar.gz, zip")
    } else {
        let message = msg!("{interface} annonce {fr}, pas {found}", "{interface} announces {en}, not {found}");
        of("T-38").finding(message).found(found)
    };
    let right: Vec<&str> = interfaces.inbound.iter().filter(|(_, a)| fits(**a)).map(|(c, _)| c.as_str()).collect();
    Some(if right.is_empty() { finding } else { finding.expected(one_of(&right)) })
}

fn label(announces: Announces) -> Text {
    match announces {
        Announces::Ubl | Announces::UblMixed => t("de l'UBL", "UBL"),
        Announces::Cii | Announces::CiiMixed => t("du CII", "CII"),
        Announces::FacturX => t("du Factur-X", "Factur-X"),
        Announces::Cppstatut => t("un flux de cycle de vie", "a life-cycle flow"),
    }
}
