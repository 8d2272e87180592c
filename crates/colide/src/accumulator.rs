//! Covariances of streams: row by row or block by block, weighted, merged, forgetting.

use crate::{Covariance, Error, Result};
use core_tensor::linalg::{Accumulate, gram_into};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, Slice};

/// Rows that are centred and multiplied at a time.
const BLOCK: usize = 1024;

/// Magnitudes (as powers of two) that are squared and summed as they are; others are scaled by a power of two first.
const SAFE: std::ops::RangeInclusive<i32> = -400..=400;

/// Mean and covariance of a stream of rows, in O(d²) memory (Chan's update).
///
/// Accumulators of parts of the data can be merged in any grouping; the result agrees with the one of all rows at once
/// up to rounding.
///
/// ```
/// use colide::CovarianceAccumulator;
/// use ndarray::array;
///
/// let mut here = CovarianceAccumulator::new(2);
/// here.push_rows(&array![[1.0, 2.0], [3.0, 0.0]])?;
/// let mut there = CovarianceAccumulator::new(2);
/// there.push_row(&array![2.0, 1.0])?;
/// here.merge(&there)?;
/// assert_eq!(here.covariance()?.samples, 3.0);
/// # Ok::<(), colide::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CovarianceAccumulator {
    /// Rows of positive weight.
    rows: usize,
    /// Σ w.
    weight: f64,
    /// Σ w².
    squared_weight: f64,
    /// Both sums, and the scatter, are those of the weights `w / 2^weight_exponent`.
    weight_exponent: i32,
    /// Mean and scatter `Σ w (x − mean)(x − mean)ᵀ` are those of x / 2^exponent.
    exponent: i32,
    mean: Array1<f64>,
    scatter: Array2<f64>,
}

impl CovarianceAccumulator {
    /// An accumulator of rows with `columns` entries (d).
    pub fn new(columns: usize) -> Self {
        Self {
            rows: 0,
            weight: 0.0,
            squared_weight: 0.0,
            weight_exponent: 0,
            exponent: 0,
            mean: Array1::zeros(columns),
            scatter: Array2::zeros((columns, columns)),
        }
    }

    /// Adds one row (d) of weight 1.
    ///
    /// # Errors
    /// A wrong length or an entry that is not finite; nothing is added then.
    pub fn push_row(&mut self, row: &ArrayRef1<f64>) -> Result<()> {
        self.push_weighted_row(row, 1.0)
    }

    /// Adds one row (d) of the given weight; weight 0 adds nothing.
    ///
    /// # Errors
    /// A wrong length, an entry that is not finite, a weight that is not finite or negative; nothing is added then.
    pub fn push_weighted_row(&mut self, row: &ArrayRef1<f64>, weight: f64) -> Result<()> {
        let x = row.view().insert_axis(Axis(0));
        self.push_weighted_rows(&x, &Array1::from_elem(1, weight))
    }

    /// Adds a block of rows (n × d) of weight 1 each.
    ///
    /// # Errors
    /// A wrong number of columns or an entry that is not finite; nothing is added then.
    pub fn push_rows(&mut self, x: &ArrayRef2<f64>) -> Result<()> {
        self.check_rows(x)?;
        self.add_blocks(x, None);
        Ok(())
    }

    /// Adds a block of rows (n × d) with a weight each (n). Rows of weight 0 add nothing.
    ///
    /// # Errors
    /// Wrong shapes, an entry that is not finite, a weight that is not finite or negative; nothing is added then.
    pub fn push_weighted_rows(&mut self, x: &ArrayRef2<f64>, weights: &ArrayRef1<f64>) -> Result<()> {
        self.check_rows(x)?;
        check_shape("weights", weights, &[x.nrows()], "there is one weight for each row")?;
        for &w in weights {
            check_range("weights", w, w >= 0.0 && w.is_finite(), "finite and >= 0")?;
        }
        self.add_blocks(x, Some(weights));
        Ok(())
    }

    /// Multiplies the weight of everything seen so far by `factor`: called before each row or block, this forgets
    /// exponentially and follows a drifting stream.
    ///
    /// # Errors
    /// `factor` outside (0, 1].
    pub fn forget(&mut self, factor: f64) -> Result<()> {
        check_range("factor", factor, factor > 0.0 && factor <= 1.0, "greater than 0 and at most 1")?;
        let magnitude = exponent_of(factor);
        let factor = times_power(factor, -magnitude);
        self.weight_exponent = self.weight_exponent.saturating_add(magnitude);
        self.weight *= factor;
        self.squared_weight *= factor * factor;
        self.scatter *= factor;
        // In these units the weight has grown by less than a factor of two each time.
        if self.weight_exponent < *SAFE.start() || self.weight > 2.0 {
            self.rescale_weights(self.weight_exponent.saturating_add(exponent_of(self.weight)));
        }
        Ok(())
    }

    /// Adds all that `other` has seen.
    ///
    /// # Errors
    /// A different number of columns.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        check_shape("other", &other.mean, self.mean.shape(), "both accumulators must have the same number of columns")?;
        if (other.exponent, other.weight_exponent) == (self.exponent, self.weight_exponent) {
            self.absorb(other);
        } else {
            let mut other = other.clone();
            self.align(&mut other);
            self.absorb(&other);
        }
        Ok(())
    }

    /// Rows of positive weight so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Mean, covariance and effective size of what was seen, whatever it is good for: one row has covariance 0.
    ///
    /// # Errors
    /// No rows; [`Error::ScaleOutOfRange`] when a mean or variance is no `f64`.
    pub fn moments(&self) -> Result<Covariance> {
        if self.rows == 0 {
            return Err(core_tensor::Error::Empty { argument: "x", expected: "row" }.into());
        }
        let unscaled = self.scatter.mapv(|s| s / self.weight);
        let matrix = unscaled.mapv(|c| times_power(c, 2 * self.exponent));
        let mean = self.mean.mapv(|m| times_power(m, self.exponent));
        let lost = matrix.diag().iter().zip(unscaled.diag()).any(|(&c, &u)| c == 0.0 && u > 0.0);
        if lost || matrix.iter().chain(&mean).any(|v| !v.is_finite()) {
            return Err(Error::ScaleOutOfRange { argument: "x", exponent: self.exponent });
        }
        Ok(Covariance { matrix, mean, samples: self.weight * (self.weight / self.squared_weight) })
    }

    /// Like [`CovarianceAccumulator::moments`], but refuses what cannot be learnt from.
    ///
    /// # Errors
    /// Those of `moments`, [`Error::TooFewSamples`] for one row, [`Error::ZeroVariance`] when all columns are constant.
    pub fn covariance(&self) -> Result<Covariance> {
        let moments = self.moments()?;
        if self.rows < 2 {
            return Err(Error::TooFewSamples { argument: "x", found: self.rows });
        }
        if !moments.mean.is_empty() && moments.matrix.diag().iter().all(|&v| v == 0.0) {
            return Err(Error::ZeroVariance { argument: "x" });
        }
        Ok(moments)
    }

    fn check_rows(&self, x: &ArrayRef2<f64>) -> Result<()> {
        check_shape("x", x, &[x.nrows(), self.mean.len()], "the accumulator was made for this number of columns")?;
        Ok(check_finite("x", x)?)
    }

    fn add_blocks(&mut self, x: &ArrayRef2<f64>, weights: Option<&ArrayRef1<f64>>) {
        for start in (0..x.nrows()).step_by(BLOCK) {
            let range = Slice::from(start..(start + BLOCK).min(x.nrows()));
            let rows = x.slice_axis(Axis(0), range);
            let weights = weights.map(|w| w.slice_axis(Axis(0), range).to_owned());
            let mut block = of_block(&rows, weights);
            self.align(&mut block);
            self.absorb(&block);
        }
    }

    /// Brings both to the larger exponent; an empty one takes that of the other.
    fn align(&mut self, other: &mut Self) {
        let exponent = match (self.rows, other.rows) {
            (0, _) => other.exponent,
            (_, 0) => self.exponent,
            _ => self.exponent.max(other.exponent),
        };
        self.rescale(exponent);
        other.rescale(exponent);
        let exponent = match (self.rows, other.rows) {
            (0, _) => other.weight_exponent,
            (_, 0) => self.weight_exponent,
            _ => self.weight_exponent.max(other.weight_exponent),
        };
        self.rescale_weights(exponent);
        other.rescale_weights(exponent);
    }

    fn rescale(&mut self, exponent: i32) {
        let shift = self.exponent - exponent;
        if shift != 0 {
            self.mean.mapv_inplace(|m| times_power(m, shift));
            self.scatter.mapv_inplace(|s| times_power(s, 2 * shift));
            self.exponent = exponent;
        }
    }

    fn rescale_weights(&mut self, exponent: i32) {
        let shift = self.weight_exponent.saturating_sub(exponent);
        if shift != 0 {
            self.weight = times_power(self.weight, shift);
            self.squared_weight = times_power(self.squared_weight, shift.saturating_mul(2));
            self.scatter.mapv_inplace(|s| times_power(s, shift));
            self.weight_exponent = exponent;
        }
    }

    /// Chan's update; both have the same exponents.
    fn absorb(&mut self, other: &Self) {
        if other.rows == 0 {
            return;
        }
        let total = self.weight + other.weight;
        let share = other.weight / total;
        let step = &other.mean - &self.mean;
        let between = self.weight * share;
        self.scatter += &other.scatter;
        if self.rows > 0 {
            for ((i, j), s) in self.scatter.indexed_iter_mut() {
                *s += between * (step[i] * step[j]);
            }
        }
        self.mean.scaled_add(share, &step);
        self.rows += other.rows;
        self.weight = total;
        self.squared_weight += other.squared_weight;
    }
}

/// Mean and scatter of a few finite rows.
fn of_block(x: &ArrayRef2<f64>, weights: Option<Array1<f64>>) -> CovarianceAccumulator {
    let d = x.ncols();
    let mut block = CovarianceAccumulator::new(d);
    let heaviest = weights.as_ref().map_or(1.0, |w| w.iter().copied().fold(0.0, f64::max));
    let magnitude = exponent_of(heaviest);
    block.weight_exponent = if heaviest == 0.0 || SAFE.contains(&magnitude) { 0 } else { magnitude };
    let weights = weights.map(|w| w.mapv(|w| times_power(w, -block.weight_exponent)));
    let weight_of = |i: usize| weights.as_ref().map_or(1.0, |w| w[i]);
    let Some(first) = (0..x.nrows()).find(|&i| weight_of(i) > 0.0) else { return block };
    let peak = x.iter().fold(0.0_f64, |peak, v| peak.max(v.abs()));
    let magnitude = exponent_of(peak);
    block.exponent = if peak == 0.0 || SAFE.contains(&magnitude) { 0 } else { magnitude };
    // Relative to the first row, so that a constant column is constant to the bit.
    // Row-major whatever the layout of `x`, on which the bits of the product below would depend.
    let mut centred = Array2::zeros(x.raw_dim());
    centred.zip_mut_with(x, |c, &v| *c = times_power(v, -block.exponent));
    let origin = centred.row(first).to_owned();
    centred -= &origin;
    let mut shift = Array1::<f64>::zeros(d);
    for (i, row) in centred.rows().into_iter().enumerate() {
        let w = weight_of(i);
        if w > 0.0 {
            block.rows += 1;
            block.weight += w;
            block.squared_weight += w * w;
            shift.scaled_add(w, &row);
        }
    }
    shift /= block.weight;
    centred -= &shift;
    block.mean = origin + shift;
    if weights.is_some() {
        for (i, mut row) in centred.rows_mut().into_iter().enumerate() {
            row *= weight_of(i).sqrt();
        }
    }
    let outcome = gram_into(&mut block.scatter, Accumulate::Replace, 1.0, &centred);
    debug_assert!(outcome.is_ok(), "the scatter has a row and a column per column");
    block
}

/// The exponent of a positive number; that of the smallest normal one below it.
fn exponent_of(value: f64) -> i32 {
    ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

/// `value 2^exponent` in steps, so that a power that is no `f64` does no harm when the product is one.
fn times_power(value: f64, exponent: i32) -> f64 {
    let mut value = value;
    let mut rest = exponent;
    while rest != 0 && value != 0.0 && value.is_finite() {
        let step = rest.clamp(-1000, 1000);
        value *= 2.0_f64.powi(step);
        rest -= step;
    }
    value
}
