//! Outbound flows: what the ledger will hold becomes bytes. Pure: no disk, no clock; the same values give the same
//! bytes,
//! for ever under the same [`RENDERER`], because a flow that is sent again must be the same file.
//!
//! [`report`] answers a deposit, [`statuses`] tells the life cycle; both are CPPStatut ([`cppstatut`]). How files are
//! called
//! is [`names`].

mod cppstatut;
mod markup;
mod names;

pub use cppstatut::{Cause, Envelope, Report, Reported, StatusUnit, report, statuses};
pub use names::{attachment_name, flow_name, piece_name, report_interface};

use crate::annuaire::Partner;
use crate::text::Lang;

/// What rendered a flow, as the outbox keeps it: changes whenever the same values would give other bytes.
pub const RENDERER: &str = "cppstatut-1.19/3";

/// Whom a flow is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addressee<'a> {
    /// Its application code.
    pub app_code: &'a str,
    /// The name of its directories.
    pub name: &'a str,
    /// The language of its texts.
    pub lang: Lang,
}

impl<'a> Addressee<'a> {
    /// The partner of this name, also when it left the annuaire after it dropped a file: it is answered all the same.
    pub fn new(name: &'a str, known: Option<&'a Partner>) -> Addressee<'a> {
        match known {
            Some(partner) => Addressee { app_code: &partner.app_code, name, lang: partner.lang },
            None => Addressee { app_code: NO_APP_CODE, name, lang: Lang::Fr },
        }
    }
}

/// Stands where the format wants the application code of a partner that is no longer in the annuaire.
const NO_APP_CODE: &str = "INCONNU";
