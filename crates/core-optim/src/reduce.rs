//! Sums over vectors: blocked in a fixed order, so that their bits never depend on threads, and with sixteen lanes, so
//! that they run at the speed of memory. Crate-internal: callers have checked the lengths.

use core_tensor::Scalar;
use ndarray::{ArrayRef1, Zip};

const LANES: usize = 16;
/// Entries summed before the partial sum joins the total: keeps the rounding error near 256 ε + (n / 4096) ε.
const BLOCK: usize = 4096;

/// The constant `value` in the type `T`.
#[inline]
pub(crate) fn constant<T: Scalar>(value: f64) -> T {
    <T as Scalar>::from_f64(value)
}

/// Σ f(aᵢ, bᵢ) over two slices of equal length.
#[inline(always)]
pub(crate) fn sum_pairs<T: Scalar>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T {
    debug_assert_eq!(a.len(), b.len());
    let mut total = T::zero();
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        let mut lanes = [T::zero(); LANES];
        let (a_chunks, a_rest) = a.as_chunks::<LANES>();
        let (b_chunks, b_rest) = b.as_chunks::<LANES>();
        for (a, b) in a_chunks.iter().zip(b_chunks) {
            for l in 0..LANES {
                lanes[l] += f(a[l], b[l]);
            }
        }
        for (l, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
            lanes[l] += f(a, b);
        }
        total += fold_lanes(lanes);
    }
    total
}

#[inline(always)]
fn fold_lanes<T: Scalar>(mut lanes: [T; LANES]) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// Σ f(aᵢ, bᵢ) over two vectors of equal length, any strides, in the order of [`sum_pairs`].
pub(crate) fn sum_zip<T: Scalar>(a: &ArrayRef1<T>, b: &ArrayRef1<T>, f: impl Fn(T, T) -> T) -> T {
    debug_assert_eq!(a.len(), b.len());
    if let (Some(a), Some(b)) = (a.as_slice(), b.as_slice()) {
        return sum_pairs(a, b, f);
    }
    let mut total = T::zero();
    let mut lanes = [T::zero(); LANES];
    for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
        lanes[i % LANES] += f(a, b);
        if (i + 1) % BLOCK == 0 {
            total += fold_lanes(lanes);
            lanes = [T::zero(); LANES];
        }
    }
    if !a.len().is_multiple_of(BLOCK) {
        total += fold_lanes(lanes);
    }
    total
}

/// aᵀb of two vectors of equal length, any strides.
#[inline]
pub(crate) fn dot<T: Scalar>(a: &ArrayRef1<T>, b: &ArrayRef1<T>) -> T {
    sum_zip(a, b, |a, b| a * b)
}

/// Σ f(aᵢ).
#[inline]
pub(crate) fn sum_by<T: Scalar>(a: &ArrayRef1<T>, f: impl Fn(T) -> T) -> T {
    sum_zip(a, a, |a, _| f(a))
}

/// The largest f(aᵢ); -∞ for an empty vector. NaN is passed over: check for it before.
pub(crate) fn largest_by<T: Scalar>(a: &ArrayRef1<T>, f: impl Fn(T) -> T) -> T {
    let larger = |m: T, v: T| if v > m { v } else { m };
    let Some(a) = a.as_slice() else { return a.iter().fold(T::neg_infinity(), |m, &v| larger(m, f(v))) };
    let mut lanes = [T::neg_infinity(); LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] = larger(lanes[l], f(chunk[l]));
        }
    }
    rest.iter().map(|&v| f(v)).chain(lanes).fold(T::neg_infinity(), larger)
}

/// ‖a‖², which may overflow or underflow.
#[inline]
pub(crate) fn norm_squared<T: Scalar>(a: &ArrayRef1<T>) -> T {
    sum_by(a, |v| v * v)
}

/// ‖a‖ without overflow or underflow on the way.
pub(crate) fn norm<T: Scalar>(a: &ArrayRef1<T>) -> T {
    let squared = norm_squared(a);
    // Below this the squares may have lost bits to underflow.
    let safe = T::min_positive_value() / (T::epsilon() * T::epsilon());
    if squared.is_finite() && squared > safe {
        return squared.sqrt();
    }
    let largest = a.iter().fold(T::zero(), |m, v| if v.is_nan() { *v } else { m.max(v.abs()) });
    if largest == T::zero() || !largest.is_finite() || squared.is_nan() {
        return if squared.is_nan() { squared } else { largest };
    }
    sum_by(a, |v| (v / largest) * (v / largest)).sqrt() * largest
}

/// y ← y + α x, any strides.
#[inline]
pub(crate) fn axpy<T: Scalar>(alpha: T, x: &ArrayRef1<T>, y: &mut ArrayRef1<T>) {
    debug_assert_eq!(x.len(), y.len());
    match (x.as_slice(), y.as_slice_mut()) {
        (Some(x), Some(y)) => {
            for (y, &x) in y.iter_mut().zip(x) {
                *y += alpha * x;
            }
        }
        _ => Zip::from(y).and(x).for_each(|y, &x| *y += alpha * x),
    }
}

/// A sum in blocks of 256: rounding grows with 256 + n / 256 terms instead of n.
#[derive(Default)]
pub(crate) struct BlockSum<T> {
    closed: T,
    open: T,
    count: usize,
}

impl<T: Scalar> BlockSum<T> {
    #[inline]
    pub(crate) fn add(&mut self, x: T) {
        self.open += x;
        self.count += 1;
        if self.count == 256 {
            self.closed += self.open;
            self.open = T::zero();
            self.count = 0;
        }
    }

    pub(crate) fn total(self) -> T {
        self.closed + self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    #[test]
    fn strided_and_contiguous_give_the_same_bits() {
        for n in [0, 1, 15, 16, 17, 4095, 4096, 4097, 8192, 10_000] {
            let a = Array1::from_shape_fn(n, |i| ((i * 7919) % 1013) as f64 * 0.37 - 100.0);
            let mut wide = Array2::zeros((n, 2));
            wide.column_mut(1).assign(&a);
            let strided = wide.column(1);
            assert_eq!(dot(&a, &a).to_bits(), dot(&strided, &strided).to_bits());
            assert_eq!(dot(&a, &a).to_bits(), dot(&a, &strided).to_bits());
            let exact: f64 = a.iter().map(|v| v * v).sum();
            // Both orders of n positive terms: n ε relative at most.
            assert!((dot(&a, &a) - exact).abs() <= n as f64 * f64::EPSILON * exact);
        }
    }

    #[test]
    fn the_norm_neither_overflows_nor_underflows() {
        for scale in [1e-200_f64, 1e-160, 1.0, 1e160, 1e200] {
            let x = Array1::from(vec![3.0 * scale, -4.0 * scale]);
            assert!((norm(&x) / scale - 5.0_f64).abs() < 1e-15 * 5.0 * 2.0);
        }
        assert_eq!(norm(&Array1::<f64>::zeros(3)), 0.0);
        assert_eq!(norm(&Array1::<f64>::zeros(0)), 0.0);
        assert!(norm(&Array1::from(vec![1.0, f64::NAN])).is_nan());
        assert!(norm(&Array1::from(vec![f64::INFINITY, f64::NAN])).is_nan());
        assert_eq!(norm(&Array1::from(vec![1.0, f64::NEG_INFINITY])), f64::INFINITY);
    }
}
