//! The checker: says from outside, by what lies on the disk and what the ledger's file holds, whether everything that
//! was promised is so. It asks guichet for nothing but `verify`, and looks at the ledger without changing it.

use super::world::{Dropped, World, sha256, text};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// What lies in a spool: each file with its hash, each row of the ledger.
pub type State = BTreeMap<String, String>;

impl World {
    /// Says what is not as promised; `finished`: nothing may be left to do.
    pub fn violations(&self, finished: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        self.conservation(&mut wrong);
        match self.look() {
            Some(ledger) => {
                self.deliveries(&ledger, finished, &mut wrong);
                self.deposits(&ledger, finished, &mut wrong);
                events(&ledger, &mut wrong);
            }
            None if finished => wrong.push("there is no ledger".to_owned()),
            None => {}
        }
        if finished {
            for dir in ["spool/work", "spool/out/.stage"] {
                for file in self.files(dir) {
                    wrong.push(format!("{dir}/{file} is left over"));
                }
            }
            let out = self.run(&["verify"]);
            if !out.status.success() {
                wrong.push(format!("verify: {}{}", text(&out.stdout), text(&out.stderr)));
            }
        }
        wrong
    }

    /// The ledger, to be looked at and left as it is; none: there is none, or nothing is in it yet.
    pub fn look(&self) -> Option<Connection> {
        let ledger =
            Connection::open_with_flags(self.path("spool/guichet.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        ledger.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        let is_made = ledger.prepare("SELECT 1 FROM event").is_ok();
        is_made.then_some(ledger)
    }

    /// Everything in the spool, files and rows: to run once more must not change it.
    pub fn state(&self) -> State {
        let mut state = State::new();
        for file in self.files("spool") {
            if !file.starts_with("guichet.") {
                let hash = sha256(&fs::read(self.path("spool").join(&file)).unwrap());
                state.insert(file, hash);
            }
        }
        let Some(ledger) = self.look() else { return state };
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        for table in column::<String>(&ledger, tables) {
            let mut rows = ledger.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
            let columns = rows.column_count();
            let mut rows = rows.query([]).unwrap();
            let mut n = 0;
            while let Some(row) = rows.next().unwrap() {
                let values: Vec<_> = (0..columns).map(|i| format!("{:?}", row.get_ref(i).unwrap())).collect();
                state.insert(format!("{table} {n}"), sha256(values.join(",").as_bytes()));
                n += 1;
            }
        }
        state
    }

    /// Everything beside the spool: guichet has no business there.
    pub fn outside(&self) -> State {
        let files = self.files(".").into_iter().filter(|file| !file.starts_with("spool/"));
        files.map(|file| (file.clone(), sha256(&fs::read(self.path(&file)).unwrap()))).collect()
    }

    /// Each dropped file's bytes are in exactly one of in, work, archive and hold, under the name they were dropped
    /// with.
    fn conservation(&self, wrong: &mut Vec<String>) {
        let mut names: BTreeMap<&str, Vec<&Dropped>> = BTreeMap::new();
        for dropped in &self.dropped {
            names.entry(&dropped.sha).or_default().push(dropped);
        }
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        let mut in_work: BTreeMap<String, (BTreeSet<String>, bool)> = BTreeMap::new();
        for dir in ["in", "archive", "hold"] {
            for file in self.files(&format!("spool/{dir}")) {
                if file.ends_with("/.part") {
                    continue; // a partner's, not dropped yet
                }
                let name = file.rsplit('/').next().unwrap();
                let bytes = fs::read(self.path(&format!("spool/{dir}/{file}"))).unwrap();
                let inside = deposited(&bytes, &names);
                if let [sha] = &inside[..]
                    && let Some(dropped) = names.get(sha.as_str())
                    && !dropped.iter().any(|d| is_called(d, dir, name))
                {
                    wrong.push(format!("{dir}/{file} was dropped under another name"));
                }
                for sha in inside {
                    *found.entry(sha).or_default() += 1;
                }
            }
        }
        for file in self.files("spool/work") {
            let name = file.rsplit('/').next().unwrap();
            let bytes = fs::read(self.path(&format!("spool/work/{file}"))).unwrap();
            if file.ends_with(".name") {
                // A name kept beside its file, no bytes of a deposit; it may be half written.
                if !self.dropped.iter().any(|d| d.name.starts_with(&bytes)) {
                    wrong.push(format!("work/{file} is no name that was dropped"));
                }
                continue;
            }
            // The partner's file and guichet's copy count as one; a copy may be half written.
            let (shas, is_set) = in_work.entry(name[..18].to_owned()).or_default();
            let inside = deposited(&bytes, &names);
            *is_set |= file.ends_with(".along") || inside.len() > 1 || text(&bytes).contains("urn:guichet:depot:1");
            shas.extend(inside);
        }
        for (shas, is_set) in in_work.values() {
            let dropped = shas.iter().filter(|sha| names.contains_key(sha.as_str()));
            let counted: Vec<&String> = dropped.take(if *is_set { usize::MAX } else { 1 }).collect();
            if counted.is_empty() {
                wrong.push("something in work/ was never dropped".to_owned());
            }
            for sha in counted {
                *found.entry(sha.clone()).or_default() += 1;
            }
        }
        for (sha, dropped) in &names {
            let (n, seen) = (dropped.len(), found.get(*sha).copied().unwrap_or(0));
            if seen != n {
                let name = String::from_utf8_lossy(&dropped[0].name);
                wrong.push(format!("dropped {n} times, found {seen} times: {name:.40}"));
            }
        }
        for sha in found.keys().filter(|sha| !names.contains_key(sha.as_str())) {
            wrong.push(format!("found and never dropped: {}", &sha[..8]));
        }
    }

    /// Everything visible is known to the ledger, whole, and came once; what is committed came or will.
    fn deliveries(&self, ledger: &Connection, finished: bool, wrong: &mut Vec<String>) {
        let rows: Vec<(String, String, i64)> = ledger
            .prepare(
                "SELECT o.partner || '/' || o.tray || '/' || o.name, lower(hex(o.sha256)),
                        EXISTS (SELECT 1 FROM unpublished u WHERE u.id = o.id) FROM outbox o",
            )
            .unwrap()
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let known: BTreeMap<&str, &str> = rows.iter().map(|(p, s, _)| (p.as_str(), s.as_str())).collect();
        if known.len() < rows.len() {
            wrong.push("an outbound name stands twice in the ledger".to_owned());
        }
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (path, sha) in self.visible().into_iter().chain(self.taken.iter().cloned()) {
            match known.get(path.as_str()) {
                None => wrong.push(format!("{path} is visible and not in the ledger")),
                Some(is) if *is != sha => wrong.push(format!("{path} is not what the ledger says")),
                Some(_) => {}
            }
            *seen.entry(path).or_default() += 1;
        }
        for (path, n) in &seen {
            if *n > 1 + self.again.iter().filter(|again| *again == path).count() {
                wrong.push(format!("{path} was delivered {n} times"));
            }
        }
        if finished {
            for (path, _, pending) in &rows {
                if !seen.contains_key(path) {
                    wrong.push(format!("{path} was never delivered"));
                }
                if *pending != 0 {
                    wrong.push(format!("{path} is not marked as published"));
                }
            }
        }
    }

    /// What partners can see now, with its hash.
    pub fn visible(&self) -> Vec<(String, String)> {
        let visible = self.files("spool/out").into_iter().filter(|f| !f.starts_with(".stage/"));
        visible
            .map(|f| {
                let sha = sha256(&fs::read(self.path("spool/out").join(&f)).unwrap());
                (f, sha)
            })
            .collect()
    }

    /// Each deposit is one that was dropped, is answered once, lies where the ledger says, and makes each pièce once.
    fn deposits(&self, ledger: &Connection, finished: bool, wrong: &mut Vec<String>) {
        let mut left: BTreeMap<(&str, &str, &[u8]), usize> = BTreeMap::new();
        for Dropped { mode, partner, name, .. } in &self.dropped {
            *left.entry((mode, partner, name)).or_default() += 1;
        }
        type Row = (String, String, String, Vec<u8>, String, Option<String>, bool, i64);
        let rows: Vec<Row> = ledger
            .prepare(
                "SELECT id, mode, partner, name, filed, lower(hex(sha256)),
                    EXISTS (SELECT 1 FROM event WHERE subject = f.id AND status = 'requeued'),
                    (SELECT count(*) FROM outbox o WHERE o.flow = f.id AND tray = 'comptes-rendus' AND o.partner = f.partner)
                 FROM flow f",
            )
            .unwrap()
            .query_map([], |r| {
                let sha: Option<String> = r.get::<_, Option<String>>(5)?.filter(|sha| !sha.is_empty());
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, sha, r.get(6)?, r.get(7)?))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for (id, mode, partner, name, filed, sha, requeued, reports) in &rows {
            if *reports != 1 {
                wrong.push(format!("{id} has {reports} reports"));
            }
            if *requeued {
                continue; // another flow has its file now
            }
            match left.get_mut(&(mode.as_str(), partner.as_str(), name.as_slice())) {
                Some(n) if *n > 0 => *n -= 1,
                _ => wrong.push(format!("{id} is no deposit that was dropped, or one too many")),
            }
            match fs::read(self.path("spool").join(filed)) {
                Err(e) if finished => wrong.push(format!("{id} is not at {filed}: {e}")),
                Ok(bytes) if sha.as_ref().is_some_and(|sha| *sha != sha256(&bytes)) => {
                    wrong.push(format!("{filed} is not what the ledger says"));
                }
                _ => {}
            }
        }
        let (flows, deposits) = (rows.iter().filter(|row| !row.6).count(), self.dropped.len() - self.along);
        if flows > deposits || finished && flows != deposits {
            wrong.push(format!("{deposits} deposits, {flows} flows in the ledger"));
        }
        for (what, twice) in [
            (
                "number",
                "SELECT supplier_key || ' ' || number FROM piece WHERE live = 1
                 GROUP BY supplier_key, number, substr(issued, 1, 4) HAVING count(*) > 1",
            ),
            (
                "delivery",
                "SELECT partner || ' ' || piece FROM outbox WHERE piece IS NOT NULL
                 GROUP BY partner, piece, coalesce(part, '') HAVING count(*) > 1",
            ),
        ] {
            for it in column::<String>(ledger, twice) {
                wrong.push(format!("a {what} is there twice: {it}"));
            }
        }
    }
}

/// Whether a file of the spool is called as what was dropped.
fn is_called(dropped: &Dropped, dir: &str, name: &str) -> bool {
    if dir == "in" || name.ends_with(".along") {
        return dir != "in" || name.as_bytes() == String::from_utf8_lossy(&dropped.name).as_bytes();
    }
    let (escaped, _) = guichet::spool::escape(OsStr::from_bytes(&dropped.name));
    let own = name.split_once('~').map_or(name, |(_, own)| own);
    // Once it is filed its name says whose it is, and is cut where it becomes too long.
    let filed = own.strip_prefix(&format!("{}~{}~", dropped.mode, dropped.partner));
    let own = filed.unwrap_or(own);
    let is = |own: &str| own == escaped || name.len() == 255 && filed.is_some() && escaped.starts_with(own);
    is(own) || own.strip_suffix(".tar").is_some_and(is)
}

/// Events are gapless, overall and of each subject; each hash covers the event and the hash before it; a pièce has the
/// status of its last event; time does not run backwards.
fn events(ledger: &Connection, wrong: &mut Vec<String>) {
    let mut events = ledger
        .prepare(
            "SELECT seq, subject, n, status, at, by, motif, comment, facts, via, changes, hash FROM event ORDER BY seq",
        )
        .unwrap();
    let mut supplements =
        ledger.prepare("SELECT name, sha256 FROM supplement WHERE piece = ? AND event = ? ORDER BY n").unwrap();
    let mut rows = events.query([]).unwrap();
    let (mut before, mut last_at, mut expected) = (vec![0; 32], 0, 1);
    let mut last: BTreeMap<String, (i64, String)> = BTreeMap::new();
    while let Some(r) = rows.next().unwrap() {
        let int = |i: usize| r.get::<_, i64>(i).unwrap();
        let own = |i: usize| r.get::<_, Option<String>>(i).unwrap();
        let (seq, subject, n, status, at) = (int(0), own(1).unwrap(), int(2), own(3).unwrap(), int(4));
        if seq != expected {
            wrong.push(format!("event {expected} is missing"));
        }
        expected = seq + 1;
        if at < last_at {
            wrong.push(format!("event {seq} is earlier than the one before it"));
        }
        last_at = at;
        let mut bytes = Vec::new();
        field(&mut bytes, Some(b"event"));
        field(&mut bytes, Some(&before));
        number(&mut bytes, seq);
        field(&mut bytes, Some(subject.as_bytes()));
        number(&mut bytes, n);
        field(&mut bytes, Some(status.as_bytes()));
        number(&mut bytes, at);
        for i in 5..=7 {
            field(&mut bytes, own(i).as_deref().map(str::as_bytes));
        }
        field(&mut bytes, r.get::<_, Option<Vec<u8>>>(8).unwrap().as_deref());
        for (what, i) in [("via", 9), ("changes", 10)] {
            if let Some(value) = own(i) {
                field(&mut bytes, Some(what.as_bytes()));
                field(&mut bytes, Some(value.as_bytes()));
            }
        }
        let mut added = supplements.query(rusqlite::params![subject, n]).unwrap();
        while let Some(s) = added.next().unwrap() {
            field(&mut bytes, Some(s.get::<_, String>(0).unwrap().as_bytes()));
            field(&mut bytes, Some(&s.get::<_, Vec<u8>>(1).unwrap()));
        }
        let hash: Vec<u8> = r.get(11).unwrap();
        if Sha256::digest(&bytes).as_slice() != hash {
            wrong.push(format!("the hash of event {seq} does not cover it and the one before it"));
        }
        before = hash;
        let earlier = last.insert(subject.clone(), (n, status));
        if n != earlier.map_or(1, |(n, _)| n + 1) {
            wrong.push(format!("event {n} of {subject} does not follow the one before it"));
        }
    }
    let mut pieces = ledger.prepare("SELECT id, status FROM piece").unwrap();
    let mut pieces = pieces.query([]).unwrap();
    while let Some(r) = pieces.next().unwrap() {
        let (id, status): (String, String) = (r.get(0).unwrap(), r.get(1).unwrap());
        if last.get(&id).is_none_or(|(_, last)| *last != status) {
            wrong.push(format!("{id} has not the status of its last event"));
        }
    }
}

/// A field as the chain covers it: whether it is there, its length, its bytes.
fn field(to: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => to.push(0),
        Some(value) => {
            to.push(1);
            to.extend((value.len() as u64).to_be_bytes());
            to.extend(value);
        }
    }
}

fn number(to: &mut Vec<u8>, n: i64) {
    to.push(2);
    to.extend(n.to_be_bytes());
}

fn column<T: rusqlite::types::FromSql>(ledger: &Connection, sql: &str) -> Vec<T> {
    ledger.prepare(sql).unwrap().query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect()
}

/// What was dropped, from what lies in the spool: of guichet's own archive of a form, the files that are in it.
fn deposited(bytes: &[u8], dropped: &BTreeMap<&str, Vec<&Dropped>>) -> Vec<String> {
    let whole = vec![sha256(bytes)];
    let is_tar = bytes.get(257..262) == Some(b"ustar") && bytes.ends_with(&[0; 1024]);
    if dropped.contains_key(whole[0].as_str()) || !is_tar {
        return whole;
    }
    let mut members = Vec::new();
    for member in tar::Archive::new(bytes).entries().unwrap() {
        let Ok(mut member) = member else { return whole };
        let mut bytes = Vec::new();
        if std::io::Read::read_to_end(&mut member, &mut bytes).is_err() {
            return whole;
        }
        members.push(sha256(&bytes));
    }
    members
}
