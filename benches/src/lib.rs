//! Shared pieces of the benches and of the comparisons with peers.

#![forbid(unsafe_code)]

pub mod cpu;
pub mod sem;
