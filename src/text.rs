//! Words in two languages. Every sentence that a user reads exists in French and in English; which one is
//! shown is decided where it is shown (terminal, report), never where it is made.

use std::fmt;

/// A language of the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// French, the language of the trade and of every outbound flow unless a partner says otherwise.
    #[default]
    Fr,
    /// English.
    En,
}

impl Lang {
    /// The language of a locale name (`fr_FR.UTF-8`, `en_GB`, `C`): French when it begins with `fr`.
    pub fn of_locale(locale: &str) -> Lang {
        if locale.to_ascii_lowercase().starts_with("fr") { Lang::Fr } else { Lang::En }
    }
}

/// A sentence known when guichet is compiled, in both languages. Tables hold these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// French.
    pub fr: &'static str,
    /// English.
    pub en: &'static str,
}

impl Text {
    /// The sentence in one language.
    pub const fn get(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Fr => self.fr,
            Lang::En => self.en,
        }
    }
}

/// Shorthand for table rows: French first, then English.
pub const fn t(fr: &'static str, en: &'static str) -> Text {
    Text { fr, en }
}

/// The same in both languages: code, numbers, names.
pub const fn same(text: &'static str) -> Text {
    Text { fr: text, en: text }
}

/// A sentence made at run time, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Msg {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Msg {
    /// A sentence from its two versions.
    pub fn new(fr: impl Into<String>, en: impl Into<String>) -> Msg {
        Msg { fr: fr.into(), en: en.into() }
    }

    /// The same words in both languages: a code, a number, a name.
    pub fn same(both: impl Into<String>) -> Msg {
        let both = both.into();
        Msg { en: both.clone(), fr: both }
    }

    /// The sentence in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fr => &self.fr,
            Lang::En => &self.en,
        }
    }
}

impl std::ops::Add for Msg {
    type Output = Msg;

    /// One after the other, in each language.
    fn add(self, next: Msg) -> Msg {
        Msg { fr: self.fr + &next.fr, en: self.en + &next.en }
    }
}

impl From<Text> for Msg {
    fn from(text: Text) -> Msg {
        Msg::new(text.fr, text.en)
    }
}

/// Makes a [`Msg`] from a French and an English format string that see the same variables.
#[macro_export]
macro_rules! msg {
    ($fr:literal, $en:literal $(, $($arg:tt)*)?) => {
        $crate::text::Msg::new(format!($fr $(, $($arg)*)?), format!($en $(, $($arg)*)?))
    };
}

/// How many of a thing, whose singular and plural are given: `3 flux`, `1 flow`.
pub fn counted(n: impl TryInto<u64>, fr: [&str; 2], en: [&str; 2]) -> Msg {
    let n = n.try_into().unwrap_or(u64::MAX);
    // French counts none in the singular, English in the plural.
    let (fr, en) = (fr[usize::from(n > 1)], en[usize::from(n != 1)]);
    msg!("{n} {fr}", "{n} {en}")
}

/// Whether a character does something to a terminal, or to the order of a line, instead of being seen.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// A value as one line of JSON in which no character does anything to a terminal: those that would are escaped, which
/// changes no value.
pub fn json(value: &impl serde::Serialize) -> String {
    let plain = serde_json::to_string(value).expect("texts and numbers are always JSON");
    if plain.bytes().all(|b| (b' '..0x7f).contains(&b)) {
        return plain;
    }
    let mut line = String::with_capacity(plain.len());
    for c in plain.chars() {
        if is_hidden(c) {
            // Inside a string, the only place where it can stand; writing into a string cannot fail.
            let units = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
            line.push_str(&units);
        } else {
            line.push(c);
        }
    }
    line
}

/// Shows a string from outside with control characters and terminal escapes made visible: nothing that a
/// partner named or wrote can move the cursor, change a colour or forge a line of a log.
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if is_hidden(c) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                fmt::Write::write_char(f, c)?;
            }
        }
        Ok(())
    }
}

/// Bytes in hexadecimal, small letters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_agrees() {
        let of = |n: u64| counted(n, ["pièce", "pièces"], ["file", "files"]);
        assert_eq!([of(0), of(1), of(2)].map(|n| n.fr), ["0 pièce", "1 pièce", "2 pièces"]);
        assert_eq!([of(0), of(1), of(2)].map(|n| n.en), ["0 files", "1 file", "2 files"]);
    }

    #[test]
    fn locales_choose_a_language() {
        assert_eq!(Lang::of_locale("fr_FR.UTF-8"), Lang::Fr);
        assert_eq!(Lang::of_locale("FR"), Lang::Fr);
        assert_eq!(Lang::of_locale("C"), Lang::En);
    }

    #[test]
    fn escapes_become_visible() {
        assert_eq!(Shown("a\u{1b}[31m\nb").to_string(), "a\\u{1b}[31m\\u{a}b");
        assert_eq!(Shown("Métropole").to_string(), "Métropole");
        assert_eq!(Shown("\u{61c}\u{ad}").to_string(), "\\u{61c}\\u{ad}");
    }

    #[test]
    fn json_says_the_same_without_moving_a_cursor() {
        for text in ["a\u{1b}[31m\n", "\u{7f}\u{9b}\u{202e}\u{61c}", "\u{e0041}é\"\\工", ""] {
            let line = json(&text);
            assert!(!line.contains(is_hidden), "{line:?}");
            assert_eq!(serde_json::from_str::<String>(&line).ok().as_deref(), Some(text));
        }
    }
}
