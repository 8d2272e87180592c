//! Stochastic traces (Hutchinson 1990).

use super::LinearOperator;
use super::vector::check_square_operator;
use crate::{Error, Result, Scalar};
use ndarray::Array1;

/// An estimate of a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct TraceEstimate<T> {
    /// Mean of zᵀ A z over the probes.
    pub mean: T,
    /// Standard error of the mean; NaN for one probe.
    pub standard_error: T,
    /// Number of probes.
    pub probes: usize,
}

/// tr A for a square `a` (n × n) from `probes` ≥ 1 random vectors of signs: probe k comes from stream k of the seed.
///
/// Exact for diagonal matrices, whatever the probes; the variance of one probe is 2 Σ of the squared off-diagonal
/// entries of a symmetric A. Allocates two vectors.
///
/// # Errors
/// `a` not square, no probes, and errors of the operator.
#[cfg(feature = "random")]
#[cfg_attr(docsrs, doc(cfg(feature = "random")))]
pub fn hutchinson_trace<T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &A,
    probes: usize,
    seed: u64,
) -> Result<TraceEstimate<T>> {
    use rand::Rng;
    let streams = crate::random::Streams::new(seed);
    hutchinson_trace_with(a, probes, |k, z| {
        let mut rng = streams.stream(k as u64);
        let mut bits = 0;
        for (i, v) in z.iter_mut().enumerate() {
            if i % 64 == 0 {
                bits = rng.next_u64();
            }
            *v = if bits & 1 == 0 { T::one() } else { -T::one() };
            bits >>= 1;
        }
    })
}

/// tr A for a square `a` (n × n) with probes of one's own: `probe(k, z)` fills z (n) with uncorrelated numbers of mean
/// 0 and variance 1.
///
/// # Errors
/// `a` not square, no probes, and errors of the operator.
pub fn hutchinson_trace_with<T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &A,
    probes: usize,
    mut probe: impl FnMut(usize, &mut Array1<T>),
) -> Result<TraceEstimate<T>> {
    let n = check_square_operator(a)?;
    if probes == 0 {
        return Err(Error::OutOfRange { argument: "probes", found: 0.0, expected: ">= 1" });
    }
    let (mut z, mut product) = (Array1::zeros(n), Array1::zeros(n));
    // Welford's running mean and sum of squared deviations.
    let (mut mean, mut squares) = (T::zero(), T::zero());
    for k in 0..probes {
        probe(k, &mut z);
        a.apply_into(&z, &mut product)?;
        let value = z.dot(&product);
        let deviation = value - mean;
        mean += deviation / <T as Scalar>::from_f64(k as f64 + 1.0);
        squares += deviation * (value - mean);
    }
    let count = <T as Scalar>::from_f64(probes as f64);
    let standard_error = (squares / (count - T::one()) / count).sqrt();
    Ok(TraceEstimate { mean, standard_error, probes })
}
