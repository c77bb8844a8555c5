//! Who is who in a pièce: each actor is taken from the first source that names it (the deposit form, the flow, the
//! marché's sheet), and sources that disagree are noted for the rules to tell.

use super::cadres::{self, Named};
use crate::annuaire::{Annuaire, Marche};
use crate::facts::Facts;
use crate::piece::depot::Form;
use crate::piece::{Id, Piece, Val};
use crate::routing;
use crate::rules::Context;
use crate::trade::{Cadre, Role};

/// A structure in a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor<'a> {
    /// The structure.
    pub id: &'a str,
    /// Where the flow names it; none: the sheet does.
    pub at: Option<crate::xml::NodeId>,
}

/// What became of the search for the marché's sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet<'a> {
    /// The flow cites it, or its actors point to this one alone.
    Found(&'a Marche),
    /// The flow cites one that is not registered with this buyer; or is, and the partner has no part in it: that must
    /// look the same.
    Unregistered(Others),
    /// The flow cites one of several that pay through this buyer: a number is unique a MOA only.
    Several,
    /// None is cited, and the actors point to none or to several.
    None,
}

/// The registered marchés of a buyer, where the one that the flow cites is not seen among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// It has none.
    None,
    /// It has some, and the partner has no part in any of them.
    Hidden,
    /// The partner has a part in some.
    Seen,
}

/// Two sources that name two structures for one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict<'a> {
    /// The role.
    pub role: Role,
    /// What the flow says.
    pub flow: Actor<'a>,
    /// What the other source says.
    pub other: &'a str,
    /// Which that is.
    pub source: Source,
}

/// A source of actors after the flow itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The pièce that is associated.
    Earlier,
    /// The marché's sheet.
    Sheet,
}

/// Where inside each structure a pièce goes, and on which budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the service of the actor that it is named after
pub struct Services<'a> {
    pub destinataire: Option<&'a str>,
    pub moa: Option<&'a str>,
    pub moe: Option<&'a str>,
    pub seller: Option<&'a str>,
    pub engagement: Option<&'a str>,
}

/// The cadre and the actors of a pièce, as far as its sources name them.
#[derive(Debug)]
pub struct Actors<'a, 'd> {
    /// The works cadre, if it is one.
    pub cadre: Option<Cadre>,
    /// The cadre as written; none: nothing is.
    pub written: Option<Val<'d>>,
    /// Whether the deposit cites an earlier pièce (on a credit note that is the corrected invoice, and does not count).
    pub cites: bool,
    /// The marché's sheet.
    pub sheet: Sheet<'a>,
    /// The company whose work is billed.
    pub seller: Option<Actor<'a>>,
    /// The buyer, as the flow has it.
    pub buyer: Option<Actor<'a>>,
    /// The MOE.
    pub moe: Option<Actor<'a>>,
    /// The MOA.
    pub moa: Option<Actor<'a>>,
    /// Who pays.
    pub destinataire: Option<Actor<'a>>,
    /// The first valideur.
    pub valideur1: Option<Actor<'a>>,
    /// The second valideur.
    pub valideur2: Option<Actor<'a>>,
    /// Who deposits, by the cadre.
    pub depositor: Option<(Role, Actor<'a>)>,
    /// Sources that disagree.
    pub conflicts: Vec<Conflict<'a>>,
    /// The earlier pièce that this one associates, where it is known.
    pub associated: Option<&'a Facts>,
}

impl<'a, 'd: 'a> Actors<'a, 'd> {
    /// Resolves the actors of a pièce.
    pub fn resolve(piece: &Piece<'d>, context: &Context<'a>) -> Actors<'a, 'd> {
        let written = piece.process.or(piece.process_extension);
        let cadre = match written.map(|w| cadres::named(w.text)) {
            Some(Named::Works(cadre)) => Some(cadre),
            _ => None,
        };
        let named = |actor: Option<crate::piece::Actor<'d>>| actor.map(|a| Actor { id: a.id.text, at: Some(a.id.at) });
        let block = named(piece.named_valideur());
        let of_form = |id: fn(&Form<'d>) -> Option<Id<'d>>| {
            let id = piece.form.as_ref().and_then(id);
            id.map(|id| Actor { id: id.id.text, at: Some(id.id.at) })
        };
        let mut actors = Actors {
            cadre,
            written,
            cites: !piece.preceding.is_empty() && !is_credit_note(piece),
            sheet: Sheet::None,
            seller: named(piece.supplier()),
            buyer: named(piece.recipient()),
            moe: of_form(|f| f.moe),
            moa: of_form(|f| f.moa),
            destinataire: of_form(|f| f.destinataire),
            valideur1: of_form(|f| f.valideur1),
            valideur2: of_form(|f| f.valideur2),
            depositor: None,
            conflicts: Vec::new(),
            associated: context.associated,
        };
        match cadre {
            Some(Cadre::A10 | Cadre::A13 | Cadre::A14) => actors.valideur1 = actors.valideur1.or(block),
            _ => actors.moe = actors.moe.or(block),
        }
        if let Some(annuaire) = context.annuaire {
            actors.sheet = actors.find_sheet(piece.marche(), annuaire, context);
        }
        actors.complete();
        actors.depositor = cadre.and_then(|c| actors.depositor_of(c));
        actors
    }

    /// The structure in a role.
    pub fn who(&self, role: Role) -> Option<Actor<'a>> {
        match role {
            Role::Fournisseur | Role::SousTraitant | Role::Cotraitant => self.seller,
            Role::Valideur1 => self.valideur1,
            Role::Valideur2 => self.valideur2,
            Role::Moe => self.moe,
            Role::Moa => self.moa,
            Role::Destinataire => self.destinataire,
        }
    }

    /// The marché's sheet, where one was found.
    pub fn marche(&self) -> Option<&'a Marche> {
        match self.sheet {
            Sheet::Found(marche) => Some(marche),
            Sheet::Unregistered(_) | Sheet::Several | Sheet::None => None,
        }
    }

    /// The cited marché, registered with this buyer; else the only one in which every actor named so far has its role.
    /// A partner finds those alone in which it has a part: what a flow is answered tells nothing of any other.
    fn find_sheet(&self, cited: Option<Val<'d>>, annuaire: &'a Annuaire, context: &Context<'a>) -> Sheet<'a> {
        let Some(buyer) = self.buyer else { return Sheet::None };
        if let (None, Some(earlier)) = (cited, self.associated) {
            // The earlier pièce's marché is this one's too.
            let number = earlier.marche.as_deref().unwrap_or_default();
            let same = |m: &&'a Marche| Some(&m.moa) == earlier.marche_moa.as_ref();
            return annuaire.marches_numbered(number).find(same).map_or(Sheet::None, Sheet::Found);
        }
        // Of a form also the MOA: it names each by its role.
        let buyers = [Some(buyer), self.moa];
        let buys = |m: &&'a Marche| buyers.iter().flatten().any(|b| m.moa == b.id || m.destinataire == b.id);
        let seen = |m: &&'a Marche| buys(m) && has_part(context, m);
        let Some(cited) = cited else {
            let Some(seller) = self.seller else { return Sheet::None };
            let fitting = annuaire.marches_of(seller.id).filter(|m| self.all_fit(m) && seen(m));
            return only(fitting).map_or(Sheet::None, Sheet::Found);
        };
        let registered = || annuaire.marches_numbered(cited.text).filter(seen);
        if registered().next().is_none() {
            let others = || buyers.iter().flatten().flat_map(|b| annuaire.marches_of(b.id)).filter(buys);
            return Sheet::Unregistered(match others().next() {
                None => Others::None,
                Some(_) if others().any(|m| has_part(context, m)) => Others::Seen,
                Some(_) => Others::Hidden,
            });
        }
        let named = only(registered()).or_else(|| only(registered().filter(|m| self.all_fit(m))));
        named.map_or(Sheet::Several, Sheet::Found)
    }

    /// Whether every actor that the flow names has its role in a marché; the valideur, the role that it has for this
    /// seller.
    fn all_fit(&self, marche: &'a Marche) -> bool {
        let (Some(cadre), Some(seller)) = (self.cadre, self.seller) else { return false };
        sells(marche, cadre, seller.id)
            && self.moe.is_none_or(|a| marche.has_role(Role::Moe, a.id))
            && self.moa.is_none_or(|a| a.id == marche.moa)
            && self.destinataire.is_none_or(|a| a.id == marche.destinataire)
            && self.valideur1.is_none_or(|a| self.valideurs(marche).0 == Some(a.id))
    }

    /// Takes from the sheet what the flow does not name, and notes where they disagree. Without a sheet the buyer is
    /// both the MOA and the destinataire.
    fn complete(&mut self) {
        let earlier = self.associated;
        let Some(marche) = self.marche() else {
            let (moa, destinataire) = earlier.map_or((None, None), |e| (e.moa.as_deref(), e.destinataire.as_deref()));
            self.bought_by(moa, destinataire, Source::Earlier);
            self.moe = self.agree(Role::Moe, self.moe, earlier.and_then(|e| e.moe.as_deref()), Source::Earlier);
            return;
        };
        self.bought_by(Some(&marche.moa), Some(&marche.destinataire), Source::Sheet);
        self.moe = self.agree(Role::Moe, self.moe, earlier.and_then(|e| e.moe.as_deref()), Source::Earlier);
        self.moe = self.agree(Role::Moe, self.moe, marche.moe.as_deref(), Source::Sheet);
        for (role, is, sheet) in earlier.into_iter().flat_map(|e| {
            [(Role::Moa, &e.moa, &marche.moa), (Role::Destinataire, &e.destinataire, &marche.destinataire)]
        }) {
            if let Some(id) = is.as_deref().filter(|id| id != sheet) {
                self.conflicts.push(Conflict {
                    role,
                    flow: Actor { id, at: None },
                    other: sheet,
                    source: Source::Sheet,
                });
            }
        }
        if matches!(self.cadre, Some(Cadre::A10 | Cadre::A13 | Cadre::A14)) {
            let (first, second) = self.valideurs(marche);
            self.valideur1 = self.agree(Role::Valideur1, self.valideur1, first, Source::Sheet);
            let second = second.filter(|s| Some(*s) != self.valideur1.map(|v| v.id));
            self.valideur2 = self.agree(Role::Valideur2, self.valideur2, second, Source::Sheet);
        }
    }

    /// Who owns and who pays: the buyer is one of them, or both where nobody says which.
    fn bought_by(&mut self, moa: Option<&'a str>, destinataire: Option<&'a str>, source: Source) {
        // A form names each by its role, and may be wrong in that.
        let by_form = [self.moa, self.destinataire];
        self.agree(Role::Moa, self.moa, moa, source);
        self.agree(Role::Destinataire, self.destinataire, destinataire, source);
        let buyer = self.buyer;
        let named = |id: &'a str| Actor { id, at: buyer.filter(|b| b.id == id).and_then(|b| b.at) };
        let (moa, destinataire) = (by_form[0].or(moa.map(named)), by_form[1].or(destinataire.map(named)));
        let is_by_role = |buyer: &Actor<'_>| by_form.iter().flatten().any(|a| a.id == buyer.id);
        if let (Some(buyer), Some(pays)) = (buyer.filter(|buyer| !is_by_role(buyer)), destinataire)
            && buyer.id != pays.id
            && moa.is_none_or(|moa| moa.id != buyer.id)
        {
            self.conflicts.push(Conflict { role: Role::Destinataire, flow: buyer, other: pays.id, source });
        }
        (self.moa, self.destinataire) = (moa.or(self.buyer), destinataire.or(self.buyer));
    }

    fn agree(
        &mut self,
        role: Role,
        flow: Option<Actor<'a>>,
        other: Option<&'a str>,
        source: Source,
    ) -> Option<Actor<'a>> {
        if let (Some(flow), Some(other)) = (flow, other)
            && flow.id != other
        {
            self.conflicts.push(Conflict { role, flow, other, source });
        }
        flow.or(other.map(|id| Actor { id, at: None }))
    }

    /// Whom the sheet names as valideurs: a sous-traitant's company, then the lead where that is another; a
    /// cotraitant's lead.
    fn valideurs(&self, marche: &'a Marche) -> (Option<&'a str>, Option<&'a str>) {
        let lead = marche.lead();
        let Some(seller) = self.seller else { return (None, None) };
        if self.cadre != Some(Cadre::A10) {
            return (Some(lead), None);
        }
        let mut companies = marche.sous_traitants.iter().filter(|s| s.id == seller.id).map(|s| s.of.as_str());
        // A sous-traitant of several companies: the flow must say for which of them it worked.
        let named = self.valideur1.map(|v| v.id);
        let first = match companies.clone().find(|of| Some(*of) == named) {
            None if named.is_none() => companies.next().filter(|one| companies.all(|other| other == *one)),
            None => companies.next(),
            found => found,
        };
        let second = first.filter(|of| *of != lead).map(|_| lead);
        (first, second)
    }

    /// The services and the engagement: what the flow says, else the sheet. The flow's service is its buyer's.
    pub fn services(&self, piece: &Piece<'d>) -> Services<'a> {
        let flow = piece.buyer_service.map(|v| v.text);
        let is_buyer = |role: Option<Actor<'a>>| role.is_some() && role.map(|r| r.id) == self.buyer.map(|b| b.id);
        let of = |role: Option<Actor<'a>>, own: Option<&'a String>| {
            let flow = flow.filter(|_| is_buyer(role));
            flow.or(own.map(String::as_str))
        };
        // What the earlier pièce says comes before what the sheet says.
        let earlier = self.associated;
        let before = |own: fn(&Facts) -> &Option<String>, sheet: fn(&Marche) -> &Option<String>| {
            earlier.and_then(|e| own(e).as_ref()).or(self.marche().and_then(|m| sheet(m).as_ref()))
        };
        let of_form = |own: fn(&Form<'d>) -> Option<Val<'d>>| piece.form.as_ref().and_then(own).map(|v| v.text);
        Services {
            destinataire: of_form(|f| f.destinataire_service)
                .or(of(self.destinataire, before(|e| &e.service, |m| &m.destinataire_service))),
            moa: of_form(|f| f.moa_service).or(of(self.moa, before(|e| &e.moa_service, |m| &m.moa_service))),
            moe: of_form(|f| f.moe_service).or(before(|e| &e.moe_service, |m| &m.moe_service).map(String::as_str)),
            seller: piece.seller_service.map(|v| v.text),
            engagement: piece
                .engagement()
                .map(|v| v.text)
                .or(before(|e| &e.engagement, |m| &m.engagement).map(String::as_str)),
        }
    }

    fn depositor_of(&self, cadre: Cadre) -> Option<(Role, Actor<'a>)> {
        let role = cadres::of(cadre).depositor;
        self.who(role).map(|actor| (role, actor))
    }

    /// The actors that the cadre needs and nobody names.
    pub fn lacking(&self) -> impl Iterator<Item = Role> + '_ {
        let needs = self.cadre.map_or(&[][..], |c| routing::of(c).needs);
        needs.iter().copied().filter(|role| self.who(*role).is_none())
    }
}

/// The only one of some.
fn only<T>(mut some: impl Iterator<Item = T>) -> Option<T> {
    some.next().filter(|_| some.next().is_none())
}

/// Whether the depositing partner has a part in a marché: one of its structures has a role in it. Without a partner
/// nobody is a stranger.
pub(super) fn has_part(context: &Context<'_>, marche: &Marche) -> bool {
    let acts_for = |name: &str, id: &str| context.annuaire.is_some_and(|a| a.acts_for(name, id));
    context.partner.is_none_or(|p| marche.actors().any(|(_, id)| acts_for(&p.name, id)))
}

/// Whether a structure may sell under a marché with this cadre.
pub fn sells(marche: &Marche, cadre: Cadre, seller: &str) -> bool {
    match cadre {
        Cadre::A10 => marche.has_role(Role::SousTraitant, seller),
        Cadre::A13 | Cadre::A14 => marche.has_role(Role::Cotraitant, seller),
        Cadre::A4 | Cadre::A5 | Cadre::A6 | Cadre::A7 | Cadre::A8 | Cadre::A22 | Cadre::A23 => {
            marche.has_role(Role::Fournisseur, seller)
        }
        _ => marche.companies().any(|c| c == seller),
    }
}

/// A credit note's reference is the invoice that it corrects.
fn is_credit_note(piece: &Piece<'_>) -> bool {
    piece.syntax == crate::piece::Syntax::UblCreditNote || piece.type_code.is_some_and(|t| t.text == "381")
}
