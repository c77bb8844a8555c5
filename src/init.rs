//! `guichet init`: the tree of a counter, with templates that explain themselves. What is there already is left alone.

use crate::error::Problem;
use crate::msg;
use crate::text::t;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Directories, in the order they are made. What is guichet's own is nobody else's to read.
#[rustfmt::skip]
static DIRECTORIES: &[(&str, u32)] = &[
    // path             mode (the process's umask applies)   source: contract, directories
    ("annuaire",         0o755),
    ("spool",            0o755),
    ("spool/in",         0o755),
    ("spool/in/edi",     0o755),
    ("spool/in/portail", 0o755),
    ("spool/in/service", 0o755),
    ("spool/out",        0o755),
    ("spool/work",       0o700),
    ("spool/archive",    0o700),
    ("spool/hold",       0o700),
];

/// Files and what they hold. None is below `spool/`, which belongs to the deposits.
#[rustfmt::skip]
static FILES: &[(&str, &str)] = &[
    // path                     template
    ("guichet.toml",            include_str!("../spool/guichet.toml")),
    ("annuaire/structures.csv", include_str!("../spool/annuaire/structures.csv")),
    ("annuaire/services.csv",   include_str!("../spool/annuaire/services.csv")),
    ("annuaire/marches.toml",   include_str!("../spool/annuaire/marches.toml")),
    ("annuaire/partners.toml",  include_str!("../spool/annuaire/partners.toml")),
];

/// A part of the tree after `init`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Where it is.
    pub path: PathBuf,
    /// A directory; else a file.
    pub directory: bool,
    /// It was there before and was left as it was.
    pub kept: bool,
}

/// Why the tree could not be made whole. What was made before stays; calling `init` again goes on from there.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct InitError(#[from] pub Problem);

/// Makes the tree in `dir`, which is made too. Never overwrites: a second run changes nothing.
pub fn init(dir: &Path) -> Result<Vec<Created>, InitError> {
    std::fs::create_dir_all(dir).map_err(|e| Problem::io(dir, MAKE_DIRECTORY, &e))?;
    let mut all = Vec::with_capacity(DIRECTORIES.len() + FILES.len());
    for (name, mode) in DIRECTORIES {
        let path = dir.join(name);
        let kept = make_directory(&path, *mode)?;
        all.push(Created { path, directory: true, kept });
    }
    for (name, template) in FILES {
        let path = dir.join(name);
        let kept = make_file(&path, template)?;
        all.push(Created { path, directory: false, kept });
    }
    Ok(all)
}

const MAKE_DIRECTORY: crate::text::Text = t("créer ce répertoire", "make this directory");
const MAKE_FILE: crate::text::Text = t("créer ce fichier", "make this file");

/// True if it was there.
fn make_directory(path: &Path, mode: u32) -> Result<bool, Problem> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => Ok(false),
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(Problem::io(path, MAKE_DIRECTORY, &e)),
        Err(_) if path.is_dir() => Ok(true),
        Err(_) => Err(Problem::of(
            path,
            msg!(
                "ce nom est pris par autre chose qu'un répertoire",
                "this name is taken by something that is no directory"
            ),
            msg!("déplacez ce qui porte ce nom, puis relancez", "move away what bears this name, then run again"),
        )),
    }
}

/// True if it was there.
fn make_file(path: &Path, template: &str) -> Result<bool, Problem> {
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => return kept_file(path),
        Err(e) => return Err(Problem::io(path, MAKE_FILE, &e)),
    };
    fill(&mut file, template).map_err(|e| {
        // Half a template would be kept as if somebody had written it.
        let _ = std::fs::remove_file(path);
        Problem::io(path, MAKE_FILE, &e)
    })?;
    Ok(false)
}

fn kept_file(path: &Path) -> Result<bool, Problem> {
    if path.is_file() {
        return Ok(true);
    }
    Err(Problem::of(
        path,
        msg!("ce nom est pris par autre chose qu'un fichier", "this name is taken by something that is no file"),
        msg!("déplacez ce qui porte ce nom, puis relancez", "move away what bears this name, then run again"),
    ))
}

fn fill(file: &mut File, template: &str) -> io::Result<()> {
    file.write_all(template.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::annuaire::Annuaire;
    use crate::config::Config;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_tree_is_made_once_and_never_overwritten() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("deep/counter");
        let first = init(&dir).unwrap();
        assert!(first.iter().all(|c| !c.kept && c.path.exists() && c.path.is_dir() == c.directory));
        assert_eq!(first.len(), DIRECTORIES.len() + FILES.len());
        std::fs::write(dir.join("guichet.toml"), "[batch]\nflows = 7\n").unwrap();
        std::fs::write(dir.join("annuaire/structures.csv"), "").unwrap();
        let second = init(&dir).unwrap();
        assert!(second.iter().all(|c| c.kept));
        assert_eq!(std::fs::read_to_string(dir.join("guichet.toml")).unwrap(), "[batch]\nflows = 7\n");
        assert_eq!(std::fs::read(dir.join("annuaire/structures.csv")).unwrap(), b"");
    }

    #[test]
    fn the_spool_holds_directories_only_and_guichet_s_own_are_private() {
        let temp = tempfile::tempdir().unwrap();
        init(temp.path()).unwrap();
        let below: Vec<_> = walkdir::WalkDir::new(temp.path().join("spool")).into_iter().map(Result::unwrap).collect();
        assert_eq!(below.len(), 9);
        assert!(below.iter().all(|entry| entry.file_type().is_dir()));
        for own in ["work", "archive", "hold"] {
            let mode = temp.path().join("spool").join(own).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{own}");
        }
    }

    #[test]
    fn the_templates_mean_the_defaults() {
        let temp = tempfile::tempdir().unwrap();
        init(temp.path()).unwrap();
        assert_eq!(Config::load(&temp.path().join("guichet.toml")).unwrap(), Config::at(temp.path()));
        let loaded = Annuaire::load(&temp.path().join("annuaire")).unwrap();
        assert!(loaded.annuaire.partners().is_empty() && loaded.annuaire.structures().is_empty());
        let warnings: Vec<&str> = loaded.warnings.iter().map(|w| w.message.en.as_str()).collect();
        assert_eq!(warnings, ["no partner: nobody can deposit"]);
    }

    #[test]
    fn a_name_that_is_taken_is_told() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("spool"), "").unwrap();
        let InitError(problem) = init(temp.path()).unwrap_err();
        assert_eq!(&*problem.at.file, temp.path().join("spool"));
        assert_eq!(
            problem.message,
            msg!(
                "ce nom est pris par autre chose qu'un répertoire",
                "this name is taken by something that is no directory"
            )
        );
        let temp = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(temp.path().join("guichet.toml")).unwrap();
        assert!(init(temp.path()).unwrap_err().to_string().contains("this name is taken by something that is no file"));
    }
}
