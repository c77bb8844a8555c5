//! The form of a deposit, filled in: by the pièce that it follows, by who deposits, by what is set; what the invoice
//! says itself is left to it.

use super::page::Page;
use super::{Args, Parcel};
use crate::annuaire::Annuaire;
use crate::association::{self, ASSOCIATIONS};
use crate::cli::failure::Failure;
use crate::cli::{Session, piece};
use crate::config::Config;
use crate::error::{reason, shown};
use crate::flux::{self, Kind, pdf};
use crate::ledger::{LedgerReader, PieceRow};
use crate::msg;
use crate::piece::amount::decimal;
use crate::piece::depot;
use crate::rules::works::cadres;
use crate::text::{Msg, Shown};
use crate::trade::{Cadre, Mode, Role};
use crate::xml::Doc;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What an invoice says of the fields of the form.
pub type Said = Vec<(String, String)>;

/// The parcel that the arguments describe.
pub fn compose(args: &Args, config: &Config, annuaire: &Annuaire, session: &Session) -> Result<Parcel, Failure> {
    let by = args.by.clone().unwrap_or_default();
    let partner = partner(annuaire, &by, args.partner.as_deref())?;
    let main = args.file.as_deref().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for path in std::iter::once(main).chain(args.attach.iter().map(|path| &**path)) {
        let name = name_of(path, &files)?;
        files.push((name, read(path, config.limits.document())?));
    }
    let said = said(&files[0].1, config);
    let earlier = match &args.from {
        Some(from) => Some(piece::find(&LedgerReader::open(&config.ledger.path)?, from)?),
        None => None,
    };
    let mut page = Page::default();
    let (mut again, mut asked) = (Vec::new(), Page::default());
    for set in &args.set {
        asked.set(set, &mut again)?;
    }
    let says = |field: &str| said.iter().find(|(of, _)| of == field).map(|(_, text)| text.as_str());
    let cadre = args.cadre.as_deref().or(asked.get("cadre")).or(says("cadre")).map(str::to_owned);
    let cadre = match (cadre, &earlier) {
        (Some(cadre), _) => cadre,
        (None, Some(earlier)) => follower(earlier)?,
        (None, None) => return Err(no_cadre()),
    };
    let mut taken_over = Vec::new();
    if let Some(earlier) = &earlier {
        let number = Follows { config, earlier }.prefill(&mut page, &cadre)?;
        page.put("numero", number);
        for (field, _) in &said {
            page.clear(field);
        }
        taken_over = super::page::keys().filter(|field| page.get(field).is_some()).collect();
    }
    page.put("cadre", &*cadre);
    if said.is_empty() {
        page.put("type", "380");
        page.put("date", session.world.clock.now().day().to_string());
        if page.get("devise").is_none() {
            page.put("devise", "EUR");
        }
    }
    depositor(&mut page, &cadre, &by, &said);
    page.take(asked, &again);
    taken_over.retain(|field| !again.contains(field));
    if said.is_empty() {
        sums(&mut page, &again, &mut taken_over);
    }
    named(&mut page, annuaire, &said);
    page.put("principal", &*files[0].0);
    for (name, _) in &files[1..] {
        page.put("piece-jointe", &**name);
    }
    let number = page.get("numero").or(says("numero")).unwrap_or("depot");
    let name = format!("{}{}", file_name(number), depot::ENDING);
    let from = earlier.map(|earlier| earlier.piece);
    Ok(Parcel { by, partner, from, name, form: page.form(), files, taken_over })
}

/// A number as part of a file's name.
pub fn file_name(number: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '+') { c } else { '-' };
    let name: String = number.chars().map(plain).take(50).collect();
    if name.is_empty() { "depot".to_owned() } else { name }
}

/// The partner that a structure deposits through.
fn partner(annuaire: &Annuaire, by: &str, chosen: Option<&str>) -> Result<String, Failure> {
    let of: Vec<&str> =
        annuaire.partners_of(by).filter(|p| p.modes.contains(&Mode::Portail)).map(|p| p.name.as_str()).collect();
    let (id, list) = (shown(by), of.join(", "));
    match (chosen, &of[..]) {
        (Some(chosen), _) if of.contains(&chosen) => Ok(chosen.to_owned()),
        (_, []) => Err(Failure::new(
            msg!("aucun partenaire ne dépose par le portail pour {id}", "no partner deposits by the portal for {id}"),
            msg!(
                "donnez cette structure, et le mode portail, à un partenaire dans partners.toml",
                "give this structure, and the mode portail, to a partner in partners.toml"
            ),
        )),
        (Some(chosen), _) => {
            let chosen = shown(chosen);
            Err(Failure::new(
                msg!(
                    "{chosen} ne dépose pas par le portail pour {id}",
                    "{chosen} does not deposit by the portal for {id}"
                ),
                msg!("--partner : {list}", "--partner: {list}"),
            ))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => Err(Failure::new(
            msg!("plusieurs partenaires déposent pour {id} : {list}", "several partners deposit for {id}: {list}"),
            msg!("choisissez avec --partner", "choose with --partner"),
        )),
    }
}

/// The name under which a file is handed in.
fn name_of(path: &Path, others: &[(String, Vec<u8>)]) -> Result<String, Failure> {
    let shown = Shown(&path.to_string_lossy()).to_string();
    let name = path.file_name().and_then(|name| name.to_str()).filter(|name| depot::is_plain_name(name));
    let Some(name) = name.filter(|name| !name.starts_with('.') && *name != super::drafts::ABOUT) else {
        return Err(Failure::new(
            msg!(
                "{shown} : ce nom ne peut pas être celui d'un fichier déposé",
                "{shown}: a file of this name cannot be handed in"
            ),
            msg!("renommez le fichier", "rename the file"),
        ));
    };
    if others.iter().any(|(other, _)| other == name) {
        return Err(Failure::new(
            msg!("deux fichiers s'appellent {shown}", "two files are called {shown}"),
            msg!("renommez l'un des deux", "rename one of them"),
        ));
    }
    Ok(name.to_owned())
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let shown = Shown(&path.to_string_lossy()).to_string();
    let mut bytes = Vec::new();
    let done = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    if let Err(e) = done {
        let (why, help) = reason(&e);
        let message =
            Msg::new(format!("impossible de lire {shown} : {}", why.fr), format!("cannot read {shown}: {}", why.en));
        return Err(Failure::new(message, help.into()));
    }
    if bytes.len() as u64 > most {
        return Err(Failure::new(
            msg!("{shown} : plus de {most} octets", "{shown}: more than {most} bytes"),
            msg!("allégez ce fichier", "lighten this file"),
        ));
    }
    Ok(bytes)
}

/// What the main file says, if it says anything.
pub fn said(main: &[u8], config: &Config) -> Said {
    let limits = &config.limits;
    let xml = match flux::sniff(main) {
        Kind::Xml => main.to_vec(),
        Kind::Pdf => match pdf::invoice(main, &limits.archive()) {
            Ok(invoice) => invoice.bytes,
            Err(_) => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    // What is wrong with it is told when it is judged.
    let Some(doc) = flux::decode(xml).ok().and_then(|text| Doc::parse(text, &limits.xml()).ok()) else {
        return Vec::new();
    };
    let own = |(field, text): (&str, &str)| (field.to_owned(), text.to_owned());
    crate::piece::read(&doc).map_or_else(|_| Vec::new(), |piece| depot::said(&piece).into_iter().map(own).collect())
}

/// The only cadre that may follow a pièce.
fn follower(earlier: &PieceRow) -> Result<String, Failure> {
    let (later, list) = followers(earlier);
    match &later[..] {
        [only] => Ok(only.code().to_owned()),
        [] => Err(nothing_follows(earlier)),
        _ => Err(Failure::new(
            msg!(
                "plusieurs cadres peuvent suivre cette pièce : {list}",
                "several cadres may follow this pièce: {list}"
            ),
            msg!("choisissez avec --cadre", "choose with --cadre"),
        )),
    }
}

/// The cadres that may take a pièce, and the same as a list.
fn followers(earlier: &PieceRow) -> (Vec<Cadre>, String) {
    let cadre = earlier.cadre.as_deref().and_then(|c| c.parse::<Cadre>().ok());
    let later: Vec<Cadre> = ASSOCIATIONS.iter().filter(|row| Some(row.earlier) == cadre).map(|row| row.later).collect();
    let list = later.iter().map(|cadre| cadre.code()).collect::<Vec<_>>().join(", ");
    (later, list)
}

fn nothing_follows(earlier: &PieceRow) -> Failure {
    let (piece, cadre) = (&earlier.piece, shown(earlier.cadre.as_deref().unwrap_or("–")));
    Failure::new(
        msg!("aucune pièce n'associe {piece}, un {cadre}", "no pièce associates {piece}, an {cadre}"),
        msg!("déposez sans --from", "deposit without --from"),
    )
}

fn no_cadre() -> Failure {
    Failure::new(
        msg!("ni le fichier ni --from ne disent le cadre", "neither the file nor --from says the cadre"),
        msg!("donnez --cadre (A4 à A25)", "give --cadre (A4 to A25)"),
    )
}

/// The next pièce of a chain.
struct Follows<'a> {
    config: &'a Config,
    earlier: &'a PieceRow,
}

impl Follows<'_> {
    /// Takes over what the next pièce has in common with the earlier one; gives the number that it may have.
    fn prefill(&self, page: &mut Page, cadre: &str) -> Result<String, Failure> {
        let e = self.earlier;
        let later = cadre.parse::<Cadre>().ok();
        let earlier = e.cadre.as_deref().and_then(|c| c.parse::<Cadre>().ok());
        if let Some((later, earlier)) = later.zip(earlier)
            && association::of(later, earlier).is_none()
        {
            let (may, list) = followers(e);
            if may.is_empty() {
                return Err(nothing_follows(e));
            }
            let piece = &e.piece;
            return Err(Failure::new(
                msg!(
                    "un {later} n'associe pas {piece}, un {earlier}",
                    "an {later} does not associate {piece}, an {earlier}"
                ),
                msg!("--cadre : {list}", "--cadre: {list}"),
            ));
        }
        #[rustfmt::skip]
        let same = [
            ("devise", &e.currency),               ("ht", &e.ht),           ("tva", &e.vat),
            ("ttc", &e.ttc),                       ("net-a-payer", &e.due), ("fournisseur", &e.supplier.id),
            ("fournisseur-type", &e.supplier.kind), ("fournisseur-nom", &e.supplier.name),
            ("fournisseur-service", &e.seller_service),
            ("destinataire", &e.destinataire),     ("destinataire-service", &e.service),
            ("moe", &e.moe),                       ("moe-service", &e.moe_service),
            ("moa", &e.moa),                       ("moa-service", &e.moa_service),
            ("engagement", &e.engagement),         ("marche", &e.marche),
        ];
        for (field, value) in same {
            if let Some(value) = value {
                page.put(field, &**value);
            }
        }
        if let Some(number) = &e.number {
            let attributes = [("date", &e.issued), ("fournisseur", &e.supplier.id)];
            let given = attributes.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
            page.put_with("piece-anterieure", &**number, given.collect());
        }
        self.number(later)
    }

    /// A number after the earlier one's, which the supplier has not used.
    fn number(&self, later: Option<Cadre>) -> Result<String, Failure> {
        let number = self.earlier.number.as_deref().unwrap_or_default();
        let rest = PREFIXES.iter().find_map(|(prefix, _)| number.strip_prefix(prefix)?.strip_prefix('-'));
        let rest = rest.unwrap_or(number);
        let prefix = later.map_or("", |later| prefix(later));
        let ledger = LedgerReader::open(&self.config.ledger.path)?;
        let supplier = self.earlier.supplier.id.as_deref().unwrap_or_default();
        for n in 1..100 {
            let end = if n == 1 { String::new() } else { format!("-{n}") };
            let room = LONGEST.saturating_sub(prefix.len() + 1 + end.len());
            let kept: String = rest.chars().skip(rest.chars().count().saturating_sub(room)).collect();
            let suggested = format!("{prefix}-{}{end}", kept.trim_start_matches(['-', ' ', '_', '/', '+']));
            if ledger.pieces_numbered(supplier, &suggested)?.is_empty() {
                return Ok(suggested);
            }
        }
        Ok(number.to_owned())
    }
}

/// Characters of a number at most (G1.05).
const LONGEST: usize = 20;

/// How numbers begin by custom: after what the pièce is, in French.
#[rustfmt::skip]
static PREFIXES: [(&str, &[Cadre]); 9] = [
    // longer ones first
    ("DGDT", &[Cadre::A23, Cadre::A24, Cadre::A25]), // décompte général et définitif tacite
    ("PDGT", &[Cadre::A22]),                         // projet de décompte général, procédure tacite
    ("DGD",  &[Cadre::A8]),                          // décompte général et définitif
    ("PDG",  &[Cadre::A17]),                         // projet de décompte général
    ("PDM",  &[Cadre::A4, Cadre::A13]),              // projet de décompte mensuel
    ("PDF",  &[Cadre::A7, Cadre::A14]),              // projet de décompte final
    ("EAV",  &[Cadre::A16, Cadre::A19]),             // état d'acompte validé
    ("EA",   &[Cadre::A5, Cadre::A15]),              // état d'acompte
    ("DG",   &[Cadre::A18, Cadre::A20]),             // décompte général
];

/// How the numbers of a cadre begin; of one that follows no other: by itself.
fn prefix(cadre: Cadre) -> &'static str {
    PREFIXES.iter().find(|(_, cadres)| cadres.contains(&cadre)).map_or(cadre.code(), |(prefix, _)| prefix)
}

/// Puts the structure that deposits where its cadre has it, unless somebody stands there.
fn depositor(page: &mut Page, cadre: &str, by: &str, said: &Said) {
    let Ok(cadre) = cadre.parse::<Cadre>() else { return };
    let field = match cadres::of(cadre).depositor {
        Role::Moe => "moe",
        Role::Moa => "moa",
        _ => "fournisseur",
    };
    if page.get(field).is_none() && !said.iter().any(|(of, _)| of == field) {
        page.put(field, by);
    }
}

/// The supplier's name, where the annuaire knows it and nobody gives it.
fn named(page: &mut Page, annuaire: &Annuaire, said: &Said) {
    let is_said = |field: &str| said.iter().any(|(of, _)| of == field);
    if page.get("fournisseur-nom").is_some() || is_said("fournisseur-nom") {
        return;
    }
    let name = page.get("fournisseur").and_then(|id| annuaire.structure(id)).map(|s| s.name.clone());
    if let Some(name) = name {
        page.put("fournisseur-nom", name);
    }
}

/// Amounts that follow from those that are set: with VAT, and to be paid.
fn sums(page: &mut Page, set: &[&'static str], taken_over: &mut Vec<&'static str>) {
    let is_set = |field: &str| set.contains(&field);
    let changes = ["ht", "tva"].into_iter().any(is_set) && !is_set("ttc");
    if changes || page.get("ttc").is_none() {
        page.clear("ttc");
        let of = |field| page.get(field).and_then(decimal);
        if let Some(ttc) = of("ht").zip(of("tva")).and_then(|(ht, tva)| ht.checked_add(tva)) {
            page.put("ttc", ttc.to_string());
            taken_over.retain(|field| *field != "ttc");
        }
    }
    if !is_set("net-a-payer") && (changes || is_set("ttc") || page.get("net-a-payer").is_none()) {
        page.clear("net-a-payer");
        if let Some(ttc) = page.get("ttc").map(str::to_owned) {
            page.put("net-a-payer", ttc);
            taken_over.retain(|field| *field != "net-a-payer");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sums_follow_from_what_is_set() {
        let filled = |set: &[(&'static str, &str)]| {
            let mut page = Page::default();
            for (field, value) in [("ht", "100.00"), ("tva", "20.00"), ("ttc", "120.00"), ("net-a-payer", "110.00")] {
                page.put(field, value);
            }
            for (field, value) in set {
                page.put(field, *value);
            }
            sums(&mut page, &set.iter().map(|(field, _)| *field).collect::<Vec<_>>(), &mut Vec::new());
            (page.get("ttc").unwrap().to_owned(), page.get("net-a-payer").unwrap().to_owned())
        };
        let of = |ttc: &str, due: &str| (ttc.to_owned(), due.to_owned());
        assert_eq!(filled(&[]), of("120.00", "110.00"));
        assert_eq!(filled(&[("ht", "90.00"), ("tva", "18.00")]), of("108.00", "108.00"));
        assert_eq!(filled(&[("ht", "90.00"), ("net-a-payer", "100.00")]), of("110.00", "100.00"));
        assert_eq!(filled(&[("ttc", "130.00")]), of("130.00", "130.00"));
    }

    #[test]
    fn every_number_has_a_name_for_a_file() {
        assert_eq!(file_name("PDM 2026/04"), "PDM-2026-04");
        assert_eq!((file_name(""), file_name("../x")), ("depot".to_owned(), "---x".to_owned()));
        assert_eq!((prefix(Cadre::A15), prefix(Cadre::A20)), ("EA", "DG"));
    }
}
