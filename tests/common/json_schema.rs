//! Judges JSON by a schema of ours: an interpreter of just those JSON Schema keywords that `schemas/*.schema.json` use. It
//! panics on any other, wherever it stands, so that no check is left out in silence.

use serde_json::{Map, Value};

/// Panics unless a line of JSON follows the schema of this name: `check`, `batch`, `piece`, `rules`.
pub fn assert_valid_json(name: &str, line: &str) {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("no JSON: {e}\n{line}"));
    if let Err(why) = validate(&schema(name), &value) {
        panic!("not as schemas/{name}.schema.json says: {why}\n{line}");
    }
}

/// The schema of this name.
pub fn schema(name: &str) -> Value {
    let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Says what keeps a value from following a schema; every keyword of the schema is looked at first.
pub fn validate(schema: &Value, value: &Value) -> Result<(), String> {
    let defs = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    for def in defs.values() {
        inspect(def, &defs);
    }
    inspect(schema, &defs);
    check(schema, value, &defs, "")
}

/// Keywords, and what a value of theirs is. `title` and `description` are for people, `$schema` is the dialect.
const KEYWORDS: [&str; 16] = [
    "$schema",
    "title",
    "description",
    "$defs",
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "enum",
    "const",
    "pattern",
    "minimum",
    "anyOf",
];

fn inspect(schema: &Value, defs: &Map<String, Value>) {
    let schema = schema.as_object().expect("a schema is an object");
    for (keyword, value) in schema {
        assert!(KEYWORDS.contains(&keyword.as_str()), "the keyword {keyword} is not understood");
        match keyword.as_str() {
            "$ref" => _ = definition(value, defs),
            "type" => types(value).into_iter().for_each(|t| _ = is_of_type(&Value::Null, t)),
            "properties" => value.as_object().expect("an object").values().for_each(|s| inspect(s, defs)),
            "items" => inspect(value, defs),
            "anyOf" => value.as_array().expect("a list").iter().for_each(|s| inspect(s, defs)),
            "additionalProperties" => assert_eq!(value, &Value::Bool(false), "only false is understood"),
            "pattern" => _ = matches(value.as_str().expect("a text"), ""),
            "required" => {
                let known = schema.get("properties").and_then(Value::as_object).expect("properties");
                assert!(texts(value).iter().all(|name| known.contains_key(*name)), "required, and no property");
            }
            _ => {}
        }
    }
}

fn check(schema: &Value, value: &Value, defs: &Map<String, Value>, at: &str) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{}: {what}, found {value}", if at.is_empty() { "." } else { at }));
    for (keyword, wanted) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$ref" => check(definition(wanted, defs), value, defs, at)?,
            "type" if !types(wanted).into_iter().any(|t| is_of_type(value, t)) => {
                return wrong(format!("not {wanted}"));
            }
            "enum" if !wanted.as_array().unwrap().contains(value) => return wrong(format!("none of {wanted}")),
            "const" if wanted != value => return wrong(format!("not {wanted}")),
            "minimum" if value.is_number() && value.as_i64() < wanted.as_i64() => {
                return wrong(format!("below {wanted}"));
            }
            "minItems" if value.as_array().is_some_and(|v| (v.len() as u64) < wanted.as_u64().unwrap()) => {
                return wrong(format!("fewer than {wanted}"));
            }
            "pattern" if value.as_str().is_some_and(|v| !matches(wanted.as_str().unwrap(), v)) => {
                return wrong(format!("not like {wanted}"));
            }
            "anyOf" => {
                let options = wanted.as_array().unwrap();
                let failures: Vec<_> = options.iter().filter_map(|s| check(s, value, defs, at).err()).collect();
                if failures.len() == options.len() {
                    return wrong(failures.join("; or "));
                }
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(wanted, item, defs, &format!("{at}[{n}]"))?;
                }
            }
            "properties" => {
                for (name, property) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        check(property, value, defs, &format!("{at}.{name}"))?;
                    }
                }
            }
            "required" if value.is_object() => {
                if let Some(absent) = texts(wanted).into_iter().find(|name| value.get(name).is_none()) {
                    return wrong(format!("{absent} is missing"));
                }
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                let names = value.as_object().into_iter().flat_map(Map::keys);
                if let Some(extra) = names.into_iter().find(|name| !known.contains_key(*name)) {
                    return wrong(format!("{extra} is not known"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn definition<'d>(reference: &Value, defs: &'d Map<String, Value>) -> &'d Value {
    let name = reference.as_str().and_then(|r| r.strip_prefix("#/$defs/")).expect("a reference to $defs");
    defs.get(name).unwrap_or_else(|| panic!("no definition of {name}"))
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|t| t.as_str().expect("a text")).collect()
}

fn types(wanted: &Value) -> Vec<&str> {
    if wanted.is_array() { texts(wanted) } else { vec![wanted.as_str().expect("a type")] }
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not understood"),
    }
}

/// Patterns of `^`, then classes `[…]` or single characters, each once or with `{n}`, `{n,}`, `?`, `*` or `+`, then `$`.
/// A backslash takes the next character as it is; a class holds characters and ranges. Greedy with going back.
fn matches(pattern: &str, value: &str) -> bool {
    let body = pattern.strip_prefix('^').and_then(|p| p.strip_suffix('$')).expect("a pattern holds all of the text");
    let pieces = pieces(&body.chars().collect::<Vec<_>>());
    fit(&pieces, &value.chars().collect::<Vec<_>>())
}

struct Piece {
    ranges: Vec<(char, char)>,
    least: usize,
    most: usize,
}

fn fit(pieces: &[Piece], text: &[char]) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    let fits = |c: &&char| first.ranges.iter().any(|(from, to)| (from..=to).contains(c));
    let n = text.iter().take(first.most).take_while(fits).count();
    n >= first.least && (first.least..=n).rev().any(|n| fit(rest, &text[n..]))
}

fn pieces(mut body: &[char]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some((c, after)) = body.split_first() {
        let (ranges, after) = match c {
            '[' => {
                let end = after.iter().position(|c| *c == ']').expect("a class ends");
                (class(&after[..end]), &after[end + 1..])
            }
            '\\' => (vec![(after[0], after[0])], &after[1..]),
            '.' | '(' | ')' | '|' | '^' | '$' | '*' | '+' | '?' | '{' => panic!("{c} is not understood in a pattern"),
            c => (vec![(*c, *c)], after),
        };
        let (least, most, after) = times(after);
        body = after;
        pieces.push(Piece { ranges, least, most });
    }
    pieces
}

fn class(mut class: &[char]) -> Vec<(char, char)> {
    assert!(!class.contains(&'^') && !class.contains(&'\\'), "a class of characters and ranges only");
    let mut ranges = Vec::new();
    while let [from, more @ ..] = class {
        let (to, rest) = if let ['-', to, rest @ ..] = more { (to, rest) } else { (from, more) };
        ranges.push((*from, *to));
        class = rest;
    }
    ranges
}

fn times(body: &[char]) -> (usize, usize, &[char]) {
    match body {
        ['?', rest @ ..] => (0, 1, rest),
        ['*', rest @ ..] => (0, usize::MAX, rest),
        ['+', rest @ ..] => (1, usize::MAX, rest),
        ['{', rest @ ..] => {
            let end = rest.iter().position(|c| *c == '}').expect("a number of times ends");
            let number: String = rest[..end].iter().collect();
            let number_of = |n: &str| n.parse().expect("a number of times");
            let (least, most) = match number.split_once(',') {
                None => (number_of(&number), number_of(&number)),
                Some((least, "")) => (number_of(least), usize::MAX),
                Some((least, most)) => (number_of(least), number_of(most)),
            };
            (least, most, &rest[end + 1..])
        }
        rest => (1, 1, rest),
    }
}
