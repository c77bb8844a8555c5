//! A counter in a directory of its own, whose clock a test moves.

use guichet::annuaire::Annuaire;
use guichet::clock::{Clock, FakeClock, Instant};
use guichet::config::Config;
use guichet::counter::{Counter, Tally};
use guichet::event::{Event, Listener};
use guichet::ledger::{LedgerReader, PieceRow, verify};
use guichet::request::{Act, Answer, Request};
use guichet::text::Lang;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory must hold a guichet.toml and an annuaire.
pub struct House {
    dir: PathBuf,
    clock: Arc<FakeClock>,
    counter: Counter,
}

/// What a test asks of a flow that was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub outcome: String,
    /// Each rule once, in order of their ids.
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
    /// The whole findings, as JSON.
    pub findings: String,
}

impl House {
    /// Opens the counter of a directory; its clock stands at `at`, RFC 3339.
    pub fn open(dir: &Path, at: &str) -> House {
        let config = Config::load(&dir.join("guichet.toml")).unwrap_or_else(|e| panic!("{e:?}"));
        let annuaire = Annuaire::load(&config.annuaire).unwrap_or_else(|e| panic!("{e:#?}"));
        let clock = Arc::new(FakeClock::at(instant(at)));
        let counter = Counter::open(config, Arc::new(annuaire.annuaire), clock.clone(), Arc::new(Deaf), 1).unwrap();
        House { dir: dir.to_path_buf(), clock, counter }
    }

    /// Moves the clock to `at`; it never goes back.
    pub fn wait_until(&self, at: &str) {
        let ms = instant(at).0 - self.clock.now().0;
        assert!(ms >= 0, "{at} is in the past");
        self.clock.advance(ms);
    }

    /// Drops a file: `edi`, `alpha`, `F-1`.
    pub fn drop_file(&self, mode: &str, partner: &str, name: &str, bytes: &[u8]) {
        let dir = self.dir.join("spool/in").join(mode).join(partner);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(name), bytes).unwrap();
    }

    /// Processes everything that is there.
    pub fn batch(&mut self) -> Tally {
        guichet::batch::run(&mut self.counter).unwrap()
    }

    /// Something that a person does to a pièce.
    pub fn act(&mut self, act: Act) -> Answer {
        self.counter.carry_out(&Request::Act(act)).unwrap()
    }

    /// Carries out what a person asks for.
    pub fn carry_out(&mut self, request: &Request) -> Answer {
        self.counter.carry_out(request).unwrap()
    }

    /// What the clock shows.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The ledger, to be asked.
    pub fn ledger(&self) -> Connection {
        Connection::open(self.dir.join("spool/guichet.db")).unwrap()
    }

    /// What was told of the last flow of this name.
    pub fn told(&self, name: &str) -> Told {
        let row = self.ledger().query_row(
            "SELECT outcome, findings FROM flow WHERE name = ? ORDER BY rowid DESC LIMIT 1",
            [name.as_bytes()],
            |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)),
        );
        let (outcome, findings) = row.unwrap_or_else(|e| panic!("{name}: {e}"));
        let all: Vec<serde_json::Value> = serde_json::from_str(&findings).unwrap();
        let of = |severity: &str| {
            let rules =
                all.iter().filter(|f| f["severity"] == severity).map(|f| f["rule"].as_str().unwrap().to_owned());
            rules.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
        };
        Told { outcome, errors: of("error"), warnings: of("warning"), findings }
    }

    /// A pièce as listings show it.
    pub fn piece(&self, id: &str) -> PieceRow {
        LedgerReader::open(&self.dir.join("spool/guichet.db")).unwrap().piece(id).unwrap().unwrap()
    }

    /// What `verify` finds wrong.
    pub fn problems(&self) -> Vec<String> {
        let ledger = LedgerReader::open(&self.dir.join("spool/guichet.db")).unwrap();
        let problems = verify(&ledger, &self.dir.join("spool"), false).unwrap();
        problems.into_iter().map(|p| format!("{}: {}", p.about, p.says.get(Lang::En))).collect()
    }
}

/// A moment, from RFC 3339.
pub fn instant(at: &str) -> Instant {
    let at = chrono::DateTime::parse_from_rfc3339(at).unwrap_or_else(|e| panic!("{at}: {e}"));
    Instant(at.timestamp_millis())
}

struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _: Instant, _: &Event) {}
}
