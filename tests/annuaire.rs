//! The annuaire (contract §1): four files, loaded whole or not at all; everything wrong told at once, with file and
//! line; what changed is noticed.
#![allow(clippy::unwrap_used)]

use guichet::annuaire::*;
use guichet::error::Problem;
use guichet::text::Lang;
use guichet::trade::{Cadre, Mode, Role};
use proptest::prelude::*;
use std::path::Path;

const STRUCTURES: &str = "\
id,id_type,name,active,service_required,engagement_required,either_required
20000000000014,1,Ville,true,true,false,false
20000000000022,1,Trésorerie,true,false,true,false
30000000000012,1,Études & Cie,true,false,false,false
40000000000010,1,Bâtisseurs,true,false,false,true
50000000000017,1,Cotraitant,true,false,false,false
60000000000015,1,Sous-traitant,false,false,false,false
BE0123456789,2,\"Beton, Staal & Zonen\",true,false,false,false
";
const SERVICES: &str = "\
siret,code,name,active,engagement_required
20000000000014,TRAVAUX,Travaux,true,false
20000000000014,ARCHIVES,,false,false
20000000000022,FACTURES,Factures,true,true
";
const MARCHES: &str = r#"
[[marche]]
number = "M-1"
name = "Pont"
moa = "20000000000014"
moa_service = "TRAVAUX"
moe = "30000000000012"
destinataire = "20000000000022"
destinataire_service = "FACTURES"
titulaire = "40000000000010"
mandataire = "40000000000010"
groupement = "conjoint"
cotraitants = ["50000000000017"]
sous_traitants = [{ id = "60000000000015", of = "50000000000017" }]
engagement = "E-1"
payment_days = 50
starts = 2026-01-01
ends = "2028-12-31"
cadres = ["A4", "A13"]

[[marche]]
number = "M-1"
moa = "20000000000022"
titulaire = "BE0123456789"
"#;
const PARTNERS: &str = r#"
[[partner]]
name = "btp"
app_code = "BTP001"
structures = ["40000000000010", "30000000000012"]
modes = ["edi", "service"]
naming = "chorus"
lang = "en"

[[partner]]
name = "mairie"
app_code = "MAI001"
structures = ["20000000000014", "30000000000012"]
modes = ["portail"]
"#;

/// Replaces a piece of one of the four good files (0 structures, 1 services, 2 marchés, 3 partners).
fn with(file: usize, from: &str, to: &str) -> [String; 4] {
    let mut texts = [STRUCTURES, SERVICES, MARCHES, PARTNERS].map(str::to_owned);
    assert!(texts[file].contains(from), "{from:?} is not in file {file}");
    texts[file] = texts[file].replacen(from, to, 1);
    texts
}

fn load(texts: &[String; 4]) -> Result<(Annuaire, Vec<Problem>), Vec<Problem>> {
    Annuaire::from_texts([&texts[0], &texts[1], &texts[2], &texts[3]])
}

fn good() -> Annuaire {
    let (annuaire, warnings) = Annuaire::from_texts([STRUCTURES, SERVICES, MARCHES, PARTNERS]).unwrap();
    assert_eq!(warnings, []);
    annuaire
}

/// `file:line: message` of each problem, in English; every one has its French and a help.
fn lines(problems: &[Problem]) -> Vec<String> {
    let two = |p: &Problem| {
        assert!(
            !p.message.fr.is_empty() && p.message.fr != p.message.en && !p.help.fr.is_empty() && !p.help.en.is_empty()
        );
        assert!(!p.message.en.ends_with('.') && !p.message.fr.ends_with('.'));
        format!("{}: {}", p.at, p.message.en)
    };
    problems.iter().map(two).collect()
}

fn errors(file: usize, from: &str, to: &str) -> Vec<String> {
    lines(&load(&with(file, from, to)).expect_err(to))
}

fn warnings(file: usize, from: &str, to: &str) -> Vec<String> {
    lines(&load(&with(file, from, to)).unwrap_or_else(|e| panic!("{e:#?}")).1)
}

#[test]
fn what_is_written_is_found() {
    let a = good();
    assert_eq!(a.structures().len(), 7);
    let ville = a.structure("20000000000014").unwrap();
    assert_eq!((ville.id_type, ville.name.as_str(), ville.active), (1, "Ville", true));
    assert_eq!((ville.service_required, ville.engagement_required, ville.either_required), (true, false, false));
    assert!(a.structure("20000000000022").unwrap().engagement_required);
    assert!(a.structure("40000000000010").unwrap().either_required);
    assert!(!a.structure("60000000000015").unwrap().active);
    assert_eq!(a.structure("BE0123456789").unwrap().name, "Beton, Staal & Zonen");
    assert_eq!(a.structure("nobody"), None);

    let codes = |siret| a.services_of(siret).iter().map(|s| s.code.as_str()).collect::<Vec<_>>();
    assert_eq!(codes("20000000000014"), ["ARCHIVES", "TRAVAUX"]);
    assert_eq!(codes("30000000000012"), [""; 0]);
    assert!(!a.service("20000000000014", "ARCHIVES").unwrap().active);
    assert!(a.service("20000000000022", "FACTURES").unwrap().engagement_required);
    assert_eq!(a.service("20000000000022", "TRAVAUX"), None);

    let partner = a.partner("btp").unwrap();
    assert_eq!((partner.app_code.as_str(), partner.naming, partner.lang), ("BTP001", Naming::Chorus, Lang::En));
    assert_eq!(partner.modes, [Mode::Edi, Mode::Service]);
    assert_eq!((a.partners()[1].naming, a.partners()[1].lang), (Naming::Free, Lang::Fr));
    assert_eq!(a.partner("BTP"), None);
    let of = |id| a.partners_of(id).map(|p| p.name.as_str()).collect::<Vec<_>>();
    assert_eq!(of("30000000000012"), ["btp", "mairie"]);
    assert_eq!(of("40000000000010"), ["btp"]);
    assert_eq!(of("60000000000015"), [""; 0]);
    assert!(a.acts_for("mairie", "20000000000014") && !a.acts_for("btp", "20000000000014"));
}

#[test]
fn a_sheet_says_who_is_who() {
    let a = good();
    let [m, other] = a.marches() else { panic!() };
    assert_eq!((m.number.as_str(), m.name.as_deref(), m.engagement.as_deref()), ("M-1", Some("Pont"), Some("E-1")));
    assert_eq!((m.destinataire.as_str(), m.payment_days), ("20000000000022", Some(50)));
    assert_eq!(m.starts.unwrap().to_string() + " " + &m.ends.unwrap().to_string(), "2026-01-01 2028-12-31");
    assert_eq!((m.groupement, m.cadres.as_slice()), (Some(Groupement::Conjoint), &[Cadre::A4, Cadre::A13][..]));
    assert!(m.uses(Cadre::A4) && !m.uses(Cadre::A5) && other.uses(Cadre::A5));
    assert_eq!(other.destinataire, "20000000000022");
    assert_eq!((m.lead(), other.lead()), ("40000000000010", "BE0123456789"));

    let numbered = |n| a.marches_numbered(n).map(|m| m.moa.as_str()).collect::<Vec<_>>();
    assert_eq!(numbered("M-1"), ["20000000000014", "20000000000022"]);
    assert_eq!(numbered("M-2"), [""; 0]);
    assert!(a.has_marches_of_buyer("20000000000014") && a.has_marches_of_buyer("20000000000022"));
    assert!(!a.has_marches_of_buyer("30000000000012"));
    let of = |id| a.marches_of(id).map(|m| m.moa.as_str()).collect::<Vec<_>>();
    assert_eq!(of("20000000000022"), ["20000000000014", "20000000000022"]);
    assert_eq!(of("60000000000015"), ["20000000000014"]);
    assert_eq!(of("BE0123456789"), ["20000000000022"]);
    assert_eq!(of("nobody"), [""; 0]);
}

#[test]
fn a_role_is_held_by_whom_the_sheet_names() {
    let a = good();
    let m = &a.marches()[0];
    let (moa, destinataire, moe) = ("20000000000014", "20000000000022", "30000000000012");
    let (titulaire, cotraitant, sous_traitant) = ("40000000000010", "50000000000017", "60000000000015");
    #[rustfmt::skip]
    let holds: [(Role, &[&str]); 8] = [
        (Role::Fournisseur,   &[titulaire]),
        (Role::SousTraitant,  &[sous_traitant]),
        (Role::Cotraitant,    &[cotraitant]),
        (Role::Valideur1,     &[titulaire, cotraitant]), // the cotraitant has a sous-traitant
        (Role::Valideur2,     &[titulaire]),
        (Role::Moe,           &[moe]),
        (Role::Moa,           &[moa]),
        (Role::Destinataire,  &[destinataire]),
    ];
    for (role, who) in holds {
        for id in [moa, destinataire, moe, titulaire, cotraitant, sous_traitant, "nobody"] {
            assert_eq!(m.has_role(role, id), who.contains(&id), "{role} {id}");
        }
    }
    let companies: std::collections::BTreeSet<&str> = m.companies().collect();
    assert_eq!(companies.into_iter().collect::<Vec<_>>(), [titulaire, cotraitant, sous_traitant]);
    // A mandataire beside the titulaire: both are fournisseurs, the mandataire leads.
    let both = with(2, "mandataire = \"40000000000010\"", "mandataire = \"BE0123456789\"");
    let (a, _) = load(&both).unwrap();
    let m = &a.marches()[0];
    assert!(m.has_role(Role::Fournisseur, titulaire) && m.has_role(Role::Fournisseur, "BE0123456789"));
    assert!(m.has_role(Role::Valideur2, "BE0123456789") && !m.has_role(Role::Valideur2, titulaire));
}

#[test]
fn a_spreadsheet_s_habits_are_understood() {
    let semicolons = with(0, "", "").map(|text| text);
    let mut texts = semicolons;
    texts[0] = STRUCTURES.replace("\"Beton, Staal & Zonen\"", "Beton").replace(',', ";").replace('\n', "\r\n");
    texts[0] = format!("\u{feff}{};;;;;;\r\n\r\n", texts[0]);
    texts[1] = "name,active,code,siret,engagement_required\n\"Le \"\"bon\"\" service\", true ,TRAVAUX, 20000000000014 ,false\n20,true,FACTURES,20000000000022,true".into();
    let (a, warnings) = load(&texts).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(a.structures().len(), 7);
    assert_eq!(a.structure("BE0123456789").unwrap().name, "Beton");
    assert_eq!(a.service("20000000000014", "TRAVAUX").unwrap().name, "Le \"bon\" service");
}

#[test]
fn a_header_must_have_the_columns_of_the_contract() {
    let help = |from, to| load(&with(0, from, to)).unwrap_err()[0].help.en.clone();
    assert_eq!(
        errors(0, "active", "actif"),
        ["structures.csv:1: unknown column \"actif\"", "structures.csv:1: the column \"active\" is missing"]
    );
    assert_eq!(help("active", "actif"), "did you mean \"active\"?");
    assert_eq!(errors(0, "id_type,", ""), ["structures.csv:1: the column \"id_type\" is missing"]);
    assert_eq!(
        help("id_type,", ""),
        "the first line must be: id,id_type,name,active,service_required,engagement_required,either_required"
    );
    assert_eq!(errors(0, "id_type,", "id_type,id_type,"), ["structures.csv:1: column \"id_type\" is there twice"]);
    assert_eq!(errors(1, SERVICES, "")[0], "services.csv:1: the column \"siret\" is missing");
    // Nobody is called unknown because the header of structures.csv is wrong.
    assert_eq!(errors(0, STRUCTURES, "nothing\n").len(), 8);
}

#[test]
fn rows_say_what_is_wrong_with_them_on_their_line() {
    #[rustfmt::skip]
    let cases = [
        // file, from,                               to,                            what is told
        (0, "40000000000010,1",                      "4000000000001,1",             "structures.csv:5: id = \"4000000000001\": a SIRET has 14 digits"),
        (0, "40000000000010,1",                      "400 000 000 00010,1",         "structures.csv:5: id = \"400 000 000 00010\": a SIRET has 14 digits"),
        (0, "40000000000010,1",                      ",1",                          "structures.csv:5: the cell \"id\" is empty"),
        (0, "BE0123456789,2",                        "BE0123456789,8",              "structures.csv:8: id_type = \"8\": expected a digit from 1 to 7"),
        (0, "Ville,true",                            "Ville,VRAI",                  "structures.csv:2: active = \"VRAI\": expected true or false"),
        (0, "Ville,true,true",                       "Ville,true,",                 "structures.csv:2: service_required = \"\": expected true or false"),
        (0, "\"Beton, Staal & Zonen\"",              "Beton, Staal & Zonen",        "structures.csv:8: 8 cells instead of 7"),
        (0, "Ville",                                 "\"Ville",                     "structures.csv:2: a cell contains a line break or a control character"),
        (0, "50000000000017,1,Cotraitant",           "20000000000014,1,Deux fois",  "structures.csv:6: structure 20000000000014 is already on line 2"),
        (1, "20000000000022,FACTURES",               "20000000000099,FACTURES",     "services.csv:4: the structure \"20000000000099\" of this service is unknown"),
        (1, "20000000000014,ARCHIVES",               "20000000000014,TRAVAUX",      "services.csv:3: service TRAVAUX of 20000000000014 is already on line 2"),
        (1, "20000000000014,ARCHIVES",               "20000000000014,",             "services.csv:3: the cell \"code\" is empty"),
        (1, "Factures,true,true",                    "Factures,true,1",             "services.csv:4: engagement_required = \"1\": expected true or false"),
    ];
    for (file, from, to, told) in cases {
        assert!(errors(file, from, to).contains(&told.to_owned()), "{told}\n{:#?}", errors(file, from, to));
        // The same line where lines end as on Windows.
        let mut texts = with(file, from, to);
        texts[file] = texts[file].replace('\n', "\r\n");
        assert!(lines(&load(&texts).unwrap_err()).contains(&told.to_owned()), "CRLF: {told}");
    }
}

#[test]
fn sheets_say_what_is_wrong_with_them_on_their_line() {
    #[rustfmt::skip]
    let cases = [
        // from,                                      to,                                 the only thing told
        ("number = \"M-1\"\nname",                    "name",                             "marches.toml:2: \"number\" is missing in [[marche]]"),
        ("titulaire = \"BE0123456789\"\n",            "",                                 "marches.toml:21: \"titulaire\" is missing in [[marche]]"),
        ("number = \"M-1\"",                          "number = 1",                       "marches.toml:3: marche.number = 1: expected a text of one line, not empty"),
        ("name = \"Pont\"",                           "nom = \"Pont\"",                   "marches.toml:4: unknown key \"nom\" in [marche]"),
        ("moa = \"20000000000014\"",                  "moa = \"20000000000099\"",         "marches.toml:5: moa: the structure \"20000000000099\" is unknown"),
        ("moe = \"30000000000012\"",                  "moe = \"3\"",                      "marches.toml:7: moe: the structure \"3\" is unknown"),
        ("cotraitants = [\"50000000000017\"",         "cotraitants = [\"50000000000017\",\n\"5\"", "marches.toml:14: cotraitants: the structure \"5\" is unknown"),
        ("cotraitants = [\"50000000000017\"",         "cotraitants = [\"50000000000017\", \"50000000000017\"", "marches.toml:13: \"50000000000017\" is twice in \"cotraitants\""),
        ("cotraitants = [\"50000000000017\"",         "cotraitants = [\"50000000000017\", \"40000000000010\"", "marches.toml:13: 40000000000010 leads the groupement and is among the cotraitants"),
        ("cotraitants = [\"50000000000017\"]",        "cotraitants = \"50000000000017\"", "marches.toml:13: marche.cotraitants = \"50000000000017\": expected a list of identifiers"),
        ("id = \"60000000000015\", of",               "id = \"6\", of",                   "marches.toml:14: id: the structure \"6\" is unknown"),
        ("of = \"50000000000017\"",                   "of = \"30000000000012\"",          "marches.toml:14: 60000000000015 works for 30000000000012, which is no company of this marché"),
        ("of = \"50000000000017\"",                   "of = \"60000000000015\"",          "marches.toml:14: 60000000000015 is its own sous-traitant"),
        (", of = \"50000000000017\"",                 "",                                 "marches.toml:14: \"of\" is missing in [[sous_traitants]]"),
        (", of = \"50000000000017\"",                 ", of = \"50000000000017\", at = 1", "marches.toml:14: unknown key \"at\" in [sous_traitants]"),
        ("sous_traitants = [{ id = \"60000000000015\", of = \"50000000000017\" }]", "sous_traitants = [\"60000000000015\"]", "marches.toml:14: marche.sous_traitants = \"60000000000015\": expected a list of sous-traitants"),
        ("groupement = \"conjoint\"",                 "groupement = \"Conjoint\"",        "marches.toml:12: marche.groupement = \"Conjoint\": expected one of the known words"),
        ("payment_days = 50",                         "payment_days = 367",               "marches.toml:16: marche.payment_days = 367: expected a number of days, from 0 to 366"),
        ("payment_days = 50",                         "payment_days = \"50\"",            "marches.toml:16: marche.payment_days = \"50\": expected a number of days, from 0 to 366"),
        ("starts = 2026-01-01",                       "starts = 2029-01-01",              "marches.toml:18: the marché ends on 2028-12-31, before it starts on 2029-01-01"),
        ("starts = 2026-01-01",                       "starts = 2026-01-01T00:00:00",     "marches.toml:17: marche.starts = 2026-01-01T00:00:00: expected a date"),
        ("starts = 2026-01-01",                       "starts = \"01/01/2026\"",          "marches.toml:17: marche.starts = \"01/01/2026\": expected a date"),
        ("ends = \"2028-12-31\"",                     "ends = \"2028-02-30\"",            "marches.toml:18: marche.ends = \"2028-02-30\": expected a date"),
        ("cadres = [\"A4\"",                          "cadres = [\"A1\"",                 "marches.toml:19: marche.cadres = \"A1\": expected one of the known words"),
        ("cadres = [\"A4\"",                          "cadres = [\"A13\"",                "marches.toml:19: \"A13\" is twice in \"cadres\""),
        ("cadres = [\"A4\", \"A13\"]",                "cadres = []",                      "marches.toml:19: \"cadres\" is an empty list"),
        ("moa = \"20000000000022\"",                  "moa = \"20000000000014\"",         "marches.toml:21: marché M-1 of 20000000000014 is already on line 2"),
        ("\n[[marche]]\nnumber = \"M-1\"\nname",      "marches = 1\n[[marche]]\nnumber = \"M-1\"\nname", "marches.toml:1: unknown key or table \"marches\""),
    ];
    for (from, to, told) in cases {
        assert_eq!(errors(2, from, to), [told]);
    }
    assert_eq!(
        errors(2, MARCHES, "[marche]\nnumber = \"1\"\n"),
        ["marches.toml:1: marche = [marche]: expected a list of tables"]
    );
    assert_eq!(errors(2, MARCHES, "marche = [1]\n"), ["marches.toml:1: marche = 1: expected a list of tables"]);
    let twice = r#"marche = [{ number = "1", moa = "20000000000014", titulaire = "BE0123456789" }, { number = "1", moa = "20000000000014", titulaire = "BE0123456789" }]"#;
    assert_eq!(errors(2, MARCHES, twice), ["marches.toml:1: marché 1 of 20000000000014 is already on line 1"]);
    assert_eq!(errors(2, "[[marche]]", "[[marche]")[0].split(": ").next(), Some("marches.toml:2"));
}

#[test]
fn partners_say_what_is_wrong_with_them_on_their_line() {
    let long = format!("name = \"{}\"", "x".repeat(65));
    let long_told =
        format!("partners.toml:3: \"{}\" cannot name a directory: it is longer than 64 characters", "x".repeat(65));
    #[rustfmt::skip]
    let cases = [
        // from,                                      to,                                 the only thing told
        ("name = \"btp\"\n",                          "",                                 "partners.toml:2: \"name\" is missing in [[partner]]"),
        ("app_code = \"BTP001\"\n",                   "",                                 "partners.toml:2: \"app_code\" is missing in [[partner]]"),
        ("modes = [\"portail\"]\n",                   "",                                 "partners.toml:10: \"modes\" is missing in [[partner]]"),
        ("structures = [\"20000000000014\", \"30000000000012\"]\n", "",                   "partners.toml:10: \"structures\" is missing in [[partner]]"),
        ("name = \"btp\"",                            "name = \"../btp\"",                "partners.toml:3: \"../btp\" cannot name a directory: it begins with a dot or a dash"),
        ("name = \"btp\"",                            "name = \".btp\"",                  "partners.toml:3: \".btp\" cannot name a directory: it begins with a dot or a dash"),
        ("name = \"btp\"",                            "name = \"b/tp\"",                  "partners.toml:3: \"b/tp\" cannot name a directory: it contains a slash"),
        ("name = \"btp\"",                            "name = \"b\\ntp\"",                "partners.toml:3: partner.name = \"b\\ntp\": expected a text of one line, not empty"),
        ("name = \"btp\"",                            "name = \"b\\u0000tp\"",            "partners.toml:3: partner.name = \"b\\u0000tp\": expected a text of one line, not empty"),
        ("name = \"btp\"",                            "name = \"b\\u202etp\"",            "partners.toml:3: \"b\\u{202e}tp\" cannot name a directory: it contains invisible characters"),
        ("name = \"btp\"",                            "name = \"\"",                      "partners.toml:3: partner.name = \"\": expected a text of one line, not empty"),
        ("name = \"btp\"",                            &long,                              &long_told),
        ("name = \"mairie\"",                         "name = \"BTP\"",                   "partners.toml:11: the partner \"BTP\" is already on line 2"),
        ("app_code = \"BTP001\"",                     "app_code = \"BTP01\"",             "partners.toml:4: partner.app_code = \"BTP01\": expected six characters of A-Z and 0-9"),
        ("app_code = \"BTP001\"",                     "app_code = 100001",                "partners.toml:4: partner.app_code = 100001: expected six characters of A-Z and 0-9"),
        ("structures = [\"40000000000010\"",          "structures = [\"4\"",              "partners.toml:5: structures: the structure \"4\" is unknown"),
        ("structures = [\"40000000000010\"",          "structures = [\"30000000000012\"", "partners.toml:5: \"30000000000012\" is twice in \"structures\""),
        ("structures = [\"40000000000010\", \"30000000000012\"]", "structures = []",      "partners.toml:5: \"structures\" is an empty list: this partner could deposit nothing"),
        ("modes = [\"portail\"]",                     "modes = []",                       "partners.toml:14: \"modes\" is an empty list: this partner could deposit nothing"),
        ("modes = [\"portail\"]",                     "modes = [\"portal\"]",             "partners.toml:14: partner.modes = \"portal\": expected one of the known words"),
        ("modes = [\"portail\"]",                     "modes = [\"edi\", \"edi\"]",       "partners.toml:14: \"edi\" is twice in \"modes\""),
        ("modes = [\"portail\"]",                     "modes = \"edi\"",                  "partners.toml:14: partner.modes = \"edi\": expected a list of words"),
        ("naming = \"chorus\"",                       "naming = \"strict\"",              "partners.toml:7: partner.naming = \"strict\": expected one of the known words"),
        ("lang = \"en\"",                             "lang = \"de\"",                    "partners.toml:8: partner.lang = \"de\": expected one of the known words"),
        ("lang = \"en\"",                             "language = \"en\"",                "partners.toml:8: unknown key \"language\" in [partner]"),
    ];
    for (from, to, told) in cases {
        assert_eq!(errors(3, from, to), [told]);
    }
}

#[test]
fn what_is_odd_only_warns() {
    #[rustfmt::skip]
    let cases = [
        // file, from,                                to,                                 the only thing told
        (0, "BE0123456789,2",                         "BE0123456789,3",                   None),
        (0, "Ville",                                  "",                                 Some("structures.csv:2: structure 20000000000014 has no name")),
        (1, "20000000000014,ARCHIVES",                "20000000000014,A/1",               Some("services.csv:3: no pièce will be able to cite the service code \"A/1\"")),
        (2, "moa_service = \"TRAVAUX\"",              "moa_service = \"ECOLES\"",         Some("marches.toml:6: moa_service: the service \"ECOLES\" of \"20000000000014\" is unknown")),
        (2, "destinataire_service = \"FACTURES\"",    "destinataire_service = \"X\"",     Some("marches.toml:9: destinataire_service: the service \"X\" of \"20000000000022\" is unknown")),
        (2, "groupement = \"conjoint\"\n",            "",                                 Some("marches.toml:12: cotraitants, but \"groupement\" is not said: it is taken for conjoint")),
        (2, "titulaire = \"BE0123456789\"",           "titulaire = \"BE0123456789\"\ngroupement = \"conjoint\"", Some("marches.toml:25: a groupement conjoint without cotraitants: nobody else will be able to deposit")),
        (3, PARTNERS,                                 "",                                 Some("partners.toml: no partner: nobody can deposit")),
    ];
    for (file, from, to, told) in cases {
        assert_eq!(warnings(file, from, to), told.map(str::to_owned).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_wrong_check_digit_only_warns_and_test_structures_do_not_flood() {
    let row = |n: u32| format!("{:014},1,Test {n},true,false,false,false\n", 10_000_000_000_000 + u64::from(n));
    let rows = |count| STRUCTURES.to_owned() + &(0..count).map(row).collect::<String>();
    let told = warnings(0, STRUCTURES, &rows(2));
    assert_eq!(told[0], "structures.csv:9: the check digit of SIRET 10000000000000 is wrong");
    let told = warnings(0, STRUCTURES, &rows(60));
    let last = told.last().unwrap();
    assert_eq!((told.len(), last.ends_with("more SIRETs is wrong")), (6, true), "{told:#?}");
}

#[test]
fn everything_wrong_is_told_at_once_in_the_order_of_files_and_lines() {
    let mut texts = with(0, "Ville,true", "Ville,vrai");
    texts[1] = with(1, "TRAVAUX,Travaux,true", "TRAVAUX,Travaux,oui")[1].clone();
    texts[2] = with(2, "payment_days = 50\nstarts = 2026-01-01", "payment_days = -1\nstarts = 2")[2].clone();
    texts[3] = with(3, "lang = \"en\"", "lang = 1")[3].clone();
    let told = lines(&load(&texts).unwrap_err());
    let places: Vec<&str> = told.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["structures.csv:2", "services.csv:2", "marches.toml:16", "marches.toml:17", "partners.toml:8"]);
    // French says the same.
    let problems = load(&texts).unwrap_err();
    assert_eq!(problems[0].message.fr, "active = « vrai » : il faut true ou false");
    assert_eq!(problems[3].message.fr, "marche.starts = 2 : il faut une date");

    let many = "x,9,y,?,?,?,?\n".repeat(1000);
    let problems =
        load(&with(0, STRUCTURES, &(STRUCTURES.lines().next().unwrap().to_owned() + "\n" + &many))).unwrap_err();
    assert_eq!(problems.len(), 101);
    assert!(problems[100].message.en.starts_with("and ") && problems[100].message.en.ends_with(" more problems"));
}

fn write(dir: &Path, texts: [&str; 4]) {
    for (name, text) in ["structures.csv", "services.csv", "marches.toml", "partners.toml"].into_iter().zip(texts) {
        std::fs::write(dir.join(name), text).unwrap();
    }
}

#[test]
fn a_missing_file_is_an_error_or_empty() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let remove = |name: &str| std::fs::remove_file(dir.join(name)).unwrap();
    let told = |problems: &[Problem]| {
        lines(problems).iter().map(|l| l.replace(&*dir.to_string_lossy(), "")).collect::<Vec<_>>()
    };
    write(dir, [STRUCTURES, SERVICES, "", PARTNERS]);
    assert_eq!(Annuaire::load(dir).unwrap().warnings, []);
    remove("marches.toml");
    remove("services.csv");
    let loaded = Annuaire::load(dir).unwrap();
    assert_eq!(
        told(&loaded.warnings),
        [
            "/services.csv: this file is missing: it is taken for empty",
            "/marches.toml: this file is missing: it is taken for empty"
        ]
    );
    assert_eq!((loaded.annuaire.services().len(), loaded.annuaire.partners().len()), (0, 2));
    remove("structures.csv");
    remove("partners.toml");
    let problems = Annuaire::load(dir).unwrap_err();
    assert_eq!(told(&problems), ["/structures.csv: this file is missing", "/partners.toml: this file is missing"]);
    assert!(problems[0].help.en.contains("guichet init") && problems[0].help.fr.contains("guichet init"));
    let problems = Annuaire::load(&dir.join("none")).unwrap_err();
    assert_eq!(told(&problems), ["/none: the directory of the annuaire does not exist"]);
    assert!(problems[0].help.en.contains("guichet init"));
}

#[test]
fn what_is_no_text_file_is_told() {
    let temp = tempfile::tempdir().unwrap();
    write(temp.path(), [STRUCTURES, SERVICES, MARCHES, PARTNERS]);
    let latin1 = STRUCTURES.replace("Études", "@tudes").replace("Bâtisseurs", "B").replace("Trésorerie", "T");
    let bytes: Vec<u8> = latin1.bytes().map(|b| if b == b'@' { 0xc9 } else { b }).collect();
    std::fs::write(temp.path().join("structures.csv"), bytes).unwrap();
    std::fs::remove_file(temp.path().join("services.csv")).unwrap();
    std::fs::create_dir(temp.path().join("services.csv")).unwrap();
    std::fs::remove_file(temp.path().join("partners.toml")).unwrap();
    let path = temp.path().join("partners.toml");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let told = lines(&Annuaire::load(temp.path()).unwrap_err());
    let told: Vec<_> = told.iter().map(|line| line.rsplit('/').next().unwrap()).collect();
    assert_eq!(
        told,
        [
            "structures.csv:4: the text is not UTF-8",
            "services.csv: it is not a regular file",
            "partners.toml: it is not a regular file"
        ]
    );
}

#[test]
fn a_change_is_noticed_and_a_broken_file_gives_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    write(dir, [STRUCTURES, SERVICES, MARCHES, PARTNERS]);
    let loaded = Annuaire::load(dir).unwrap();
    assert_eq!(loaded.fingerprint, Annuaire::fingerprint(dir));
    std::thread::sleep(std::time::Duration::from_millis(20));
    // The same size and the same date: a copy that kept both.
    let path = dir.join("partners.toml");
    let modified = path.metadata().unwrap().modified().unwrap();
    std::fs::write(&path, PARTNERS.replace("mairie", "MAIRIE")).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    let changed = Annuaire::fingerprint(dir);
    assert_ne!(loaded.fingerprint, changed);
    assert_eq!(Annuaire::fingerprint(dir), changed);
    std::fs::remove_file(dir.join("marches.toml")).unwrap();
    assert_ne!(Annuaire::fingerprint(dir), changed);
    std::fs::write(&path, "[[partner]]\n").unwrap();
    assert!(Annuaire::load(dir).is_err());
}

#[test]
fn the_examples_of_the_templates_load_when_uncommented() {
    let uncommented = |text: &str| -> String {
        let example = |line: &str| {
            line.starts_with("[[")
                || line
                    .split_once('=')
                    .is_some_and(|(k, _)| k.trim_end().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        };
        text.lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|l| example(l))
            .map(|l| format!("{l}\n"))
            .collect()
    };
    let marches = uncommented(include_str!("../spool/annuaire/marches.toml"));
    let partners = uncommented(include_str!("../spool/annuaire/partners.toml"));
    let services = "siret,code,name,active,engagement_required\n20000000000014,TRAVAUX,,true,false\n20000000000022,FACTURES,,true,false\n30000000000012,ETUDES,,true,false\n";
    let (a, warnings) =
        Annuaire::from_texts([STRUCTURES, services, &marches, &partners]).unwrap_or_else(|e| panic!("{e:#?}"));
    assert_eq!(warnings, []);
    assert_eq!((a.marches().len(), a.partners().len()), (2, 1));
    // Of the sheets all but the header is comment, and the example in it is a row.
    let structures = include_str!("../spool/annuaire/structures.csv");
    let services = include_str!("../spool/annuaire/services.csv");
    for (template, header) in [(structures, STRUCTURES), (services, SERVICES)] {
        let rows: Vec<&str> = template.lines().filter(|l| !l.starts_with('#')).collect();
        assert_eq!(rows, [header.lines().next().unwrap()]);
    }
    let example = |template: &str| {
        let row = template.lines().filter_map(|l| l.strip_prefix("# 9110")).next_back().unwrap().to_owned();
        format!("{template}9110{row}\n")
    };
    let (structures, services) = (example(structures), example(services));
    let (a, _) = Annuaire::from_texts([&structures, &services, "", ""]).unwrap_or_else(|e| panic!("{e:#?}"));
    assert_eq!((a.structures().len(), a.services().len()), (1, 1));
}

/// A good file with some bytes put in the place of others.
fn mangled(good: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::sample::select(b"\",;\n\r[]{}=#'.-0\x00\xc3\xff A".to_vec());
    prop::collection::vec((0..good.len(), bytes), 0..6).prop_map(|changes| {
        let mut text = good.as_bytes().to_vec();
        changes.into_iter().for_each(|(at, byte)| text[at] = byte);
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_bytes_make_it_panic(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        place in 0..5_usize,
        files in (mangled(STRUCTURES), mangled(SERVICES), mangled(MARCHES), mangled(PARTNERS)),
    ) {
        let temp = tempfile::tempdir().unwrap();
        let mut files = [files.0, files.1, files.2, files.3];
        if let Some(file) = files.get_mut(place) {
            *file = noise;
        }
        for (name, bytes) in ["structures.csv", "services.csv", "marches.toml", "partners.toml"].into_iter().zip(files) {
            std::fs::write(temp.path().join(name), bytes).unwrap();
        }
        match Annuaire::load(temp.path()) {
            Ok(loaded) => {
                // Whatever loaded is whole: every id that is named is known.
                let a = loaded.annuaire;
                let named = a.marches().iter().flat_map(|m| m.actors()).map(|(_, id)| id);
                let named = named.chain(a.partners().iter().flat_map(|p| p.structures.iter().map(String::as_str)));
                prop_assert!(named.into_iter().all(|id| a.structure(id).is_some()));
                prop_assert!(a.services().iter().all(|s| a.service(&s.siret, &s.code) == Some(s)));
                prop_assert!(a.partners().iter().all(|p| a.partner(&p.name) == Some(p)));
            }
            Err(problems) => prop_assert!(!problems.is_empty() && problems.iter().all(|p| !p.message.en.is_empty())),
        }
    }
}

#[test]
fn comments_of_a_sheet_are_passed_over_and_lines_stay_right() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let header = "id;id_type;name;active;service_required;engagement_required;either_required\n";
    write("services.csv", "# none, but\nsiret,code,name,active,engagement_required\n");
    write("marches.toml", "");
    write("partners.toml", "");
    let good = "91100001600012;1;Vallon;true;false;false;false\n";
    write("structures.csv", &format!("# first, of all\n# second\n{header}# between\n{good}# last, no line break"));
    let loaded = guichet::annuaire::Annuaire::load(dir.path()).unwrap();
    assert_eq!(loaded.annuaire.structures().len(), 1);
    write(
        "structures.csv",
        &format!("# first\n{header}\n# between\n# and\n91100002400016;1;Lauze;OUI;false;false;false\n"),
    );
    let problems = guichet::annuaire::Annuaire::load(dir.path()).unwrap_err();
    assert_eq!(problems.iter().map(|p| p.at.to_string()).collect::<Vec<_>>().len(), 1, "{problems:?}");
    assert!(problems[0].at.to_string().ends_with("structures.csv:6"), "{}", problems[0].at);
}
