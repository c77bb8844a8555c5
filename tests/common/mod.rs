//! What the tests share. Each test file uses a part of it.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

pub mod acts;
pub mod archive;
pub mod build;
pub mod checker;
pub mod daemon;
pub mod dice;
pub mod disk;
pub mod house;
pub mod json_schema;
pub mod pdf;
pub mod world;
pub mod xsd;
