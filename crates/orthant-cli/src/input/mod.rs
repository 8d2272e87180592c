//! Files and bundled data in, samples and matrices out. Every refusal names file, row and column.

mod bundled;
mod collector;
mod delimited;
mod lines;
mod list;
mod logits;
mod matrix;
mod npy;
mod number;
mod regression;
mod regression_table;
mod request;
mod sample;
mod selection;
mod sniff;
mod svmlight;

use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
use std::path::Path;

pub(crate) use bundled::{Bundled, BundledName};
pub(crate) use list::split_list;
pub(crate) use logits::{read_labels, read_logits};
pub(crate) use matrix::{Matrix, read_matrix, read_records};
pub(crate) use number::{parse_cell, parse_number};
pub(crate) use regression::{Features, Regression, RegressionRequest, Response, ResponseKind};
pub(crate) use regression_table::{Format, read_regression};
pub(crate) use request::{Header, Keep, Missing, Request, parse_memory, parse_separator};
pub(crate) use sample::Sample;
pub(crate) use selection::{choose_columns, find_name};

/// Reads a sample from a CSV, TSV or npy file; `-` is CSV on standard input.
pub(crate) fn read_sample(path: &Path, request: &Request, progress: &Progress) -> Outcome<Sample> {
    if is_npy(path) { npy::sample(path, request, progress) } else { delimited::sample(path, request, progress) }
}

fn is_npy(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
}

/// Opens a file, with words for what is not one.
fn open(path: &Path) -> Outcome<Box<dyn std::io::Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let metadata = std::fs::metadata(path).map_err(|error| Failure::read(path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::input(format!("`{}` is a folder; a CSV, TSV or npy file is needed", path.display())));
    }
    let file = std::fs::File::open(path).map_err(|error| Failure::read(path, &error))?;
    Ok(Box::new(file))
}
