//! Both sides in one table per problem, and the targets.

use crate::Outcome;
use crate::problem::{Entry, list};
use serde_json::{Value, json};
use std::path::Path;

/// One method on one problem.
struct Row {
    problem: String,
    method: String,
    setting: String,
    seconds: f64,
    gap: f64,
}

const OURS: &str = "Orthant";

/// Compares all that was written to `folder` and writes the document `file`.
pub(crate) fn report(folder: &Path, file: &Path) -> Outcome<()> {
    let (problems, missing) = list(folder)?;
    let rows = rows(folder)?;
    let document = document(&problems, &rows, &missing);
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
                gap: number(&row["gap"]),
            }
        })
        .collect())
}

/// Seconds of Orthant, and the fastest peer that reached the target: (name, seconds).
fn best<'a>(entry: &Entry, rows: &'a [Row]) -> (f64, Option<(&'a str, f64)>) {
    let of_problem = || rows.iter().filter(|row| row.problem == entry.name);
    let ours = of_problem().find(|row| row.method == OURS).map_or(f64::NAN, |row| row.seconds);
    let there = of_problem().filter(|row| row.method != OURS && row.gap <= entry.target);
    let fastest = there.min_by(|a, b| a.seconds.total_cmp(&b.seconds));
    (ours, fastest.map(|row| (row.method.as_str(), row.seconds)))
}

fn table(entry: &Entry, rows: &[Row]) -> Value {
    let (ours, _) = best(entry, rows);
    let columns = ["method", "setting", "CPU seconds", "largest relative gap", "times Orthant's seconds", "reached"];
    let lines: Vec<[String; 6]> = rows
        .iter()
        .filter(|row| row.problem == entry.name)
        .map(|row| {
            [
                row.method.clone(),
                row.setting.clone(),
                format!("{:.5}", row.seconds),
                format!("{:.1e}", row.gap),
                format!("{:.2}", row.seconds / ours),
                (if row.gap <= entry.target { "yes" } else { "no" }).to_owned(),
            ]
        })
        .collect();
    json!({"title": format!("{}, gap {:e}", entry.title, entry.target), "columns": columns, "rows": lines})
}

fn claims(problems: &[Entry], rows: &[Row]) -> Vec<Value> {
    let claim = |entry: &Entry, factor: f64| {
        let (ours, fastest) = best(entry, rows);
        let reached = rows.iter().any(|row| row.problem == entry.name && row.method == OURS && row.gap <= entry.target);
        let (measured, held) = match fastest {
            Some((name, seconds)) => {
                (format!("{:.2} times ({ours:.5} s, {name} {seconds:.5} s)", seconds / ours), seconds >= factor * ours)
            }
            None => (format!("no peer reached the gap; Orthant {ours:.5} s"), ours.is_finite()),
        };
        let criterion = format!("at least {factor} times as fast as every peer at the same gap");
        json!({"claim": format!("{}, gap {:e}", entry.title, entry.target), "criterion": criterion,
            "measured": measured, "verdict": if held && reached { "held" } else { "not held" }})
    };
    problems.iter().map(|entry| claim(entry, if entry.name == "ar-0.01" { 2.0 } else { 1.0 })).collect()
}

fn document(problems: &[Entry], rows: &[Row], missing: &[String]) -> Value {
    let tables: Vec<Value> = problems.iter().map(|entry| table(entry, rows)).collect();
    let mut setting = "Every side runs on one thread; processor time is compared, the median of repeats where a fit is short. \
        The gap is computed by one function for all: the residual of the coefficients, rescaled to be dual feasible, relative \
        to the objective at w = 0; over a path, the largest. Every side's tolerance is lowered until this gap reaches the target, \
        and its time is that of the last call; a side that is far behind is not asked for more. Paths have 100 levels from λmax to λmax/100 on centred columns of variance 1; \
        there is no intercept."
        .to_owned();
    for reason in missing {
        setting = format!("{setting} {reason}.");
    }
    json!({
        "benchmark": "sparse-linreg",
        "title": "Sparse linear models against scikit-learn, celer, skglm, adelie, liblinear and glmnet",
        "setting": setting,
        "claims": claims(problems, rows),
        "tables": tables,
    })
}
