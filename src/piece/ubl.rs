//! UBL to model.
