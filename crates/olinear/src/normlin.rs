//! NormLin: a learned matrix with normalised rows in place of attention.

use crate::Result;
use core_tensor::{Scalar, check_shape, check_square};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayViewMut1, Zip};

/// What is done to each entry of the learned matrix W before its rows are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Transform {
    /// `ln(1 + exp w)`: the paper's choice.
    #[default]
    Softplus,
    /// Softmax of the row (not normalised by its sum once more).
    Softmax,
    /// `1/(1 + exp(-w))`.
    Sigmoid,
    /// `max(w, 0)`.
    Relu,
    /// `w`.
    Identity,
}

/// How a row is normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum RowNorm {
    /// By the sum of absolute values.
    #[default]
    L1,
    /// By the Euclidean norm.
    L2,
    /// Not at all.
    None,
}

/// Norms below this count as this much.
const FLOOR: f64 = 1e-12;

/// NormLin (section 3.3 of the paper) and the variants of its ablation: rows of `A` are `norm(transform(W))`.
///
/// The default, softplus and L1, is computed as the softmax of `ln softplus(W)`: rows are non-negative and sum to one for every
/// finite W, also where softplus underflows.
///
/// ```
/// use ndarray::array;
/// use olinear::NormLin;
///
/// let a = NormLin::default().matrix(&array![[0.5, -800.0], [-900.0, -900.0]])?;
/// assert!((a.row(0).sum() - 1.0_f64).abs() < 1e-15);
/// assert_eq!(a.row(1).to_vec(), [0.5, 0.5]);
/// # Ok::<(), olinear::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NormLin {
    /// Entrywise transform. Default softplus.
    pub transform: Transform,
    /// Normalisation of rows. Default L1.
    pub norm: RowNorm,
}

impl NormLin {
    /// `A` for W (rows are normalised; the matrix need not be square).
    ///
    /// # Errors
    /// Entries that are not finite.
    pub fn matrix<T: Scalar>(&self, w: &ArrayRef2<T>) -> Result<Array2<T>> {
        core_tensor::check_finite("w", w)?;
        let mut a = Array2::zeros(w.dim());
        self.matrix_into(w, &mut a);
        Ok(a)
    }

    /// dLoss/dW from W and `g` = dLoss/dA, both of the shape of W.
    ///
    /// # Errors
    /// Shapes that differ, entries of W that are not finite.
    pub fn gradient<T: Scalar>(&self, w: &ArrayRef2<T>, g: &ArrayRef2<T>) -> Result<Array2<T>> {
        check_shape("g", g, w.shape(), "there is a derivative per entry of `w`")?;
        let a = self.matrix(w)?;
        let mut out = Array2::zeros(w.dim());
        self.gradient_into(w, &a, g, &mut out);
        Ok(out)
    }

    /// [`NormLin::matrix`] without checks, into `a`.
    pub(crate) fn matrix_into<T: Scalar>(&self, w: &ArrayRef2<T>, a: &mut ArrayRef2<T>) {
        for (w, mut a) in w.outer_iter().zip(a.outer_iter_mut()) {
            match (self.transform, self.norm) {
                (Transform::Softplus, RowNorm::L1) => {
                    a.zip_mut_with(&w, |a, &w| *a = log_softplus(w));
                    softmax(&mut a);
                }
                (Transform::Softmax, norm) => {
                    a.assign(&w);
                    softmax(&mut a);
                    // Its rows sum to one already.
                    if norm == RowNorm::L2 {
                        let length = norm_of(RowNorm::L2, &a.view());
                        a.mapv_inplace(|v| v / length);
                    }
                }
                (transform, norm) => {
                    a.zip_mut_with(&w, |a, &w| *a = value(transform, w));
                    let length = norm_of(norm, &a.view());
                    a.mapv_inplace(|v| v / length);
                }
            }
        }
    }

    /// [`NormLin::gradient`] without checks, from A = [`NormLin::matrix_into`] of W.
    pub(crate) fn gradient_into<T: Scalar>(
        &self,
        w: &ArrayRef2<T>,
        a: &ArrayRef2<T>,
        g: &ArrayRef2<T>,
        out: &mut ArrayRef2<T>,
    ) {
        let rows = w.outer_iter().zip(a.outer_iter()).zip(g.outer_iter()).zip(out.outer_iter_mut());
        for (((w, a), g), mut out) in rows {
            match (self.transform, self.norm) {
                (Transform::Softplus, RowNorm::L1) => {
                    softmax_gradient(&a, &g, &mut out);
                    out.zip_mut_with(&w, |out, &w| *out *= log_softplus_slope(w));
                }
                (Transform::Softmax, RowNorm::L2) => {
                    let mut p: Array1<T> = w.to_owned();
                    softmax(&mut p.view_mut());
                    let length = norm_of(RowNorm::L2, &p.view());
                    let dg = norm_gradient(RowNorm::L2, length, &a, &g, &p.view());
                    softmax_gradient(&p.view(), &dg.view(), &mut out);
                }
                (Transform::Softmax, _) => softmax_gradient(&a, &g, &mut out),
                (transform, norm) => {
                    let f: Array1<T> = w.mapv(|w| value(transform, w));
                    let length = norm_of(norm, &f.view());
                    out.assign(&norm_gradient(norm, length, &a, &g, &f.view()));
                    out.zip_mut_with(&w, |out, &w| *out *= slope(transform, w));
                }
            }
        }
    }
}

/// Row softmax, temperature 1, of a correlation matrix between channels (N × N): the fixed mixing matrix of OLinear-C.
///
/// # Errors
/// A matrix that is not square or not finite.
pub fn correlation_mixing<T: Scalar>(correlation: &ArrayRef2<T>) -> Result<Array2<T>> {
    check_square("correlation", correlation)?;
    NormLin { transform: Transform::Softmax, norm: RowNorm::None }.matrix(correlation)
}

fn softmax<T: Scalar>(row: &mut ArrayViewMut1<'_, T>) {
    let largest = row.iter().fold(T::neg_infinity(), |m, &v| m.max(v));
    row.mapv_inplace(|v| (v - largest).exp());
    let sum: T = row.iter().copied().sum();
    row.mapv_inplace(|v| v / sum);
}

/// `a (g - <g, a>)`.
fn softmax_gradient<T: Scalar>(a: &ArrayView1<'_, T>, g: &ArrayView1<'_, T>, out: &mut ArrayViewMut1<'_, T>) {
    let inner: T = a.iter().zip(g).map(|(&a, &g)| a * g).sum();
    Zip::from(out).and(a).and(g).for_each(|out, &a, &g| *out = a * (g - inner));
}

fn norm_of<T: Scalar>(norm: RowNorm, f: &ArrayView1<'_, T>) -> T {
    let length = match norm {
        RowNorm::L1 => f.iter().map(|v| v.abs()).sum(),
        RowNorm::L2 => f.iter().map(|&v| v * v).sum::<T>().sqrt(),
        RowNorm::None => return T::one(),
    };
    length.max(<T as Scalar>::from_f64(FLOOR))
}

/// Gradient with respect to f of `a = f/length(f)`.
fn norm_gradient<T: Scalar>(
    norm: RowNorm,
    length: T,
    a: &ArrayView1<'_, T>,
    g: &ArrayView1<'_, T>,
    f: &ArrayView1<'_, T>,
) -> Array1<T> {
    let inner: T = a.iter().zip(g).map(|(&a, &g)| a * g).sum();
    // Below the floor the length is a constant.
    let floored = norm != RowNorm::None && length <= <T as Scalar>::from_f64(FLOOR);
    Array1::from_shape_fn(f.len(), |j| match norm {
        RowNorm::None => g[j],
        _ if floored => g[j] / length,
        RowNorm::L1 => {
            let sign = if f[j] > T::zero() {
                T::one()
            } else if f[j] < T::zero() {
                -T::one()
            } else {
                T::zero()
            };
            (g[j] - inner * sign) / length
        }
        RowNorm::L2 => (g[j] - inner * a[j]) / length,
    })
}

fn value<T: Scalar>(transform: Transform, w: T) -> T {
    match transform {
        Transform::Softplus => w.max(T::zero()) + (-w.abs()).exp().ln_1p(),
        Transform::Sigmoid => sigmoid(w),
        Transform::Relu => w.max(T::zero()),
        Transform::Identity | Transform::Softmax => w,
    }
}

fn slope<T: Scalar>(transform: Transform, w: T) -> T {
    match transform {
        Transform::Softplus => sigmoid(w),
        Transform::Sigmoid => sigmoid(w) * sigmoid(-w),
        Transform::Relu => {
            if w > T::zero() {
                T::one()
            } else {
                T::zero()
            }
        }
        Transform::Identity | Transform::Softmax => T::one(),
    }
}

fn sigmoid<T: Scalar>(w: T) -> T {
    let e = (-w.abs()).exp();
    if w >= T::zero() { T::one() / (T::one() + e) } else { e / (T::one() + e) }
}

/// Below this, `softplus w = exp w` to the last digit of an `f64`.
fn far_below<T: Scalar>() -> T {
    <T as Scalar>::from_f64(-37.0)
}

/// `ln ln(1 + exp w)`; w itself far below 0.
fn log_softplus<T: Scalar>(w: T) -> T {
    if w < far_below() { w } else { value(Transform::Softplus, w).ln() }
}

/// Its derivative, `sigmoid(w)/softplus(w)`.
fn log_softplus_slope<T: Scalar>(w: T) -> T {
    if w < far_below() { T::one() } else { sigmoid(w) / value(Transform::Softplus, w) }
}
