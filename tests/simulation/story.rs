//! The story: who deposits what each month, and what each of them does with what they hold. Everything is by the dice of
//! one seed; nothing is asked of the product, for the book says what is true.

use super::law::{Ask, Book, Law, Piece, What, is_end};
use super::town::{self, Kind, Unit, marche, siret};
use super::watch::Watch;
use crate::common::archive::{tgz, zipped};
use crate::common::dice::Dice;
use crate::common::house::House;
use chrono::{Datelike, Days, Months, NaiveDate};
use guichet::request::{Act, Answer, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What one partner brings in one step.
enum Item {
    Deposit { piece: usize, bytes: Vec<u8>, ok: bool },
    Act { unit: Unit, ok: bool, rule: &'static str, possible: Vec<&'static str> },
}

impl Item {
    fn ok(&self) -> bool {
        match self {
            Item::Deposit { ok, .. } | Item::Act { ok, .. } => *ok,
        }
    }
}

/// The rules whose findings name the acts that are possible.
const NAMING: [&str; 3] = ["T-42", "T-43", "T-48"];

/// An answer names every act that is possible, and `alone`, no other.
fn names_all(text: &str, possible: &[&str], alone: bool) {
    let words: BTreeSet<&str> = super::law::ACTS.iter().map(|l| l.act).collect();
    // After the role, its acts: `premier valideur : refuse, validate`.
    let expected = text.lines().map(|line| line.strip_prefix("attendu : ").unwrap_or(line));
    let roles = expected.flat_map(|line| line.split(" ; ")).filter_map(|role| role.split_once(" : "));
    let named: Vec<&str> = roles.flat_map(|(_, acts)| acts.split(", ")).collect();
    for word in words {
        let named = named.contains(&word);
        let is = possible.contains(&word);
        assert!(named == is || named && !alone, "{word}: possible {is}, named {named}: {text}");
    }
    assert!(!possible.is_empty() || text.contains("aucun acte n'est possible"), "{text}");
}

/// How the final account of a marché goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    /// A7, A17, A20, A8.
    Normal,
    /// The MOE's own: A7, A17; A18, A8.
    ByMoe,
    /// The MOA is silent: A7, A22, A23.
    Tacit,
    /// The same, noticed by the MOE and the MOA: A7, A17, A22, A24, A25.
    TacitByMoe,
    /// The MOA answers in time: A22, A20, A8.
    InTime,
    /// The MOA gives in: A22, A25.
    TacitByMoa,
}

const PLANS: [Plan; 6] = [Plan::Normal, Plan::Tacit, Plan::TacitByMoe, Plan::ByMoe, Plan::InTime, Plan::TacitByMoa];

pub struct Story {
    pub house: House,
    pub book: Book,
    pub watch: Watch,
    pub dice: Dice,
    pub today: NaiveDate,
    towns: usize,
    items: BTreeMap<(String, &'static str), Vec<Item>>,
    /// Pièces that something happened to since the last batch.
    busy: BTreeSet<usize>,
    /// Pièces that were refused and are to be deposited again.
    again: Vec<usize>,
    serial: usize,
    files: usize,
    pub counts: BTreeMap<&'static str, usize>,
    scratch: tempfile::TempDir,
    /// Whether everything is compared before and after each thing that is refused.
    pub sworn: bool,
    /// Pièces that someone tried to take before the time.
    early: BTreeSet<usize>,
}

const FIRST: &str = "2026-01-05";

impl Story {
    pub fn new(dir: &Path, towns: usize, seed: u64) -> Story {
        let book = town::book(towns);
        town::found(dir, &book);
        let house = House::open(dir, &format!("{FIRST}T08:00:00+01:00"));
        let watch = Watch::new(&house);
        Story {
            house,
            book,
            watch,
            dice: Dice::new(seed),
            today: FIRST.parse().unwrap(),
            towns,
            items: BTreeMap::new(),
            busy: BTreeSet::new(),
            again: Vec::new(),
            serial: 0,
            files: 0,
            counts: BTreeMap::new(),
            scratch: tempfile::tempdir().unwrap(),
            sworn: false,
            early: BTreeSet::new(),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// So many months of works, then the final accounts, until nothing moves any more.
    pub fn run(&mut self, months: u32) {
        let first = self.today;
        for month in 0..months {
            let start = first.checked_add_months(Months::new(month)).unwrap();
            if month == months / 2 {
                self.day(start);
                self.new_lead();
            }
            self.day(start);
            self.drafts(month);
            self.go();
            for day in [1, 3, 7, 8, 11, 15, 16, 22, 26] {
                self.day(start.checked_add_days(Days::new(day)).unwrap());
                self.agents();
                self.payers_drafts();
                self.strangers();
                self.go();
            }
            if month % 8 == 7 {
                assert_eq!(self.house.problems(), Vec::<String>::new(), "month {month}");
            }
        }
        let start = first.checked_add_months(Months::new(months)).unwrap();
        for day in (0..400).step_by(2) {
            self.day(start.checked_add_days(Days::new(day)).unwrap());
            self.agents();
            self.payers_drafts();
            for m in 0..self.book.sheets.len() {
                self.finale(m);
            }
            if day % 10 == 0 {
                self.strangers();
            }
            self.go();
            if day > 90 && self.is_over() {
                break;
            }
        }
        assert!(self.is_over(), "the final accounts are paid");
        assert_eq!(self.house.problems(), Vec::<String>::new());
    }

    pub fn day(&mut self, day: NaiveDate) {
        self.today = day;
        self.house.wait_until(&format!("{day}T10:00:00+01:00"));
    }

    /// The mandataire of each groupement conjoint is another one from now on. What the former one was to validate is not
    /// its own any more, and it says so; and a pièce whose first valideur was wrong gets another second one too.
    fn new_lead(&mut self) {
        let mut held = Vec::new();
        for t in 0..self.towns {
            let (m, s) = (marche(t, Kind::Conjoint), |role: &str| siret(t, role));
            held.push(self.draft(m, "A10", &s("ST3"), None, Some(&s("C1"))));
            held.push(self.draft(m, "A13", &s("C1"), None, None));
            held.push(self.draft(m, "A10", &s("ST4"), None, Some(&s("C3"))));
        }
        self.go();
        for n in held.iter().skip(2).step_by(3) {
            self.act(*n, "validate", None, None);
        }
        self.go();
        for t in 0..self.towns {
            self.book.sheets[marche(t, Kind::Conjoint)].lead = siret(t, "MAND2");
        }
        town::write_marches(self.house.dir(), &self.book);
        assert_eq!(self.house.carry_out(&Request::Annuaire), Answer::Loaded);
        for n in held {
            self.act(n, "refuse", Some("MAUVAIS_VALIDEUR"), None);
        }
        self.go();
    }

    fn dice_owner(&self, id: &str, role: &str) -> bool {
        (0..self.towns).any(|t| siret(t, role) == id)
    }

    fn number(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}-{:06}", self.serial)
    }

    // What is deposited.

    /// What the companies deposit at the beginning of a month.
    fn drafts(&mut self, month: u32) {
        for t in 0..self.towns {
            let s = |role: &str| siret(t, role);
            let of = |kind| marche(t, kind);
            self.draft(of(Kind::Solo), "A4", &s("TIT"), None, None);
            self.draft(of(Kind::Solo), "A10", &s("ST1"), None, Some(&s("TIT")));
            self.draft(of(Kind::Conjoint), "A4", &s("MAND"), None, None);
            for c in ["C1", "C2", "C3"] {
                self.draft(of(Kind::Conjoint), "A13", &s(c), None, None);
            }
            for (sub, of_whom) in [("ST2", "MAND"), ("ST3", "C1"), ("ST3", "C2"), ("ST4", "C3")] {
                self.draft(of(Kind::Conjoint), "A10", &s(sub), None, Some(&s(of_whom)));
            }
            self.draft(of(Kind::Solidaire), "A4", &s("SOLM"), None, None);
            self.draft(of(Kind::Solidaire), "A10", &s("ST5"), None, Some(&s("SOLM")));
            let moe = if self.dice.often(25) { s("MOE2") } else { s("MOE") };
            self.draft(of(Kind::Open), "A4", &s("TIT2"), Some(&moe), None);
            if month.is_multiple_of(2) {
                self.draft(of(Kind::Open), "A5", &s("TIT2"), Some(&s("MOE")), None);
                self.draft(of(Kind::Free), "A5", &s("TIT"), Some(&s("MOE")), None);
            } else {
                self.draft(of(Kind::Free), "A15", &s("TIT"), Some(&s("MOE")), None);
                self.draft(of(Kind::Solo), "A6", &s("TIT"), None, None);
                self.draft(of(Kind::Solo), "A16", &s("TIT"), None, None);
            }
            if month % 5 == 4 {
                // Only the mandataire deposits here.
                let p = town::piece(&self.book, of(Kind::Solidaire), "A13", &s("SOLC"), None, Some(&s("SOLM")));
                self.deposit(p, &[], false);
            }
        }
    }

    pub fn draft(&mut self, m: usize, cadre: &str, seller: &str, moe: Option<&str>, valideur: Option<&str>) -> usize {
        let piece = town::piece(&self.book, m, cadre, seller, moe, valideur);
        self.deposit(piece, &[], true)
    }

    /// Deposits a pièce, by a partner of whoever deposits it; `ok`: it must be accepted.
    pub fn deposit(&mut self, mut piece: Piece, takes: &[usize], ok: bool) -> usize {
        let depositor = town::depositor(&piece);
        let partners: Vec<String> = self.book.partners_of([depositor.as_str()]).into_iter().collect();
        piece.partner = self.dice.one(&partners).clone();
        let edi = takes.is_empty() && ["A4", "A6", "A7", "A8", "A10", "A13", "A14", "A22"].contains(&piece.cadre);
        piece.mode = match (edi, self.dice.below(3)) {
            (true, 0 | 1) => "edi",
            (_, 2) => "service",
            _ => "portail",
        };
        if piece.number.is_empty() {
            piece.number = self.number(piece.cadre);
        }
        piece.issued = self.today.to_string();
        let cites: Vec<String> = takes.iter().map(|n| self.book.pieces[*n].number.clone()).collect();
        let cites: Vec<&str> = cites.iter().map(String::as_str).collect();
        let (cii, plan) = (self.dice.often(50), self.dice.often(10));
        let sheet = &self.book.sheets[piece.marche];
        let by_dest = sheet.registered && self.dice.often(30);
        let bytes = town::document(&piece, sheet, &cites, cii, plan, by_dest);
        piece.parts.push((".xml".to_owned(), bytes.clone()));
        if plan {
            piece.parts.push((format!("_{}", town::PLAN.0), town::PLAN.2.to_vec()));
        }
        let key = (piece.partner.clone(), piece.mode);
        let n = match ok {
            true => self.book.deposit(piece, takes, self.today),
            false => self.book.refused(piece, self.today),
        };
        self.busy.insert(n);
        self.busy.extend(takes);
        self.items.entry(key).or_default().push(Item::Deposit { piece: n, bytes, ok });
        self.count(if ok { "deposits" } else { "deposits refused" });
        n
    }

    // What is done.

    /// Someone who may does this: by a flow mostly, else by command.
    fn act(&mut self, n: usize, act: &'static str, motif: Option<&'static str>, comment: Option<&str>) {
        let status = self.book.pieces[n].status;
        let law = self.book.possible(n).find(|l| l.act == act && motif.is_none_or(|m| l.motifs.contains(&m)));
        let law = law.unwrap_or_else(|| panic!("{act} {motif:?} is not possible in {status}"));
        let actor = self.book.pieces[n].who(law.who).unwrap().to_owned();
        let partners: Vec<String> = self.book.partners_of([actor.as_str()]).into_iter().collect();
        if partners.is_empty() || self.dice.often(8) {
            let ask = Ask {
                what: What::Act(act),
                partner: None,
                by: Some(actor),
                motif: motif.map(str::to_owned),
                comment: comment.map(str::to_owned),
                set: vec![],
                attach: vec![],
            };
            assert_eq!(self.command(n, &ask), Ok(()));
            return;
        }
        let partner = self.dice.one(&partners).clone();
        let what = match self.dice.below(3) {
            0 => What::Number(super::law::number(law.to)),
            _ => What::Status(law.to),
        };
        let by = self.dice.often(60).then_some(actor);
        self.flow(n, what, &partner, by.as_deref(), motif, comment);
    }

    /// An act by a flow; whether it must be done, the book says.
    pub fn flow(
        &mut self,
        n: usize,
        what: What,
        partner: &str,
        by: Option<&str>,
        motif: Option<&str>,
        comment: Option<&str>,
    ) {
        let ask = Ask {
            what,
            partner: Some(partner.to_owned()),
            by: by.map(str::to_owned),
            motif: motif.map(str::to_owned),
            comment: comment.map(str::to_owned),
            set: vec![],
            attach: vec![],
        };
        let says = [motif, comment].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let says = Some(says).filter(|s| !s.is_empty());
        // A pièce whose number is another's too is meant by its date.
        let dated = self.dice.often(70);
        let unit = Unit::new(&self.book.pieces[n], what, by, says.as_deref(), dated);
        let possible = self.names(n);
        let done = self.book.act(n, &ask, self.today);
        self.after(n, done.is_ok());
        let mode = *self.dice.one(&["edi", "portail", "service"]);
        let (ok, rule) = (done.is_ok(), done.err().unwrap_or_default());
        self.items.entry((partner.to_owned(), mode)).or_default().push(Item::Act { unit, ok, rule, possible });
    }

    /// An act by command, at once: the product must say of it what the book says.
    pub fn command(&mut self, n: usize, ask: &Ask) -> Result<(), &'static str> {
        let What::Act(act) = ask.what else { panic!("a command has a word") };
        let mut attach = Vec::new();
        for (end, bytes) in &ask.attach {
            let path = self.scratch.path().join(&end[1..]);
            std::fs::write(&path, bytes).unwrap();
            attach.push(path);
        }
        let request = Request::Act(Act {
            piece: self.book.pieces[n].id.clone(),
            act: act.to_owned(),
            by: ask.by.clone().unwrap(),
            motif: ask.motif.clone(),
            comment: ask.comment.clone(),
            set: ask.set.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
            attach,
        });
        let (possible, before) = (self.names(n), self.watch.dump_where(self.sworn));
        let answer = self.house.carry_out(&request);
        let done = self.book.act(n, ask, self.today);
        match (&answer, done) {
            (Answer::Acted { status }, Ok(())) => assert_eq!(*status, self.book.pieces[n].status),
            (Answer::Refused { findings }, Err(rule)) => {
                assert!(rule == "T-*" || findings.iter().any(|f| f.rule == rule), "{rule}: {findings:?}");
                if NAMING.contains(&rule) {
                    let text =
                        findings.iter().filter_map(|f| f.expected.as_ref()).map(|e| e.fr.as_str()).collect::<String>();
                    names_all(&text, &possible, true);
                }
                assert_eq!(before, self.watch.dump_where(self.sworn), "{rule}: a refused act changes nothing");
            }
            (answer, done) => panic!("{request:?} in {}: {answer:?}, {done:?}", self.book.pieces[n].status),
        }
        self.count("commands");
        self.after(n, done.is_ok());
        done
    }

    /// The acts that someone may do now, by their words.
    fn names(&self, n: usize) -> Vec<&'static str> {
        self.book.possible(n).map(|l| l.act).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn after(&mut self, n: usize, done: bool) {
        if !done {
            self.count("acts refused");
            return;
        }
        self.count("acts");
        self.busy.insert(n);
        self.busy.extend(self.book.pieces[n].takes.clone());
        if is_end(self.book.pieces[n].status) {
            self.again.push(n);
        }
    }

    /// What everyone does with what they hold.
    fn agents(&mut self) {
        for n in std::mem::take(&mut self.again) {
            self.once_more(n);
        }
        for n in 0..self.book.pieces.len() {
            let p = &self.book.pieces[n];
            if p.holder().is_none() || self.busy.contains(&n) {
                continue;
            }
            match p.status {
                "A_VALIDER_1" | "A_VALIDER_2" => self.valideur(n),
                "MISE_A_DISPOSITION_MOE" | "ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE" => self.moe(n),
                "MISE_A_DISPOSITION_MOA" | "PRISE_EN_COMPTE_MOA" => self.moa(n),
                "SUSPENDUE" => self.completes(n),
                "MISE_A_DISPOSITION_FOURNISSEUR" => {}
                s if s.starts_with("ERREUR") || s == "A_RECYCLER" => self.corrects(n),
                _ => self.payer(n),
            }
        }
    }

    /// A refused draft comes again, under its own number, which is free, or another. Others come by their own way.
    fn once_more(&mut self, n: usize) {
        let old = self.book.pieces[n].clone();
        if !["A4", "A5", "A10", "A13"].contains(&old.cadre) {
            return;
        }
        let sheet = &self.book.sheets[old.marche];
        let valideur = match old.cadre {
            "A13" => Some(sheet.lead.clone()),
            _ => old.v1.clone(),
        };
        let mut piece =
            town::piece(&self.book, old.marche, old.cadre, &old.seller, old.moe.as_deref(), valideur.as_deref());
        let same = self.book.pieces.iter().any(|p| p.is_live() && p.number == old.number && p.seller == old.seller);
        if !same && self.dice.often(60) {
            piece.number = old.number;
            self.count("numbers used again");
        }
        self.deposit(piece, &[], true);
    }

    fn other_valideur(&self, n: usize) -> Option<String> {
        let p = &self.book.pieces[n];
        let sheet = &self.book.sheets[p.marche];
        match (p.status, p.cadre) {
            ("A_VALIDER_1" | "ERREUR_FOURNISSEUR_SUR_VALIDEUR", "A10") => {
                let mut all = sheet.subs.iter().filter(|(s, of)| *s == p.seller && Some(of) != p.v1.as_ref());
                all.next().map(|(_, of)| of.clone())
            }
            ("A_VALIDER_2" | "ERREUR_COTRAITANT_SUR_VALIDEUR", _) => {
                Some(sheet.lead.clone()).filter(|lead| p.v2.as_ref() != Some(lead))
            }
            _ => Some(sheet.lead.clone()).filter(|lead| p.v1.as_ref() != Some(lead)),
        }
    }

    fn valideur(&mut self, n: usize) {
        let other = self.other_valideur(n).is_some();
        match self.dice.below(100) {
            0..20 => self.act(n, "validate", None, None),
            20..22 => self.act(n, "refuse", Some("AUTRE"), Some("travaux non faits")),
            22..30 if other => self.act(n, "refuse", Some("MAUVAIS_VALIDEUR"), None),
            _ => {}
        }
    }

    fn moe(&mut self, n: usize) {
        let p = &self.book.pieces[n];
        let is_wrong = self.dice_owner(p.moe.as_deref().unwrap(), "MOE2");
        let last = matches!(p.cadre, "A7" | "A14");
        match self.dice.below(100) {
            _ if is_wrong => self.act(n, "refuse", Some("MAUVAISE_MOE"), Some("voir l'autre <atelier> & co")),
            0..25 if p.cadre == "A10" => self.act(n, "take-into-account", None, None),
            25..28 => self.act(n, "suspend", Some("AUTRE"), Some("il manque le métré : envoyez-le")),
            28..30 if !last => {
                let motif = *self.dice.one(&["AUTRE", "REF_FAC_TRAVAUX"]);
                self.act(n, "refuse", Some(motif), Some("hors marché"));
            }
            _ => {}
        }
    }

    fn moa(&mut self, n: usize) {
        let p = &self.book.pieces[n];
        let (cadre, is_wrong) = (p.cadre, self.dice_owner(p.moa.as_deref().unwrap(), "OWNER2"));
        match self.dice.below(100) {
            0..40 if is_wrong && ["A5", "A15"].contains(&cadre) => {
                self.act(n, "refuse", Some("MAUVAISE_MOA"), None);
            }
            40..50 if p.status == "MISE_A_DISPOSITION_MOA" => self.act(n, "take-into-account", None, None),
            50..53 if cadre != "A22" => self.act(n, "suspend", Some("AUTRE"), Some("précisez")),
            53..56 if ["A5", "A15", "A17", "A24"].contains(&cadre) => {
                self.act(n, "refuse", Some("AUTRE"), Some("à refaire"));
            }
            _ => {}
        }
    }

    fn completes(&mut self, n: usize) {
        match self.dice.below(100) {
            0..30 => self.act(n, "complete", None, Some("voici le métré")),
            30..60 => {
                let name = format!("_metre-{}.txt", self.serial);
                self.serial += 1;
                let bytes = format!("métré {} de {}", self.serial, self.book.pieces[n].number).into_bytes();
                let actor = self.book.pieces[n].holder().map(str::to_owned);
                let ask = Ask {
                    what: What::Act("complete"),
                    partner: None,
                    by: actor,
                    motif: None,
                    comment: self.dice.often(50).then(|| "ci-joint".to_owned()),
                    set: vec![],
                    attach: vec![(name, bytes)],
                };
                assert_eq!(self.command(n, &ask), Ok(()));
            }
            _ => {}
        }
    }

    /// The depositor corrects, first wrongly now and then.
    fn corrects(&mut self, n: usize) {
        if self.dice.often(40) {
            return;
        }
        let p = self.book.pieces[n].clone();
        let t = p.marche / town::KINDS.len();
        let mut set: Vec<(&'static str, String)> = match p.status {
            "ERREUR_FOURNISSEUR_SUR_VALIDEUR" => vec![("valideur1", self.other_valideur(n).unwrap())],
            "ERREUR_COTRAITANT_SUR_VALIDEUR" => vec![("valideur2", self.other_valideur(n).unwrap())],
            "ERREUR_FOURNISSEUR_SUR_MOE" => vec![("moe", siret(t, "MOE"))],
            "A_RECYCLER" if !self.book.sheets[p.marche].registered => vec![("siret", siret(t, "TRESOR"))],
            "A_RECYCLER" => {
                let engagement = format!("ENG-{}", self.number("R"));
                match (p.service.as_deref(), self.dice.below(3)) {
                    (Some("TRAV"), 0) => vec![("service", "VOIRIE".to_owned())],
                    (Some("TRAV"), 1) => vec![("service", "VOIRIE".to_owned()), ("engagement", engagement)],
                    _ => vec![("engagement", engagement)],
                }
            }
            _ => vec![("moa", siret(t, "OWNER3"))],
        };
        if p.status == "A_RECYCLER" && p.dest == siret(t, "TRESOR") && set[0].0 == "siret" {
            set = vec![("siret", siret(t, "OWNER2"))];
        }
        let mut ask = Ask {
            what: What::Act("correct"),
            partner: None,
            by: p.holder().map(str::to_owned),
            motif: None,
            comment: None,
            set,
            attach: vec![],
        };
        if self.dice.often(20) {
            let right = ask.set.clone();
            ask.set = match self.dice.below(4) {
                0 if right[0].0 == "service" => vec![("service", "CLOS".to_owned())],
                0 if right[0].0 == "engagement" => vec![("engagement", "E".to_owned()), ("moe", siret(t, "MOE2"))],
                0 => vec![(right[0].0, town::stranger() + "9")],
                1 => vec![("siret", String::new())],
                2 => vec![],
                _ => vec![(right[0].0, p.datum(right[0].0).unwrap_or_default().to_owned())],
            };
            assert!(self.command(n, &ask).is_err(), "{:?} {}", ask.set, p.status);
            ask.set = right;
        }
        assert_eq!(self.command(n, &ask), Ok(()), "{:?} {}", ask.set, p.status);
        self.count("corrections");
    }

    /// The one who pays goes on, step by step or by leaps.
    fn payer(&mut self, n: usize) {
        let p = &self.book.pieces[n];
        let waits = matches!(p.status, "MISE_A_DISPOSITION" | "PRISE_EN_COMPTE_DESTINATAIRE");
        let is_final = matches!(p.cadre, "A8" | "A23" | "A25");
        let other = if is_final { 4 } else { 10 };
        match self.dice.below(100) {
            0..4 if waits => self.act(n, "suspend", Some("AUTRE"), Some("RIB illisible")),
            4..8 if waits => self.act(n, "recycle", None, Some("autre service")),
            8..10 if waits && !is_final => {
                let motif = *self.dice.one(&["AUTRE", "REF_FAC_TRAVAUX"]);
                self.act(n, "reject", Some(motif), Some("crédits épuisés"));
            }
            k if k >= other && k < 50 => {
                let no = ["suspend", "recycle", "reject"];
                let steps: Vec<&'static Law> = self.book.possible(n).filter(|l| !no.contains(&l.act)).collect();
                let most = steps.len().min(3);
                let act = self.dice.one(&steps[..most]).act;
                self.act(n, act, None, None);
            }
            _ => {}
        }
    }

    /// The MOE's A15 and the MOA's A19 of what they hold.
    fn payers_drafts(&mut self) {
        for m in 0..self.book.sheets.len() {
            let t = m / town::KINDS.len();
            let at_moe = |p: &Piece| {
                matches!(p.cadre, "A4" | "A13")
                    && matches!(p.status, "MISE_A_DISPOSITION_MOE" | "ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE")
                    && p.moe.as_ref() == Some(&siret(t, "MOE"))
            };
            let drafts = self.of(m, at_moe);
            if !drafts.is_empty() && self.dice.often(30) {
                let takes: Vec<usize> = drafts.into_iter().filter(|_| self.dice.often(80)).collect();
                let seller = takes.iter().find(|n| self.book.pieces[**n].cadre == "A4");
                let seller = match seller {
                    Some(n) => self.book.pieces[*n].seller.clone(),
                    None => self.book.sheets[m].titulaire.clone(),
                };
                if !takes.is_empty() {
                    let piece = town::piece(&self.book, m, "A15", &seller, Some(&siret(t, "MOE")), None);
                    self.deposit(piece, &takes, true);
                }
            }
            let at_moa = |p: &Piece| {
                matches!(p.cadre, "A15" | "A5") && matches!(p.status, "MISE_A_DISPOSITION_MOA" | "PRISE_EN_COMPTE_MOA")
            };
            let held = self.of(m, at_moa);
            if !held.is_empty() && self.dice.often(30) {
                let first = self.book.pieces[held[0]].clone();
                let alike = |n: &usize| {
                    let p = &self.book.pieces[*n];
                    (&p.moa, &p.dest, &p.seller, &p.moe) == (&first.moa, &first.dest, &first.seller, &first.moe)
                };
                let takes: Vec<usize> = held.iter().copied().filter(alike).take(3).collect();
                let mut piece = town::piece(&self.book, m, "A19", &first.seller, first.moe.as_deref(), None);
                (piece.moa, piece.dest) = (first.moa, first.dest);
                self.deposit(piece, &takes, true);
            }
        }
    }

    fn of(&self, m: usize, is: impl Fn(&Piece) -> bool) -> Vec<usize> {
        let all = self.book.pieces.iter().enumerate();
        let all = all.filter(|(n, p)| p.marche == m && !self.busy.contains(n) && is(p));
        all.map(|(n, _)| n).collect()
    }

    // The final account.

    fn plan(&self, m: usize) -> Plan {
        match PLANS[m % PLANS.len()] {
            // Its MOE may do nothing there without a pièce that it takes.
            Plan::ByMoe if m % town::KINDS.len() == marche(0, Kind::Open) => Plan::Normal,
            plan => plan,
        }
    }

    /// The next step of a marché's final account.
    fn finale(&mut self, m: usize) {
        let t = m / town::KINDS.len();
        let sheet = self.book.sheets[m].clone();
        let (seller, moe) = (sheet.titulaire.clone(), siret(t, "MOE"));
        let live = |book: &Book, cadre: &str| {
            book.pieces.iter().rposition(|p| p.marche == m && p.cadre == cadre && p.is_live())
        };
        let is = |story: &Story, n: Option<usize>, all: &[&str]| {
            n.filter(|n| all.contains(&story.book.pieces[*n].status) && !story.busy.contains(n))
        };
        let new = |story: &mut Story, cadre: &str, takes: &[usize]| {
            let piece = town::piece(&story.book, m, cadre, &seller, Some(&moe), None);
            story.deposit(piece, takes, true)
        };
        const MOA: &[&str] = &["MISE_A_DISPOSITION_MOA", "PRISE_EN_COMPTE_MOA"];
        const MOE: &[&str] = &["MISE_A_DISPOSITION_MOE"];
        let plan = self.plan(m);
        let [a7, a17, a18, a20, a22, a24] = ["A7", "A17", "A18", "A20", "A22", "A24"].map(|c| live(&self.book, c));
        if ["A8", "A23", "A25"].iter().any(|c| live(&self.book, c).is_some()) {
            return;
        }
        let Some(a7) = a7 else {
            new(self, "A7", &[]);
            if live(&self.book, "A14").is_none() {
                for c in sheet.cotraitants.iter().filter(|_| !sheet.solidaire) {
                    let piece = town::piece(&self.book, m, "A14", c, None, Some(&sheet.lead));
                    self.deposit(piece, &[], true);
                }
            }
            return;
        };
        if let Some(dg) = is(self, a20.or(a18), &["MISE_A_DISPOSITION_FOURNISSEUR"]) {
            match self.dice.below(10) {
                0 => self.act(dg, "refuse", Some("AUTRE"), Some("solde contesté")),
                1..5 => {
                    new(self, "A8", &[dg]);
                }
                _ => {}
            }
            return;
        }
        if a20.is_some() || a18.is_some() {
            return;
        }
        // The MOE's draft of the general account takes what every company has billed last.
        let drafts = matches!(plan, Plan::Normal | Plan::ByMoe | Plan::TacitByMoe);
        if drafts && a17.is_none() && a22.is_none() {
            let waiting =
                self.book.pieces.iter().any(|p| {
                    p.marche == m && p.cadre == "A14" && p.is_live() && !["ASSOCIEE", MOE[0]].contains(&p.status)
                });
            if let Some(a7) = is(self, Some(a7), MOE).filter(|_| !waiting) {
                let mut takes = vec![a7];
                takes.extend(self.of(m, |p| p.cadre == "A14" && p.status == MOE[0]));
                new(self, "A17", &takes);
            }
            return;
        }
        let with_moa = is(self, a17, MOA);
        match plan {
            Plan::Normal => {
                if let Some(a17) = with_moa.filter(|_| self.dice.often(30)) {
                    new(self, "A20", &[a17]);
                }
            }
            Plan::ByMoe => {
                if with_moa.is_some() && self.dice.often(30) {
                    new(self, "A18", &[]);
                }
            }
            Plan::TacitByMoe if a22.is_none() => {
                if let Some(a17) = with_moa.filter(|_| self.dice.often(30)) {
                    new(self, "A22", &[a17]);
                }
            }
            _ => self.tacit(m, plan, a7, a22, a24, &new),
        }
    }

    fn tacit(
        &mut self,
        m: usize,
        plan: Plan,
        a7: usize,
        a22: Option<usize>,
        a24: Option<usize>,
        new: &dyn Fn(&mut Story, &str, &[usize]) -> usize,
    ) {
        let sheet = self.book.sheets[m].clone();
        let moe = siret(m / town::KINDS.len(), "MOE");
        let refused = |story: &mut Story, cadre: &str, takes: &[usize]| {
            let piece = town::piece(&story.book, m, cadre, &sheet.titulaire, Some(&moe), None);
            story.busy.extend(takes);
            let before = story.book.pieces.len();
            let n = story.deposit(piece, takes, false);
            assert_eq!(n, before);
        };
        let Some(a22) = a22 else {
            let status = self.book.pieces[a7].status;
            if self.busy.contains(&a7) || !["MISE_A_DISPOSITION_MOE", "ASSOCIEE"].contains(&status) {
                return;
            }
            let over = self.today > self.book.pieces[a7].deposited + Days::new(30);
            match over {
                true => {
                    new(self, "A22", &[a7]);
                }
                false if self.early.insert(a7) => refused(self, "A22", &[a7]),
                false => {}
            }
            return;
        };
        let is_with_moa = |p: &Piece| ["MISE_A_DISPOSITION_MOA", "PRISE_EN_COMPTE_MOA"].contains(&p.status);
        if let Some(a24) = a24 {
            if is_with_moa(&self.book.pieces[a24]) && !self.busy.contains(&a24) && self.dice.often(50) {
                new(self, "A25", &[a24]);
            }
            return;
        }
        if self.busy.contains(&a22) || !is_with_moa(&self.book.pieces[a22]) {
            return;
        }
        let since = self.book.pieces[a22].deposited;
        let cadre = match plan {
            Plan::InTime => "A20",
            Plan::TacitByMoe => "A24",
            Plan::TacitByMoa => "A25",
            _ => "A23",
        };
        if plan == Plan::InTime {
            if self.dice.often(20) {
                new(self, "A20", &[a22]);
            }
        } else if self.today > since + Days::new(10) {
            new(self, cadre, &[a22]);
        } else if self.today >= since + Days::new(9) && self.early.insert(a22) {
            refused(self, cadre, &[a22]);
        }
    }

    /// Whether each marché has its final account paid.
    fn is_over(&self) -> bool {
        (0..self.book.sheets.len()).all(|m| {
            let ends = |p: &Piece| matches!(p.cadre, "A8" | "A23" | "A25") && p.status == "MISE_EN_PAIEMENT";
            self.book.pieces.iter().any(|p| p.marche == m && ends(p))
        })
    }

    /// What should not be: acts by whoever may not, a number that is taken, a pièce that is taken already.
    fn strangers(&mut self) {
        let partners: Vec<String> = self.book.partners.iter().map(|(name, _)| name.clone()).collect();
        for _ in 0..self.towns * 2 {
            let n = self.dice.below(self.book.pieces.len());
            let p = &self.book.pieces[n];
            let alone = self.book.pieces.iter().filter(|o| o.number == p.number && o.seller == p.seller).count() == 1;
            if self.busy.contains(&n) || !alone {
                continue;
            }
            let laws = super::law::ACTS;
            let law = &laws[self.dice.below(laws.len())];
            let own: Vec<String> =
                p.holder().map(|h| self.book.partners_of([h])).unwrap_or_default().into_iter().collect();
            let partner = match own.is_empty() || self.dice.often(50) {
                true => self.dice.one(&partners).clone(),
                false => self.dice.one(&own).clone(),
            };
            // Nobody is the right one where the right one says that it is not.
            if law.to.starts_with("ERREUR") && own.contains(&partner) {
                continue;
            }
            let motif = law.motifs.first().copied();
            let comment = self.dice.often(70).then_some("essai");
            self.flow(n, What::Status(law.to), &partner, None, motif, comment);
        }
        let year = self.today.year().to_string();
        let n = self.dice.below(self.book.pieces.len());
        let p = self.book.pieces[n].clone();
        if p.is_live() && p.issued.starts_with(&year) && p.cadre == "A4" && !self.busy.contains(&n) {
            let mut twin = town::piece(&self.book, p.marche, "A4", &p.seller, p.moe.as_deref(), None);
            twin.number = p.number;
            self.deposit(twin, &[], false);
        }
        if p.cadre == "A4" && p.status == "ASSOCIEE" && !self.busy.contains(&n) {
            let moe = siret(p.marche / town::KINDS.len(), "MOE");
            let late = town::piece(&self.book, p.marche, "A15", &p.seller, Some(&moe), None);
            self.deposit(late, &[n], false);
        }
    }

    // The batch.

    /// Everyone drops what they have, one batch answers it, and everything is looked at.
    pub fn go(&mut self) {
        type Answered = (&'static str, Vec<(&'static str, Vec<&'static str>)>);
        let mut flows: BTreeMap<(String, String), Answered> = BTreeMap::new();
        for ((partner, mode), items) in std::mem::take(&mut self.items) {
            let archive = items.len() > 1 && self.dice.often(40);
            let mut files: Vec<Vec<Item>> = Vec::new();
            if archive {
                files.push(items);
            } else {
                let (acts, deposits): (Vec<Item>, Vec<Item>) =
                    items.into_iter().partition(|i| matches!(i, Item::Act { .. }));
                files.extend(deposits.into_iter().map(|d| vec![d]));
                if !acts.is_empty() {
                    files.push(acts);
                }
            }
            for items in files {
                self.files += 1;
                let name = format!("{:07}-{partner}", self.files);
                let done = items.iter().filter(|i| i.ok()).count();
                let outcome = match done {
                    0 => "93",
                    n if n == items.len() => "90",
                    _ => "96",
                };
                let rules = items.iter().filter_map(|i| match i {
                    Item::Act { rule, possible, .. } if !rule.is_empty() => Some((*rule, possible.clone())),
                    _ => None,
                });
                flows.insert((partner.clone(), name.clone()), (outcome, rules.collect()));
                let bytes = self.file(&name, items, archive);
                self.house.drop_file(mode, &partner, &name, &bytes);
            }
        }
        self.house.batch();
        self.book.clock(self.today);
        self.busy.clear();
        let names: BTreeSet<(String, String)> = flows.keys().cloned().collect();
        let about = format!("{}, {} pièces", self.today, self.book.pieces.len());
        let reports = self.watch.look(&mut self.book, &names, &about);
        for (flow, (outcome, rules)) in flows {
            let (is, text) = &reports[&flow];
            assert_eq!(is, outcome, "{about}: {flow:?}: {text}");
            let alone = rules.len() == 1;
            for (rule, possible) in rules {
                assert!(rule == "T-*" || text.contains(rule), "{about}: {flow:?} should be told {rule}: {text}");
                if NAMING.contains(&rule) {
                    names_all(text, &possible, alone);
                }
            }
        }
    }

    /// One file: a pièce, a flow of acts, or an archive of both.
    fn file(&mut self, name: &str, items: Vec<Item>, archive: bool) -> Vec<u8> {
        let mut units = Vec::new();
        let mut members: Vec<(String, Vec<u8>)> = Vec::new();
        for item in items {
            match item {
                Item::Act { unit, .. } => units.push(unit),
                Item::Deposit { piece, bytes, .. } => {
                    let member = archive.then(|| format!("{:04}.xml", members.len()));
                    self.book.pieces[piece].file = (name.to_owned(), member.clone());
                    members.push((member.unwrap_or_default(), bytes));
                }
            }
        }
        if !archive {
            return match members.pop() {
                Some((_, bytes)) => bytes,
                None => town::acts(name, &units),
            };
        }
        if !units.is_empty() {
            // Acts may stand before or after the pièces in it.
            let (at, flow) = (self.dice.below(members.len() + 1), town::acts(name, &units));
            members.insert(at, ("actes.xml".to_owned(), flow));
            self.count("archives with acts");
        }
        let members: Vec<(&str, &[u8])> = members.iter().map(|(n, b)| (n.as_str(), &**b)).collect();
        if self.dice.often(50) { tgz(&members) } else { zipped(&members) }
    }
}
