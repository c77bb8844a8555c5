//! `guichet annuaire show`: a structure, the *fiche d'identité* of a marché, or a partner. An ID that names several
//! things shows them all.

use crate::annuaire::{Annuaire, Groupement, Marche, Naming, Partner, Service, Structure};
use crate::cli::failure::Failure;
use crate::cli::flow::part;
use crate::cli::status::yes_no;
use crate::cli::{Exit, Outcome, Session};
use crate::error::{nearest, shown};
use crate::msg;
use crate::render::{Column, Format, Grid, Listing, Out, Side};
use crate::text::{Lang, Shown, Text, counted, json, t};
use crate::trade::{Cadre, Mode};
use chrono::NaiveDate;
use serde::Serialize;
use std::io::{self, Write};

/// What an ID names.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Entry<'a> {
    Structure(OfStructure<'a>),
    Marche(OfMarche<'a>),
    Partner(OfPartner<'a>),
}

#[derive(Serialize)]
struct OfStructure<'a> {
    id: &'a str,
    id_type: u8,
    name: &'a str,
    active: bool,
    service_required: bool,
    engagement_required: bool,
    either_required: bool,
    services: Vec<OfService<'a>>,
    partners: Vec<&'a str>,
    marches: Vec<InMarche<'a>>,
}

#[derive(Serialize)]
struct OfService<'a> {
    code: &'a str,
    name: &'a str,
    active: bool,
    engagement_required: bool,
}

/// A marché in which a structure has a role, or several.
#[derive(Serialize)]
struct InMarche<'a> {
    number: &'a str,
    name: Option<&'a str>,
    moa: &'a str,
    roles: Vec<&'static str>,
}

#[derive(Serialize)]
struct OfMarche<'a> {
    number: &'a str,
    name: Option<&'a str>,
    starts: Option<NaiveDate>,
    ends: Option<NaiveDate>,
    groupement: Option<&'static str>,
    engagement: Option<&'a str>,
    /// Where not the general ones.
    payment_days: Option<u32>,
    cadres: Vec<&'static str>,
    actors: Vec<Actor<'a>>,
}

#[derive(Serialize)]
struct Actor<'a> {
    role: &'static str,
    id: &'a str,
    name: &'a str,
    service: Option<&'a str>,
    service_name: Option<&'a str>,
    /// Of a sous-traitant: the company that it works for.
    of: Option<&'a str>,
}

#[derive(Serialize)]
struct OfPartner<'a> {
    name: &'a str,
    app_code: &'a str,
    modes: Vec<&'static str>,
    naming: &'static str,
    lang: Lang,
    structures: Vec<ActsFor<'a>>,
}

#[derive(Serialize)]
struct ActsFor<'a> {
    id: &'a str,
    name: &'a str,
}

pub fn run(id: &str, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let annuaire = Annuaire::load(&config.annuaire).map_err(Failure::Problems)?.annuaire;
    let found = find(&annuaire, id);
    if found.is_empty() {
        return Err(unknown(&annuaire, id));
    }
    let general = config.delays.paiement.as_secs() / 86_400;
    let (format, lang, out) = (session.format, session.lang, &mut session.out);
    match format {
        Format::Json => {
            for entry in &found {
                writeln!(out, "{}", json(entry))?;
            }
        }
        Format::Csv => {
            let mut listing = Listing::new(&COLUMNS, format, lang, out)?;
            found.iter().flat_map(Entry::rows).try_for_each(|row| listing.row(&row))?;
            listing.end()?;
        }
        Format::Table | Format::Markdown => {
            for (n, entry) in found.iter().enumerate() {
                if n > 0 {
                    writeln!(out)?;
                }
                entry.tell(general, lang, out)?;
            }
        }
    }
    Ok(Exit::Fine)
}

fn find<'a>(annuaire: &'a Annuaire, id: &str) -> Vec<Entry<'a>> {
    let structure = annuaire.structure(id).map(|s| Entry::Structure(OfStructure::of(s, annuaire)));
    let marches = annuaire.marches_numbered(id).map(|m| Entry::Marche(OfMarche::of(m, annuaire)));
    let partner = annuaire.partner(id).map(|p| Entry::Partner(OfPartner::of(p, annuaire)));
    structure.into_iter().chain(marches).chain(partner).collect()
}

/// Names told at most that hold what was asked for.
const MOST_NAMES: usize = 3;

/// What was probably meant: by identifiers, numbers and names.
fn unknown(annuaire: &Annuaire, id: &str) -> Failure {
    let structures = annuaire.structures();
    let called = |s: &Structure| format!("{} ({})", s.id, s.name);
    let named = |name: &str| structures.iter().find(|s| s.name == name).map(called);
    let asked = id.to_lowercase();
    let holds = |s: &&Structure| asked.chars().count() > 2 && s.name.to_lowercase().contains(&asked);
    let near = [
        nearest(id, structures.iter().map(|s| s.id.as_str())).map(str::to_owned),
        nearest(id, annuaire.marches().iter().map(|m| m.number.as_str())).map(str::to_owned),
        nearest(id, annuaire.partners().iter().map(|p| p.name.as_str())).map(str::to_owned),
        nearest(id, structures.iter().map(|s| s.name.as_str())).and_then(named),
    ];
    let mut near: Vec<String> = near.into_iter().flatten().collect();
    near.extend(structures.iter().filter(holds).take(MOST_NAMES).map(called));
    near.sort();
    near.dedup();
    let near: Vec<String> = near.iter().map(|name| shown(name)).collect();
    let (id, near) = (shown(id), near.join(", "));
    let help = if near.is_empty() {
        msg!(
            "donnez l'identifiant d'une structure, le numéro d'un marché ou le nom d'un partenaire",
            "give the identifier of a structure, the number of a marché or the name of a partner"
        )
    } else {
        msg!("proche de ce que l'annuaire connaît : {near}", "near it, the annuaire has: {near}")
    };
    Failure::new(msg!("l'annuaire ne connaît pas « {id} »", "the annuaire has no \"{id}\""), help)
}

impl<'a> OfStructure<'a> {
    fn of(s: &'a Structure, annuaire: &'a Annuaire) -> OfStructure<'a> {
        let marches = annuaire.marches_of(&s.id).map(|m| {
            let of = |actor: Actor<'_>| (actor.id == s.id).then_some(actor.role);
            let mut roles: Vec<&str> = actors(m, annuaire).into_iter().filter_map(of).collect();
            roles.dedup();
            InMarche { number: &m.number, name: m.name.as_deref(), moa: &m.moa, roles }
        });
        OfStructure {
            id: &s.id,
            id_type: s.id_type,
            name: &s.name,
            active: s.active,
            service_required: s.service_required,
            engagement_required: s.engagement_required,
            either_required: s.either_required,
            services: annuaire.services_of(&s.id).iter().map(OfService::of).collect(),
            partners: annuaire.partners_of(&s.id).map(|p| p.name.as_str()).collect(),
            marches: marches.collect(),
        }
    }
}

impl<'a> OfService<'a> {
    fn of(s: &'a Service) -> OfService<'a> {
        OfService { code: &s.code, name: &s.name, active: s.active, engagement_required: s.engagement_required }
    }
}

impl<'a> OfMarche<'a> {
    fn of(m: &'a Marche, annuaire: &'a Annuaire) -> OfMarche<'a> {
        let groupement = m.groupement.map(|g| match g {
            Groupement::Conjoint => "conjoint",
            Groupement::Solidaire => "solidaire",
        });
        OfMarche {
            number: &m.number,
            name: m.name.as_deref(),
            starts: m.starts,
            ends: m.ends,
            groupement,
            engagement: m.engagement.as_deref(),
            payment_days: m.payment_days,
            cadres: Cadre::ALL.into_iter().filter(|c| m.uses(*c)).map(Cadre::code).collect(),
            actors: actors(m, annuaire),
        }
    }
}

/// Who is who in a marché, as its sheet says it.
fn actors<'a>(m: &'a Marche, annuaire: &'a Annuaire) -> Vec<Actor<'a>> {
    let actor = |role, id: &'a String, service: Option<&'a String>, of: Option<&'a String>| Actor {
        role,
        id,
        name: annuaire.structure(id).map_or("", |s| s.name.as_str()),
        service: service.map(String::as_str),
        service_name: service.and_then(|code| annuaire.service(id, code)).map(|s| s.name.as_str()),
        of: of.map(String::as_str),
    };
    let mut all = vec![actor("moa", &m.moa, m.moa_service.as_ref(), None)];
    all.extend(m.moe.as_ref().map(|moe| actor("moe", moe, m.moe_service.as_ref(), None)));
    all.push(actor("destinataire", &m.destinataire, m.destinataire_service.as_ref(), None));
    all.push(actor("titulaire", &m.titulaire, None, None));
    all.extend(m.mandataire.as_ref().map(|id| actor("mandataire", id, None, None)));
    all.extend(m.cotraitants.iter().map(|id| actor("cotraitant", id, None, None)));
    all.extend(m.sous_traitants.iter().map(|s| actor("sous-traitant", &s.id, None, Some(&s.of))));
    all
}

impl<'a> OfPartner<'a> {
    fn of(p: &'a Partner, annuaire: &'a Annuaire) -> OfPartner<'a> {
        let name = |id: &str| annuaire.structure(id).map_or("", |s| s.name.as_str());
        OfPartner {
            name: &p.name,
            app_code: &p.app_code,
            modes: p.modes.iter().copied().map(Mode::name).collect(),
            naming: match p.naming {
                Naming::Free => "free",
                Naming::Chorus => "chorus",
            },
            lang: p.lang,
            structures: p.structures.iter().map(|id| ActsFor { id, name: name(id) }).collect(),
        }
    }
}

/// A row of CSV: what an entry is, then what belongs to it.
#[derive(Default, Serialize)]
struct Row {
    kind: &'static str,
    id: String,
    code: String,
    name: String,
    role: String,
    active: Option<bool>,
    service_required: Option<bool>,
    engagement_required: Option<bool>,
    either_required: Option<bool>,
}

impl Row {
    fn of(kind: &'static str, [id, code, name, role]: [&str; 4]) -> Row {
        let [id, code, name, role] = [id, code, name, role].map(|text| Shown(text).to_string());
        Row { kind, id, code, name, role, ..Row::default() }
    }
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 9] = [
    column("kind",                |r, _| r.kind.to_owned()),
    column("id",                  |r, _| r.id.clone()),
    column("code",                |r, _| r.code.clone()),
    column("name",                |r, _| r.name.clone()),
    column("role",                |r, _| r.role.clone()),
    column("active",              |r, _| flag(r.active)),
    column("service_required",    |r, _| flag(r.service_required)),
    column("engagement_required", |r, _| flag(r.engagement_required)),
    column("either_required",     |r, _| flag(r.either_required)),
];

const fn column(key: &'static str, cell: fn(&Row, Lang) -> String) -> Column<Row> {
    Column { key, title: None, side: Side::Left, cell, csv: None }
}

fn flag(flag: Option<bool>) -> String {
    flag.map(|is| is.to_string()).unwrap_or_default()
}

impl Entry<'_> {
    fn rows(&self) -> Vec<Row> {
        match self {
            Entry::Structure(s) => s.rows(),
            Entry::Marche(m) => {
                let moa = m.actors.first().map_or("", |moa| moa.id);
                let head = Row::of("marche", [moa, m.number, m.name.unwrap_or_default(), ""]);
                let actor = |a: &Actor<'_>| Row::of("actor", [a.id, a.service.unwrap_or_default(), a.name, a.role]);
                std::iter::once(head).chain(m.actors.iter().map(actor)).collect()
            }
            Entry::Partner(p) => {
                let head = Row::of("partner", ["", p.app_code, p.name, ""]);
                let structure = |s: &ActsFor<'_>| Row::of("structure", [s.id, "", s.name, ""]);
                std::iter::once(head).chain(p.structures.iter().map(structure)).collect()
            }
        }
    }

    fn tell(&self, general: u64, lang: Lang, out: &mut Out) -> io::Result<()> {
        match self {
            Entry::Structure(s) => s.tell(lang, out),
            Entry::Marche(m) => m.tell(general, lang, out),
            Entry::Partner(p) => p.tell(lang, out),
        }
    }
}

impl OfStructure<'_> {
    fn rows(&self) -> Vec<Row> {
        let head = Row {
            active: Some(self.active),
            service_required: Some(self.service_required),
            engagement_required: Some(self.engagement_required),
            either_required: Some(self.either_required),
            ..Row::of("structure", [self.id, "", self.name, ""])
        };
        let service = |s: &OfService<'_>| Row {
            active: Some(s.active),
            engagement_required: Some(s.engagement_required),
            ..Row::of("service", [self.id, s.code, s.name, ""])
        };
        let partner = |name: &&str| Row::of("partner", ["", "", name, ""]);
        let marche =
            |m: &InMarche<'_>| Row::of("marche", [m.moa, m.number, m.name.unwrap_or_default(), &m.roles.join(" ")]);
        let (services, partners) = (self.services.iter().map(service), self.partners.iter().map(partner));
        std::iter::once(head).chain(services).chain(partners).chain(self.marches.iter().map(marche)).collect()
    }

    fn tell(&self, lang: Lang, out: &mut Out) -> io::Result<()> {
        let yes = |is: bool| yes_no(is, lang);
        let kind = ID_TYPES.get(usize::from(self.id_type).wrapping_sub(1)).map_or("", |kind| kind.get(lang));
        #[rustfmt::skip]
        sheet(&[
            (t("structure", "structure"),                    Shown(self.id).to_string()),
            (t("type d'identifiant", "kind of id"),          kind.to_owned()),
            (t("nom", "name"),                               Shown(self.name).to_string()),
            (t("active", "active"),                          yes(self.active)),
            (t("service obligatoire", "service required"),   yes(self.service_required)),
            (t("engagement obligatoire", "engagement required"), yes(self.engagement_required)),
            (t("l'un des deux obligatoire", "one of the two required"), yes(self.either_required)),
            (t("partenaires", "partners"),                   Shown(&self.partners.join(", ")).to_string()),
        ], lang, out)?;
        let service = |s: &OfService<'_>| {
            let closed = if s.active { "" } else { t("fermé", "closed").get(lang) };
            let asks =
                if s.engagement_required { t("engagement obligatoire", "engagement required").get(lang) } else { "" };
            vec![Shown(s.code).to_string(), Shown(s.name).to_string(), closed.to_owned(), asks.to_owned()]
        };
        part(t("Services", "Services"), self.services.iter().map(service).collect(), lang, out)?;
        let marche = |m: &InMarche<'_>| {
            let name = Shown(m.name.unwrap_or_default()).to_string();
            let roles: Vec<&str> = m.roles.iter().map(|role| called(role)).collect();
            let moa = if m.moa == self.id { String::new() } else { format!("MOA {}", Shown(m.moa)) };
            vec![Shown(m.number).to_string(), roles.join(", "), name, moa]
        };
        part(t("Marchés", "Marchés"), self.marches.iter().map(marche).collect(), lang, out)
    }
}

impl OfMarche<'_> {
    fn tell(&self, general: u64, lang: Lang, out: &mut Out) -> io::Result<()> {
        let text = |text: Option<&str>| Shown(text.unwrap_or_default()).to_string();
        let day = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
        let days = |n: u64| counted(n, ["jour", "jours"], ["day", "days"]);
        let payment = self
            .payment_days
            .map_or_else(|| days(general) + msg!(" (délai général)", " (the general delay)"), |own| days(own.into()));
        let all = self.cadres.len() == Cadre::ALL.len();
        let cadres = if all { t("tous", "all").get(lang).to_owned() } else { self.cadres.join(", ") };
        #[rustfmt::skip]
        sheet(&[
            (t("marché", "marché"),               Shown(self.number).to_string()),
            (t("nom", "name"),                    text(self.name)),
            (t("commence le", "starts"),          day(self.starts)),
            (t("finit le", "ends"),               day(self.ends)),
            (t("groupement", "groupement"),       text(self.groupement)),
            (t("engagement", "engagement"),       text(self.engagement)),
            (t("délai de paiement", "payment"),   payment.get(lang).to_owned()),
            (t("cadres", "cadres"),               cadres),
        ], lang, out)?;
        let actor = |a: &Actor<'_>| {
            let service = a.service.map(|code| format!("{} {}", SERVICE.get(lang), Shown(code)));
            let named = a.service_name.filter(|name| !name.is_empty()).map(|name| format!(" ({})", Shown(name)));
            let of = a.of.map(|of| format!("{} {}", t("pour", "for").get(lang), Shown(of)));
            let more = service.map(|service| service + &named.unwrap_or_default()).or(of).unwrap_or_default();
            vec![called(a.role).to_owned(), Shown(a.id).to_string(), Shown(a.name).to_string(), more]
        };
        part(t("Acteurs", "Actors"), self.actors.iter().map(actor).collect(), lang, out)
    }
}

impl OfPartner<'_> {
    fn tell(&self, lang: Lang, out: &mut Out) -> io::Result<()> {
        let naming = match self.naming {
            "chorus" => t("celui de Chorus Pro", "Chorus Pro's"),
            _ => t("libre", "free"),
        };
        let speaks = match self.lang {
            Lang::Fr => t("français", "French"),
            Lang::En => t("anglais", "English"),
        };
        #[rustfmt::skip]
        sheet(&[
            (t("partenaire", "partner"),               Shown(self.name).to_string()),
            (t("code application", "application code"), Shown(self.app_code).to_string()),
            (t("modes", "modes"),                      self.modes.join(", ")),
            (t("nommage", "naming"),                   naming.get(lang).to_owned()),
            (t("langue", "language"),                  speaks.get(lang).to_owned()),
        ], lang, out)?;
        let structure = |s: &ActsFor<'_>| vec![Shown(s.id).to_string(), Shown(s.name).to_string()];
        part(t("Agit pour", "Acts for"), self.structures.iter().map(structure).collect(), lang, out)
    }
}

const SERVICE: Text = t("service", "service");

#[rustfmt::skip]
const ID_TYPES: [Text; 7] = [
    // the types of identifiers, from 1
    t("SIRET", "SIRET"),                            t("TVA intracommunautaire", "EU VAT number"),
    t("hors UE", "outside EU"),                     t("RIDET", "RIDET"),
    t("TAHITI", "TAHITI"),                          t("en cours d'immatriculation", "being registered"),
    t("particulier", "person"),
];

/// How a person calls a role of a sheet.
fn called(role: &'static str) -> &'static str {
    match role {
        "moa" => "MOA",
        "moe" => "MOE",
        other => other,
    }
}

/// What is there, a line each.
fn sheet(lines: &[(Text, String)], lang: Lang, out: &mut Out) -> io::Result<()> {
    let mut grid = Grid::new(vec![Side::Left; 2], out.columns);
    for (title, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        grid.line(vec![title.get(lang).to_owned(), value.clone()], out)?;
    }
    grid.flush(out)
}
