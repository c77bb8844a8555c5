//! Names of outbound files. In one directory they sort in order of events, because the sequence is the ledger's.

use crate::annuaire::Naming;
use crate::config::Interfaces;

/// A flow's name by Chorus Pro's rule, 41 characters, no extension:
///
/// ```text
/// CSO1106A_GUI001_GUI0011106000000000000001
/// |        |      |     |   sequence, 15 digits, from the ledger
/// |        |      |     the four digits of the interface
/// |        |      application code
/// |        application code
/// interface
/// ```
///
/// Both groups hold the code of the application that *sends* the flow, as in the names that partners send: for what
/// guichet sends it is the platform's. Whom it is for, the directory and the envelope say.
pub fn flow_name(interface: &str, app_code: &str, sequence: i64) -> String {
    format!("{interface}_{app_code}_{app_code}{}{sequence:015}", number(interface))
}

/// The name of a pièce made available: `000000000000007_p-….xml`.
pub fn piece_name(sequence: i64, piece: &str, extension: &str) -> String {
    format!("{sequence:015}_{piece}.{extension}")
}

/// The name of a file that a pièce embeds: `000000000000008_p-…_plan.pdf`. What no file system or terminal takes well
/// becomes `_`, and what is long is cut before its extension, so that the whole stays within 255 bytes.
pub fn attachment_name(sequence: i64, piece: &str, name: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '+' | '(' | ')' | ',');
    let safe: String = name.chars().map(|c| if safe(c) { c } else { '_' }).collect();
    let (stem, extension) = safe.rsplit_once('.').unwrap_or((&safe, ""));
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let (stem, extension) = (cut(stem.trim_start_matches('.'), LONGEST_STEM), cut(extension, LONGEST_EXTENSION));
    format!("{sequence:015}_{piece}_{stem}.{extension}").trim_end_matches('.').to_owned()
}

/// Characters of the name of an attachment, of up to four bytes each.
const LONGEST_STEM: usize = 46;
const LONGEST_EXTENSION: usize = 5;

/// The interface of the integration report of a flow: of a partner who names files by Chorus Pro's rule the
/// counterpart of the interface that its file's name announces (`FSO1116A` → `CSO1116A`), else the one for what the
/// bytes are.
pub fn report_interface(interfaces: &Interfaces, naming: Naming, name: &[u8], syntax: &str) -> String {
    if let (Naming::Chorus, Some(announced)) = (naming, announced(name)) {
        return format!("CSO{}A", number(announced));
    }
    let interface = match syntax {
        "ubl-invoice" | "ubl-credit-note" => &interfaces.report_ubl,
        "cii" => &interfaces.report_cii,
        "facturx" => &interfaces.report_facturx,
        "cppstatut" => &interfaces.report_cppstatut,
        _ => &interfaces.report_unknown,
    };
    interface.clone()
}

/// The four digits of an interface code.
fn number(interface: &str) -> &str {
    interface.get(3..7).unwrap_or("0000")
}

/// The interface that a name announces, where it begins as Chorus Pro's rule says: three letters, four digits, a
/// letter or digit, an underscore. A name that goes wrong further on is refused, and still answered on its own
/// interface.
fn announced(name: &[u8]) -> Option<&str> {
    let (interface, rest) = name.split_at_checked(8)?;
    let is_interface = interface[..3].iter().all(u8::is_ascii_uppercase)
        && interface[3..7].iter().all(u8::is_ascii_digit)
        && (interface[7].is_ascii_uppercase() || interface[7].is_ascii_digit());
    let interface = std::str::from_utf8(interface).ok()?;
    (is_interface && rest.first() == Some(&b'_')).then_some(interface)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_flow_is_called_by_chorus_pros_rule() {
        let name = flow_name("CSO1106A", "GUI001", 42);
        assert_eq!(name, "CSO1106A_GUI001_GUI0011106000000000000042");
        assert_eq!(name.len(), 41);
        assert_eq!(piece_name(7, "p-0123456789abcdef", "xml"), "000000000000007_p-0123456789abcdef.xml");
    }

    #[test]
    fn what_a_pièce_embeds_is_called_by_a_name_that_harms_nobody() {
        #[rustfmt::skip]
        let cases = [
            ("plan.pdf",                 "plan.pdf"),
            ("métré n°2 (v1).xlsx",      "métré_n_2_(v1).xlsx"),
            ("../../etc/passwd.txt",     "_.._etc_passwd.txt"),
            (".bashrc.txt",              "bashrc.txt"),
            ("C:\\a\\b.pdf",             "C__a_b.pdf"),
            ("a\u{0}\n\u{1b}[31m\u{202e}.pdf", "a____31m_.pdf"),
            ("",                         ""),
        ];
        for (name, safe) in cases {
            assert_eq!(attachment_name(7, "p-1", name), format!("000000000000007_p-1_{safe}"));
        }
        let long =
            attachment_name(7, "p-0123456789abcdef-500", &format!("{}.{}", "\u{10400}".repeat(300), "x".repeat(9)));
        assert!(long.len() <= 255 && long.ends_with(".xxxxx"), "{}", long.len());
    }

    #[test]
    fn names_sort_as_sequences_do() {
        let of = |n| flow_name("FEN1201A", "GUI001", n);
        assert!(of(9) < of(10) && of(99) < of(100) && piece_name(9, "p-z", "xml") < piece_name(10, "p-a", "xml"));
    }

    #[test]
    #[rustfmt::skip]
    fn a_report_goes_out_on_the_interface_of_what_it_answers() {
        let cases = [
            // naming         name of the file                             syntax             report
            (Naming::Free,   "F1.xml",                                    "ubl-invoice",     "CSO1100A"),
            (Naming::Free,   "F1.xml",                                    "ubl-credit-note", "CSO1100A"),
            (Naming::Free,   "F1.xml",                                    "cii",             "CSO1106A"),
            (Naming::Free,   "F1.xml",                                    "facturx",         "CSO1117A"),
            (Naming::Free,   "F1.xml",                                    "cppstatut",       "CSO1201A"),
            (Naming::Free,   "F1.xml",                                    "unknown",         "CSO0000A"),
            (Naming::Free,   "FSO1116A_ABC001_ABC0011116000000000000001", "cii",             "CSO1106A"),
            (Naming::Chorus, "FSO1116A_ABC001_ABC0011116000000000000001", "cii",             "CSO1116A"),
            (Naming::Chorus, "FSO1110A_ABC001_ABC0011110000000000000001", "unknown",         "CSO1110A"),
            (Naming::Chorus, "FSO1116A_ABC001",                           "cii",             "CSO1116A"),
            (Naming::Chorus, "FSO1116A",                                  "cii",             "CSO1106A"),
            (Naming::Chorus, "fso1116a_ABC001_ABC0011116000000000000001", "cii",             "CSO1106A"),
            (Naming::Chorus, "FSO11é6A_ABC001",                           "cii",             "CSO1106A"),
            (Naming::Chorus, "F",                                         "unknown",         "CSO0000A"),
        ];
        for (naming, name, syntax, report) in cases {
            let interfaces = Config::default().interfaces;
            assert_eq!(report_interface(&interfaces, naming, name.as_bytes(), syntax), report, "{naming:?} {name} {syntax}");
        }
    }

    #[test]
    fn the_codes_are_the_configurations() {
        let interfaces = crate::config::Interfaces { report_cii: "XYZ9999B".into(), ..Config::default().interfaces };
        assert_eq!(report_interface(&interfaces, Naming::Free, b"F", "cii"), "XYZ9999B");
    }
}
