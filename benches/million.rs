//! Search on a large ledger: fills one through the writer, then times the first page of each criterion, a pièce, a
//! dossier, synthèses and the list of flows.
//!
//! ```text
//! cargo bench --bench million -- DIR [PIECES] [--without-indexes] [--files]
//! ```
//!
//! The ledger holds PIECES (1,000,000) pièces in chains A4 → A15 → A19, with A10s and refused ones between them: 5,000
//! marchés, 2,000 suppliers, 200 partners, three years. It is made in DIR once and used again. Filling says what an
//! insertion costs; `--without-indexes` drops those that only serve searches, to say what they cost, and stops there.
//! `--files` writes the file of each deposit too (1 KB), below DIR/spool, and stops there: with the ledger beside them
//! `guichet verify` has all that it looks for.
#![allow(clippy::unwrap_used, clippy::float_arithmetic)]

use chrono::{Days, NaiveDate};
use guichet::alerts::alert;
use guichet::clock::Instant as At;
use guichet::decision::Dossier;
use guichet::facts::Facts;
use guichet::ledger::{
    Awaited, Criteria, FlowCriteria, Ledger, LedgerReader, Move, NewEvent, NewFlow, NewPiece, Outbound, PieceRow, Today,
};
use guichet::lifecycle::Statut;
use guichet::spool::FlowIds;
use guichet::trade::Role;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let bare = args.iter().position(|arg| arg == "--without-indexes").map(|n| args.remove(n)).is_some();
    let files = args.iter().position(|arg| arg == "--files").map(|n| args.remove(n)).is_some();
    let [dir, rest @ ..] = &args[..] else {
        eprintln!("usage: million DIR [PIECES] [--without-indexes] [--files]");
        std::process::exit(2);
    };
    let pieces = rest.first().map_or(1_000_000, |n| n.parse().unwrap());
    let spool = PathBuf::from(dir).join("spool");
    let path = match files {
        true => spool.join("guichet.db"),
        false => PathBuf::from(dir).join(format!("ledger-{pieces}{}.db", if bare { "-bare" } else { "" })),
    };
    if !path.exists() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        fill(&path, pieces, bare, files.then_some(&*spool));
    }
    if !bare && !files {
        measure(&path);
    }
}

/// A number that looks random and is the same each time.
fn mix(n: u64) -> u64 {
    let x = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Many of the first, few of the last.
fn skewed(n: u64, of: u64) -> u64 {
    let at = (mix(n) % 10_000) as f64 / 10_000.0;
    (at * at * at * of as f64) as u64
}

/// A pièce that a later one may take.
struct Open {
    id: String,
    dossier: String,
    cadre: &'static str,
    marche: u64,
}

struct Filling<'a> {
    /// Where the files of deposits go, if they are written.
    spool: Option<&'a Path>,
    ids: FlowIds,
    open: Vec<Open>,
    n: u64,
}

fn fill(path: &Path, pieces: u64, bare: bool, spool: Option<&Path>) {
    let mut ledger = Ledger::open(path).unwrap();
    if bare {
        drop_indexes(path);
    }
    let mut filling = Filling { spool, ids: FlowIds::seeded(1), open: Vec::new(), n: 0 };
    let (started, mut since) = (Instant::now(), Instant::now());
    while filling.n < pieces {
        let mut entry = ledger.begin().unwrap();
        for _ in 0..1_000 {
            filling.deposit(&mut entry, pieces);
        }
        entry.commit().unwrap();
        if filling.n.is_multiple_of(100_000) {
            println!("{} pièces, the last 100,000 in {:.1} s", filling.n, since.elapsed().as_secs_f64());
            since = Instant::now();
        }
    }
    let s = started.elapsed().as_secs_f64();
    println!("filled: {pieces} pièces in {s:.1} s, {:.0}/s, {:.1} µs each", pieces as f64 / s, s * 1e6 / pieces as f64);
}

fn drop_indexes(path: &Path) {
    let conn = rusqlite::Connection::open(path).unwrap();
    for name in [
        "piece_cadre",
        "piece_type",
        "piece_status",
        "piece_issued",
        "piece_mode",
        "piece_partner",
        "piece_supplier",
        "piece_destinataire",
        "piece_moe",
        "piece_moa",
        "piece_valideur1",
        "piece_valideur2",
        "piece_service",
        "piece_holder_role",
        "piece_stock",
        "piece_holder",
        "piece_refused",
        "flow_outcome",
        "flow_partner",
        "outbox_flow",
    ] {
        conn.execute_batch(&format!("DROP INDEX {name}")).unwrap();
    }
}

impl Filling<'_> {
    /// One flow with one pièce: a first statement, what follows one, or a refused one.
    fn deposit(&mut self, entry: &mut guichet::ledger::Entry<'_>, pieces: u64) {
        self.n += 1;
        let n = self.n;
        let at = At(1_672_560_000_000 + i64::try_from(n * (3 * 365 * 86_400_000 / pieces)).unwrap());
        let id = self.ids.next(at);
        let (refused, chain) = (mix(n) % 100 < 3, mix(n + 1) % 100 < 45);
        let taken = if !refused && chain && self.open.len() > 2_000 {
            Some(self.open.swap_remove(usize::try_from(mix(n) % self.open.len() as u64).unwrap()))
        } else {
            None
        };
        let cadre = match &taken {
            Some(Open { cadre: "A4", .. }) => "A15",
            Some(_) => "A19",
            None if mix(n + 2) % 100 < 20 => "A10",
            None => "A4",
        };
        let marche = taken.as_ref().map_or_else(|| skewed(n + 3, 5_000), |t| t.marche);
        let facts = facts(n, cadre, marche, at);
        let piece = id.piece(1);
        let (status, holder) = match cadre {
            _ if refused => (Statut::RefuseeControle, None),
            "A4" => (Statut::MiseADispositionMoe, facts.moe.as_deref().map(|who| ("moe", who))),
            "A15" => (Statut::MiseADispositionMoa, facts.moa.as_deref().map(|who| ("moa", who))),
            _ => (Statut::MiseADisposition, facts.destinataire.as_deref().map(|who| ("destinataire", who))),
        };
        let dossier = match &taken {
            _ if refused || cadre == "A10" => Dossier::None,
            Some(t) => Dossier::Joins { dossier: t.dossier.clone(), merged: Vec::new() },
            None => Dossier::Opens,
        };
        let links: Vec<(String, bool)> = taken.iter().map(|t| (t.id.clone(), false)).collect();
        let mode = ["edi", "edi", "edi", "edi", "portail"][usize::try_from(mix(n + 4) % 5).unwrap()];
        let partner = format!("partner-{:03}", skewed(n + 5, 200));
        let (bytes, filed) = (id.as_str().repeat(60), format!("archive/{}/{id}", at.day_path()));
        if let Some(file) = self.spool.map(|spool| spool.join(&filed)) {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, &bytes).unwrap();
        }
        let outcome = if refused { "refused" } else { "accepted" };
        let new = NewFlow { filed: &filed, ..flow(id.as_str(), &bytes, mode, &partner, at, outcome) };
        entry.flow(&new).unwrap();
        let new = NewPiece {
            id: &piece,
            flow: id.as_str(),
            member: None,
            facts: &facts,
            mode,
            partner: &partner,
            deposited_at: at,
            holder,
            live: !refused,
            status: status.code(),
            dossier: &dossier,
            links: &links,
        };
        let covered = entry.piece(&new).unwrap();
        let before: &[Statut] = if refused { &[Statut::Brouillon] } else { &[Statut::Brouillon, Statut::Deposee] };
        for (k, status) in (1..).zip(before.iter().copied().chain([status])) {
            let facts = (k == 1).then_some(covered);
            let (status, subject) = (status.code(), piece.as_str());
            let event = NewEvent { facts, ..NewEvent::of(subject, k, status, at) };
            entry.event(&event).unwrap();
        }
        if let Some(t) = &taken {
            entry.moves(&Move::of(&t.id, Statut::Associee, at)).unwrap();
        }
        report(entry, id.as_str(), &partner, at);
        if !refused && matches!(cadre, "A4" | "A15") {
            let opened = piece.replacen("p-", "d-", 1);
            let dossier = taken.map_or(opened, |t| t.dossier);
            self.open.push(Open { id: piece, dossier, cadre, marche });
        }
    }
}

const REPORT: &[u8] = &[b'x'; 600];

fn report(entry: &mut guichet::ledger::Entry<'_>, flow: &str, partner: &str, at: At) {
    let sequence = entry.sequence(partner).unwrap();
    let name = format!("FEN0012A_GUI001_GUI0010012{sequence:015}");
    let row = Outbound {
        part: None,
        flow: Some(flow),
        piece: None,
        partner,
        tray: "comptes-rendus",
        sequence,
        name: &name,
        sha256: Sha256::digest(REPORT).into(),
        bytes: Some(REPORT),
        renderer: "bench",
        at,
    };
    let pending = entry.outbound(&row).unwrap();
    entry.published(&[pending.id]).unwrap();
}

fn flow<'a>(id: &'a str, bytes: &str, mode: &'a str, partner: &'a str, at: At, outcome: &'a str) -> NewFlow<'a> {
    NewFlow {
        id,
        mode,
        partner,
        name: b"FSO1114A_ALP001_ALP0011114000000000000001",
        size: bytes.len() as u64,
        sha256: Some(Sha256::digest(bytes).into()),
        syntax: "ubl-invoice",
        outcome,
        first: None,
        decided_at: at,
        filed: "archive/2026/01/01/x",
        findings: "[]",
        rules: "2026-11-24",
    }
}

fn siret(kind: u64, n: u64) -> String {
    format!("{kind}{:08}{:05}", n / 3, 10 + n % 3)
}

fn facts(n: u64, cadre: &str, marche: u64, at: At) -> Facts {
    let text = |s: String| Some(s);
    let day: NaiveDate = at.day() - Days::new(mix(n + 6) % 30);
    let amount = |x: u64| Some(rust_decimal::Decimal::new(i64::try_from(x).unwrap(), 2));
    let ht = 10_000 + mix(n + 7) % 10_000_000;
    Facts {
        cadre: text(cadre.to_owned()),
        number: text(format!("F-{}-{n}", day.format("%Y"))),
        type_code: text(if mix(n + 8).is_multiple_of(20) { "381" } else { "380" }.to_owned()),
        issued: Some(day),
        supplier_type: Some(1),
        supplier_id: text(siret(9, skewed(marche, 2_000))),
        supplier_name: text("Terrassements du Vallon".to_owned()),
        destinataire: text(siret(7, skewed(marche + 1, 500))),
        moe: text(siret(8, skewed(marche + 2, 300))),
        moa: text(siret(7, skewed(marche + 1, 500))),
        valideur1: (cadre == "A10").then(|| siret(9, skewed(marche, 2_000))),
        service: mix(n + 9).is_multiple_of(10).then(|| format!("SRV-{}", mix(n + 10) % 50)),
        marche: text(format!("M-{marche}")),
        marche_moa: text(siret(7, skewed(marche + 1, 500))),
        ht: amount(ht),
        vat: amount(ht / 5),
        ttc: amount(ht + ht / 5),
        due: amount(ht + ht / 5),
        currency: text("EUR".to_owned()),
        ..Facts::default()
    }
}

/// The cases of one criterion: a plentiful value, a rare one, one that nothing has.
#[rustfmt::skip]
fn cases(known: &PieceRow) -> Vec<(&'static str, Criteria)> {
    let some = |s: &str| Some(s.to_owned());
    let all = Criteria { limit: Some(50), ..Criteria::default() };
    let c = |f: &dyn Fn(&mut Criteria)| { let mut c = all.clone(); f(&mut c); c };
    let (supplier, moe, moa) = (siret(9, 0), siret(8, 0), siret(7, 0));
    vec![
        ("nothing asked",              all.clone()),
        ("cadre A4",                   c(&|c| c.cadre = some("A4"))),
        ("cadre A25 (none)",           c(&|c| c.cadre = some("A25"))),
        ("type 381",                   c(&|c| c.type_code = some("381"))),
        ("type 380",                   c(&|c| c.type_code = some("380"))),
        ("status ASSOCIEE",            c(&|c| c.status = some("ASSOCIEE"))),
        ("status REFUSEE_CONTROLE",    c(&|c| c.status = some("REFUSEE_CONTROLE"))),
        ("marche M-0",                 c(&|c| c.marche = some("M-0"))),
        ("marche M-4000",              c(&|c| c.marche = some("M-4000"))),
        ("number",                     c(&|c| c.number = known.number.clone())),
        ("dossier",                    c(&|c| c.dossier = known.dossier.clone())),
        ("destinataire",               c(&|c| c.destinataire = Some(moa.clone()))),
        ("siren",                      c(&|c| c.siren = Some(moa[..9].to_owned()))),
        ("siren of few",               c(&|c| c.siren = Some(siret(7, 480)[..9].to_owned()))),
        ("service SRV-7",              c(&|c| c.service = some("SRV-7"))),
        ("from the last day",          c(&|c| c.from = some("2025-12-31"))),
        ("from the last month",        c(&|c| c.from = some("2025-12-01"))),
        ("from the last year",         c(&|c| c.from = some("2025-01-01"))),
        ("to the second year",         c(&|c| c.to = some("2024-12-31"))),
        ("from and to, all years",     c(&|c| { c.from = some("2020-01-01"); c.to = some("2029-12-31"); })),
        ("mode edi",                   c(&|c| c.mode = some("edi"))),
        ("mode portail",               c(&|c| c.mode = some("portail"))),
        ("mode service (none)",        c(&|c| c.mode = some("service"))),
        ("partner of many",            c(&|c| c.partner = some("partner-000"))),
        ("partner of few",             c(&|c| c.partner = some("partner-190"))),
        ("structure, MOA of many",     c(&|c| c.structure = Some(moa.clone()))),
        ("structure, unknown",         c(&|c| c.structure = some("00000000000000"))),
        ("role moe + structure",       c(&|c| { c.role = some("moe"); c.structure = Some(moe.clone()); })),
        ("role fournisseur + structure", c(&|c| { c.role = some("fournisseur"); c.structure = Some(supplier.clone()); })),
        ("role valideur1 + structure", c(&|c| { c.role = some("valideur1"); c.structure = Some(supplier.clone()); })),
        ("role moa",                   c(&|c| c.role = some("moa"))),
        ("role valideur2 (none)",      c(&|c| c.role = some("valideur2"))),
        ("mode + status + cadre",      c(&|c| { c.mode = some("edi"); c.status = some("ASSOCIEE"); c.cadre = some("A15"); })),
        ("partner + last month",       c(&|c| { c.partner = some("partner-000"); c.from = some("2025-12-01"); })),
        ("mode edi + last year",       c(&|c| { c.mode = some("edi"); c.from = some("2025-01-01"); })),
        ("structure + last month",     c(&|c| { c.structure = Some(moa.clone()); c.from = some("2025-12-01"); })),
        ("plentiful, never together",  c(&|c| { c.status = some("REFUSEE_CONTROLE"); c.role = some("moe"); })),
    ]
}

fn measure(path: &Path) {
    let reader = LedgerReader::open(path).unwrap();
    // A pièce in the middle that associates another.
    let (mut piece, mut middle) = (None, String::new());
    let late = Criteria {
        from: Some("2024-07-01".to_owned()),
        cadre: Some("A15".to_owned()),
        limit: Some(1_000),
        ..Criteria::default()
    };
    reader
        .search(&late, &mut |row| {
            middle = row.piece.clone();
            piece = Some(row);
            true
        })
        .unwrap();
    let piece = piece.unwrap();
    for (what, criteria) in cases(&piece) {
        let time = |criteria: &Criteria| {
            median(&mut || {
                let mut rows = 0;
                LedgerReader::open(path)
                    .unwrap()
                    .search(criteria, &mut |_| {
                        rows += 1;
                        true
                    })
                    .unwrap();
                rows
            })
        };
        let ((rows, first), (_, next)) = (time(&criteria), time(&Criteria { after: Some(middle.clone()), ..criteria }));
        println!("{what:30} {rows:>3} rows  {first:>8.2} ms   in the middle {next:>8.2} ms");
    }
    let dossier = piece.dossier.clone().unwrap();
    let dossiers = reader.dossiers(&dossier).unwrap();
    println!(
        "piece by id, trail, links      {:>8.2} ms",
        median(&mut || {
            reader.piece(&middle).unwrap();
            reader.trail(&middle).unwrap().len() + reader.links(&middle).unwrap().len()
        })
        .1
    );
    println!(
        "piece by supplier and number   {:>8.2} ms",
        median(&mut || {
            let (supplier, number) = (piece.supplier.id.as_ref().unwrap(), piece.number.as_ref().unwrap());
            reader.pieces_numbered(supplier, number).unwrap().len()
        })
        .1
    );
    println!(
        "dossier, {} found               {:>8.2} ms",
        dossiers.len(),
        median(&mut || {
            let found = reader.dossiers(&dossier).unwrap();
            found
                .iter()
                .map(|d| {
                    reader.pieces_of(d).unwrap().iter().map(|p| reader.trail(&p.piece).unwrap().len()).sum::<usize>()
                })
                .sum()
        })
        .1
    );
    synthese(path, &middle);
    stock(&reader);
    flows(&reader);
}

/// The first page of what awaits those who have most, with its alerts, the ledger opened each time.
fn synthese(path: &Path, middle: &str) {
    let delays = guichet::config::Config::default().delays;
    let recent = Some(At(1_767_222_000_000 - 10 * 86_400_000));
    let (moe, moa, supplier) = (siret(8, 0), siret(7, 0), siret(9, 0));
    let nobody = "00000000000000".to_owned();
    for (what, structure, role, refused_since, wanted) in [
        ("MOE of many", &moe, None, None, true),
        ("MOE of many, role moe", &moe, Some(Role::Moe), None, true),
        ("MOA of many, also destinataire", &moa, None, None, true),
        ("MOA of many, role moa", &moa, Some(Role::Moa), None, true),
        ("MOA of many, role valideur1", &moa, Some(Role::Valideur1), None, true),
        ("seller of many, refused", &supplier, None, None, true),
        ("seller of many, recent", &supplier, None, recent, true),
        ("MOE of few", &siret(8, 290), None, None, true),
        ("nobody", &nobody, None, None, true),
        ("MOA of many, all delivered", &moa, None, None, false),
    ] {
        let page = |after: Option<&str>| {
            median(&mut || {
                let reader = LedgerReader::open(path).unwrap();
                let of = Awaited { structure, role, after, refused_since, wanted: &|_| wanted };
                let mut rows = 0;
                reader
                    .synthese(&of, &mut |row| {
                        let dates = reader.dates(&row.piece.piece).unwrap();
                        let state =
                            row.piece.cadre.as_deref().and_then(|c| c.parse().ok()).zip(row.piece.status.parse().ok());
                        let due =
                            dates.zip(state).and_then(|(d, (cadre, status))| alert(cadre, status, &d, &delays, None));
                        std::hint::black_box(due);
                        rows += 1;
                        rows < 50
                    })
                    .unwrap();
                rows
            })
        };
        let ((rows, first), (_, next)) = (page(None), page(Some(middle)));
        println!("synthese, {what:30} {rows:>3} rows  {first:>8.2} ms   in the middle {next:>8.2} ms");
    }
}

/// A few days after the last deposit: many of the pièces are late long since, some are not yet.
fn stock(reader: &LedgerReader) {
    let delays = guichet::config::Config::default().delays;
    let day = "2026-01-05".parse().unwrap();
    let today = Today { day, delays: &delays, payment: &|_, _| None, longest_payment: Some(60) };
    let (moa, moe) = (Some(siret(7, 0)), Some("moe"));
    for (what, whose) in [
        ("whole", Criteria::default()),
        ("MOA of many", Criteria { structure: moa, ..Criteria::default() }),
        ("role moe", Criteria { role: moe.map(str::to_owned), ..Criteria::default() }),
    ] {
        let mut late = 0;
        let (rows, ms) = median(&mut || {
            let rows = reader.stock(&whose, &today).unwrap();
            late = rows.iter().map(|row| row.overdue).sum();
            rows.len()
        });
        println!("stock, {what:23} {rows:>3} rows  {ms:>8.2} ms, {late} overdue");
    }
}

fn flows(reader: &LedgerReader) {
    let all = FlowCriteria { limit: Some(50), ..FlowCriteria::default() };
    let partner = || Some("partner-000".to_owned());
    let last_month = Some(At(1_764_547_200_000));
    for (what, criteria) in [
        ("all", all.clone()),
        ("partner", FlowCriteria { partner: partner(), ..all.clone() }),
        ("state refused", FlowCriteria { state: Some("refused".to_owned()), ..all.clone() }),
        ("last month", FlowCriteria { from: last_month, ..all.clone() }),
        (
            "partner, refused, last month",
            FlowCriteria { partner: partner(), from: last_month, state: Some("refused".to_owned()), ..all },
        ),
    ] {
        let page = median(&mut || {
            let mut rows = 0;
            reader
                .flows(&criteria, &mut |_| {
                    rows += 1;
                    true
                })
                .unwrap();
            rows
        });
        let counts = median(&mut || reader.states(&criteria).unwrap().len());
        println!("flows, {what:30} {:>3} rows {:>8.2} ms, counts {:>8.2} ms", page.0, page.1, counts.1);
    }
}

/// What it gives, and the median of eleven runs in milliseconds.
fn median(run: &mut dyn FnMut() -> usize) -> (usize, f64) {
    let mut rows = 0;
    let mut ms: Vec<f64> = (0..11)
        .map(|_| {
            let started = Instant::now();
            rows = run();
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    ms.sort_by(f64::total_cmp);
    (rows, ms[5])
}
