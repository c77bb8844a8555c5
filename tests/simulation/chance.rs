//! Acts by chance, legal and not, by anyone, through anyone, with any words, and leaps of time: an act is done exactly
//! where the book of laws says so; one that is not changes nothing at all, and its answer names the acts that are possible.

use super::law::{ACTS, Ask, What, number};
use super::story::Story;
use super::town::{Kind, ROLES, marche, piece, siret, stranger};
use chrono::Days;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// One thing that someone tries; numbers that are reduced to what there is then.
#[derive(Clone, Debug)]
enum Try {
    /// What may be done, by whoever may.
    Legal { piece: usize, which: usize, words: usize, by_command: bool },
    /// Anything, by anyone.
    Any { piece: usize, what: usize, partner: usize, by: usize, motif: usize, comment: usize, set: usize },
    /// So many days go by.
    Wait(u64),
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let n = 0..1_000usize;
    let legal = (n.clone(), n.clone(), n.clone(), any::<bool>())
        .prop_map(|(piece, which, words, by_command)| Try::Legal { piece, which, words, by_command });
    let anything = (n.clone(), n.clone(), n.clone(), n.clone(), n.clone(), n.clone(), n).prop_map(
        |(piece, what, partner, by, motif, comment, set)| Try::Any { piece, what, partner, by, motif, comment, set },
    );
    let one = prop_oneof![5 => legal, 5 => anything, 1 => (1..20u64).prop_map(Try::Wait)];
    proptest::collection::vec(one, 40)
}

const MOTIFS: [&str; 7] =
    ["AUTRE", "REF_FAC_TRAVAUX", "MAUVAIS_VALIDEUR", "MAUVAISE_MOE", "MAUVAISE_MOA", "ERREUR_MONTANT", "CAPRICE"];
/// Statuses that nobody can ask for, or that a correction alone leads to.
const OTHERS: [&str; 8] = [
    "DEPOSEE",
    "ASSOCIEE",
    "REMPLACEE_PAR_A22",
    "REFUSEE_CONTROLE",
    "ABSENCE_VALIDATION_1_HORS_DELAI",
    "ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE",
    "A_VALIDER_2",
    "MISE_A_DISPOSITION_FOURNISSEUR",
];
const DATA: [&str; 7] = ["siret", "service", "engagement", "valideur1", "valideur2", "moe", "moa"];

/// A handful of pièces, one of each way.
fn handful(story: &mut Story) {
    let s = |role: &str| siret(0, role);
    let of = |kind: Kind| marche(0, kind);
    story.day(story.today);
    story.draft(of(Kind::Conjoint), "A10", &s("ST3"), None, Some(&s("C1")));
    story.draft(of(Kind::Conjoint), "A13", &s("C1"), None, None);
    story.draft(of(Kind::Open), "A4", &s("TIT2"), Some(&s("MOE2")), None);
    story.draft(of(Kind::Free), "A5", &s("TIT"), Some(&s("MOE")), None);
    story.draft(of(Kind::Solo), "A6", &s("TIT"), None, None);
    story.draft(of(Kind::Solo), "A20", &s("TIT"), None, None);
    let a4 = story.draft(of(Kind::Solo), "A4", &s("TIT"), None, None);
    let a7 = story.draft(of(Kind::Conjoint), "A7", &s("MAND"), None, None);
    let refused = piece(&story.book, of(Kind::Solidaire), "A13", &s("SOLC"), None, Some(&s("SOLM")));
    story.deposit(refused, &[], false);
    story.go();
    let a15 = piece(&story.book, of(Kind::Solo), "A15", &s("TIT"), None, None);
    story.deposit(a15, &[a4], true);
    let a17 = piece(&story.book, of(Kind::Conjoint), "A17", &s("MAND"), None, None);
    story.deposit(a17, &[a7], true);
    story.go();
    assert_eq!(story.book.pieces.len(), 11);
}

fn attempt(story: &mut Story, what: &Try) {
    match what {
        Try::Wait(days) => {
            story.day(story.today + Days::new(*days));
            story.go();
        }
        Try::Legal { piece, which, words, by_command } => {
            let n = piece % story.book.pieces.len();
            let laws: Vec<_> = story.book.possible(n).collect();
            let Some(law) = laws.get(which % laws.len().max(1)) else { return };
            let p = story.book.pieces[n].clone();
            let actor = p.who(law.who).unwrap().to_owned();
            let set: Vec<(&'static str, String)> = match law.sets.first() {
                None => vec![],
                Some(&"siret") => vec![("engagement", format!("E-{words}"))],
                Some(&"valideur1") => vec![("valideur1", siret(0, ["C2", "MAND", "C1"][words % 3]))],
                Some(&"valideur2") => vec![("valideur2", siret(0, "MAND"))],
                Some(&"moe") => vec![("moe", siret(0, ["MOE", "MOE2"][words % 2]))],
                Some(datum) => vec![(datum, siret(0, ["OWNER3", "OWNER2"][words % 2]))],
            };
            // Whoever may forgets a word now and then.
            let motif = (!law.motifs.is_empty() && words % 7 > 0).then(|| law.motifs[words % law.motifs.len()]);
            let says = (law.must_say || law.act == "complete") && words % 5 > 0 || words % 10 == 1;
            let comment = says.then_some("il manque le métré");
            let partners: Vec<String> = story.book.partners_of([actor.as_str()]).into_iter().collect();
            if *by_command || !set.is_empty() || partners.is_empty() {
                let attach = (law.act == "complete" && words % 2 == 0)
                    .then(|| (format!("_metre-{}.txt", p.trail.len()), format!("{words} {}", p.number).into_bytes()));
                let ask = Ask {
                    what: What::Act(law.act),
                    partner: None,
                    by: Some(actor),
                    motif: motif.map(str::to_owned),
                    comment: comment.map(str::to_owned),
                    set,
                    attach: attach.into_iter().collect(),
                };
                let _ = story.command(n, &ask);
            } else {
                let what = if words % 3 == 0 { What::Number(number(law.to)) } else { What::Status(law.to) };
                story.flow(n, what, &partners[words % partners.len()], None, motif, comment);
            }
            story.go();
        }
        Try::Any { piece, what, partner, by, motif, comment, set } => {
            let n = piece % story.book.pieces.len();
            let law = &ACTS[what % ACTS.len()];
            let motif = MOTIFS.get(motif % 12).copied().or(law.motifs.first().copied().filter(|_| motif % 2 == 0));
            let long = "é".repeat(2_001);
            let comment = [None, Some("à revoir"), Some("voir : le <plan> & co"), Some(long.as_str())][comment % 4];
            let by = match by % 30 {
                k if k < ROLES.len() => Some(siret(0, ROLES[k])),
                k if k == ROLES.len() => Some(stranger()),
                k if k == ROLES.len() + 1 => Some("ABC001".to_owned()),
                _ => None,
            };
            let holder = story.book.pieces[n].holder().map(str::to_owned);
            let own: Vec<String> = holder.iter().flat_map(|h| story.book.partners_of([h.as_str()])).collect();
            if partner % 4 == 0 {
                let set: Vec<(&'static str, String)> = match set % 4 {
                    0 => vec![],
                    k => (0..k)
                        .map(|i| (DATA[(set / 4 + i) % 7], siret(0, ROLES[(set / 8 + i) % ROLES.len()])))
                        .collect(),
                };
                let attach = (set.len() == 3).then(|| ("_note.txt".to_owned(), b"note".to_vec()));
                let ask = Ask {
                    what: What::Act(law.act),
                    partner: None,
                    by: Some(by.or(holder).unwrap_or_else(stranger)),
                    motif: motif.map(str::to_owned),
                    comment: comment.map(str::to_owned),
                    set,
                    attach: attach.into_iter().collect(),
                };
                let _ = story.command(n, &ask);
                story.go();
                return;
            }
            let what = match what % 5 {
                0 => What::Status(OTHERS[what / 5 % OTHERS.len()]),
                1 => What::Number(number(law.to)),
                _ => What::Status(law.to),
            };
            let partner = match own.get(partner / 4 % 8) {
                Some(own) => own.clone(),
                None => story.book.partners[partner % story.book.partners.len()].0.clone(),
            };
            let (before, pieces) = (story.watch.dump(), story.book.pieces[n].trail.len());
            story.flow(n, what, &partner, by.as_deref(), motif, comment);
            story.go();
            if story.book.pieces[n].trail.len() == pieces {
                assert_eq!(before, story.watch.dump(), "an act that is refused changes nothing");
            }
        }
    }
}

#[test]
fn an_act_is_done_exactly_where_the_law_says_so() {
    let config = Config {
        cases: std::env::var("SIMULATION_CASES").map_or(12, |n| n.parse().unwrap()),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let (mut done, mut refused) = (0, 0);
    let counts = std::cell::RefCell::new((&mut done, &mut refused));
    let run = TestRunner::new_with_rng(config, rng).run(&tries(), |tries| {
        let dir = super::directory();
        let mut story = Story::new(dir.path(), 1, 7);
        story.sworn = true;
        handful(&mut story);
        for what in &tries {
            attempt(&mut story, what);
        }
        assert_eq!(story.house.problems(), Vec::<String>::new());
        let mut counts = counts.borrow_mut();
        *counts.0 += story.counts.get("acts").copied().unwrap_or_default();
        *counts.1 += story.counts.get("acts refused").copied().unwrap_or_default();
        Ok(())
    });
    if let Err(why) = run {
        panic!("{why}");
    }
    println!("chance: {done} acts done, {refused} refused");
    assert!(done > 50 && refused > 50, "{done} done, {refused} refused");
}
