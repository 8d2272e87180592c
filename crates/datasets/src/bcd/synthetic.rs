//! Sets A, B and C.

use super::SparseColumns;
use crate::mersenne::MersenneTwister;
use ndarray::Array2;

/// Set A.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Regression {
    /// A (1000 × 10000).
    pub design: SparseColumns,
    /// y (1000).
    pub targets: Vec<f64>,
}

/// Set B.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Classification {
    /// A (1000 × 10000).
    pub design: SparseColumns,
    /// y (1000), -1 or 1.
    pub labels: Vec<f64>,
}

/// Set C.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MultiClass {
    /// A (1000 × 1000).
    pub design: SparseColumns,
    /// The class of each row, 0..50.
    pub labels: Vec<usize>,
    /// 50.
    pub classes: usize,
}

/// Entries N(1, 1) times a factor 10 N(0, 1) per column, each kept with probability 10 ln(n)/n.
fn design(random: &mut MersenneTwister, n: usize, p: usize) -> SparseColumns {
    let mut dense = Array2::from_shape_simple_fn((n, p), || random.normal() + 1.0);
    for mut column in dense.columns_mut() {
        let factor = 10.0 * random.normal();
        column.mapv_inplace(|v| v * factor);
    }
    let share = 10.0 * (n as f64).ln() / n as f64;
    let keep = Array2::from_shape_simple_fn((n, p), || random.uniform() < share);
    SparseColumns::kept(&dense, &keep)
}

/// A design and weights of which a tenth is not zero.
fn sparse_model(random: &mut MersenneTwister) -> (SparseColumns, Vec<f64>) {
    let design = design(random, 1000, 10_000);
    let mut weights: Vec<f64> = (0..design.columns()).map(|_| random.normal()).collect();
    weights.iter_mut().for_each(|w| *w *= f64::from(u8::from(random.uniform() < 0.1)));
    (design, weights)
}

/// Set A: y = A w + N(0, 1). With seed 1, ½‖y‖² = 5975807.35.
///
/// Takes about 80 MB and half a second.
#[must_use]
pub fn least_squares_a() -> Regression {
    let mut random = MersenneTwister::new(1);
    let (design, weights) = sparse_model(&mut random);
    let mut targets = design.times(&weights);
    targets.iter_mut().for_each(|y| *y += random.normal());
    Regression { design, targets }
}

/// Set B: the signs of A w, a tenth of them turned around. Separable: the logistic loss has no minimum.
///
/// Takes about 80 MB and half a second.
#[must_use]
pub fn logistic_b() -> Classification {
    let mut random = MersenneTwister::new(1);
    let (design, weights) = sparse_model(&mut random);
    let sign = |v: f64| if v > 0.0 { 1.0 } else { -1.0 };
    let labels = design.times(&weights).into_iter().map(|z| sign(z) * sign(random.uniform() - 0.1)).collect();
    Classification { design, labels }
}

/// Set C: the class with the largest of A W + N(0, 1), 50 classes. Separable as well.
#[must_use]
pub fn softmax_c() -> MultiClass {
    const CLASSES: usize = 50;
    let mut random = MersenneTwister::new(1);
    let design = design(&mut random, 1000, 1000);
    let weights = Array2::from_shape_simple_fn((design.columns(), CLASSES), || random.normal());
    let mut scores = Array2::zeros((design.rows, CLASSES));
    for (c, column) in weights.columns().into_iter().enumerate() {
        for (i, z) in design.times(&column.to_vec()).into_iter().enumerate() {
            scores[[i, c]] = z;
        }
    }
    scores.iter_mut().for_each(|z| *z += random.normal());
    let best = |row: ndarray::ArrayView1<'_, f64>| (0..CLASSES).fold(0, |b, c| if row[c] > row[b] { c } else { b });
    let labels = scores.rows().into_iter().map(best).collect();
    MultiClass { design, labels, classes: CLASSES }
}
