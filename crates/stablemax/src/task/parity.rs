//! Sparse parity: the label is the parity of a few of many bits.

use super::examples::{Examples, Inputs, Split};
use super::modular::distinct_codes;
use crate::error::{Result, check_at_least};
use core_tensor::random::Streams;
use core_tensor::{Scalar, check_range};
use ndarray::{Array2, ArrayRef2, Axis};

/// Parity of the first `k` entries of each row of `bits` (n × d), entries 0 or 1.
///
/// # Errors
/// When `k` exceeds d, or an entry is neither 0 nor 1.
pub fn parity_labels<T: Scalar>(bits: &ArrayRef2<T>, k: usize) -> Result<Vec<usize>> {
    check_range("k", k as f64, k <= bits.len_of(Axis(1)), "at most the number of columns")?;
    if let Some(&found) = bits.iter().find(|v| **v != T::zero() && **v != T::one()) {
        check_range("bits", Scalar::to_f64(found), false, "0 or 1")?;
    }
    let ones = |row: ndarray::ArrayView1<'_, T>| row.iter().take(k).filter(|v| **v == T::one()).count();
    Ok(bits.outer_iter().map(|row| ones(row) % 2).collect())
}

/// A sparse-parity task.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SparseParity {
    /// Bits that do not matter; 40 in the paper.
    pub noise_bits: usize,
    /// Bits whose parity is the label (the first ones); 3 in the paper.
    pub parity_bits: usize,
    /// Rows; 2000 in the paper. All are distinct.
    pub rows: usize,
    /// Fraction of the rows for training; 0.5 in the paper.
    pub train_fraction: f64,
}

impl Default for SparseParity {
    fn default() -> Self {
        Self { noise_bits: 40, parity_bits: 3, rows: 2000, train_fraction: 0.5 }
    }
}

impl SparseParity {
    /// Draws the rows and splits them by `seed`.
    ///
    /// # Errors
    /// When there are no bits or more than 63, fewer vectors than rows, or the fraction gives no training row.
    pub fn split<T: Scalar>(&self, seed: u64) -> Result<Split<T>> {
        let bits = self.noise_bits.saturating_add(self.parity_bits);
        check_range("noise_bits + parity_bits", bits as f64, (1..=63).contains(&bits), "from 1 to 63")?;
        check_at_least("rows", self.rows, 1, ">= 1")?;
        let fraction = self.train_fraction;
        check_range("train_fraction", fraction, fraction > 0.0 && fraction <= 1.0, "> 0 and <= 1")?;
        let codes = distinct_codes(bits, self.rows, &Streams::new(seed).child(1))?;
        let bit = |(i, j): (usize, usize)| if codes[i] >> j & 1 == 1 { T::one() } else { T::zero() };
        let x = Array2::from_shape_fn((self.rows, bits), bit);
        let labels = parity_labels(&x, self.parity_bits)?;
        let train_rows = (fraction * self.rows as f64).floor() as usize;
        Split::random(&Examples::new(Inputs::Dense(x), labels)?, 2, train_rows, seed)
    }
}
