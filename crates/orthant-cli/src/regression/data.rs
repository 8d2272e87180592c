//! The table of a command.

use super::arguments::TableArguments;
use crate::failure::{Failure, Outcome};
use crate::input::{
    Bundled, BundledName, Missing, Regression, RegressionRequest, Request, ResponseKind, parse_memory, parse_separator,
    read_regression, split_list,
};
use crate::progress::Progress;
use std::path::PathBuf;

/// Data sets with a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DataName {
    /// Progression of diabetes from ten baseline variables, 442 patients.
    Diabetes,
    /// Handwritten digits, 1797 × 64, with their labels.
    Digits,
    /// Thirty measures of cell nuclei, 569 patients, benign (1) or not (0).
    BreastCancer,
    /// Expression of trim32 from 500 other genes, 120 rats (GPL, not shipped).
    Trim32,
    /// Production of riboflavin from 4088 genes, 71 cultures (GPL, not shipped).
    Riboflavin,
}

/// Reads the table that the arguments name.
pub(crate) fn load(arguments: &TableArguments, kind: ResponseKind, progress: &Progress) -> Outcome<Regression> {
    let list = |option: &str, text: &Option<String>| text.as_deref().map(|text| split_list(option, text)).transpose();
    let table = Request {
        columns: list("--columns", &arguments.columns)?,
        exclude: list("--exclude", &arguments.exclude)?.unwrap_or_default(),
        group_by: arguments.group_by.clone(),
        missing: if arguments.drop_missing { Missing::Drop } else { Missing::Refuse },
        header: arguments.header,
        separator: parse_separator(arguments.separator.as_deref(), arguments.decimal_comma)?,
        decimal_comma: arguments.decimal_comma,
        memory: parse_memory(arguments.memory)?,
        ..Request::default()
    };
    let mut request =
        RegressionRequest { table, response: arguments.response.clone(), weights: arguments.weights.clone(), kind };
    let Some(name) = arguments.dataset else {
        let Some(path) = &arguments.file else {
            return Err(Failure::input("a FILE or --dataset is needed"));
        };
        return read_regression(path, arguments.format, arguments.response_file.as_deref(), &request, progress);
    };
    match name {
        DataName::Diabetes => Bundled::load(BundledName::Diabetes)?.regression(&mut request, "progression"),
        DataName::Digits => Bundled::load(BundledName::Digits)?.regression(&mut request, "label"),
        DataName::BreastCancer => Bundled::load(BundledName::BreastCancer)?.regression(&mut request, "benign"),
        DataName::Trim32 => external("trim32", &mut request, progress),
        DataName::Riboflavin => external("riboflavin", &mut request, progress),
    }
}

/// A data set that may not be shipped: `NAME/NAME.csv` in the folder that ORTHANT_DATA names; the response is `y`.
fn external(name: &str, request: &mut RegressionRequest, progress: &Progress) -> Outcome<Regression> {
    let Some(folder) = std::env::var_os("ORTHANT_DATA").filter(|folder| !folder.is_empty()) else {
        return Err(Failure::input(format!(
            "--dataset {name} is under the GPL and does not come with the program; set ORTHANT_DATA to a folder that holds \
             {name}/{name}.csv with the response `y` in its first column"
        )));
    };
    let path = PathBuf::from(folder).join(name).join(format!("{name}.csv"));
    request.response.get_or_insert_with(|| "y".to_owned());
    read_regression(&path, None, None, request, progress)
}
