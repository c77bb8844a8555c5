//! `guichet init`: the tree of a counter.

use super::failure::Failure;
use super::{Exit, Outcome, Session};
use crate::init::{Created, InitError, init};
use crate::msg;
use crate::render::{Column, Listing, Side};
use crate::text::{Shown, t};
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// Where; else here
    #[arg(default_value = ".", hide_default_value = true)]
    dir: PathBuf,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let made = init(&args.dir).map_err(|InitError(problem)| Failure::Problems(vec![problem]))?;
    let mut listing = Listing::new(&COLUMNS, session.format, session.lang, &mut session.out)?;
    for created in &made {
        listing.row(&Row::of(created))?;
    }
    listing.end()?;
    session.remark(&msg!(
        "ensuite : remplissez annuaire/, vérifiez avec `guichet annuaire check`, lancez `guichet run`",
        "next: fill annuaire/, check it with `guichet annuaire check`, start `guichet run`"
    ));
    Ok(Exit::Fine)
}

#[derive(Serialize)]
struct Row {
    path: String,
    kind: &'static str,
    kept: bool,
}

impl Row {
    fn of(created: &Created) -> Row {
        let path = created.path.to_string_lossy();
        Row {
            path: path.strip_prefix("./").unwrap_or(&path).to_owned(),
            kind: if created.directory { "directory" } else { "file" },
            kept: created.kept,
        }
    }
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 3] = [
    Column { key: "path", title: Some(t("chemin", "path")),  side: Side::Left, cell: |r, _| Shown(&r.path).to_string(), csv: None },
    Column { key: "kind", title: None,                       side: Side::Left, cell: |r, _| r.kind.to_owned(), csv: None },
    Column { key: "kept", title: Some(t("état", "state")),   side: Side::Left, cell: |r, lang| {
        let state = if r.kept { t("déjà là, gardé", "there before, kept") } else { t("créé", "made") };
        state.get(lang).to_owned()
    }, csv: Some(|r| r.kept.to_string()) },
];
