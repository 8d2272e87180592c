//! The common reduction of least-squares problems: centred columns, weighted rows.

use crate::design::Columns;
use crate::error::Result;
use core_tensor::{Error as Argument, check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, ShapeBuilder, Zip};

/// Data without intercept and weights: columns and response minus their weighted means, rows times √(sᵢ n / W).
///
/// Every least-squares method of the crate runs on this form, in which sums of squares have n in the denominator.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reduced {
    /// n × d, column-major.
    pub(crate) x: Array2<f64>,
    /// n; empty when there is no response.
    pub(crate) y: Array1<f64>,
    pub(crate) x_mean: Array1<f64>,
    pub(crate) y_mean: f64,
    /// √(sᵢ n / W), where there are weights.
    pub(crate) root_weights: Option<Array1<f64>>,
}

/// Accepts a design with rows and columns and finite entries.
pub(crate) fn check_design(x: &ArrayRef2<f64>) -> Result<()> {
    if x.nrows() == 0 {
        return Err(Argument::Empty { argument: "x", expected: "row" }.into());
    }
    if x.ncols() == 0 {
        return Err(Argument::Empty { argument: "x", expected: "column" }.into());
    }
    Ok(check_finite("x", x)?)
}

/// Accepts a finite response with an entry per row.
pub(crate) fn check_response(y: &ArrayRef1<f64>, rows: usize) -> Result<()> {
    check_shape("y", y, &[rows], "`x` has that many rows")?;
    Ok(check_finite("y", y)?)
}

/// Accepts sample weights (n) that are finite, not negative and not all zero, and returns their sum.
pub(crate) fn check_weights(weights: &ArrayRef1<f64>, rows: usize) -> Result<f64> {
    check_shape("sample_weights", weights, &[rows], "`x` has that many rows")?;
    check_finite("sample_weights", weights)?;
    for &s in weights {
        check_range("sample_weights", s, s >= 0.0, "finite and >= 0")?;
    }
    let sum = weights.sum();
    check_range("the sum of `sample_weights`", sum, sum > 0.0 && sum.is_finite(), "finite and > 0")?;
    Ok(sum)
}

impl Reduced {
    /// [`new`](Self::new) for columns of either kind; dense ones are copied once.
    pub(crate) fn of_columns(
        x: Columns<'_>,
        y: Option<&ArrayRef1<f64>>,
        weights: Option<&ArrayRef1<f64>>,
        intercept: bool,
    ) -> Result<Self> {
        match x {
            Columns::Dense(x) => Self::new(&x, y, weights, intercept),
            Columns::Sparse(x) => Self::new(&x.to_dense(), y, weights, intercept),
        }
    }

    /// Reduces checked data.
    ///
    /// # Errors
    /// Shapes, entries that are not finite, weights that are negative or all zero.
    pub(crate) fn new(
        x: &ArrayRef2<f64>,
        y: Option<&ArrayRef1<f64>>,
        weights: Option<&ArrayRef1<f64>>,
        intercept: bool,
    ) -> Result<Self> {
        check_design(x)?;
        let (n, d) = x.dim();
        if let Some(y) = y {
            check_response(y, n)?;
        }
        let sum = weights.map(|weights| check_weights(weights, n)).transpose()?;
        let root_weights = weights.zip(sum).map(|(weights, sum)| weights.mapv(|s| (s * n as f64 / sum).sqrt()));
        let mut copy = Array2::zeros((n, d).f());
        copy.assign(x);
        let mut reduced = Self { x: copy, y: Array1::zeros(0), x_mean: Array1::zeros(d), y_mean: 0.0, root_weights };
        let mean = |column: &ArrayRef1<f64>| match weights.zip(sum) {
            None => stable_mean(column, |_| 1.0, n as f64),
            Some((weights, sum)) => stable_mean(column, |i| weights[i], sum),
        };
        for (mut column, x_mean) in reduced.x.columns_mut().into_iter().zip(&mut reduced.x_mean) {
            if intercept {
                *x_mean = mean(&column);
                centre(&mut column, *x_mean);
            }
            weigh(&mut column, reduced.root_weights.as_ref());
        }
        if let Some(y) = y {
            reduced.y_mean = if intercept { mean(y) } else { 0.0 };
            reduced.y = reduced.response(y);
        }
        Ok(reduced)
    }

    /// Another response in the same form, with the mean of the first one's kind recomputed.
    pub(crate) fn with_response(&mut self, y: &ArrayRef1<f64>, intercept: bool) -> Result<()> {
        check_response(y, self.x.nrows())?;
        let n = y.len() as f64;
        self.y_mean = match (intercept, &self.root_weights) {
            (false, _) => 0.0,
            (true, None) => stable_mean(y, |_| 1.0, n),
            (true, Some(root)) => stable_mean(y, |i| root[i] * root[i], n),
        };
        self.y = self.response(y);
        Ok(())
    }

    fn response(&self, y: &ArrayRef1<f64>) -> Array1<f64> {
        let mut y = y.to_owned();
        centre(&mut y, self.y_mean);
        weigh(&mut y, self.root_weights.as_ref());
        y
    }

    pub(crate) fn dim(&self) -> (usize, usize) {
        self.x.dim()
    }

    /// The intercept that belongs to coefficients `w` of the reduced problem.
    pub(crate) fn intercept(&self, w: &ArrayRef1<f64>) -> f64 {
        self.y_mean - self.x_mean.dot(w)
    }
}

/// Σ sᵢ xᵢ / W, computed around the first entry so that a large constant does not cost digits; exact for constants.
fn stable_mean(x: &ArrayRef1<f64>, weight: impl Fn(usize) -> f64, sum: f64) -> f64 {
    let Some(&first) = x.first() else { return 0.0 };
    let mut shift = 0.0;
    for (i, &x) in x.iter().enumerate() {
        shift += weight(i) * (x - first);
    }
    let mean = first + shift / sum;
    if mean.is_finite() { mean } else { x.iter().enumerate().map(|(i, &x)| x * (weight(i) / sum)).sum() }
}

fn centre(x: &mut ArrayRef1<f64>, mean: f64) {
    if mean != 0.0 {
        x.mapv_inplace(|x| x - mean);
    }
}

fn weigh(x: &mut ArrayRef1<f64>, root_weights: Option<&Array1<f64>>) {
    if let Some(root) = root_weights {
        Zip::from(x).and(root).for_each(|x, &root| *x *= root);
    }
}

/// Copies the given rows of a matrix into a column-major one.
pub(crate) fn select_rows(x: &ArrayRef2<f64>, rows: &[usize]) -> Array2<f64> {
    let mut out = Array2::zeros((rows.len(), x.ncols()).f());
    for (mut to, from) in out.columns_mut().into_iter().zip(x.columns()) {
        to.iter_mut().zip(rows).for_each(|(to, &row)| *to = from[row]);
    }
    out
}

/// Copies the given columns of a matrix into a column-major one.
pub(crate) fn select_columns(x: &ArrayRef2<f64>, columns: &[usize]) -> Array2<f64> {
    let mut out = Array2::zeros((x.nrows(), columns.len()).f());
    for (mut to, &from) in out.axis_iter_mut(Axis(1)).zip(columns) {
        to.assign(&x.column(from));
    }
    out
}

/// X w by columns; columns with wⱼ = 0 cost nothing.
pub(crate) fn apply(x: &ArrayRef2<f64>, w: &ArrayRef1<f64>) -> Array1<f64> {
    let mut out = Array1::zeros(x.nrows());
    for (column, &w) in x.columns().into_iter().zip(w) {
        if w != 0.0 {
            out.scaled_add(w, &column);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn weights_two_equal_a_repeated_row() {
        let x = array![[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]];
        let y = array![1.0, 2.0, 4.0];
        let weighted = Reduced::new(&x, Some(&y), Some(&array![1.0, 2.0, 1.0]), true).unwrap();
        let twice = Reduced::new(
            &array![[1.0, 2.0], [3.0, -1.0], [3.0, -1.0], [0.5, 4.0]],
            Some(&array![1.0, 2.0, 2.0, 4.0]),
            None,
            true,
        )
        .unwrap();
        // Sums of squares per row agree.
        let scale = 3.0 / 4.0;
        for j in 0..2 {
            let (a, b) = (weighted.x.column(j), twice.x.column(j));
            assert!((a.dot(&a) - scale * b.dot(&b)).abs() < 1e-14);
            assert!((a.dot(&weighted.y) - scale * b.dot(&twice.y)).abs() < 1e-14);
        }
        assert!((weighted.y_mean - 2.25).abs() < 1e-15 && (twice.y_mean - 2.25).abs() < 1e-15);
    }

    #[test]
    fn constants_become_exactly_zero() {
        let x = array![[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]];
        let reduced = Reduced::new(&x, None, Some(&array![0.3, 0.5, 0.7]), true).unwrap();
        assert!(reduced.x.column(0).iter().all(|&v| v == 0.0));
    }
}
