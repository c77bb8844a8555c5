//! STUB
use crate::{lifecycle::Statut, judge::Facts, clock::Instant, config::Platform};
pub const RENDERER: &str = "stub";
pub const LIFE_CYCLE: &str = "FEN1201A";
#[derive(Debug)] pub struct StatusUnit { line: String }
impl StatusUnit { pub fn new(f: &Facts, s: Statut, at: Instant, _: &Platform) -> Option<StatusUnit> { s.number()?; Some(StatusUnit { line: format!("{:?} {} {}", f.number, s.code(), at.0) }) } }
pub fn piece_name(s: i64, id: &str, ext: &str) -> String { format!("{s:015}_{id}.{ext}") }
pub fn flow_name(i: &str, app: &str, s: i64) -> String { format!("{i}_{app}_{app}{}{s:015}", &i[3..7]) }
pub fn statuses(e: &str, u: &[std::sync::Arc<StatusUnit>]) -> Vec<u8> { format!("{e}\n{}", u.iter().map(|u| u.line.clone()).collect::<Vec<_>>().join("\n")).into_bytes() }
