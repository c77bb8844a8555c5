//! What a user sees: tables, CSV, JSON lines, diagnostics. Columns are said once a listing ([`Column`]); all text from
//! outside goes through [`Shown`] before it meets a terminal.

mod diagnostic;
mod leaf;
mod listing;
mod pdf;
mod table;

pub use diagnostic::Diagnostics;
pub use leaf::{Leaf, Line, Part};
pub use listing::{Column, Listing};
pub use pdf::pdf;
pub use table::{Grid, Side, width};

use crate::text::Shown;
use std::io::{self, BufWriter, IsTerminal, Write};

/// How a listing is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people
    #[default]
    Table,
    /// One object a line
    Json,
    /// CSV as French spreadsheets read it: semicolons, a header
    Csv,
    /// Markdown (`rules` only)
    Markdown,
}

/// Standard output: data only. Colours go where a terminal shows them and `NO_COLOR` does not forbid it.
pub struct Out {
    to: BufWriter<Box<dyn Write>>,
    /// Columns of the terminal; none: not a terminal, nothing is cut.
    pub columns: Option<usize>,
    /// Whether escape sequences may be written.
    pub colour: bool,
    /// Whether a byte order mark goes before the first byte: some spreadsheets take UTF-8 for something else without.
    mark: bool,
}

impl Out {
    /// The process's own standard output; `mark`: with a byte order mark before what is written, if anything is.
    pub fn standard(mark: bool) -> Out {
        let stdout = io::stdout();
        let colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        let columns = stdout.is_terminal().then(|| columns(&stdout)).flatten();
        Out { to: BufWriter::with_capacity(1 << 16, Box::new(stdout)), columns, colour, mark }
    }

    /// Text in bold, where that shows.
    pub fn bold(&self, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let style = anstyle::Style::new().bold();
        format!("{style}{text}{style:#}")
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.mark) {
            self.to.write_all(BYTE_ORDER_MARK)?;
        }
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// What says to a spreadsheet that UTF-8 follows.
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A writer of CSV as French spreadsheets read it, quoted and ended as RFC 4180 says.
pub fn csv_writer<W: Write>(to: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(to)
}

fn columns(stdout: &io::Stdout) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns >= 20)
}

/// A text that may be missing, as a table or CSV shows it.
pub fn cell(text: &Option<String>) -> String {
    text.as_deref().map(|text| Shown(text).to_string()).unwrap_or_default()
}

#[cfg(test)]
pub(crate) use pdf::faults;
