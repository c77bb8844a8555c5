//! PDFs to order: as honest software writes them, and as it should not.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

/// How the objects of a PDF are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A table of objects at its end.
    Table,
    /// Objects in a packed stream, the table in another one, with a predictor.
    Streams,
    /// A table that is wrong.
    WrongTable,
    /// No table at all.
    NoTable,
}

impl Layout {
    pub const ALL: [Layout; 4] = [Layout::Table, Layout::Streams, Layout::WrongTable, Layout::NoTable];
}

/// How the files embedded in a PDF are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// Through a name tree of one node, and as associated files.
    Both,
    /// Through a name tree with kids, one a file.
    Kids,
    /// As associated files only.
    Associated,
}

/// A PDF of one page that carries files.
#[derive(Clone)]
pub struct Pdf {
    /// Names and bytes.
    pub files: Vec<(String, Vec<u8>)>,
    pub layout: Layout,
    pub ways: Ways,
    /// The filter of the embedded files; none: they are packed by none.
    pub filter: Option<&'static str>,
    /// More for the trailer: `/Encrypt …`.
    pub trailer: &'static str,
}

impl Pdf {
    pub fn new(files: &[(&str, &[u8])]) -> Pdf {
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        Pdf { files, layout: Layout::Table, ways: Ways::Both, filter: Some("FlateDecode"), trailer: "" }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let (plain, streams) = self.objects();
        let mut out = Written { bytes: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), places: Vec::new() };
        let next = (plain.len() + streams.len()) as u32 + 1;
        for (n, (dict, bytes)) in &streams {
            out.stream(*n, dict, bytes);
        }
        if self.layout == Layout::Streams {
            self.packed(&plain, next, out)
        } else {
            for (n, value) in &plain {
                out.object(*n, value.as_bytes());
            }
            self.with_table(next, out)
        }
    }

    /// Objects with their numbers: those that are values, and those that are streams.
    #[allow(clippy::type_complexity)]
    fn objects(&self) -> (Vec<(u32, String)>, Vec<(u32, (String, Vec<u8>))>) {
        let (mut plain, mut streams) = (Vec::new(), Vec::new());
        let mut next = 4;
        let (mut specs, mut pairs) = (Vec::new(), Vec::new());
        for (name, bytes) in &self.files {
            let (spec, stream) = (next, next + 1);
            next += 2;
            plain.push((
                spec,
                format!(
                    "<< /Type /Filespec /F ({name}) /UF {} /AFRelationship /Alternative /EF << /F {stream} 0 R /UF {stream} 0 R >> >>",
                    utf16(name)
                ),
            ));
            let packed = if self.filter == Some("FlateDecode") { zlib(bytes) } else { bytes.clone() };
            let filter = self.filter.map(|f| format!("/Filter /{f}")).unwrap_or_default();
            let dict = format!("/Type /EmbeddedFile /Subtype /text#2Fxml {filter} /Params << /Size {} >>", bytes.len());
            streams.push((stream, (dict, packed)));
            specs.push(format!("{spec} 0 R"));
            pairs.push(format!("{} {spec} 0 R", utf16(name)));
        }
        let tree = match self.ways {
            Ways::Both => format!("/Names << /EmbeddedFiles << /Names [{}] >> >>", pairs.join(" ")),
            Ways::Associated => String::new(),
            Ways::Kids => {
                let mut kids = Vec::new();
                for (pair, (name, _)) in pairs.iter().zip(&self.files) {
                    plain.push((next, format!("<< /Limits [({name}) ({name})] /Names [{pair}] >>")));
                    kids.push(format!("{next} 0 R"));
                    next += 1;
                }
                plain.push((next, format!("<< /Kids [{} {next} 0 R] >>", kids.join(" "))));
                format!("/Names << /EmbeddedFiles {next} 0 R >>")
            }
        };
        let associated = match self.ways {
            Ways::Kids => String::new(),
            _ if specs.is_empty() => String::new(),
            _ => format!("/AF [{}]", specs.join(" ")),
        };
        plain.push((1, format!("<< /Type /Catalog /Pages 2 0 R {tree} {associated} >>")));
        plain.push((2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned()));
        plain.push((3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>".to_owned()));
        plain.sort();
        (plain, streams)
    }

    fn with_table(&self, size: u32, mut out: Written) -> Vec<u8> {
        let start = out.bytes.len();
        out.places.sort_unstable();
        let wrong = if self.layout == Layout::WrongTable { 7 } else { 0 };
        if self.layout != Layout::NoTable {
            let entries: String = out.places.iter().map(|(_, at)| format!("{:010} 00000 n \n", at + wrong)).collect();
            out.bytes.extend(format!("xref\n0 {size}\n0000000000 65535 f \n{entries}").into_bytes());
        }
        let more = self.trailer;
        out.bytes.extend(
            format!("trailer\n<< /Size {size} /Root 1 0 R {more} >>\nstartxref\n{start}\n%%EOF\n").into_bytes(),
        );
        out.bytes
    }

    fn packed(&self, plain: &[(u32, String)], first: u32, mut out: Written) -> Vec<u8> {
        let (mut heads, mut bodies) = (String::new(), String::new());
        for (n, value) in plain {
            heads.push_str(&format!("{n} {} ", bodies.len()));
            bodies.push_str(&format!("{value}\n"));
        }
        let dict = format!("/Type /ObjStm /N {} /First {} /Filter /FlateDecode", plain.len(), heads.len());
        out.stream(first, &dict, &zlib(format!("{heads}{bodies}").as_bytes()));
        let (table, size) = (first + 1, first + 2);
        let start = out.bytes.len();
        out.places.push((table, start));
        let (mut rows, mut before): (Vec<u8>, [u8; 6]) = (Vec::new(), [0; 6]);
        for n in 0..size {
            let row: [u8; 6] = if let Some((_, at)) = out.places.iter().find(|(m, _)| *m == n) {
                let at = (*at as u32).to_be_bytes();
                [1, at[0], at[1], at[2], at[3], 0]
            } else if let Some(index) = plain.iter().position(|(m, _)| *m == n) {
                let stream = first.to_be_bytes();
                [2, stream[0], stream[1], stream[2], stream[3], index as u8]
            } else {
                [0; 6]
            };
            rows.push(2); // each byte as what it adds to the one above
            rows.extend(row.iter().zip(before).map(|(b, above)| b.wrapping_sub(above)));
            before = row;
        }
        let more = self.trailer;
        let dict = format!(
            "/Type /XRef /Size {size} /W [1 4 1] /Index [0 {size}] /Root 1 0 R {more} /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 6 >>"
        );
        out.stream(table, &dict, &zlib(&rows));
        out.bytes.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
        out.bytes
    }
}

/// A Factur-X as most software writes it.
pub fn facturx(xml: &[u8]) -> Vec<u8> {
    Pdf::new(&[("factur-x.xml", xml)]).bytes()
}

struct Written {
    bytes: Vec<u8>,
    /// Objects and where they are.
    places: Vec<(u32, usize)>,
}

impl Written {
    fn object(&mut self, n: u32, value: &[u8]) {
        self.places.push((n, self.bytes.len()));
        self.bytes.extend(format!("{n} 0 obj\n").into_bytes());
        self.bytes.extend(value);
        self.bytes.extend(b"\nendobj\n");
    }

    fn stream(&mut self, n: u32, dict: &str, bytes: &[u8]) {
        let head = format!("<< {dict} /Length {} >>\nstream\n", bytes.len()).into_bytes();
        self.object(n, &[&head, bytes, b"\nendstream"].concat());
    }
}

fn utf16(name: &str) -> String {
    let digits: String = name.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<FEFF{digits}>")
}

pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(bytes).unwrap();
    zlib.finish().unwrap()
}
