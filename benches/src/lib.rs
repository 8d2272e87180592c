//! Shared pieces of the benches and of the comparisons with peers.

#![forbid(unsafe_code)]

pub mod comparison;
pub mod cpu;
pub mod design;
pub mod sem;

/// An error of these tools ends them with its message.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
