//! Which pièces meet every criterion, in order of deposit, the first page at once whatever the ledger's size.
//!
//! An index of one column holds the entries of one value in order of deposit: a search that it leads needs no sorting
//! and stops at its limit. With several criteria, the one with the fewest pièces leads and the others are looked up. A
//! range (days, the establishments of a SIREN) is many values: few pièces are sorted, many are taken value by value,
//! the earliest first.

use super::LedgerError;
use super::read::{self, COLUMNS, LedgerReader, PieceRow, piece_row};
use crate::text::t;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Statement};

/// What `search` looks for; every criterion that is set must hold, exactly.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // the option of the same name says what each is
pub struct Criteria {
    /// With `structure`: the role that the structure has; alone: pièces held by that role.
    pub role: Option<String>,
    pub structure: Option<String>,
    pub cadre: Option<String>,
    pub type_code: Option<String>,
    pub status: Option<String>,
    pub marche: Option<String>,
    pub dossier: Option<String>,
    pub number: Option<String>,
    pub destinataire: Option<String>,
    pub siren: Option<String>,
    pub service: Option<String>,
    /// Issued on this day or later, ISO 8601.
    pub from: Option<String>,
    /// Issued on this day or earlier, ISO 8601.
    pub to: Option<String>,
    pub mode: Option<String>,
    pub partner: Option<String>,
    pub limit: Option<u64>,
    /// Only pièces deposited after this one.
    pub after: Option<String>,
}

/// Pièces that are counted at most before one criterion is called plentiful.
pub(super) const PLENTIFUL: u64 = 20_000;
/// A longer page of a plentiful range is read from the table.
const LONG_PAGE: u64 = 1_000;

/// One criterion: the condition, and the way to its pièces by an index.
struct Term {
    sql: String,
    /// None: nearly every pièce meets it, so that it never leads.
    way: Option<Way>,
}

enum Way {
    /// The entries of one value are in order of deposit.
    Ordered(&'static str),
    /// The index has another column behind: what is found is sorted.
    Sorted(&'static str),
    /// A range of values of a column.
    Spread { index: &'static str, column: &'static str },
    /// Any of several conditions, each in order by its own index.
    Any(Vec<(String, &'static str)>),
}

/// What leads a search.
enum Lead<'t> {
    /// The table itself, in order of deposit.
    Table,
    /// The index of one criterion.
    Index(&'t Term, &'t Way),
    /// That of a range which is plentiful, value by value.
    Spread(&'t Term, &'static str, &'static str),
}

/// A search, bound: conditions refer to values by their number, so that one may stand in several places.
struct Search {
    terms: Vec<Term>,
    values: Vec<Value>,
    after: i64,
    limit: Option<u64>,
}

impl LedgerReader {
    /// Gives every pièce that meets the criteria, in order of deposit, until `each` says stop.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn search(&self, criteria: &Criteria, each: &mut dyn FnMut(PieceRow) -> bool) -> Result<(), LedgerError> {
        let mut run = || -> rusqlite::Result<()> {
            let mut row_of = self.conn.prepare(&format!("SELECT {COLUMNS} FROM piece WHERE seq = ?"))?;
            self.each_found(criteria, &mut |seq| Ok(each(row_of.query_row([seq], piece_row)?)))
        };
        run().map_err(LedgerError::on(t("chercher des pièces", "search")))
    }

    /// Gives the number of every pièce that meets the criteria, in order of deposit, until `each` says stop.
    pub(super) fn each_found(
        &self,
        criteria: &Criteria,
        each: &mut dyn FnMut(i64) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<()> {
        let Some(search) = self.bound(criteria)? else { return Ok(()) };
        let mut found = self.conn.prepare(&search.sql(&self.lead(&search)?))?;
        search.bind(&mut found)?;
        let mut rows = found.raw_query();
        while let Some(row) = rows.next()? {
            if !each(row.get(0)?)? {
                break;
            }
        }
        Ok(())
    }

    /// How SQLite will find these pièces, a line a step, for those who tune and for tests.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn plan(&self, criteria: &Criteria) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            let Some(search) = self.bound(criteria)? else { return Ok(Vec::new()) };
            let sql = search.sql(&self.lead(&search)?);
            let mut plan = self.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            search.bind(&mut plan)?;
            let (mut rows, mut steps) = (plan.raw_query(), Vec::new());
            while let Some(row) = rows.next()? {
                steps.push(row.get(3)?);
            }
            Ok(steps)
        };
        run().map_err(LedgerError::on(t("préparer une recherche", "plan a search")))
    }

    /// The criteria with their values; nothing where one of them names nothing in this ledger.
    fn bound(&self, criteria: &Criteria) -> rusqlite::Result<Option<Search>> {
        let after = match &criteria.after {
            None => Some(0),
            Some(id) => self.conn.query_row("SELECT seq FROM piece WHERE id = ?", [id], |r| r.get(0)).optional()?,
        };
        let nine = |siren: &String| siren.chars().count() == 9;
        let Some(after) = after.filter(|_| criteria.siren.as_ref().is_none_or(nine)) else { return Ok(None) };
        let mut search = Search { terms: Vec::new(), values: Vec::new(), after, limit: criteria.limit };
        search.exact(criteria);
        search.actors(criteria);
        search.ranges(criteria);
        if let Some(name) = &criteria.dossier {
            let found = self.dossier_ids(name)?;
            if found.is_empty() {
                return Ok(None);
            }
            search.any(found.into_iter().map(|id| ("dossier", id, "piece_dossier")).collect());
        }
        Ok(Some(search))
    }

    /// Chooses what leads: the criterion with the fewest pièces, counted as far as it matters.
    fn lead<'s>(&self, search: &'s Search) -> rusqlite::Result<Lead<'s>> {
        let ways = search.terms.iter().filter_map(|term| Some((term, term.way.as_ref()?)));
        if let [only] = &search.terms[..]
            && let Some(way @ (Way::Ordered(_) | Way::Any(_))) = &only.way
        {
            return Ok(Lead::Index(only, way));
        }
        let last: i64 = self.conn.query_row("SELECT coalesce(max(seq), 0) FROM piece", [], |r| r.get(0))?;
        let rest = u64::try_from(last - search.after).unwrap_or(0);
        let mut counted = Vec::new();
        for (term, way) in ways.clone() {
            counted.push((self.count(search, term, way, rest)?, term, way));
        }
        let Some((least, term, way)) = counted.into_iter().min_by_key(|(count, ..)| *count) else {
            return Ok(Lead::Table);
        };
        if least <= self.plentiful {
            return Ok(Lead::Index(term, way));
        }
        let range = ways.into_iter().find_map(|(term, way)| match way {
            Way::Spread { index, column } => Some(Lead::Spread(term, index, column)),
            _ => None,
        });
        let short = search.limit.is_some_and(|limit| limit <= LONG_PAGE);
        Ok(match range.filter(|_| short) {
            Some(range) => range,
            None if matches!(way, Way::Spread { .. }) || least > rest / 2 => Lead::Table,
            None => Lead::Index(term, way),
        })
    }

    /// How many pièces a criterion has after the page before: exact up to the limit of patience, then estimated from
    /// how dense they are; of a plentiful range, all that there are.
    fn count(&self, search: &Search, term: &Term, way: &Way, rest: u64) -> rusqlite::Result<u64> {
        let one = |sql: &str, index: &str, ordered: bool| -> rusqlite::Result<u64> {
            let (most, after) = (self.plentiful + 1, search.after);
            // Elsewhere what comes after the page before is not together, and looking for it would cost more than it
            // tells.
            let order = if ordered { format!("AND seq > {after} ORDER BY seq") } else { String::new() };
            let mut statement = self.conn.prepare(&format!(
                "SELECT count(*), max(seq) FROM (
                    SELECT seq FROM piece INDEXED BY {index} WHERE {sql} {order} LIMIT {most})"
            ))?;
            search.bind(&mut statement)?;
            let mut rows = statement.raw_query();
            let Some(row) = rows.next()? else { return Ok(0) };
            let (count, last): (u64, Option<i64>) = (read::count(row, 0)?, row.get(1)?);
            let span = last.and_then(|last| u64::try_from(last - after).ok()).unwrap_or(0);
            Ok(if count <= self.plentiful || !ordered || span == 0 { count } else { count.saturating_mul(rest) / span })
        };
        match way {
            Way::Ordered(index) => one(&term.sql, index, true),
            Way::Sorted(index) => one(&term.sql, index, false),
            Way::Spread { index, .. } => {
                let count = one(&term.sql, index, false)?;
                Ok(if count > self.plentiful { rest.max(count) } else { count })
            }
            Way::Any(ways) => ways.iter().try_fold(0, |sum, (sql, index)| Ok(sum + one(sql, index, true)?)),
        }
    }
}

impl Search {
    fn value(&mut self, text: &str) -> String {
        self.values.push(Value::Text(text.to_owned()));
        format!("?{}", self.values.len())
    }

    /// Criteria that are one column's value.
    fn exact(&mut self, c: &Criteria) {
        use Way::{Ordered, Sorted};
        #[rustfmt::skip]
        let exact = [
            ("number",       &c.number,       Sorted("piece_number")),
            ("marche",       &c.marche,       Sorted("piece_marche")),
            ("service",      &c.service,      Ordered("piece_service")),
            ("destinataire", &c.destinataire, Ordered("piece_destinataire")),
            ("partner",      &c.partner,      Ordered("piece_partner")),
            ("status",       &c.status,       Ordered("piece_status")),
            ("cadre",        &c.cadre,        Ordered("piece_cadre")),
        ];
        for (column, value, way) in exact {
            if let Some(value) = value {
                let sql = format!("{column} = {}", self.value(value));
                self.terms.push(Term { sql, way: Some(way) });
            }
        }
        for (column, value, usual, index) in
            [("type", &c.type_code, "380", "piece_type"), ("mode", &c.mode, "edi", "piece_mode")]
        {
            if let Some(value) = value {
                let is = format!("{column} = {}", self.value(value));
                self.terms.push(match value == usual {
                    true => Term { sql: is, way: None },
                    false => Term { sql: format!("{is} AND {column} <> '{usual}'"), way: Some(Ordered(index)) },
                });
            }
        }
    }

    /// Who is who in the pièce, or who must act on it.
    fn actors(&mut self, c: &Criteria) {
        let any = |structure: &String, roles: &[(&'static str, &'static str)]| {
            roles.iter().map(|(column, index)| (*column, structure.clone(), *index)).collect()
        };
        match (&c.role, &c.structure) {
            (Some(role), Some(structure)) => self.any(any(structure, &[role_column(role)])),
            (Some(role), None) => self.any(vec![("holder_role", role.clone(), "piece_holder_role")]),
            (None, Some(structure)) => self.any(any(structure, &ACTORS)),
            (None, None) => {}
        }
    }

    /// Days, and the establishments of a SIREN.
    fn ranges(&mut self, c: &Criteria) {
        let mut days = Vec::new();
        if let Some(from) = &c.from {
            days.push(format!("issued >= {}", self.value(from)));
        }
        if let Some(to) = &c.to {
            days.push(format!("issued <= {}", self.value(to)));
        }
        if !days.is_empty() {
            let way = Some(Way::Spread { index: "piece_issued", column: "issued" });
            self.terms.push(Term { sql: days.join(" AND "), way });
        }
        if let Some(siren) = &c.siren {
            let (from, to) = (self.value(siren), self.value(&format!("{siren}\u{10ffff}")));
            let sql = format!("destinataire >= {from} AND destinataire < {to}");
            let way = Some(Way::Spread { index: "piece_destinataire", column: "destinataire" });
            self.terms.push(Term { sql, way });
        }
    }

    /// Any of these columns has this value.
    fn any(&mut self, ways: Vec<(&'static str, String, &'static str)>) {
        let ways: Vec<(String, &'static str)> = ways
            .into_iter()
            .map(|(column, value, index)| (format!("{column} = {}", self.value(&value)), index))
            .collect();
        let sql = ways.iter().map(|(sql, _)| sql.as_str()).collect::<Vec<_>>().join(" OR ");
        let term = match &ways[..] {
            [(sql, index)] => Term { sql: sql.clone(), way: Some(Way::Ordered(index)) },
            _ => Term { sql: format!("({sql})"), way: Some(Way::Any(ways)) },
        };
        self.terms.push(term);
    }

    /// The statement that gives the numbers of the pièces in order of deposit.
    fn sql(&self, lead: &Lead<'_>) -> String {
        let led = |term: &&Term| match lead {
            Lead::Table => false,
            Lead::Index(leader, _) | Lead::Spread(leader, ..) => std::ptr::eq(*leader, *term),
        };
        let others: String =
            self.terms.iter().filter(|term| !led(term)).map(|term| format!(" AND {}", term.sql)).collect();
        let rest = format!("seq > {}{others}", self.after);
        let limit = self.limit.map(|n| format!("LIMIT {}", n.min(i64::MAX.unsigned_abs()))).unwrap_or_default();
        let by = |index: &str, sql: &str| format!("SELECT seq FROM piece INDEXED BY {index} WHERE {sql} AND {rest}");
        match lead {
            Lead::Table => format!("SELECT seq FROM piece NOT INDEXED WHERE {rest} ORDER BY seq {limit}"),
            Lead::Spread(term, index, column) => self.spread(&term.sql, index, column, &rest, &limit),
            Lead::Index(_, Way::Any(ways)) => {
                let each: Vec<String> = ways.iter().map(|(sql, index)| by(index, sql)).collect();
                format!("{} ORDER BY seq {limit}", each.join(" UNION "))
            }
            Lead::Index(term, Way::Ordered(index) | Way::Sorted(index) | Way::Spread { index, .. }) => {
                format!("{} ORDER BY seq {limit}", by(index, &term.sql))
            }
        }
    }

    /// A page of a plentiful range: the values of the range that begin first, a page of each, and of these the first.
    /// No pièce of the page can be of another value, nor later than the last of these beginnings where they fill a
    /// page.
    fn spread(&self, range: &str, index: &str, column: &str, rest: &str, limit: &str) -> String {
        const MOST: i64 = i64::MAX;
        let (of, page) = (format!("FROM piece INDEXED BY {index} WHERE"), self.limit.unwrap_or(0));
        format!(
            "WITH RECURSIVE value (v) AS (
                SELECT min({column}) {of} {range}
                UNION ALL SELECT (SELECT min({column}) {of} {column} > v AND {range}) FROM value WHERE v IS NOT NULL),
             begins (v, s) AS (
                SELECT v, (SELECT seq {of} {column} = v AND {rest} ORDER BY seq LIMIT 1) FROM value WHERE v IS NOT NULL),
             early (v, s) AS MATERIALIZED (SELECT v, s FROM begins WHERE s IS NOT NULL ORDER BY s {limit}),
             last (s) AS MATERIALIZED (SELECT CASE WHEN count(*) < {page} THEN {MOST} ELSE max(s) END FROM early)
             SELECT piece.seq FROM early CROSS JOIN piece
                ON piece.seq IN (SELECT seq {of} {column} = early.v AND {rest} AND seq <= (SELECT s FROM last)
                                 ORDER BY seq {limit})
             ORDER BY piece.seq {limit}"
        )
    }

    /// Binds the values that a statement refers to.
    fn bind(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
        let used = statement.parameter_count();
        self.values.iter().take(used).enumerate().try_for_each(|(n, value)| statement.raw_bind_parameter(n + 1, value))
    }
}

/// The columns that name an actor, each with its index.
#[rustfmt::skip]
const ACTORS: [(&str, &str); 6] = [
    ("supplier_id", "piece_supplier"),   ("destinataire", "piece_destinataire"), ("moe", "piece_moe"),
    ("moa", "piece_moa"),                ("valideur1", "piece_valideur1"),       ("valideur2", "piece_valideur2"),
];

/// The column that holds a role's structure; the companies are all the seller of their pièce.
fn role_column(role: &str) -> (&'static str, &'static str) {
    ACTORS.into_iter().find(|(column, _)| *column == role).unwrap_or(ACTORS[0])
}
