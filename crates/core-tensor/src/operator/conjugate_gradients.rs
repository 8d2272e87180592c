//! Conjugate gradients (Hestenes and Stiefel 1952).

use super::vector::{add_scaled, check_length, check_square_operator, norm};
use super::{Limits, LinearOperator, Solved, Stopped};
use crate::{Result, Scalar, check_finite};
use ndarray::{Array1, ArrayRef1, Zip};

/// Memory for conjugate gradients on operators of one size: four vectors.
///
/// Solves A x = b for a symmetric positive definite A, optionally with a symmetric positive definite preconditioner:
/// an operator that applies M⁻¹ ≈ A⁻¹. Convergence: ‖r‖ ≤ tolerance · ‖b‖.
#[derive(Debug, Clone)]
pub struct ConjugateGradients<T> {
    residual: Array1<T>,
    direction: Array1<T>,
    product: Array1<T>,
    preconditioned: Array1<T>,
}

impl<T: Scalar> ConjugateGradients<T> {
    /// Memory for n × n operators.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let zeros = || Array1::zeros(n);
        Self { residual: zeros(), direction: zeros(), product: zeros(), preconditioned: zeros() }
    }

    /// Improves `x` (n) from where it stands. Does not allocate.
    ///
    /// # Errors
    /// Operators that are not n × n, vectors not of length n or not finite, limits out of range, and errors of the
    /// operators. An operator that turns out not to be positive definite is a [`Stopped`], and `x` is then the last
    /// iterate before it showed.
    pub fn solve<A: LinearOperator<T> + ?Sized>(
        &mut self,
        a: &A,
        preconditioner: Option<&dyn LinearOperator<T>>,
        b: &ArrayRef1<T>,
        x: &mut ArrayRef1<T>,
        limits: Limits,
    ) -> Result<Solved<T>> {
        limits.check()?;
        let n = self.residual.len();
        check_square_operator(a)?;
        check_length("b", b, a.rows())?;
        check_length("b", b, n)?;
        check_length("x", x, n)?;
        check_finite("b", b)?;
        check_finite("x", x)?;
        let goal = limits.tolerance::<T>() * norm(b);
        self.update_residual(a, b, x)?;
        let mut rho = self.precondition(preconditioner)?;
        self.direction.assign(&self.preconditioned);
        let mut iterations = 0;
        let stopped = loop {
            let size = norm(&self.residual);
            if size <= goal {
                break Stopped::Converged;
            }
            if !(size.is_finite() && rho.is_finite()) {
                break Stopped::Breakdown;
            }
            if !(rho > T::zero()) {
                break Stopped::IndefinitePreconditioner;
            }
            if iterations == limits.iterations {
                break Stopped::IterationLimit;
            }
            a.apply_into(&self.direction, &mut self.product)?;
            iterations += 1;
            let curvature = self.direction.dot(&self.product);
            if !curvature.is_finite() {
                break Stopped::Breakdown;
            }
            if !(curvature > T::zero()) {
                break Stopped::NegativeCurvature;
            }
            let step = rho / curvature;
            add_scaled(x, step, &self.direction);
            add_scaled(&mut self.residual, -step, &self.product);
            // The recurrence drifts away from b − A x: renew it now and then, and before believing in convergence.
            if iterations % 50 == 0 || norm(&self.residual) <= goal {
                self.update_residual(a, b, x)?;
            }
            let next = self.precondition(preconditioner)?;
            let momentum = next / rho;
            rho = next;
            Zip::from(&mut self.direction).and(&self.preconditioned).for_each(|p, &z| *p = z + momentum * *p);
        };
        self.update_residual(a, b, x)?;
        Ok(Solved { iterations, residual: norm(&self.residual), stopped })
    }

    fn update_residual<A: LinearOperator<T> + ?Sized>(
        &mut self,
        a: &A,
        b: &ArrayRef1<T>,
        x: &ArrayRef1<T>,
    ) -> Result<()> {
        a.apply_into(x, &mut self.residual)?;
        Zip::from(&mut self.residual).and(b).for_each(|r, &b| *r = b - *r);
        Ok(())
    }

    /// z = M⁻¹ r; returns rᵀ z.
    fn precondition(&mut self, preconditioner: Option<&dyn LinearOperator<T>>) -> Result<T> {
        match preconditioner {
            Some(m) => m.apply_into(&self.residual, &mut self.preconditioned)?,
            None => self.preconditioned.assign(&self.residual),
        }
        Ok(self.residual.dot(&self.preconditioned))
    }
}

/// Allocating form of [`ConjugateGradients::solve`] from x = 0: the solution and the report.
///
/// # Errors
/// The same.
pub fn conjugate_gradients<T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &A,
    b: &ArrayRef1<T>,
    limits: Limits,
) -> Result<(Array1<T>, Solved<T>)> {
    let mut x = Array1::zeros(b.len());
    let solved = ConjugateGradients::new(b.len()).solve(a, None, b, &mut x, limits)?;
    Ok((x, solved))
}
