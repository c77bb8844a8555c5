//! STUB
pub fn looks_finished(b: &[u8]) -> bool { b.ends_with(b"</Invoice>\n") || b.ends_with(b"</Invoice>\n\n") }
