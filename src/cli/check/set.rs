//! A deposit form among the files to be checked, and what lies beside it.

use super::files::read;
use crate::error::Problem;
use crate::judge;
use crate::piece::depot::{self, Presence};
use crate::rules::Context;
use crate::trade::Mode;
use crate::xml;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;

/// The files that a file names, if it is a deposit form in a mode that has them.
pub fn names_of(path: &Path, bytes: &[u8], context: &Context<'_>) -> Option<Vec<String>> {
    let name = path.file_name()?.to_string_lossy();
    judge::names_of(&name, bytes, &context.config.limits.xml()).filter(|_| context.mode != Mode::Edi)
}

/// A main file's name and bytes.
type Main = (String, Vec<u8>);

/// The main file, where it is there, and what is there of each file.
pub fn beside(form: &Path, names: &[String], most: u64) -> Result<(Option<Main>, HashMap<String, Presence>), Problem> {
    let (mut main, mut beside) = (None, HashMap::new());
    for (n, name) in names.iter().enumerate() {
        let path = form.with_file_name(name);
        let is_file = depot::is_plain_name(name) && path.is_file();
        let presence = match is_file.then(|| read(&path, most)).transpose()? {
            None => Presence::Missing,
            Some(Err(size)) => Presence::Large(size),
            Some(Ok(bytes)) => {
                let size = bytes.len() as u64;
                if n == 0 {
                    main = Some((name.clone(), bytes));
                }
                Presence::Here(size)
            }
        };
        beside.insert(name.clone(), presence);
    }
    Ok((main, beside))
}

/// The files that the forms of a directory name.
pub fn named_in(dir: &Path, limits: &xml::Limits) -> HashSet<OsString> {
    let Ok(entries) = std::fs::read_dir(dir) else { return HashSet::new() };
    let forms = entries.filter_map(Result::ok).map(|entry| entry.path());
    let named = forms.filter_map(|path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let is_form = depot::is_called(&name) && path.is_file();
        let bytes = is_form.then(|| read(&path, depot::LONGEST as u64)).and_then(Result::ok)?.ok()?;
        judge::names_of(&name, &bytes, limits)
    });
    named.flatten().filter(|name| depot::is_plain_name(name)).map(OsString::from).collect()
}
