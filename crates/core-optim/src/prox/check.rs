//! A test for proximal operators that anyone can run.

use super::Proximal;
use super::proximal::check_step;
use crate::reduce::{constant, norm, sum_zip};
use crate::split_mix::{normal, uniform};
use crate::{Error, Result};
use core_tensor::{Scalar, check_range};
use ndarray::Array1;

/// What [`check_prox`] looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ProxReport {
    /// Pairs (v, u) compared.
    pub comparisons: usize,
    /// Largest violation of the inequality, relative to the size of its terms; rounding leaves about n ε.
    pub largest_excess: f64,
}

/// Tests an operator against what defines it. With p = prox(v), for every u
///
/// ```text
/// g(p) + ‖p - v‖²/(2 step) + ‖u - p‖²/(2 step)  ≤  g(u) + ‖u - v‖²/(2 step)
/// ```
///
/// (the left side without its last term says that p is the minimiser, that term that g is convex). Tries `trials` random
/// points v of `dimension` entries, of many magnitudes and with zeros and ties, each against points u near p, far
/// from it, at p with an entry set to zero, and at earlier results, which lie in the domain of g. Repeats for the same `seed`.
///
/// ```
/// use core_optim::prox::{L1, check_prox};
///
/// let report = check_prox(&mut L1::new(0.3_f64)?, 5, 0.7, 100, 1)?;
/// assert!(report.largest_excess < 1e-13);
/// # Ok::<(), core_optim::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotProximal`] if the inequality fails by more than 64 (n + 4) ε relative to its terms or g(p) is not finite;
/// arguments out of range; errors of the operator.
pub fn check_prox<T: Scalar>(
    penalty: &mut (impl Proximal<T> + ?Sized),
    dimension: usize,
    step: T,
    trials: usize,
    seed: u64,
) -> Result<ProxReport> {
    check_range("trials", trials as f64, trials > 0, ">= 1")?;
    check_step(step)?;
    penalty.check_dimension(dimension)?;
    let mut state = seed;
    let tolerance = 64.0 * (dimension as f64 + 4.0) * Scalar::to_f64(T::epsilon());
    let half = constant::<T>(0.5) / step;
    let distance = |a: &Array1<T>, b: &Array1<T>| half * sum_zip(a, b, |a, b| (a - b) * (a - b));
    let mut report = ProxReport { comparisons: 0, largest_excess: 0.0 };
    let mut earlier: Vec<Array1<T>> = Vec::new();
    let (mut v, mut p) = (Array1::zeros(dimension), Array1::from_elem(dimension, T::nan()));
    for trial in 0..trials {
        let magnitude = 10.0_f64.powf(4.0 * uniform(&mut state) - 2.0);
        let grid = uniform(&mut state) < 0.3;
        v.mapv_inplace(|_| {
            let x = normal(&mut state);
            constant::<T>(magnitude * if grid { x.round() } else { x })
        });
        p.fill(T::nan());
        penalty.prox_into(&v, step, &mut p)?;
        let failure = |excess: f64| Error::NotProximal { step: Scalar::to_f64(step), excess, trial };
        let (g_p, to_v) = (penalty.value(&p), distance(&p, &v));
        if !(g_p + to_v).is_finite() {
            return Err(failure(f64::INFINITY));
        }
        // A term of the rounding error that even tiny distances carry.
        let floor = {
            let length = norm(&p) + norm(&v);
            half * length * length
        };
        let mut others: Vec<Array1<T>> = earlier.clone();
        others.push(v.clone());
        others.push(Array1::zeros(dimension));
        for scale in [1e-6, 1e-3, 0.1, 1.0] {
            others.push(p.mapv(|p| p + constant::<T>(scale * magnitude * normal(&mut state))));
            // Along the ray and towards earlier points: stays in convex sets.
            others.push(p.mapv(|p| p * constant::<T>(1.0 - scale)));
            if let Some(point) = earlier.last() {
                others.push(&p + &((point - &p) * constant::<T>(scale)));
            }
        }
        if dimension > 0 {
            let j = ((uniform(&mut state) * dimension as f64) as usize).min(dimension - 1);
            let mut sparse = p.clone();
            sparse[j] = T::zero();
            others.push(sparse);
        }
        for u in &others {
            let g_u = penalty.value(u);
            if g_u.is_nan() || g_u == T::infinity() {
                continue;
            }
            let (left, right) = (g_p + to_v + distance(u, &p), g_u + distance(u, &v));
            let size = g_p.abs() + g_u.abs() + right.abs() + left.abs() + floor;
            if !(size > T::zero()) {
                continue;
            }
            let excess = Scalar::to_f64((left - right) / size);
            report.comparisons += 1;
            if !(excess <= tolerance) {
                return Err(failure(excess));
            }
            report.largest_excess = report.largest_excess.max(excess);
        }
        if earlier.len() < 8 {
            earlier.push(p.clone());
        } else {
            earlier[trial % 8].assign(&p);
        }
    }
    Ok(report)
}
