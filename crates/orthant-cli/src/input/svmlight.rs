//! The sparse text format of SVMlight and LIBSVM: `response index:value index:value … # comment`.

use super::open;
use super::regression::{
    Features, Regression, RegressionRequest, Response, ResponseKind, SparseColumns, check_length, classes,
};
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
use ndarray::Array1;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// One stored entry.
#[derive(Debug, Clone, Copy)]
struct Entry {
    row: usize,
    index: usize,
    value: f64,
}

/// Reads a file. A response in a file of its own replaces the first number of each line.
pub(super) fn read(
    path: &Path,
    response: Option<(String, Response)>,
    request: &RegressionRequest,
    progress: &Progress,
) -> Outcome<Regression> {
    let file = path.display().to_string();
    for (option, given) in [
        ("--response", request.response.is_some()),
        ("--weights", request.weights.is_some()),
        ("--group-by", request.table.group_by.is_some()),
    ] {
        if given {
            return Err(Failure::input(format!(
                "{option} names a column, and `{file}` (svmlight) has no named columns"
            )));
        }
    }
    let mut reader = BufReader::with_capacity(1 << 16, open(path)?);
    let mut entries: Vec<Entry> = Vec::new();
    let (mut numbers, mut labels) = (Vec::new(), Vec::new());
    let mut text = Vec::new();
    let (mut line, mut rows) = (0_u64, 0_usize);
    let mut seen: Vec<usize> = Vec::new();
    loop {
        text.clear();
        if reader.read_until(b'\n', &mut text).map_err(|error| Failure::read(path, &error))? == 0 {
            break;
        }
        line += 1;
        let at = |what: String| Failure::input(format!("`{file}`, row {line}: {what}"));
        let shown = std::str::from_utf8(&text).map_err(|_| at("not UTF-8 text".to_owned()))?;
        let content = shown.trim_start_matches('\u{feff}').split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        let mut words = content.split_whitespace();
        let label = words.next().unwrap_or_default();
        if label.contains(':') {
            return Err(at(format!("`{label}` stands where the response is expected")));
        }
        match request.kind {
            ResponseKind::Classes => labels.push(label.trim_start_matches('+').to_owned()),
            ResponseKind::Numbers => match label.parse::<f64>() {
                Ok(number) if number.is_finite() => numbers.push(number),
                _ => return Err(at(format!("the response `{label}` is not a finite number"))),
            },
        }
        seen.clear();
        for word in words {
            let Some((index, value)) = word.split_once(':') else {
                return Err(at(format!("`{word}` is no index:value pair")));
            };
            if index == "qid" {
                continue;
            }
            let Ok(index) = index.parse::<usize>() else {
                return Err(at(format!("`{index}` is no index of a feature")));
            };
            let value = match value.parse::<f64>() {
                Ok(value) if value.is_finite() => value,
                _ => return Err(at(format!("feature {index}: `{value}` is not a finite number"))),
            };
            seen.push(index);
            entries.push(Entry { row: rows, index, value });
        }
        seen.sort_unstable();
        if let Some(pair) = seen.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(at(format!("feature {} occurs twice", pair[0])));
        }
        rows += 1;
        if line.is_multiple_of(4096) {
            progress.rows(line);
            request.table.check_numbers(&file, 2 * entries.len())?;
        }
    }
    if rows == 0 {
        return Err(Failure::input(format!("`{file}` is empty")));
    }
    let from_zero = entries.iter().any(|entry| entry.index == 0);
    let base = usize::from(!from_zero);
    let count = entries.iter().map(|entry| entry.index + 1 - base).max().unwrap_or(0);
    if count == 0 {
        return Err(Failure::input(format!("`{file}` has no features")));
    }
    request.table.check_numbers(&file, count)?;
    let all: Vec<String> = (0..count).map(|index| format!("x{}", index + base)).collect();
    let kept = super::choose_columns(&file, &all, false, &super::Request { memory: 0, ..request.table.clone() })?;
    let features = columns(rows, count, base, &entries, &kept);
    let (response_name, response) = response.unwrap_or_else(|| {
        let response = match request.kind {
            ResponseKind::Numbers => Response::Numbers(Array1::from(numbers)),
            ResponseKind::Classes => classes(labels),
        };
        ("response".to_owned(), response)
    });
    check_length(&file, rows, 0, &response)?;
    Ok(Regression {
        source: file,
        names: kept.iter().map(|&index| all[index].clone()).collect(),
        features: Features::Sparse(features),
        response_name,
        response,
        weights: None,
        groups: None,
        dropped: 0,
    })
}

/// The stored entries of the kept columns; the entries come row after row.
fn columns(rows: usize, count: usize, base: usize, entries: &[Entry], kept: &[usize]) -> SparseColumns {
    let mut place = vec![usize::MAX; count];
    for (position, &index) in kept.iter().enumerate() {
        place[index] = position;
    }
    let used = || entries.iter().filter(|entry| place[entry.index - base] != usize::MAX && entry.value != 0.0);
    let mut starts = vec![0; kept.len() + 1];
    for entry in used() {
        starts[place[entry.index - base] + 1] += 1;
    }
    for j in 0..kept.len() {
        starts[j + 1] += starts[j];
    }
    let mut next = starts.clone();
    let (mut indices, mut values) = (vec![0; starts[kept.len()]], vec![0.0; starts[kept.len()]]);
    for entry in used() {
        let slot = &mut next[place[entry.index - base]];
        (indices[*slot], values[*slot]) = (entry.row, entry.value);
        *slot += 1;
    }
    SparseColumns { rows, starts, indices, values }
}

#[cfg(test)]
mod tests {
    use super::{Entry, columns};

    #[test]
    fn entries_are_gathered_by_column() {
        let entry = |row, index, value| Entry { row, index, value };
        let entries = [entry(0, 3, 1.0), entry(0, 1, 2.0), entry(1, 2, 3.0), entry(1, 1, 4.0), entry(2, 3, 0.0)];
        let x = columns(3, 3, 1, &entries, &[2, 0]);
        assert_eq!((x.starts, x.indices), (vec![0, 1, 3], vec![0, 0, 1]));
        assert_eq!(x.values, [1.0, 2.0, 4.0]);
    }
}
