//! What the demo works on, in the binary itself: an annuaire and some of the samples.

use crate::trade::Mode;

/// Nothing is being written while the demo runs: no need to wait until a file is finished.
pub const CONFIG: &[u8] = b"\
# The configuration of the demo. `guichet init` writes one with every key explained.
[platform]
name = \"guichet demo\"

[spool]
settle = \"0s\"    # files are finished when they appear
";

#[rustfmt::skip]
pub const ANNUAIRE: [(&str, &[u8]); 4] = [
    ("structures.csv", include_bytes!("../../../samples/annuaire/structures.csv")),
    ("services.csv",   include_bytes!("../../../samples/annuaire/services.csv")),
    ("marches.toml",   include_bytes!("../../../samples/annuaire/marches.toml")),
    ("partners.toml",  include_bytes!("../../../samples/annuaire/partners.toml")),
];

/// A file that a partner hands in.
pub struct Deposit {
    pub mode: Mode,
    pub partner: &'static str,
    pub name: &'static str,
    pub bytes: &'static [u8],
}

/// A sample: its case, its mode, whose it is, its name there.
macro_rules! samples {
    ($($case:literal $mode:ident $dir:literal $partner:literal $name:literal;)*) => {
        [$(Deposit {
            mode: Mode::$mode,
            partner: $partner,
            name: $name,
            bytes: include_bytes!(concat!("../../../samples/", $case, "/in/", $dir, "/", $partner, "/", $name)),
        }),*]
    };
}

/// The number of the draft that opens the dossier shown: from it to the service that pays.
pub const DOSSIER: &str = "PDM-PONT-06";

/// A monthly statement from the draft to the service that pays; every cadre that a dépôt initial can bring, in UBL and
/// in CII; what is refused, and what an operator must look at.
#[rustfmt::skip]
pub const DEPOSITS: [Deposit; 33] = samples! {
    // case                         mode     directory  partner        name
    "chaine-mensuelle"              Edi      "edi"      "entreprises"  "01-PDM-PONT-06";
    "chaine-mensuelle"              Portail  "portail"  "lauze"        "02-EA-PONT-06";
    "chaine-mensuelle"              Portail  "portail"  "haut-causse"  "03-EAV-PONT-06";
    "a04-ubl"                       Edi      "edi"      "entreprises"  "PDM-2026-04";
    "a04-cii"                       Edi      "edi"      "entreprises"  "PDM-2026-05";
    "a04-facturx"                   Edi      "edi"      "entreprises"  "PDM-2026-08.pdf";
    "a04-avoir"                     Edi      "edi"      "entreprises"  "AV-2026-01";
    "a05"                           Portail  "portail"  "entreprises"  "EA-F-01";
    "a06"                           Edi      "edi"      "entreprises"  "SF-01";
    "a07"                           Edi      "edi"      "entreprises"  "PDF-01";
    "a08"                           Service  "service"  "entreprises"  "DGD-01";
    "a10-ubl"                       Edi      "edi"      "entreprises"  "DP-ST-01";
    "a10-cii-cotraitant"            Edi      "edi"      "entreprises"  "DP-ST-02";
    "a13"                           Edi      "edi"      "entreprises"  "PDM-CO1-01";
    "a14"                           Portail  "portail"  "entreprises"  "PDF-CO2-01";
    "a15"                           Portail  "portail"  "lauze"        "EA-01";
    "a16"                           Service  "service"  "lauze"        "EAV-M-01";
    "a17"                           Portail  "portail"  "lauze"        "PDG-01";
    "a18"                           Service  "service"  "lauze"        "DG-M-01";
    "a19"                           Portail  "portail"  "rocbrune"     "EAV-01";
    "a20"                           Service  "service"  "rocbrune"     "DG-01";
    "a22"                           Edi      "edi"      "entreprises"  "PDG-T-01";
    "a24"                           Service  "service"  "lauze"        "DGD-T-01";
    "refus-a15-edi"                 Edi      "edi"      "lauze"        "X-A15";
    "refus-a23-initial"             Portail  "portail"  "entreprises"  "X-A23";
    "refus-moe-d-un-autre-marche"   Edi      "edi"      "entreprises"  "X-MOE";
    "refus-totaux"                  Edi      "edi"      "entreprises"  "X-TTC";
    "refus-virement-sans-iban"      Edi      "edi"      "entreprises"  "X-IBAN";
    "refus-tout-a-la-fois"          Edi      "edi"      "lauze"        "Facture_n°_12_!";
    "refus-entites"                 Edi      "edi"      "entreprises"  "bombe";
    "refus-pdf-seul"                Edi      "edi"      "entreprises"  "facture.pdf";
    "archive"                       Edi      "edi"      "entreprises"  "lot-2026-06.tar.gz";
    "retenu-bruit"                  Edi      "edi"      "entreprises"  "bruit";
};
