//! TEMP
use guichet::*; use std::sync::Arc;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let c = config::Config::find(None).unwrap().config;
    match a[1].as_str() {
        "batch" => {
            let ann = Arc::new(annuaire::Annuaire::load(&c.annuaire).unwrap().annuaire);
            let mut k = counter::Counter::open(c, ann, Arc::new(clock::SystemClock), Arc::new(event::Deaf), std::process::id().into()).unwrap();
            println!("{}", serde_json::to_string(&batch::run(&mut k).unwrap()).unwrap());
        }
        "verify" => { let l = ledger::LedgerReader::open(&c.ledger.path).unwrap(); let p = ledger::verify(&l, &c.spool.root, false).unwrap(); for x in &p { println!("{} {}", x.about, x.says.en); } std::process::exit(i32::from(!p.is_empty())); }
        _ => panic!(),
    }
}
