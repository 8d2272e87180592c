//! Orthogonal kernels by minimising L_orth (section 6.9).

use crate::generate::strided;
use crate::spectrum::extreme_singular_values;
use crate::{Error, Geometry, LOrth, Padding, Result, existence};
use core_optim::{Lbfgs, SmoothObjective, StoppingRule};
use core_tensor::Scalar;
use core_tensor::check_range;
use core_tensor::random::{Streams, fill_uniform};
use ndarray::{Array1, ArrayD, ArrayRef, ArrayRef1, Dimension, IxDyn};

/// Minimises L_orth by L-BFGS.
///
/// Measured: it reaches an orthogonal layer from almost any start, except for square layers (M = C s^D) with k > s, whose landscape has bad
/// local minima: random starts get stuck there more often than not. [`Orthogonaliser::search`] then falls back on an exact construction.
///
/// | option | default | legal |
/// | --- | --- | --- |
/// | [`tolerance`](Self::tolerance): L_orth that counts as orthogonal | 1e-8 | finite, > 0 |
/// | [`max_iterations`](Self::max_iterations) of each start | 2000 | ≥ 1 |
/// | [`restarts`](Self::restarts) after the first random start | 2 | any |
/// | [`seed`](Self::seed) | 0 | any |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orthogonaliser {
    tolerance: f64,
    max_iterations: usize,
    restarts: usize,
    seed: u64,
}

/// A kernel that [`Orthogonaliser`] ended with.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Orthogonalised<T> {
    /// The kernel (M × C/g × k…).
    pub kernel: ArrayD<T>,
    /// Its L_orth.
    pub l_orth: f64,
    /// L-BFGS iterations, of all starts.
    pub iterations: usize,
    /// How it ended.
    pub status: Status,
}

/// How a search for an orthogonal kernel ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// L_orth is at most the tolerance.
    Orthogonal,
    /// No start reached it, and the kernel is an exact construction's.
    Constructed,
    /// In a local minimum (or out of iterations) with that smallest singular value at 16 samples per dimension.
    Stuck {
        /// The smallest singular value.
        sigma_min: f64,
    },
}

impl Default for Orthogonaliser {
    fn default() -> Self {
        Self::new()
    }
}

impl Orthogonaliser {
    /// The defaults of the table.
    #[must_use]
    pub fn new() -> Self {
        Self { tolerance: 1e-8, max_iterations: 2000, restarts: 2, seed: 0 }
    }

    /// The L_orth that counts as orthogonal.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The limit of each start.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Random starts after the first.
    #[must_use]
    pub fn restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// The seed of the random starts.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// From a given kernel, for instance a trained one: the orthogonal kernel it slides down to. A zero kernel is a stationary point and is
    /// moved by 1e-3 first.
    ///
    /// # Errors
    /// [`Error::NoOrthogonalKernel`] where none exists; a kernel of another geometry or not finite; options out of range.
    pub fn from_kernel<T: Scalar, D: Dimension>(
        &self,
        kernel: &ArrayRef<T, D>,
        geometry: &Geometry,
    ) -> Result<Orthogonalised<T>> {
        self.check(geometry)?;
        geometry.check("kernel", kernel)?;
        core_tensor::check_finite("kernel", kernel)?;
        let mut start: Array1<T> = kernel.iter().copied().collect();
        if start.iter().all(|&v| v == T::zero()) {
            let small: Array1<T> = glorot(geometry, self.seed);
            start = small.mapv(|v| v * <T as Scalar>::from_f64(1e-3));
        }
        self.minimise(&start, geometry)
    }

    /// From random starts (Glorot's uniform distribution), then by construction: always ends with an orthogonal kernel where one exists and a
    /// construction is known.
    ///
    /// # Errors
    /// [`Error::NoOrthogonalKernel`] where none exists; options out of range.
    pub fn search<T: Scalar>(&self, geometry: &Geometry) -> Result<Orthogonalised<T>> {
        self.check(geometry)?;
        let (streams, mut iterations) = (Streams::new(self.seed), 0);
        let mut best: Option<Orthogonalised<T>> = None;
        for attempt in 0..=self.restarts {
            let found = self.minimise(&glorot(geometry, streams.child(attempt as u64).seed()), geometry)?;
            iterations += found.iterations;
            if found.status == Status::Orthogonal {
                return Ok(Orthogonalised { iterations, ..found });
            }
            if best.as_ref().is_none_or(|best| found.l_orth < best.l_orth) {
                best = Some(found);
            }
        }
        if let (1, Ok(kernel)) = (
            geometry.groups(),
            strided(geometry.outputs(), geometry.inputs(), geometry.size(), geometry.stride(), self.seed),
        ) {
            let l_orth = LOrth::new(geometry).value(&kernel)?;
            return Ok(Orthogonalised { kernel, l_orth, iterations, status: Status::Constructed });
        }
        best.map(|best| Orthogonalised { iterations, ..best })
            .ok_or(Error::Unsupported { what: "a search without a start", reason: "there is always one" })
    }

    fn check(&self, geometry: &Geometry) -> Result<()> {
        check_range("tolerance", self.tolerance, self.tolerance > 0.0 && self.tolerance.is_finite(), "finite and > 0")?;
        check_range("max_iterations", self.max_iterations as f64, self.max_iterations > 0, "at least 1")?;
        let verdict = existence(geometry, Padding::Circular)?;
        if verdict.exists { Ok(()) } else { Err(Error::NoOrthogonalKernel { reason: verdict.reason }) }
    }

    fn minimise<T: Scalar>(&self, start: &Array1<T>, geometry: &Geometry) -> Result<Orthogonalised<T>> {
        let shape = IxDyn(&geometry.kernel_shape());
        let mut objective = Objective {
            l_orth: LOrth::new(geometry),
            kernel: ArrayD::zeros(shape.clone()),
            gradient: ArrayD::zeros(shape),
        };
        // The gradient's square falls with L_orth.
        let rule = StoppingRule::none().gradient_abs((1e-4 * self.tolerance).sqrt());
        let solver = Lbfgs::new().max_iterations(self.max_iterations).stopping(rule);
        let minimum = solver.minimise(&mut objective, start)?;
        objective.read(&minimum.x);
        let (kernel, l_orth) = (objective.kernel, minimum.summary.value);
        let l_orth = Scalar::to_f64(l_orth);
        let status = if l_orth <= self.tolerance {
            Status::Orthogonal
        } else {
            let (sigma_min, _) = extreme_singular_values(&kernel, geometry, &vec![16; geometry.dimensions()])?;
            Status::Stuck { sigma_min }
        };
        Ok(Orthogonalised { kernel, l_orth, iterations: minimum.summary.iterations, status })
    }
}

/// Glorot's uniform start: ±√(6/(Πk (M + C))) of a group.
fn glorot<T: Scalar>(geometry: &Geometry, seed: u64) -> Array1<T> {
    let group = geometry.group();
    let taps: usize = geometry.size().iter().product();
    let limit = (6.0 / (taps * (group.outputs() + group.inputs())) as f64).sqrt();
    let mut x = Array1::<f64>::zeros(geometry.kernel_shape().iter().product::<usize>());
    fill_uniform(&mut core_tensor::random::rng(seed), &mut x);
    x.mapv(|u| <T as Scalar>::from_f64(limit * (2.0 * u - 1.0)))
}

struct Objective<T> {
    l_orth: LOrth<T>,
    kernel: ArrayD<T>,
    gradient: ArrayD<T>,
}

impl<T: Scalar> Objective<T> {
    fn read(&mut self, x: &ArrayRef1<T>) {
        self.kernel.iter_mut().zip(x).for_each(|(k, &x)| *k = x);
    }
}

impl<T: Scalar> SmoothObjective<T> for Objective<T> {
    fn dimension(&self) -> usize {
        self.kernel.len()
    }

    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        self.read(x);
        <T as Scalar>::from_f64(self.l_orth.value(&self.kernel).unwrap_or(f64::INFINITY))
    }

    fn value_and_gradient_into(&mut self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> T {
        self.read(x);
        let value = self.l_orth.value_and_gradient_into(&self.kernel, &mut self.gradient).unwrap_or(f64::INFINITY);
        gradient.iter_mut().zip(&self.gradient).for_each(|(g, &v)| *g = v);
        <T as Scalar>::from_f64(value)
    }
}
