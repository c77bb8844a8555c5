//! Looks at the counter from outside after each batch: the ledger's tables as they are, and everything that went out. All
//! of it must be what the law says, and nothing else may have happened.

use super::law::{self, Book, Expected};
use crate::common::house::House;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs;
use std::path::PathBuf;

/// What was seen so far.
pub struct Watch {
    ledger: Connection,
    out: PathBuf,
    event: i64,
    row: i64,
    /// Of each partner, the last number in its names.
    sequence: BTreeMap<String, u64>,
    /// The model's pièce of each id.
    pub ids: HashMap<String, usize>,
    /// Of each pièce how many of its trail were seen.
    seen: HashMap<usize, usize>,
    /// Pièces to which something happened since the last look.
    touched: BTreeSet<usize>,
    looks: usize,
    /// Events seen in all.
    pub events: usize,
    /// Units told in all.
    pub told: usize,
    /// Files delivered in all.
    pub delivered: usize,
}

/// Every so many looks, all pièces are looked at.
const FULL_LOOK: usize = 12;

/// What came out of one batch for whoever dropped a flow: the number of the report, and its text.
pub type Reports = BTreeMap<(String, String), (String, String)>;

impl Watch {
    pub fn new(house: &House) -> Watch {
        Watch {
            ledger: house.ledger(),
            out: house.dir().join("spool/out"),
            event: 0,
            row: 0,
            sequence: BTreeMap::new(),
            ids: HashMap::new(),
            seen: HashMap::new(),
            touched: BTreeSet::new(),
            looks: 0,
            events: 0,
            told: 0,
            delivered: 0,
        }
    }

    /// Looks at everything that is new; `flows` are the files dropped since the last look, by partner. Panics where
    /// something is not as it must be.
    pub fn look(&mut self, book: &mut Book, flows: &BTreeSet<(String, String)>, about: &str) -> Reports {
        let wrong = &mut Vec::new();
        self.rows(book, wrong);
        let told = self.happened(book, wrong);
        let reports = self.trays(book, &told, wrong);
        let answered: BTreeSet<(String, String)> = reports.keys().cloned().collect();
        if answered != *flows {
            wrong.push(format!(
                "flows without their report {:?}, reports without their flow {:?}",
                flows.difference(&answered).collect::<Vec<_>>(),
                answered.difference(flows).collect::<Vec<_>>()
            ));
        }
        self.states(book, wrong);
        if !wrong.is_empty() {
            // What was answered says most.
            for ((partner, file), (outcome, text)) in reports.iter().filter(|(_, (_, text))| !text.is_empty()) {
                eprintln!("{partner} {file}: {outcome} {text}");
            }
        }
        assert!(wrong.is_empty(), "{about}: {} are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
        reports
    }

    /// The new pièces of the ledger are those of the book, and each says what it must.
    fn rows(&mut self, book: &mut Book, wrong: &mut Vec<String>) {
        let mut statement = self
            .ledger
            .prepare_cached(
                "SELECT p.seq, p.id, CAST(f.name AS TEXT), p.member, p.partner, p.cadre, p.number, p.supplier_id, p.mode
                 FROM piece p JOIN flow f ON f.id = p.flow WHERE p.seq > ? ORDER BY p.seq",
            )
            .unwrap();
        type Row = (i64, String, String, Option<String>, [String; 5]);
        let rows: Vec<Row> = statement
            .query_map([self.row], |r| {
                let rest = [r.get(4)?, r.get(5)?, r.get(6)?, r.get(7)?, r.get(8)?];
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, rest))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let mut waiting: HashMap<(String, Option<String>), usize> = book
            .pieces
            .iter()
            .enumerate()
            .rev()
            .take_while(|(_, p)| p.id.is_empty())
            .map(|(n, p)| (p.file.clone(), n))
            .collect();
        for (seq, id, file, member, rest) in rows {
            self.row = seq;
            let Some(n) = waiting.remove(&(file.clone(), member.clone())) else {
                wrong.push(format!("{id} of {file} {member:?} should not be there"));
                continue;
            };
            let p = &mut book.pieces[n];
            p.id.clone_from(&id);
            let meant = [&*p.partner, p.cadre, &p.number, &p.seller, p.mode].map(str::to_owned);
            if rest != meant {
                wrong.push(format!("{id} is {rest:?}, not {meant:?}"));
            }
            self.ids.insert(id, n);
        }
        wrong.extend(waiting.keys().map(|file| format!("no pièce came of {file:?}")));
    }

    /// The new events are those that must have happened, each legal, each at the number of its pièce that follows; gives
    /// what each partner is to be told, in their order.
    fn happened(&mut self, book: &mut Book, wrong: &mut Vec<String>) -> BTreeMap<String, Vec<String>> {
        let mut queues: HashMap<usize, VecDeque<Expected>> = HashMap::new();
        for expected in std::mem::take(&mut book.expected) {
            queues.entry(expected.piece).or_default().push_back(expected);
        }
        let mut statement = self
            .ledger
            .prepare_cached("SELECT seq, subject, n, status, by, motif, comment FROM event WHERE seq > ? ORDER BY seq")
            .unwrap();
        let mut rows = statement.query([self.event]).unwrap();
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        while let Some(r) = rows.next().unwrap() {
            let (seq, subject, n): (i64, String, i64) = (r.get(0).unwrap(), r.get(1).unwrap(), r.get(2).unwrap());
            let n = usize::try_from(n).unwrap();
            let status: String = r.get(3).unwrap();
            let by: Option<String> = r.get(4).unwrap();
            let (motif, comment): (Option<String>, Option<String>) = (r.get(5).unwrap(), r.get(6).unwrap());
            if seq != self.event + 1 {
                wrong.push(format!("event {seq} comes after {}", self.event));
            }
            self.event = seq;
            if subject.starts_with("f-") {
                continue;
            }
            self.events += 1;
            self.touched.extend(self.ids.get(&subject));
            let Some(piece) = self.ids.get(&subject).copied() else {
                wrong.push(format!("{subject} {status}: an event of no pièce"));
                continue;
            };
            let seen = self.seen.entry(piece).or_default();
            *seen += 1;
            if n != *seen {
                wrong.push(format!("{subject} {status} is number {n}, not {seen}"));
            }
            let before = if *seen < 2 { "" } else { book.pieces[piece].trail.get(*seen - 2).copied().unwrap_or("?") };
            if !law::is_legal(before, &status) {
                wrong.push(format!("{subject}: {status} may not follow {before}"));
            }
            let p = &book.pieces[piece];
            let shown = format!("{} {} {status}", p.cadre, p.number);
            let Some(expected) = queues.get_mut(&piece).and_then(VecDeque::pop_front) else {
                wrong.push(format!("{shown} should not have happened"));
                continue;
            };
            if (&*status, &by, &motif) != (expected.status, &expected.by, &expected.motif)
                || expected.comment.as_ref().is_some_and(|c| *c != comment)
            {
                wrong.push(format!("{shown} by {by:?}, {motif:?} {comment:?}: it should be {expected:?}"));
            }
            let says: Vec<String> = [motif, comment].into_iter().flatten().collect();
            // Of one that is refused guichet may not know who pays.
            let known = status != "REFUSEE_CONTROLE";
            let debtor = if known { format!("{0}, Structure {0}", expected.debtor) } else { String::new() };
            let says = says.join(": ");
            let unit = format!("{} {} {status} {:02} ({debtor}) {says}", p.seller, p.number, law_number(&status));
            for partner in &expected.told {
                told.entry(partner.clone()).or_default().push(unit.clone());
            }
        }
        for expected in queues.values().flatten() {
            let p = &book.pieces[expected.piece];
            wrong.push(format!("{} {} ({}) should have become {}", p.cadre, p.number, p.id, expected.status));
        }
        told
    }

    /// What went out: each partner's numbers without a gap, the statuses that it is to be told, the bytes that it is to
    /// have, and a report for each flow. Everything is taken away, as a partner does.
    fn trays(&mut self, book: &mut Book, told: &BTreeMap<String, Vec<String>>, wrong: &mut Vec<String>) -> Reports {
        let gifts = std::mem::take(&mut book.gifts);
        let mut given = BTreeSet::new();
        let mut reports = Reports::new();
        for dir in fs::read_dir(&self.out).unwrap().map(Result::unwrap) {
            let partner = dir.file_name().into_string().unwrap();
            if partner == ".stage" {
                continue;
            }
            let mut numbers = Vec::new();
            let mut units = Vec::new();
            for tray in ["comptes-rendus", "statuts", "pieces"] {
                let mut files: Vec<PathBuf> =
                    fs::read_dir(dir.path().join(tray)).unwrap().map(|e| e.unwrap().path()).collect();
                files.sort();
                for path in files {
                    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                    let bytes = fs::read(&path).unwrap();
                    let digits = if tray == "pieces" { &name[..15] } else { &name[name.len() - 15..] };
                    numbers.push(digits.parse::<u64>().unwrap());
                    match tray {
                        "comptes-rendus" => {
                            let (file, answer) = report(&bytes);
                            if reports.insert((partner.clone(), file.clone()), answer).is_some() {
                                wrong.push(format!("{partner} got two reports of {file}"));
                            }
                        }
                        "statuts" => units.extend(statuses(&bytes)),
                        _ => {
                            self.delivered += 1;
                            match self.part(book, &name, &bytes) {
                                Ok((piece, part)) if given.insert((partner.clone(), piece, part)) => {}
                                Ok(_) => wrong.push(format!("{partner} got {name} twice")),
                                Err(why) => wrong.push(format!("{partner} got {name}: {why}")),
                            }
                        }
                    }
                    fs::remove_file(path).unwrap();
                }
            }
            numbers.sort_unstable();
            for n in numbers {
                let last = self.sequence.get(&partner).copied().unwrap_or(n - 1);
                if n != last + 1 {
                    wrong.push(format!("{partner}: number {n} comes after {last}"));
                }
                self.sequence.insert(partner.clone(), n);
            }
            let meant = told.get(&partner).map_or(&[][..], |all| all);
            self.told += units.len();
            if units != meant {
                let first = units.iter().zip(meant).position(|(a, b)| a != b).unwrap_or(units.len().min(meant.len()));
                let at = |all: &[String]| all.get(first).cloned().unwrap_or_else(|| "nothing".to_owned());
                wrong.push(format!(
                    "{partner} is told {} things, not {}; first, {} and not {}",
                    units.len(),
                    meant.len(),
                    at(&units),
                    at(meant)
                ));
            }
        }
        for missing in told.keys().filter(|partner| !self.out.join(partner).is_dir()) {
            wrong.push(format!("{missing} has no directory"));
        }
        let shown = |(partner, piece, part): &(String, usize, usize)| {
            let p = &book.pieces[*piece];
            format!("{partner}: {} {} ({}), part {part}", p.cadre, p.number, p.id)
        };
        wrong.extend(gifts.difference(&given).map(|g| format!("not delivered to {}", shown(g))));
        wrong.extend(given.difference(&gifts).map(|g| format!("delivered to {}, who should not have it", shown(g))));
        reports
    }

    /// Which part of which pièce a delivered file is: its name says the pièce, its bytes must be the part's.
    fn part(&self, book: &Book, name: &str, bytes: &[u8]) -> Result<(usize, usize), String> {
        let rest = &name[16..];
        let end = rest.find(['.', '_']).ok_or("no name")?;
        let piece = *self.ids.get(&rest[..end]).ok_or("an unknown pièce")?;
        let parts = &book.pieces[piece].parts;
        let is = |(end, own): &(String, Vec<u8>)| rest.ends_with(end.as_str()) && own == bytes;
        let part = parts.iter().position(is).ok_or("bytes that nobody deposited")?;
        Ok((piece, part))
    }

    /// Every pièce is in the status, with the holder, in the dossier and with the actors that the book says; no number
    /// is live twice. Those to which nothing happened are looked at now and then.
    fn states(&mut self, book: &Book, wrong: &mut Vec<String>) {
        self.looks += 1;
        let touched = std::mem::take(&mut self.touched);
        let all = self.looks.is_multiple_of(FULL_LOOK);
        let whose = if all { (0..book.pieces.len()).collect() } else { touched };
        for n in whose {
            self.state(book, n, wrong);
        }
        let one = |sql: &str| self.ledger.prepare_cached(sql).unwrap().query_row([], |r| r.get::<_, i64>(0)).unwrap();
        let count = one("SELECT count(*) FROM piece");
        if usize::try_from(count) != Ok(book.pieces.len()) {
            wrong.push(format!("{count} pièces, {} in the book", book.pieces.len()));
        }
        if all {
            let twice = "SELECT count(*) FROM (SELECT 1 FROM piece WHERE live GROUP BY supplier_key, number, substr(issued, 1, 4)
                         HAVING count(*) > 1)";
            if one(twice) > 0 {
                wrong.push("a number is live twice".to_owned());
            }
            self.dossiers(book, wrong);
        }
    }

    fn state(&self, book: &Book, n: usize, wrong: &mut Vec<String>) {
        let p = &book.pieces[n];
        let mut statement = self
            .ledger
            .prepare_cached(
                "SELECT p.status, e.status, p.holder, p.live, p.destinataire, p.moe, p.moa, p.valideur1, p.valideur2,
                        p.service, p.engagement, p.holder_role
                 FROM piece p JOIN event e ON e.subject = p.id
                 WHERE p.id = ? AND e.n = (SELECT max(n) FROM event WHERE subject = p.id)",
            )
            .unwrap();
        let shown = format!("{} {} ({})", p.cadre, p.number, p.id);
        let mut rows = statement.query([&p.id]).unwrap();
        let Some(r) = rows.next().unwrap() else {
            wrong.push(format!("{shown} is not there"));
            return;
        };
        let text = |i: usize| r.get::<_, Option<String>>(i).unwrap();
        if text(0).as_deref() != Some(p.status) || text(1).as_deref() != Some(p.status) {
            wrong.push(format!("{shown} is {:?}, its last event {:?}; it should be {}", text(0), text(1), p.status));
        }
        if text(2).as_deref() != p.holder() || text(11).is_some() != p.holder().is_some() {
            let (who, role) = (text(2), text(11));
            wrong.push(format!("{shown} in {} is with {who:?} as {role:?}, not {:?}", p.status, p.holder()));
        }
        if r.get::<_, bool>(3).unwrap() != p.is_live() {
            wrong.push(format!("{shown} in {}: is its number live?", p.status));
        }
        if p.status != "REFUSEE_CONTROLE" {
            let own = [Some(&p.dest), p.moe.as_ref(), p.moa.as_ref(), p.v1.as_ref(), p.v2.as_ref()];
            let own = own.into_iter().chain([p.service.as_ref(), p.engagement.as_ref()]);
            for (i, own) in (4..).zip(own) {
                if text(i).as_ref() != own {
                    wrong.push(format!("{shown}: column {i} says {:?}, not {own:?}", text(i)));
                }
            }
        }
    }

    /// The pièces that are together in the ledger's dossiers are together in the book's, and no others.
    fn dossiers(&self, book: &Book, wrong: &mut Vec<String>) {
        let (mut ours, mut theirs): (BTreeMap<usize, String>, BTreeMap<String, usize>) = Default::default();
        let mut statement = self.ledger.prepare_cached("SELECT id, dossier FROM piece").unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(r) = rows.next().unwrap() {
            let (id, dossier): (String, Option<String>) = (r.get(0).unwrap(), r.get(1).unwrap());
            let Some(p) = self.ids.get(&id).map(|n| &book.pieces[*n]) else { continue };
            match (p.dossier, dossier) {
                (None, None) => {}
                (Some(own), Some(is)) => {
                    if *ours.entry(own).or_insert_with(|| is.clone()) != is || *theirs.entry(is).or_insert(own) != own {
                        wrong.push(format!("{} {} ({id}) is in another dossier", p.cadre, p.number));
                    }
                }
                (own, is) => wrong.push(format!("{} {} ({id}): dossier {is:?}, {own:?}", p.cadre, p.number)),
            }
        }
    }

    /// The same, where it is asked for.
    pub fn dump_where(&self, asked: bool) -> Vec<String> {
        if asked { self.dump() } else { Vec::new() }
    }

    /// Everything that the ledger says of pièces, as text: to see that nothing changed.
    pub fn dump(&self) -> Vec<String> {
        let mut all = Vec::new();
        for sql in [
            "SELECT * FROM piece ORDER BY seq",
            "SELECT subject, n, status, at, by, motif, comment, via, changes FROM event WHERE subject LIKE 'p-%' ORDER BY seq",
            "SELECT * FROM link ORDER BY piece, n",
            "SELECT * FROM dossier ORDER BY id",
            "SELECT piece, event, n, name FROM supplement ORDER BY piece, event, n",
            "SELECT partner, tray, name FROM outbox WHERE tray <> 'comptes-rendus' ORDER BY id",
        ] {
            let mut statement = self.ledger.prepare_cached(sql).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(r) = rows.next().unwrap() {
                let row: Vec<String> = (0..columns).map(|i| format!("{:?}", r.get_ref(i).unwrap())).collect();
                all.push(row.join("|"));
            }
        }
        all
    }
}

fn law_number(status: &str) -> u8 {
    if status == "BROUILLON" { 0 } else { law::number(status) }
}

/// The units of a life-cycle flow, in order: supplier, number, status, its number, who pays, and what it says.
fn statuses(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).unwrap();
    let doc = roxmltree::Document::parse(text).unwrap();
    let units = doc.descendants().filter(|n| n.has_tag_name("CPPFactureStatutUnitaire"));
    units
        .map(|unit| {
            let says = |name: &str| {
                unit.descendants().find(|n| n.has_tag_name(name)).and_then(|n| n.text()).unwrap_or_default()
            };
            let id = |name: &str| {
                let who = unit.children().find(|n| n.has_tag_name(name)).unwrap();
                who.children().find(|n| n.has_tag_name("Identifiant")).unwrap().text().unwrap()
            };
            let (number, status) = (says("IdFacture"), says("ComplementStatut"));
            let known = status != "REFUSEE_CONTROLE";
            let debtor = if known { format!("{}, {}", id("Debiteur"), says("Nom")) } else { String::new() };
            let supplier = id("Fournisseur");
            format!("{supplier} {number} {status} {} ({debtor}) {}", says("IdStatut"), says("Commentaire"))
        })
        .collect()
}

/// Of an integration report the file that it answers, its number, and all its text.
fn report(bytes: &[u8]) -> (String, (String, String)) {
    let text = std::str::from_utf8(bytes).unwrap();
    let doc = roxmltree::Document::parse(text).unwrap();
    let says = |name: &str| {
        doc.descendants().find(|n| n.has_tag_name(name)).and_then(|n| n.text()).unwrap_or_default().to_owned()
    };
    let comment = says("Commentaire");
    let file = comment.split('«').nth(1).and_then(|rest| rest.split('»').next()).unwrap().trim().to_owned();
    let lines = doc.descendants().filter(|n| n.has_tag_name("LigneErreurDetail"));
    let lines = lines.map(|line| {
        let all: Vec<&str> = line.descendants().filter(|n| n.is_text()).filter_map(|n| n.text()).collect();
        all.join("\n")
    });
    (file, (says("IdStatut"), lines.collect::<Vec<_>>().join("\n")))
}
