//! What is taken together: a file, or a deposit form with the files that it names. A form waits for them, and they for
//! it.

use super::Counter;
use super::intake::Intake;
use crate::judge;
use crate::piece::depot;
use crate::spool::{Candidate, ClaimError};
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
    /// has waited long enough. Also says how many files wait.
    pub(super) fn gather(&self, candidates: Vec<Candidate>) -> (Vec<Lot>, usize) {
        if !candidates.iter().any(may_be_form) {
            return (candidates.into_iter().map(|candidate| Lot { candidate, beside: None }).collect(), 0);
        }
        let (patience, now, uptime) =
            (self.intake.config.spool.incomplete_after, self.intake.clock.now(), self.started.elapsed());
        let ready: HashSet<Place> = candidates.iter().map(place).collect();
        let (mut named, mut taken): (HashSet<Place>, HashSet<Place>) = Default::default();
        let mut forms: HashMap<Place, Option<HashMap<String, Candidate>>> = HashMap::new();
        for form in candidates.iter().filter(|c| may_be_form(c)) {
            let Some(names) = self.intake.names(form) else { continue };
            let (mut beside, mut is_whole) = (HashMap::new(), true);
            for name in names.into_iter().filter(|name| depot::is_plain_name(name)) {
                let at = (form.mode, form.partner.clone(), OsString::from(&name));
                let found = self.scanner.beside(form, &name, now, uptime).filter(|_| !named.contains(&at));
                let found = found.filter(|c| self.scanner.is_settled(c) || ready.contains(&at));
                is_whole &= found.is_some();
                if let Some(found) = found {
                    beside.insert(name, found);
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
                None => lots.push(Lot { candidate, beside: None }),
            }
        }
        (lots, waiting)
    }
}

/// EDI has no forms.
fn may_be_form(c: &Candidate) -> bool {
    c.mode != Mode::Edi && c.size <= depot::LONGEST as u64 && depot::is_called(&c.name.to_string_lossy())
}

impl Intake {
    /// The files that a candidate names, if it is a form.
    fn names(&self, form: &Candidate) -> Option<Vec<String>> {
        let opened: Result<_, ClaimError> = self.spool.open_candidate(form.clone(), depot::LONGEST as u64);
        let name = form.name.to_string_lossy();
        judge::names_of(&name, opened.ok()?.bytes()?, &self.config.limits.xml())
    }
}
