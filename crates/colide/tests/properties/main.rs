//! The theorems of the method, as properties over random problems.
//!
//! One file for each theme; each tolerance has its derivation beside it.

// ndarray's macro `s!` switches the lint `unsafe_code` off for itself, which `forbid` would reject: the workspace's
// `deny` stands here.

mod accumulator;
mod acyclicity;
mod adjustment;
mod bootstrap;
mod brute_force;
mod effects;
mod fits;
mod knowledge;
mod markov_class;
mod metrics;
mod order_optimum;
mod post_processing;
mod problems;
mod score;
mod solver;
