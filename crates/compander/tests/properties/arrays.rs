//! Layers: gradients, layouts, threads, folding.

use super::config;
use compander::{
    Algebraic, Arctan, CompandedWeight, Compander, CompandingFunction, Decay, Identity, MomentumStep, OutOfBound,
    ShapeGradient, Softsign,
};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, Array4, ShapeBuilder};
use proptest::prelude::*;

fn matrix(seed: u64, rows: usize, columns: usize) -> Array2<f64> {
    normal_array(&mut rng(seed), (rows, columns))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn euler_identities(seed in 0..10_000_u64, rows in 1..9_usize, columns in 1..40_usize, a in 0.2..3.0_f64, b in 0.2..3.0_f64) {
        let (v, upstream) = (matrix(seed, rows, columns), matrix(seed + 1, rows, columns));
        let compander = Compander::arctan(a, b).unwrap();
        let (gradient, shape) = compander.backward(&v, &upstream).unwrap();
        let w = compander.compand(&v);
        // Sums of n products: n units of their absolute sum.
        let tolerance = |x: &Array2<f64>, y: &Array2<f64>| 1e-14 * x.iter().zip(y).map(|(x, y)| (x * y).abs()).sum::<f64>();
        prop_assert!((a * shape.range - (&w * &upstream).sum()).abs() <= tolerance(&w, &upstream));
        prop_assert!((b * shape.width + (&v * &gradient).sum()).abs() <= tolerance(&v, &gradient));
    }

    #[test]
    fn gradients_equal_differences(seed in 0..10_000_u64, rows in 1..5_usize, columns in 1..12_usize, channel in any::<bool>()) {
        let (v, upstream) = (matrix(seed, rows, columns), matrix(seed + 1, rows, columns));
        let count = if channel { rows } else { 1 };
        let make = |k: usize, da: f64, db: f64| Compander::new(Algebraic, 0.8 + 0.1 * k as f64 + da, 0.5 + 0.2 * k as f64 + db).unwrap();
        let companders: Vec<_> = (0..count).map(|k| make(k, 0.0, 0.0)).collect();
        let layer = CompandedWeight::new(v.clone(), companders.clone()).unwrap();
        let (gradient, shapes) = layer.backward(&upstream).unwrap();
        let loss = |v: &Array2<f64>, companders: Vec<Compander<f64, Algebraic>>| {
            (CompandedWeight::new(v.clone(), companders).unwrap().weights() * &upstream).sum()
        };
        let h = 1e-5;
        for ((i, j), &g) in gradient.indexed_iter() {
            let moved = |h: f64| { let mut v = v.clone(); v[[i, j]] += h; loss(&v, companders.clone()) };
            prop_assert!(((moved(h) - moved(-h)) / (2.0 * h) - g).abs() <= 1e-7 * (1.0 + upstream[[i, j]].abs()));
        }
        for k in 0..count {
            let moved = |da: f64, db: f64| { let mut c = companders.clone(); c[k] = make(k, da, db); loss(&v, c) };
            let scale = upstream.iter().map(|g| g.abs()).sum::<f64>();
            prop_assert!(((moved(h, 0.0) - moved(-h, 0.0)) / (2.0 * h) - shapes[k].range).abs() <= 1e-7 * scale);
            prop_assert!(((moved(0.0, h) - moved(0.0, -h)) / (2.0 * h) - shapes[k].width).abs() <= 1e-7 * scale);
        }
    }

    #[test]
    fn folding_and_unfolding(seed in 0..10_000_u64, rows in 1..6_usize, columns in 1..12_usize) {
        let v = matrix(seed, rows, columns);
        let compander = Compander::new(Softsign, 0.7, 0.9).unwrap();
        let layer = CompandedWeight::new(v.clone(), vec![compander]).unwrap();
        let weights = layer.fold();
        prop_assert_eq!(&weights, &compander.compand(&v));
        let (unfolded, clipped) = CompandedWeight::from_weights(&weights, vec![compander], OutOfBound::Refuse).unwrap();
        prop_assert_eq!(clipped, 0);
        for (&found, &v) in unfolded.latent().iter().zip(&v) {
            prop_assert!((found - v).abs() <= 8.0 * f64::EPSILON * compander.inverse_condition(v) * v.abs());
        }
    }

    #[test]
    fn layouts_do_not_matter(seed in 0..10_000_u64, rows in 1..7_usize, columns in 1..30_usize) {
        let (v, upstream) = (matrix(seed, rows, columns), matrix(seed + 1, rows, columns));
        let compander = Compander::arctan(0.6, 0.4).unwrap();
        let (expected, shape) = compander.backward(&v, &upstream).unwrap();
        // Columns first, every second column of a wider array, and rows stored from the last to the first.
        let mut fortran = Array2::zeros((rows, columns).f());
        fortran.assign(&v);
        let mut wide = Array2::from_elem((rows, 2 * columns), f64::NAN);
        wide.slice_mut(ndarray::s![.., ..;2]).assign(&v);
        let mut reversed = Array2::zeros((rows, columns));
        reversed.slice_mut(ndarray::s![..;-1, ..]).assign(&v);
        let plain = compander.compand(&v);
        let views = [fortran.view(), wide.slice(ndarray::s![.., ..;2]), reversed.slice(ndarray::s![..;-1, ..])];
        for view in views {
            let mut w = Array2::from_elem((rows, columns), f64::NAN);
            compander.compand_into(&view, &mut w).unwrap();
            prop_assert_eq!(&w, &plain);
            let mut gradient = Array2::from_elem((rows, columns), f64::NAN);
            let found = compander.backward_into(&view, &w, &upstream, &mut gradient).unwrap();
            prop_assert_eq!(&gradient, &expected);
            let scale = upstream.iter().map(|g| g.abs()).sum::<f64>();
            prop_assert!((found.range - shape.range).abs() <= 1e-13 * scale && (found.width - shape.width).abs() <= 1e-13 * scale);
        }
    }

    #[test]
    fn the_fused_step_is_the_steps(seed in 0..10_000_u64, n in 1..300_usize, momentum in 0.0..0.99_f64, decay in 0.0..0.1_f64, on_latent in any::<bool>()) {
        let mut random = rng(seed);
        let mut draw = || -> Array1<f64> { normal_array(&mut random, n) };
        let (v, upstream, velocity) = (draw(), draw(), draw());
        let compander = Compander::arctan(0.6, 0.4).unwrap();
        let decay = if on_latent { Decay::OnLatent(decay) } else { Decay::OnEffective(decay) };
        let step = MomentumStep { learning_rate: 0.1, momentum, decay };
        // By hand.
        let w = compander.compand(&v);
        let (gradient, shape) = match decay {
            Decay::OnEffective(rate) => {
                let (gradient, _) = compander.backward(&v, &(&upstream + &(&w * rate))).unwrap();
                (gradient, compander.backward(&v, &upstream).unwrap().1)
            }
            Decay::OnLatent(rate) => {
                let (gradient, shape) = compander.backward(&v, &upstream).unwrap();
                (gradient + &v * rate, shape)
            }
            _ => unreachable!(),
        };
        let expected_velocity = &velocity * momentum + &gradient;
        let expected = &v - &(&expected_velocity * 0.1);
        // In one pass.
        let (mut v, mut w, mut velocity) = (v, w, velocity);
        let found = compander.momentum_step(&step, &mut v, &mut w, &mut velocity, &upstream).unwrap();
        for (found, expected) in [(&velocity, &expected_velocity), (&v, &expected), (&w, &compander.compand(&expected))] {
            for (x, y) in found.iter().zip(expected) {
                prop_assert!((x - y).abs() <= 1e-14 * (1.0 + y.abs()));
            }
        }
        prop_assert!((found.range - shape.range).abs() <= 1e-13 * n as f64 && (found.width - shape.width).abs() <= 1e-13 * n as f64);
    }
}

#[test]
fn channels_with_equal_companders_are_one_layer() {
    let kernel: Array4<f64> = normal_array(&mut rng(4), (6, 3, 5, 5));
    let upstream: Array4<f64> = normal_array(&mut rng(5), (6, 3, 5, 5));
    let compander = Compander::arctan(0.3, 0.2).unwrap();
    let one = CompandedWeight::new(kernel.clone(), vec![compander]).unwrap();
    let many = CompandedWeight::new(kernel, vec![compander; 6]).unwrap();
    assert_eq!(one.weights(), many.weights());
    let ((gradient, shape), (gradients, shapes)) =
        (one.backward(&upstream).unwrap(), many.backward(&upstream).unwrap());
    assert_eq!(gradient, gradients);
    let mut sum = ShapeGradient::default();
    shapes.into_iter().for_each(|shape| sum += shape);
    assert!((sum.range - shape[0].range).abs() <= 1e-13 * 450.0 && (sum.width - shape[0].width).abs() <= 1e-13 * 450.0);
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let n = 300_001;
    let v: Array1<f32> = normal_array(&mut rng(1), n);
    let upstream: Array1<f32> = normal_array(&mut rng(2), n);
    let compander = Compander::arctan(0.5_f32, 0.25).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut w = Array1::zeros(n);
            compander.compand_into(&v, &mut w).unwrap();
            let mut gradient = Array1::from_elem(n, f32::NAN);
            let shape = compander.backward_into(&v, &w, &upstream, &mut gradient).unwrap();
            (w, gradient, shape)
        })
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn a_wide_compander_trains_like_the_plain_network() {
    // Least squares by gradient descent with momentum, on v and on w.
    let (x, y) = (matrix(1, 30, 6), matrix(2, 30, 4));
    let start = matrix(3, 4, 6) * 0.1;
    let largest = start.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let step = MomentumStep { learning_rate: 0.05, momentum: 0.9, decay: Decay::None };
    fn train<F: CompandingFunction<f64>>(
        compander: Compander<f64, F>,
        start: &Array2<f64>,
        x: &Array2<f64>,
        y: &Array2<f64>,
        step: &MomentumStep,
    ) -> Array2<f64> {
        let mut layer = CompandedWeight::new(start.clone(), vec![compander]).unwrap();
        let mut velocity = Array2::zeros(start.dim());
        for _ in 0..10 {
            let residual = x.dot(&layer.weights().t()) - y;
            let upstream = residual.t().dot(x) / x.nrows() as f64;
            layer.momentum_step(step, &mut velocity, &upstream, &mut [ShapeGradient::default()]).unwrap();
        }
        layer.fold()
    }
    let wide = Compander::new(Arctan, 1e6 * largest, 1e6 * largest).unwrap();
    let plain = Compander::new(Identity, 1.0, 1.0).unwrap();
    let (found, expected) = (train(wide, &start, &x, &y, &step), train(plain, &start, &x, &y, &step));
    assert!((found - &expected).iter().all(|e| e.abs() < 1e-8));
}
