//! How far a point can be from the optimum (section 7).

use crate::penalty::{Penalty, Shape};
use crate::step::Problem;
use crate::{Result, State};
use core_tensor::Scalar;
use ndarray::Array1;

/// Proof of how good a point is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Certificate<T> {
    /// ‖x - prox₁(x - ∇f)‖∞; without penalty ‖∇f‖∞. 0 exactly at an optimum.
    pub kkt: T,
    /// A lower bound of the optimal value; `None` where the problem offers none. Of a run: the best one seen.
    pub dual: Option<T>,
    /// F(x) minus that bound.
    pub gap: Option<T>,
}

/// The certificate at the state's point; brings the gradient up to date.
///
/// | problem | dual point |
/// | --- | --- |
/// | loss + L1, NonNegative, GroupL2 | the loss's gradient in z, scaled into the dual set |
/// | loss + ElasticNet, or with ridge | the same; the squares join the loss |
/// | loss + ridge, no penalty | the loss's gradient in z |
/// | f + finite Box | none: the Frank-Wolfe gap |
///
/// # Errors
/// Those of the objective.
pub fn certificate<T: Scalar>(problem: &Problem<'_, T>, state: &mut State<T>) -> Result<Certificate<T>> {
    problem.objective.update_gradient(state)?;
    let kkt = problem.penalty.kkt_residual(&state.x, &state.gradient);
    let dual = dual_value(problem, state)?;
    let primal = state.value + problem.penalty.value(&state.x);
    Ok(Certificate { kkt, dual, gap: dual.map(|dual| primal - dual) })
}

fn dual_value<T: Scalar>(problem: &Problem<'_, T>, state: &mut State<T>) -> Result<Option<T>> {
    let half = <T as Scalar>::from_f64(0.5);
    let (objective, penalty) = (problem.objective, problem.penalty);
    let ridge = objective.ridge();
    match penalty {
        Penalty::None => {
            if !(ridge > T::zero()) {
                return Ok(None);
            }
            let squares: T = state.gradient.iter().zip(&state.x).map(|(&g, &x)| g - ridge * x).map(|v| v * v).sum();
            Ok(objective.dual_value(state, T::one())?.map(|loss| loss - half * squares / ridge))
        }
        Penalty::Box(_) => {
            let mut gap = T::zero();
            for (i, (&x, &g)) in state.x.iter().zip(&state.gradient).enumerate() {
                if let Some(Shape::Interval { lower, upper, .. }) = penalty.shape(i) {
                    let end = if g > T::zero() { lower } else { upper };
                    if !(end.is_finite() && lower <= x && x <= upper) {
                        return Ok(None);
                    }
                    gap += g * (x - end);
                }
            }
            Ok(Some(state.value - gap))
        }
        Penalty::Separable(_) => Ok(None),
        _ => {
            let squared = |i: usize| match penalty.shape(i) {
                Some(Shape::Kink { curvature, .. }) => ridge + curvature,
                _ => ridge,
            };
            let free = (0..state.x.len()).any(|i| match (penalty.shape(i), penalty.groups()) {
                (Some(Shape::Kink { slope, .. } | Shape::Interval { slope, .. }), _) => slope == T::zero(),
                (None, Some(groups)) => {
                    groups.owner(i).is_none_or(|group| groups.penalty().group_level(group) == T::zero())
                }
                (None, None) => false,
            });
            if free {
                // A coordinate without penalty allows only dual points orthogonal to its column.
                return Ok(None);
            }
            let extra = |i: usize| squared(i) - ridge;
            let y = Array1::from_shape_fn(state.x.len(), |i| -state.gradient[i] - extra(i) * state.x[i]);
            let Some(s) = penalty.dual_scale(&y) else { return Ok(None) };
            let squares: T = state.x.iter().enumerate().map(|(i, &x)| squared(i) * x * x).sum();
            Ok(objective.dual_value(state, s)?.map(|loss| loss - half * s * s * squares))
        }
    }
}

/// The least λ for which x = 0 is optimal: ‖∇f(0)‖∞ for L1 and the elastic net, the largest of -∇f(0) for NonNegative, the largest
/// `‖∇_g f(0)‖ / w_g` for GroupL2, weights counted. `None` for other penalties, and for coordinates without weight.
///
/// # Errors
/// Those of the objective.
pub fn lambda_max<T: Scalar>(problem: &Problem<'_, T>) -> Result<Option<T>> {
    let zero = Array1::zeros(problem.objective.variables());
    let mut state = crate::state_at(problem.objective, &zero)?;
    problem.objective.update_gradient(&mut state)?;
    let gradient = &state.gradient;
    let larger = |m: T, v: T| if v > m { v } else { m };
    let scaled = |pull: T, weight: T| if pull > T::zero() { pull / weight } else { T::zero() };
    let found = match problem.penalty {
        Penalty::L1(g) => {
            gradient.iter().enumerate().map(|(i, v)| scaled(v.abs(), g.weight(i))).fold(T::zero(), larger)
        }
        Penalty::ElasticNet(g) => {
            gradient.iter().enumerate().map(|(i, v)| scaled(v.abs(), g.weight(i))).fold(T::zero(), larger)
        }
        Penalty::NonNegative(g) => {
            gradient.iter().enumerate().map(|(i, &v)| scaled(-v, g.weight(i))).fold(T::zero(), larger)
        }
        Penalty::Group(groups) => {
            let g = groups.penalty();
            let level = (0..g.groups()).map(|k| {
                let size: T = g.group(k).iter().map(|&i| gradient[i] * gradient[i]).sum();
                scaled(size.sqrt(), g.group_level(k))
            });
            // In units of the level that the penalty has now; without one there is no unit.
            return Ok(Some(level.fold(T::zero(), larger)).filter(|v| v.is_finite()));
        }
        _ => return Ok(None),
    };
    Ok(Some(found).filter(|v| v.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::certificate;
    use crate::{LinearLoss, Penalty, Problem, Result, state_at};
    use core_optim::design::Dense;
    use core_optim::prox::{GroupL2, L1};
    use ndarray::array;

    /// A free coordinate (an intercept) leaves dual points only where its gradient vanishes: scaling leads to 0, a bound that says
    /// nothing and would keep every run from ending.
    #[test]
    fn free_coordinates_have_no_dual_bound() -> Result<()> {
        let x = array![[1.0, 2.0, 1.0], [0.5, -1.0, 1.0], [3.0, 0.0, 1.0], [-1.0, 1.0, 1.0]];
        let design = Dense::new(&x)?;
        let loss = LinearLoss::least_squares(&design, &array![1.0, 2.0, -1.0, 0.5])?;
        let gap = |penalty: Penalty<f64>| -> Result<Option<f64>> {
            let mut state = state_at(&loss, &array![0.1, 0.0, 0.2])?;
            Ok(certificate(&Problem::new(&loss, &penalty)?, &mut state)?.gap)
        };
        assert!(gap(GroupL2::new(3, 1.0, &[vec![0, 1], vec![2]])?.into())?.is_some_and(|gap| gap > 0.0));
        assert_eq!(gap(GroupL2::new(3, 1.0, &[vec![0, 1]])?.into())?, None);
        assert_eq!(gap(L1::weighted(1.0, &array![1.0, 1.0, 0.0])?.into())?, None);
        Ok(())
    }
}
