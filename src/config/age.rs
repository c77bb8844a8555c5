//! How long ago something ended: a duration as in the configuration, or calendar years.

use super::keys::{UNITS_OF_TIME, measure};
use crate::clock::Instant;
use crate::trade::UnknownWord;
use chrono::Months;
use std::str::FromStr;

/// An age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Milliseconds.
    Milliseconds(i64),
    /// Calendar years.
    Years(u32),
}

/// Nothing here is older: sums of times stay far from every end.
const MOST_YEARS: u32 = 200;

impl Age {
    /// The moment that is so long before another.
    pub fn before(self, now: Instant) -> Instant {
        match self {
            Age::Milliseconds(ms) => Instant(now.0.saturating_sub(ms)),
            Age::Years(years) => {
                let day = now.day();
                let then = day.checked_sub_months(Months::new(12 * years)).unwrap_or_default();
                Instant(Instant::start_of(then).0 + (now.0 - Instant::start_of(day).0))
            }
        }
    }
}

impl FromStr for Age {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Age, UnknownWord> {
        let most = i64::from(MOST_YEARS) * 366 * 86_400_000;
        let years = measure(text, &[("y", 1)]).and_then(|years| u32::try_from(years).ok());
        let age = years.filter(|years| *years <= MOST_YEARS).map(Age::Years);
        let ms = || measure(text, UNITS_OF_TIME).and_then(|ms| i64::try_from(ms).ok()).filter(|ms| *ms <= most);
        age.or_else(|| ms().map(Age::Milliseconds)).ok_or(UnknownWord)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_duration_or_calendar_years() {
        let now = Instant(1_803_897_000_000);
        let before = |text: &str| text.parse::<Age>().map(|age| age.before(now).rfc3339());
        assert_eq!(now.rfc3339(), "2027-03-01T11:30:00+01:00");
        assert_eq!(before("10y").unwrap(), "2017-03-01T11:30:00+01:00");
        assert_eq!(before("365d").unwrap(), "2026-03-01T11:30:00+01:00");
        assert_eq!(before("0d").unwrap(), now.rfc3339());
        assert_eq!(before("90 d").unwrap(), "2026-12-01T11:30:00+01:00");
        for bad in ["", "10", "y", "-1y", "1.5y", "10Y", "201y", "10y 3d", "99999999999999999999d", "80000d"] {
            assert_eq!(before(bad), Err(UnknownWord), "{bad}");
        }
    }
}
