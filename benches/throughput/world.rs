//! What a measure works on: a spool with its annuaire, and what partners drop there.

use crate::processor_ms;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The MOE of every marché, and its MOA.
pub const MOE: &str = "91100002400016";
pub const MOA: &str = "91100003200019";

/// What is dropped: flows of so many pièces of so many bytes, from so many partners in turn.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub flows: usize,
    /// Pièces a flow; of more than one it is a tar.gz.
    pub each: usize,
    /// Lines of a pièce: 12 are 10 KB.
    pub lines: usize,
    pub partners: usize,
}

impl Load {
    /// Flows of one pièce of 10 KB, from one partner.
    pub fn of(flows: usize) -> Load {
        Load { flows, each: 1, lines: 12, partners: 1 }
    }

    pub fn pieces(&self) -> usize {
        self.flows * self.each
    }
}

/// A spool below a directory of its own.
pub struct World(pub PathBuf);

impl World {
    /// A fresh one: a partner for each seller, `gamma` for the MOE and `delta` for the MOA.
    pub fn new(dir: PathBuf, partners: usize, config: &str) -> World {
        assert!(!dir.exists(), "{dir:?} must be fresh: deleting thousands of files just before disturbs the measure");
        fs::create_dir_all(dir.join("annuaire")).unwrap();
        let put = |name: &str, text: String| fs::write(dir.join(name), text).unwrap();
        put("guichet.toml", config.to_owned());
        let structure = |id: &str| format!("{id},1,Structure {id},true,false,false,false\n");
        let mut structures = "id,id_type,name,active,service_required,engagement_required,either_required\n".to_owned();
        structures += &[structure(MOE), structure(MOA)].concat();
        let (mut sheets, mut all) = (String::new(), String::new());
        let mut partner = |name: &str, n: usize, structure: &str| {
            all += &format!(
                "[[partner]]\nname = \"{name}\"\napp_code = \"P{n:05}\"\nstructures = [\"{structure}\"]\n\
                 modes = [\"edi\", \"portail\"]\n\n"
            );
        };
        partner("gamma", 90_001, MOE);
        partner("delta", 90_002, MOA);
        for n in 0..partners {
            let id = seller(n);
            structures += &structure(&id);
            sheets +=
                &format!("[[marche]]\nnumber = \"M-{n}\"\nmoa = \"{MOA}\"\nmoe = \"{MOE}\"\ntitulaire = \"{id}\"\n\n");
            partner(&name(n), n, &id);
        }
        put("annuaire/structures.csv", structures);
        put("annuaire/services.csv", "siret,code,name,active,engagement_required\n".to_owned());
        put("annuaire/marches.toml", sheets);
        put("annuaire/partners.toml", all);
        World(dir)
    }

    /// A file that a partner drops, finished as soon as it is there.
    pub fn put(&self, mode: &str, partner: &str, name: &str, bytes: &[u8]) {
        let dir = self.0.join("spool/in").join(mode).join(partner);
        fs::create_dir_all(&dir).unwrap();
        let part = dir.join(format!("{name}.part"));
        fs::write(&part, bytes).unwrap();
        fs::rename(part, dir.join(name)).unwrap();
    }

    /// Drops a whole load; gives the size of its last flow.
    pub fn fill(&self, load: &Load) -> usize {
        let mut size = 0;
        for i in 0..load.flows {
            let bytes = flow(load, i);
            size = bytes.len();
            self.put("edi", &name(i % load.partners), &format!("F{i:06}"), &bytes);
        }
        size
    }

    /// How many files a tray holds.
    pub fn count(&self, partner: &str, tray: &str) -> usize {
        fs::read_dir(self.0.join("spool/out").join(partner).join(tray)).map_or(0, Iterator::count)
    }

    /// A command of guichet's in this world.
    pub fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.0);
        command
    }

    /// One batch of what was dropped: accepted pièces, or acts done, a second, and its processor time in milliseconds.
    pub fn batch(&self, program: &Path, what: &str, pieces: usize) -> (f64, f64) {
        still();
        let (_, before) = processor_ms();
        let out = self.command(program, &["batch", "--format", "json"]).output().unwrap();
        let tally: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(tally[what], pieces, "{tally}");
        let rate = pieces as f64 / (tally["elapsed_ms"].as_f64().unwrap() / 1000.0);
        (rate, processor_ms().1 - before)
    }
}

/// Waits until the disk is still, and every file finished.
pub fn still() {
    Command::new("sync").status().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
}

/// Waits for something that happens soon.
pub fn wait(seconds: u64, done: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(seconds);
    while !done() {
        assert!(Instant::now() < until, "nothing happens");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// The partner of a number.
pub fn name(n: usize) -> String {
    format!("p{n:03}")
}

/// Its structure, whose two keys are right.
pub fn seller(n: usize) -> String {
    let siren = keyed(format!("9{n:07}"));
    keyed(format!("{siren}0001"))
}

/// Digits with the one that makes them pass Luhn.
fn keyed(digits: String) -> String {
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let each = digits.chars().rev().filter_map(|c| c.to_digit(10)).enumerate();
    let sum: u32 = each.map(|(i, d)| if i % 2 == 0 { doubled(d) } else { d }).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// The bytes of a flow of this load.
pub fn flow(load: &Load, i: usize) -> Vec<u8> {
    let of = i % load.partners;
    let piece = |number: String| Piece { of, lines: load.lines, ..Piece::new("A4", number) }.xml();
    if load.each == 1 {
        return piece(format!("N-{i}")).into_bytes();
    }
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for n in 0..load.each {
        let text = piece(format!("N-{i}-{n}"));
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, format!("{n}.xml"), text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// An act as a life-cycle flow asks for it.
pub fn act(number: &str, status: &str, comment: &str, by: &str) -> String {
    let supplier = seller(0);
    format!(
        "<CPPFactureStatutUnitaire><Fournisseur><TypeIdentifiant>1</TypeIdentifiant><Identifiant>{supplier}</Identifiant>\
         </Fournisseur><DonneesStatut><ComplementStatut>{status}</ComplementStatut><Commentaire>{comment}</Commentaire>\
         <Producteur Id=\"{by}\"/><IdFacture>{number}</IdFacture></DonneesStatut></CPPFactureStatutUnitaire>\n"
    )
}

/// A flow of acts.
pub fn acts(units: &[String]) -> String {
    format!("<CPPStatut><CPPFactureStatuts>\n{}</CPPFactureStatuts></CPPStatut>\n", units.concat())
}

/// What a pièce says.
pub struct Piece {
    pub cadre: &'static str,
    pub number: String,
    /// The number that it cites.
    pub cites: Option<String>,
    /// Which partner's seller.
    pub of: usize,
    pub lines: usize,
}

impl Piece {
    pub fn new(cadre: &'static str, number: String) -> Piece {
        Piece { cadre, number, cites: None, of: 0, lines: 12 }
    }

    /// In UBL: about 800 bytes a line and 2 KB.
    #[rustfmt::skip]
    pub fn xml(&self) -> String {
        let Piece { cadre, number, cites, of, lines: n } = self;
        let party = |id: &str| format!("<cac:PartyIdentification><cbc:ID schemeName=\"1\">{id}</cbc:ID></cac:PartyIdentification>");
        let words = "Terrassement, évacuation et mise en décharge, y compris toutes sujétions d'exécution. ".repeat(4);
        let line = |i: usize| format!(
            "<cac:InvoiceLine><cbc:ID>{i}</cbc:ID><cbc:InvoicedQuantity unitCode=\"MTQ\">1</cbc:InvoicedQuantity>\
             <cbc:LineExtensionAmount currencyID=\"EUR\">100.00</cbc:LineExtensionAmount><cac:Item><cbc:Description>{words}</cbc:Description>\
             <cbc:Name>Lot {i}</cbc:Name></cac:Item><cac:Price><cbc:PriceAmount currencyID=\"EUR\">100.00</cbc:PriceAmount></cac:Price></cac:InvoiceLine>\n"
        );
        let lines: String = (1..=*n).map(line).collect();
        let (ht, vat, ttc) = (100 * n, 20 * n, 120 * n);
        let (seller, moe, moa) = (party(&seller(*of)), party(MOE), party(MOA));
        let reference = cites.as_ref().map_or_else(String::new, |earlier| format!(
            "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{earlier}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>"
        ));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\" \
             xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\" \
             xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">\n\
             <cbc:ProfileID>{cadre}</cbc:ProfileID><cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-03-31</cbc:IssueDate>\
             <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>\n{reference}\
             <cac:ContractDocumentReference><cbc:ID>M-{of}</cbc:ID><cbc:DocumentTypeCode>Marché public</cbc:DocumentTypeCode></cac:ContractDocumentReference>\n\
             <cac:AccountingSupplierParty><cac:Party>{seller}<cac:PartyLegalEntity><cbc:RegistrationName>Terrassements du Vallon</cbc:RegistrationName></cac:PartyLegalEntity>\
             <cac:AgentParty>{moe}</cac:AgentParty></cac:Party></cac:AccountingSupplierParty>\n\
             <cac:AccountingCustomerParty><cac:Party>{moa}</cac:Party></cac:AccountingCustomerParty>\n\
             <cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cac:PayeeFinancialAccount><cbc:ID>FR7630001007941234567890185</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>\n\
             <cac:TaxTotal><cbc:TaxAmount currencyID=\"EUR\">{vat}.00</cbc:TaxAmount></cac:TaxTotal>\n\
             <cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID=\"EUR\">{ht}.00</cbc:LineExtensionAmount>\
             <cbc:TaxExclusiveAmount currencyID=\"EUR\">{ht}.00</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID=\"EUR\">{ttc}.00</cbc:TaxInclusiveAmount>\
             <cbc:PayableAmount currencyID=\"EUR\">{ttc}.00</cbc:PayableAmount></cac:LegalMonetaryTotal>\n{lines}</Invoice>\n"
        )
    }
}
