//! The problems that both sides solve.

use crate::Outcome;
use bcd::{LinearLoss, Penalty, Problem as Composite, lambda_max};
use core_optim::design::{CscMatrix, Dense, DesignMatrix};
use core_optim::prox::L1;
use core_tensor::random::{normal_array, permutation, rng};
use datasets::bcd::SparseColumns;
use ndarray::{Array1, Array2, Axis, ShapeBuilder, Slice};
use ndarray_npy::{read_npy, write_npy};
use orthant_benches::design::Design;
use serde_json::{Value, json};
use std::path::Path;

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Lasso,
    NonNegative,
    Logistic,
    /// Softmax loss with ½ ‖w‖².
    Multinomial,
    /// ½ Σ w (y_i - y_j)², some values given.
    Propagation,
    /// The same with all values in [-½, ½].
    Bounded,
}

const KINDS: [(Kind, &str); 6] = [
    (Kind::Lasso, "lasso"),
    (Kind::NonNegative, "non-negative"),
    (Kind::Logistic, "logistic"),
    (Kind::Multinomial, "multinomial"),
    (Kind::Propagation, "propagation"),
    (Kind::Bounded, "bounded"),
];

impl Kind {
    /// What a solution is measured by.
    pub(crate) fn measure(self) -> &'static str {
        match self {
            Self::Lasso | Self::NonNegative | Self::Logistic => "gap",
            Self::Multinomial => "gradient",
            Self::Propagation | Self::Bounded => "residual",
        }
    }

    fn word(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }
}

/// What the list says of a problem.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) kind: Kind,
    pub(crate) target: f64,
    pub(crate) level: f64,
    is_sparse: bool,
    rows: usize,
}

/// Writes data and the list of problems.
pub(crate) fn prepare(folder: &Path) -> Outcome<()> {
    let mut list: Vec<Value> = Vec::new();
    let mut add =
        |name: &str, title: &str, kind: Kind, target: f64, level: f64, data: Option<(&Design, &Array1<f64>)>| {
            let mut entry =
                json!({"name": name, "title": title, "task": kind.word(), "target": target, "level": level});
            if let Some((x, y)) = data {
                x.write(folder, name)?;
                write_npy(folder.join(format!("y-{name}.npy")), y)?;
                let (n, d) = x.dim();
                entry["sparse"] = x.is_sparse().into();
                entry["rows"] = n.into();
                entry["columns"] = d.into();
            }
            list.push(entry);
            Ok::<(), Box<dyn std::error::Error>>(())
        };
    let set = datasets::bcd::least_squares_a();
    let (x, y) = (sparse(&set.design)?, Array1::from(set.targets));
    let top = largest(&x, &y, Kind::Lasso)?;
    for ratio in [0.1, 0.01] {
        let title = format!("lasso, set A, sparse 1000 × 10000, {ratio} λmax");
        add(&format!("set-a-{ratio}"), &title, Kind::Lasso, 1e-6, ratio * top, Some((&x, &y)))?;
    }
    let set = datasets::bcd::logistic_b();
    let (x, y) = (sparse(&set.design)?, Array1::from(set.labels));
    let top = largest(&x, &y, Kind::Logistic)?;
    for ratio in [0.1, 0.01] {
        let title = format!("l1 logistic, set B, sparse 1000 × 10000, {ratio} λmax");
        add(&format!("set-b-{ratio}"), &title, Kind::Logistic, 1e-6, ratio * top, Some((&x, &y)))?;
    }
    let (x, y) = dictionary();
    let x = Design::Dense(x);
    let top = largest(&x, &y, Kind::Lasso)?;
    for ratio in [0.1, 0.01] {
        let title = format!("lasso, MNIST image 0 by 9999 others, {ratio} λmax");
        add(&format!("coding-{ratio}"), &title, Kind::Lasso, 1e-6, ratio * top, Some((&x, &y)))?;
    }
    let title = "non-negative lasso, the same, 0.05 λmax";
    add("coding-positive", title, Kind::NonNegative, 1e-6, 0.05 * top, Some((&x, &y)))?;
    let digits = datasets::digits();
    let labels = digits.label.iter().map(|&l| f64::from(l)).collect();
    let x = Design::Dense(digits.x.mapv(|v| v / 16.0));
    add(
        "digits",
        "multinomial with ridge 1, digits 1797 × 64, 10 classes",
        Kind::Multinomial,
        1e-6,
        1.0,
        Some((&x, &labels)),
    )?;
    let (edges, nodes, values) = lattice();
    write_npy(folder.join("edges.npy"), &edges)?;
    write_npy(folder.join("labelled.npy"), &nodes)?;
    write_npy(folder.join("values.npy"), &values)?;
    let title = "label propagation, 500 × 500 grid, 4 % labelled";
    add("grid", title, Kind::Propagation, 1e-8, 0.0, None)?;
    add("grid-bounded", &format!("{title}, values within ± 0.5"), Kind::Bounded, 1e-6, 0.5, None)?;
    Ok(std::fs::write(folder.join("problems.json"), Value::from(list).to_string())?)
}

/// λmax.
fn largest(x: &Design, y: &Array1<f64>, kind: Kind) -> Outcome<f64> {
    match x {
        Design::Dense(x) => largest_of(&Dense::new(x)?, y, kind),
        Design::Sparse(x) => largest_of(x, y, kind),
    }
}

fn largest_of<X: DesignMatrix<f64> + Sync>(x: &X, y: &Array1<f64>, kind: Kind) -> Outcome<f64> {
    let unit: Penalty<f64> = L1::new(1.0)?.into();
    let found = if kind == Kind::Logistic {
        lambda_max(&Composite::new(&LinearLoss::logistic(x, y)?, &unit)?)?
    } else {
        lambda_max(&Composite::new(&LinearLoss::least_squares(x, y)?, &unit)?)?
    };
    found.ok_or_else(|| "the penalty has no largest level".into())
}

fn sparse(x: &SparseColumns) -> Outcome<Design> {
    Ok(Design::Sparse(CscMatrix::new(x.rows, x.starts.clone(), x.indices.clone(), x.values.clone())?))
}

/// Image 0 and the others as columns.
fn dictionary() -> (Array2<f64>, Array1<f64>) {
    let pixels = datasets::mnist().x.mapv(|v| f64::from(v) / 255.0);
    let mut x = Array2::zeros((784, 9999).f());
    x.assign(&pixels.slice_axis(Axis(0), Slice::from(1..)).t());
    (x, pixels.row(0).to_owned())
}

/// Edges (pairs), labelled nodes, and their values from N(0, 1), of a grid.
fn lattice() -> (Array2<i64>, Array1<i64>, Array1<f64>) {
    const SIDE: usize = 500;
    let mut edges: Vec<i64> = Vec::new();
    for column in 0..SIDE {
        for row in 0..SIDE {
            let node = (column * SIDE + row) as i64;
            if row + 1 < SIDE {
                edges.extend([node, node + 1]);
            }
            if column + 1 < SIDE {
                edges.extend([node, node + SIDE as i64]);
            }
        }
    }
    let mut rng = rng(7);
    let count = SIDE * SIDE / 25;
    let nodes: Array1<i64> = permutation(&mut rng, SIDE * SIDE).into_iter().take(count).map(|v| v as i64).collect();
    let values: Array1<f64> = normal_array(&mut rng, count);
    let pairs = edges.len() / 2;
    let edges = Array2::from_shape_vec((pairs, 2), edges).unwrap_or_default();
    (edges, nodes, values)
}

/// The list of problems.
pub(crate) fn list(folder: &Path) -> Outcome<Vec<Entry>> {
    let value: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("problems.json"))?)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let entry = |value: &Value| Entry {
        name: text(&value["name"]),
        title: text(&value["title"]),
        kind: KINDS.iter().find(|(_, word)| value["task"] == *word).map_or(Kind::Lasso, |(kind, _)| *kind),
        target: number(&value["target"]),
        level: number(&value["level"]),
        is_sparse: value["sparse"].as_bool().unwrap_or(false),
        rows: value["rows"].as_u64().unwrap_or(0) as usize,
    };
    Ok(value.as_array().map(|list| list.iter().map(entry).collect()).unwrap_or_default())
}

impl Entry {
    /// Design and targets.
    pub(crate) fn data(&self, folder: &Path) -> Outcome<(Design, Array1<f64>)> {
        let x = Design::read(folder, &self.name, self.is_sparse, self.rows)?;
        Ok((x, read_npy(folder.join(format!("y-{}.npy", self.name)))?))
    }
}
