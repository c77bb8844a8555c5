//! The journey of one pièce, module by module. (Written whole when the journey is.)

pub mod annuaire;
pub mod clock;
pub mod config;
pub mod error;
pub mod init;
pub mod judge;
pub mod piece;
pub mod rules;
pub mod spool;
pub mod text;
pub mod trade;
pub mod xml;
pub mod batch;
pub mod counter;
pub mod daemon;
pub mod decision;
pub mod event;
pub mod flux;
pub mod ledger;
pub mod lifecycle;
pub mod retour;
pub mod status;
pub mod routing;
pub mod render;
pub mod cli;
