//! Conjugate gradients in a box.

use crate::SparseQuadratic;
use crate::number::constant;
use crate::objective::Objective;
use crate::penalty::clip;
use crate::{Result, State};
use core_tensor::Scalar;
use core_tensor::operator::LinearOperator;
use ndarray::Array1;

/// How a run ended: products made, ‖x - proj(x - ∇f)‖∞.
pub(crate) struct Outcome<T> {
    pub(crate) products: usize,
    pub(crate) residual: T,
}

/// Minimises a sparse quadratic in [lower, upper]ᵖ from `x`, after Moré and Toraldo (1991): a few projected gradient steps find a
/// face, conjugate gradients run on it until they slow down or leave the box. Both lower f, so the method cannot cycle.
pub(crate) fn projected_conjugate_gradients<T: Scalar>(
    f: &SparseQuadratic<T>,
    (lower, upper): (T, T),
    x: &mut Array1<T>,
    goal: T,
    limit: usize,
) -> Result<Outcome<T>> {
    let b = f.linear();
    let p = b.len();
    let sums = f.bound_row_sums(&mut State::new(x, 0))?;
    let largest = sums.iter().fold(T::zero(), |m, &s| if s > m { s } else { m });
    let step = if largest > T::zero() { largest.recip() } else { T::one() };
    x.mapv_inplace(|v| clip(v, lower, upper));
    let (mut g, mut d, mut q, mut r) = (Array1::zeros(p), Array1::zeros(p), Array1::zeros(p), Array1::<T>::zeros(p));
    let gradient = |x: &Array1<T>, g: &mut Array1<T>| -> Result<()> {
        LinearOperator::apply_into(f, x, g)?;
        g.zip_mut_with(&b.view(), |g, &b| *g -= b);
        Ok(())
    };
    let mut products = 0;
    loop {
        gradient(x, &mut g)?;
        products += 1;
        let moved = |i: usize| (x[i] - clip(x[i] - g[i], lower, upper)).abs();
        let residual = (0..p).map(moved).fold(T::zero(), |m, v| if v > m || v.is_nan() { v } else { m });
        if !(residual > goal) || products >= limit {
            return Ok(Outcome { products, residual });
        }
        for _ in 0..5 {
            x.zip_mut_with(&g, |x, &g| *x = clip(*x - step * g, lower, upper));
            gradient(x, &mut g)?;
            products += 1;
        }
        // On the face: where x is inside, or at a bound that the gradient leads away from.
        for i in 0..p {
            r[i] = if x[i] > lower && x[i] < upper { -g[i] } else { T::zero() };
        }
        let free: Vec<bool> = x.iter().map(|&x| x > lower && x < upper).collect();
        d.assign(&r);
        let first = r.dot(&r);
        let mut rho = first;
        for _ in 0..1000 {
            LinearOperator::apply_into(f, &d, &mut q)?;
            products += 1;
            q.iter_mut().zip(&free).filter(|(_, free)| !**free).for_each(|(q, _)| *q = T::zero());
            let curvature = d.dot(&q);
            if !(curvature > T::zero()) {
                break;
            }
            let wanted = rho / curvature;
            let mut taken = wanted;
            for (&d, &x) in d.iter().zip(&*x).filter(|(d, _)| **d != T::zero()) {
                let room = ((if d > T::zero() { upper } else { lower }) - x) / d;
                taken = if room < taken { room } else { taken };
            }
            x.scaled_add(taken, &d);
            r.scaled_add(-taken, &q);
            let next = r.dot(&r);
            if taken < wanted || next <= constant::<T>(1e-4) * first {
                break;
            }
            let momentum = next / rho;
            rho = next;
            d.zip_mut_with(&r, |d, &r| *d = r + momentum * *d);
        }
        x.mapv_inplace(|v| clip(v, lower, upper));
    }
}
