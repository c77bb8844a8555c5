//! The page of an exported dossier: one file, no script, nothing from elsewhere.

use super::{Dossier, kind};
use crate::cli::piece::{TRAIL, Whole};
use crate::render::cell;
use crate::text::{Lang, Text, t};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{text-align:left;vertical-align:top;\
padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ddd}.n{text-align:right;white-space:nowrap}h2{margin-top:2.5rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem}dt{color:#555}dd{margin:0}\
@media print{body{margin:0}h2{break-after:avoid}}";

#[rustfmt::skip]
const SUMMARY: [Text; 7] = [
    t("Pièce", "Pièce"), t("Cadre", "Cadre"), t("Émise le", "Issued"), t("Fournisseur", "Supplier"), t("HT", "Excl. VAT"),
    t("TTC", "Incl. VAT"), t("Statut", "Status"),
];

/// The page, in a language; `originals` are the names of the pièces' files beside it.
pub fn page(dossier: &Dossier, originals: &[String], lang: Lang) -> String {
    let (title, code) = (escaped(&dossier.title(lang)), if lang == Lang::Fr { "fr" } else { "en" });
    let heads: String = SUMMARY.iter().map(|title| format!("<th>{}</th>", title.get(lang))).collect();
    let rows: String = dossier.pieces.iter().enumerate().map(|(n, piece)| row(n, piece)).collect();
    let parts = dossier.pieces.iter().zip(originals).enumerate();
    let parts: String = parts.map(|(n, (piece, file))| part(n, piece, file, dossier, lang)).collect();
    format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<h1>{title}</h1>\n<table>\n<tr>{heads}</tr>\n{rows}</table>\n{parts}</body>\n</html>\n"
    )
}

/// A pièce in the table at the top.
fn row(n: usize, piece: &Whole) -> String {
    let row = &piece.row;
    let label = piece.trail.last().map_or(row.status.as_str(), |step| step.label.as_str());
    let supplier = if row.supplier.name.is_some() { &row.supplier.name } else { &row.supplier.id };
    let [number, cadre, issued, supplier, ht, ttc, currency] =
        [&row.number, &row.cadre, &row.issued, supplier, &row.ht, &row.ttc, &row.currency]
            .map(|text| escaped(&cell(text)));
    format!(
        "<tr><td><a href=\"#p{n}\">{number}</a></td><td>{cadre}</td><td>{issued}</td><td>{supplier}</td><td class=\"n\">{ht}</td>\
         <td class=\"n\">{ttc} {currency}</td><td>{}</td></tr>\n",
        escaped(label)
    )
}

/// A pièce: what it says, its links, its trail, its original.
fn part(n: usize, piece: &Whole, file: &str, dossier: &Dossier, lang: Lang) -> String {
    let columns = crate::cli::search::COLUMNS.iter().zip(&crate::cli::piece::TITLES);
    let facts: String = columns
        .map(|(column, title)| (title.get(lang), (column.cell)(&piece.row, lang)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(title, value)| format!("<dt>{title}</dt><dd>{}</dd>\n", escaped(&value)))
        .collect();
    let links: String = piece
        .links
        .iter()
        .map(|link| format!("<dt>{}</dt><dd>{}</dd>\n", kind(link).get(lang), escaped(&dossier.linked(link))))
        .collect();
    let heads: String = TRAIL.iter().map(|title| format!("<th>{}</th>", title.get(lang))).collect();
    let steps = piece.trail.iter().map(|step| {
        let cells: String = step.cells().iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    });
    let steps: String = steps.collect();
    let name = escaped(&super::heading(piece, lang));
    let original = t("original", "original").get(lang);
    format!(
        "<h2 id=\"p{n}\">{name}</h2>\n<table>\n<tr>{heads}</tr>\n{steps}</table>\n<dl>\n{facts}{links}\
         <dt>{original}</dt><dd><a href=\"{file}\">{file}</a></dd>\n</dl>\n"
    )
}

/// Text as HTML shows it, in an attribute too.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_from_outside_is_markup() {
        assert_eq!(escaped("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    }
}
