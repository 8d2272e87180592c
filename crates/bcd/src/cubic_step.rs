//! Cubic-regularised Newton steps.

use crate::line_search::rounding_slack;
use crate::number::{constant, dot, norm_squared};
use crate::step::{Block, Memory, Problem, Step, move_to};
use crate::{Curvature, Error, Result, State};
use core_tensor::Scalar;
use core_tensor::linalg::SymmetricEigen;
use ndarray::ArrayRef2;

/// The constant M of the cubic model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CubicConstant {
    /// The bound `M_b = sup|ℓ'''| Σⱼ ‖A_jb‖³` of the loss (logistic and softmax: sup = 1/(6 √3)).
    Bound,
    /// A fixed number ≥ 0.
    Fixed(f64),
    /// Doubled while the model fails to bound f, halved where it does.
    Adaptive,
}

/// `argmin gᵀd + ½ dᵀHd + (M/6) ‖d‖³` (section 4, item 5) and the model's value there, by the eigenvectors of H and a safeguarded
/// Newton iteration on the length of d.
///
/// # Errors
/// Shapes that do not match, entries that are not finite, M < 0; no convergence of the eigendecomposition.
pub fn cubic_model_minimum<T: Scalar>(h: &ArrayRef2<T>, g: &[T], m: T) -> Result<(Vec<T>, T)> {
    let mut model = CubicModel::new();
    let value = model.minimise(h, g, m)?;
    Ok((model.d, value))
}

/// The cubic model with its memory.
#[derive(Debug, Clone)]
struct CubicModel<T: Scalar> {
    eigen: Option<SymmetricEigen<T>>,
    /// g in the basis of eigenvectors.
    turned: Vec<T>,
    /// The minimiser.
    d: Vec<T>,
}

impl<T: Scalar> CubicModel<T> {
    fn new() -> Self {
        Self { eigen: None, turned: Vec::new(), d: Vec::new() }
    }

    /// The minimiser into `d`; returns the model's value there.
    fn minimise(&mut self, h: &ArrayRef2<T>, g: &[T], m: T) -> Result<T> {
        let n = g.len();
        core_tensor::check_shape("h", h, &[n, n], "there is a row and a column per entry of `g`")?;
        core_tensor::check_range("m", Scalar::to_f64(m), m >= T::zero() && m.is_finite(), "finite and >= 0")?;
        core_tensor::check_finite("g", &ndarray::aview1(g))?;
        if self.eigen.as_ref().is_some_and(|eigen| eigen.n() != n) {
            self.eigen = None;
        }
        let eigen = self.eigen.get_or_insert_with(|| SymmetricEigen::new(n));
        eigen.factorise(h)?;
        let (w, v) = (eigen.values()?, eigen.vectors()?);
        self.turned.clear();
        self.turned.extend(v.columns().into_iter().map(|v| v.iter().zip(g).map(|(&v, &g)| v * g).sum::<T>()));
        let turned = &self.turned;
        let half = constant::<T>(0.5);
        let shift = |r: T| half * m * r;
        let cut = constant::<T>(4.0 * n as f64) * T::epsilon() * w[n - 1].abs();
        let entry = |k: usize, s: T| if w[k] + s > cut { -turned[k] / (w[k] + s) } else { T::zero() };
        let length = |s: T| (0..n).map(|k| entry(k, s)).map(|d| d * d).sum::<T>().sqrt();
        // ‖d(r)‖ falls and r grows: one root, between 0 and the length without regularisation or √(2‖g‖/M).
        let mut r = T::zero();
        if m > T::zero() {
            let mut low = T::zero();
            let mut high = (constant::<T>(2.0) * norm_squared(g).sqrt() / m).sqrt() * constant::<T>(1.0 + 1e-6);
            r = high;
            for _ in 0..200 {
                let size = length(shift(r));
                if size > r {
                    low = r;
                } else {
                    high = r;
                }
                // Newton on 1/‖d‖ - 1/r, whose derivative in r is M/2 Σ dₖ²/(wₖ + s) / ‖d‖³ + 1/r².
                let s = shift(r);
                let sum: T = (0..n).filter(|&k| w[k] + s > cut).map(|k| entry(k, s) * entry(k, s) / (w[k] + s)).sum();
                let slope = half * m * sum / (size * size * size) + (r * r).recip();
                let newton = r - (size.recip() - r.recip()) / slope;
                let next = if newton > low && newton < high { newton } else { half * (low + high) };
                let moved = (next - r).abs();
                r = next;
                if !(moved > constant::<T>(2.0) * T::epsilon() * r) {
                    break;
                }
            }
        }
        let s = shift(r);
        let d = &mut self.d;
        d.clear();
        d.resize(n, T::zero());
        for (k, v) in v.columns().into_iter().enumerate() {
            let factor = entry(k, s);
            d.iter_mut().zip(v).for_each(|(d, &v)| *d += factor * v);
        }
        let squares: T = (0..n).map(|k| w[k] * entry(k, s) * entry(k, s)).sum();
        let size = norm_squared(d).sqrt();
        Ok(dot(g, d) + half * squares + m / constant::<T>(6.0) * size * size * size)
    }
}

/// Item 5.
#[derive(Debug, Clone)]
pub(crate) struct CubicStep<T: Scalar> {
    memory: Memory<T>,
    model: CubicModel<T>,
    constant: CubicConstant,
    adapted: T,
}

impl<T: Scalar> CubicStep<T> {
    pub(crate) fn new(constant: CubicConstant) -> Self {
        Self { memory: Memory::new(), model: CubicModel::new(), constant, adapted: T::one() }
    }
}

impl<T: Scalar> Step<T> for CubicStep<T> {
    fn check(&self, problem: &Problem<'_, T>) -> Result<()> {
        if problem.penalty.is_none() {
            Ok(())
        } else {
            Err(problem.penalty.incompatible("update Cubic", "the cubic model has no penalty; use ProxNewton"))
        }
    }

    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let (indices, memory) = (block.indices, &mut self.memory);
        memory.load(problem, state, indices)?;
        memory.load_hessian(problem, state, indices, Curvature::AtPoint)?;
        let fixed = match self.constant {
            CubicConstant::Fixed(m) => Some(constant::<T>(m)),
            CubicConstant::Adaptive => None,
            CubicConstant::Bound => {
                let Some(m) = problem.objective.third_derivative_bound(state, indices)? else {
                    let reason = "the loss does not say how fast its Hessian changes; use CubicConstant::Adaptive";
                    return Err(Error::Incompatible {
                        first: "CubicConstant::Bound",
                        second: "this objective",
                        reason,
                    });
                };
                Some(m)
            }
        };
        let (start, slack) = (state.value, rounding_slack(state.value));
        for _ in 0..100 {
            let m = fixed.unwrap_or(self.adapted);
            let model = self.model.minimise(&memory.h, &memory.g, m)?;
            let d = &mut memory.d;
            d.copy_from_slice(&self.model.d);
            if d.iter().all(|&d| d == T::zero()) {
                return Ok(());
            }
            problem.objective.prepare(state, indices, d)?;
            let change = problem.objective.value_along(state, indices, d, T::one())? - start;
            if change <= model + slack {
                if fixed.is_none() {
                    self.adapted *= constant::<T>(0.5);
                }
                break;
            }
            match fixed {
                // A constant that is too small may overshoot: then the step is not taken.
                Some(_) if change > slack => return Ok(()),
                Some(_) => break,
                None => self.adapted *= constant::<T>(2.0),
            }
        }
        for k in 0..indices.len() {
            memory.u[k] = memory.x[k] + memory.d[k];
        }
        move_to(problem, state, indices, &memory.d, &memory.u)
    }
}
