//! Loading: the four files, whole or not at all, with everything wrong told at once.

use super::structures::Structures;
use super::{Annuaire, marches, partners, services, structures};
use crate::config::tree::{Given, Source, Table, Wanted, among};
use crate::error::{Problem, Problems, shown};
use crate::msg;
use crate::text::{Msg, t};
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The files, in the order they are read.
const FILES: [&str; 4] = ["structures.csv", "services.csv", "marches.toml", "partners.toml"];
/// Without these there is no annuaire; the others may be absent: a warning.
const NEEDED: [bool; 4] = [true, false, false, true];
/// Bytes of one file at most.
const MOST_BYTES: u64 = 512 << 20;

/// An annuaire, and what is odd about it.
#[derive(Debug)]
pub struct Loaded {
    /// The annuaire.
    pub annuaire: Annuaire,
    /// What is odd but does not matter to guichet.
    pub warnings: Vec<Problem>,
    /// The files as they were before they were read: a change since then shows.
    pub fingerprint: Fingerprint,
}

/// The state of the four files on the disk. Two that are equal mean that nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint([Option<Stamp>; 4]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Set by the kernel at each write: a copy that keeps its date shows all the same.
    changed: (i64, i64),
}

impl Annuaire {
    /// Reads the four files of a directory.
    pub fn load(dir: &Path) -> Result<Loaded, Vec<Problem>> {
        if !dir.is_dir() {
            let help = msg!("créez l'arborescence avec `guichet init`", "make the tree with `guichet init`");
            return Err(vec![Problem::of(
                dir,
                msg!("le répertoire de l'annuaire n'existe pas", "the directory of the annuaire does not exist"),
                help,
            )]);
        }
        let fingerprint = Annuaire::fingerprint(dir);
        let mut problems = Problems::default();
        let mut warnings = Problems::default();
        let mut sources: [Option<Source>; 4] = Default::default();
        for (n, file) in FILES.into_iter().enumerate() {
            let path = dir.join(file);
            match Source::read(&path, MOST_BYTES) {
                Ok(source) => sources[n] = Some(source),
                Err(_) if matches!(path.try_exists(), Ok(false)) => {
                    missing(&path, NEEDED[n], &mut problems, &mut warnings)
                }
                Err(problem) => problems.push(problem),
            }
        }
        build(&sources, problems, warnings).map(|(annuaire, warnings)| Loaded { annuaire, warnings, fingerprint })
    }

    /// The same from texts, in the order structures, services, marchés, partners: for examples and tests.
    pub fn from_texts(texts: [&str; 4]) -> Result<(Annuaire, Vec<Problem>), Vec<Problem>> {
        let mut problems = Problems::default();
        let mut sources: [Option<Source>; 4] = Default::default();
        for (n, text) in texts.into_iter().enumerate() {
            match Source::of(Path::new(FILES[n]), text.as_bytes().to_vec()) {
                Ok(source) => sources[n] = Some(source),
                Err(problem) => problems.push(problem),
            }
        }
        build(&sources, problems, Problems::default())
    }

    /// How the four files are on the disk now; costs four looks at the directory.
    pub fn fingerprint(dir: &Path) -> Fingerprint {
        let stamp = |file| {
            let meta = std::fs::metadata(dir.join(file)).ok()?;
            let modified = (meta.mtime(), meta.mtime_nsec());
            Some(Stamp { inode: meta.ino(), size: meta.size(), modified, changed: (meta.ctime(), meta.ctime_nsec()) })
        };
        Fingerprint(FILES.map(stamp))
    }
}

fn missing(path: &Path, needed: bool, problems: &mut Problems, warnings: &mut Problems) {
    let help = msg!(
        "créez-le avec `guichet init`, qui n'écrase rien",
        "make it with `guichet init`, which overwrites nothing"
    );
    if needed {
        problems.push(Problem::of(path, msg!("ce fichier manque", "this file is missing"), help));
    } else {
        warnings.push(Problem::of(
            path,
            msg!("ce fichier manque : il est pris pour vide", "this file is missing: it is taken for empty"),
            help,
        ));
    }
}

fn build(
    sources: &[Option<Source>; 4],
    mut problems: Problems,
    mut warnings: Problems,
) -> Result<(Annuaire, Vec<Problem>), Vec<Problem>> {
    let [structures, services, marches, partners] = sources;
    let structures = structures.as_ref().and_then(|s| structures::read(s, &mut problems, &mut warnings));
    let known = structures.as_ref();
    let services =
        services.as_ref().map(|s| services::read(s, known, &mut problems, &mut warnings)).unwrap_or_default();
    let mut desk = Desk { structures: known, services: &services, problems: &mut problems, warnings: &mut warnings };
    let marches = marches.as_ref().map(|s| desk.tables(s, "marche", marches::read)).unwrap_or_default();
    let partners = partners.as_ref().map(|s| {
        let partners = desk.tables(s, "partner", partners::read);
        if partners.is_empty() && desk.problems.is_empty() {
            desk.warnings.push(Problem::of(
                &s.path,
                msg!("aucun partenaire : personne ne peut déposer", "no partner: nobody can deposit"),
                msg!("ajoutez une table [[partner]]", "add a table [[partner]]"),
            ));
        }
        partners
    });
    if !problems.is_empty() {
        return Err(problems.into_vec());
    }
    let annuaire = Annuaire::assemble(structures.unwrap_or_default(), services, marches, partners.unwrap_or_default());
    Ok((annuaire, warnings.into_vec()))
}

/// Where values of the TOML files are checked: what is known so far, what was found wrong.
pub(super) struct Desk<'a> {
    /// `None` where nobody knows who is known.
    pub structures: Option<&'a Structures>,
    pub services: &'a [super::Service],
    pub problems: &'a mut Problems,
    pub warnings: &'a mut Problems,
}

impl Desk<'_> {
    /// Reads a file that is a list of tables of one name.
    fn tables<T>(&mut self, source: &Source, name: &str, read: fn(&[Table<'_>], &mut Self) -> Vec<T>) -> Vec<T> {
        let Some(tree) = source.toml(self.problems) else { return Vec::new() };
        let top = Table { source, name: "", start: 0, entries: tree.get_ref() };
        top.only(&[name], self.problems);
        let wanted = || Wanted {
            what: msg!("une liste de tables", "a list of tables"),
            help: msg!("commencez chaque fiche par une ligne [[{name}]]", "begin each sheet with a line [[{name}]]"),
        };
        let mut tables = Vec::new();
        for given in self.list(top, name, wanted) {
            match given.table() {
                Some(table) => tables.push(table),
                None => self.problems.push(given.wrong(wanted())),
            }
        }
        read(&tables, self)
    }

    /// Tells of something odd, where the key is there.
    pub fn warn(&mut self, at: Option<Given<'_>>, message: Msg, help: Msg) {
        if let Some(given) = at {
            self.warnings.push(given.problem(message, help));
        }
    }

    /// A text, trimmed.
    pub fn text(&mut self, table: Table<'_>, key: &str) -> Option<String> {
        self.text_of(table.get(key)?)
    }

    fn text_of(&mut self, given: Given<'_>) -> Option<String> {
        given.text().map(str::to_owned).map_err(|problem| self.problems.push(problem)).ok()
    }

    /// A text that must be there; empty where it is not, which was told.
    pub fn required_text(&mut self, table: Table<'_>, key: &str) -> String {
        let given = table.required(key, self.problems);
        given.and_then(|given| self.text_of(given)).unwrap_or_default()
    }

    /// A structure that is known.
    pub fn structure(&mut self, table: Table<'_>, key: &str) -> Option<String> {
        self.structure_of(table.get(key)?)
    }

    fn structure_of(&mut self, given: Given<'_>) -> Option<String> {
        let id = self.text_of(given)?;
        if self.structures.is_some_and(|s| !s.by_id.contains_key(id.as_str())) {
            let (key, id) = (given.key, shown(&id));
            self.problems.push(given.problem(
                msg!("{key} : la structure « {id} » est inconnue", "{key}: the structure \"{id}\" is unknown"),
                msg!(
                    "ajoutez-la à structures.csv, ou corrigez l'identifiant",
                    "add it to structures.csv, or mend the identifier"
                ),
            ));
        }
        Some(id)
    }

    /// A known structure that must be there; empty where it is not, which was told.
    pub fn required_structure(&mut self, table: Table<'_>, key: &str) -> String {
        let given = table.required(key, self.problems);
        given.and_then(|given| self.structure_of(given)).unwrap_or_default()
    }

    /// A list of known structures, each once.
    pub fn structures(&mut self, table: Table<'_>, key: &str) -> Vec<String> {
        let wanted = || {
            Wanted::new(
                t("une liste d'identifiants", "a list of identifiers"),
                t(
                    "écrivez-les entre crochets et guillemets : [\"…\", \"…\"]",
                    "write them between brackets and quotes: [\"…\", \"…\"]",
                ),
            )
        };
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for given in self.list(table, key, wanted) {
            let Some(id) = self.structure_of(given) else { continue };
            if !seen.insert(id.clone()) {
                self.problems.push(given.twice(&id));
            }
            found.push(id);
        }
        found
    }

    /// The service of a structure. One that is not registered is odd, no more: what cites it will be refused.
    pub fn service(&mut self, table: Table<'_>, key: &str, of: Option<&str>) -> Option<String> {
        let given = table.get(key)?;
        let code = self.text_of(given)?;
        let known = |of: &str| {
            self.services.binary_search_by(|s| (s.siret.as_str(), s.code.as_str()).cmp(&(of, &code))).is_ok()
        };
        let owner = of.unwrap_or_default();
        if !known(owner) {
            let (owner, shown_code) = (shown(owner), shown(&code));
            let message = msg!(
                "{key} : le service « {shown_code} » de « {owner} » est inconnu",
                "{key}: the service \"{shown_code}\" of \"{owner}\" is unknown"
            );
            self.warn(
                Some(given),
                message,
                msg!("ajoutez-le à services.csv, ou corrigez le code", "add it to services.csv, or mend the code"),
            );
        }
        Some(code)
    }

    /// One word of a closed list.
    pub fn word<T: Copy>(&mut self, table: Table<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        self.word_of(table.get(key)?, words)
    }

    fn word_of<T: Copy>(&mut self, given: Given<'_>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| given.value.as_str() == Some(word));
        if found.is_none() {
            self.problems.push(given.wrong(among(&words.iter().map(|(word, _)| *word).collect::<Vec<_>>())));
        }
        found.map(|(_, value)| *value)
    }

    /// Words of a closed list, each once.
    pub fn words<T: Copy + PartialEq>(&mut self, table: Table<'_>, key: &str, words: &[(&str, T)]) -> Vec<T> {
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let wanted = || {
            let (what, example) = (msg!("une liste de mots", "a list of words"), all[0]);
            Wanted {
                what,
                help: msg!(
                    "écrivez-les entre crochets : [\"{example}\"]",
                    "write them between brackets: [\"{example}\"]"
                ),
            }
        };
        let mut found = Vec::new();
        for given in self.list(table, key, wanted) {
            let Some(value) = self.word_of(given, words) else { continue };
            if found.contains(&value) {
                self.problems.push(given.twice(given.value.as_str().unwrap_or_default()));
            }
            found.push(value);
        }
        found
    }

    /// The members of a list; none where the key is absent, or is no list, which is told.
    pub fn list<'t>(&mut self, table: Table<'t>, key: &str, wanted: impl FnOnce() -> Wanted) -> Vec<Given<'t>> {
        let Some(given) = table.get(key) else { return Vec::new() };
        given.list(wanted()).map_err(|problem| self.problems.push(problem)).unwrap_or_default()
    }
}
