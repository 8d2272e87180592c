//! Inputs with labels, in two parts.

use crate::error::{Error, Result, check_count};
use core_tensor::Scalar;
use core_tensor::random::{permutation, rng};
use ndarray::{Array2, Axis};

/// Rows of inputs.
#[derive(Debug, Clone, PartialEq)]
pub enum Inputs<T> {
    /// Any numbers (n × d).
    Dense(Array2<T>),
    /// Two one-hot vectors of length m side by side (n × 2m), kept as the two positions: the first layer then gathers two columns
    /// instead of multiplying.
    Pairs {
        /// m.
        modulus: usize,
        /// Positions, each below m.
        pairs: Vec<[usize; 2]>,
    },
}

impl<T: Scalar> Inputs<T> {
    /// Number of rows n.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Dense(x) => x.len_of(Axis(0)),
            Self::Pairs { pairs, .. } => pairs.len(),
        }
    }

    /// Length of a row.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Dense(x) => x.len_of(Axis(1)),
            Self::Pairs { modulus, .. } => 2 * modulus,
        }
    }

    /// The rows written out (n × width).
    #[must_use]
    pub fn to_dense(&self) -> Array2<T> {
        match self {
            Self::Dense(x) => x.clone(),
            Self::Pairs { modulus, pairs } => {
                let mut x = Array2::zeros((pairs.len(), 2 * modulus));
                for (i, &[a, b]) in pairs.iter().enumerate() {
                    x[[i, a]] = T::one();
                    x[[i, modulus + b]] = T::one();
                }
                x
            }
        }
    }

    /// The named rows.
    fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Dense(x) => Self::Dense(x.select(Axis(0), rows)),
            Self::Pairs { modulus, pairs } => {
                Self::Pairs { modulus: *modulus, pairs: rows.iter().map(|&i| pairs[i]).collect() }
            }
        }
    }
}

/// Inputs with one label per row.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples<T> {
    inputs: Inputs<T>,
    labels: Vec<usize>,
}

impl<T> Examples<T> {
    /// The inputs.
    pub fn inputs(&self) -> &Inputs<T> {
        &self.inputs
    }

    /// The labels.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }
}

impl<T: Scalar> Examples<T> {
    /// Checks and keeps the two.
    ///
    /// # Errors
    /// When they differ in length, a pair lies outside its modulus, or an input is not finite.
    pub fn new(inputs: Inputs<T>, labels: Vec<usize>) -> Result<Self> {
        check_count("labels", labels.len(), inputs.rows(), "there is one label per row of `inputs`")?;
        match &inputs {
            Inputs::Dense(x) => core_tensor::check_finite("inputs", x)?,
            Inputs::Pairs { modulus, pairs } => {
                for (row, pair) in pairs.iter().enumerate() {
                    if let Some(&found) = pair.iter().find(|v| *v >= modulus) {
                        return Err(Error::Label { row, found, classes: *modulus });
                    }
                }
            }
        }
        Ok(Self { inputs, labels })
    }
}

/// A task cut into training and test rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Split<T> {
    /// Rows to learn from.
    pub train: Examples<T>,
    /// The others.
    pub test: Examples<T>,
    /// Number of classes.
    pub classes: usize,
}

impl<T: Scalar> Split<T> {
    /// Draws `train_rows` of the rows for training, uniformly without replacement; the rest is for the test.
    ///
    /// # Errors
    /// When `train_rows` is 0 or above the number of rows, or a label is not below `classes`.
    pub fn random(examples: &Examples<T>, classes: usize, train_rows: usize, seed: u64) -> Result<Self> {
        let n = examples.labels.len();
        let legal = (1..=n).contains(&train_rows);
        core_tensor::check_range("train_rows", train_rows as f64, legal, ">= 1 and at most the number of rows")?;
        if let Some(row) = examples.labels.iter().position(|&label| label >= classes) {
            return Err(Error::Label { row, found: examples.labels[row], classes });
        }
        let order = permutation(&mut rng(seed), n);
        let part = |rows: &[usize]| Examples {
            inputs: examples.inputs.select(rows),
            labels: rows.iter().map(|&i| examples.labels[i]).collect(),
        };
        let (train, test) = order.split_at(train_rows);
        Ok(Self { train: part(train), test: part(test), classes })
    }
}
