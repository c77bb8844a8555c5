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

/// A sample, by its case, mode, partner and file.
macro_rules! sample {
    ($case:literal, $mode:ident, $dir:literal, $partner:literal, $name:literal) => {
        Deposit {
            mode: Mode::$mode,
            partner: $partner,
            name: $name,
            bytes: include_bytes!(concat!("../../../samples/", $case, "/in/", $dir, "/", $partner, "/", $name)),
        }
    };
}

#[rustfmt::skip]
pub const DEPOSITS: [Deposit; 3] = [
    //      case       mode, and its directory  partner     file
    sample!("a4-ubl",  Edi, "edi",              "terravia", "acompte-mars.xml"),
    sample!("a10-cii", Edi, "edi",              "terravia", "sous-traitant.xml"),
    sample!("refused", Edi, "edi",              "terravia", "brouillon.xml"),
];
