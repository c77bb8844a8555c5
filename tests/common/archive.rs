//! Archives to order, also with names that no honest program would write.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let members: Vec<(&[u8], &[u8])> = members.iter().map(|(name, bytes)| (name.as_bytes(), *bytes)).collect();
    tar_raw(&members)
}

/// Names need not be UTF-8.
pub fn tar_raw(members: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Names that the builder would not write are written all the same.
        let raw = header.as_gnu_mut().unwrap();
        raw.name[..name.len()].copy_from_slice(name);
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

pub fn tgz(members: &[(&str, &[u8])]) -> Vec<u8> {
    gz(&tar(members))
}

pub fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A zip whose directory has so many entries that all lead to the same bytes, deflated; their checksum is wrong.
pub fn zip_of_one(bytes: &[u8], entries: u16) -> Vec<u8> {
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
    deflate.write_all(bytes).unwrap();
    let body = deflate.finish().unwrap();
    // Deflated, at no time, with a checksum of 1, both sizes, a name of five letters.
    let numbers = [1, body.len() as u32, bytes.len() as u32, 5].map(u32::to_le_bytes).concat();
    let about = [&[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..], &numbers].concat();
    let mut zip = [b"PK\x03\x04", &about[..], b"00000", &body].concat();
    let start = zip.len() as u32;
    for n in 0..entries {
        zip.extend([b"PK\x01\x02\x14\0", &about[..], &[0; 14], format!("{n:05}").as_bytes()].concat());
    }
    let size = zip.len() as u32 - start;
    zip.extend([&b"PK\x05\x06\0\0\0\0"[..], &entries.to_le_bytes(), &entries.to_le_bytes()].concat());
    zip.extend([&size.to_le_bytes()[..], &start.to_le_bytes(), &[0, 0]].concat());
    zip
}
