//! What is taken together: a file, or a deposit form with the files that it names. A form waits for them, and they for
//! it.

use super::Counter;
use crate::judge;
use crate::piece::depot;
use crate::spool::{Candidate, ClaimError, Note};
use crate::trade::Mode;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::sync::Arc;

/// What one deposit is taken from.
pub(super) struct Lot {
    pub candidate: Candidate,
    /// Of a form: the files that it names and that are there, by their names.
    pub beside: Option<HashMap<String, Candidate>>,
}

impl Lot {
    /// Its size when looked at, in bytes.
    pub fn size(&self) -> u64 {
        let beside = self.beside.iter().flat_map(HashMap::values).map(|c| c.size).sum();
        self.candidate.size.saturating_add(beside)
    }
}

/// Where a file lies: its directory, by mode and partner, and its name.
type Place = (Mode, Arc<str>, OsString);

fn place(c: &Candidate) -> Place {
    (c.mode, c.partner.clone(), c.name.clone())
}

impl Counter {
    /// Puts the files that forms name with them, in the order of the forms: of two that name one file the first has it.
    /// A form whose files are not all there waits, and those that are there wait with it; it is taken as it is once it
    /// has waited long enough, and at once where it names more files than a deposit may have. Also says how many wait.
    ///
    /// One look does so much and no more: a form is read once while it does not change, for as long as a turn may take,
    /// and the forms of one directory together may name so many files. Of a directory where that was not enough the
    /// rest waits for the next look, and nobody else does.
    pub(super) fn gather(&mut self, candidates: Vec<Candidate>) -> (Vec<Lot>, usize) {
        if !candidates.iter().any(may_be_form) {
            return (candidates.into_iter().map(|candidate| Lot { candidate, beside: None }).collect(), 0);
        }
        let (patience, now, uptime) =
            (self.intake.config.spool.incomplete_after, self.intake.clock.now(), self.started.elapsed());
        let most = self.intake.config.limits.entries.saturating_sub(1);
        let over = self.turn.map(|turn| std::time::Instant::now() + turn);
        let ready: HashSet<Place> = candidates.iter().map(place).collect();
        let (mut named, mut taken): (HashSet<Place>, HashSet<Place>) = Default::default();
        let mut forms: HashMap<Place, Option<HashMap<String, Candidate>>> = HashMap::new();
        let (mut names_of, mut full): (HashMap<_, usize>, HashSet<_>) = Default::default();
        let mut has_read = false;
        for form in candidates.iter().filter(|c| may_be_form(c)) {
            let dir = form.directory();
            if full.contains(&dir) {
                continue;
            }
            let names = match self.scanner.noted(form) {
                Some(names) => names,
                // One is read in each look, so that all of them are in the end.
                None if has_read && over.is_some_and(|over| std::time::Instant::now() >= over) => {
                    full.insert(dir);
                    continue;
                }
                None => {
                    has_read = true;
                    self.read_names(form)
                }
            };
            let Some(names) = names else { continue };
            if names.len() > most {
                forms.insert(place(form), Some(HashMap::new()));
                continue;
            }
            let so_far = names_of.entry(dir.clone()).or_default();
            *so_far += names.len();
            if *so_far > NAMES && *so_far > names.len() {
                full.insert(dir);
                continue;
            }
            let (mut beside, mut is_whole) = (HashMap::new(), true);
            for name in names.iter().filter(|name| depot::is_plain_name(name)) {
                let at = (form.mode, form.partner.clone(), OsString::from(name));
                let found = self.scanner.beside(form, name, now, uptime).filter(|_| !named.contains(&at));
                let found = found.filter(|c| self.scanner.is_settled(c) || ready.contains(&at));
                is_whole &= found.is_some();
                if let Some(found) = found {
                    beside.insert(name.clone(), found);
                }
                named.insert(at);
            }
            let is_taken = is_whole || form.quiet >= patience;
            if is_taken {
                taken.extend(beside.values().map(place));
            }
            forms.insert(place(form), is_taken.then_some(beside));
        }
        let (mut lots, mut waiting) = (Vec::with_capacity(candidates.len()), 0);
        for candidate in candidates {
            let at = place(&candidate);
            match forms.remove(&at) {
                Some(Some(beside)) => lots.push(Lot { candidate, beside: Some(beside) }),
                Some(None) => waiting += 1,
                // It comes with its form, now or later.
                None if named.contains(&at) => waiting += usize::from(!taken.contains(&at)),
                // A form that was not looked at yet may name it.
                None if full.contains(&candidate.directory()) => waiting += 1,
                None => lots.push(Lot { candidate, beside: None }),
            }
        }
        (lots, waiting)
    }

    /// Reads the files that a candidate names, if it is a form, and notes them.
    fn read_names(&mut self, form: &Candidate) -> Note {
        let opened: Result<_, ClaimError> = self.intake.spool.open_candidate(form.clone(), depot::LONGEST as u64);
        let (Ok(opened), name) = (opened, form.name.to_string_lossy()) else { return None };
        let mut names = judge::names_of(&name, opened.bytes()?, &self.intake.config.limits.xml());
        if let Some(names) = &mut names {
            // One more than it may name says that it names too many.
            names.truncate(self.intake.config.limits.entries);
            for name in names.iter_mut().filter(|name| name.len() > LONGEST_NAME) {
                name.clear(); // no file is called so: not waited for, and told when the form is judged
            }
        }
        let note: Note = names.map(Into::into);
        self.scanner.note(form, note.clone());
        note
    }
}

/// Files that the forms of one directory may name, all together, in one look.
const NAMES: usize = 100_000;
/// Bytes of the name of a file at most.
const LONGEST_NAME: usize = 255;

/// EDI has no forms.
fn may_be_form(c: &Candidate) -> bool {
    c.mode != Mode::Edi && c.size <= depot::LONGEST as u64 && depot::is_called(&c.name.to_string_lossy())
}
