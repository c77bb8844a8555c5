//! Who receives what: one table of 18 rows, and the function that reads it.

use crate::lifecycle::Statut;
use crate::trade::{Cadre, Role};

/// One row: where a pièce of a cadre goes.
#[derive(Debug)]
pub struct Row {
    /// The cadre.
    pub cadre: Cadre,
    /// Who receives it first.
    pub to: Role,
    /// The status that it has then.
    pub arrival: Statut,
    /// Who gets a copy of it without having to act.
    pub copy: &'static [Role],
    /// The actors that the cadre cannot do without, beside the destinataire, who is always needed.
    pub needs: &'static [Role],
    /// The cadres that it may associate.
    pub associates: &'static [Cadre],
}

use Cadre::{A4, A5, A6, A7, A8, A10, A13, A14, A15, A16, A17, A18, A19, A20, A22, A23, A24, A25};
use Role::{Destinataire, Fournisseur, Moa, Moe, Valideur1};

// Sources: the deck's screens and status table (A4 A6 A7 A10 A13–A15 A17 A19 A20), published use of A8; the other rows
// are this project's reading (docs/decisions.md).
/// THE table of routes.
#[rustfmt::skip]
pub static ROUTES: [Row; 18] = [
    //  cadre goes to        status on arrival                     copy     needs               may associate
    row(A4,  Moe,          Statut::MiseADispositionMoe,          &[],     &[Moe],            &[]),
    row(A5,  Moa,          Statut::MiseADispositionMoa,          &[],     &[Moa],            &[]),
    row(A6,  Destinataire, Statut::MiseADisposition,             &[],     &[],               &[]),
    row(A7,  Moe,          Statut::MiseADispositionMoe,          &[],     &[Moe],            &[]),
    row(A8,  Destinataire, Statut::MiseADisposition,             &[],     &[],               &[A20, A18]),
    row(A10, Valideur1,    Statut::AValider1,                    &[],     &[Valideur1, Moe], &[]),
    row(A13, Valideur1,    Statut::AValider1,                    &[],     &[Valideur1, Moe], &[]),
    row(A14, Valideur1,    Statut::AValider1,                    &[],     &[Valideur1, Moe], &[]),
    row(A15, Moa,          Statut::MiseADispositionMoa,          &[],     &[Moe, Moa],       &[A4, A13]),
    row(A16, Destinataire, Statut::MiseADisposition,             &[],     &[Moe],            &[]),
    row(A17, Moa,          Statut::MiseADispositionMoa,          &[],     &[Moe, Moa],       &[A7, A14]),
    row(A18, Fournisseur,  Statut::MiseADispositionFournisseur,  &[],     &[Moe],            &[]),
    row(A19, Destinataire, Statut::MiseADisposition,             &[],     &[Moa],            &[A15, A5]),
    row(A20, Fournisseur,  Statut::MiseADispositionFournisseur,  &[],     &[Moa],            &[A17, A22]),
    row(A22, Moa,          Statut::MiseADispositionMoa,          &[Moe],  &[Moe, Moa],       &[A7, A17]),
    row(A23, Destinataire, Statut::MiseADisposition,             &[],     &[],               &[A22]),
    row(A24, Moa,          Statut::MiseADispositionMoa,          &[],     &[Moe, Moa],       &[A22]),
    row(A25, Destinataire, Statut::MiseADisposition,             &[],     &[Moa],            &[A22, A24]),
];

const fn row(
    cadre: Cadre,
    to: Role,
    arrival: Statut,
    copy: &'static [Role],
    needs: &'static [Role],
    associates: &'static [Cadre],
) -> Row {
    Row { cadre, to, arrival, copy, needs, associates }
}

/// The row of a cadre.
pub fn of(cadre: Cadre) -> &'static Row {
    ROUTES.iter().find(|r| r.cadre == cadre).expect("the table has a row for each cadre")
}

/// Where an accepted pièce goes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its cadre.
    pub cadre: Cadre,
    /// Who deposits: a role and its structure.
    pub depositor: (Role, String),
    /// Who receives it first (the valideur where there is one).
    pub holder: (Role, String),
    /// The status that it has then.
    pub arrival: Statut,
    /// Others who get a copy without holding it (the MOE of an A22).
    pub copies: Vec<(Role, String)>,
}

/// The route of a pièce; `who` gives the structure in a role. `None` where an actor that the cadre needs is missing.
pub fn route<'a>(cadre: Cadre, depositor: Role, who: impl Fn(Role) -> Option<&'a str>) -> Option<Route> {
    let row = of(cadre);
    let is = |role: Role| who(role).map(|id| (role, id.to_owned()));
    if row.needs.iter().any(|role| who(*role).is_none()) {
        return None;
    }
    Some(Route {
        cadre,
        depositor: is(depositor)?,
        holder: is(row.to)?,
        arrival: row.arrival,
        copies: row.copy.iter().filter_map(|role| is(*role)).collect(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::lifecycle::may_follow;

    #[test]
    fn the_rows_are_the_cadres_in_order_and_arrive_legally() {
        assert!(ROUTES.iter().map(|r| r.cadre).eq(Cadre::ALL));
        for row in &ROUTES {
            assert!(may_follow(Some(Statut::Deposee), row.arrival), "{}", row.cadre);
            assert!(row.to == Destinataire || row.to == Fournisseur || row.needs.contains(&row.to), "{}", row.cadre);
        }
    }

    #[test]
    fn a_missing_actor_gives_no_route() {
        let who = |role: Role| (role != Moe).then_some("x");
        assert_eq!(route(A4, Fournisseur, who), None);
        assert!(route(A6, Fournisseur, who).is_some());
        let copies = route(A22, Fournisseur, |_| Some("x")).unwrap().copies;
        assert_eq!(copies, [(Moe, "x".to_owned())]);
    }
}
