//! The theorems of the method, as properties over random problems.
//!
//! One file for each theme; each tolerance has its derivation beside it.

#![forbid(unsafe_code)]

mod convex;
mod greedy;
mod non_convex;
mod observers;
mod problems;
mod selection;
mod span;
mod subsets;
