//! Durable flows a second, and the latency of one flow: made with the program itself, as an administrator would.
//!
//! ```text
//! cargo build --release
//! cargo bench --bench throughput -- target/release/guichet DIR [FLOWS] [--floor]
//! ```
//!
//! `batch`: FLOWS (5,000) flows of about 10 KB, half accepted pièces of each of two partners, in a fresh spool; five
//! runs, each from the first look to the last commit, and after each the floor (floor.rs) on the same disk; acts on them, one a flow, then 500 a flow; then a tenth as many archives of 50 and of 500 of them, as tar.gz.
//! `run`: the daemon at rest; one flow at a time, written or renamed
//! into place; from then to its report's appearance, thirty times, with the default settle of a second and with none;
//! and a chain, A4 then A15 then A19, each dropped when the statuses of the one before are there.
#![allow(clippy::unwrap_used, clippy::float_arithmetic)]

mod floor;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const SELLER: &str = "91100001600012";
const MOE: &str = "91100002400016";
const MOA: &str = "91100003200019";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [program, dir, rest @ ..] = &args[..] else {
        eprintln!("usage: throughput PROGRAM DIR [FLOWS]");
        std::process::exit(2);
    };
    // `--floor`: batch and floor alone.
    let (flags, rest): (Vec<&String>, Vec<&String>) = rest.iter().partition(|arg| arg.starts_with("--"));
    let only = flags.iter().any(|flag| *flag == "--floor");
    let flows = rest.first().map_or(5_000, |n| n.parse().unwrap());
    let (program, dir) = (fs::canonicalize(program).unwrap(), PathBuf::from(dir));
    let (mut rates, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..5 {
        let rate = batch(&program, &dir.join(format!("batch-{i}")), flows);
        let floor = floor::rate(&dir.join(format!("floor-{i}")), flows, invoice("N-1").as_bytes());
        println!("  run {i}: {rate:.0} of {floor:.0}, {:.0} %", 100.0 * rate / floor);
        rates.push(rate);
        floors.push(floor);
        ratios.push(100.0 * rate / floor);
    }
    println!("batch, {flows} flows, durable flows/s: {}", spread(&mut rates));
    println!("the floor, the same files, links, renames and commits, flows/s: {}", spread(&mut floors));
    println!("of the floor, %: {}", spread(&mut ratios));
    if only {
        return;
    }
    let one = |i: usize| acts(&[unit(&format!("N-{i}"), "SUSPENDUE", "AUTRE: métré ?", MOE)]);
    (0..flows).for_each(|i| put(&dir.join("batch-0"), "gamma", &format!("S{i:06}"), one(i).as_bytes()));
    println!("batch, {flows} flows of one act: {:.0} acts/s", rate(&program, &dir.join("batch-0"), "acts", flows));
    let answers: Vec<String> = (0..flows).map(|i| unit(&format!("N-{i}"), "COMPLETEE", "voici", SELLER)).collect();
    for (n, some) in answers.chunks(500).enumerate() {
        put(&dir.join("batch-0"), "alpha", &format!("C{n:06}"), acts(some).as_bytes());
    }
    println!("batch, flows of 500 acts: {:.0} acts/s", rate(&program, &dir.join("batch-0"), "acts", flows));
    for each in [50, 500] {
        let archives = (flows / each).max(1);
        let world = dir.join(format!("archives-{each}"));
        let rate = packed(&program, &world, archives, each);
        println!("batch, {archives} archives of {each}: {:.1} flows/s, {:.0} pièces/s", rate / each as f64, rate);
    }
    for settle in ["1s", "0s"] {
        let world = dir.join(format!("run-{settle}"));
        prepare(&world, &format!("[spool]\nsettle = \"{settle}\"\n"));
        let mut run = Command::new(&program);
        run.arg("run").current_dir(&world).stderr(std::process::Stdio::null());
        let mut daemon = Daemon(run.spawn().unwrap());
        wait(|| world.join("spool/in/edi/alpha").is_dir());
        std::thread::sleep(Duration::from_millis(500));
        for (how, renamed) in [("written", false), ("renamed into place", true)] {
            let mut ms: Vec<f64> = (0..30).map(|i| latency(&world, &format!("{how}{i}"), renamed)).collect();
            println!("run, settle {settle}, a flow {how}, ms to its report: {}", spread(&mut ms));
        }
        let mut ms: Vec<f64> = (0..30).map(|i| chain(&world, i)).collect();
        println!("run, settle {settle}, a chain A4 A15 A19 renamed into place, ms: {}", spread(&mut ms));
        daemon.0.kill().unwrap();
    }
}

/// A4 by the contractor, A15 by the MOE, A19 by the MOA: from the first drop to the last status flow.
fn chain(world: &Path, i: usize) -> f64 {
    let started = Instant::now();
    let steps = [("A4", "alpha", "C", None), ("A15", "gamma", "D", Some("C")), ("A19", "delta", "E", Some("D"))];
    for (cadre, partner, letter, cites) in steps {
        let statuses = world.join("spool/out").join(partner).join("statuts");
        let count = || fs::read_dir(&statuses).map_or(0, Iterator::count);
        let before = count();
        let path = world.join("spool/in/portail").join(partner).join(format!("{letter}{i}"));
        let part = path.with_extension("part");
        let earlier = cites.map(|c| format!("{c}{i}"));
        fs::write(&part, pièce(cadre, &format!("{letter}{i}"), earlier.as_deref())).unwrap();
        fs::rename(part, path).unwrap();
        wait(|| count() > before);
    }
    started.elapsed().as_secs_f64() * 1000.0
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn batch(program: &Path, world: &Path, flows: usize) -> f64 {
    prepare(world, "");
    for i in 0..flows {
        let partner = if i % 2 == 0 { "alpha" } else { "beta" };
        put(world, partner, &format!("F{i:06}"), invoice(&format!("N-{i}")).as_bytes());
    }
    rate(program, world, "accepted", flows)
}

/// Pièces a second from archives of `each` pièces.
fn packed(program: &Path, world: &Path, archives: usize, each: usize) -> f64 {
    prepare(world, "");
    for i in 0..archives {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for n in 0..each {
            let text = invoice(&format!("N-{i}-{n}"));
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, format!("{n}.xml"), text.as_bytes()).unwrap();
        }
        put(world, "alpha", &format!("F{i:06}"), &tar.into_inner().unwrap().finish().unwrap());
    }
    rate(program, world, "accepted", archives * each)
}

fn put(world: &Path, partner: &str, name: &str, bytes: &[u8]) {
    let dir = world.join("spool/in/edi").join(partner);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join(name), bytes).unwrap();
}

/// An act as a life-cycle flow asks for it.
fn unit(number: &str, status: &str, comment: &str, by: &str) -> String {
    format!(
        "<CPPFactureStatutUnitaire><Fournisseur><TypeIdentifiant>1</TypeIdentifiant><Identifiant>{SELLER}</Identifiant>\
         </Fournisseur><DonneesStatut><ComplementStatut>{status}</ComplementStatut><Commentaire>{comment}</Commentaire>\
         <Producteur Id=\"{by}\"/><IdFacture>{number}</IdFacture></DonneesStatut></CPPFactureStatutUnitaire>\n"
    )
}

fn acts(units: &[String]) -> String {
    format!("<CPPStatut><CPPFactureStatuts>\n{}</CPPFactureStatuts></CPPStatut>\n", units.concat())
}

/// Accepted pièces, or acts done, a second of one batch.
fn rate(program: &Path, world: &Path, what: &str, pieces: usize) -> f64 {
    still();
    let out = Command::new(program).args(["batch", "--format", "json"]).current_dir(world).output().unwrap();
    let tally: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(tally[what], pieces, "{tally}");
    pieces as f64 / (tally["elapsed_ms"].as_f64().unwrap() / 1000.0)
}

/// Waits until the disk is still, and every file finished.
fn still() {
    Command::new("sync").status().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
}

fn latency(world: &Path, number: &str, renamed: bool) -> f64 {
    let reports = world.join("spool/out/alpha/comptes-rendus");
    let count = || fs::read_dir(&reports).map_or(0, Iterator::count);
    let before = count();
    let name = number.replace(' ', "");
    let path = world.join("spool/in/edi/alpha").join(&name);
    let text = invoice(&name[name.len().saturating_sub(18)..]);
    let started = if renamed {
        let part = path.with_extension("part");
        fs::write(&part, text).unwrap();
        let started = Instant::now();
        fs::rename(part, path).unwrap();
        started
    } else {
        let started = Instant::now();
        fs::write(path, text).unwrap();
        started
    };
    wait(|| count() > before);
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    std::thread::sleep(Duration::from_millis(50)); // at rest again
    ms
}

fn wait(done: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < until, "nothing happens");
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn spread(v: &mut [f64]) -> String {
    v.sort_by(f64::total_cmp);
    format!("min {:.1}  median {:.1}  max {:.1}", v[0], v[v.len() / 2], v[v.len() - 1])
}

fn prepare(world: &Path, config: &str) {
    assert!(!world.exists(), "{world:?} must be fresh: deleting thousands of files just before disturbs the measure");
    fs::create_dir_all(world.join("annuaire")).unwrap();
    let put = |name: &str, text: String| fs::write(world.join(name), text).unwrap();
    put("guichet.toml", config.to_owned());
    let structure = |id: &str| format!("{id},1,Structure {id},true,false,false,false\n");
    let header = "id,id_type,name,active,service_required,engagement_required,either_required\n";
    put("annuaire/structures.csv", [header, &structure(SELLER), &structure(MOE), &structure(MOA)].concat());
    put("annuaire/services.csv", "siret,code,name,active,engagement_required\n".to_owned());
    let sheet = format!("[[marche]]\nnumber = \"M-1\"\nmoa = \"{MOA}\"\nmoe = \"{MOE}\"\ntitulaire = \"{SELLER}\"\n");
    put("annuaire/marches.toml", sheet);
    let partner = |name: &str, code: &str, structure: &str| {
        format!(
            "[[partner]]\nname = \"{name}\"\napp_code = \"{code}\"\nstructures = [\"{structure}\"]\n\
             modes = [\"edi\", \"portail\"]\n\n"
        )
    };
    let partners = [
        partner("alpha", "ALP001", SELLER),
        partner("beta", "BET001", SELLER),
        partner("gamma", "GAM001", MOE),
        partner("delta", "DEL001", MOA),
    ];
    put("annuaire/partners.toml", partners.concat());
}

/// An A4 of about 10 KB.
fn invoice(number: &str) -> String {
    pièce("A4", number, None)
}

/// A pièce of about 10 KB: 12 lines and some words.
fn pièce(cadre: &str, number: &str, cites: Option<&str>) -> String {
    let party =
        |id: &str| format!("<cac:PartyIdentification><cbc:ID schemeName=\"1\">{id}</cbc:ID></cac:PartyIdentification>");
    let line = |i: usize| {
        let words = "Terrassement, évacuation et mise en décharge, y compris toutes sujétions d'exécution. ".repeat(4);
        format!(
            "<cac:InvoiceLine><cbc:ID>{i}</cbc:ID><cbc:InvoicedQuantity unitCode=\"MTQ\">1</cbc:InvoicedQuantity>\
             <cbc:LineExtensionAmount currencyID=\"EUR\">100.00</cbc:LineExtensionAmount><cac:Item><cbc:Description>{words}</cbc:Description>\
             <cbc:Name>Lot {i}</cbc:Name></cac:Item><cac:Price><cbc:PriceAmount currencyID=\"EUR\">100.00</cbc:PriceAmount></cac:Price></cac:InvoiceLine>\n"
        )
    };
    let lines: String = (1..=12).map(line).collect();
    let (seller, moe, moa) = (party(SELLER), party(MOE), party(MOA));
    let reference = cites.map_or_else(String::new, |earlier| {
        format!("<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{earlier}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>")
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\" \
         xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\" \
         xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">\n\
         <cbc:ProfileID>{cadre}</cbc:ProfileID><cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-03-31</cbc:IssueDate>\
         <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>\n{reference}\
         <cac:ContractDocumentReference><cbc:ID>M-1</cbc:ID><cbc:DocumentTypeCode>Marché public</cbc:DocumentTypeCode></cac:ContractDocumentReference>\n\
         <cac:AccountingSupplierParty><cac:Party>{seller}<cac:PartyLegalEntity><cbc:RegistrationName>Terrassements du Vallon</cbc:RegistrationName></cac:PartyLegalEntity>\
         <cac:AgentParty>{moe}</cac:AgentParty></cac:Party></cac:AccountingSupplierParty>\n\
         <cac:AccountingCustomerParty><cac:Party>{moa}</cac:Party></cac:AccountingCustomerParty>\n\
         <cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cac:PayeeFinancialAccount><cbc:ID>FR7630001007941234567890185</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>\n\
         <cac:TaxTotal><cbc:TaxAmount currencyID=\"EUR\">240.00</cbc:TaxAmount></cac:TaxTotal>\n\
         <cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID=\"EUR\">1200.00</cbc:LineExtensionAmount>\
         <cbc:TaxExclusiveAmount currencyID=\"EUR\">1200.00</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID=\"EUR\">1440.00</cbc:TaxInclusiveAmount>\
         <cbc:PayableAmount currencyID=\"EUR\">1440.00</cbc:PayableAmount></cac:LegalMonetaryTotal>\n{lines}</Invoice>\n"
    )
}
