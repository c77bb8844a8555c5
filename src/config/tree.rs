//! Reading what a person wrote: a text file with its lines, a TOML tree with a line for every key. Used for
//! `guichet.toml` and for the annuaire, so that both tell everything wrong at once and in the same words.

use crate::error::{Problem, Problems, nearest, shown};
use crate::msg;
use crate::text::{Msg, Text, t};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A text file, read whole.
pub(crate) struct Source {
    /// Its path.
    pub path: PathBuf,
    /// Its text, without byte order mark.
    pub text: String,
    lines: Vec<usize>,
}

impl Source {
    /// Reads a regular UTF-8 file of at most so many bytes.
    pub fn read(path: &Path, most: u64) -> Result<Source, Problem> {
        let tried = t("lire ce fichier", "read this file");
        let meta = std::fs::metadata(path).map_err(|e| Problem::io(path, tried, &e))?;
        // A FIFO would block for ever and a device never end.
        if !meta.is_file() {
            return Err(Problem::of(
                path,
                msg!("ce n'est pas un fichier ordinaire", "it is not a regular file"),
                msg!("mettez un fichier à cette place", "put a file in its place"),
            ));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(most)).unwrap_or(0));
        let opened = File::open(path).map_err(|e| Problem::io(path, tried, &e))?;
        opened.take(most + 1).read_to_end(&mut bytes).map_err(|e| Problem::io(path, tried, &e))?;
        if bytes.len() as u64 > most {
            return Err(Problem::of(
                path,
                msg!("le fichier dépasse {most} octets", "the file is larger than {most} bytes"),
                msg!("vérifiez que c'est le bon fichier", "check that it is the right file"),
            ));
        }
        Source::of(path, bytes)
    }

    /// The same for bytes that are already here.
    pub fn of(path: &Path, bytes: Vec<u8>) -> Result<Source, Problem> {
        let mut text = String::from_utf8(bytes).map_err(|e| {
            let valid = e.utf8_error().valid_up_to();
            let line = 1 + e.as_bytes()[..valid].iter().filter(|b| **b == b'\n').count();
            Problem::of(
                path,
                msg!("le texte n'est pas de l'UTF-8", "the text is not UTF-8"),
                msg!(
                    "enregistrez le fichier en UTF-8 (dans un tableur : « CSV UTF-8 »)",
                    "save the file as UTF-8 (in a spreadsheet: \"CSV UTF-8\")"
                ),
            )
            .line(u32::try_from(line).unwrap_or(u32::MAX))
        })?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1).collect();
        Ok(Source { path: path.to_owned(), text, lines })
    }

    /// The line, from 1, of a byte.
    pub fn line(&self, offset: usize) -> u32 {
        u32::try_from(1 + self.lines.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// Something wrong at a byte.
    pub fn problem(&self, offset: usize, message: Msg, help: Msg) -> Problem {
        Problem::of(&self.path, message, help).line(self.line(offset))
    }

    /// The TOML in it, and every error of syntax. A tree with errors is not worth a look.
    pub fn toml(&self, problems: &mut Problems) -> Option<Spanned<DeTable<'_>>> {
        let (tree, errors) = DeTable::parse_recoverable(&self.text);
        for error in &errors {
            let offset = error.span().map_or(0, |s| s.start);
            let (message, help) = said(error.message());
            problems.push(self.problem(offset, message, help));
        }
        errors.is_empty().then_some(tree)
    }
}

/// An error of syntax: in our words for the usual slips, else in the parser's, which are English.
fn said(parser: &str) -> (Msg, Msg) {
    let slip = SLIPS.iter().find(|(start, ..)| parser.starts_with(start));
    let (what, help) = slip.map_or_else(
        || (Msg::same(parser), t("voyez https://toml.io/fr/v1.0.0", "see https://toml.io").into()),
        |(_, what, help)| ((*what).into(), (*help).into()),
    );
    let Msg { fr, en } = what;
    (msg!("ce n'est pas du TOML : {fr}", "this is not TOML: {en}"), help)
}

#[rustfmt::skip]
static SLIPS: &[(&str, Text, Text)] = &[
    // the parser's words             what is wrong                                                        what to do
    ("duplicate key",                 t("clé écrite deux fois", "a key written twice"),                    t("n'en gardez qu'une", "keep one of them")),
    ("string values must be quoted",  t("valeur absente ou sans guillemets", "a value that is missing or has no quotes"), t("mettez un texte entre guillemets droits (\"…\"), écrivez un nombre sans espaces", "put a text between straight quotes (\"…\"), write a number without spaces")),
    ("invalid basic string",          t("guillemets qui ne se ferment pas", "quotes that are not closed"), t("un texte tient sur une ligne, entre deux guillemets droits : \"…\"", "a text is one line between two straight quotes: \"…\"")),
    ("missing escaped value",         t("« \\ » devant un caractère imprévu", "\"\\\" before a character that it does not go with"), t("doublez-le (\\\\), ou mettez le texte entre apostrophes : '…'", "double it (\\\\), or put the text between apostrophes: '…'")),
    ("key with no value",             t("clé sans valeur", "a key without a value"),                       t("écrivez : clé = valeur", "write: key = value")),
    ("invalid unquoted key",          t("caractère imprévu dans une clé", "a character that no key has"),  t("écrivez : clé = valeur", "write: key = value")),
    ("unexpected key or value",       t("texte en trop après la valeur", "more text after the value"),     t("une clé par ligne, sans rien après la valeur qu'un « # » et un commentaire", "one key a line, nothing after the value but a \"#\" and a comment")),
    ("unclosed array",                t("crochet qui ne se ferme pas", "a bracket that is not closed"),    t("fermez-le : ]", "close it: ]")),
    ("unclosed table",                t("crochet qui ne se ferme pas", "a bracket that is not closed"),    t("fermez-le : ]", "close it: ]")),
    ("unclosed inline table",         t("accolade qui ne se ferme pas", "a brace that is not closed"),     t("fermez-la : }", "close it: }")),
    ("missing comma",                 t("virgule absente", "a missing comma"),                              t("séparez les valeurs par des virgules", "put commas between the values")),
    ("unexpected leading zero",       t("nombre qui commence par zéro", "a number that begins with zero"), t("ôtez le zéro, ou mettez la valeur entre guillemets : \"0…\"", "remove the zero, or put the value between quotes: \"0…\"")),
];

/// What a value should have been, and how to write it.
pub(crate) struct Wanted {
    /// A noun with its article.
    pub what: Msg,
    /// How to write it.
    pub help: Msg,
}

impl Wanted {
    /// From sentences known beforehand.
    pub fn new(what: Text, help: Text) -> Wanted {
        Wanted { what: what.into(), help: help.into() }
    }
}

/// One word of a closed list.
pub(crate) fn among(words: &[&str]) -> Wanted {
    let all = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    Wanted {
        what: msg!("l'un des mots prévus", "one of the known words"),
        help: msg!("écrivez : {all}", "write one of {all}"),
    }
}

/// A table of the tree, with the name that messages give it.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    /// The file.
    pub source: &'a Source,
    /// `spool`, `marche`; empty for the top of the file.
    pub name: &'a str,
    /// Where it begins.
    pub start: usize,
    /// Its keys.
    pub entries: &'a DeTable<'a>,
}

/// A key and its value.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    /// The file.
    pub source: &'a Source,
    /// The table.
    pub table: &'a str,
    /// The key; for a member of a list the list's.
    pub key: &'a str,
    /// Where the key stands; for a member of a list the member.
    pub start: usize,
    /// The value.
    pub value: &'a DeValue<'a>,
    /// Where the value stands.
    pub span: (usize, usize),
}

impl<'a> Table<'a> {
    /// Every key with its value, in the order of the file.
    pub fn given(self) -> Vec<Given<'a>> {
        let mut all: Vec<Given<'a>> = self.entries.iter().map(|(key, value)| self.one(key, value)).collect();
        all.sort_by_key(|given| given.start);
        all
    }

    /// The value of one key.
    pub fn get(self, key: &str) -> Option<Given<'a>> {
        self.entries.get_key_value(key).map(|(key, value)| self.one(key, value))
    }

    fn one(self, key: &'a Spanned<toml::de::DeString<'a>>, value: &'a Spanned<DeValue<'a>>) -> Given<'a> {
        Given {
            source: self.source,
            table: self.name,
            key: key.get_ref(),
            start: key.span().start,
            value: value.get_ref(),
            span: ends(value.span()),
        }
    }

    /// Tells of every key that is none of these.
    pub fn only(self, known: &[&str], problems: &mut Problems) {
        for given in self.given() {
            if !known.contains(&given.key) {
                problems.push(given.unknown(known));
            }
        }
    }

    /// The value of a key that must be there; tells if it is not.
    pub fn required(self, key: &str, problems: &mut Problems) -> Option<Given<'a>> {
        let given = self.get(key);
        if given.is_none() {
            let table = self.name;
            problems.push(self.source.problem(
                self.start,
                msg!("« {key} » manque dans [[{table}]]", "\"{key}\" is missing in [[{table}]]"),
                msg!("ajoutez : {key} = …", "add: {key} = …"),
            ));
        }
        given
    }
}

fn ends(range: Range<usize>) -> (usize, usize) {
    (range.start, range.end)
}

impl<'a> Given<'a> {
    /// Something wrong here.
    pub fn problem(self, message: Msg, help: Msg) -> Problem {
        self.source.problem(self.start, message, help)
    }

    /// A key that nobody knows.
    pub fn unknown(self, known: &[&str]) -> Problem {
        let key = shown(self.key);
        let message = match self.table {
            "" => msg!("clé ou table inconnue : « {key} »", "unknown key or table \"{key}\""),
            table => msg!("clé inconnue dans [{table}] : « {key} »", "unknown key \"{key}\" in [{table}]"),
        };
        let help = match nearest(self.key, known.iter().copied()) {
            Some(near) => msg!("vouliez-vous dire « {near} » ?", "did you mean \"{near}\"?"),
            None => {
                let all = known.join(", ");
                msg!("on connaît ici : {all}", "known here: {all}")
            }
        };
        self.problem(message, help)
    }

    /// A value that is not what it should be.
    pub fn wrong(self, wanted: Wanted) -> Problem {
        let raw = shown(self.source.text.get(self.span.0..self.span.1).unwrap_or_default());
        let (name, Msg { fr, en }) = (self.name(), wanted.what);
        self.problem(msg!("{name} = {raw} : il faut {fr}", "{name} = {raw}: expected {en}"), wanted.help)
    }

    /// `table.key`.
    pub fn name(self) -> String {
        let dot = if self.table.is_empty() { "" } else { "." };
        format!("{}{dot}{}", self.table, shown(self.key))
    }

    /// A text that is not blank and has no control characters, trimmed.
    pub fn text(self) -> Result<&'a str, Problem> {
        match self.value {
            DeValue::String(s) if !s.trim().is_empty() && !s.trim().chars().any(char::is_control) => Ok(s.trim()),
            _ => Err(self.wrong(Wanted::new(
                t("un texte sur une ligne, non vide", "a text of one line, not empty"),
                t("écrivez-le entre guillemets droits : \"…\"", "write it between straight quotes: \"…\""),
            ))),
        }
    }

    /// A whole number that is not negative.
    pub fn integer(self) -> Option<u64> {
        let integer = self.value.as_integer()?;
        u64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    /// The members of a list.
    pub fn list(self, wanted: Wanted) -> Result<Vec<Given<'a>>, Problem> {
        let DeValue::Array(array) = self.value else { return Err(self.wrong(wanted)) };
        let one = |value: &'a Spanned<DeValue<'a>>| {
            let span = ends(value.span());
            Given { start: span.0, span, value: value.get_ref(), ..self }
        };
        Ok(array.iter().map(one).collect())
    }

    /// A member that its list has already.
    pub fn twice(self, member: &str) -> Problem {
        let (key, member) = (shown(self.key), shown(member));
        self.problem(
            msg!("« {member} » est deux fois dans « {key} »", "\"{member}\" is twice in \"{key}\""),
            msg!("gardez-en un seul", "keep one of them"),
        )
    }

    /// The table that this value is.
    pub fn table(self) -> Option<Table<'a>> {
        let DeValue::Table(entries) = self.value else { return None };
        Some(Table { source: self.source, name: self.key, start: self.span.0, entries })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_on_a_line_and_a_mark_is_no_text() {
        let source = Source::of(Path::new("f"), "\u{feff}ab\n\ncd".into()).unwrap();
        assert_eq!(source.text, "ab\n\ncd");
        assert_eq!([0, 2, 3, 4, 6, 99].map(|offset| source.line(offset)), [1, 1, 2, 3, 3, 3]);
    }

    #[test]
    fn keys_come_in_the_order_of_the_file_with_their_place() {
        let source = Source::of(Path::new("f"), "z = 1\n\na = [\n1,\n2]\n".into()).unwrap();
        let mut problems = Problems::default();
        let tree = source.toml(&mut problems).unwrap();
        let top = Table { source: &source, name: "", start: 0, entries: tree.get_ref() };
        let given: Vec<(&str, u32)> = top.given().iter().map(|g| (g.key, source.line(g.start))).collect();
        assert_eq!(given, [("z", 1), ("a", 3)]);
        let list = top.get("a").unwrap().list(Wanted::new(t("", ""), t("", ""))).unwrap_or_default();
        assert_eq!(list.iter().map(|g| source.line(g.start)).collect::<Vec<_>>(), [4, 5]);
    }
}
