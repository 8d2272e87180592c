//! The papers' claims as experiments.

#![forbid(unsafe_code)]

fn main() {}
