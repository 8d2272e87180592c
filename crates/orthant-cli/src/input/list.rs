//! Lists given as options.

use crate::failure::{Failure, Outcome};

/// Splits `a,b,c`; a name with a comma stands in double quotes. Blanks around names are dropped.
pub(crate) fn split_list(option: &str, text: &str) -> Outcome<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let record = reader.records().next().transpose().ok().flatten();
    let names: Vec<String> = record.map(|r| r.iter().map(str::to_owned).collect()).unwrap_or_default();
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err(Failure::input(format!("{option} `{text}` has an empty name; write {option} a,b,c")));
    }
    Ok(names)
}
