//! Drafts: what is not handed in yet, each a directory of its own in `brouillons/` beside the configuration, with its
//! form and files. One is there whole or not at all.

use super::Parcel;
use super::compose::file_name;
use crate::cli::failure::Failure;
use crate::cli::output::cannot;
use crate::cli::{Exit, Outcome, Session};
use crate::error::{reason, shown};
use crate::flux;
use crate::msg;
use crate::piece::depot;
use crate::render::{Column, Listing, Side, cell};
use crate::text::{Lang, Msg, Text, t};
use crate::xml::Doc;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The directory of drafts.
const DRAFTS: &str = "brouillons";
/// What a draft's form does not say: for whom it is.
pub const ABOUT: &str = "brouillon.toml";

/// The file of this name.
#[derive(Serialize, Deserialize)]
struct About {
    #[serde(rename = "as")]
    by: String,
    partner: String,
    from: Option<String>,
}

/// The drafts of a counter.
pub struct Drafts {
    dir: PathBuf,
}

/// A draft as a listing shows it.
#[derive(Serialize)]
struct Row {
    draft: String,
    cadre: Option<String>,
    number: Option<String>,
    #[serde(rename = "as")]
    by: String,
    partner: String,
    from: Option<String>,
    files: Vec<String>,
}

impl Drafts {
    /// Those beside a configuration; without one, those here.
    pub fn beside(config: Option<&Path>) -> Drafts {
        let above = config.and_then(Path::parent).unwrap_or(Path::new(""));
        Drafts { dir: above.join(DRAFTS) }
    }

    /// Keeps a parcel under a name, or after its number where none is given; gives the name.
    pub fn keep(&self, name: &str, parcel: &Parcel) -> Result<String, Failure> {
        let stem = parcel.name.strip_suffix(depot::ENDING).unwrap_or("depot");
        let free = |n: usize| if n == 1 { file_name(stem) } else { format!("{}-{n}", file_name(stem)) };
        let name = match name {
            "" => (1..).map(free).find(|name| !self.dir.join(name).exists()).unwrap_or_default(),
            name => self.named(name)?,
        };
        let (part, place) = (self.dir.join(format!(".{name}.{}", std::process::id())), self.dir.join(&name));
        if place.symlink_metadata().is_ok() {
            return Err(there(&name));
        }
        self.make()?;
        private_dir(&part).map_err(|e| cannot(&part, &e))?;
        let done = write(&part, parcel).and_then(|()| {
            renameat_with(CWD, &part, CWD, &place, RenameFlags::NOREPLACE)
                .map_err(|e| cannot(&place, &e.into()))
                .and_then(|()| sync(&self.dir))
        });
        if done.is_err() {
            // What could not be finished is ours to remove; if even that fails, the first failure is the one to tell.
            let _ = fs::remove_dir_all(&part);
        }
        done.map(|()| name)
    }

    /// What a draft holds.
    pub fn read(&self, name: &str) -> Result<Parcel, Failure> {
        let name = self.named(name)?;
        let dir = self.dir.join(&name);
        if !dir.is_dir() {
            return Err(self.missing(&name));
        }
        let read = |file: &str| {
            let path = dir.join(file);
            fs::read(&path).map_err(|e| cannot_read(&path, &e))
        };
        let about: About = std::str::from_utf8(&read(ABOUT)?)
            .ok()
            .and_then(|text| toml::from_str(text).ok())
            .ok_or_else(|| broken(&dir.join(ABOUT)))?;
        let called = fs::read_dir(&dir).map_err(|e| cannot_read(&dir, &e))?.filter_map(Result::ok);
        let called = called.filter_map(|entry| entry.file_name().into_string().ok());
        let form_name = called.into_iter().find(|file| depot::is_called(file)).ok_or_else(|| broken(&dir))?;
        let form = read(&form_name)?;
        let doc = parsed(&form).ok_or_else(|| broken(&dir.join(&form_name)))?;
        let mut files = Vec::new();
        for file in depot::names(&doc).into_iter().filter(|file| depot::is_plain_name(file)) {
            files.push((file.clone(), read(&file)?));
        }
        if files.is_empty() {
            return Err(broken(&dir.join(&form_name)));
        }
        let About { by, partner, from } = about;
        Ok(Parcel { by, partner, from, name: form_name, form, files, taken_over: Vec::new() })
    }

    /// Lists the drafts, in the order of their names.
    pub fn list(&self, session: &mut Session) -> Outcome {
        let mut names: Vec<String> = match fs::read_dir(&self.dir) {
            Ok(entries) => entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(cannot_read(&self.dir, &e)),
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        let (mut rows, mut exit) = (Vec::new(), Exit::Fine);
        for name in names {
            match self.read(&name) {
                Ok(parcel) => rows.push(row(name, &parcel)),
                Err(failure) => {
                    failure.remark(session.lang);
                    exit = Exit::Wrong;
                }
            }
        }
        let mut listing = Listing::new(&COLUMNS, session.format, session.lang, &mut session.out)?;
        for row in &rows {
            listing.row(row)?;
        }
        listing.end()?;
        Ok(exit)
    }

    /// Deletes a draft: it is out of the way at once.
    pub fn delete(&self, name: &str) -> Result<(), Failure> {
        let name = self.named(name)?;
        let (place, gone) = (self.dir.join(&name), self.dir.join(format!(".{name}.{}.gone", std::process::id())));
        if !place.is_dir() {
            return Err(self.missing(&name));
        }
        fs::rename(&place, &gone).map_err(|e| cannot(&place, &e))?;
        fs::remove_dir_all(&gone).map_err(|e| cannot(&gone, &e))?;
        let _ = fs::remove_dir(&self.dir); // where it was the last
        Ok(())
    }

    /// Puts bytes where whoever holds the spool can read them, as long as something is done with them.
    pub fn while_there<T>(&self, bytes: &[u8], done: impl FnOnce(PathBuf) -> Result<T, Failure>) -> Result<T, Failure> {
        self.make()?;
        let path = self.dir.join(format!(".envoi.{}", std::process::id()));
        let _ = fs::remove_file(&path); // what an earlier process of this number left
        let written = private_file(&path).and_then(|mut file| file.write_all(bytes));
        let outcome = written.and_then(|()| path.canonicalize()).map_err(|e| cannot(&path, &e)).and_then(done);
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir(&self.dir); // where there is no draft
        outcome
    }

    /// Makes the directory, for nobody else to look into.
    fn make(&self) -> Result<(), Failure> {
        private_dir(&self.dir).map_err(|e| cannot(&self.dir, &e))
    }

    /// A name that is one: no path, and nothing hidden.
    fn named(&self, name: &str) -> Result<String, Failure> {
        if depot::is_plain_name(name) && !name.starts_with('.') && name.len() <= 200 {
            return Ok(name.to_owned());
        }
        let name = shown(name);
        Err(Failure::new(
            msg!("{name} n'est pas un nom de brouillon", "{name} is no name of a draft"),
            msg!("sans « / » ni point au début", "no \"/\", and no dot at the beginning"),
        ))
    }

    fn missing(&self, name: &str) -> Failure {
        let (name, dir) = (shown(name), shown(&self.dir.display().to_string()));
        Failure::new(
            msg!("il n'y a pas de brouillon {name} dans {dir}", "there is no draft {name} in {dir}"),
            msg!("`guichet deposit --drafts` les liste", "`guichet deposit --drafts` lists them"),
        )
    }
}

fn write(dir: &Path, parcel: &Parcel) -> Result<(), Failure> {
    let about = About { by: parcel.by.clone(), partner: parcel.partner.clone(), from: parcel.from.clone() };
    let about = toml::to_string(&about).expect("texts are always TOML").into_bytes();
    let own = [(ABOUT, &about), (&parcel.name, &parcel.form)];
    for (name, bytes) in own.into_iter().chain(parcel.files.iter().map(|(name, bytes)| (name.as_str(), bytes))) {
        let path = dir.join(name);
        let written = private_file(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|e| cannot(&path, &e))?;
    }
    sync(dir)
}

/// A directory that only its owner may look into; one that is there becomes so.
fn private_dir(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
}

/// A new file that only its owner may read: pièces are nobody else's to see.
fn private_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

fn sync(dir: &Path) -> Result<(), Failure> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| cannot(dir, &e))
}

/// A form, read within its own limits.
pub fn parsed(form: &[u8]) -> Option<Doc> {
    let limits = crate::config::Config::default().limits.xml();
    let doc = flux::decode(form.to_vec()).ok().and_then(|text| Doc::parse(text, &limits).ok())?;
    depot::is_form(&doc).then_some(doc)
}

fn row(draft: String, parcel: &Parcel) -> Row {
    let doc = parsed(&parcel.form);
    let of = |field: &str| {
        let (_, value) = doc.iter().flat_map(depot::entries).find(|(name, _)| *name == field)?;
        Some(value.to_owned())
    };
    let files = parcel.files.iter().map(|(name, _)| name.clone()).collect();
    let (by, partner, from) = (parcel.by.clone(), parcel.partner.clone(), parcel.from.clone());
    Row { draft, cadre: of("cadre"), number: of("numero"), by, partner, from, files }
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let (path, (why, help)) = (shown(&path.display().to_string()), reason(error));
    let message =
        Msg::new(format!("impossible de lire {path} : {}", why.fr), format!("cannot read {path}: {}", why.en));
    Failure::new(message, help.into())
}

fn broken(path: &Path) -> Failure {
    let path = shown(&path.display().to_string());
    Failure::new(
        msg!("{path} n'est pas un brouillon entier", "{path} is no whole draft"),
        msg!(
            "supprimez ce répertoire, et gardez le brouillon à nouveau",
            "remove this directory, and keep the draft again"
        ),
    )
}

fn there(name: &str) -> Failure {
    let name = shown(name);
    Failure::new(
        msg!("il y a déjà un brouillon {name}", "there is a draft {name} already"),
        msg!(
            "choisissez un autre nom, ou supprimez-le : `guichet deposit --delete {name}`",
            "choose another name, or delete it: `guichet deposit --delete {name}`"
        ),
    )
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 7] = [
    column("draft",   t("brouillon", "draft"),     |r, _| r.draft.clone()),
    column("cadre",   t("cadre", "cadre"),         |r, _| cell(&r.cadre)),
    column("number",  t("numéro", "number"),       |r, _| cell(&r.number)),
    column("as",      t("déposant", "depositor"),  |r, _| r.by.clone()),
    column("partner", t("partenaire", "partner"),  |r, _| r.partner.clone()),
    column("from",    t("suit", "follows"),        |r, _| cell(&r.from)),
    column("files",   t("fichiers", "files"),      |r, _| r.files.join(" ")),
];

const fn column(key: &'static str, title: Text, cell: fn(&Row, Lang) -> String) -> Column<Row> {
    Column { key, title: Some(title), side: Side::Left, cell, csv: None }
}
