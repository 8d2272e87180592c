//! Sums of products of lagged values, for all pairs of lags at once.

use core_tensor::{Kernel, vectorised};
use ndarray::Array2;

/// `P_ij = Σ_{t < m} a_{i+t} b_{j+t}` for i, j below `lags`, m = n - lags + 1 ([lags][lags]).
///
/// The first row and column are sums of m products; everything else follows along the diagonals,
/// `P_ij = P_{i-1,j-1} - a_{i-1} b_{j-1} + a_{i-1+m} b_{j-1+m}`: O(lags · n), and no window matrix. Centre `a` and `b` first
/// where their products are large against the result. Needs `1 ≤ lags ≤ n` and equal lengths.
pub(crate) fn lag_products(a: &[f64], b: &[f64], lags: usize) -> Array2<f64> {
    let windows = a.len() + 1 - lags;
    let mut products = Array2::zeros((lags, lags));
    for lag in 0..lags {
        products[[lag, 0]] = dot(&a[lag..lag + windows], &b[..windows]);
        products[[0, lag]] = dot(&a[..windows], &b[lag..lag + windows]);
    }
    for i in 1..lags {
        for j in 1..lags {
            products[[i, j]] = products[[i - 1, j - 1]] - a[i - 1] * b[j - 1] + a[i - 1 + windows] * b[j - 1 + windows];
        }
    }
    products
}

/// [`lag_products`] of a vector with itself: symmetric, at half the work.
pub(crate) fn lag_squares(a: &[f64], lags: usize) -> Array2<f64> {
    let windows = a.len() + 1 - lags;
    let first: Vec<f64> = (0..lags).map(|lag| dot(&a[lag..lag + windows], &a[..windows])).collect();
    squares_from(a, &first)
}

/// [`lag_squares`] from its first row.
pub(crate) fn squares_from(a: &[f64], first: &[f64]) -> Array2<f64> {
    let lags = first.len();
    let mut products = vec![0.0; lags * lags];
    vectorised(Diagonals { a, windows: a.len() + 1 - lags, first, products: &mut products });
    let mut products = match Array2::from_shape_vec((lags, lags), products) {
        Ok(products) => products,
        Err(error) => unreachable!("the entries were counted: {error}"),
    };
    // In tiles, so that neither reading nor writing leaves the cache.
    for top in (0..lags).step_by(32) {
        for left in (0..=top).step_by(32) {
            for i in top..lags.min(top + 32) {
                for j in left..i.min(left + 32) {
                    products[[j, i]] = products[[i, j]];
                }
            }
        }
    }
    products
}

/// The lower triangle, row by row: each row is the one above, moved by one, with a product of ends exchanged.
struct Diagonals<'a> {
    a: &'a [f64],
    windows: usize,
    first: &'a [f64],
    products: &'a mut [f64],
}

impl Kernel for Diagonals<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let lags = self.first.len();
        for (i, &first) in self.first.iter().enumerate() {
            let (above, row) = self.products.split_at_mut(i * lags);
            row[0] = first;
            if i == 0 {
                continue;
            }
            let above = &above[(i - 1) * lags..][..i];
            let row = &mut row[1..][..i];
            let (leaves, enters) = (self.a[i - 1], self.a[i - 1 + self.windows]);
            let (left, right) = (&self.a[..i], &self.a[self.windows..][..i]);
            for j in 0..i {
                row[j] = above[j] - leaves * left[j] + enters * right[j];
            }
        }
    }
}

/// Σ aᵢ bᵢ, in sixteen interleaved partial sums.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    struct Dot<'a>(&'a [f64], &'a [f64]);

    impl Kernel for Dot<'_> {
        type Output = f64;

        #[inline(always)]
        fn run(self) -> f64 {
            let mut sums = [0.0; 16];
            let (a, b) = (self.0.chunks_exact(16), self.1.chunks_exact(16));
            let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
            for (a, b) in a.zip(b) {
                for k in 0..16 {
                    sums[k] += a[k] * b[k];
                }
            }
            sums.iter().sum::<f64>() + rest
        }
    }

    vectorised(Dot(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core_tensor::random::{normal_array, rng};
    use ndarray::Array1;

    #[test]
    fn recurrences_equal_sums() {
        for (n, lags) in [(40, 7), (9, 9), (5, 1), (1, 1)] {
            let a: Array1<f64> = normal_array(&mut rng(1), n);
            let b: Array1<f64> = normal_array(&mut rng(2), n);
            let (a, b) = (a.to_vec(), b.to_vec());
            let windows = n + 1 - lags;
            let naive = |a: &[f64], b: &[f64], i, j| (0..windows).map(|t| a[i + t] * b[j + t]).sum::<f64>();
            let (products, squares) = (lag_products(&a, &b, lags), lag_squares(&a, lags));
            for i in 0..lags {
                for j in 0..lags {
                    assert!((products[[i, j]] - naive(&a, &b, i, j)).abs() < 1e-12);
                    assert!((squares[[i, j]] - naive(&a, &a, i, j)).abs() < 1e-12);
                }
            }
        }
    }
}
