//! One table per problem for both sides of a comparison, and whether the targets were met.

use crate::Outcome;
use serde_json::{Value, json};
use std::path::Path;

/// A problem of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name in the files.
    pub name: String,
    /// The name on the page.
    pub title: String,
    /// What the measure of a solution must reach.
    pub target: f64,
    /// How many times as fast as every peer we want to be.
    pub factor: f64,
    /// Whose time counts.
    pub rivals: Rivals,
    /// What is measured of a solution.
    pub measure: String,
}

/// The peers that we are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rivals {
    /// Those that reach the target.
    AtTarget,
    /// All of them: who falls short of the target for being fast is still to be beaten.
    All,
}

/// What stands above the tables.
#[derive(Debug, Clone, Copy)]
pub struct Heading<'a> {
    /// The name of the comparison.
    pub benchmark: &'a str,
    /// Its title.
    pub title: &'a str,
    /// How it was done, in sentences.
    pub setting: &'a str,
}

/// One method on one problem.
struct Row {
    problem: String,
    method: String,
    setting: String,
    seconds: f64,
    measure: f64,
}

const OURS: &str = "Orthant";

/// Compares `orthant.json` (a list of `problem`, `setting`, `seconds`) and `peers.json` (the same with `method` and `gap`, the measure,
/// also of our solutions) in `folder`, and writes the document `file`. `missing` says what was left out.
///
/// # Errors
/// Files that cannot be read or written.
pub fn report(folder: &Path, file: &Path, heading: Heading<'_>, entries: &[Entry], missing: &[String]) -> Outcome<()> {
    let rows = rows(folder)?;
    let mut setting = heading.setting.to_owned();
    for reason in missing {
        setting = format!("{setting} {reason}.");
    }
    let document = json!({
        "benchmark": heading.benchmark,
        "title": heading.title,
        "setting": setting,
        "claims": claims(entries, &rows),
        "tables": entries.iter().map(|entry| table(entry, &rows)).collect::<Vec<_>>(),
    });
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    Ok(std::fs::write(file, serde_json::to_string_pretty(&document)? + "\n")?)
}

fn rows(folder: &Path) -> Outcome<Vec<Row>> {
    let read = |name: &str| -> Outcome<Vec<Value>> {
        let value: Value = serde_json::from_str(&std::fs::read_to_string(folder.join(name))?)?;
        Ok(value.as_array().cloned().unwrap_or_default())
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let (ours, all) = (read("orthant.json")?, read("peers.json")?);
    Ok(all
        .iter()
        .map(|row| {
            let mine = ours.iter().find(|mine| mine["problem"] == row["problem"] && row["method"] == OURS);
            Row {
                problem: text(&row["problem"]),
                method: text(&row["method"]),
                setting: text(&mine.unwrap_or(row)["setting"]),
                seconds: number(&mine.unwrap_or(row)["seconds"]),
                measure: number(&row["gap"]),
            }
        })
        .collect())
}

/// Seconds of Orthant, and the fastest peer that reached the target: (name, seconds).
fn best<'a>(entry: &Entry, rows: &'a [Row]) -> (f64, Option<(&'a str, f64)>) {
    let of_problem = || rows.iter().filter(|row| row.problem == entry.name);
    let ours = of_problem().find(|row| row.method == OURS).map_or(f64::NAN, |row| row.seconds);
    let counts = |row: &Row| entry.rivals == Rivals::All || row.measure <= entry.target;
    let there = of_problem().filter(|row| row.method != OURS && counts(row));
    let fastest = there.min_by(|a, b| a.seconds.total_cmp(&b.seconds));
    (ours, fastest.map(|row| (row.method.as_str(), row.seconds)))
}

fn table(entry: &Entry, rows: &[Row]) -> Value {
    let (ours, _) = best(entry, rows);
    let columns = ["method", "setting", "CPU seconds", &entry.measure, "times Orthant's seconds", "reached"];
    let lines: Vec<[String; 6]> = rows
        .iter()
        .filter(|row| row.problem == entry.name)
        .map(|row| {
            [
                row.method.clone(),
                row.setting.clone(),
                format!("{:.5}", row.seconds),
                format!("{:.1e}", row.measure),
                format!("{:.2}", row.seconds / ours),
                (if row.measure <= entry.target { "yes" } else { "no" }).to_owned(),
            ]
        })
        .collect();
    json!({"title": format!("{}, {:e}", entry.title, entry.target), "columns": columns, "rows": lines})
}

fn claims(entries: &[Entry], rows: &[Row]) -> Vec<Value> {
    let claim = |entry: &Entry| {
        let (ours, fastest) = best(entry, rows);
        let reached =
            rows.iter().any(|row| row.problem == entry.name && row.method == OURS && row.measure <= entry.target);
        let (measured, held) = match fastest {
            Some((name, seconds)) => (
                format!("{:.2} times ({ours:.5} s, {name} {seconds:.5} s)", seconds / ours),
                seconds >= entry.factor * ours,
            ),
            None => (format!("no peer reached the target; Orthant {ours:.5} s"), ours.is_finite()),
        };
        let rivals = match entry.rivals {
            Rivals::AtTarget => "every peer at the same target",
            Rivals::All => "every peer, at the target",
        };
        let criterion = format!("at least {} times as fast as {rivals}", entry.factor);
        json!({"claim": format!("{}, {:e}", entry.title, entry.target), "criterion": criterion,
            "measured": measured, "verdict": if held && reached { "held" } else { "not held" }})
    };
    entries.iter().map(claim).collect()
}
