//! The program `orthant`: the Orthant methods on files.

#![forbid(unsafe_code)]

mod bcd;
mod bilevel;
mod colide;
mod command;
mod datasets;
mod drawing;
mod failure;
mod input;
mod olinear;
mod ortho_conv;
mod output;
mod progress;
mod regression;
mod report;
mod sparse_linreg;
mod stablemax;
mod tensors;
mod threads;
mod wgsef;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = command::Command::parse();
    match command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if failure.exit_code() != 0 {
                // Nothing is left to do when even this cannot be written.
                let _ = writeln!(std::io::stderr().lock(), "error: {failure}");
            }
            ExitCode::from(failure.exit_code())
        }
    }
}
