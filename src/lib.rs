//! The journey of one pièce, module by module. (Written whole when the journey is.)

pub mod annuaire;
pub mod batch;
pub mod cli;
pub mod clock;
pub mod config;
pub mod counter;
pub mod daemon;
pub mod decision;
pub mod error;
pub mod event;
pub mod flux;
pub mod init;
pub mod judge;
pub mod ledger;
pub mod lifecycle;
pub mod piece;
pub mod render;
pub mod retour;
pub mod routing;
pub mod rules;
pub mod spool;
pub mod status;
pub mod text;
pub mod trade;
pub mod xml;
