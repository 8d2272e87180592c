//! How the JSON documents of results begin.

use super::command;
use serde::{Deserialize, Serialize};

/// What the document is, and how it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    schema: String,
    /// Raised when a field changes its meaning or goes.
    schema_version: u32,
    /// Name and version of the program.
    program: String,
    /// The words that repeat the result.
    command: Vec<String>,
}

impl Head {
    /// Of this run.
    pub(crate) fn new(schema: &str, schema_version: u32) -> Self {
        Self {
            schema: schema.to_owned(),
            schema_version,
            program: format!("orthant {}", env!("CARGO_PKG_VERSION")),
            command: command(std::env::args().skip(1)),
        }
    }

    /// The command in one line.
    pub(crate) fn command_line(&self) -> String {
        self.command.join(" ")
    }
}
