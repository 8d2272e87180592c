//! Reading series.

use super::arguments::{DataName, SeriesArguments};
use super::calendar::{Stamp, Step};
use crate::failure::{Failure, Outcome};
use crate::input::{Request, find_name, read_records, split_list};
use ndarray::{Array2, Axis};
use orthant::datasets;
use serde::Serialize;

/// The series of a file.
pub(crate) struct Series {
    /// The file, as the user named it.
    pub(crate) source: String,
    pub(crate) names: Vec<String>,
    /// Rows × series, after the policy for missing values.
    pub(crate) values: Array2<f64>,
    /// Time stamps and their step.
    clock: Option<(Vec<Stamp>, Step)>,
    /// Rows that were not in the file although their time was.
    pub(crate) absent: usize,
    /// Values that were missing.
    pub(crate) missing: usize,
    /// Rows of a season, as given or as such steps usually have.
    pub(crate) period: Option<usize>,
}

/// The series in `*.json`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SeriesRecord {
    file: String,
    rows: usize,
    series: Vec<String>,
    step: Option<String>,
    first: Option<String>,
    last: Option<String>,
    absent_rows: usize,
    missing_values: usize,
}

impl Series {
    /// Reads what is asked for.
    pub(crate) fn read(arguments: &SeriesArguments) -> Outcome<Self> {
        let (source, names, times, lines, values) = match (arguments.dataset, &arguments.file) {
            (Some(name), _) => {
                let (source, series) = match name {
                    DataName::Etth1 => ("etth1", datasets::etth1()),
                    DataName::Ili => ("ili", datasets::illness()),
                    DataName::Co2Weekly => ("co2-weekly", datasets::co2_weekly()),
                    DataName::Unemployment => ("unemployment", datasets::unemployment()),
                };
                let lines = (0..series.times.len() as u64).map(|i| i + 2).collect();
                (source.to_owned(), series.names, Some(series.times), lines, series.values)
            }
            (None, Some(path)) => table(path, arguments)?,
            (None, None) => return Err(Failure::input("a file is needed, or --dataset with the name of a series")),
        };
        let mut series = Self { source, names, values, clock: None, absent: 0, missing: 0, period: arguments.period };
        if let Some(wanted) = &arguments.columns {
            let wanted = split_list("--columns", wanted)?;
            let columns = wanted.iter().map(|name| find_name("--columns", name, &series.names));
            let columns: Vec<usize> = columns.collect::<Outcome<_>>()?;
            series.values = series.values.select(Axis(1), &columns);
            series.names = columns.iter().map(|&c| series.names[c].clone()).collect();
        }
        if let Some(times) = times {
            series.set_clock(&times, &lines)?;
        }
        series.missing = series.values.iter().filter(|v| v.is_nan()).count();
        let policy = arguments.policy()?;
        series.values = policy.apply(&series.values).map_err(|error| series.gap(error))?;
        if series.values.nrows() == 0 {
            return Err(Failure::input(format!("`{}` has no rows", series.source)));
        }
        Ok(series)
    }

    fn gap(&self, error: orthant::olinear::Error) -> Failure {
        match error {
            orthant::olinear::Error::Missing { row, channel } => Failure::input(format!(
                "`{}`, {}, `{}`: the value is missing ({} are in all); fill it, or choose with --missing keep, forward, line or \
                 seasonal what is done about it",
                self.source,
                self.time(row as i64),
                self.names[channel],
                self.missing
            )),
            other => Failure::input(format!("`{}`: {other}", self.source)),
        }
    }

    /// Checks time stamps, and puts rows of missing values where some are absent.
    fn set_clock(&mut self, times: &[String], lines: &[u64]) -> Outcome<()> {
        let place = |row: usize| format!("`{}`, line {}", self.source, lines[row]);
        let mut stamps = Vec::with_capacity(times.len());
        for (row, text) in times.iter().enumerate() {
            let stamp = Stamp::parse(text).ok_or_else(|| {
                let want = "write 2016-07-01 or 2016-07-01 13:00:00";
                Failure::input(format!("{}: `{text}` is no time stamp; {want}", place(row)))
            })?;
            stamps.push(stamp);
        }
        let Some(step) = Step::of(&stamps) else {
            return match stamps.len() {
                0 | 1 => Ok(()),
                _ => Err(Failure::input(format!("`{}`: the time stamps do not advance", self.source))),
            };
        };
        let mut positions = Vec::with_capacity(stamps.len());
        let mut position = 0;
        for row in 0..stamps.len() {
            if row > 0 {
                let (from, to) = (stamps[row - 1], stamps[row]);
                match step.between(from, to) {
                    Some(count @ 1..=1_000_000) => position += count as usize,
                    _ => {
                        let (from, to) = (from.text(), to.text());
                        return Err(Failure::input(format!(
                            "{}: {to} follows {from}, but the step of this file is one {}; sort the rows, and make the steps even",
                            place(row),
                            step.words()
                        )));
                    }
                }
            }
            positions.push(position);
        }
        let length = position + 1;
        self.absent = length - stamps.len();
        if self.absent > 0 {
            let mut values = Array2::from_elem((length, self.values.ncols()), f64::NAN);
            for (row, &position) in positions.iter().enumerate() {
                values.row_mut(position).assign(&self.values.row(row));
            }
            self.values = values;
            stamps = (0..length as i64).map(|i| stamps[0].after(step, i)).collect();
        }
        self.period = self.period.or(step.season());
        self.clock = Some((stamps, step));
        Ok(())
    }

    /// What to call a row, also one after the last: its time, or its number.
    pub(crate) fn time(&self, row: i64) -> String {
        match &self.clock {
            None => format!("row {}", row + 1),
            Some((stamps, step)) => match usize::try_from(row).ok().and_then(|row| stamps.get(row)) {
                Some(stamp) => stamp.text(),
                None => stamps
                    .last()
                    .map_or_else(String::new, |last| last.after(*step, row - (stamps.len() as i64 - 1)).text()),
            },
        }
    }

    pub(crate) fn record(&self) -> SeriesRecord {
        let rows = self.values.nrows();
        let clock = self.clock.as_ref();
        SeriesRecord {
            file: self.source.clone(),
            rows,
            series: self.names.clone(),
            step: clock.map(|(_, step)| step.words()),
            first: clock.map(|_| self.time(0)),
            last: clock.map(|_| self.time(rows as i64 - 1)),
            absent_rows: self.absent,
            missing_values: self.missing,
        }
    }

    /// One line about the series.
    pub(crate) fn words(&self) -> String {
        let (rows, channels) = self.values.dim();
        let series = if channels == 1 { "1 series".to_owned() } else { format!("{channels} series") };
        let clock = match &self.clock {
            Some((_, step)) => {
                format!(", a row per {}, {} to {}", step.words(), self.time(0), self.time(rows as i64 - 1))
            }
            None => ", no time stamps".to_owned(),
        };
        let mut text = format!("{}: {rows} rows of {series}{clock}", self.source);
        if self.absent > 0 {
            text += &format!("; {} rows are absent", self.absent);
        }
        if self.missing > 0 {
            text += &format!("; {} values are missing", self.missing);
        }
        text
    }
}

type Table = (String, Vec<String>, Option<Vec<String>>, Vec<u64>, Array2<f64>);

fn table(path: &std::path::Path, arguments: &SeriesArguments) -> Outcome<Table> {
    let source = path.display().to_string();
    let (names, records) = read_records(path, &Request::default())?;
    let width = records.first().map_or(0, |(_, cells)| cells.len());
    let names = names.unwrap_or_else(|| (0..width).map(|i| format!("series {i}")).collect());
    let is_time = |column: usize| {
        records.iter().take(3).all(|(_, cells)| cells.get(column).is_some_and(|text| Stamp::parse(text).is_some()))
    };
    let time = match &arguments.time {
        Some(name) => Some(find_name("--time", name, &names)?),
        None => (width > 0 && !records.is_empty() && is_time(0)).then_some(0),
    };
    let columns: Vec<usize> = (0..names.len()).filter(|&c| Some(c) != time).collect();
    let mut values = Array2::zeros((records.len(), columns.len()));
    for ((line, cells), mut out) in records.iter().zip(values.outer_iter_mut()) {
        for (&column, out) in columns.iter().zip(&mut out) {
            let text = cells.get(column).map_or("", String::as_str);
            *out = match crate::input::parse_cell(text) {
                Some(value) => value,
                None => {
                    let place = format!("`{source}`, row {line}, column {} (`{}`)", column + 1, names[column]);
                    return Err(Failure::input(format!(
                        "{place}: `{text}` is not a number; leave the column out with --columns"
                    )));
                }
            };
        }
    }
    let times = time.map(|time| records.iter().map(|(_, cells)| cells[time].clone()).collect());
    let lines = records.iter().map(|(line, _)| *line).collect();
    let names = columns.iter().map(|&c| names[c].clone()).collect();
    Ok((source, names, times, lines, values))
}
