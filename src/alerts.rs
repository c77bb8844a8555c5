//! What is late: which delay counts for a pièce in its present state, from when, until which day. One table and the
//! arithmetic of days; nothing here moves a pièce, the life cycle's own delays do.
//!
//! Days are calendar days in Paris. The day after the event is the first; a delay of n days is over at the end of the
//! n-th, one of no days at once.

use crate::clock::Instant;
use crate::config::Delays;
use crate::lifecycle::Statut;
use crate::text::{Text, t};
use crate::trade::Cadre;
use chrono::{Days, NaiveDate};
use std::time::Duration;

/// Whose delay it is, or for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Alert {
    /// A valideur has not answered.
    Valideur,
    /// The MOE has not answered a monthly draft.
    Moe,
    /// The MOA has not notified the décompte général.
    Dg,
    /// The contractor has not signed the décompte général.
    Signature,
    /// The payment is not made.
    Paiement,
}

impl Alert {
    /// Every one, in the order of the chain.
    pub const ALL: [Alert; 5] = [Alert::Valideur, Alert::Moe, Alert::Dg, Alert::Signature, Alert::Paiement];

    /// Its name in JSON and CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Alert::Valideur => "valideur",
            Alert::Moe => "moe",
            Alert::Dg => "dg",
            Alert::Signature => "signature",
            Alert::Paiement => "paiement",
        }
    }

    /// What a person reads.
    pub const fn label(self) -> Text {
        match self {
            Alert::Valideur => t("réponse du valideur", "answer of the valideur"),
            Alert::Moe => t("réponse de la MOE", "answer of the MOE"),
            Alert::Dg => t("notification du décompte général", "notification of the décompte général"),
            Alert::Signature => t("signature du décompte général", "signature of the décompte général"),
            Alert::Paiement => t("paiement", "payment"),
        }
    }

    /// How many days it has; `payment` is what the marché's sheet says, which wins.
    pub const fn days(self, delays: &Delays, payment: Option<u32>) -> u64 {
        match (self, payment) {
            (Alert::Valideur, _) => whole_days(delays.valideur),
            (Alert::Moe, _) => whole_days(delays.moe),
            (Alert::Dg, _) => whole_days(delays.dg),
            (Alert::Signature, _) => SIGNATURE,
            (Alert::Paiement, None) => whole_days(delays.paiement),
            (Alert::Paiement, Some(days)) => days as u64,
        }
    }
}

/// Days to sign a décompte général (CCAG Travaux 2021).
const SIGNATURE: u64 = 30;

/// From when a delay counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// From when the pièce has its status.
    Status,
    /// It is over already: its status says so, from the day after the last one.
    Over,
    /// From the deposit; no answer in the dossier.
    Deposit,
    /// From when the MOE received the first monthly draft of the dossier; of a dossier without one, as [`Start::Receipt`].
    Draft,
    /// From when the titulaire agreed, or its silence counted for agreement.
    Agreement,
    /// From when the destinataire received it.
    Receipt,
}

/// One row: in these statuses a pièce of these cadres is waited for.
#[derive(Debug)]
pub struct Watch {
    /// What is waited for.
    pub alert: Alert,
    /// Of which cadres; empty: of all.
    pub cadres: &'static [Cadre],
    /// In which statuses.
    pub statuts: &'static [Statut],
    /// From when.
    pub from: Start,
}

use Cadre::{A4, A7, A10, A13, A14, A18, A19, A20, A22, A23, A24, A25};
use Statut as S;

/// Cadres that answer a projet de décompte final: the décompte général, or the tacit procedure that stands for it.
pub static ANSWERS: [Cadre; 5] = [A20, A22, A23, A24, A25];
/// The monthly drafts.
pub static DRAFTS: [Cadre; 2] = [A4, A13];

const ALL: &[Cadre] = &[];
const VALIDEUR: &[S] = &[S::AValider1, S::AValider2];
const MOE: &[S] = &[S::MiseADispositionMoe];
const SILENT: &[S] = &[S::AbsenceValidationMoe];
const FINAL: &[S] = &[S::MiseADispositionMoe, S::Suspendue, S::Associee];
const FOURNISSEUR: &[S] = &[S::MiseADispositionFournisseur];
const PAYER: &[S] = &[
    S::MiseADisposition,
    S::PriseEnCompteDestinataire,
    S::ServiceFait,
    S::Mandatee,
    S::MiseADispositionComptable,
    S::Comptabilisee,
];

// Sources: the law on sous-traitance (valideur), the CCAG Travaux 2021 (MOE, décompte général, signature), the code de la
// commande publique (payment). An A10 is not made available to the destinataire: it is paid, or not, while the MOE has it.
/// THE table of what is waited for; the first row that fits is the one.
#[rustfmt::skip]
pub static WATCHES: [Watch; 9] = [
    //    waited for        cadres       statuses      from
    watch(Alert::Valideur,  ALL,         VALIDEUR,     Start::Status),
    watch(Alert::Moe,       &DRAFTS,     MOE,          Start::Status),
    watch(Alert::Moe,       ALL,         SILENT,       Start::Over),
    watch(Alert::Dg,        &[A7, A14],  FINAL,        Start::Deposit),
    watch(Alert::Signature, &[A18, A20], FOURNISSEUR,  Start::Status),
    watch(Alert::Paiement,  &[A10],      MOE,          Start::Agreement),
    watch(Alert::Paiement,  &[A10],      PAYER,        Start::Agreement),
    watch(Alert::Paiement,  &[A19],      PAYER,        Start::Draft),
    watch(Alert::Paiement,  ALL,         PAYER,        Start::Receipt),
];

const fn watch(alert: Alert, cadres: &'static [Cadre], statuts: &'static [Statut], from: Start) -> Watch {
    Watch { alert, cadres, statuts, from }
}

/// What is waited for in this state, if anything.
pub fn watched(cadre: Cadre, status: Statut) -> Option<&'static Watch> {
    let fits = |w: &&Watch| w.statuts.contains(&status) && (w.cadres.is_empty() || w.cadres.contains(&cadre));
    WATCHES.iter().find(fits)
}

/// When the things happened from which delays count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    /// The pièce got its status.
    pub since: Instant,
    /// It was deposited.
    pub deposited: Instant,
    /// Of [`Start::Deposit`]: whether its dossier has one of [`ANSWERS`].
    pub answered: bool,
    /// Of [`Start::Draft`], [`Start::Agreement`], [`Start::Receipt`]: when that was; none: from when it has its status.
    pub payable: Option<Instant>,
}

/// What is waited for, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// What is waited for.
    pub alert: Alert,
    /// The last day on which it is not late; of a delay of no days, the day before the event.
    pub last: NaiveDate,
}

impl Due {
    /// Whether the delay is over.
    pub fn is_over(&self, today: NaiveDate) -> bool {
        today > self.last
    }
}

/// What is waited for in this state, and its last day. `payment` is the marché's own number of days to pay.
pub fn alert(cadre: Cadre, status: Statut, dates: &Dates, delays: &Delays, payment: Option<u32>) -> Option<Due> {
    let Watch { alert, from, .. } = *watched(cadre, status)?;
    let days = alert.days(delays, payment);
    let last = match from {
        Start::Over => dates.since.day().pred_opt()?,
        Start::Status => last_day(dates.since, days)?,
        Start::Deposit if dates.answered => return None,
        Start::Deposit => last_day(dates.deposited, days)?,
        Start::Draft | Start::Agreement | Start::Receipt => last_day(dates.payable.unwrap_or(dates.since), days)?,
    };
    Some(Due { alert, last })
}

/// The last day of a delay that an event began.
fn last_day(event: Instant, days: u64) -> Option<NaiveDate> {
    match days {
        0 => event.day().pred_opt(),
        n => event.day().checked_add_days(Days::new(n)),
    }
}

/// The moment before which an event must be for its delay of so many days to be over on this day.
pub fn over_before(today: NaiveDate, days: u64) -> Instant {
    let first = match days {
        0 => today.succ_opt(),
        n => today.checked_sub_days(Days::new(n)),
    };
    first.map_or(Instant(i64::MIN), Instant::start_of)
}

const fn whole_days(delay: Duration) -> u64 {
    delay.as_secs() / 86_400
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Config;
    use Cadre::{A6, A8};

    fn at(moment: &str) -> Instant {
        Instant(chrono::DateTime::parse_from_rfc3339(moment).unwrap().timestamp_millis())
    }

    fn day(day: &str) -> NaiveDate {
        day.parse().unwrap()
    }

    /// Everything happened at the same moment.
    fn dates(moment: &str) -> Dates {
        Dates { since: at(moment), deposited: at(moment), answered: false, payable: None }
    }

    fn last(cadre: Cadre, status: Statut, dates: &Dates) -> Option<(Alert, String)> {
        let due = alert(cadre, status, dates, &Config::default().delays, None);
        due.map(|due| (due.alert, due.last.to_string()))
    }

    #[test]
    #[rustfmt::skip]
    fn each_row_has_its_days() {
        let cases = [
            // cadre  status                            event                        what                last day
            (A10, S::AValider1,                   "2026-03-02T09:00:00+01:00", Alert::Valideur,  "2026-03-17"),
            (A13, S::AValider2,                   "2026-03-02T09:00:00+01:00", Alert::Valideur,  "2026-03-17"),
            (A4,  S::MiseADispositionMoe,         "2026-03-02T09:00:00+01:00", Alert::Moe,       "2026-03-09"),
            (A13, S::MiseADispositionMoe,         "2026-03-02T09:00:00+01:00", Alert::Moe,       "2026-03-09"),
            (A4,  S::AbsenceValidationMoe,        "2026-03-10T00:00:00+01:00", Alert::Moe,       "2026-03-09"),
            (A7,  S::MiseADispositionMoe,         "2026-03-02T09:00:00+01:00", Alert::Dg,        "2026-04-01"),
            (A7,  S::Associee,                    "2026-03-02T09:00:00+01:00", Alert::Dg,        "2026-04-01"),
            (A14, S::Suspendue,                   "2026-03-02T09:00:00+01:00", Alert::Dg,        "2026-04-01"),
            (A18, S::MiseADispositionFournisseur, "2026-03-02T09:00:00+01:00", Alert::Signature, "2026-04-01"),
            (A20, S::MiseADispositionFournisseur, "2026-03-02T09:00:00+01:00", Alert::Signature, "2026-04-01"),
            (A19, S::MiseADisposition,            "2026-03-02T09:00:00+01:00", Alert::Paiement,  "2026-04-01"),
            (A8,  S::Comptabilisee,               "2026-03-02T09:00:00+01:00", Alert::Paiement,  "2026-04-01"),
            (A10, S::MiseADispositionMoe,         "2026-03-02T09:00:00+01:00", Alert::Paiement,  "2026-04-01"),
        ];
        for (cadre, status, event, what, expected) in cases {
            assert_eq!(last(cadre, status, &dates(event)), Some((what, expected.to_owned())), "{cadre} {status}");
        }
    }

    #[test]
    fn what_nobody_waits_for_is_never_late() {
        let long_ago = dates("2020-01-01T00:00:00+01:00");
        for (cadre, status) in [
            (A4, S::Associee),
            (A4, S::Suspendue),
            (A7, S::RemplaceeParA22),
            (A7, S::RefuseeMoe),
            (A10, S::PriseEnCompteMoe),
            (A19, S::MiseEnPaiement),
            (A19, S::Suspendue),
            (A19, S::RefuseeControle),
            (A8, S::Rejetee),
        ] {
            assert_eq!(last(cadre, status, &long_ago), None, "{cadre} {status}");
        }
        let answered = Dates { answered: true, ..long_ago };
        assert_eq!(last(A7, S::Associee, &answered), None);
        assert_eq!(last(A14, S::AValider1, &answered).unwrap().0, Alert::Valideur, "an answer is not the valideur's");
    }

    #[test]
    fn a_delay_ends_with_a_day_in_paris_whatever_the_hour_and_the_season() {
        // From winter to summer time on 29 March 2026: that day has 23 hours.
        let (early, late) = (at("2026-03-28T00:00:00+01:00"), at("2026-03-28T23:59:59+01:00"));
        for event in [early, late] {
            assert_eq!(last_day(event, 1), Some(day("2026-03-29")));
            assert_eq!(last_day(event, 7), Some(day("2026-04-04")));
        }
        let due = Due { alert: Alert::Moe, last: day("2026-03-29") };
        assert!(!due.is_over(at("2026-03-29T23:59:59+02:00").day()));
        assert!(due.is_over(at("2026-03-30T00:00:00+02:00").day()));
        // 23:30 UTC is tomorrow in Paris; and back to winter time on 25 October.
        assert_eq!(last_day(at("2026-03-28T23:30:00+00:00"), 1), Some(day("2026-03-30")));
        assert_eq!(last_day(at("2026-10-24T22:30:00+00:00"), 15), Some(day("2026-11-09")));
        // Ends of months, leap years.
        assert_eq!(last_day(at("2026-01-31T12:00:00+01:00"), 30), Some(day("2026-03-02")));
        assert_eq!(last_day(at("2028-01-31T12:00:00+01:00"), 30), Some(day("2028-03-01")));
        assert_eq!(last_day(at("2026-12-31T12:00:00+01:00"), 1), Some(day("2027-01-01")));
    }

    #[test]
    fn no_days_are_over_at_once() {
        let now = at("2026-03-31T09:00:00+02:00");
        let due = Due { alert: Alert::Moe, last: last_day(now, 0).unwrap() };
        assert!(due.is_over(now.day()));
        assert!(now < over_before(now.day(), 0));
    }

    #[test]
    fn the_two_ways_to_count_agree() {
        let today = day("2026-04-05");
        for days in [0, 1, 7, 8, 15, 30] {
            for hours in 0..24 * 40 {
                let event = Instant(at("2026-02-26T00:00:00+01:00").0 + hours * 3_600_000);
                let due = Due { alert: Alert::Moe, last: last_day(event, days).unwrap() };
                assert_eq!(due.is_over(today), event < over_before(today, days), "{days} {}", event.rfc3339());
            }
        }
    }

    #[test]
    fn the_payment_counts_from_what_made_it_due_and_the_sheet_wins() {
        let delays = Config::default().delays;
        let dates = Dates { payable: Some(at("2026-01-05T09:00:00+01:00")), ..dates("2026-03-02T09:00:00+01:00") };
        let due = |payment| alert(A19, S::Mandatee, &dates, &delays, payment).unwrap().last.to_string();
        assert_eq!(due(None), "2026-02-04");
        assert_eq!(due(Some(60)), "2026-03-06");
        assert_eq!(due(Some(0)), "2026-01-04");
        let moe = alert(A4, S::MiseADispositionMoe, &dates, &delays, Some(60)).unwrap();
        assert_eq!(moe.last.to_string(), "2026-03-09", "other delays are not the sheet's");
    }

    #[test]
    fn configured_delays_are_those_that_count() {
        let none = Duration::ZERO;
        let delays = Delays { valideur: none, moe: none, dg: none, tacite: none, paiement: none };
        let dates = dates("2026-03-02T09:00:00+01:00");
        for (cadre, status) in [(A10, S::AValider1), (A4, S::MiseADispositionMoe), (A7, S::Associee), (A6, S::Mandatee)]
        {
            assert!(
                alert(cadre, status, &dates, &delays, None).unwrap().is_over(day("2026-03-02")),
                "{cadre} {status}"
            );
        }
    }
}
