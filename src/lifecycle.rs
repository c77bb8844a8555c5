//! STUB
use crate::text::Lang;
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statut { Brouillon, RefuseeControle, Deposee, MiseADispositionMoe }
impl Statut {
    pub const ALL: [Statut; 4] = [Statut::Brouillon, Statut::RefuseeControle, Statut::Deposee, Statut::MiseADispositionMoe];
    pub fn code(self) -> &'static str { match self { Statut::Brouillon => "BROUILLON", Statut::RefuseeControle => "REFUSEE_CONTROLE", Statut::Deposee => "DEPOSEE", Statut::MiseADispositionMoe => "MISE_A_DISPOSITION_MOE" } }
    pub fn number(self) -> Option<u8> { match self { Statut::Brouillon => None, Statut::RefuseeControle => Some(37), Statut::Deposee => Some(1), Statut::MiseADispositionMoe => Some(27) } }
    pub fn label(self, _: Lang) -> &'static str { self.code() }
}
impl std::str::FromStr for Statut { type Err = (); fn from_str(s: &str) -> Result<Self, ()> { Statut::ALL.into_iter().find(|x| x.code() == s).ok_or(()) } }
pub fn may_follow(_: Option<Statut>, _: Statut) -> bool { true }
