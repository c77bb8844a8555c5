//! The one place where time enters. Everything below `main` gets a [`Clock`] or an [`Instant`]; nothing asks the
//! system. Instants are UTC to the millisecond (what the ledger stores); days are days in Paris.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use std::sync::atomic::{AtomicI64, Ordering};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// The calendar day in Paris at this moment.
    pub fn day(self) -> NaiveDate {
        self.utc().with_timezone(&Paris).date_naive()
    }

    /// The first moment of a day in Paris.
    pub fn start_of(day: NaiveDate) -> Instant {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        Instant(
            Paris
                .from_local_datetime(&midnight)
                .earliest()
                .map_or(midnight.and_utc().timestamp_millis(), |at| at.timestamp_millis()),
        )
    }

    /// RFC 3339 with the offset of Paris, whole seconds: `2026-11-02T09:30:00+01:00`.
    pub fn rfc3339(self) -> String {
        self.utc().with_timezone(&Paris).to_rfc3339_opts(SecondsFormat::Secs, false)
    }

    /// `2026/11/02`: the day in Paris as a relative directory, as the archive is laid out.
    pub fn day_path(self) -> String {
        let day = self.day();
        format!("{:04}/{:02}/{:02}", day.year(), day.month(), day.day())
    }

    fn utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Instant;
}

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant(Utc::now().timestamp_millis())
    }
}

/// A clock that moves only when told to: for tests and simulations.
pub struct FakeClock(AtomicI64);

impl FakeClock {
    /// A clock that stands at `at`.
    pub fn at(at: Instant) -> FakeClock {
        FakeClock(AtomicI64::new(at.0))
    }

    /// Moves the clock on by so many milliseconds.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paris_shows_its_offset_in_summer_and_winter() {
        assert_eq!(Instant(1_793_608_200_000).rfc3339(), "2026-11-02T09:30:00+01:00");
        assert_eq!(Instant(1_782_000_000_000).rfc3339(), "2026-06-21T02:00:00+02:00");
    }

    #[test]
    fn the_day_is_the_day_in_paris() {
        // 23:30 UTC on 31 October is already 1 November in Paris.
        assert_eq!(Instant(1_793_489_400_000).day_path(), "2026/11/01");
        let first = Instant::start_of(Instant(1_793_489_400_000).day());
        assert_eq!(first.rfc3339(), "2026-11-01T00:00:00+01:00");
        assert_eq!(Instant(first.0 - 1).day_path(), "2026/10/31");
    }
}
