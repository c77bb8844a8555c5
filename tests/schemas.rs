//! The schemas say what they should: each refuses every way that we know of being wrong, and what guichet writes passes.
//! The interpreters that judge by them are tested here too, because the other tests trust them.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::json_schema::{assert_valid_json, schema, validate as validate_json};
use common::world::{World, a4, invoice, text};
use common::xsd::{assert_valid_cppstatut, validate, validate_cppstatut};
use serde_json::{Value, json};
use std::panic::catch_unwind;

fn golden(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/golden/retour/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
#[rustfmt::skip]
fn cppstatut_notices_what_is_wrong() {
    let cases = [
        // what is wrong            flow           from                                     to                                        what is said
        ("another root",            "statuts.xml", "CPPStatut",                             "CPPStatus",                              "no such root"),
        ("a namespace",             "statuts.xml", "<Enveloppe>",                           "<Enveloppe xmlns=\"urn:x\">",            "Enveloppe is missing"),
        ("wrong order",             "statuts.xml", "<Code>DtPrd</Code>\n<Valeurparametre>2026-11-02T09:30:00+01:00</Valeurparametre>", "<Valeurparametre>2026-11-02T09:30:00+01:00</Valeurparametre>\n<Code>DtPrd</Code>", "Code is missing"),
        ("missing element",         "statuts.xml", "<IdFacture>SIT-2026-10</IdFacture>\n",  "",                                       "IdFacture is missing"),
        ("missing at the end",      "accepted.xml","<IdFlux>f-0123456789abcdef</IdFlux>\n", "",                                       "IdFlux is missing"),
        ("too few parameters",      "statuts.xml", "<ParametreIndiv NumOrdre=\"0002\">\n<Code>IdFlx</Code>\n<Valeurparametre>FEN1201A_GUI001_GUI0011201000000000000002</Valeurparametre>\n</ParametreIndiv>\n", "", "ParametreIndiv is missing (1 of 2)"),
        ("twice",                   "statuts.xml", "<RaisonSociale>",                       "<RaisonSociale>x</RaisonSociale><RaisonSociale>", "RaisonSociale is not allowed here"),
        ("unknown element",         "statuts.xml", "<IdFacture>",                           "<Avis>x</Avis><IdFacture>",              "IdFacture is missing"),
        ("unknown element at end",  "statuts.xml", "</CPPStatut>",                          "<Avis>x</Avis></CPPStatut>",             "Avis is not allowed here"),
        ("neither content",         "accepted.xml","CPPFluxStatuts",                        "CPPAutres",                              "none of the elements of a choice"),
        ("text between elements",   "statuts.xml", "<Debiteur>",                            "<Debiteur>x",                            "text between elements"),
        ("element inside a text",   "statuts.xml", "SIT-2026-10</IdFacture>",               "<b>SIT</b></IdFacture>",                 "holds elements"),
        ("missing attribute",       "refused.xml", " NbLignesErreur=\"2\"",                 "",                                       "NbLignesErreur is missing"),
        ("unknown attribute",       "statuts.xml", "<IdFacture>",                           "<IdFacture Ref=\"x\">",                  "attribute Ref"),
        ("unknown attribute above", "statuts.xml", "<Fournisseur>",                         "<Fournisseur Ref=\"x\">",                "attribute Ref"),
        ("attribute not a number",  "statuts.xml", "compteur=\"2\"",                        "compteur=\"-2\"",                        "is no xs:nonNegativeInteger"),
        ("pattern",                 "statuts.xml", "NumOrdre=\"0001\"",                     "NumOrdre=\"001\"",                       "pattern"),
        ("letter in a pattern",     "statuts.xml", "NumOrdre=\"0001\"",                     "NumOrdre=\"000a\"",                      "pattern"),
        ("length",                  "statuts.xml", "<Code>DtPrd</Code>",                    "<Code>DtPr</Code>",                      "length 5"),
        ("too long",                "accepted.xml","accepted p-0123456789abcdef",           "accepted p-0123456789abcdef-123456789-123", "maxLength 40"),
        ("too short",               "statuts.xml", "<Id>ALP001</Id>",                       "<Id>AL</Id>",                            "minLength 3"),
        ("empty",                   "statuts.xml", "SIT-2026-10</IdFacture>",               "</IdFacture>",                           "minLength 1"),
        ("wrong word",              "statuts.xml", "<IdStatut>01</IdStatut>",               "<IdStatut>42</IdStatut>",                "none of"),
        ("a report's word",         "statuts.xml", "<IdStatut>01</IdStatut>",               "<IdStatut>90</IdStatut>",                "none of"),
        ("a debtor of 13",          "statuts.xml", "91100003200019",                        "9110000320001",                          "length 14"),
        ("a type of supplier",      "statuts.xml", "<Fournisseur>\n<TypeIdentifiant>1",     "<Fournisseur>\n<TypeIdentifiant>8",      "pattern"),
        ("no such day",             "statuts.xml", "<DateFacture>2026-10-31",               "<DateFacture>2026-10-32",                "is no xs:date"),
        ("a time without offset",   "statuts.xml", "<Horodatage>2026-11-02T09:30:00+01:00", "<Horodatage>2026-11-02T09:30:00",        "is no xs:dateTime"),
        ("a counter",               "statuts.xml", "compteur=\"2\"",                        "compteur=\"3\"",                         "does not count"),
        ("a number of order",       "statuts.xml", "CPPFactureStatutUnitaire NumOrdre=\"2\"", "CPPFactureStatutUnitaire NumOrdre=\"3\"", "does not count"),
        ("a parameter",             "statuts.xml", "IdFlx",                                 "IdFly",                                  "parameters"),
        ("not well-formed",         "statuts.xml", "</CPPStatut>",                          "",                                       "not well-formed"),
    ];
    for (what, flow, from, to, says) in cases {
        let right = golden(flow);
        assert_valid_cppstatut(right.as_bytes());
        assert!(right.contains(from), "{what}: {from:?} is not in {flow}");
        let why = validate_cppstatut(right.replace(from, to).as_bytes()).expect_err(what);
        assert!(why.contains(says), "{what}: {why}");
    }
}

/// A schema of one element, in which one thing can be put that the interpreter does not know.
fn schema_with(top: &str, facet: &str, in_sequence: &str, in_type: &str) -> String {
    format!(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' elementFormDefault='qualified'>
           <xs:element name='A'><xs:complexType><xs:sequence>
             <xs:element name='B' type='T' minOccurs='0'/>{in_sequence}</xs:sequence>{in_type}</xs:complexType></xs:element>
           <xs:simpleType name='T'><xs:restriction base='xs:string'>{facet}</xs:restriction></xs:simpleType>{top}
         </xs:schema>"
    )
}

#[test]
fn an_unknown_construct_in_a_schema_is_a_panic_even_where_no_document_goes() {
    assert_eq!(validate(&schema_with("", "", "", ""), "<A/>"), Ok(()), "the schema is good without them");
    for (top, facet, in_sequence, in_type) in [
        ("<xs:group name='G'/>", "", "", ""),
        ("<xs:include schemaLocation='x'/>", "", "", ""),
        ("", "<xs:whiteSpace value='collapse'/>", "", ""),
        ("", "<xs:maxLength value='3' fixed='true'/>", "", ""),
        ("", "<xs:pattern value='a|b'/>", "", ""),
        ("", "", "<xs:any/>", ""),
        ("", "", "<xs:sequence/>", ""),
        ("", "", "<xs:element name='C' type='T' nillable='true'/>", ""),
        ("", "", "<xs:element name='C' type='xs:token' minOccurs='0'/>", ""),
        ("", "", "<xs:choice minOccurs='0'><xs:element name='C' type='T'/></xs:choice>", ""),
        ("", "", "", "<xs:anyAttribute/>"),
        ("", "", "", "<xs:attribute name='a' type='T' default='x'/>"),
        ("", "", "", "<xs:attribute name='a' type='T' use='prohibited'/>"),
    ] {
        let schema = schema_with(top, facet, in_sequence, in_type);
        assert!(catch_unwind(|| validate(&schema, "<A/>")).is_err(), "{top}{facet}{in_sequence}{in_type}");
    }
}

fn piece() -> Value {
    json!({
        "piece": "p-0123456789abcdef", "cadre": "A4", "type": "380", "number": "N-1", "issued": "2026-11-02",
        "supplier": {"type": "1", "id": "91100001600012", "name": "x"}, "destinataire": null, "moe": null, "moa": null,
        "valideur1": null, "valideur2": null, "service": null, "moe_service": null, "moa_service": null,
        "seller_service": null, "engagement": null, "marche": null, "dossier": null, "ht": "-100.00", "vat": "0",
        "ttc": null, "due": null, "currency": "EUR", "mode": "edi", "partner": "alpha", "flow": "f-0123456789abcdef",
        "deposited": "2026-11-02T09:30:00+01:00", "status": "A_VALIDER_1", "status_at": "2026-06-21T02:00:00+02:00"
    })
}

fn whole_piece() -> Value {
    let mut whole = piece();
    whole["trail"] = json!([{"status": "DEPOSEE", "label": "Déposée", "at": "2026-11-02T09:30:00+01:00", "by": null,
                             "motif": null, "comment": null}]);
    whole["links"] = json!([{"kind": "replaces", "piece": "p-0123456789abcdef-2", "ttc": "1.00", "due": null}]);
    whole
}

fn checked() -> Value {
    json!({"file": "a.xml", "sha256": "0".repeat(64), "syntax": "cii", "cadre": "A4", "number": null, "verdict": "refused",
        "findings": [{"rule": "BR-CO-10", "layer": "en16931", "severity": "error", "bt": ["BT-106", "BG-25"], "line": 3,
            "column": 12, "path": "/x", "message": "m", "found": null, "expected": null, "help": "h"}]})
}

fn flow() -> Value {
    json!({"flow": "f-0123456789abcdef", "partner": "alpha", "mode": "edi", "name": "F-1", "state": "duplicate",
           "syntax": "ubl-invoice", "size": 12, "sha256": "0".repeat(64), "received": "2026-11-02T09:30:00+01:00",
           "decided": "2026-11-02T09:30:01+01:00", "pieces": 1, "accepted": 1, "errors": 0, "warnings": 1,
           "first": "f-0123456789abcdee", "report": "FEN0012A_GUI001_GUI0010012000000000000001", "filed": "archive/x",
           "rules": "2026-11-24", "pruned": null})
}

fn whole_flow() -> Value {
    let (mut whole, at) = (flow(), "2026-11-02T09:30:00+01:00");
    let mut finding = checked()["findings"][0].clone();
    finding["member"] = json!("b.xml");
    whole["findings"] = json!([finding]);
    whole["documents"] = json!([{"piece": "p-0123456789abcdef-2", "member": "b.xml", "cadre": "A4", "number": "N-1",
                                 "status": "DEPOSEE"}]);
    whole["sent"] = json!([{"partner": "alpha", "tray": "pieces", "name": "x", "sha256": "0".repeat(64),
                            "piece": "p-0123456789abcdef", "at": at}]);
    whole["trail"] =
        json!([{"status": "held", "label": "held", "at": at, "by": "alpha", "motif": null, "comment": null}]);
    whole
}

fn deposit() -> Value {
    let findings = whole_flow()["findings"].clone();
    json!({"flow": "f-0123456789abcdef", "state": "accepted", "name": "x.depot.xml", "first": null,
           "piece": "p-0123456789abcdef", "cadre": "A4", "number": "N-1", "status": "DEPOSEE", "as": "91100001600012",
           "partner": "alpha", "findings": findings})
}

fn draft() -> Value {
    json!({"draft": "N-1", "cadre": "A4", "number": null, "as": "91100001600012", "partner": "alpha",
           "from": "p-0123456789abcdef", "files": ["f.pdf"]})
}

fn status() -> Value {
    let at = "2026-11-02T09:30:00+01:00";
    json!({"alive": true, "last_loop": at, "inbound": 2, "oldest_s": 7, "queues": [{"mode": "edi", "files": 2, "directories": 1}],
           "behind": [{"oldest_s": 7, "directory": "edi/alpha", "files": 2}], "in_work": 0, "held": 1, "free": 9, "inodes": 9,
           "reserve": 3, "ledger": 4096, "wal": 0, "flows": 1, "pieces": 1, "unpublished": 0, "last_flow": at,
           "problems": [{"problem": "held", "level": "look", "message": "m"}]})
}

fn dossier() -> Value {
    json!({"dossier": "N-1", "marche": "M-1", "pieces": [whole_piece()]})
}

fn stock() -> Value {
    json!({"cadre": "A4", "status": "DEPOSEE", "label": "Déposée", "pieces": 2, "oldest": "2026-11-02T09:30:00+01:00",
           "days": 3, "piece": "p-0123456789abcdef", "overdue": 0})
}

fn synthese() -> Value {
    let mut row = piece();
    let more = json!({"label": "x", "role": "moe", "acts": ["refuse", "take-into-account"], "alert": "moe",
                      "last_day": "2026-11-09", "overdue": false, "delivered": null});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn structure() -> Value {
    json!({"kind": "structure", "id": "91100001600012", "id_type": 1, "name": "x", "active": true, "service_required": false,
           "engagement_required": false, "either_required": false, "partners": ["alpha"],
           "services": [{"code": "S", "name": "y", "active": true, "engagement_required": false}],
           "marches": [{"number": "M-1", "name": null, "moa": "91100003200019", "roles": ["moe", "sous-traitant"]}]})
}

fn marche() -> Value {
    json!({"kind": "marche", "number": "M-1", "name": "x", "starts": "2026-01-01", "ends": null, "groupement": "conjoint",
           "engagement": null, "payment_days": 50, "cadres": ["A4"],
           "actors": [{"role": "moa", "id": "91100003200019", "name": "y", "service": "S", "service_name": null, "of": null}]})
}

fn partner() -> Value {
    json!({"kind": "partner", "name": "alpha", "app_code": "ALP001", "modes": ["edi"], "naming": "free", "lang": "fr",
           "structures": [{"id": "91100001600012", "name": "x"}]})
}

fn certificat() -> Value {
    let (piece, event) =
        (piece(), json!({"seq": 1, "status": "BROUILLON", "at": "2026-11-02T09:30:00+01:00", "hash": "0".repeat(64)}));
    let mut certificat = json!({"kind": "deposit", "issuer": {"name": "x", "siret": null}, "label": "Déposée",
        "depositor": {"role": "moe", "id": "91100002400016", "name": null}, "file": "F", "member": "a.xml", "sha256": null,
        "flow_sha256": "0".repeat(64), "rules": "2026-11-26", "first": event, "last": event});
    for key in [
        "piece",
        "cadre",
        "type",
        "number",
        "issued",
        "supplier",
        "destinataire",
        "marche",
        "dossier",
        "ht",
        "vat",
        "ttc",
        "due",
        "currency",
        "partner",
        "mode",
        "flow",
        "deposited",
        "status",
        "status_at",
    ] {
        certificat[key] = piece[key].clone();
    }
    certificat
}

fn copied() -> Value {
    json!({"file": "a.db", "flows": 1, "pieces": 1, "events": 2, "hash": "0".repeat(64), "problems": 0})
}

fn pruned_year() -> Value {
    json!({"year": 2016, "dossiers": 1, "pieces": 2, "flows": 3, "statuses": 0, "bytes": 4})
}

fn tally() -> Value {
    json!({"flows": 0, "pieces": 0, "accepted": 0, "refused": 0, "duplicates": 0, "acts": 0, "acts_refused": 0, "delays": 0,
           "held": 0, "waiting": 0, "elapsed_ms": 12})
}

fn rule() -> Value {
    json!({"rule": "G1.05", "layer": "chorus", "severity": "error", "bt": ["BT-1"], "says": "s", "why": "w", "source": "x",
           "example": "e", "mend": "m"})
}

/// Every object inside a value, as a pointer.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(at.to_owned());
            members.iter().for_each(|(k, v)| objects(v, &format!("{at}/{k}"), found));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(n, v)| objects(v, &format!("{at}/{n}"), found)),
        _ => {}
    }
}

/// What only the listing of one thing has.
const ADDED: [&str; 5] = ["trail", "links", "findings", "documents", "sent"];

#[test]
fn every_key_is_asked_for_none_is_added_and_every_type_is_held() {
    let mut tried = 0;
    for (name, right) in [
        ("batch", tally()),
        ("check", checked()),
        ("piece", piece()),
        ("piece", whole_piece()),
        ("rules", rule()),
        ("flow", flow()),
        ("flow", whole_flow()),
        ("dossier", dossier()),
        ("status", status()),
        ("stock", stock()),
        ("synthese", synthese()),
        ("deposit", deposit()),
        ("draft", draft()),
        ("certificat", certificat()),
        ("annuaire", structure()),
        ("annuaire", marche()),
        ("annuaire", partner()),
        ("backup", copied()),
        ("prune", pruned_year()),
    ] {
        let schema = schema(name);
        assert_eq!(validate_json(&schema, &right), Ok(()), "{name}");
        let mut all = Vec::new();
        objects(&right, "", &mut all);
        for at in all {
            let refuses = |what: &str, change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
                let mut wrong = right.clone();
                change(wrong.pointer_mut(&at).unwrap().as_object_mut().unwrap());
                assert!(validate_json(&schema, &wrong).is_err(), "{name}{at}: {what}");
            };
            refuses("a key more", &|o| drop(o.insert("more".into(), json!(1))));
            let keys: Vec<String> = right.pointer(&at).unwrap().as_object().unwrap().keys().cloned().collect();
            for key in keys {
                refuses(&format!("{key}: another type"), &|o| drop(o.insert(key.clone(), json!({"x": true}))));
                if !(at.is_empty() && ADDED.contains(&key.as_str())) {
                    refuses(&format!("no {key}"), &|o| drop(o.remove(&key)));
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 80, "{tried} keys tried");
}

#[test]
fn values_are_held_to_their_form() {
    #[rustfmt::skip]
    let cases = [
        // schema   value            pointer                  wrong
        ("batch", tally(),       "/flows",              json!(-1)),
        ("batch", tally(),       "/flows",              json!(1.5)),
        ("batch", tally(),       "/flows",              json!("1")),
        ("check", checked(),     "/sha256",             json!("0".repeat(63))),
        ("check", checked(),     "/sha256",             json!("A".repeat(64))),
        ("check", checked(),     "/syntax",             json!("ubl")),
        ("check", checked(),     "/verdict",            json!("held")),
        ("check", checked(),     "/findings/0/layer",   json!("chorus ")),
        ("check", checked(),     "/findings/0/line",    json!(0)),
        ("flow",  flow(),        "/state",              json!("accepté")),
        ("flow",  flow(),        "/pieces",             json!(-1)),
        ("flow",  flow(),        "/first",              json!("p-0123456789abcdef")),
        ("flow",  whole_flow(),  "/sent/0/tray",        json!("work")),
        ("flow",  whole_flow(),  "/findings/0/severity", json!("held")),
        ("flow",  whole_flow(),  "/trail",              json!([])),
        ("dossier", dossier(),   "/pieces",             json!([])),
        ("dossier", dossier(),   "/pieces/0/trail",     json!([])),
        ("deposit", deposit(),   "/state",              json!("requeued")),
        ("deposit", deposit(),   "/piece",              json!("f-0123456789abcdef")),
        ("deposit", deposit(),   "/status",             json!("deposee")),
        ("draft", draft(),       "/files",              json!([])),
        ("draft", draft(),       "/from",               json!("F-1")),
        ("status", status(),     "/alive",              json!(1)),
        ("status", status(),     "/last_loop",          json!("2026-11-02")),
        ("status", status(),     "/oldest_s",           json!(-1)),
        ("status", status(),     "/queues/0/mode",      json!("EDI")),
        ("status", status(),     "/problems/0/problem", json!("tired")),
        ("status", status(),     "/problems/0/level",   json!("error")),
        ("stock", stock(),       "/pieces",             json!(0)),
        ("stock", stock(),       "/overdue",            json!(-1)),
        ("stock", stock(),       "/oldest",             json!("2026-11-02")),
        ("stock", stock(),       "/days",               json!(0.5)),
        ("synthese", synthese(), "/role",               json!("titulaire")),
        ("synthese", synthese(), "/role",               json!(null)),
        ("synthese", synthese(), "/acts/0",             json!("VALIDER")),
        ("synthese", synthese(), "/acts",               json!(null)),
        ("synthese", synthese(), "/alert",              json!("late")),
        ("synthese", synthese(), "/last_day",           json!("2026-11-09T00:00:00+01:00")),
        ("synthese", synthese(), "/overdue",            json!("no")),
        ("certificat", certificat(), "/kind",           json!("accepted")),
        ("certificat", certificat(), "/first/hash",     json!("0".repeat(63))),
        ("certificat", certificat(), "/last/seq",       json!(0)),
        ("certificat", certificat(), "/depositor/role", json!("titulaire")),
        ("certificat", certificat(), "/deposited",      json!("2026-11-02")),
        ("annuaire", structure(), "/id_type",           json!(8)),
        ("annuaire", structure(), "/kind",              json!("marche")),
        ("annuaire", structure(), "/marches/0/roles",   json!([])),
        ("annuaire", marche(),   "/payment_days",       json!(-1)),
        ("annuaire", marche(),   "/starts",             json!("01/01/2026")),
        ("annuaire", marche(),   "/groupement",         json!("joint")),
        ("annuaire", marche(),   "/actors/0/role",      json!("fournisseur")),
        ("annuaire", partner(),  "/modes",              json!([])),
        ("annuaire", partner(),  "/app_code",           json!("alp001")),
        ("check", checked(),     "/findings/0/bt/1",    json!("106")),
        ("check", checked(),     "/findings/0/rule",    json!("g1")),
        ("piece", piece(),       "/piece",              json!("f-0123456789abcdef")),
        ("piece", piece(),       "/issued",             json!("02/11/2026")),
        ("piece", piece(),       "/ht",                 json!("1e3")),
        ("piece", piece(),       "/ht",                 json!("1,00")),
        ("piece", piece(),       "/ht",                 json!(100)),
        ("piece", piece(),       "/mode",               json!("EDI")),
        ("piece", piece(),       "/deposited",          json!("2026-11-02T09:30:00Z")),
        ("piece", piece(),       "/status",             json!("déposée")),
        ("piece", piece(),       "/supplier/type",      json!("8")),
        ("piece", whole_piece(), "/trail",              json!([])),
        ("piece", whole_piece(), "/links/0/kind",       json!("follows")),
        ("rules", rule(),        "/severity",           json!("fatal")),
    ];
    for (name, mut value, pointer, wrong) in cases {
        *value.pointer_mut(pointer).unwrap() = wrong.clone();
        assert!(validate_json(&schema(name), &value).is_err(), "{name}{pointer}: {wrong}");
    }
}

#[test]
fn an_unknown_keyword_in_a_schema_is_a_panic_even_where_no_value_goes() {
    let with = |inner: Value| json!({"type": "object", "properties": {"a": inner}});
    assert_eq!(validate_json(&with(json!({"type": "string"})), &json!({})), Ok(()));
    for inner in [
        json!({"maxLength": 3}),
        json!({"type": "number"}),
        json!({"additionalProperties": true}),
        json!({"$ref": "#/$defs/absent"}),
        json!({"$ref": "other.json"}),
        json!({"pattern": "[0-9]"}),
        json!({"pattern": "^(a|b)$"}),
        json!({"pattern": "^[^a]$"}),
        json!({"required": ["x"], "properties": {}}),
        json!({"items": {"uniqueItems": true}}),
        json!({"anyOf": [{"oneOf": []}]}),
    ] {
        let schema = with(inner);
        assert!(catch_unwind(|| validate_json(&schema, &json!({}))).is_err(), "{schema}");
    }
}

#[test]
fn a_piece_of_a_dossier_is_a_piece() {
    let (piece, dossier) = (schema("piece"), schema("dossier"));
    let whole = &dossier["$defs"]["whole"];
    assert_eq!(whole["properties"], piece["properties"]);
    for (name, definition) in piece["$defs"].as_object().unwrap() {
        assert_eq!(&dossier["$defs"][name], definition, "{name}");
    }
    let required = |of: &Value| of["required"].as_array().unwrap().clone();
    assert_eq!(required(whole), [required(&piece), vec![json!("trail"), json!("links")]].concat());
}

#[test]
fn a_piece_of_a_synthese_is_a_piece() {
    let (piece, synthese) = (schema("piece"), schema("synthese"));
    for key in piece["required"].as_array().unwrap() {
        let key = key.as_str().unwrap();
        assert_eq!(synthese["properties"][key], piece["properties"][key], "{key}");
        assert!(synthese["required"].as_array().unwrap().contains(&json!(key)), "{key}");
    }
    for (name, definition) in synthese["$defs"].as_object().unwrap() {
        assert_eq!(&piece["$defs"][name], definition, "{name}");
    }
}

#[test]
fn patterns_match_as_they_should() {
    #[rustfmt::skip]
    let cases = [
        ("^a?b$", "b", true), ("^a?b$", "ab", true), ("^a?b$", "aab", false), ("^[a-c]*c$", "abcc", true),
        ("^[a-c]*c$", "ab", false), ("^[0-9]{2,}x$", "1x", false), ("^[0-9]{2,}x$", "123x", true), ("^a\\.b$", "a.b", true),
        ("^a\\.b$", "axb", false), ("^[-+]$", "-", true), ("^[-+]$", "+", true), ("^[+-]$", "-", true), ("^x$", "xy", false),
        ("^é{1,2}$", "éé", true), ("^é{1,2}$", "ééé", false), ("^$", "", true),
    ];
    for (pattern, text, is) in cases {
        let schema = json!({"type": "string", "pattern": pattern});
        assert_eq!(validate_json(&schema, &json!(text)).is_ok(), is, "{pattern} {text}");
    }
}

#[test]
fn what_a_run_writes_follows_the_schemas() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F-1", &a4("N-1"));
    w.drop_file("edi", "alpha", "F-2", &invoice("A1", "N-2", common::world::TITULAIRE));
    w.drop_file("edi", "alpha", "F-3", &a4("N-1"));
    assert_valid_json("batch", &w.batch().to_string());
    for tray in ["comptes-rendus", "statuts"] {
        let sent = w.tray("alpha", tray);
        assert!(!sent.is_empty(), "{tray}");
        sent.iter().for_each(|flow| assert_valid_cppstatut(flow));
    }
    let found = w.run(&["search", "--format", "json"]);
    let found = String::from_utf8(found.stdout).unwrap();
    assert_eq!(found.lines().count(), 2, "{found}");
    for line in found.lines() {
        assert_valid_json("piece", line);
        let id = serde_json::from_str::<Value>(line).unwrap()["piece"].as_str().unwrap().to_owned();
        let one = String::from_utf8(w.run(&["piece", &id, "--format", "json"]).stdout).unwrap();
        assert_valid_json("piece", &one);
        assert!(one.contains("\"trail\""));
    }
    assert_valid_json("dossier", &text(&w.run(&["dossier", "N-1", "--format", "json"]).stdout));
    let flows = text(&w.run(&["flows", "--format", "json"]).stdout);
    assert_eq!(flows.lines().count(), 3, "{flows}");
    for line in flows.lines() {
        assert_valid_json("flow", line);
        let id = serde_json::from_str::<Value>(line).unwrap()["flow"].as_str().unwrap().to_owned();
        assert_valid_json("flow", &text(&w.run(&["flow", &id, "--format", "json"]).stdout));
    }
    assert_valid_json("backup", &text(&w.run(&["backup", "copy.db", "--format", "json"]).stdout));
    let act = ["act", "91100001600012/N-1", "refuse", "--as", "91100002400016", "--motif", "AUTRE", "--comment", "x"];
    assert!(w.run(&act).status.success());
    assert_valid_json("prune", &text(&w.run(&["prune", "--older-than", "0d", "--yes", "--format", "json"]).stdout));
    for (command, schema, id) in [("piece", "piece", "91100001600012/N-1"), ("dossier", "dossier", "N-1")] {
        let pruned = text(&w.run(&[command, id, "--format", "json"]).stdout);
        assert!(pruned.contains("\"pruned\""), "{pruned}");
        assert_valid_json(schema, &pruned);
    }
    for line in flows.lines() {
        let id = serde_json::from_str::<Value>(line).unwrap()["flow"].as_str().unwrap().to_owned();
        assert_valid_json("flow", &text(&w.run(&["flow", &id, "--format", "json"]).stdout));
    }
}
