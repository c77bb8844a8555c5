//! A small world on disk: a marché, its partners, a spool; and the checker that says from outside whether everything
//! that was promised holds.

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

pub const TITULAIRE: &str = "91100001600012";
pub const MOE: &str = "91100002400016";
pub const MOA: &str = "91100003200019";
pub const OTHER: &str = "91100004000012";

/// A directory with a configuration, an annuaire and a spool.
pub struct World {
    pub dir: TempDir,
    /// What was dropped: partner and SHA-256, in order; the same bytes may be there twice.
    pub dropped: Vec<(String, String)>,
    /// What partners took from `out/`: path below it and SHA-256.
    pub taken: Vec<(String, String)>,
    /// How many of the dropped files came with a form: no deposits of their own.
    pub along: usize,
}

impl World {
    /// A world in which a file is finished at once.
    pub fn new() -> World {
        World::with("[spool]\nsettle = \"0s\"\n")
    }

    /// A world with this configuration.
    pub fn with(config: &str) -> World {
        let world = World { dir: TempDir::new().unwrap(), dropped: Vec::new(), taken: Vec::new(), along: 0 };
        let put = |name: &str, text: &str| {
            let path = world.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("guichet.toml", config);
        put(
            "annuaire/structures.csv",
            &format!(
                "id,id_type,name,active,service_required,engagement_required,either_required\n\
                 {TITULAIRE},1,Terrassements du Vallon,true,false,false,false\n\
                 {MOE},1,Atelier des Ponts,true,false,false,false\n\
                 {MOA},1,Commune de Valbrune,true,false,false,false\n\
                 {OTHER},1,Enrobés de la Plaine,true,false,false,false\n"
            ),
        );
        put("annuaire/services.csv", "siret,code,name,active,engagement_required\n");
        put(
            "annuaire/marches.toml",
            &format!("[[marche]]\nnumber = \"M-1\"\nmoa = \"{MOA}\"\nmoe = \"{MOE}\"\ntitulaire = \"{TITULAIRE}\"\n"),
        );
        let partner = |name: &str, code: &str, structures: &str, modes: &str| {
            format!(
                "[[partner]]\nname = \"{name}\"\napp_code = \"{code}\"\nstructures = [{structures}]\nmodes = [{modes}]\n\n"
            )
        };
        put(
            "annuaire/partners.toml",
            &[
                partner("alpha", "ALP001", &format!("\"{TITULAIRE}\""), "\"edi\", \"portail\""),
                partner("beta", "BET001", &format!("\"{MOE}\""), "\"edi\", \"portail\""),
                partner("gamma", "GAM001", &format!("\"{MOA}\""), "\"edi\""),
                partner("delta", "DEL001", &format!("\"{OTHER}\", \"{TITULAIRE}\""), "\"edi\""),
            ]
            .concat(),
        );
        for partner in ["alpha", "beta", "gamma", "delta"] {
            make_dir(&world.path(&format!("spool/in/edi/{partner}")));
        }
        world
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Drops a file that guichet must answer.
    pub fn drop_file(&mut self, mode: &str, partner: &str, name: &str, bytes: &[u8]) {
        let path = self.path(&format!("spool/in/{mode}/{partner}/{name}"));
        make_dir(path.parent().unwrap());
        fs::write(path, bytes).unwrap();
        self.dropped.push((partner.to_owned(), sha256(bytes)));
    }

    /// Drops a form and the files that it names: one deposit.
    pub fn drop_set(&mut self, mode: &str, partner: &str, files: &[(&str, &[u8])]) {
        for (name, bytes) in files {
            self.drop_file(mode, partner, name, bytes);
        }
        self.along += files.len() - 1;
    }

    /// A command of guichet's in this world.
    pub fn guichet(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        command.args(args).current_dir(self.dir.path());
        command.env_remove("GUICHET_KILL_AT").env_remove("GUICHET_CONFIG").env("GUICHET_LANG", "en");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.guichet(args).output().unwrap()
    }

    /// Runs `batch` and returns its tally.
    pub fn batch(&self) -> serde_json::Value {
        let out = self.run(&["batch", "--format", "json"]);
        assert!(out.status.success(), "batch: {}", text(&out.stderr));
        let last = text(&out.stdout).lines().last().unwrap().to_owned();
        serde_json::from_str(&last).unwrap()
    }

    /// Files below a directory of the spool, as paths below it.
    pub fn files(&self, below: &str) -> Vec<String> {
        let root = self.path(below);
        let mut files: Vec<String> = walkdir::WalkDir::new(&root)
            .into_iter()
            .filter_map(Result::ok)
            .filter(|e| e.file_type().is_file())
            .map(|e| e.path().strip_prefix(&root).unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        files
    }

    /// What a partner finds in a tray, in order of sequence.
    pub fn tray(&self, partner: &str, tray: &str) -> Vec<Vec<u8>> {
        let below = format!("spool/out/{partner}/{tray}");
        let mut names = self.files(&below);
        names.sort_by_key(|n| sequence_of(n));
        names.iter().map(|n| fs::read(self.path(&below).join(n)).unwrap()).collect()
    }

    /// A partner polls: takes everything that it sees.
    pub fn take_all(&mut self) {
        for name in self.files("spool/out") {
            if !name.starts_with(".stage/") {
                let path = self.path("spool/out").join(&name);
                self.taken.push((name, sha256(&fs::read(&path).unwrap())));
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// The ledger, for reading.
    pub fn ledger(&self) -> Connection {
        let path = self.path("spool/guichet.db");
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
    }

    /// Says what is not as promised, from outside; `finished`: nothing may be left to do.
    pub fn violations(&self, finished: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        self.conservation(&mut wrong);
        if self.path("spool/guichet.db").exists() {
            self.deliveries(finished, &mut wrong);
        } else if finished {
            wrong.push("there is no ledger".to_owned());
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

    /// Each dropped file's bytes are in exactly one of in, work, archive and hold.
    fn conservation(&self, wrong: &mut Vec<String>) {
        let mut expected: BTreeMap<String, i64> = BTreeMap::new();
        for (_, sha) in &self.dropped {
            *expected.entry(sha.clone()).or_default() += 1;
        }
        let mut found: BTreeMap<String, i64> = BTreeMap::new();
        let mut in_work: BTreeMap<String, (BTreeSet<String>, bool)> = BTreeMap::new();
        for dir in ["in", "archive", "hold"] {
            for file in self.files(&format!("spool/{dir}")) {
                let bytes = fs::read(self.path(&format!("spool/{dir}/{file}"))).unwrap();
                for sha in deposited(&bytes, &expected) {
                    *found.entry(sha).or_default() += 1;
                }
            }
        }
        for file in self.files("spool/work") {
            if file.ends_with(".name") {
                continue; // a name kept beside its file, no bytes of a deposit
            }
            // The partner's file and guichet's copy count as one; a copy may be half written.
            let name = file.rsplit('/').next().unwrap();
            let bytes = fs::read(self.path(&format!("spool/work/{file}"))).unwrap();
            let (shas, is_set) = in_work.entry(name[..18].to_owned()).or_default();
            let inside = deposited(&bytes, &expected);
            *is_set |= file.ends_with(".along") || inside.len() > 1 || text(&bytes).contains("urn:guichet:depot:1");
            shas.extend(inside);
        }
        for (shas, is_set) in in_work.values() {
            let dropped = shas.iter().filter(|sha| expected.contains_key(*sha));
            let counted: Vec<&String> = dropped.take(if *is_set { usize::MAX } else { 1 }).collect();
            if counted.is_empty() {
                wrong.push("something in work/ was never dropped".to_owned());
            }
            for sha in counted {
                *found.entry(sha.clone()).or_default() += 1;
            }
        }
        for (sha, n) in &expected {
            let seen = found.get(sha).copied().unwrap_or(0);
            if seen != *n {
                wrong.push(format!("dropped {n} times, found {seen} times: {}", &sha[..8]));
            }
        }
        for sha in found.keys().filter(|sha| !expected.contains_key(*sha)) {
            wrong.push(format!("found and never dropped: {}", &sha[..8]));
        }
    }

    /// Everything visible is known to the ledger, whole, and came once; what is committed came or will.
    fn deliveries(&self, finished: bool, wrong: &mut Vec<String>) {
        let ledger = self.ledger();
        let rows: Vec<(String, String, String, i64)> = ledger
            .prepare(
                "SELECT o.partner || '/' || o.tray || '/' || o.name, lower(hex(o.sha256)), coalesce(o.flow, ''),
                        EXISTS (SELECT 1 FROM unpublished u WHERE u.id = o.id) FROM outbox o",
            )
            .unwrap()
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let known: BTreeMap<&str, &str> = rows.iter().map(|(p, s, _, _)| (p.as_str(), s.as_str())).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let visible = self.files("spool/out").into_iter().filter(|f| !f.starts_with(".stage/"));
        let visible = visible.map(|f| {
            let sha = sha256(&fs::read(self.path("spool/out").join(&f)).unwrap());
            (f, sha)
        });
        for (path, sha) in visible.chain(self.taken.iter().cloned()) {
            match known.get(path.as_str()) {
                None => wrong.push(format!("{path} is visible and not in the ledger")),
                Some(is) if *is != sha => wrong.push(format!("{path} is not what the ledger says")),
                Some(_) => {}
            }
            *seen.entry(path).or_default() += 1;
        }
        for (path, n) in seen.iter().filter(|(_, n)| **n > 1) {
            wrong.push(format!("{path} was delivered {n} times"));
        }
        if finished {
            for (path, _, _, pending) in &rows {
                if !seen.contains_key(path) {
                    wrong.push(format!("{path} was never delivered"));
                }
                if *pending != 0 {
                    wrong.push(format!("{path} is not marked as published"));
                }
            }
            let flows: i64 = ledger.query_row("SELECT count(*) FROM flow", [], |r| r.get(0)).unwrap();
            let deposits = self.dropped.len() - self.along;
            if flows != deposits as i64 {
                wrong.push(format!("{deposits} deposits, {flows} flows in the ledger"));
            }
            let reports = rows.iter().filter(|(p, _, _, _)| p.contains("/comptes-rendus/")).count();
            if reports != deposits {
                wrong.push(format!("{deposits} deposits, {reports} reports"));
            }
        }
    }
}

/// Makes a directory as an administrator should: for nobody else.
fn make_dir(path: &Path) {
    fs::DirBuilder::new().recursive(true).mode(0o750).create(path).unwrap();
}

/// What was dropped, from what lies in the spool: of guichet's own archive of a form, the files that are in it.
fn deposited(bytes: &[u8], dropped: &BTreeMap<String, i64>) -> Vec<String> {
    let whole = vec![sha256(bytes)];
    if dropped.contains_key(&whole[0]) || bytes.get(257..262) != Some(b"ustar") || !bytes.ends_with(&[0; 1024]) {
        return whole;
    }
    let mut members = Vec::new();
    for member in tar::Archive::new(bytes).entries().unwrap() {
        let (mut member, mut bytes) = (member.unwrap(), Vec::new());
        if std::io::Read::read_to_end(&mut member, &mut bytes).is_err() {
            return whole;
        }
        members.push(sha256(&bytes));
    }
    members
}

/// The number at the end of an outbound flow's name, or at the beginning of a pièce's.
fn sequence_of(name: &str) -> u64 {
    let digits: String = match name.rsplit_once("_p-") {
        Some((sequence, _)) => sequence.to_owned(),
        None => name[name.len().saturating_sub(15)..].to_owned(),
    };
    digits.parse().unwrap_or(0)
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An A4 in UBL that every rule accepts in this world: TITULAIRE bills, MOE receives.
pub fn a4(number: &str) -> Vec<u8> {
    invoice("A4", number, TITULAIRE)
}

/// A pièce of this cadre by the usual seller, that cites an earlier one.
pub fn citing(cadre: &str, number: &str, earlier: &str) -> Vec<u8> {
    let reference = format!(
        "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{earlier}</cbc:ID></cac:InvoiceDocumentReference>\
         </cac:BillingReference>\n  <cac:ContractDocumentReference>"
    );
    text(&invoice(cadre, number, TITULAIRE)).replacen("<cac:ContractDocumentReference>", &reference, 1).into_bytes()
}

/// An invoice of this cadre and seller.
pub fn invoice(cadre: &str, number: &str, seller: &str) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ProfileID>{cadre}</cbc:ProfileID>
  <cbc:ID>{number}</cbc:ID>
  <cbc:IssueDate>2026-03-31</cbc:IssueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:ContractDocumentReference><cbc:ID>M-1</cbc:ID><cbc:DocumentTypeCode>Marché public</cbc:DocumentTypeCode></cac:ContractDocumentReference>
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PartyIdentification><cbc:ID schemeName="1">{seller}</cbc:ID></cac:PartyIdentification>
    <cac:PartyName><cbc:Name>Terrassements du Vallon</cbc:Name></cac:PartyName>
    <cac:PartyLegalEntity><cbc:RegistrationName>Terrassements du Vallon</cbc:RegistrationName></cac:PartyLegalEntity>
    <cac:AgentParty><cac:PartyIdentification><cbc:ID schemeName="1">{MOE}</cbc:ID></cac:PartyIdentification></cac:AgentParty>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cac:PartyIdentification><cbc:ID schemeName="1">{MOA}</cbc:ID></cac:PartyIdentification>
  </cac:Party></cac:AccountingCustomerParty>
  <cac:PaymentMeans>
    <cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>
    <cac:PayeeFinancialAccount><cbc:ID>FR7630001007941234567890185</cbc:ID></cac:PayeeFinancialAccount>
  </cac:PaymentMeans>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">20.00</cbc:TaxAmount></cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="EUR">100.00</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="EUR">120.00</cbc:TaxInclusiveAmount>
    <cbc:PayableAmount currencyID="EUR">120.00</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine>
    <cbc:ID>1</cbc:ID>
    <cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Terrassement</cbc:Name></cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="EUR">100.00</cbc:PriceAmount></cac:Price>
  </cac:InvoiceLine>
</Invoice>
"#
    )
    .into_bytes()
}

/// The shared reference beside the project, where it is.
pub fn shared(below: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(below);
    if !path.exists() {
        eprintln!("skipped: {below} is not beside the project");
        return None;
    }
    Some(path)
}
