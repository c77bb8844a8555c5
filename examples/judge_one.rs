//! temp
use guichet::*;
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let c = config::Config::default();
    let ann = annuaire::Annuaire::load(std::path::Path::new(&dir)).map_err(|p| { for x in p { eprintln!("{x}"); } }).ok().map(|l| l.annuaire);
    for f in std::env::args().skip(2) {
        let ctx = rules::Context { config: &c, annuaire: ann.as_ref(), mode: trade::Mode::Edi, partner: None, today: chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(), layers: &rules::Layer::ALL };
        let j = judge::judge(std::fs::read(&f).unwrap(), &ctx);
        println!("{f}: {} {:?} {:?} {:?}", j.syntax, j.fate, j.facts.cadre, j.route);
        for x in &j.findings { println!("   {} {:?} {} | found {:?} | expected {:?} | {:?}", x.rule, x.severity, x.message.fr, x.found, x.expected.as_ref().map(|e| &e.fr), x.place.as_ref().map(|p| format!("{}:{} {}", p.line, p.column, p.path))); }
    }
}
