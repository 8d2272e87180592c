//! Rescaled kernels of norm at most 1 (AOL).

use crate::polyphase::for_each_index;
use crate::{Geometry, Result};
use core_tensor::{Scalar, check_finite};
use ndarray::{Array, ArrayRef, Dimension};

/// `K[:, c] / √(Σ_{c',δ} |Σ_{m,a} K[m, c, a] K[m, c', a + δ]|)`: a layer of norm at most 1 for every stride, size and padding, close to orthogonal
/// when the kernel nearly is. Input channels that the kernel does not see stay 0. One group.
///
/// # Errors
/// A kernel (M × C × k…) of fewer than three axes, empty or not finite.
pub fn almost_orthogonal<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>) -> Result<Array<T, D>> {
    check_finite("kernel", kernel)?;
    let geometry = Geometry::of(kernel, 1)?;
    let exact = kernel.mapv(Scalar::to_f64).into_dyn();
    let lags: Vec<usize> = geometry.size().iter().map(|k| 2 * k - 1).collect();
    let channels = geometry.inputs();
    let mut sums = vec![0.0; channels];
    for_each_index(&lags, |lag| {
        let mut correlation = vec![0.0; channels * channels];
        for_each_index(geometry.size(), |a| {
            let other: Option<Vec<usize>> = a
                .iter()
                .zip(lag)
                .zip(geometry.size())
                .map(|((&a, &l), &k)| (a + l).checked_sub(k - 1).filter(|&b| b < k))
                .collect();
            let Some(b) = other else { return };
            for m in 0..geometry.outputs() {
                let mut at = vec![m, 0];
                at.extend_from_slice(a);
                let mut there = vec![m, 0];
                there.extend_from_slice(&b);
                for c in 0..channels {
                    at[1] = c;
                    for d in 0..channels {
                        there[1] = d;
                        correlation[c * channels + d] += exact[at.as_slice()] * exact[there.as_slice()];
                    }
                }
            }
        });
        for (sum, row) in sums.iter_mut().zip(correlation.chunks_exact(channels)) {
            *sum += row.iter().map(|v| v.abs()).sum::<f64>();
        }
    });
    let mut scaled = kernel.to_owned();
    let taps: usize = geometry.size().iter().product();
    for (number, v) in scaled.iter_mut().enumerate() {
        let sum = sums[number / taps % channels];
        let by = if sum > 0.0 { sum.sqrt().recip() } else { 0.0 };
        *v = <T as Scalar>::from_f64(Scalar::to_f64(*v) * by);
    }
    Ok(scaled)
}
