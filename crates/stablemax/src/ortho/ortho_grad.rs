//! The projection around an optimiser.

use super::project::{Arithmetic, Outcome, Rescale, project_unchecked};
use crate::Layout;
use crate::error::{Result, check_count};
use core_optim::stochastic::Optimiser;
use core_tensor::{Scalar, check_finite};
use ndarray::ArrayView1;

/// What counts as one vector of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Scope {
    /// Each tensor for itself, as in the reference code.
    #[default]
    PerTensor,
    /// Each row of each tensor: the weights into one unit.
    PerRow,
    /// All parameters together, as in the paper's definition.
    WholeVector,
}

/// What is projected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ProjectAt {
    /// The gradient, before the optimiser sees it, as in the reference code. Elementwise preconditioning (Adam) then brings a
    /// component along the weights back.
    #[default]
    Gradient,
    /// The optimiser's update, before decoupled weight decay: ⟨w, update⟩ = 0 whatever the optimiser.
    Update,
    /// Both.
    Both,
}

/// Options of [`OrthoGrad`]; the defaults are the reference code's, with guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrthoGradOptions {
    /// Default per tensor.
    pub scope: Scope,
    /// Default: keep the norm.
    pub rescale: Rescale,
    /// Default: the gradient.
    pub at: ProjectAt,
    /// Default: guarded. [`Arithmetic::Reference`] repeats the reference code's numbers.
    pub arithmetic: Arithmetic,
}

/// What the projections of the last step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProjectionReport {
    /// Vectors that were projected.
    pub projected: usize,
    /// Vectors of which nothing but noise was left, or which were zero.
    pub vanished: usize,
    /// Vectors whose weights are zero.
    pub zero_weights: usize,
    /// Vectors of one element, left alone.
    pub single: usize,
}

impl ProjectionReport {
    fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Projected => &mut self.projected,
            Outcome::Vanished => &mut self.vanished,
            Outcome::ZeroWeights => &mut self.zero_weights,
            Outcome::Single => &mut self.single,
        } += 1;
    }
}

/// An optimiser that moves orthogonally to the weights.
///
/// ```
/// use core_optim::stochastic::{Optimiser, Sgd, SgdOptions};
/// use stablemax::{Layout, ortho::{OrthoGrad, OrthoGradOptions}};
///
/// let layout = Layout::new(&[(1, 3)]);
/// let inner = Sgd::<f64>::new(3, SgdOptions { learning_rate: 0.1, ..SgdOptions::default() })?;
/// let mut optimiser = OrthoGrad::new(inner, &layout, OrthoGradOptions::default())?;
/// let mut w = [3.0, 0.0, 0.0];
/// optimiser.step(&mut w, &[5.0, 1.0, 0.0])?;
/// assert_eq!(w[0], 3.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct OrthoGrad<T, O> {
    inner: O,
    layout: Layout,
    options: OrthoGradOptions,
    /// The gradient that the inner optimiser sees.
    work: Vec<T>,
    /// Its update; empty when only gradients are projected.
    update: Vec<T>,
    report: ProjectionReport,
}

impl<T: Scalar, O: Optimiser<T>> OrthoGrad<T, O> {
    /// Wraps `inner`, whose parameters lie as `layout` says.
    ///
    /// # Errors
    /// When the layout describes another number of parameters than `inner` has.
    pub fn new(inner: O, layout: &Layout, options: OrthoGradOptions) -> Result<Self> {
        check_count("layout", layout.parameters(), inner.parameters(), "the inner optimiser has that many parameters")?;
        let work = vec![T::zero(); inner.parameters()];
        let update = if options.at == ProjectAt::Gradient { Vec::new() } else { work.clone() };
        Ok(Self { inner, layout: layout.clone(), options, work, update, report: ProjectionReport::default() })
    }

    /// The wrapped optimiser, for its state.
    pub fn inner(&self) -> &O {
        &self.inner
    }

    /// Takes the wrapper off.
    pub fn into_inner(self) -> O {
        self.inner
    }

    /// The options.
    pub fn options(&self) -> &OrthoGradOptions {
        &self.options
    }

    /// What the last step did (with [`ProjectAt::Both`]: counts of both projections).
    pub fn last(&self) -> ProjectionReport {
        self.report
    }

    fn project(&mut self, w: &[T], vector: &mut [T]) {
        let Self { layout, options, report, .. } = self;
        let mut piece = |range: std::ops::Range<usize>| {
            if range.is_empty() {
                return;
            }
            let done = project_unchecked(&w[range.clone()], &mut vector[range], options.rescale, options.arithmetic);
            report.count(done.outcome);
        };
        match options.scope {
            Scope::WholeVector => piece(0..layout.parameters()),
            Scope::PerTensor => layout.ranges().for_each(piece),
            Scope::PerRow => {
                for (range, (_, columns)) in layout.ranges().zip(layout.shapes()) {
                    range.clone().step_by((*columns).max(1)).for_each(|start| piece(start..start + columns));
                }
            }
        }
    }

    /// The gradient for the inner optimiser, in `work`.
    fn begin(&mut self, w: &[T], g: &[T]) -> core_optim::Result<()> {
        self.check(w, g)?;
        self.report = ProjectionReport::default();
        let mut work = std::mem::take(&mut self.work);
        work.copy_from_slice(g);
        if self.options.at != ProjectAt::Update {
            self.project(w, &mut work);
        }
        self.work = work;
        Ok(())
    }

    fn check(&self, w: &[T], g: &[T]) -> core_optim::Result<()> {
        let shape = |argument, found| core_tensor::Error::Shape {
            argument,
            found: vec![found],
            expected: vec![self.layout.parameters()],
            reason: "the optimiser was made for that many parameters",
        };
        if w.len() != self.layout.parameters() {
            return Err(shape("w", w.len()).into());
        }
        if g.len() != self.layout.parameters() {
            return Err(shape("g", g.len()).into());
        }
        check_finite("w", &ArrayView1::from(w))?;
        Ok(check_finite("g", &ArrayView1::from(g))?)
    }
}

impl<T: Scalar, O: Optimiser<T>> Optimiser<T> for OrthoGrad<T, O> {
    fn parameters(&self) -> usize {
        self.inner.parameters()
    }

    fn learning_rate(&self) -> f64 {
        self.inner.learning_rate()
    }

    fn set_learning_rate(&mut self, rate: f64) -> core_optim::Result<()> {
        self.inner.set_learning_rate(rate)
    }

    fn step(&mut self, w: &mut [T], g: &[T]) -> core_optim::Result<()> {
        if self.options.at == ProjectAt::Gradient {
            self.begin(w, g)?;
            return self.inner.step(w, &self.work);
        }
        let mut update = std::mem::take(&mut self.update);
        let keep = self.update_into(w, g, &mut update);
        if let Ok(keep) = keep {
            w.iter_mut().zip(&update).for_each(|(w, &u)| *w = *w * keep - u);
        }
        self.update = update;
        keep.map(|_| ())
    }

    fn update_into(&mut self, w: &[T], g: &[T], update: &mut [T]) -> core_optim::Result<T> {
        self.begin(w, g)?;
        let keep = self.inner.update_into(w, &self.work, update)?;
        if self.options.at != ProjectAt::Gradient {
            self.project(w, update);
        }
        Ok(keep)
    }
}
