//! How long a large annuaire takes to load, and one question to answer: `cargo bench --bench annuaire`.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use guichet::annuaire::Annuaire;
use std::fmt::Write;
use std::hint::black_box;

const STRUCTURES: u64 = 100_000;
const MARCHES: u64 = 1_000;
const PARTNERS: u64 = 100;

/// A SIRET with a right check digit, in no particular order.
fn siret(n: u64) -> String {
    let stem = format!("{:013}", (n * 7_919 + 12_345_678) * 10_007 % 10_000_000_000_000);
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let digits = stem.bytes().rev().map(|b| u32::from(b - b'0')).enumerate();
    let sum: u32 = digits.map(|(i, d)| if i % 2 == 0 { doubled(d) } else { d }).sum();
    format!("{stem}{}", (10 - sum % 10) % 10)
}

/// 100,000 structures with a service each, 1,000 marchés, 100 partners of 1,000 structures each.
fn large() -> [String; 4] {
    let mut structures = "id,id_type,name,active,service_required,engagement_required,either_required\n".to_owned();
    let mut services = "siret,code,name,active,engagement_required\n".to_owned();
    for n in 0..STRUCTURES {
        let id = siret(n);
        let _ = writeln!(structures, "{id},1,Commune de Saint-Exemple n° {n},true,{},false,false", n % 2 == 0);
        let _ = writeln!(services, "{id},SERVICE-{n},Service des travaux et de la voirie,true,false");
    }
    let mut marches = String::new();
    for n in 0..MARCHES {
        let [moa, moe, titulaire, other] = [n, n + 1, n + 2, n + 3].map(siret);
        let _ = writeln!(
            marches,
            "[[marche]]\nnumber = \"M-{n}\"\nname = \"Marché de travaux {n}\"\nmoa = \"{moa}\"\nmoe = \"{moe}\"\ntitulaire = \"{titulaire}\"\n\
             groupement = \"conjoint\"\ncotraitants = [\"{other}\"]\nstarts = 2026-01-01\nends = 2028-12-31\n"
        );
    }
    let mut partners = String::new();
    for n in 0..PARTNERS {
        let ids: Vec<String> = (0..1000).map(|k| format!("\"{}\"", siret(n * 1000 + k))).collect();
        let ids = ids.join(", ");
        let _ = writeln!(
            partners,
            "[[partner]]\nname = \"partner-{n}\"\napp_code = \"P{n:05}\"\nstructures = [{ids}]\nmodes = [\"edi\"]\n"
        );
    }
    [structures, services, marches, partners]
}

fn benches(c: &mut Criterion) {
    let texts = large();
    let texts = || [&texts[0], &texts[1], &texts[2], &texts[3]].map(String::as_str);
    let (annuaire, warnings) = Annuaire::from_texts(texts()).expect("the generated annuaire is sound");
    assert!(warnings.is_empty() && annuaire.structures().len() as u64 == STRUCTURES);
    let mut group = c.benchmark_group("annuaire");
    group.sample_size(20);
    group.bench_function("load 100k structures, 100k services", |b| {
        b.iter_batched(texts, |texts| black_box(Annuaire::from_texts(texts)), BatchSize::PerIteration);
    });
    let id = siret(77_777);
    group.bench_function("structure, service, partners of it", |b| {
        b.iter(|| {
            let structure = annuaire.structure(black_box(&id));
            let service = annuaire.service(black_box(&id), "SERVICE-77777");
            black_box((structure, service, annuaire.partners_of(&id).count()))
        });
    });
    group.finish();
}

criterion_group!(annuaire, benches);
criterion_main!(annuaire);
