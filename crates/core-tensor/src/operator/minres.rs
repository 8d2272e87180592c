//! MINRES (Paige and Saunders 1975).

use super::vector::{add_scaled, check_length, check_square_operator, norm};
use super::{Limits, LinearOperator, Solved, Stopped};
use crate::{Result, Scalar, check_finite};
use ndarray::{Array1, ArrayRef1, Zip};
use std::mem::swap;

/// Memory for MINRES on operators of one size: six vectors.
///
/// Minimises ‖b − A x‖ over growing Krylov spaces for a symmetric A, definite or not, singular or not. Convergence:
/// ‖r‖ ≤ tolerance · ‖b‖. For a singular A with b outside its range the residual cannot vanish; the iteration then ends
/// as [`Stopped::Exhausted`] when ‖A r‖ has become negligible: x is a least-squares solution.
#[derive(Debug, Clone)]
pub struct Minres<T> {
    previous: Array1<T>,
    current: Array1<T>,
    next: Array1<T>,
    direction: Array1<T>,
    last: Array1<T>,
    before: Array1<T>,
}

impl<T: Scalar> Minres<T> {
    /// Memory for n × n operators.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let zeros = || Array1::zeros(n);
        Self { previous: zeros(), current: zeros(), next: zeros(), direction: zeros(), last: zeros(), before: zeros() }
    }

    /// Improves `x` (n) from where it stands. Does not allocate.
    ///
    /// # Errors
    /// An operator that is not n × n, vectors not of length n or not finite, limits out of range, and errors of the
    /// operator.
    pub fn solve<A: LinearOperator<T> + ?Sized>(
        &mut self,
        a: &A,
        b: &ArrayRef1<T>,
        x: &mut ArrayRef1<T>,
        limits: Limits,
    ) -> Result<Solved<T>> {
        limits.check()?;
        let n = self.current.len();
        check_square_operator(a)?;
        check_length("b", b, a.rows())?;
        check_length("b", b, n)?;
        check_length("x", x, n)?;
        check_finite("b", b)?;
        check_finite("x", x)?;
        let goal = limits.tolerance::<T>() * norm(b);
        let negligible =
            limits.tolerance::<T>().min(T::epsilon().sqrt()).max(T::epsilon() * <T as Scalar>::from_f64(32.0));
        a.apply_into(x, &mut self.current)?;
        Zip::from(&mut self.current).and(b).for_each(|r, &b| *r = b - *r);
        let mut beta = norm(&self.current);
        // Rotated right-hand side: its absolute value is the norm of the residual.
        let mut phi = beta;
        let (mut cosine, mut sine) = (-T::one(), T::zero());
        let (mut epsilon, mut delta_bar) = (T::zero(), T::zero());
        let mut largest = T::zero();
        for vector in [&mut self.previous, &mut self.last, &mut self.before] {
            vector.fill(T::zero());
        }
        if beta > T::zero() && beta.is_finite() {
            self.current.iter_mut().for_each(|v| *v /= beta);
        }
        beta = T::zero();
        let mut iterations = 0;
        let stopped = loop {
            if !phi.is_finite() {
                break Stopped::Breakdown;
            }
            if phi.abs() <= goal {
                break Stopped::Converged;
            }
            if iterations == limits.iterations {
                break Stopped::IterationLimit;
            }
            // Lanczos step: β' v' = A v − α v − β times the previous v.
            a.apply_into(&self.current, &mut self.next)?;
            iterations += 1;
            add_scaled(&mut self.next, -beta, &self.previous);
            let alpha = self.current.dot(&self.next);
            add_scaled(&mut self.next, -alpha, &self.current);
            let following = norm(&self.next);
            if !(alpha.is_finite() && following.is_finite()) {
                break Stopped::Breakdown;
            }
            largest = largest.max(alpha.abs()).max(following);
            // Previous rotation, then the one that annihilates the new subdiagonal entry.
            let delta = cosine * delta_bar + sine * alpha;
            let gamma_bar = sine * delta_bar - cosine * alpha;
            let old_epsilon = epsilon;
            epsilon = sine * following;
            delta_bar = -cosine * following;
            // ‖A r‖ / ‖r‖ = √(γ̄² + δ̄²): at a least-squares solution no further progress is possible, and a division by
            // what is left would only add noise.
            if gamma_bar.hypot(delta_bar) <= negligible * largest {
                break Stopped::Exhausted;
            }
            let gamma = gamma_bar.hypot(following);
            let tau = gamma_bar / gamma * phi;
            (cosine, sine) = (gamma_bar / gamma, following / gamma);
            phi *= sine;
            Zip::from(&mut self.direction)
                .and(&self.current)
                .and(&self.last)
                .and(&self.before)
                .for_each(|w, &v, &w1, &w2| *w = (v - delta * w1 - old_epsilon * w2) / gamma);
            add_scaled(x, tau, &self.direction);
            swap(&mut self.before, &mut self.last);
            swap(&mut self.last, &mut self.direction);
            if following <= T::epsilon() * largest {
                break if phi.abs() <= goal { Stopped::Converged } else { Stopped::Exhausted };
            }
            self.next.iter_mut().for_each(|v| *v /= following);
            swap(&mut self.previous, &mut self.current);
            swap(&mut self.current, &mut self.next);
            beta = following;
        };
        a.apply_into(x, &mut self.next)?;
        Zip::from(&mut self.next).and(b).for_each(|r, &b| *r = b - *r);
        Ok(Solved { iterations, residual: norm(&self.next), stopped })
    }
}

/// Allocating form of [`Minres::solve`] from x = 0: the solution and the report.
///
/// # Errors
/// The same.
pub fn minres<T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &A,
    b: &ArrayRef1<T>,
    limits: Limits,
) -> Result<(Array1<T>, Solved<T>)> {
    let mut x = Array1::zeros(b.len());
    let solved = Minres::new(b.len()).solve(a, b, &mut x, limits)?;
    Ok((x, solved))
}
