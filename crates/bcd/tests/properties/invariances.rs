//! Property 9, and what must not matter: threads, precision, memory layout.

use crate::config;
use crate::problems::draw;
use bcd::{Bcd, Blocks, LinearLoss, Rule, Update};
use core_optim::design::Dense;
use core_optim::prox::L1;
use core_tensor::random::{permutation, rng};
use ndarray::{Array1, Array2, ShapeBuilder};
use proptest::prelude::*;

fn lasso(a: &Array2<f64>, y: &Array1<f64>, penalty: L1<f64>) -> bcd::Fit<f64> {
    let design = Dense::new(a).unwrap();
    let f = LinearLoss::least_squares(&design, y).unwrap();
    Bcd::new().tolerance(1e-14).fit(&f, &penalty.into()).unwrap()
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn lasso_is_equivariant(seed in 0..10_000_u64, p in 2..9_usize, c in 0.1..10.0_f64) {
        let d = draw(seed, 3 * p, p);
        let base = lasso(&d.a, &d.y, L1::new(1.0).unwrap());
        // Permuted columns permute the solution.
        let order = permutation(&mut rng(seed), p);
        let permuted = Array2::from_shape_fn(d.a.dim(), |(i, j)| d.a[[i, order[j]]]);
        let other = lasso(&permuted, &d.y, L1::new(1.0).unwrap());
        prop_assert!((0..p).all(|j| (other.x[j] - base.x[order[j]]).abs() < 1e-8));
        // Scaled data: the objective by c², λ by c².
        let other = lasso(&(&d.a * c), &(&d.y * c), L1::new(c * c).unwrap());
        prop_assert!((other.objective - c * c * base.objective).abs() < 1e-9 * c * c * (1.0 + base.objective));
        prop_assert!(other.x.iter().zip(&base.x).all(|(a, b)| (a - b).abs() < 1e-8));
        // A scaled column with a scaled weight.
        let mut scaled = d.a.clone();
        scaled.column_mut(0).mapv_inplace(|v| v * c);
        let weights = Array1::from_shape_fn(p, |j| if j == 0 { c } else { 1.0 });
        let other = lasso(&scaled, &d.y, L1::weighted(1.0, &weights).unwrap());
        prop_assert!((other.x[0] * c - base.x[0]).abs() < 1e-8);
    }

    #[test]
    fn single_precision_agrees(seed in 0..10_000_u64, n in 4..12_usize, p in 2..8_usize) {
        let d = draw(seed, n, p);
        let (a, y) = (d.a.mapv(|v| v as f32), d.signs.mapv(|v| v as f32));
        let design = Dense::new(&a).unwrap();
        let f = LinearLoss::logistic(&design, &y).unwrap().with_ridge(0.1).unwrap();
        let fit = Bcd::new().tolerance(1e-5).fit(&f, &L1::new(0.3_f32).unwrap().into()).unwrap();
        let exact = Dense::new(&d.a).unwrap();
        let g = LinearLoss::logistic(&exact, &d.signs).unwrap().with_ridge(0.1).unwrap();
        let wanted = Bcd::new().tolerance(1e-12).fit(&g, &L1::new(0.3).unwrap().into()).unwrap();
        prop_assert!((f64::from(fit.objective) - wanted.objective).abs() < 3e-5 * (1.0 + wanted.objective));
    }
}

#[test]
fn threads_do_not_matter() {
    let d = draw(11, 300, 120);
    let design = Dense::new(&d.a).unwrap();
    let f = LinearLoss::logistic(&design, &d.signs).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let bcd = Bcd::new().blocks(Blocks::Variable(100)).rule(Rule::GsModel).update(Update::prox_newton());
            bcd.tolerance(0.0).max_iterations(15).fit(&f, &L1::new(2.0).unwrap().into()).unwrap()
        })
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn memory_layout_does_not_matter() {
    let d = draw(12, 30, 10);
    let mut columns = Array2::zeros(d.a.raw_dim().f());
    columns.assign(&d.a);
    let penalty = || L1::new(1.0).unwrap();
    assert_eq!(lasso(&d.a, &d.y, penalty()), lasso(&columns, &d.y, penalty()));
    let mut wide = Array2::from_elem((60, 10), f64::NAN);
    for i in 0..30 {
        wide.row_mut(2 * i).assign(&d.a.row(i));
    }
    let strided = wide.slice_axis(ndarray::Axis(0), ndarray::Slice::new(0, None, 2));
    let design = Dense::new(&strided).unwrap();
    let f = LinearLoss::least_squares(&design, &d.y).unwrap();
    let fit = Bcd::new().tolerance(1e-14).fit(&f, &penalty().into()).unwrap();
    assert_eq!(fit, lasso(&d.a, &d.y, penalty()));
}
