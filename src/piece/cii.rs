//! CII to model.
