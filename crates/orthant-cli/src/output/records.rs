//! Records as CSV, documents as JSON.

use crate::failure::{Failure, Outcome};
use serde::Serialize;

/// A row for each record, with the names of the fields as header.
pub(crate) fn records_csv<R: Serialize>(records: &[R]) -> Outcome<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.serialize(record).map_err(|error| Failure::Internal(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| Failure::Internal(error.to_string()))
}

/// The text of a JSON file.
pub(crate) fn document_json(document: &impl Serialize) -> Outcome<String> {
    let text = serde_json::to_string_pretty(document).map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(text + "\n")
}
