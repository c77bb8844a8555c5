//! The life cycle as a person of the trade checks it: docs/lifecycle.md is made from the tables, and the tables hold
//! together.
#![allow(clippy::unwrap_used, missing_docs)]

use guichet::lifecycle::acts::{ACTS, Act, By, possible};
use guichet::lifecycle::{Holding, Statut, document, holding, may_follow};
use guichet::trade::Cadre;
use std::path::Path;

#[test]
fn the_document_is_fresh() {
    let (file, made) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lifecycle.md"), document::markdown());
    if std::env::var_os("GUICHET_BLESS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap();
    let stale = made.lines().zip(written.lines()).find(|(made, written)| made != written);
    assert!(stale.is_none() && made == written, "run with GUICHET_BLESS=1 to write it: {stale:?}");
}

#[test]
fn whoever_must_act_can_and_nobody_else() {
    for cadre in Cadre::ALL {
        for status in Statut::ALL.iter().copied() {
            let rows: Vec<_> = possible(status, cadre).filter(|row| row.by != By::Clock).collect();
            for row in &rows {
                let is_holder = match (row.by, holding(status)) {
                    (By::Role(role), Holding::Role(holder)) => role == holder,
                    (By::Depositor, Holding::Depositor) => true,
                    _ => false,
                };
                assert!(is_holder, "{cadre} {status}: {} is not its holder's act", row.act);
                assert!(may_follow(Some(status), row.becomes));
            }
            // One act, one row; of several the motif says which.
            for (n, row) in rows.iter().enumerate() {
                for other in rows[..n].iter().filter(|other| other.act == row.act) {
                    assert!(!row.motifs.is_empty() && !other.motifs.is_empty(), "{cadre} {status}: {}", row.act);
                    assert!(row.motifs.iter().all(|m| !other.motifs.contains(m)), "{cadre} {status}: {}", row.act);
                }
            }
        }
    }
}

#[test]
fn every_status_is_reached_and_every_act_has_its_row() {
    for status in Statut::ALL {
        let reached = *status == Statut::Brouillon || Statut::ALL.iter().any(|from| may_follow(Some(*from), *status));
        assert!(reached, "{status}");
    }
    for act in Act::ALL {
        assert!(ACTS.iter().any(|row| row.act == *act), "{act}");
    }
    // Paid is paid, refused is refused.
    for end in
        ["MISE_EN_PAIEMENT", "REFUSEE_MOE", "REFUSEE_MOA", "REFUSEE_1", "REFUSEE_2", "REJETEE", "REFUSEE_CONTROLE"]
    {
        let end: Statut = end.parse().unwrap();
        assert!(Statut::ALL.iter().all(|to| !may_follow(Some(end), *to)), "{end}");
    }
}
