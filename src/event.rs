//! Everything that happens and that someone may want to know: one typed event, from which a log line is made.

use crate::clock::Instant;
use crate::msg;
use crate::text::{Lang, Msg};
use std::fmt::Debug;

/// How much an event asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Ordinary work.
    Info,
    /// Someone should look.
    Warning,
    /// Something does not work.
    Alert,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Work begins on this spool.
    Opened {
        /// Its root.
        spool: String,
    },
    /// An earlier run was cut short and is now finished.
    Recovered {
        /// Outbound files published now.
        published: usize,
        /// Claimed files judged again.
        judged: usize,
        /// Decided files put in their last place.
        filed: usize,
    },
    /// A flow was decided.
    Flow {
        /// Its id.
        flow: String,
        /// Who dropped it.
        partner: String,
        /// Its name, made visible.
        name: String,
        /// `accepted`, `refused`…
        outcome: &'static str,
        /// The rules it broke, errors only.
        rules: Vec<&'static str>,
    },
    /// Something in `in/` is not taken.
    Stray {
        /// Where.
        path: String,
        /// Why.
        why: Msg,
    },
    /// Something that is no file was in guichet's own directory: it is in hold now.
    SetAside {
        /// Where it was.
        path: String,
    },
    /// The delay of a pièce is over, and its bytes are not there to be handed on: it waits.
    BytesMissing {
        /// The pièce.
        piece: String,
        /// What the system said.
        why: String,
    },
    /// A partner's directory cannot be made or opened: something else stands in its place.
    NoDirectory {
        /// Whose.
        partner: String,
        /// The system's answer.
        why: String,
    },
    /// An outbound name is taken by something that is not ours.
    NameTaken {
        /// Whose directory.
        partner: String,
        /// The tray.
        tray: String,
        /// The name.
        name: String,
    },
    /// The disk is nearly full: nothing more is claimed.
    DiskReserve {
        /// Bytes free.
        free: u64,
        /// Inodes free.
        inodes: u64,
        /// Bytes that stay free.
        reserve: u64,
    },
    /// A new annuaire is in force.
    AnnuaireLoaded {
        /// Structures in it.
        structures: usize,
    },
    /// The annuaire's files changed and have faults: the old one stays.
    AnnuaireRefused {
        /// The faults.
        problems: Vec<String>,
    },
    /// The kernel's hints are not to be had: the timed scan does alone.
    NoHints {
        /// The system's answer.
        why: String,
    },
    /// Commands cannot be handed to this daemon.
    NoRequests {
        /// The system's answer.
        why: String,
    },
    /// Work ends.
    Closed,
}

impl Event {
    /// How much it asks for attention.
    pub fn level(&self) -> Level {
        match self {
            Event::Opened { .. } | Event::Flow { .. } | Event::AnnuaireLoaded { .. } | Event::Closed => Level::Info,
            Event::Recovered { .. } | Event::Stray { .. } | Event::NoHints { .. } | Event::NoRequests { .. } => {
                Level::Warning
            }
            Event::NoDirectory { .. }
            | Event::BytesMissing { .. }
            | Event::NameTaken { .. }
            | Event::SetAside { .. }
            | Event::DiskReserve { .. }
            | Event::AnnuaireRefused { .. } => Level::Alert,
        }
    }

    /// One line for a log.
    pub fn says(&self) -> Msg {
        match self {
            Event::Opened { spool } => msg!("guichet ouvert sur {spool}", "guichet open on {spool}"),
            Event::Recovered { published, judged, filed } => msg!(
                "reprise après un arrêt brutal : {published} fichiers publiés, {judged} flux rejugés, {filed} classés",
                "recovered from an abrupt end: {published} files published, {judged} flows judged again, {filed} filed"
            ),
            Event::Flow { flow, partner, name, outcome, rules } => {
                let rules = if rules.is_empty() { String::new() } else { format!(" [{}]", rules.join(" ")) };
                Msg::same(format!("{flow} {partner} {name} {outcome}{rules}"))
            }
            Event::Stray { path, why } => Msg::new(
                format!("{path} : laissé en place, {}", why.fr),
                format!("{path}: left where it is, {}", why.en),
            ),
            Event::SetAside { path } => msg!(
                "{path} n'est pas un fichier : un partenaire l'a mis à la place d'un dépôt ; c'est maintenant dans hold/",
                "{path} is no file: a partner put it in the place of a deposit; it is in hold/ now"
            ),
            Event::BytesMissing { piece, why } => msg!(
                "{piece} : son délai est passé, mais ses octets ne sont pas dans archive/ ({why}) ; remettez-les (`guichet verify`)",
                "{piece}: its delay is over, but its bytes are not in archive/ ({why}); put them back (`guichet verify`)"
            ),
            Event::NoDirectory { partner, why } => msg!(
                "répertoire de {partner} inutilisable ({why}) : ses fichiers attendent ; remettez le répertoire en place",
                "a directory of {partner}'s cannot be used ({why}): its files wait; put the directory back"
            ),
            Event::NameTaken { partner, tray, name } => msg!(
                "out/{partner}/{tray}/{name} ne peut pas être publié : un autre fichier ou répertoire occupe la place ; retirez-le",
                "out/{partner}/{tray}/{name} cannot be published: another file or directory is in its place; remove that"
            ),
            Event::DiskReserve { free, reserve, .. } if free < reserve => msg!(
                "disque presque plein ({free} octets libres, réserve {reserve}) : plus rien n'est pris ; libérez de la place",
                "disk nearly full ({free} bytes free, reserve {reserve}): nothing more is taken; free some room"
            ),
            Event::DiskReserve { inodes, .. } => msg!(
                "disque presque plein ({inodes} inodes libres) : plus rien n'est pris ; supprimez des fichiers",
                "disk nearly full ({inodes} inodes free): nothing more is taken; delete some files"
            ),
            Event::AnnuaireLoaded { structures } => {
                msg!("annuaire chargé : {structures} structures", "annuaire loaded: {structures} structures")
            }
            Event::AnnuaireRefused { problems } => {
                let list = problems.join(" | ");
                msg!(
                    "annuaire modifié mais fautif, l'ancien reste : {list}",
                    "annuaire changed but faulty, the old one stays: {list}"
                )
            }
            Event::NoHints { why } => {
                msg!(
                    "pas d'événements du noyau ({why}) : relecture périodique seule",
                    "no kernel events ({why}): timed scan alone"
                )
            }
            Event::NoRequests { why } => msg!(
                "les commandes ne peuvent pas être confiées à ce guichet ({why}) : arrêtez-le pour `replay` et `requeue`",
                "commands cannot be handed to this guichet ({why}): stop it for `replay` and `requeue`"
            ),
            Event::Closed => msg!("guichet fermé", "guichet closed"),
        }
    }
}

/// Where events go.
pub trait Listener: Send + Sync {
    /// Takes one.
    fn hear(&self, at: Instant, event: &Event);
}

/// A listener that forgets.
#[derive(Debug)]
pub struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _at: Instant, _event: &Event) {}
}

/// A listener that writes a line an event on standard error.
#[derive(Debug)]
pub struct Log {
    /// In which language.
    pub lang: Lang,
    /// Events below it are not written.
    pub least: Level,
}

impl Listener for Log {
    fn hear(&self, at: Instant, event: &Event) {
        if event.level() >= self.least {
            let level = match event.level() {
                Level::Info => "info",
                Level::Warning => "warn",
                Level::Alert => "ALERT",
            };
            let says = event.says();
            // A log that cannot be written must not stop the counter.
            let _ = std::io::Write::write_fmt(
                &mut std::io::stderr().lock(),
                format_args!("{} {level} {}\n", at.rfc3339(), says.get(self.lang)),
            );
        }
    }
}
