//! Layered drawings of directed acyclic graphs (Sugiyama's method): causes above effects.

mod crossing;
mod dot;
mod labels;
mod layers;
mod layout;
mod picture;
mod position;
mod route;
mod svg;

pub(crate) use dot::dot;
pub(crate) use picture::{Arrow, Picture};
pub(crate) use svg::{Palette, escape, svg};
