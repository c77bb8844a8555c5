//! What an act makes true: who may do it, in which status, with which words, and what follows. THE table is
//! [`lifecycle::acts`](crate::lifecycle::acts); an act that it does not allow changes nothing, and is answered with the
//! acts that are possible now. The clock's silence goes the same way.

use super::correct;
use super::{Changes, Happening, Passed, Taken, Told, View, concerned, holder, replaced};
use crate::annuaire::Annuaire;
use crate::asked::{Asked, What, Which};
use crate::association::Earlier;
use crate::config::Limits;
use crate::facts::Facts;
use crate::lifecycle::Statut;
use crate::lifecycle::acts::{self, ACTS, Act, By, Datum, Motif, Row, Then};
use crate::msg;
use crate::rules::{Finding, chorus, works};
use crate::text::{Msg, Shown};
use crate::trade::{Cadre, Role};

/// Who asks: a partner, through a flow; or an administrator, by a command.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The partner; none: an administrator, who may act for any structure and see every pièce.
    pub partner: Option<&'a str>,
    /// The annuaire in force.
    pub annuaire: &'a Annuaire,
    /// The limits in force.
    pub limits: &'a Limits,
}

impl Asking<'_> {
    fn acts_for(&self, structure: &str) -> bool {
        self.partner.is_none_or(|partner| self.annuaire.acts_for(partner, structure))
    }

    /// Whether it may know of a pièce: it deposited it, or acts for someone whom it concerns.
    fn knows(&self, piece: &Earlier, trail: &[Passed]) -> bool {
        let mut all = piece.facts.actors().map(str::to_owned).chain(concerned(&piece.facts, trail));
        self.partner.is_none_or(|partner| partner == piece.partner) || all.any(|id| self.acts_for(&id))
    }
}

/// What an act makes true.
#[derive(Debug)]
pub struct Deed {
    /// The pièce, as it was.
    pub piece: Earlier,
    /// What it says from now on: a correction changes who is who.
    pub facts: Facts,
    /// What happens to it, in order.
    pub events: Vec<Happening>,
    /// What was corrected.
    pub changes: Changes,
    /// The earlier pièces that it had taken and that are free again.
    pub released: Vec<Taken>,
}

impl Deed {
    /// The status that the pièce has in the end.
    pub fn status(&self) -> Statut {
        self.events.last().map_or(self.piece.status, |e| e.status)
    }
}

/// Why nothing is done: everything that is wrong with the act.
pub type Refusal = Vec<Finding>;

/// Characters of a comment at most.
pub const LONGEST_COMMENT: usize = 2_000;

/// Decides an act.
///
/// # Errors
/// The view's.
pub fn act<V: View>(asked: &Asked, asking: &Asking<'_>, view: &V) -> Result<Result<Deed, Refusal>, V::Error> {
    let piece = match find(asked, asking, view)? {
        Ok(piece) => piece,
        Err(finding) => return Ok(Err(vec![at(asked, *finding)])),
    };
    let trail = view.trail(&piece.id)?;
    let case = Case { asked, asking, piece: &piece };
    let (row, actor, motif) = match case.row() {
        Ok(row) => row,
        Err(finding) => return Ok(Err(vec![at(asked, *finding)])),
    };
    let mut findings: Vec<Finding> = case.words(row).into_iter().collect();
    let (mut facts, mut changes) = (piece.facts.clone(), Changes::new());
    match correct::corrected(row, &asked.set, &piece.facts, asking.annuaire) {
        Ok((after, changed)) => (facts, changes) = (after, changed),
        Err(wrong) => findings.extend(wrong),
    }
    if !findings.is_empty() {
        return Ok(Err(findings.into_iter().map(|f| at(asked, f)).collect()));
    }
    let words = Words { by: Some(actor), motif, comment: asked.comment.clone() };
    let events = follow(row, &facts, &trail, words, &changes);
    let released = release(&events, &piece, view)?;
    Ok(Ok(Deed { facts, events, changes, released, piece }))
}

/// What the clock does to a pièce whose delay is over; nothing where the table has nothing.
///
/// # Errors
/// The view's.
pub fn silence<V: View>(piece: Earlier, view: &V) -> Result<Option<Deed>, V::Error> {
    let row =
        cadre_of(&piece.facts).and_then(|cadre| acts::possible(piece.status, cadre).find(|r| r.act == Act::Silence));
    let Some(row) = row else { return Ok(None) };
    let trail = view.trail(&piece.id)?;
    let (facts, changes, released) = (piece.facts.clone(), Changes::new(), Vec::new());
    let events = follow(row, &facts, &trail, Words::default(), &changes);
    Ok(Some(Deed { facts, events, changes, released, piece }))
}

/// The acts that are possible on a pièce now, the clock's left out, each with the structure that may do it.
pub fn possible(status: Statut, facts: &Facts) -> impl Iterator<Item = (&'static Row, Role, &str)> {
    let cadre = cadre_of(facts);
    let rows = cadre.into_iter().flat_map(move |cadre| acts::possible(status, cadre).map(move |row| (row, cadre)));
    rows.filter_map(|(row, cadre)| {
        let role = role_of(row, cadre)?;
        facts.who(role).map(|who| (row, role, who))
    })
}

fn cadre_of(facts: &Facts) -> Option<Cadre> {
    facts.cadre.as_deref().and_then(|c| c.parse().ok())
}

/// The role whose act it is; none: the clock's.
fn role_of(row: &Row, cadre: Cadre) -> Option<Role> {
    match row.by {
        By::Role(role) => Some(role),
        By::Depositor => Some(works::depositor(cadre)),
        By::Clock => None,
    }
}

fn at(asked: &Asked, finding: Finding) -> Finding {
    finding.at(asked.place.clone())
}

/// The one pièce that is meant, among those that the asking partner may know of.
fn find<V: View>(asked: &Asked, asking: &Asking<'_>, view: &V) -> Result<Result<Earlier, Box<Finding>>, V::Error> {
    let mut all = match asked.piece.number() {
        None => Vec::new(),
        Some(number) => view.of_number(number, &asked.piece.supplier_keys())?,
    };
    if let Which::Id(id) = &asked.piece {
        all.extend(view.by_id(id)?);
    }
    all.retain(|piece| asked.piece.fits(&piece.id, &piece.facts));
    let mut known = Vec::new();
    for piece in all {
        if asking.knows(&piece, &view.trail(&piece.id)?) {
            known.push(piece);
        }
    }
    let gone = |p: &Earlier| p.status == Statut::RefuseeControle || p.status.is_refusal();
    if known.iter().any(|p| !gone(p)) {
        known.retain(|p| !gone(p));
    } else if let Some(last) = known.pop() {
        known = vec![last];
    }
    let shown = asked.piece.shown();
    Ok(match known.len() {
        1 => Ok(known.remove(0)),
        0 => Err(Box::new(
            works::of("T-40").finding(msg!("il n'y a pas de pièce {shown}", "there is no pièce {shown}")).found(shown),
        )),
        n => {
            let dated =
                |p: &Earlier| format!("{} ({})", p.id, p.facts.issued.map_or_else(|| "–".into(), |d| d.to_string()));
            let list = known.iter().map(dated).collect::<Vec<_>>().join(", ");
            Err(Box::new(
                works::of("T-41")
                    .finding(msg!("{n} pièces portent {shown} : {list}", "{n} pièces are {shown}: {list}"))
                    .found(shown),
            ))
        }
    })
}

/// An act on a pièce that was found.
struct Case<'a> {
    asked: &'a Asked,
    asking: &'a Asking<'a>,
    piece: &'a Earlier,
}

/// The row of the table that an act is, whose act it is, and its motif.
type Found = (&'static Row, String, Option<Motif>);

impl Case<'_> {
    /// The row, if the act is possible, is this structure's, and has a motif of it.
    fn row(&self) -> Result<Found, Box<Finding>> {
        let wanted = |row: &&'static Row| {
            row.by != By::Clock
                && match self.asked.what {
                    What::Act(act) => row.act == act,
                    What::Status(status) => row.becomes == status,
                    What::Number(number) => row.becomes.number() == Some(number),
                }
        };
        if !ACTS.iter().any(|row| wanted(&row)) {
            return Err(Box::new(self.no_act()));
        }
        let (status, facts) = (self.piece.status, &self.piece.facts);
        let rows: Vec<(&'static Row, Role, &str)> = possible(status, facts).filter(|(row, ..)| wanted(row)).collect();
        let Some((first, role, actor)) = rows.first().copied() else { return Err(Box::new(self.not_now())) };
        self.is_theirs(first, role, actor)?;
        if self.asked.motif.as_deref() == Some(Motif::ErreurMontant.word()) {
            return Err(Box::new(self.amount(role)));
        }
        let rows: Vec<&'static Row> =
            rows.into_iter().filter(|(_, other, _)| *other == role).map(|(r, ..)| r).collect();
        let (row, motif) = self.motif(&rows).map_err(|finding| self.elsewhere(*finding, role))?;
        Ok((row, actor.to_owned(), motif))
    }

    /// Something that nobody can ask for.
    fn no_act(&self) -> Finding {
        let what = self.asked.what.shown();
        works::of("T-48")
            .finding(msg!(
                "{what} ne se demande pas : ce statut vient de guichet",
                "{what} cannot be asked for: guichet alone causes it"
            ))
            .found(what)
            .expected(self.possible())
    }

    fn not_now(&self) -> Finding {
        let (what, status, shown) = (self.asked.what.shown(), self.piece.status, self.shown());
        works::of("T-42")
            .finding(msg!(
                "{what} n'est pas possible : {shown} est en {status}",
                "{what} is not possible: {shown} is in {status}"
            ))
            .found(status.code())
            .expected(self.possible())
    }

    /// What can be done now, and by whom.
    fn possible(&self) -> Msg {
        let mut all: Vec<(Role, Vec<&str>)> = Vec::new();
        for (row, role, _) in possible(self.piece.status, &self.piece.facts) {
            let word = row.act.word();
            match all.iter_mut().find(|(other, _)| *other == role) {
                Some((_, words)) if words.contains(&word) => {}
                Some((_, words)) => words.push(word),
                None => all.push((role, vec![word])),
            }
        }
        if all.is_empty() {
            return msg!("aucun acte n'est possible", "no act is possible");
        }
        let list = |of: fn(Role) -> &'static str, colon: &str| {
            let each = all.iter().map(|(role, words)| format!("{}{colon}{}", of(*role), words.join(", ")));
            each.collect::<Vec<_>>().join(" ; ")
        };
        Msg::new(list(|role| role.label().fr, " : "), list(|role| role.label().en, ": ").replace(" ; ", "; "))
    }

    fn shown(&self) -> String {
        let number = self.piece.facts.number.as_deref().unwrap_or("–");
        format!("{} ({})", Shown(number), self.piece.id)
    }

    /// Whether whoever asks may do it: the structure that it names is the one whose act it is, and the partner acts
    /// for that.
    fn is_theirs(&self, row: &Row, role: Role, actor: &str) -> Result<(), Box<Finding>> {
        let (label, act) = (role.label(), row.act);
        // A flow may name its sender otherwise than by a structure.
        let named = self.asked.by.as_deref();
        let named = named.filter(|id| self.asking.partner.is_none() || self.asking.annuaire.structure(id).is_some());
        let finding = match named.filter(|named| *named != actor) {
            Some(named) if self.asking.annuaire.structure(named).is_none() => {
                let named = Shown(named).to_string();
                works::of("T-43")
                    .finding(msg!("{named} n'est pas dans l'annuaire", "{named} is not in the annuaire"))
                    .found(named)
            }
            Some(named) => {
                let named = Shown(named).to_string();
                let (fr, en) = (label.fr, label.en);
                works::of("T-43")
                    .finding(msg!(
                        "{act} ne revient pas à {named} : l'acte est à l'acteur : {fr}",
                        "{act} is not {named}'s to do: it is the act of the {en}"
                    ))
                    .found(named)
            }
            None if self.asking.acts_for(actor) => return Ok(()),
            None => {
                let (fr, en) = (label.fr, label.en);
                works::of("T-43").finding(msg!(
                    "vous n'agissez pas pour l'acteur à qui l'acte {act} revient : {fr}",
                    "you do not act for the one whose act {act} is: {en}"
                ))
            }
        };
        Err(Box::new(finding.expected(self.possible())))
    }

    /// A motif that goes with another status of the same act: says with which.
    fn elsewhere(&self, finding: Finding, role: Role) -> Box<Finding> {
        let motif = self.asked.motif.as_deref().and_then(|m| m.parse::<Motif>().ok());
        let other = possible(self.piece.status, &self.piece.facts)
            .find(|(row, other, _)| *other == role && motif.is_some_and(|motif| row.motifs.contains(&motif)));
        Box::new(match other {
            Some((row, ..)) if row.act == Act::Refuse => {
                let code = row.becomes;
                finding.help(msg!(
                    "pour ce motif, donnez le statut {code} : le déposant corrige et la pièce repart",
                    "for this motif give the status {code}: the depositor corrects it and the pièce goes on"
                ))
            }
            _ => finding,
        })
    }

    fn amount(&self, role: Role) -> Finding {
        let help = match role {
            Role::Moe if cadre_of(&self.piece.facts) == Some(Cadre::A10) => msg!(
                "prenez la pièce en compte ; la somme admise est payée",
                "take the pièce into account; the sum admitted is paid"
            ),
            Role::Moe => msg!(
                "prenez la pièce en compte et mettez le bon montant dans votre A15 ou votre A17",
                "take the pièce and put the right amount in your A15 or A17"
            ),
            Role::Moa => {
                msg!("mettez le bon montant dans votre A19 ou votre A20", "put the right amount in your A19 or A20")
            }
            Role::Valideur1 | Role::Valideur2 => msg!(
                "validez ; la MOE ou la MOA met le bon montant dans sa propre pièce",
                "validate; the MOE or the MOA puts the right amount in its own pièce"
            ),
            _ => msg!(
                "demandez à la MOE ou à la MOA la pièce qui porte le bon montant",
                "ask the MOE or the MOA for the pièce that has the right amount"
            ),
        };
        let motif = Motif::ErreurMontant;
        works::of("T-46")
            .finding(msg!(
                "{motif} n'est plus un motif : rien n'est changé",
                "{motif} is no ground any more: nothing is changed"
            ))
            .found(motif.word())
            .help(help)
    }

    /// The row whose motif it is. Where only one is possible it need not be given.
    fn motif(&self, rows: &[&'static Row]) -> Result<(&'static Row, Option<Motif>), Box<Finding>> {
        let all: Vec<Motif> = rows.iter().flat_map(|row| row.motifs).copied().collect();
        let admitted = || {
            let list = |words: &str| {
                let of_row = |row: &'static Row| row.motifs.iter().map(move |motif| (row, motif.word()));
                let all = rows.iter().flat_map(|row| of_row(row));
                all.map(|(row, word)| if row.comment { format!("{word}{words}") } else { word.to_owned() })
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            Msg::new(list(" (avec un commentaire)"), list(" (with a comment)"))
        };
        let Some(given) = self.asked.motif.as_deref() else {
            let default = all.first().copied();
            return match (rows, default) {
                ([row], motif) if row.motifs.len() < 2 => Ok((row, motif)),
                _ => Err(Box::new(
                    works::of("T-44").finding(msg!("il manque le motif", "the motif is missing")).expected(admitted()),
                )),
            };
        };
        // A motif where none is asked for harms nobody; one that another act would have does.
        if all.is_empty()
            && let [row] = rows
        {
            return match given.parse::<Motif>() {
                Ok(motif) => Ok((row, Some(motif))),
                Err(_) => Err(Box::new(unknown_motif(given, Msg::default()))),
            };
        }
        let motif = given.parse::<Motif>().ok();
        let row = motif.and_then(|motif| rows.iter().find(|row| row.motifs.contains(&motif)));
        match row {
            Some(row) => Ok((row, motif)),
            None => Err(Box::new(unknown_motif(given, admitted()))),
        }
    }

    /// Whether it says what it must say, and no more than is kept.
    fn words(&self, row: &Row) -> Vec<Finding> {
        let mut wrong = Vec::new();
        let comment = self.asked.comment.as_deref().filter(|c| !c.trim().is_empty());
        let length = comment.map_or(0, |c| c.chars().count());
        if row.comment && comment.is_none() {
            let act = row.act;
            wrong.push(
                works::of("T-45").finding(msg!("{act} : il manque le commentaire", "{act}: the comment is missing")),
            );
        }
        if row.act == Act::Complete && comment.is_none() && self.asked.attached.is_empty() {
            wrong.push(works::of("T-45").finding(msg!(
                "rien n'est complété : ni commentaire, ni pièce jointe",
                "nothing is completed: neither a comment nor an attachment"
            )));
        }
        if length > LONGEST_COMMENT {
            wrong.push(
                works::of("T-45")
                    .finding(msg!("le commentaire a {length} caractères", "the comment has {length} characters"))
                    .found(comment.unwrap_or_default())
                    .expected(msg!("{LONGEST_COMMENT} au plus", "{LONGEST_COMMENT} at most")),
            );
        }
        if row.act != Act::Complete && !self.asked.attached.is_empty() {
            let act = row.act;
            wrong.push(
                works::of("T-45")
                    .finding(msg!(
                        "{act} n'ajoute rien à la pièce : seul complete prend des pièces jointes",
                        "{act} adds nothing to the pièce: complete alone takes attachments"
                    ))
                    .help(msg!(
                        "faites l'acte sans pièce jointe ; décrivez le fichier dans le commentaire",
                        "do the act without attachments; describe the file in the comment"
                    )),
            );
        }
        for (n, file) in self.asked.attached.iter().enumerate() {
            if self.asked.attached[..n].iter().any(|other| other.name == file.name) {
                wrong.push(
                    works::of("T-45")
                        .finding(msg!("deux pièces jointes ont le même nom", "two attachments have one name"))
                        .found(file.name.clone())
                        .help(msg!(
                            "donnez chaque fichier une fois, ou renommez-en un",
                            "give each file once, or rename one"
                        )),
                );
            }
        }
        let files: Vec<_> = self.asked.attached.iter().map(|f| (&*f.name, f.bytes.len() as u64)).collect();
        wrong.extend(chorus::added(&files, self.asking.limits));
        wrong
    }
}

fn unknown_motif(given: &str, admitted: Msg) -> Finding {
    let shown = Shown(given).to_string();
    works::of("T-44")
        .finding(msg!("{shown} n'est pas un motif admis ici", "{shown} is no motif that is admitted here"))
        .found(given)
        .expected(admitted)
}

/// Who acted, and why.
#[derive(Default)]
struct Words {
    by: Option<String>,
    motif: Option<Motif>,
    comment: Option<String>,
}

/// The status that an act gives, and what follows at once; everyone whom the pièce concerns is told, also whoever had
/// it until this correction.
fn follow(row: &'static Row, facts: &Facts, trail: &[Passed], words: Words, changes: &Changes) -> Vec<Happening> {
    let mut trail = trail.to_vec();
    let then = match row.then {
        Then::Stays => None,
        Then::Back => trail.iter().rev().map(|p| p.status).find(|s| s.is_arrival()),
        Then::Onward => Some(match row.becomes {
            Statut::Validee1 | Statut::AbsenceValidation1HorsDelai if facts.valideur2.is_some() => Statut::AValider2,
            _ => Statut::MiseADispositionMoe,
        }),
    };
    let first = (row.becomes, words.by, words.motif, words.comment);
    let all = std::iter::once(first).chain(then.map(|status| (status, None, None, None)));
    all.map(|(status, by, motif, comment)| {
        trail.push(Passed { status, by: by.clone(), replaced: replaced(status, changes) });
        Happening { status, by, motif, comment, told: Told::PartnersOf(concerned(facts, &trail)) }
    })
    .collect()
}

/// What a refused pièce had taken is free again: with whoever had it, or with another pièce that took it too.
fn release<V: View>(events: &[Happening], piece: &Earlier, view: &V) -> Result<Vec<Taken>, V::Error> {
    if !events.iter().any(|e| e.status.is_refusal()) {
        return Ok(Vec::new());
    }
    let mut released = Vec::new();
    for (earlier, others) in view.taken_by(&piece.id)? {
        let trail = view.trail(&earlier.id)?;
        let back = trail.iter().rev().map(|p| p.status).find(|s| s.is_arrival());
        let status = match (earlier.status, others.replaced, others.associated) {
            (Statut::RemplaceeParA22, false, true) => Some(Statut::Associee),
            (Statut::RemplaceeParA22, false, false) | (Statut::Associee, false, false) => back,
            _ => None,
        };
        let Some(status) = status else { continue };
        let told = Told::PartnersOf(concerned(&earlier.facts, &trail));
        // Not which pièce: not everyone who is told has a part in it.
        let refusal = events.iter().map(|e| e.status).find(|s| s.is_refusal());
        let comment = piece.facts.cadre.as_deref().zip(refusal).map(|(cadre, status)| format!("{cadre} {status}"));
        let event = Happening { status, by: None, motif: None, comment, told };
        released.push(Taken { id: earlier.id, facts: earlier.facts, event });
    }
    Ok(released)
}

/// Whether an earlier pièce is still taken by other pièces that are not refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OtherTakers {
    /// One associates it.
    pub associated: bool,
    /// One replaces it.
    pub replaced: bool,
}

/// Who has a pièce after a deed: a role and a structure, as the ledger keeps them.
pub fn holder_after(status: Statut, facts: &Facts) -> Option<(&'static str, &str)> {
    holder(status, facts).map(|(role, who)| (role.name(), who))
}

/// A datum as the pièce has it.
pub fn datum(facts: &Facts, datum: Datum) -> Option<&str> {
    match datum {
        Datum::Siret => facts.destinataire.as_deref(),
        Datum::Service => facts.service.as_deref(),
        Datum::Engagement => facts.engagement.as_deref(),
        Datum::Valideur1 => facts.valideur1.as_deref(),
        Datum::Valideur2 => facts.valideur2.as_deref(),
        Datum::Moe => facts.moe.as_deref(),
        Datum::Moa => facts.moa.as_deref(),
    }
}
