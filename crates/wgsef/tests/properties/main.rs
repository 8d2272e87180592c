//! The identities and inequalities of the method.

mod convex_models;
mod envelope;
mod kernel;
mod layouts;
mod operators;
mod problems;
mod training;
