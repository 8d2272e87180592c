//! Uniformly distributed semi-orthogonal matrices.

use crate::Result;
use core_tensor::Scalar;
use core_tensor::linalg::Qr;
use core_tensor::random::{normal_array, rng};
use ndarray::Array2;

/// A semi-orthogonal matrix (m × n) from Haar's measure: the factor Q of a normal matrix, with R's diagonal made positive (without that
/// the distribution is not uniform). Orthonormal columns for m ≥ n, rows else. The same numbers for every thread count.
///
/// # Errors
/// None for m, n ≥ 1 in practice: a normal matrix has full rank.
pub fn haar<T: Scalar>(m: usize, n: usize, seed: u64) -> Result<Array2<T>> {
    let (tall, thin) = (m.max(n), m.min(n));
    let normal: Array2<f64> = normal_array(&mut rng(seed), (tall, thin));
    let mut qr = Qr::new(tall, thin);
    qr.factorise(&normal)?;
    let (mut q, mut r) = (Array2::zeros((tall, thin)), Array2::zeros((thin, thin)));
    qr.q_into(&mut q)?;
    qr.r_into(&mut r)?;
    for (mut column, &r) in q.columns_mut().into_iter().zip(&r.diag()) {
        if r < 0.0 {
            column.mapv_inplace(|v| -v);
        }
    }
    let q = q.mapv(<T as Scalar>::from_f64);
    Ok(if m >= n { q } else { q.reversed_axes() })
}
