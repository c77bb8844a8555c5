//! What goes out: the exact bytes of reports and life-cycle flows, in both languages, and that whatever a partner wrote
//! comes out as a flow that its reader's schema accepts.
//!
//! The expected flows are `tests/golden/retour/*.xml`; `GUICHET_BLESS=1 cargo test --test retour` writes them anew, to be
//! read before they are committed.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use chrono::NaiveDate;
use common::xsd::{assert_valid_cppstatut, validate_cppstatut};
use guichet::clock::Instant;
use guichet::config::Platform;
use guichet::decision::Outcome;
use guichet::judge::Facts;
use guichet::lifecycle::Statut;
use guichet::retour::{Addressee, Cause, Envelope, RENDERER, Report, Reported, StatusUnit, report, statuses};
use guichet::rules::{Finding, Layer, Place, Severity};
use guichet::text::{Lang, Msg};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;

const WINTER: Instant = Instant(1_793_608_200_000); // 2026-11-02T09:30:00+01:00
const SUMMER: Instant = Instant(1_782_000_000_000); // 2026-06-21T02:00:00+02:00
const FLOW: &str = "f-0123456789abcdef";
const PIECE: &str = "p-0123456789abcdef";

fn platform() -> Platform {
    Platform { app_code: "GUI001".into(), name: "Guichet de Valbrune".into(), siret: None }
}

fn to(lang: Lang) -> Addressee<'static> {
    Addressee { app_code: "ALP001", name: "alpha", lang }
}

fn facts() -> Facts {
    Facts {
        cadre: Some("A4".into()),
        number: Some("SIT-2026-10".into()),
        issued: NaiveDate::from_ymd_opt(2026, 10, 31),
        supplier_type: Some(1),
        supplier_id: Some("91100001600012".into()),
        supplier_name: Some("Terrassements du Vallon & Fils".into()),
        destinataire: Some("91100003200019".into()),
        destinataire_name: Some("Commune de Valbrune".into()),
        service: Some("FINANCES".into()),
        ..Facts::default()
    }
}

fn error() -> Finding {
    Finding {
        rule: "G1.05",
        layer: Layer::Chorus,
        severity: Severity::Error,
        terms: &["BT-1"],
        place: Some(Place { line: 3, column: 12, path: "/Invoice/cbc:ID".into(), span: (0, 0), form: false }),
        message: Msg::new("le numéro dépasse 20 caractères", "the number is longer than 20 characters"),
        found: Some("SITUATION-2026-10-BIS".into()),
        expected: Some(Msg::new("20 caractères au plus", "20 characters at most")),
        help: Msg::new("raccourcissez le numéro", "shorten the number"),
    }
}

fn warning() -> Finding {
    Finding {
        rule: "T-05",
        layer: Layer::Works,
        severity: Severity::Warning,
        terms: &["BG-3"],
        place: None,
        message: Msg::new("cette pièce n'en associe pas d'autre", "this pièce associates no other"),
        found: None,
        expected: None,
        help: Msg::new("ôtez la référence", "remove the reference"),
    }
}

fn one(findings: &[Finding]) -> [Reported<'_>; 1] {
    [Reported {
        act: None,
        member: None,
        embedded: None,
        piece: Some(PIECE),
        number: Some("SIT-2026-10"),
        accepted: true,
        findings,
    }]
}

fn accepted<'a>(documents: &'a [Reported<'a>]) -> Report<'a> {
    let (file, outcome) = ("situation 10.xml", Outcome::Accepted);
    Report { flow: FLOW, file, outcome, first: None, findings: &[], documents }
}

fn render(what: &Report<'_>, at: Instant, lang: Lang) -> Vec<u8> {
    let name = "CSO1100A_GUI001_GUI0011100000000000000001";
    report(&Envelope { name, at, from: &platform(), to: to(lang) }, what)
}

fn tell(units: &[StatusUnit], at: Instant) -> Vec<u8> {
    let name = "FEN1201A_GUI001_GUI0011201000000000000002";
    let units: Vec<_> = units.iter().cloned().map(Arc::new).collect();
    statuses(&Envelope { name, at, from: &platform(), to: to(Lang::Fr) }, &units)
}

fn unit(facts: &Facts, status: Statut, at: Instant, cause: &Cause<'_>) -> Option<StatusUnit> {
    StatusUnit::new(facts, status, at, cause, &platform())
}

/// The text of an element, as a reader of the flow finds it.
fn read(flow: &[u8], element: &str) -> Vec<String> {
    let doc = roxmltree::Document::parse(std::str::from_utf8(flow).unwrap()).unwrap();
    let found = doc.descendants().filter(|n| n.has_tag_name(element));
    found.map(|n| n.text().unwrap_or_default().to_owned()).collect()
}

fn golden(name: &str, bytes: &[u8]) {
    assert_valid_cppstatut(bytes);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/retour").join(name);
    if std::env::var_os("GUICHET_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(String::from_utf8_lossy(bytes), expected, "{name} (and {RENDERER} must then become another version)");
}

#[test]
fn reports_are_these_bytes() {
    let both = [error(), warning()];
    let documents = one(&both);
    let refused = Report { file: "situation 10 bis.xml", outcome: Outcome::Refused, ..accepted(&documents) };
    let duplicate = Report { outcome: Outcome::Duplicate, first: Some(FLOW), findings: &both[1..], ..accepted(&[]) };
    let held = Report { outcome: Outcome::Held, findings: &both[..1], ..accepted(&[]) };
    golden("accepted.xml", &render(&accepted(&one(&[])), WINTER, Lang::Fr));
    golden("accepted-warned.xml", &render(&accepted(&one(&both[1..])), WINTER, Lang::Fr));
    golden("refused.xml", &render(&refused, SUMMER, Lang::Fr));
    golden("refused-en.xml", &render(&refused, SUMMER, Lang::En));
    golden("duplicate.xml", &render(&duplicate, WINTER, Lang::Fr));
    golden("held.xml", &render(&held, WINTER, Lang::Fr));
    let [mut first] = one(&[]);
    first.member = Some("a.xml");
    let second = Reported {
        member: Some("b.xml"),
        embedded: None,
        act: None,
        piece: None,
        number: None,
        accepted: false,
        findings: &both,
    };
    let archive = [first, second];
    let partial = Report { file: "lot.tar.gz", outcome: Outcome::Partial, ..accepted(&archive) };
    golden("partial.xml", &render(&partial, WINTER, Lang::Fr));
    let whole = Report { file: "lot.tar.gz", ..accepted(&archive[..1]) };
    golden("archive-en.xml", &render(&whole, WINTER, Lang::En));
}

#[test]
fn life_cycle_flows_are_these_bytes() {
    let by = Some("91100001600012");
    let deposited = unit(&facts(), Statut::Deposee, WINTER, &Cause { by, ..Cause::default() }).unwrap();
    let available = unit(&facts(), Statut::MiseADispositionMoe, WINTER, &Cause::default()).unwrap();
    golden("statuts.xml", &tell(&[deposited, available], WINTER));
    let why = Cause { by, motif: Some("AUTRE"), comment: Some("le métré <ne> correspond pas") };
    let foreign = Facts {
        supplier_type: Some(2),
        supplier_id: Some("BE0123456789".into()),
        issued: None,
        destinataire_name: None,
        service: None,
        ..facts()
    };
    golden("statut-motif.xml", &tell(&[unit(&foreign, Statut::RefuseeControle, SUMMER, &why).unwrap()], SUMMER));
}

#[test]
fn a_status_says_who_signs_and_why() {
    let one = |cause: &Cause<'_>| {
        let flow = tell(&[unit(&facts(), Statut::Deposee, WINTER, cause).unwrap()], WINTER);
        assert_valid_cppstatut(&flow);
        flow
    };
    let says = |cause: &Cause<'_>| read(&one(cause), "Commentaire");
    let none = Cause::default();
    assert_eq!(says(&none), Vec::<String>::new());
    assert_eq!(says(&Cause { motif: Some("AUTRE"), comment: Some("à revoir"), ..none }), ["AUTRE: à revoir"]);
    assert_eq!(says(&Cause { motif: Some("MAUVAISE_MOE"), ..none }), ["MAUVAISE_MOE"]);
    assert_eq!(says(&Cause { comment: Some("à revoir"), ..none }), ["à revoir"]);
    assert!(String::from_utf8(one(&none)).unwrap().contains("<Producteur Id=\"GUI001\"/>"));

    let signed = Platform { siret: Some("91100009900011".into()), ..platform() };
    let unit = StatusUnit::new(&facts(), Statut::Deposee, WINTER, &none, &signed).unwrap();
    assert!(String::from_utf8(tell(&[unit], WINTER)).unwrap().contains("<Producteur Id=\"91100009900011\"/>"));
}

#[test]
fn what_the_format_demands_must_be_there() {
    let made = |facts: Facts| unit(&facts, Statut::Deposee, WINTER, &Cause::default()).is_some();
    assert!(made(facts()));
    assert!(!made(Facts { number: None, ..facts() }));
    assert!(!made(Facts { number: Some(" ".into()), ..facts() }));
    assert!(!made(Facts { supplier_type: None, ..facts() }));
    assert!(!made(Facts { supplier_type: Some(8), ..facts() }));
    assert!(!made(Facts { supplier_type: Some(0), ..facts() }));
    assert!(!made(Facts { supplier_id: None, ..facts() }));
    assert!(!made(Facts { supplier_name: None, ..facts() }));
    assert!(!made(Facts { destinataire: None, ..facts() }));
    assert!(!made(Facts { destinataire: Some("9110000320001".into()), ..facts() }));
    assert!(!made(Facts { destinataire: Some("91100003200019\u{1}".into()), ..facts() }));
    assert_eq!(unit(&facts(), Statut::Brouillon, WINTER, &Cause::default()), None, "a draft has no number");
}

#[test]
fn a_service_too_long_for_the_format_is_left_out_and_not_cut() {
    for (length, said) in [(100, 1), (101, 0)] {
        let facts = Facts { service: Some("é".repeat(length)), ..facts() };
        let flow = tell(&[unit(&facts, Statut::Deposee, WINTER, &Cause::default()).unwrap()], WINTER);
        assert_valid_cppstatut(&flow);
        assert_eq!(read(&flow, "CodeService").len(), said);
    }
}

#[test]
fn nothing_is_cut() {
    let long = "x".repeat(100_000);
    let findings: Vec<_> = (0..300).map(|_| Finding { found: Some(long.clone()), ..error() }).collect();
    let flow = render(&Report { outcome: Outcome::Refused, ..accepted(&one(&findings)) }, WINTER, Lang::Fr);
    assert_valid_cppstatut(&flow);
    let told = read(&flow, "DescriptionErreur");
    assert!(told.len() == 300 && told.iter().all(|t| t.contains(&long)));
}

#[test]
fn hostile_texts_stay_texts() {
    let hostile = "a]]></IdFlux>\u{0}\u{8}\u{1b}[31m<!--&amp;\"'\u{202e}\r\n\u{fffe}\u{ffff}que faire : rien";
    let found = Finding { found: Some(hostile.into()), help: Msg::same("h"), ..error() };
    let findings = [found];
    let [plain] = one(&findings);
    let documents = [Reported { number: Some(hostile), member: Some(hostile), ..plain }];
    let flow = render(&Report { file: hostile, ..accepted(&documents) }, WINTER, Lang::Fr);
    assert_valid_cppstatut(&flow);
    assert!(!flow.contains(&0x1b) && !flow.contains(&0));
    assert_eq!(read(&flow, "IdFlux"), [FLOW]);
    let told = read(&flow, "DescriptionErreur").remove(0);
    let advice: Vec<_> = told.lines().filter(|l| l.starts_with("que faire")).collect();
    assert_eq!(advice, ["que faire : h"], "what a partner wrote cannot pass for advice: {told}");
    assert!(told.contains("\\u{1b}[31m") && told.contains("\\u{a}"), "{told}");

    let facts = Facts { supplier_name: Some(hostile.into()), number: Some(hostile.into()), ..facts() };
    let flow = tell(
        &[unit(&facts, Statut::Deposee, WINTER, &Cause { by: Some(hostile), ..Cause::default() }).unwrap()],
        WINTER,
    );
    assert_valid_cppstatut(&flow);
    assert!(read(&flow, "IdFacture")[0].contains("]]></IdFlux>"));
}

#[test]
fn a_partner_that_left_the_annuaire_is_answered_all_the_same() {
    let envelope = Envelope { name: "N", at: WINTER, from: &platform(), to: Addressee::new("gone", None) };
    let flow = report(&envelope, &accepted(&[]));
    assert_valid_cppstatut(&flow);
    assert_eq!(read(&flow, "Id"), ["INCONNU", "GUI001"]);
    assert_eq!(read(&flow, "Libelle"), ["gone", "Guichet de Valbrune"]);
}

#[test]
fn a_year_that_has_not_four_digits_is_left_out() {
    for (year, said) in [(-1, 0), (0, 0), (1, 1), (9999, 1), (10_000, 0)] {
        let facts = Facts { issued: NaiveDate::from_ymd_opt(year, 1, 2), ..facts() };
        let flow = tell(&[unit(&facts, Statut::Deposee, WINTER, &Cause::default()).unwrap()], WINTER);
        assert_valid_cppstatut(&flow);
        assert_eq!(read(&flow, "DateFacture").len(), said, "{year}");
    }
}

#[test]
fn the_oracle_is_not_blind() {
    let flow = String::from_utf8(render(&accepted(&one(&[error()])), WINTER, Lang::Fr)).unwrap();
    assert_eq!(validate_cppstatut(flow.as_bytes()), Ok(()));
    assert!(validate_cppstatut(flow.replace("NbLignesErreur=\"1\"", "NbLignesErreur=\"2\"").as_bytes()).is_err());
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![Outcome::Accepted, Outcome::Partial, Outcome::Refused, Outcome::Held, Outcome::Duplicate])
}

/// Any characters at all, those that XML forbids and those that mean something to it more often than others.
fn any_text() -> impl Strategy<Value = String> {
    let c = prop_oneof![
        any::<char>(),
        prop::sample::select("<>&\"'\\]\r\n\t\0\u{1b}\u{85}\u{fffe}\u{ffff}é 0".chars().collect::<Vec<_>>())
    ];
    prop::collection::vec(c, 0..60).prop_map(|chars| chars.into_iter().collect())
}

/// What a reader finds where a text was written: a sentence that XML cannot hold is visible, all else is as it was.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && !"\t\r\n".contains(c) || matches!(c, '\u{fffe}' | '\u{ffff}') {
                c.escape_unicode().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn any_report_is_valid_and_says_it_all(
        outcome in any_outcome(), texts in prop::array::uniform8(any_text()), ms in 0_i64..4_000_000_000_000, en: bool, some: bool,
    ) {
        let [file, number, message, found, expected, help, path, id] = &texts;
        let finding = Finding {
            message: Msg::same(format!(".{message}")),
            found: Some(found.clone()),
            expected: some.then(|| Msg::same(expected.clone())),
            help: Msg::same(help.clone()),
            place: some.then(|| Place { line: 1, column: 2, path: path.clone(), span: (0, 0), form: false }),
            ..error()
        };
        let findings = vec![finding; usize::from(en) + usize::from(some)];
        let (first, piece) = (some.then_some(id.as_str()), en.then_some(id.as_str()));
        let (number, member) = (some.then_some(number.as_str()), (en && some).then_some(path.as_str()));
        let document = Reported { member, embedded: None, act: None, piece, number, accepted: some, findings: &findings };
        let documents = vec![document; usize::from(en) + usize::from(some)];
        let what = Report { flow: FLOW, file, outcome, first, findings: &findings, documents: &documents };
        let lang = if en { Lang::En } else { Lang::Fr };
        let flow = render(&what, Instant(ms), lang);
        prop_assert_eq!(validate_cppstatut(&flow), Ok(()));
        prop_assert_eq!(&flow, &render(&what, Instant(ms), lang), "the same values, the same bytes");
        for told in read(&flow, "LibelleErreur") {
            prop_assert_eq!(told, visible(&format!(".{message}")));
        }
    }

    #[test]
    fn any_status_is_valid_or_not_sent(
        texts in prop::array::uniform7(any_text()), kind in 0_u8..10, debtor in "[0-9]{13,15}", ms in 0_i64..4_000_000_000_000, some: bool,
    ) {
        let [number, supplier, name, nom, service, motif, by] = texts.clone();
        let facts = Facts {
            number: Some(number.clone()), supplier_type: Some(kind), supplier_id: Some(supplier), supplier_name: Some(name),
            destinataire: Some(debtor), destinataire_name: some.then_some(nom), service: Some(service), ..facts()
        };
        let cause = Cause { by: (some && !by.is_empty()).then_some(&by), motif: Some(&motif), comment: some.then_some(&motif) };
        if let Some(unit) = unit(&facts, Statut::Deposee, Instant(ms), &cause) {
            let flow = tell(&[unit.clone(), unit], Instant(ms));
            prop_assert_eq!(validate_cppstatut(&flow), Ok(()));
            prop_assert_eq!(read(&flow, "IdFacture"), vec![visible(&number); 2]);
        }
    }
}
