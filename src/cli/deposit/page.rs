//! The page of a form as it is filled in: fields with their values, in the order of the page.

use crate::cli::failure::Failure;
use crate::error::{nearest, shown};
use crate::msg;
use crate::piece::depot;
use crate::text::Msg;

/// A field that is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: &'static str,
    value: String,
    attributes: Vec<(&'static str, String)>,
}

/// A page under way.
#[derive(Debug, Default)]
pub struct Page(Vec<Field>);

/// The fields that name files: those are given as files.
const FILES: [&str; 2] = ["principal", "piece-jointe"];

/// The fields that may be set.
pub fn keys() -> impl Iterator<Item = &'static str> {
    depot::fields().filter(|field| !FILES.contains(field))
}

impl Page {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// Fills a field in, in place of what it had; a repeated one once more.
    pub fn put(&mut self, name: &'static str, value: impl Into<String>) {
        self.put_with(name, value, Vec::new());
    }

    /// The same with attributes.
    pub fn put_with(&mut self, name: &'static str, value: impl Into<String>, attributes: Vec<(&'static str, String)>) {
        if !depot::is_repeated(name) {
            self.clear(name);
        }
        self.0.push(Field { name, value: value.into(), attributes });
    }

    /// Leaves a field out.
    pub fn clear(&mut self, name: &str) {
        self.0.retain(|field| field.name != name);
    }

    /// Fills a field in as it is asked for: `key=value`. An empty value leaves it out.
    pub fn set(&mut self, asked: &str, again: &mut Vec<&'static str>) -> Result<&'static str, Failure> {
        let (key, value) = asked.split_once('=').ok_or_else(|| no_value(asked))?;
        let (key, value) = (key.trim(), value.trim());
        let name = keys().find(|field| *field == key).ok_or_else(|| unknown(key))?;
        if value.chars().any(char::is_control) {
            return Err(not_a_value(name));
        }
        // The first of several takes the place of what was there.
        if !depot::is_repeated(name) || !again.contains(&name) {
            self.clear(name);
        }
        again.push(name);
        if name == "piece-anterieure"
            && let Some((number, day)) = value.split_once('@')
        {
            self.put_with(name, number, vec![("date", day.to_owned())]);
        } else if !value.is_empty() {
            self.put(name, value);
        }
        Ok(name)
    }

    /// Takes these fields from another page, in place of what they had.
    pub fn take(&mut self, other: Page, names: &[&'static str]) {
        self.0.retain(|field| !names.contains(&field.name));
        self.0.extend(other.0);
    }

    /// The form: its fields in the order of the page.
    pub fn form(&self) -> Vec<u8> {
        let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Depot xmlns=\"{}\">\n", depot::NAMESPACE);
        for name in depot::fields() {
            for Field { value, attributes, .. } in self.0.iter().filter(|field| field.name == name) {
                let attributes: String = attributes.iter().map(|(a, v)| format!(" {a}=\"{}\"", escaped(v))).collect();
                text += &format!("  <{name}{attributes}>{}</{name}>\n", escaped(value));
            }
        }
        text += "</Depot>\n";
        text.into_bytes()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn listed() -> String {
    keys().collect::<Vec<_>>().join(", ")
}

fn no_value(asked: &str) -> Failure {
    let (asked, keys) = (shown(asked), listed());
    Failure::new(
        msg!("--set {asked} : il manque « = » et une valeur", "--set {asked}: \"=\" and a value are missing"),
        msg!("champs : {keys}", "fields: {keys}"),
    )
}

fn not_a_value(name: &str) -> Failure {
    Failure::new(
        msg!(
            "--set {name} : un caractère de contrôle dans la valeur",
            "--set {name}: a control character in the value"
        ),
        msg!("écrivez la valeur sur une seule ligne", "write the value on one line"),
    )
}

fn unknown(key: &str) -> Failure {
    let (shown, list) = (shown(key), listed());
    if FILES.contains(&key) {
        return Failure::new(
            msg!("--set {shown} : les fichiers ne se donnent pas ainsi", "--set {shown}: files are not given so"),
            msg!(
                "le fichier principal est l'argument FILE, les autres --attach",
                "the main file is the argument FILE, the others --attach"
            ),
        );
    }
    let meant = nearest(key, keys());
    let help = match meant {
        Some(meant) => {
            Msg::new(format!("peut-être {meant} ? champs : {list}"), format!("perhaps {meant}? fields: {list}"))
        }
        None => msg!("champs : {list}", "fields: {list}"),
    };
    Failure::new(msg!("le formulaire n'a pas de champ {shown}", "the form has no field {shown}"), help)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_written_in_its_order_and_escaped() {
        let mut page = Page::default();
        page.put("marche", "M-1");
        page.put("cadre", "A4");
        page.put("cadre", "A15");
        page.put_with("piece-anterieure", "F & G", vec![("date", "2026-03-31".to_owned())]);
        page.put("piece-anterieure", "H<1>");
        let text = String::from_utf8(page.form()).unwrap();
        let expected = "<Depot xmlns=\"urn:guichet:depot:1\">\n  <cadre>A15</cadre>\n  <marche>M-1</marche>\n  \
                        <piece-anterieure date=\"2026-03-31\">F &amp; G</piece-anterieure>\n  \
                        <piece-anterieure>H&lt;1&gt;</piece-anterieure>\n</Depot>\n";
        assert_eq!(text.split_once('\n').unwrap().1, expected);
    }

    #[test]
    fn what_is_set_takes_the_place_of_what_was_there() {
        let (mut page, mut again) = (Page::default(), Vec::new());
        page.put("ht", "100.00");
        page.put("piece-anterieure", "F-0");
        for asked in ["ht=90.00", "marche = M=1", "piece-anterieure=F-1", "piece-anterieure=F-2", "devise="] {
            page.set(asked, &mut again).unwrap();
        }
        assert_eq!((page.get("ht"), page.get("marche"), page.get("devise")), (Some("90.00"), Some("M=1"), None));
        assert_eq!(page.0.iter().filter(|f| f.name == "piece-anterieure").count(), 2);
        for wrong in ["ht", "hat=1", "principal=a.pdf", "numero=a\u{7}b"] {
            assert!(page.set(wrong, &mut again).is_err(), "{wrong}");
        }
    }
}
