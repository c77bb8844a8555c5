//! What is wrong with a file that a person writes (configuration, annuaire) or with a place on the disk: which file,
//! which line, what, and what to do. Everything wrong is told at once, up to a limit.

use crate::text::{Msg, Shown, Text, counted, t};
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Problems told at most for one load; the rest is counted.
pub const MOST_PROBLEMS: usize = 100;

/// One thing wrong. Its `Display` is English, for logs of developers; users are shown [`Problem::message`] and
/// [`Problem::help`] in their own language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {} ({})", .at, .message.en, .help.en)]
pub struct Problem {
    /// Where.
    pub at: At,
    /// What is wrong, in one sentence without full stop.
    pub message: Msg,
    /// What to do.
    pub help: Msg,
}

/// A file, and a line of it where one is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The file, or the directory.
    pub file: Box<Path>,
    /// The line, from 1.
    pub line: Option<u32>,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Shown(&self.file.to_string_lossy()))?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

impl Problem {
    /// Something wrong with a whole file.
    pub fn of(file: &Path, message: Msg, help: Msg) -> Problem {
        Problem { at: At { file: file.into(), line: None }, message, help }
    }

    /// Something that could not be done with a file or a directory; `tried` is an infinitive (« lire », "read").
    pub fn io(file: &Path, tried: Text, error: &io::Error) -> Problem {
        let (why, help) = reason(error);
        let message =
            Msg::new(format!("impossible de {} : {}", tried.fr, why.fr), format!("cannot {}: {}", tried.en, why.en));
        Problem::of(file, message, help.into())
    }

    /// Says at which line.
    #[must_use]
    pub fn line(mut self, line: u32) -> Problem {
        self.at.line = Some(line);
        self
    }
}

/// Why the system refused, in both languages where it is a usual reason, and what to do about it.
pub fn reason(error: &io::Error) -> (Msg, Text) {
    let known = REASONS.iter().find(|(kind, ..)| *kind == error.kind());
    known.map_or_else(
        || (Msg::same(error.to_string()), t("vérifiez le disque et les droits", "check the disk and the permissions")),
        |(_, why, help)| ((*why).into(), *help),
    )
}

#[rustfmt::skip]
static REASONS: &[(ErrorKind, Text, Text)] = &[
    // the system's reason        why, in words                                             what to do
    (ErrorKind::NotFound,         t("il n'existe pas", "it does not exist"),                t("vérifiez le chemin, ou créez l'arborescence avec `guichet init`", "check the path, or make the tree with `guichet init`")),
    (ErrorKind::PermissionDenied, t("accès refusé", "permission denied"),                   t("donnez ce droit à l'utilisateur qui lance guichet", "give this right to the user who runs guichet")),
    (ErrorKind::NotADirectory,    t("un élément du chemin n'est pas un répertoire", "a part of the path is not a directory"), t("vérifiez le chemin", "check the path")),
    (ErrorKind::IsADirectory,     t("c'est un répertoire", "it is a directory"),            t("nommez un fichier", "name a file")),
    (ErrorKind::StorageFull,      t("le disque est plein", "the disk is full"),             t("libérez de la place, puis recommencez", "make room, then try again")),
    (ErrorKind::ReadOnlyFilesystem, t("le système de fichiers est en lecture seule", "the file system is read-only"), t("choisissez un autre répertoire", "choose another directory")),
    (ErrorKind::AlreadyExists,    t("ce nom est déjà pris", "this name is taken"),          t("déplacez ce qui porte ce nom", "move away what bears this name")),
];

/// A list of problems that is cut at [`MOST_PROBLEMS`]: whoever mends a file reads the first ones.
#[derive(Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Adds one, or counts it when there are too many already.
    pub fn push(&mut self, problem: Problem) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Adds several.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The problems of each file in the order of its lines, files in the order they were read; at the end, how many
    /// more there are.
    pub fn into_vec(self) -> Vec<Problem> {
        let mut files: Vec<Box<Path>> = Vec::new();
        for problem in &self.list {
            if !files.contains(&problem.at.file) {
                files.push(problem.at.file.clone());
            }
        }
        let mut list = self.list;
        // What concerns a whole file comes after its lines.
        list.sort_by_key(|p| (files.iter().position(|f| *f == p.at.file), p.at.line.is_none(), p.at.line));
        if let (more @ 1.., Some(last)) = (self.more, list.last()) {
            let rest = Problem::of(
                &last.at.file,
                crate::msg!("et ", "and ")
                    + counted(more, ["autre problème", "autres problèmes"], ["more problem", "more problems"]),
                crate::msg!("corrigez ceux-ci, puis relancez", "mend these, then run again"),
            );
            list.push(rest);
        }
        list
    }
}

/// The known word that was probably meant: the nearest, if at most a third of its letters differ.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word: Vec<char> = word.chars().take(64).flat_map(char::to_lowercase).collect();
    let scored = known.into_iter().map(|k| (distance(&word, &k.to_lowercase()), k));
    scored.min_by_key(|(d, _)| *d).filter(|(d, k)| *d <= k.chars().count().div_ceil(3)).map(|(_, k)| k)
}

/// Levenshtein's distance.
fn distance(a: &[char], b: &str) -> usize {
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (i, cb) in b.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, ca) in a.iter().enumerate() {
            let cost = diagonal + usize::from(*ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[a.len()]
}

/// A text from outside as a message shows it: escapes visible, no more than 80 characters.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", Shown(&text[..end])),
        None => Shown(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_or_none() {
        let known = ["settle", "rescan", "root", "watch"];
        assert_eq!(nearest("setle", known), Some("settle"));
        assert_eq!(nearest("Rescan", known), Some("rescan"));
        assert_eq!(nearest("annuaire", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn distances_are_levenshtein_s() {
        let d = |a: &str, b| distance(&a.chars().collect::<Vec<_>>(), b);
        assert_eq!((d("kitten", "sitting"), d("", "abc"), d("abc", ""), d("abc", "abc")), (3, 3, 3, 0));
    }

    #[test]
    fn too_many_problems_are_counted_and_told_in_the_order_of_lines() {
        let mut problems = Problems::default();
        let file = Path::new("f");
        for line in (1..=150).rev() {
            problems.push(Problem::of(file, Msg::same("x"), Msg::same("y")).line(line));
        }
        let told = problems.into_vec();
        assert_eq!(told.len(), MOST_PROBLEMS + 1);
        assert_eq!(told[0].at.line, Some(51));
        assert_eq!(told[MOST_PROBLEMS].message, crate::msg!("et 50 autres problèmes", "and 50 more problems"));
    }

    #[test]
    fn what_is_shown_is_cut_and_escaped() {
        assert_eq!(shown("a\nb"), "a\\u{a}b");
        assert_eq!(shown(&"é".repeat(200)).chars().count(), 81);
    }
}
