//! Free coordinates that are intercepts go to the working sets, too: the same optimum as by blocks, with a bound.

use crate::problems::draw;
use bcd::{Bcd, LinearLoss, Objective, Penalty, WithIntercept};
use core_optim::Stopped;
use core_optim::design::{CscMatrix, Dense, DesignMatrix};
use core_optim::prox::{ElasticNet, L1};
use ndarray::Array1;

const COLUMNS: usize = 230;

/// By working sets and by blocks; the coordinate `free` is the intercept.
#[track_caller]
fn check(f: &dyn Objective<f64>, penalty: &Penalty<f64>, free: usize) {
    let fit = Bcd::new().tolerance(1e-8).fit(f, penalty).unwrap();
    assert_eq!(fit.stopped, Stopped::Converged);
    let gap = fit.certificate.gap.expect("blocks have no bound here, working sets do");
    // 1e-8 of the objective, and rounding of its sums.
    assert!((0.0..=1.01e-8 * fit.objective).contains(&gap), "{gap} of {}", fit.objective);
    // A trace asks for blocks; their residual, 1e-9 of the gradient at 0, leaves far less than the difference allowed.
    let blocks = Bcd::new().tolerance(1e-9).trace(true).max_iterations(200_000).fit(f, penalty).unwrap();
    assert!(blocks.certificate.gap.is_none() && !blocks.trace.is_empty());
    let above = fit.objective - blocks.objective;
    assert!(above.abs() <= 1e-6 * fit.objective, "{} {}", fit.objective, blocks.objective);
    assert!(above <= gap + 1e-12 * fit.objective, "the bound is one");
    let mut gradient = Array1::zeros(fit.x.len());
    let value = f.evaluate_into(&fit.x, &mut gradient).unwrap() + penalty.value(&fit.x);
    assert!((value - fit.objective).abs() <= 1e-12 * value, "the fit is in the coordinates of the problem");
    assert!(fit.x[free] != 0.0 && fit.support.contains(&free));
    // The objective is within the gap of its minimum over the intercept: |f′|² ≤ 2 L gap.
    assert!(gradient[free].powi(2) <= 2.0 * f.curvatures()[free] * (gap + 1e-12 * value), "{}", gradient[free]);
    // From the solution nothing is left to do, and from the other one as little.
    let again = Bcd::new().tolerance(1e-8).fit_from(f, penalty, &blocks.x).unwrap();
    assert!((again.objective - fit.objective).abs() <= 2e-8 * fit.objective);
}

#[test]
fn working_sets_take_intercepts() {
    let d = draw(5, 40, COLUMNS);
    let y = d.y.mapv(|y| y + 3.0);
    let labels = Array1::from_shape_fn(40, |i| if i % 4 == 0 { -1.0 } else { d.signs[i].abs() });
    let mut behind = Array1::ones(COLUMNS + 1);
    behind[COLUMNS] = 0.0;
    let both = |design: &dyn DesignMatrix<f64>, weights: &Array1<f64>, free: usize| {
        let squares = LinearLoss::least_squares(design, &y).unwrap();
        check(&squares, &L1::weighted(12.0, weights).unwrap().into(), free);
        check(&squares.weights(&d.weights).unwrap(), &ElasticNet::weighted(9.0, 2.0, weights).unwrap().into(), free);
        let logistic = LinearLoss::logistic(design, &labels).unwrap();
        check(&logistic, &L1::weighted(3.0, weights).unwrap().into(), free);
    };
    let dense = Dense::new(&d.a).unwrap();
    both(&WithIntercept::new(&dense), &behind, COLUMNS);
    // A constant column of another height in the middle.
    let mut a = d.a.clone();
    a.column_mut(7).fill(-2.5);
    let mut within = Array1::ones(COLUMNS);
    within[7] = 0.0;
    both(&Dense::new(&a).unwrap(), &within, 7);
    let sparse = CscMatrix::from_dense(&d.a.mapv(|v| if v.abs() < 0.8 { 0.0 } else { v })).unwrap();
    both(&WithIntercept::new(&sparse), &behind, COLUMNS);
}
