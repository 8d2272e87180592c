//! How much columns depend on others: distances to spans, and how often a random support beats random blocks.

use crate::Result;
use core_tensor::linalg::{Accumulate, PivotedQr, gemv_into};
use core_tensor::random::{Streams, permutation};
use core_tensor::{check_finite, check_range};
use ndarray::{Array1, Array2, ArrayRef2, Axis, ShapeBuilder, Slice};

/// dist(xⱼ, span of the columns `set`) for each j of `columns`, by QR with column pivoting and two projections.
///
/// # Errors
/// A design that is not finite, a column that does not exist.
pub fn distance_to_span(x: &ArrayRef2<f64>, set: &[usize], columns: &[usize]) -> Result<Array1<f64>> {
    check_finite("x", x)?;
    let (n, d) = x.dim();
    for &j in set.iter().chain(columns) {
        check_range("set", j as f64, j < d, "the index of a column of `x`")?;
    }
    let mut spanning = Array2::zeros((n, set.len()).f());
    for (mut to, &j) in spanning.columns_mut().into_iter().zip(set) {
        let norm = x.column(j).dot(&x.column(j)).sqrt();
        to.assign(&x.column(j));
        if norm > 0.0 {
            to /= norm;
        }
    }
    let mut qr = PivotedQr::new(n, set.len());
    qr.factorise(&spanning)?;
    let rank = qr.rank(qr.default_tolerance())?;
    let mut q = Array2::zeros((n, n.min(set.len())).f());
    qr.q_into(&mut q)?;
    let q = q.slice_axis(Axis(1), Slice::from(..rank));
    let mut along = Array1::zeros(rank);
    let mut distances = Array1::zeros(columns.len());
    for (distance, &j) in distances.iter_mut().zip(columns) {
        if set.contains(&j) {
            continue;
        }
        let mut rest = x.column(j).to_owned();
        for _ in 0..2 {
            gemv_into(&mut along, Accumulate::Replace, 1.0, &q.t(), &rest)?;
            gemv_into(&mut rest, Accumulate::Add, -1.0, &q, &along)?;
        }
        *distance = rest.dot(&rest).sqrt();
    }
    Ok(distances)
}

/// The fraction of `draws` of a random k-subset T and `blocks` random (k - 1)-subsets S₁, … in which the bound |wₜ| ρₜ ≤ ‖X w‖ fails for
/// some w on T and t in T, where ρₜ = dist(xₜ, span of the blocks).
///
/// It fails exactly when some xₜ lies nearer to the span of the rest of T than to that of the blocks. Theorem A of random-span
/// preconditioning: the probability is at most k / (`blocks` + 1), whatever the design.
///
/// # Errors
/// A design that is not finite or has fewer than k columns; k or `draws` of 0.
pub fn dependence_failures(x: &ArrayRef2<f64>, k: usize, blocks: usize, draws: usize, seed: u64) -> Result<f64> {
    let d = x.ncols();
    check_range("k", k as f64, k >= 1 && k <= d, "at least 1 and at most the number of columns")?;
    check_range("draws", draws as f64, draws >= 1, ">= 1")?;
    let streams = Streams::new(seed);
    let mut failures = 0_usize;
    for draw in 0..draws {
        let mut rng = streams.stream(draw as u64);
        let mut subset = |size: usize| {
            let mut order = permutation(&mut rng, d);
            order.truncate(size);
            order
        };
        let support = subset(k);
        let mut span: Vec<usize> = (0..blocks).flat_map(|_| subset(k - 1)).collect();
        span.sort_unstable();
        span.dedup();
        let rho = distance_to_span(x, &span, &support)?;
        let mut fails = false;
        for (at, &t) in support.iter().enumerate() {
            let rest: Vec<usize> = support.iter().copied().filter(|&j| j != t).collect();
            let own = distance_to_span(x, &rest, &[t])?[0];
            // Distances carry the rounding of the column.
            let rounding = 1e-13 * x.column(t).dot(&x.column(t)).sqrt();
            fails |= rho[at] > own + rounding;
        }
        failures += usize::from(fails);
    }
    Ok(failures as f64 / draws as f64)
}
