//! The keys of `guichet.toml`: one row each, with what it takes and where it goes.

use super::tree::{Given, Source, Table, Wanted, among};
use super::{Announces, Barrier, Config, En16931, GIB, KIB, Level, MIB, Shape, Watch};
use crate::error::{Problem, Problems};
use crate::msg;
use crate::text::t;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A configuration file is a page, not a book.
const MOST_BYTES: u64 = MIB;
/// No wait is longer than ten years: sums of times stay far from every end.
const LONGEST: Duration = Duration::from_secs(3653 * DAY);
const DAY: u64 = 86_400;

/// A row: table, key, what it takes.
pub(super) struct Key {
    /// `spool` of `[spool]`.
    pub table: &'static str,
    /// The key.
    pub name: &'static str,
    takes: Takes,
}

/// Sets a value in the configuration.
type Set<T> = fn(&mut Config, T);
/// A word, and what it sets.
type Word = (&'static str, fn(&mut Config));

/// What a key takes, with its least and most where it has them.
enum Takes {
    Text(Set<String>),
    Path(Set<PathBuf>),
    Siret(Set<String>),
    AppCode(Set<String>),
    Interface(Set<String>),
    Inbound,
    Words(&'static [Word]),
    Duration(Set<Duration>),
    Days(Set<Duration>),
    Size(u64, u64, Set<u64>),
    Count(u32, u32, Set<u32>),
    Loopback(Set<SocketAddr>),
}
use Takes::{AppCode, Count, Days, Inbound, Interface, Loopback, Siret, Size, Text, Words};

const fn key(table: &'static str, name: &'static str, takes: Takes) -> Key {
    Key { table, name, takes }
}

#[rustfmt::skip]
pub(super) static KEYS: &[Key] = &[
    //  table         key                 takes (least, most)   goes to
    key("platform",   "app_code",         AppCode(|c, v| c.platform.app_code = v)),
    key("platform",   "name",             Text(|c, v| c.platform.name = v)),
    key("platform",   "siret",            Siret(|c, v| c.platform.siret = Some(v))),
    key("spool",      "root",             Takes::Path(|c, v| c.spool.root = v)),
    key("spool",      "settle",           Takes::Duration(|c, v| c.spool.settle = v)),
    key("spool",      "rescan",           Takes::Duration(|c, v| c.spool.rescan = v)),
    key("spool",      "incomplete_after", Takes::Duration(|c, v| c.spool.incomplete_after = v)),
    key("spool",      "watch",            Words(&[("events", |c| c.spool.watch = Watch::Events), ("poll", |c| c.spool.watch = Watch::Poll)])),
    key("ledger",     "path",             Takes::Path(|c, v| c.ledger.path = v)),
    key("ledger",     "barrier",          Words(&[("syncfs", |c| c.ledger.barrier = Barrier::Syncfs), ("fsync", |c| c.ledger.barrier = Barrier::Fsync)])),
    key("batch",      "flows",            Count(1, 100_000,        |c, v| c.batch.flows = v as usize)),
    key("batch",      "bytes",            Size(1, 64 * GIB,        |c, v| c.batch.bytes = v)),
    key("batch",      "wait",             Takes::Duration(|c, v| c.batch.wait = v)),
    key("limits",     "file",             Size(KIB, 2 * GIB,       |c, v| c.limits.file = v)),
    key("limits",     "flow",             Size(KIB, 64 * GIB,      |c, v| c.limits.flow = v)),
    key("limits",     "pieces",           Count(1, 1_000_000,      |c, v| c.limits.pieces = v as usize)),
    key("limits",     "entries",          Count(1, 10_000_000,     |c, v| c.limits.entries = v as usize)),
    key("limits",     "ratio",            Count(1, 1_000_000,      |c, v| c.limits.ratio = v.into())),
    key("limits",     "nodes",            Count(1, 1_000_000_000,  |c, v| c.limits.nodes = v)),
    key("limits",     "depth",            Count(1, 10_000,         |c, v| c.limits.depth = v)),
    key("limits",     "attributes",       Count(1, 100_000,        |c, v| c.limits.attributes = v)),
    key("limits",     "attachment",       Size(1, 2 * GIB,         |c, v| c.limits.attachment = v)),
    key("limits",     "attachments",      Size(1, 64 * GIB,        |c, v| c.limits.attachments = v)),
    key("limits",     "reserve",          Size(0, 1 << 50,         |c, v| c.limits.reserve = v)),
    key("rules",      "en16931",          Words(&[("advise", |c| c.rules.en16931 = En16931::Advise), ("enforce", |c| c.rules.en16931 = En16931::Enforce), ("never", |c| c.rules.en16931 = En16931::Never)])),
    key("delays",     "valideur",         Days(|c, v| c.delays.valideur = v)),
    key("delays",     "moe",              Days(|c, v| c.delays.moe = v)),
    key("delays",     "dg",               Days(|c, v| c.delays.dg = v)),
    key("delays",     "tacite",           Days(|c, v| c.delays.tacite = v)),
    key("delays",     "paiement",         Days(|c, v| c.delays.paiement = v)),
    key("interfaces", "report_ubl",       Interface(|c, v| c.interfaces.report_ubl = v)),
    key("interfaces", "report_cii",       Interface(|c, v| c.interfaces.report_cii = v)),
    key("interfaces", "report_facturx",   Interface(|c, v| c.interfaces.report_facturx = v)),
    key("interfaces", "report_cppstatut", Interface(|c, v| c.interfaces.report_cppstatut = v)),
    key("interfaces", "report_unknown",   Interface(|c, v| c.interfaces.report_unknown = v)),
    key("interfaces", "statuts",          Interface(|c, v| c.interfaces.statuts = v)),
    key("interfaces", "inbound",          Inbound),
    key("log",        "format",           Words(&[("text", |c| c.log.format = Shape::Text), ("json", |c| c.log.format = Shape::Json)])),
    key("log",        "level",            Words(LEVELS)),
    key("metrics",    "file",             Takes::Path(|c, v| c.metrics.file = Some(v))),
    key("metrics",    "listen",           Loopback(|c, v| c.metrics.listen = Some(v))),
];

#[rustfmt::skip]
static LEVELS: &[Word] = &[
    // word      least event that is written
    ("auto",     |c| c.log.level = None),
    ("debug",    |c| c.log.level = Some(Level::Debug)),
    ("info",     |c| c.log.level = Some(Level::Info)),
    ("warning",  |c| c.log.level = Some(Level::Warning)),
    ("alert",    |c| c.log.level = Some(Level::Alert)),
];

#[rustfmt::skip]
static ANNOUNCES: &[(&str, Option<Announces>)] = &[
    // word       what a code announces; "none" takes a default code away
    ("ubl",       Some(Announces::Ubl)),
    ("cii",       Some(Announces::Cii)),
    ("ubl-mixed", Some(Announces::UblMixed)),
    ("cii-mixed", Some(Announces::CiiMixed)),
    ("factur-x",  Some(Announces::FacturX)),
    ("cppstatut", Some(Announces::Cppstatut)),
    ("none",      None),
];

/// Reads the file at `path`.
pub(super) fn load(path: &Path) -> Result<Config, Vec<Problem>> {
    let source = Source::read(path, MOST_BYTES).map_err(|p| vec![p])?;
    let dir = path.parent().unwrap_or(Path::new(""));
    let mut config = Config::at(dir);
    let mut problems = Problems::default();
    if let Some(tree) = source.toml(&mut problems) {
        let top = Table { source: &source, name: "", start: 0, entries: tree.get_ref() };
        let mut ledger_given = false;
        for table in top.given() {
            read_table(table, dir, &mut config, &mut problems);
            ledger_given |= table.table().is_some_and(|t| t.name == "ledger" && t.get("path").is_some());
        }
        // The ledger lives in the spool wherever the spool is.
        if !ledger_given {
            config.ledger.path = config.spool.root.join("guichet.db");
        }
    }
    if problems.is_empty() { Ok(config) } else { Err(problems.into_vec()) }
}

fn read_table(given: Given<'_>, dir: &Path, config: &mut Config, problems: &mut Problems) {
    let mut tables: Vec<&str> = KEYS.iter().map(|k| k.table).collect();
    tables.dedup();
    if !tables.contains(&given.key) {
        return problems.push(lost(given).unwrap_or_else(|| given.unknown(&tables)));
    }
    let Some(table) = given.table() else {
        let name = given.key;
        return problems.push(given.wrong(Wanted {
            what: msg!("une table", "a table"),
            help: msg!(
                "écrivez une ligne [{name}], et ses clés en dessous",
                "write a line [{name}], and its keys below it"
            ),
        }));
    };
    let keys = || KEYS.iter().filter(|k| k.table == table.name);
    for given in table.given() {
        let read = match keys().find(|k| k.name == given.key) {
            Some(key) => take(&key.takes, given, dir, config),
            None => Err(vec![given.unknown(&keys().map(|k| k.name).collect::<Vec<_>>())]),
        };
        read.unwrap_or_else(|found| found.into_iter().for_each(|p| problems.push(p)));
    }
}

/// A key that was written above the line of its table.
fn lost(given: Given<'_>) -> Option<Problem> {
    let home = KEYS.iter().find(|k| k.name == given.key && given.table().is_none())?.table;
    let name = given.key;
    Some(given.problem(
        msg!("« {name} » n'est dans aucune table", "\"{name}\" is in no table"),
        msg!("mettez cette ligne sous [{home}]", "put this line under [{home}]"),
    ))
}

/// Reads one value and puts it in its place.
fn take(takes: &Takes, given: Given<'_>, dir: &Path, config: &mut Config) -> Result<(), Vec<Problem>> {
    let one = |problem| vec![problem];
    match takes {
        Text(set) => set(config, given.text().map_err(one)?.to_owned()),
        Takes::Path(set) => set(config, dir.join(given.text().map_err(one)?)),
        AppCode(set) => set(config, code(given, is_app_code, app_code_wanted).map_err(one)?),
        Siret(set) => set(config, code(given, is_siret, siret_wanted).map_err(one)?),
        Interface(set) => set(config, code(given, is_interface, interface_wanted).map_err(one)?),
        Inbound => inbound(given, config)?,
        Words(words) => word(given, words).map_err(one)?(config),
        Takes::Duration(set) => set(config, duration(given).map_err(one)?),
        Days(set) => set(config, days(given).map_err(one)?),
        Size(least, most, set) => set(config, size(given, *least, *most).map_err(one)?),
        Count(least, most, set) => set(config, count(given, *least, *most).map_err(one)?),
        Loopback(set) => set(config, loopback(given).map_err(one)?),
    }
    Ok(())
}

/// A code of a fixed form.
fn code(given: Given<'_>, holds: fn(&str) -> bool, wanted: fn() -> Wanted) -> Result<String, Problem> {
    let text = given.value.as_str().filter(|text| holds(text));
    text.map(str::to_owned).ok_or_else(|| given.wrong(wanted()))
}

/// Six of A–Z and 0–9.
pub(crate) fn is_app_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// What [`is_app_code`] asks for.
pub(crate) fn app_code_wanted() -> Wanted {
    Wanted::new(
        t("six caractères parmi A-Z et 0-9", "six characters of A-Z and 0-9"),
        t("écrivez par exemple \"GUI001\"", "write for instance \"GUI001\""),
    )
}

/// Fourteen digits.
pub(crate) fn is_siret(text: &str) -> bool {
    text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit())
}

fn siret_wanted() -> Wanted {
    Wanted::new(
        t("un SIRET de 14 chiffres, en texte", "a SIRET of 14 digits, as text"),
        t("écrivez-le entre guillemets, sans espaces", "write it between quotes, without spaces"),
    )
}

/// Three letters, four digits, a letter or digit: `FSO1100A`.
fn is_interface(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 8
        && b[..3].iter().all(u8::is_ascii_uppercase)
        && b[3..7].iter().all(u8::is_ascii_digit)
        && (b[7].is_ascii_uppercase() || b[7].is_ascii_digit())
}

fn interface_wanted() -> Wanted {
    Wanted::new(
        t("un code interface", "an interface code"),
        t(
            "trois lettres, quatre chiffres, une lettre ou un chiffre : \"FSO1100A\"",
            "three letters, four digits, a letter or a digit: \"FSO1100A\"",
        ),
    )
}

/// `[interfaces.inbound]`: its codes are added to the default ones or take their place.
fn inbound(given: Given<'_>, config: &mut Config) -> Result<(), Vec<Problem>> {
    let Some(codes) = given.table().map(|codes| Table { name: "interfaces.inbound", ..codes }) else {
        return Err(vec![given.wrong(Wanted::new(
            t("une table de codes", "a table of codes"),
            t(
                "écrivez : [interfaces.inbound], puis FSO1100A = \"ubl\"",
                "write: [interfaces.inbound], then FSO1100A = \"ubl\"",
            ),
        ))]);
    };
    let mut found = Vec::new();
    for given in codes.given() {
        let announces = ANNOUNCES.iter().find(|(word, _)| given.value.as_str() == Some(word));
        match announces {
            _ if !is_interface(given.key) => found.push(given.wrong(interface_wanted())),
            None => found.push(given.wrong(among(&ANNOUNCES.iter().map(|(word, _)| *word).collect::<Vec<_>>()))),
            Some((_, Some(announces))) => {
                config.interfaces.inbound.insert(given.key.to_owned(), *announces);
            }
            Some((_, None)) => {
                config.interfaces.inbound.remove(given.key);
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn word(given: Given<'_>, words: &[Word]) -> Result<fn(&mut Config), Problem> {
    let found = words.iter().find(|(word, _)| given.value.as_str() == Some(word));
    found
        .map(|(_, set)| *set)
        .ok_or_else(|| given.wrong(among(&words.iter().map(|(word, _)| *word).collect::<Vec<_>>())))
}

fn duration(given: Given<'_>) -> Result<Duration, Problem> {
    given.value.as_str().and_then(parse_duration).ok_or_else(|| {
        given.wrong(Wanted::new(
            t("une durée de dix ans au plus", "a duration of ten years at most"),
            t(
                "un entier et une unité : \"500ms\", \"2s\", \"10m\", \"4h\", \"15d\"",
                "a whole number and a unit: \"500ms\", \"2s\", \"10m\", \"4h\", \"15d\"",
            ),
        ))
    })
}

/// Delays count calendar days: hours would promise a precision that they do not have.
fn days(given: Given<'_>) -> Result<Duration, Problem> {
    let whole = |d: &Duration| d.as_secs().is_multiple_of(DAY) && d.subsec_nanos() == 0;
    given.value.as_str().and_then(parse_duration).filter(whole).ok_or_else(|| {
        given.wrong(Wanted::new(
            t("un délai en jours entiers, de dix ans au plus", "a delay in whole days, of ten years at most"),
            t("écrivez par exemple \"15d\", ou \"0d\"", "write for instance \"15d\", or \"0d\""),
        ))
    })
}

fn size(given: Given<'_>, least: u64, most: u64) -> Result<u64, Problem> {
    let read = given.integer().or_else(|| parse_size(given.value.as_str()?));
    read.filter(|n| (least..=most).contains(n)).ok_or_else(|| {
        given.wrong(Wanted {
            what: msg!("une taille, de {least} à {most} octets", "a size, from {least} to {most} bytes"),
            help: msg!(
                "un nombre d'octets, ou un entier et une unité : \"512KiB\", \"64MiB\", \"1GiB\"",
                "a number of bytes, or a whole number and a unit: \"512KiB\", \"64MiB\", \"1GiB\""
            ),
        })
    })
}

fn count(given: Given<'_>, least: u32, most: u32) -> Result<u32, Problem> {
    let read = given.integer().and_then(|n| u32::try_from(n).ok());
    read.filter(|n| (least..=most).contains(n)).ok_or_else(|| {
        given.wrong(Wanted {
            what: msg!("un entier, de {least} à {most}", "a whole number, from {least} to {most}"),
            help: msg!("écrivez un nombre sans guillemets", "write a number without quotes"),
        })
    })
}

/// An address that nobody but this machine reaches: figures say who deposits how much, and nothing protects them.
fn loopback(given: Given<'_>) -> Result<SocketAddr, Problem> {
    let read = given.value.as_str().and_then(|text| text.parse::<SocketAddr>().ok());
    read.filter(|at| at.ip().is_loopback()).ok_or_else(|| {
        given.wrong(Wanted::new(
            t(
                "une adresse de cette machine seule (rien n'y protège les chiffres) et un port",
                "an address of this machine alone (nothing there protects the figures) and a port",
            ),
            t(
                "écrivez \"127.0.0.1:9464\" ou \"[::1]:9464\" ; pour d'autres machines, mettez un relais devant",
                "write \"127.0.0.1:9464\" or \"[::1]:9464\"; for other machines put a relay in front of it",
            ),
        ))
    })
}

#[rustfmt::skip]
pub(super) static UNITS_OF_TIME: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

#[rustfmt::skip]
static UNITS_OF_SIZE: &[(&str, u64)] = &[
    ("", 1), ("b", 1), ("kib", KIB), ("mib", MIB), ("gib", GIB), ("kb", 1000), ("mb", 1_000_000), ("gb", 1_000_000_000),
];

/// `500ms`, `2 s`, `15d`.
fn parse_duration(text: &str) -> Option<Duration> {
    measure(text, UNITS_OF_TIME).map(Duration::from_millis).filter(|d| *d <= LONGEST)
}

/// `64MiB`, `8 mib`, `1000`.
fn parse_size(text: &str) -> Option<u64> {
    measure(&text.to_ascii_lowercase(), UNITS_OF_SIZE)
}

/// A whole number, perhaps spaces, a unit.
pub(super) fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(word, _)| *word == unit.trim_start_matches(' '))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_numbers_with_a_unit() {
        let ms = |text| parse_duration(text).map(|d| d.as_millis());
        assert_eq!(
            [ms("500ms"), ms("2s"), ms("10m"), ms("0s"), ms("0d")].map(Option::unwrap_or_default),
            [500, 2000, 600_000, 0, 0]
        );
        assert_eq!(ms("15d"), Some(15 * 86_400_000));
        assert_eq!(ms("4 h"), Some(4 * 3_600_000));
        for bad in
            ["", "2", "s", "-2s", "+2s", "1.5s", "2S", "2 s ", "١s", "1e3s", "99999999999999999999s", "4000d", "2s3s"]
        {
            assert_eq!(ms(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_bytes_or_have_a_unit() {
        assert_eq!(parse_size("64MiB"), Some(64 * MIB));
        assert_eq!(parse_size("8 mib"), Some(8 * MIB));
        assert_eq!(parse_size("1GiB"), Some(GIB));
        assert_eq!(parse_size("64MB"), Some(64_000_000));
        assert_eq!(parse_size("1000"), Some(1000));
        for bad in ["", "MiB", "1.5GiB", "-1", "64 M i B", "18446744073709551615KiB"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
    }

    #[test]
    fn codes_have_their_form() {
        assert!(is_app_code("GUI001") && !is_app_code("gui001") && !is_app_code("GUI0011") && !is_app_code("ÉÉÉ"));
        assert!(
            is_interface("FSO1100A")
                && !is_interface("FSO11000A")
                && !is_interface("fso1100a")
                && !is_interface("FSO110AA")
        );
    }

    #[test]
    fn no_key_is_there_twice() {
        let mut seen = std::collections::HashSet::new();
        assert!(KEYS.iter().all(|k| seen.insert((k.table, k.name))));
    }

    /// The template with every default in force.
    fn uncommented() -> String {
        let is_key = |line: &str| {
            line.split_once(" = ").is_some_and(|(k, _)| k.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        };
        let lines = include_str!("../../spool/guichet.toml").lines();
        // What has no default is shown empty.
        let lines = lines.filter(|line| !line.ends_with(" = \"\""));
        lines.map(|line| line.strip_prefix("# ").filter(|l| is_key(l)).unwrap_or(line).to_owned() + "\n").collect()
    }

    #[test]
    fn the_template_shows_every_key_with_its_default() {
        let text = uncommented();
        let tree: toml::Table = text.parse().unwrap();
        for key in KEYS {
            let table = tree[key.table].as_table().unwrap();
            let is_empty = include_str!("../../spool/guichet.toml").contains(&format!("\n# {} = \"\"\n", key.name));
            assert!(table.contains_key(key.name) || is_empty, "{}.{} is not in the template", key.table, key.name);
        }
        assert_eq!(tree["interfaces"]["inbound"].as_table().unwrap().len(), 6);
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("guichet.toml");
        std::fs::write(&path, text).unwrap();
        assert_eq!(load(&path).unwrap(), Config::at(temp.path()));
    }
}
