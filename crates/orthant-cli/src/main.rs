//! The program `orthant`.

#![forbid(unsafe_code)]

fn main() {}
