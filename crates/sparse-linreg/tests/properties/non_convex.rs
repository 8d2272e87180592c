//! Property 14: MCP and SCAD.

use crate::problems::{Problem, config, difference, problem};
use core_optim::prox::soft_threshold;
use proptest::prelude::*;
use sparse_linreg::{ElasticNet, NonConvex, mcp_prox, scad_prox};

/// The penalties, written out.
fn mcp(size: f64, lambda: f64, gamma: f64) -> f64 {
    if size <= gamma * lambda { lambda * size - size * size / (2.0 * gamma) } else { gamma * lambda * lambda / 2.0 }
}

fn scad(size: f64, lambda: f64, a: f64) -> f64 {
    if size <= lambda {
        lambda * size
    } else if size <= a * lambda {
        (2.0 * a * lambda * size - size * size - lambda * lambda) / (2.0 * (a - 1.0))
    } else {
        lambda * lambda * (a + 1.0) / 2.0
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn proximal_maps_minimise_on_a_grid(v in -6.0..6.0_f64, lambda in 0.1..2.0_f64, shape in 2.1..6.0_f64) {
        let (m, s) = (mcp_prox(v, lambda, shape), scad_prox(v, lambda, shape));
        let value = |u: f64, penalty: f64| 0.5 * (u - v) * (u - v) + penalty;
        for step in -700..=700 {
            let u = f64::from(step) * 0.01;
            prop_assert!(value(m, mcp(m.abs(), lambda, shape)) <= value(u, mcp(u.abs(), lambda, shape)) + 1e-12);
            prop_assert!(value(s, scad(s.abs(), lambda, shape)) <= value(u, scad(u.abs(), lambda, shape)) + 1e-12);
        }
        // γ, a → ∞: the soft threshold.
        prop_assert!((mcp_prox(v, lambda, 1e8) - soft_threshold(v, lambda)).abs() < 1e-6);
        prop_assert!((scad_prox(v, lambda, 1e8) - soft_threshold(v, lambda)).abs() < 1e-6);
    }

    #[test]
    fn fits_are_stationary_and_tend_to_the_lasso(p in problem(), n in 8_usize..25, scale in 0.1..10.0_f64, seed: u64) {
        for config in [NonConvex::mcp(3.0), NonConvex::scad(3.7)] {
            for fit in config.levels(8).fit_path(&p.x, &p.y).unwrap() {
                // The sweeps end at moves of 1e-9 ‖y‖; pulls change by a few times that, times the condition.
                prop_assert!(!fit.converged || fit.violation < 1e-5 * (1.0 + p.y.dot(&p.y).sqrt()), "{}", fit.violation);
            }
        }
        // Coordinate descent alone is slow on columns that nearly agree: here they share a little.
        let p = Problem::new(n, 6, 0.5, seed);
        // With γ = ∞ it is the Lasso on columns of unit variance; the unit of y does not matter.
        let y = &p.y * scale;
        let lasso = ElasticNet::lasso().standardise(true).tolerance(1e-13);
        let lambda = 0.3 * lasso.lambda_max(&p.x, &y).unwrap();
        prop_assume!(lambda > 1e-6);
        let expected = lasso.fit(&p.x, &y, lambda).unwrap().predict(&p.x).unwrap();
        for config in [NonConvex::mcp(1e9), NonConvex::scad(1e9)] {
            let found = config.fit_levels(&p.x, &y, &ndarray::arr1(&[lambda])).unwrap();
            prop_assert!(difference(&found[0].predict(&p.x).unwrap(), &expected) < 1e-4);
        }
    }
}
