//! A file that a command writes where its user says: whole or not at all, and never over another.

use super::failure::Failure;
use crate::error::{reason, shown};
use crate::msg;
use crate::text::Msg;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file under another name beside it, then gives it its own; nothing is left where that fails.
pub fn create(to: &Path, fill: impl FnOnce(File) -> Result<(), Failure>) -> Result<(), Failure> {
    create_at(to, |file, _| fill(file))
}

/// The same for whoever fills it by its path, the second argument.
pub fn create_at(to: &Path, fill: impl FnOnce(File, &Path) -> Result<(), Failure>) -> Result<(), Failure> {
    if to.symlink_metadata().is_ok() {
        return Err(cannot(to, &io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    let part = part_of(to);
    let file = File::create_new(&part).map_err(|e| cannot(&part, &e))?;
    let done = fill(file, &part).and_then(|()| place(&part, to).map_err(|e| cannot(to, &e)));
    if done.is_err() {
        // What could not be finished is ours to remove; if even that fails, the first failure is the one to tell.
        let _ = std::fs::remove_file(&part);
    }
    done
}

/// The name under which the file is written: beside the other, and another for each process.
fn part_of(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    to.with_file_name(name)
}

/// Gives the finished file its name, unless something else has it by now.
fn place(part: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, part, CWD, to, RenameFlags::NOREPLACE) {
        // A file system that cannot do so in one step.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            std::fs::hard_link(part, to)?;
            std::fs::remove_file(part)
        }
        done => Ok(done?),
    }
}

/// Why a file could not be written.
pub fn cannot(path: &Path, error: &io::Error) -> Failure {
    let path = shown(&path.display().to_string());
    let (why, help) = reason(error);
    let message =
        Msg::new(format!("impossible d'écrire {path} : {}", why.fr), format!("cannot write {path}: {}", why.en));
    match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(message, msg!("choisissez un autre nom", "choose another name")),
        _ => Failure::new(message, help.into()),
    }
}
