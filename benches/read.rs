//! Reading, one thread: our tree, our tree and model, and roxmltree beside them in the same run. The documents are the
//! project's samples, or those of a directory named by `GUICHET_BENCH_DIR`.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use guichet::xml::{Doc, Limits};
use guichet::{flux, piece};
use std::path::PathBuf;

const LIMITS: Limits = Limits { nodes: 2_000_000, depth: 64, attributes: 64 };

fn documents() -> Vec<Vec<u8>> {
    let dir = std::env::var_os("GUICHET_BENCH_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")), PathBuf::from);
    let files = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().filter_map(Result::ok);
    let all = files.filter(|e| e.file_type().is_file()).map(|e| std::fs::read(e.path()).unwrap());
    all.filter(|b| flux::sniff(b) == flux::Kind::Xml && read(b).is_some()).collect()
}

fn read(bytes: &[u8]) -> Option<usize> {
    let doc = Doc::parse(flux::decode(bytes.to_vec()).ok()?, &LIMITS).ok()?;
    piece::read(&doc).ok().map(|p| p.lines.len())
}

fn reading(c: &mut Criterion) {
    let documents = documents();
    let bytes: usize = documents.iter().map(Vec::len).sum();
    println!("{} documents, {} bytes on average", documents.len(), bytes / documents.len().max(1));
    for (name, throughput) in
        [("documents", Throughput::Elements(documents.len() as u64)), ("bytes", Throughput::Bytes(bytes as u64))]
    {
        let mut group = c.benchmark_group(format!("read, by {name}"));
        group.throughput(throughput).sample_size(20);
        group.bench_function("tree", |b| {
            b.iter(|| {
                for d in &documents {
                    let text = flux::decode(d.clone()).unwrap();
                    std::hint::black_box(Doc::parse(text, &LIMITS).unwrap());
                }
            });
        });
        group
            .bench_function("tree and model", |b| b.iter(|| documents.iter().map(|d| read(d).unwrap()).sum::<usize>()));
        group.bench_function("roxmltree, tree", |b| {
            b.iter(|| {
                for d in &documents {
                    let text = flux::decode(d.clone()).unwrap();
                    std::hint::black_box(roxmltree::Document::parse(&text).unwrap().root_element().has_children());
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
