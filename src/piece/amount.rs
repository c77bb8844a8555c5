//! Decimals and days as the formats write them.
