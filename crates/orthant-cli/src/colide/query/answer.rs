//! An answer as a table for people and as JSON for programs.

use crate::output::Table;
use serde_json::{Map, Value};

/// One answer.
pub(super) struct Answer {
    /// The key in the JSON output; answers with the same key become a list.
    pub(super) key: &'static str,
    /// A line above the table.
    pub(super) heading: String,
    /// The table, empty when the heading says it all.
    pub(super) table: Option<Table>,
    /// The same for programs.
    pub(super) json: Value,
}

impl Answer {
    /// The text for people.
    pub(super) fn text(&self) -> String {
        let table = self.table.as_ref().map(Table::text).unwrap_or_default();
        format!("{}\n{table}", self.heading)
    }
}

/// All answers as one object.
pub(super) fn to_json(answers: Vec<Answer>) -> Map<String, Value> {
    let mut map = Map::new();
    for answer in answers {
        if answer.key == "adjustment" {
            if let Value::Array(list) = map.entry(answer.key).or_insert_with(|| Value::Array(Vec::new())) {
                list.push(answer.json);
            }
        } else {
            map.insert(answer.key.to_owned(), answer.json);
        }
    }
    map
}
