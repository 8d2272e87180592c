//! The method and its settings.

use super::logistic::LogisticRun;
use super::squared::SquaredRun;
use super::{Options, SparseFit, SparsePenalty, WorkingSetState, Workspace};
use crate::design::DesignMatrix;
use crate::error::{check_count, check_length, check_non_negative};
use crate::prox::Proximal;
use crate::{Observer, Result, Unobserved};
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{Array1, ArrayRef1};
use std::ops::ControlFlow;

/// How a working set is solved to the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Finish {
    /// Newton steps on the support, with a Cholesky factor that follows it: tight gaps cost hardly more than loose ones.
    #[default]
    Exact,
    /// Coordinate descent with Anderson extrapolation alone.
    Descent,
}

/// A working-set solver for sparse linear models.
///
/// | setting | default | legal | what for |
/// | --- | --- | --- | --- |
/// | [`tolerance`](Self::tolerance) | 10⁻⁶ | ≥ 0 | relative duality gap, per objective at w = 0 |
/// | [`outer_limit`](Self::outer_limit) | 200 | ≥ 1 | certificates |
/// | [`inner_limit`](Self::inner_limit) | 100 000 | ≥ 1 | passes over working sets, altogether |
/// | [`finish`](Self::finish) | exact | | how working sets are solved |
///
/// ```
/// use core_optim::design::Dense;
/// use core_optim::working_set::{Options, SparsePenalty, WorkingSet};
/// use ndarray::array;
///
/// let x = array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
/// let y = array![3.0_f64, 0.1, 3.0];
/// let solver = WorkingSet::new();
/// let fit = solver.squared(&Dense::new(&x)?, &y, &SparsePenalty::lasso(1.0)?, &Options::default())?;
/// assert!(fit.converged() && fit.gap <= 1e-6 * fit.scale);
/// assert!((fit.coefficients[0] - 2.5).abs() < 1e-4 && fit.coefficients[1] == 0.0);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct WorkingSet<T> {
    pub(super) tolerance: T,
    pub(super) outer_limit: usize,
    pub(super) inner_limit: usize,
    pub(super) finish: Finish,
}

impl<T: Scalar> Default for WorkingSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> WorkingSet<T> {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self { tolerance: crate::reduce::constant(1e-6), outer_limit: 200, inner_limit: 100_000, finish: Finish::Exact }
    }

    /// Sets the relative duality gap to reach. Below 8 ε it counts as 8 ε.
    #[must_use]
    pub fn tolerance(mut self, tolerance: T) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets the largest number of outer iterations of one fit.
    #[must_use]
    pub fn outer_limit(mut self, limit: usize) -> Self {
        self.outer_limit = limit;
        self
    }

    /// Sets the largest number of inner iterations of one fit.
    #[must_use]
    pub fn inner_limit(mut self, limit: usize) -> Self {
        self.inner_limit = limit;
        self
    }

    /// Sets how working sets are solved.
    #[must_use]
    pub fn finish(mut self, finish: Finish) -> Self {
        self.finish = finish;
        self
    }

    /// Fits the squared loss to `y` (n) with the columns of `x` (n × d).
    ///
    /// # Errors
    /// Settings out of range, lengths that do not match, entries that are not finite, weights that are negative or all zero.
    pub fn squared<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
    ) -> Result<SparseFit<T>> {
        self.squared_with(x, y, penalty, options, &mut Workspace::new(), &mut Unobserved)
    }

    /// [`squared`](Self::squared) with reused memory and an observer of the outer iterations.
    ///
    /// # Errors
    /// The same.
    pub fn squared_with<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
        workspace: &mut Workspace<T>,
        observer: &mut impl for<'s> Observer<WorkingSetState<'s, T>>,
    ) -> Result<SparseFit<T>> {
        self.check(x, y, penalty, options)?;
        SquaredRun::new(self, x, y, penalty, options, 1, &mut workspace.squared)?.solve(penalty, observer)
    }

    /// Fits the logistic loss to labels `y` = ±1 (n) with the columns of `x` (n × d).
    ///
    /// # Errors
    /// As for [`squared`](Self::squared); [`Error::Target`](crate::Error::Target) for other labels.
    pub fn logistic<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
    ) -> Result<SparseFit<T>> {
        self.logistic_with(x, y, penalty, options, &mut Workspace::new(), &mut Unobserved)
    }

    /// [`logistic`](Self::logistic) with reused memory and an observer of the outer iterations.
    ///
    /// # Errors
    /// The same.
    pub fn logistic_with<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
        workspace: &mut Workspace<T>,
        observer: &mut impl for<'s> Observer<WorkingSetState<'s, T>>,
    ) -> Result<SparseFit<T>> {
        self.check(x, y, penalty, options)?;
        LogisticRun::new(self, x, y, penalty, options, &mut workspace.logistic)?.solve(penalty, observer)
    }

    /// [`squared`](Self::squared) for each λ₁ of `levels` (in decreasing order, for warm starts that help) in place of that of `penalty`;
    /// hands each fit to `each`, which may end the path with `Break`.
    ///
    /// # Errors
    /// As for [`squared`](Self::squared); a level that is negative or not finite.
    #[expect(clippy::too_many_arguments, reason = "data, penalty, levels and where the results go: nothing to bundle")]
    pub fn squared_path<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        levels: &ArrayRef1<T>,
        options: &Options<'_, T>,
        workspace: &mut Workspace<T>,
        each: &mut impl FnMut(SparseFit<T>) -> ControlFlow<()>,
    ) -> Result<()> {
        let levels = levels.iter().map(|&level| (level, penalty.l2())).collect::<Vec<_>>();
        self.squared_levels(x, y, penalty, &levels, options, workspace, each)
    }

    /// [`squared_path`](Self::squared_path) for pairs (λ₁, λ₂), as of an elastic net whose mixing stays the same.
    ///
    /// # Errors
    /// As for [`squared_path`](Self::squared_path).
    #[expect(clippy::too_many_arguments, reason = "as for `squared_path`")]
    pub fn squared_levels<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        levels: &[(T, T)],
        options: &Options<'_, T>,
        workspace: &mut Workspace<T>,
        each: &mut impl FnMut(SparseFit<T>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.check(x, y, penalty, options)?;
        let at = |&(l1, l2): &(T, T)| penalty.with_l1(l1)?.with_l2(l2);
        levels.iter().try_for_each(|level| at(level).map(|_| ()))?;
        let mut run = SquaredRun::new(self, x, y, penalty, options, levels.len(), &mut workspace.squared)?;
        for level in levels {
            if each(run.solve(&at(level)?, &mut Unobserved)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// [`squared_path`](Self::squared_path) for the logistic loss.
    ///
    /// # Errors
    /// As for [`logistic`](Self::logistic); a level that is negative or not finite.
    #[expect(clippy::too_many_arguments, reason = "as for `squared_path`")]
    pub fn logistic_path<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        levels: &ArrayRef1<T>,
        options: &Options<'_, T>,
        workspace: &mut Workspace<T>,
        each: &mut impl FnMut(SparseFit<T>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.check(x, y, penalty, options)?;
        let levels = levels.iter().map(|&level| penalty.with_l1(level)).collect::<Result<Vec<_>>>()?;
        let mut run = LogisticRun::new(self, x, y, penalty, options, &mut workspace.logistic)?;
        for penalty in &levels {
            if each(run.solve(penalty, &mut Unobserved)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The smallest λ₁ for which all penalised coefficients of [`squared`](Self::squared) are zero; λ₁ of `penalty` does not matter. It is
    /// 0 if no coefficient is penalised.
    ///
    /// # Errors
    /// As for [`squared`](Self::squared).
    pub fn squared_largest_level<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
    ) -> Result<T> {
        self.check(x, y, penalty, options)?;
        let mut workspace = Workspace::new();
        let held = held_at_zero(x.columns(), penalty)?;
        let options = Options { start: None, ..*options };
        let mut run = SquaredRun::new(self, x, y, &held, &options, 0, &mut workspace.squared)?;
        if has_unpenalised(x.columns(), penalty) {
            run.solve(&held, &mut Unobserved)?;
        }
        run.largest_level(penalty)
    }

    /// The smallest λ₁ for which all penalised coefficients of [`logistic`](Self::logistic) are zero; λ₁ of `penalty` does not matter.
    ///
    /// # Errors
    /// As for [`logistic`](Self::logistic).
    pub fn logistic_largest_level<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
    ) -> Result<T> {
        self.check(x, y, penalty, options)?;
        let mut workspace = Workspace::new();
        let held = held_at_zero(x.columns(), penalty)?;
        let options = Options { start: None, ..*options };
        let mut run = LogisticRun::new(self, x, y, &held, &options, &mut workspace.logistic)?;
        if has_unpenalised(x.columns(), penalty) {
            run.solve(&held, &mut Unobserved)?;
        }
        run.largest_level(penalty)
    }

    fn check<X: DesignMatrix<T> + ?Sized>(
        &self,
        x: &X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
    ) -> Result<()> {
        check_non_negative("tolerance", Scalar::to_f64(self.tolerance))?;
        check_range("outer_limit", self.outer_limit as f64, self.outer_limit >= 1, ">= 1")?;
        check_range("inner_limit", self.inner_limit as f64, self.inner_limit >= 1, ">= 1")?;
        let (n, d) = (x.rows(), x.columns());
        for (size, expected) in [(n, "row"), (d, "column")] {
            if size == 0 {
                return Err(core_tensor::Error::Empty { argument: "x", expected }.into());
            }
        }
        check_length("y", y, n, "the matrix has that many rows")?;
        check_finite("y", y)?;
        penalty.check_dimension(d)?;
        check_count("y", y.len(), n, "the matrix has that many rows")?;
        options.check(n, d)
    }
}

fn has_unpenalised<T: Scalar>(d: usize, penalty: &SparsePenalty<T>) -> bool {
    (0..d).any(|j| penalty.factor(j) == T::zero())
}

/// The penalty with everything penalised held at 0.
fn held_at_zero<T: Scalar>(d: usize, penalty: &SparsePenalty<T>) -> Result<SparsePenalty<T>> {
    let held = |j, end| if penalty.factor(j) > T::zero() { T::zero() } else { end };
    let lower = Array1::from_shape_fn(d, |j| held(j, penalty.interval(j).0));
    let upper = Array1::from_shape_fn(d, |j| held(j, penalty.interval(j).1));
    penalty.with_l1(T::one())?.bounds(&lower, &upper)
}
