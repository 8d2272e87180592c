//! The measured results: JSON files in `docs/results/`, from which the pages beside them are generated.

use crate::machine;
use crate::process::{Outcome, root};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The folder of results.
pub(crate) fn folder() -> PathBuf {
    root().join("docs/results")
}

/// The documents of one kind (`experiment`, `benchmark` or `kernels`: the key that names each), by their `place` and name.
pub(crate) fn of_kind(folder: &Path, kind: &str) -> Outcome<Vec<Value>> {
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let document: Value = serde_json::from_str(&std::fs::read_to_string(&path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            if document[kind].is_string() {
                documents.push(document);
            }
        }
    }
    documents.sort_by_key(|document| (document["place"].as_u64(), document[kind].as_str().map(str::to_owned)));
    Ok(documents)
}

/// Adds the machine, and its load before and after the measurement, to a file that was just measured.
pub(crate) fn stamp(path: &Path, load_before: Option<f64>) -> Outcome<()> {
    let mut document: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    document["machine"] = machine::describe()?;
    document["load"] = json!([load_before, machine::load()]);
    write(path, &format!("{}\n", serde_json::to_string_pretty(&document)?))
}

/// Writes a file under a temporary name and renames it.
pub(crate) fn write(path: &Path, text: &str) -> Outcome<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension("part");
    std::fs::write(&temporary, text)?;
    Ok(std::fs::rename(&temporary, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_sorted_and_kinds_kept_apart() {
        let folder = std::env::temp_dir().join(format!("orthant-documents-{}", std::process::id()));
        for (file, text) in [
            ("b.json", r#"{"experiment": "b", "place": 1}"#),
            ("a.json", r#"{"experiment": "a", "place": 2}"#),
            ("c.json", r#"{"benchmark": "c"}"#),
            ("d.md", "no JSON"),
        ] {
            write(&folder.join(file), text).unwrap();
        }
        let names: Vec<Value> =
            of_kind(&folder, "experiment").unwrap().iter().map(|document| document["experiment"].clone()).collect();
        assert_eq!(names, ["b", "a"]);
        write(&folder.join("e.json"), "{").unwrap();
        assert!(of_kind(&folder, "benchmark").unwrap_err().to_string().contains("e.json"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
