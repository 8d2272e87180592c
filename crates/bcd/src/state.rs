//! Where a run stands.

use core_tensor::Scalar;
use ndarray::{Array1, Array2, ArrayRef1, ShapeBuilder};

/// The point of a run with everything that is kept up to date instead of being computed anew (section 1).
///
/// An [`Objective`](crate::Objective) decides what `predictors`, `slopes` and the scratch hold; `x`, `value` and `gradient`
/// mean the same for all.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct State<T> {
    /// x (p).
    pub x: Array1<T>,
    /// f(x), without the penalty.
    pub value: T,
    /// ∇f(x) (p); meaningful while `gradient_is_current`.
    pub gradient: Array1<T>,
    /// Whether `gradient` belongs to `x`.
    pub gradient_is_current: bool,
    /// z = A x, or what else the objective keeps of x.
    pub predictors: Array1<T>,
    /// The derivatives in z.
    pub slopes: Array1<T>,
    /// Image of the direction prepared last, A_b d.
    pub product: Array1<T>,
    /// ∇f(x)ᵀd and dᵀHd of that direction, where the objective uses them.
    pub along: (T, T),
    /// Estimates of the Lipschitz constants (p), 0 before the first visit; empty unless the update keeps them.
    pub estimates: Vec<T>,
    /// Scratch as long as `predictors`.
    pub work: Array1<T>,
    /// Scratch of columns, grown as needed.
    pub columns: Array2<T>,
    /// Scratch of indices.
    pub touched: Vec<usize>,
    /// Scratch of flags, all false between calls.
    pub marks: Vec<bool>,
}

impl<T: Scalar> State<T> {
    /// A state at `x` (p) for `predictors` kept numbers, nothing evaluated.
    pub(crate) fn new(x: &ArrayRef1<T>, predictors: usize) -> Self {
        Self {
            x: x.to_owned(),
            value: T::zero(),
            gradient: Array1::zeros(x.len()),
            gradient_is_current: false,
            predictors: Array1::zeros(predictors),
            slopes: Array1::zeros(predictors),
            product: Array1::zeros(predictors),
            along: (T::zero(), T::zero()),
            estimates: Vec::new(),
            work: Array1::zeros(predictors),
            columns: Array2::zeros((0, 0).f()),
            touched: Vec::new(),
            marks: vec![false; x.len()],
        }
    }

    /// Scratch columns (at least `rows` × `columns`, contiguous columns).
    pub(crate) fn grow_columns(&mut self, rows: usize, columns: usize) {
        if self.columns.nrows() != rows || self.columns.ncols() < columns {
            self.columns = Array2::zeros((rows, columns).f());
        }
    }

    /// The estimate of `L_b`: the largest of the block, or the least positive Lᵢ before the first visit.
    pub(crate) fn estimate(&self, curvatures: &ArrayRef1<T>, block: &[usize]) -> (T, bool) {
        let largest = block.iter().filter_map(|&i| self.estimates.get(i)).fold(T::zero(), |m, &v| m.max(v));
        if largest > T::zero() {
            return (largest, true);
        }
        let positive = block.iter().map(|&i| curvatures[i]).filter(|v| *v > T::zero());
        let least = positive.fold(T::infinity(), |m, v| m.min(v));
        (if least.is_finite() { least } else { T::zero() }, false)
    }

    /// f(x + a d) - f(x) = a (slope + ½ a curvature) of a quadratic along the prepared direction.
    pub(crate) fn change_along(&self, a: T) -> T {
        let (slope, curvature) = self.along;
        a * (slope + <T as Scalar>::from_f64(0.5) * a * curvature)
    }

    /// The coordinates of `block` of x.
    pub(crate) fn gather_x(&self, block: &[usize], out: &mut Vec<T>) {
        out.clear();
        out.extend(block.iter().map(|&i| self.x[i]));
    }
}
