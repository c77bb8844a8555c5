//! # guichet
//!
//! The journey of one pièce, module by module. Each knows only the ones above it (`tests/tidy.rs` holds them to it).
//!
//! A partner drops a file in `in/<mode>/<partner>/`. [`spool`] finds it, sees that it has stopped changing, and claims
//! it: one rename, and it has an identity. [`flux`] says from its bytes what it is; [`xml`] reads it into a flat tree
//! within limits; [`piece`] fills one semantic model from it, and nobody after that sees XML. [`rules`] look at the
//! model in layers, with [`routing`] and the [`annuaire`], and say everything they find; [`judge()`](judge::judge) is
//! all of this in one pure function, run on every core at once.
//!
//! Then the single writer takes over. [`association`] finds the earlier pièces that a deposit takes, [`decision`]
//! says what the deposit makes true, given what the [`ledger`] says is true already; the ledger records it;
//! [`retour`] renders what goes out; everything is staged, made durable by one barrier, committed, and only then
//! published: that is the [`counter`], and the order of its steps is the promise that nothing is lost and nothing
//! comes twice. [`batch`] does it once, [`daemon`] forever; what a person asks meanwhile is a [`request`]. How it
//! fares, an operator asks [`status`], the figures of [`metrics`], and [`systemd`].

// Words, closed lists, time: what everything speaks of.
pub mod clock;
pub mod text;
pub mod trade;

// What an administrator writes.
pub mod annuaire;
pub mod config;
pub mod error;
pub mod init;

// What happens, and the disk it happens on.
pub mod event;
pub mod spool;

// Bytes to findings: pure.
pub mod alerts;
pub mod asked;
pub mod facts;
pub mod flux;
pub mod judge;
pub mod lifecycle;
pub mod piece;
pub mod routing;
pub mod rules;
pub mod xml;

// Findings to truth, truth to answers.
pub mod association;
pub mod decision;
pub mod ledger;
pub mod retour;

// The whole house at work.
pub mod batch;
pub mod counter;
pub mod daemon;
pub mod metrics;
pub mod request;
pub mod status;
pub mod systemd;

// What a user sees.
pub mod cli;
pub mod render;
