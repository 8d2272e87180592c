//! The problems that both sides solve.

use crate::{Outcome, note};
use core_optim::design::{CscMatrix, Dense, DesignMatrix};
use core_optim::working_set::{Options, SparsePenalty, WorkingSet};
use core_tensor::random::{normal_array, permutation, rng, uniform_array};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, ShapeBuilder};
use ndarray_npy::{read_npy, write_npy};
use orthant_benches::design::Design;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Lasso,
    Logistic,
    /// Least squares on the best columns; the levels are the sizes.
    Subset,
}

/// One data set with its levels and the relative duality gap to reach at each of them.
pub(crate) struct Problem {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) task: Task,
    pub(crate) target: f64,
    pub(crate) design: Design,
    pub(crate) y: Array1<f64>,
    pub(crate) levels: Array1<f64>,
}

/// What the list of problems says of one.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) target: f64,
    pub(crate) task: Task,
    sparse: bool,
    rows: usize,
}

const MISSING: &str = "missing.json";
/// The words for the tasks in the list of problems.
const TASKS: [(Task, &str); 3] = [(Task::Lasso, "lasso"), (Task::Logistic, "logistic"), (Task::Subset, "subset")];

/// Writes data, levels and the list of the problems whose names begin with `prefix`.
pub(crate) fn prepare(folder: &Path, prefix: &str) -> Outcome<()> {
    let mut list: Vec<Value> = Vec::new();
    let mut missing: Vec<Value> = Vec::new();
    let mut add = |problem: Problem| -> Outcome<()> {
        if problem.name.starts_with(prefix) {
            list.push(problem.write(folder)?);
        }
        Ok(())
    };
    let (x, y) = autoregressive();
    for ratio in [0.1, 0.01] {
        let title = format!("Lasso, AR(0.5) 500 × 5000, {ratio} λmax");
        add(lasso(&format!("ar-{ratio}"), title, Design::Dense(x.clone()), y.clone(), Some(ratio))?)?;
    }
    let (x, y) = standardised(&x, &y);
    add(subset("ar", "AR(0.5) 500 × 5000, 10 of 5000 columns", sparse_response(&x)))?;
    add(lasso("ar-path", "Lasso path, AR(0.5) 500 × 5000".into(), Design::Dense(x), y, None)?)?;
    let (x, y) = gaussian();
    add(lasso("gaussian-path", "Lasso path, gaussian 5000 × 200".into(), Design::Dense(x), y, None)?)?;
    for name in ["trim32", "riboflavin"] {
        match table(name)? {
            Some((x, y)) => {
                if name == "trim32" {
                    let title = format!("{name} {} × {}", x.nrows(), x.ncols());
                    add(subset(name, &title, (x.clone(), y.clone())))?;
                }
                let title = format!("Lasso path, {name} {} × {}", x.nrows(), x.ncols());
                add(lasso(&format!("{name}-path"), title, Design::Dense(x), y, None)?)?;
            }
            None => {
                let reason =
                    format!("{name}: left out, because ORTHANT_DATA names no folder that holds {name}/{name}.csv");
                note(&reason);
                missing.push(reason.into());
            }
        }
    }
    let (x, y) = sparse_gaussian();
    for ratio in [0.1, 0.01] {
        let title = format!("Lasso, sparse 2000 × 10000 (1 %), {ratio} λmax");
        add(lasso(&format!("sparse-{ratio}"), title, Design::Sparse(x.clone()), y.clone(), Some(ratio))?)?;
    }
    let (x, y) = fours_and_nines();
    for target in [1e-3, 1e-6, 1e-8] {
        let title = format!("l1 logistic, MNIST 4 against 9, {} × {}, 0.01 λmax", x.nrows(), x.ncols());
        let design = Design::Dense(x.clone());
        add(logistic(&format!("mnist-{target:e}"), title, design, y.clone(), 0.01, target)?)?;
    }
    let (x, y) = separable();
    for (ratio, target) in [(0.1, 1e-6), (0.01, 1e-3), (0.01, 1e-6)] {
        let title = format!("l1 logistic, sparse 1000 × 10000 (7 %), separable, {ratio} λmax");
        let design = Design::Sparse(x.clone());
        add(logistic(&format!("separable-{ratio}-{target:e}"), title, design, y.clone(), ratio, target)?)?;
    }
    std::fs::write(folder.join(MISSING), Value::from(missing).to_string())?;
    Ok(std::fs::write(folder.join("problems.json"), Value::from(list).to_string())?)
}

fn lasso(name: &str, title: String, design: Design, y: Array1<f64>, ratio: Option<f64>) -> Outcome<Problem> {
    let top = match &design {
        Design::Dense(x) => largest(&Dense::new(x)?, &y, Task::Lasso)?,
        Design::Sparse(x) => largest(x, &y, Task::Lasso)?,
    };
    let levels = match ratio {
        Some(ratio) => Array1::from_elem(1, ratio * top),
        // λmax · 10^(-2t/99).
        None => Array1::from_shape_fn(100, |t| top * 10.0_f64.powf(-2.0 * t as f64 / 99.0)),
    };
    Ok(Problem { name: name.to_owned(), title, task: Task::Lasso, target: 1e-6, design, y, levels })
}

/// Sizes 0 to 20.
fn subset(name: &str, title: &str, (x, y): (Array2<f64>, Array1<f64>)) -> Problem {
    Problem {
        name: format!("subset-{name}"),
        title: format!("best subsets of 0 to 20 columns, {title}"),
        task: Task::Subset,
        target: 1e-6,
        design: Design::Dense(x),
        y,
        levels: (0..=20).map(f64::from).collect(),
    }
}

fn logistic(name: &str, title: String, design: Design, y: Array1<f64>, ratio: f64, target: f64) -> Outcome<Problem> {
    let top = match &design {
        Design::Dense(x) => largest(&Dense::new(x)?, &y, Task::Logistic)?,
        Design::Sparse(x) => largest(x, &y, Task::Logistic)?,
    };
    let levels = Array1::from_elem(1, ratio * top);
    Ok(Problem { name: name.to_owned(), title, task: Task::Logistic, target, design, y, levels })
}

fn largest<X: DesignMatrix<f64>>(x: &X, y: &ArrayRef1<f64>, task: Task) -> Outcome<f64> {
    let (solver, penalty, options) = (WorkingSet::new(), SparsePenalty::lasso(1.0)?, Options::default());
    Ok(match task {
        Task::Lasso => solver.squared_largest_level(x, y, &penalty, &options)?,
        Task::Logistic => solver.logistic_largest_level(x, y, &penalty, &options)?,
        Task::Subset => return Err("best subsets have no levels".into()),
    })
}

/// AR(1) columns of correlation 0.5, 50 weights from N(0, 1), noise of a third of the signal's norm.
fn autoregressive() -> (Array2<f64>, Array1<f64>) {
    let mut rng = rng(1);
    let mut x: Array2<f64> = normal_array(&mut rng, (500, 5000).f());
    for j in 1..5000 {
        for i in 0..500 {
            x[[i, j]] = 0.5 * x[[i, j - 1]] + 0.75_f64.sqrt() * x[[i, j]];
        }
    }
    let mut w = Array1::zeros(5000);
    let weights: Array1<f64> = normal_array(&mut rng, 50);
    for (&j, &weight) in permutation(&mut rng, 5000).iter().zip(&weights) {
        w[j] = weight;
    }
    let signal = x.dot(&w);
    let noise: Array1<f64> = normal_array(&mut rng, 500);
    let size = (signal.dot(&signal) / noise.dot(&noise)).sqrt() / 3.0;
    (x, signal + noise * size)
}

/// Ten weights of ±1 on columns far from one another, noise of a third of the signal's norm; everything standardised.
fn sparse_response(x: &Array2<f64>) -> (Array2<f64>, Array1<f64>) {
    let mut rng = rng(5);
    let mut signal = Array1::<f64>::zeros(x.nrows());
    for (at, &j) in permutation(&mut rng, x.ncols()).iter().take(10).enumerate() {
        signal.scaled_add(if at % 2 == 0 { 1.0 } else { -1.0 }, &x.column(j));
    }
    let noise: Array1<f64> = normal_array(&mut rng, x.nrows());
    let size = (signal.dot(&signal) / noise.dot(&noise)).sqrt() / 3.0;
    standardised(x, &(signal + noise * size))
}

fn gaussian() -> (Array2<f64>, Array1<f64>) {
    let mut rng = rng(2);
    let x: Array2<f64> = normal_array(&mut rng, (5000, 200).f());
    let mut w: Array1<f64> = normal_array(&mut rng, 200);
    w.iter_mut().skip(20).for_each(|w| *w = 0.0);
    let signal = x.dot(&w);
    let noise: Array1<f64> = normal_array(&mut rng, 5000);
    let size = (signal.dot(&signal) / noise.dot(&noise)).sqrt() / 3.0;
    standardised(&x, &(signal + noise * size))
}

fn sparse_gaussian() -> (CscMatrix<f64>, Array1<f64>) {
    let mut rng = rng(3);
    let (n, d) = (2000, 10_000);
    let values: Array2<f64> = normal_array(&mut rng, (n, d).f());
    let kept: Array2<f64> = uniform_array(&mut rng, (n, d).f());
    let x = ndarray::Zip::from(&values).and(&kept).map_collect(|&v, &u| if u < 0.01 { v } else { 0.0 });
    let mut w = Array1::zeros(d);
    let weights: Array1<f64> = normal_array(&mut rng, 50);
    for (&j, &weight) in permutation(&mut rng, d).iter().zip(&weights) {
        w[j] = weight;
    }
    let signal = x.dot(&w);
    let noise: Array1<f64> = normal_array(&mut rng, n);
    let size = (signal.dot(&signal) / noise.dot(&noise)).sqrt() / 3.0;
    (sparse(&x), signal + noise * size)
}

/// The recipe of set B of the block coordinate descent paper: skewed columns of very different scales, 10 % wrong labels.
fn separable() -> (CscMatrix<f64>, Array1<f64>) {
    let mut rng = rng(4);
    let (n, d) = (1000, 10_000);
    let scales: Array1<f64> = normal_array(&mut rng, d);
    let values: Array2<f64> = normal_array(&mut rng, (n, d).f());
    let kept: Array2<f64> = uniform_array(&mut rng, (n, d).f());
    let share = 10.0 * (n as f64).ln() / n as f64;
    let mut x = ndarray::Zip::from(&values).and(&kept).map_collect(|&v, &u| if u < share { v + 1.0 } else { 0.0 });
    for (mut column, &scale) in x.columns_mut().into_iter().zip(&scales) {
        column.mapv_inplace(|v| 10.0 * scale * v);
    }
    let mut w: Array1<f64> = normal_array(&mut rng, d);
    let some: Array1<f64> = uniform_array(&mut rng, d);
    w.zip_mut_with(&some, |w, &u| *w = if u < 0.1 { *w } else { 0.0 });
    let flips: Array1<f64> = uniform_array(&mut rng, n);
    let y = ndarray::Zip::from(&x.dot(&w)).and(&flips).map_collect(|z, u| z.signum() * (u - 0.1).signum());
    (sparse(&x), y)
}

fn sparse(x: &ArrayRef2<f64>) -> CscMatrix<f64> {
    CscMatrix::from_dense(x).expect("generated entries are finite")
}

/// Columns that are not constant, grey values in [0, 1].
fn fours_and_nines() -> (Array2<f64>, Array1<f64>) {
    let mnist = datasets::mnist();
    let rows: Vec<usize> = (0..mnist.label.len()).filter(|&i| matches!(mnist.label[i], 4 | 9)).collect();
    let images = mnist.x.select(Axis(0), &rows).mapv(|v| f64::from(v) / 255.0);
    let varied: Vec<usize> =
        (0..images.ncols()).filter(|&j| images.column(j).iter().any(|&v| v != images[[0, j]])).collect();
    let mut x = Array2::zeros((rows.len(), varied.len()).f());
    x.assign(&images.select(Axis(1), &varied));
    (x, rows.iter().map(|&i| if mnist.label[i] == 9 { 1.0 } else { -1.0 }).collect())
}

/// A table with the response in its first column.
fn table(name: &str) -> Outcome<Option<(Array2<f64>, Array1<f64>)>> {
    let Some(folder) = std::env::var_os("ORTHANT_DATA") else { return Ok(None) };
    let file = PathBuf::from(folder).join(name).join(format!("{name}.csv"));
    if !file.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(file)?;
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|field| field.trim().parse::<f64>()).collect::<Result<_, _>>())
        .collect::<Result<_, _>>()?;
    let columns = rows.first().map_or(0, Vec::len);
    let all = Array2::from_shape_vec((rows.len(), columns), rows.concat())?;
    let x = all.slice_axis(Axis(1), (1..).into()).to_owned();
    Ok(Some(standardised(&x, &all.column(0))))
}

/// Centred columns of variance 1, in Fortran order; y likewise.
fn standardised(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>) -> (Array2<f64>, Array1<f64>) {
    let one = |v: &ArrayRef1<f64>| {
        let mean = v.mean().unwrap_or(0.0);
        let centred = v.mapv(|v| v - mean);
        let spread = (centred.dot(&centred) / v.len() as f64).sqrt();
        if spread > 0.0 { centred / spread } else { centred }
    };
    let mut out = Array2::zeros(x.raw_dim().f());
    for (from, mut to) in x.columns().into_iter().zip(out.columns_mut()) {
        to.assign(&one(&from));
    }
    (out, one(y))
}

impl Problem {
    fn write(&self, folder: &Path) -> Outcome<Value> {
        let Self { name, title, task, target, y, levels, .. } = self;
        write_npy(folder.join(format!("y-{name}.npy")), y)?;
        write_npy(folder.join(format!("levels-{name}.npy")), levels)?;
        self.design.write(folder, name)?;
        let (sparse, (n, d)) = (self.design.is_sparse(), self.design.dim());
        let task = TASKS.iter().find(|(of, _)| of == task).map_or("", |(_, word)| *word);
        Ok(
            json!({"name": name, "title": title, "task": task, "target": target, "sparse": sparse, "rows": n, "columns": d}),
        )
    }
}

/// The list of problems, and what was left out.
pub(crate) fn list(folder: &Path) -> Outcome<(Vec<Entry>, Vec<String>)> {
    let read = |name: &str| -> Outcome<Vec<Value>> {
        let value: Value = serde_json::from_str(&std::fs::read_to_string(folder.join(name))?)?;
        Ok(value.as_array().cloned().unwrap_or_default())
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let problems = read("problems.json")?;
    let entries = problems.iter().map(|value| Entry {
        name: text(&value["name"]),
        title: text(&value["title"]),
        target: value["target"].as_f64().unwrap_or(f64::NAN),
        task: TASKS.iter().find(|(_, word)| value["task"] == *word).map_or(Task::Lasso, |(task, _)| *task),
        sparse: value["sparse"].as_bool().unwrap_or(false),
        rows: value["rows"].as_u64().unwrap_or(0) as usize,
    });
    Ok((entries.collect(), read(MISSING)?.iter().map(text).collect()))
}

impl Entry {
    /// Reads the problem back.
    pub(crate) fn read(&self, folder: &Path) -> Outcome<Problem> {
        let Self { name, title, target, task, sparse, rows } = self;
        let design = Design::read(folder, name, *sparse, *rows)?;
        Ok(Problem {
            name: name.clone(),
            title: title.clone(),
            task: *task,
            target: *target,
            design,
            y: read_npy(folder.join(format!("y-{name}.npy")))?,
            levels: read_npy(folder.join(format!("levels-{name}.npy")))?,
        })
    }
}
