//! A small world on disk: a marché, its partners, a spool. Whether everything that was promised holds in it is for the
//! checker (`checker.rs`).

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

pub const TITULAIRE: &str = "91100001600012";
pub const MOE: &str = "91100002400016";
pub const MOA: &str = "91100003200019";
pub const OTHER: &str = "91100004000012";

/// A file that a partner dropped.
#[derive(Clone)]
pub struct Dropped {
    pub mode: String,
    pub partner: String,
    pub name: Vec<u8>,
    pub sha: String,
}

/// A directory with a configuration, an annuaire and a spool.
pub struct World {
    pub dir: TempDir,
    /// What was dropped, in order; the same bytes may be there twice.
    pub dropped: Vec<Dropped>,
    /// What partners took from `out/`, or saw there before the power went: path below it and SHA-256.
    pub taken: Vec<(String, String)>,
    /// Of these, what the power may have brought back: it may be seen once more, with the same bytes.
    pub again: Vec<String>,
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
        World::within(TempDir::new().unwrap(), config)
    }

    /// The same in memory, where there is room: to end a process loses nothing that it wrote, on a disk as here, so
    /// that a test of that need not wait for a disk.
    pub fn in_memory(config: &str) -> World {
        World::within(memory(), config)
    }

    fn within(dir: TempDir, config: &str) -> World {
        let world = World { dir, dropped: Vec::new(), taken: Vec::new(), again: Vec::new(), along: 0 };
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
        self.note_drop(mode, partner, OsStr::new(name), bytes);
    }

    /// Drops what makes every kind of answer: accepted, refused, duplicate, held, a name that must be cut, an archive,
    /// and a chain, the later pièce before the earlier one.
    pub fn drop_one_of_each(&mut self) {
        self.drop_file("edi", "alpha", "one.xml", &a4("N-1"));
        self.drop_file("edi", "alpha", "two.xml", &a4("N-2"));
        self.drop_file("edi", "alpha", "one again.xml", &a4("N-1"));
        self.drop_file("edi", "beta", "refused.xml", &invoice("A15", "N-3", TITULAIRE));
        self.drop_file("edi", "gamma", "cut short.xml", b"<Invoice><ID>");
        self.drop_file("edi", "alpha", &"n".repeat(255), &a4("N-4"));
        let lot = super::archive::tgz(&[("a", &a4("N-5")), ("b", b"<b>"), ("c", &a4("N-6"))]);
        self.drop_file("edi", "delta", "lot", &lot);
        self.drop_file("portail", "beta", "a state", &citing("A15", "N-8", "N-7"));
        self.drop_file("portail", "alpha", "its draft", &a4("N-7"));
    }

    /// Drops a file as careful partners do: under another name first.
    pub fn move_in(&mut self, mode: &str, partner: &str, name: &str, bytes: &[u8]) {
        let path = self.path(&format!("spool/in/{mode}/{partner}/{name}"));
        let part = path.with_file_name(".part");
        make_dir(path.parent().unwrap());
        fs::write(&part, bytes).unwrap();
        fs::rename(part, path).unwrap();
        self.note_drop(mode, partner, OsStr::new(name), bytes);
    }

    /// Remembers what was dropped in another way.
    pub fn note_drop(&mut self, mode: &str, partner: &str, name: &OsStr, bytes: &[u8]) {
        let (mode, partner, name) = (mode.to_owned(), partner.to_owned(), name.as_bytes().to_vec());
        self.dropped.push(Dropped { mode, partner, name, sha: sha256(bytes) });
    }

    /// Drops a form and the files that it names: one deposit.
    pub fn drop_set(&mut self, mode: &str, partner: &str, files: &[(&str, &[u8])]) {
        for (name, bytes) in files {
            self.drop_file(mode, partner, name, bytes);
        }
        self.along += files.len() - 1;
    }

    /// Another world with the same past: the configuration and the annuaire are the same, the spool is not there.
    pub fn twin(&self) -> World {
        let dir = memory();
        fs::create_dir(dir.path().join("annuaire")).unwrap();
        for file in ["guichet.toml"]
            .into_iter()
            .map(str::to_owned)
            .chain(self.files("annuaire").into_iter().map(|name| format!("annuaire/{name}")))
        {
            fs::copy(self.path(&file), dir.path().join(&file)).unwrap();
        }
        let (dropped, taken, again) = (self.dropped.clone(), self.taken.clone(), self.again.clone());
        World { dir, dropped, taken, again, along: self.along }
    }

    /// A command of guichet's in this world.
    pub fn guichet(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        command.args(args).current_dir(self.dir.path());
        for name in ["GUICHET_KILL_AT", "GUICHET_KILL_LOG", "GUICHET_MUTANT", "GUICHET_CONFIG"] {
            command.env_remove(name);
        }
        command.env("GUICHET_LANG", "en");
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
}

/// Makes a directory as an administrator should: for nobody else.
fn make_dir(path: &Path) {
    fs::DirBuilder::new().recursive(true).mode(0o750).create(path).unwrap();
}

/// A new directory in memory, or on a disk where there is little of it.
fn memory() -> TempDir {
    let shm = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(shm).is_ok_and(|s| s.f_bavail * s.f_frsize > 1 << 30);
    let made = if room { TempDir::new_in(shm) } else { TempDir::new() };
    made.or_else(|_| TempDir::new()).unwrap()
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
