//! Tasks on which delayed generalisation is studied (section 2 of the paper), and their splits.

mod examples;
mod modular;
mod parity;

pub use examples::{Examples, Inputs, Split};
pub use modular::{Encoding, Modular, Operation, modular_table};
pub use parity::{SparseParity, parity_labels};
