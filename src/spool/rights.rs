//! Owners and rights of what is below the spool: what does harm, why, and the command that mends it. What lets others
//! write where deposits are kept ends the start; everything else is told.

use super::{LOCK, STAGE, Tray};
use crate::msg;
use crate::text::{Msg, Shown, Text, t};
use crate::trade::Mode;
use rustix::fs::Access;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Something that has an owner or rights that do harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which, made visible.
    pub path: String,
    /// What is wrong, and why it matters.
    pub why: Msg,
    /// The command that mends it.
    pub fix: String,
    /// It is a partner's directory that is not there.
    pub missing: bool,
    /// Nothing may be done until it is mended.
    pub refused: bool,
}

/// Who may not have which rights, and why.
struct Rule {
    /// Bits that must not be there.
    never: u32,
    /// Bits that end the start.
    refused: u32,
    /// What `chmod` is told.
    chmod: &'static str,
    /// What others could do.
    harm: Text,
}

#[rustfmt::skip]
static OWN: Rule = Rule { never: 0o077, refused: 0o022, chmod: "0700", harm: t(
    "d'autres que guichet lisent ou changent des dépôts", "others than guichet read or change deposits",
) };
#[rustfmt::skip]
static FILE: Rule = Rule { never: 0o077, refused: 0o022, chmod: "0600", harm: t(
    "d'autres que guichet lisent ou changent le registre ou son verrou", "others than guichet read or change the ledger or its lock",
) };
#[rustfmt::skip]
static ABOVE: Rule = Rule { never: 0o022, refused: 0o002, chmod: "go-w", harm: t(
    "d'autres que guichet y remplacent le répertoire d'un partenaire", "others than guichet replace a partner's directory in it",
) };
#[rustfmt::skip]
static PARTNERS: Rule = Rule { never: 0o007, refused: 0, chmod: "o-rwx", harm: t(
    "tout utilisateur de la machine y entre, et voit ce qui n'est pas à lui", "every user of the machine gets in, and sees what is not theirs",
) };

/// Guichet's own directories.
const OWN_DIRECTORIES: [&str; 4] = ["work", "archive", "hold", STAGE];

/// Who guichet is: whoever made the lock, or whoever asks.
fn user(root: &Path) -> u32 {
    root.join(LOCK).symlink_metadata().map_or_else(|_| rustix::process::geteuid().as_raw(), |m| m.uid())
}

/// What keeps guichet from starting here, as the user that it is.
pub(super) fn refused(root: &Path) -> Option<Wrong> {
    own(&absolute(root), rustix::process::geteuid().as_raw()).into_iter().find(|wrong| wrong.refused)
}

/// Everything that does harm; `directories`: each partner's name and modes. It takes nothing and changes nothing.
pub fn look(root: &Path, ledger: &Path, directories: &[(&str, &[Mode])]) -> Vec<Wrong> {
    let (root, ledger) = (&*absolute(root), absolute(ledger));
    let user = user(root);
    let mut wrong = own(root, user);
    // SQLite makes the files beside the ledger with its rights: whoever mends those has most often mended all.
    let files = ["", "-wal", "-shm"].into_iter().find_map(|ending| {
        let mut name = ledger.clone().into_os_string();
        name.push(ending);
        held_to(&FILE, Path::new(&name), Some(user))
    });
    wrong.extend(files);
    for (partner, modes) in directories {
        let inbound = modes.iter().map(|mode| root.join("in").join(mode.name()).join(partner));
        let out = root.join("out").join(partner);
        let trays = Tray::ALL.map(|tray| out.join(tray.name()));
        for path in inbound.chain([out]).chain(trays) {
            wrong.extend(of_partner(&path, user));
        }
    }
    wrong
}

/// What is wrong with what is guichet's own, and above the partners' directories.
fn own(root: &Path, user: u32) -> Vec<Wrong> {
    let modes = Mode::ALL.map(|mode| root.join("in").join(mode.name()));
    let above = [root.to_owned(), root.join("in"), root.join("out")].into_iter().chain(modes);
    let mut wrong: Vec<Wrong> = above.filter_map(|path| held_to(&ABOVE, &path, None)).collect();
    wrong.extend(OWN_DIRECTORIES.iter().filter_map(|dir| held_to(&OWN, &root.join(dir), Some(user))));
    wrong.extend(held_to(&FILE, &root.join(LOCK), Some(user)));
    wrong
}

/// What is wrong with one path; nothing where it is not there: the next start makes it.
fn held_to(rule: &Rule, path: &Path, user: Option<u32>) -> Option<Wrong> {
    let found = path.symlink_metadata().ok()?;
    if let Some(user) = user.filter(|user| found.uid() != *user) {
        let (owner, path) = (found.uid(), quoted(path));
        return Some(Wrong {
            why: msg!(
                "appartient à l'utilisateur {owner}, et guichet est l'utilisateur {user} : l'un défait ce que fait l'autre (guichet lancé en root ?)",
                "belongs to user {owner}, and guichet is user {user}: one undoes what the other does (guichet run as root?)"
            ),
            fix: format!("chown -R {user} {path}"),
            path,
            missing: false,
            refused: true,
        });
    }
    let mode = bits(&found);
    (mode & rule.never != 0).then(|| Wrong {
        path: Shown(&path.to_string_lossy()).to_string(),
        why: Msg::new(format!("droits {mode:04o} : {}", rule.harm.fr), format!("rights {mode:04o}: {}", rule.harm.en)),
        fix: format!("chmod {} {}", rule.chmod, quoted(path)),
        missing: false,
        refused: mode & rule.refused != 0,
    })
}

/// What is wrong with a directory of a partner's.
fn of_partner(path: &Path, user: u32) -> Option<Wrong> {
    let shown = Shown(&path.to_string_lossy()).to_string();
    let Ok(found) = path.symlink_metadata() else {
        return Some(Wrong {
            path: shown,
            why: msg!(
                "ce répertoire d'un partenaire n'est pas là : il ne peut ni déposer ni relever",
                "this directory of a partner's is not there: it can neither drop nor poll"
            ),
            fix: "guichet annuaire load".to_owned(),
            missing: true,
            refused: false,
        });
    };
    // Only as itself can guichet know what it may do there.
    let is_self = rustix::process::geteuid().as_raw() == user;
    let all = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    if is_self && found.is_dir() && rustix::fs::access(path, all).is_err() {
        let why = msg!(
            "droits {:04o} : guichet ne peut y lire et y écrire, rien n'y est pris ni publié",
            "rights {:04o}: guichet cannot read and write in it, nothing is taken or published there",
            bits(&found)
        );
        let fix = format!("setfacl -m u:{user}:rwx {}", quoted(path));
        return Some(Wrong { path: shown, why, fix, missing: false, refused: false });
    }
    held_to(&PARTNERS, path, None)
}

fn bits(found: &Metadata) -> u32 {
    found.mode() & 0o7777
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let shown = Shown(&path.to_string_lossy()).to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@".contains(c);
    if shown.chars().all(is_plain) { shown } else { format!("'{}'", shown.replace('\'', "'\\''")) }
}

/// A path as it is from anywhere: that is where the command that mends is run.
fn absolute(root: &Path) -> PathBuf {
    std::path::absolute(root).unwrap_or_else(|_| root.to_owned())
}
