//! The envelope as a penalty for the solvers of `core_optim`.

use crate::error::check_lambda;
use crate::{Result, Wgsef, Workspace};
use core_optim::prox::Proximal;
use core_tensor::{Scalar, check_range, check_shape};
use ndarray::ArrayRef1;

/// λ ω on vectors, with memory of its own: a [`Proximal`] for [`core_optim::Fista`] and others.
///
/// The groups lie in one tensor, whose entries the vector holds in row-major order.
#[derive(Debug, Clone)]
pub struct Penalty {
    omega: Wgsef,
    lambda: f64,
    workspace: Workspace,
    free: bool,
}

impl Penalty {
    /// The penalty of λ ≥ 0.
    ///
    /// # Errors
    /// λ < 0 or not finite, groups that are not those of a vector.
    pub fn new(omega: &Wgsef, lambda: f64) -> Result<Self> {
        check_lambda(lambda)?;
        let groups = omega.groups();
        // Shapes are those of the tensor; the entries are the same.
        let omega = omega.flattened()?;
        let free = omega.groups().owners(0).any(|owner| owner.is_none());
        Ok(Self { workspace: Workspace::new(groups.count()), omega, lambda, free })
    }

    /// λ.
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// Changes λ ≥ 0.
    ///
    /// # Errors
    /// λ < 0 or not finite.
    pub fn set_lambda(&mut self, lambda: f64) -> Result<()> {
        check_lambda(lambda)?;
        self.lambda = lambda;
        Ok(())
    }

    /// True when some coordinates are in no group, and so have no bound by duality.
    #[must_use]
    pub fn has_free_coordinates(&self) -> bool {
        self.free
    }

    /// The function ω.
    #[must_use]
    pub fn omega(&self) -> &Wgsef {
        &self.omega
    }
}

impl<T: Scalar> Proximal<T> for Penalty {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        let value = self.omega.value_with(x, &mut self.workspace).map_or(f64::NAN, |value| value.omega);
        <T as Scalar>::from_f64(self.lambda * value)
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> core_optim::Result<()> {
        Proximal::<T>::check_dimension(self, v.len())?;
        check_shape("out", out, v.shape(), "`out` has an entry per entry of `v`")?;
        let step = Scalar::to_f64(step);
        check_range("step", step, step > 0.0 && step.is_finite(), "finite and > 0")?;
        out.assign(v);
        if self.omega.prox_in_place(out, step * self.lambda, &mut self.workspace).is_err() {
            // Not a number in, not a number out: solvers see it and stop.
            out.fill(T::nan());
        }
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> core_optim::Result<()> {
        if n == self.omega.groups().entries() {
            return Ok(());
        }
        let (found, expected) = (vec![n], vec![self.omega.groups().entries()]);
        let reason = "the groups were made for that";
        Err(core_tensor::Error::Shape { argument: "v", found, expected, reason }.into())
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        if self.free || self.lambda == 0.0 {
            return None;
        }
        let value = self.omega.conjugate_with(y, &mut self.workspace).unwrap_or(f64::NAN);
        Some(<T as Scalar>::from_f64(value / self.lambda))
    }

    fn dual_scale(&mut self, _y: &ArrayRef1<T>) -> Option<T> {
        // ω* is finite everywhere.
        (!self.free && self.lambda > 0.0).then(T::one)
    }
}

/// Ridge regression on some coordinates, zero on the others: for refitting what was selected.
pub(crate) struct Restricted<'a> {
    pub(crate) keeps: &'a [bool],
    pub(crate) ridge: f64,
}

impl<T: Scalar> Proximal<T> for Restricted<'_> {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        let ridge = <T as Scalar>::from_f64(0.5 * self.ridge);
        x.iter().map(|&v| ridge * v * v).sum()
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> core_optim::Result<()> {
        let shrink = T::one() / (T::one() + step * <T as Scalar>::from_f64(self.ridge));
        for ((out, &v), &keep) in out.iter_mut().zip(v).zip(self.keeps) {
            *out = if keep { v * shrink } else { T::zero() };
        }
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> core_optim::Result<()> {
        Ok(check_range("v", n as f64, n == self.keeps.len(), "as long as the model")?)
    }
}
