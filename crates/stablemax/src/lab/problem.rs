//! The regression task.

use crate::error::{Result, check_at_least};
use core_tensor::random::{Streams, normal_array};
use ndarray::{Array1, Array2, ArrayRef2};

/// Training and test rows of `y(x) = Σⱼ (βⱼ·x)²/2`, `x ~ N(0, I/D)`, with |βⱼ|² = D.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PolynomialProblem {
    /// Training inputs (P × D).
    pub train: Array2<f64>,
    /// Their targets (P).
    pub train_targets: Array1<f64>,
    /// Test inputs (P′ × D).
    pub test: Array2<f64>,
    /// Their targets (P′).
    pub test_targets: Array1<f64>,
    /// The directions (J × D), each of squared length D.
    pub directions: Array2<f64>,
}

impl PolynomialProblem {
    /// `dimensions` D, `train` rows P, `test` rows P′, `directions` J (1 in the paper's main task), all drawn from `seed`.
    ///
    /// # Errors
    /// When one of them is 0.
    pub fn new(dimensions: usize, train: usize, test: usize, directions: usize, seed: u64) -> Result<Self> {
        check_at_least("dimensions", dimensions, 1, ">= 1")?;
        check_at_least("train", train, 1, ">= 1")?;
        check_at_least("test", test, 1, ">= 1")?;
        check_at_least("directions", directions, 1, ">= 1")?;
        let streams = Streams::new(seed);
        let scale = (dimensions as f64).sqrt();
        let mut beta: Array2<f64> = normal_array(&mut streams.stream(0), (directions, dimensions));
        for mut row in beta.outer_iter_mut() {
            let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
            row.mapv_inplace(|v| v * scale / norm);
        }
        let inputs = |stream, rows| {
            let mut x: Array2<f64> = normal_array(&mut streams.stream(stream), (rows, dimensions));
            x.mapv_inplace(|v| v / scale);
            x
        };
        let (train, test) = (inputs(1, train), inputs(2, test));
        let (train_targets, test_targets) = (targets(&train, &beta), targets(&test, &beta));
        Ok(Self { train, train_targets, test, test_targets, directions: beta })
    }
}

fn targets(x: &ArrayRef2<f64>, beta: &Array2<f64>) -> Array1<f64> {
    x.dot(&beta.t()).outer_iter().map(|row| row.iter().map(|v| v * v).sum::<f64>() / 2.0).collect()
}
