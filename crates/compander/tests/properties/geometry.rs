//! Effective learning rates, mirror maps, potentials, the bias of training.

use super::{config, for_each_family};
use compander::{Arctan, Compander, Error, Tanh, UniformGrid};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_rate_is_the_squared_slope(u in -3.0..3.0_f64, a in 0.1..10.0_f64, b in 0.1..10.0_f64) {
        for_each_family!(function, {
            let compander = Compander::new(function, a, b).unwrap();
            let slope = compander.derivative(u * b);
            let rate = compander.effective_learning_rate(compander.value(u * b)).unwrap();
            let condition = compander.inverse_condition(u * b);
            prop_assert!((rate - slope * slope).abs() <= 1e-13 * condition.max(1.0) * 40.0 * rate, "{} {}", rate, slope * slope);
        });
    }

    #[test]
    fn the_potential_integrates_the_mirror_map(u in 0.05..2.5_f64, a in 0.1..10.0_f64, b in 0.1..10.0_f64) {
        for_each_family!(function, {
            let compander = Compander::new(function, a, b).unwrap();
            let w = compander.value(u * b);
            // dφ/du = φ'(w) dw/du and dφ'/du = (dw/du)/h(w), by differences in u, where nothing saturates.
            let h = 1e-4;
            let at = |u: f64| compander.value(u * b);
            let difference = |f: &dyn Fn(f64) -> f64| {
                (8.0 * (f(u + h) - f(u - h)) - (f(u + 2.0 * h) - f(u - 2.0 * h))) / (12.0 * h)
            };
            let dw = compander.derivative(u * b) * b;
            let potential = difference(&|u| compander.potential(at(u)).unwrap());
            let mirror = compander.mirror_map(w).unwrap();
            prop_assert!((potential - mirror * dw).abs() <= 1e-7 * (mirror * dw).abs(), "{} {}", potential, mirror * dw);
            let bend = difference(&|u| compander.mirror_map(at(u)).unwrap());
            let rate = compander.effective_learning_rate(w).unwrap();
            prop_assert!((bend - dw / rate).abs() <= 1e-7 * (dw / rate).abs());
            // Even and odd.
            prop_assert_eq!(compander.potential(-w).unwrap(), compander.potential(w).unwrap());
            prop_assert_eq!(compander.mirror_map(-w).unwrap(), -mirror);
        });
    }

    #[test]
    fn the_inverse_mirror_map_undoes_it(exponent in -6.0..6.0_f64, sign in prop_oneof![Just(1.0), Just(-1.0)]) {
        let z = sign * 10.0_f64.powf(exponent);
        for_each_family!(function, {
            let compander = Compander::new(function, 0.7, 0.4).unwrap();
            let w = compander.inverse_mirror_map(z);
            prop_assert!(w.abs() <= compander.bound());
            let margin = 1.0 - w.abs() / compander.bound();
            if margin > 1e-6 {
                let back = compander.mirror_map(w).unwrap();
                prop_assert!((back - z).abs() <= 1e-12 / margin * z.abs(), "{} {}", back, z);
            }
        });
    }

    #[test]
    fn latent_decay_is_a_barrier(u in -3.0..3.0_f64, decay in 0.0..1.0_f64) {
        // λ v = dv/dw^-1 ... : the gradient of the penalty in w, times dw/dv, is the decay of v.
        let compander = Compander::arctan(0.5, 0.25).unwrap();
        let (v, h) = (u * 0.25, 1e-5);
        let w = compander.value(v);
        let penalty = |w: f64| compander.latent_decay_penalty(w, decay).unwrap();
        let h = h * (compander.bound() - w.abs());
        let slope = (8.0 * (penalty(w + h) - penalty(w - h)) - (penalty(w + 2.0 * h) - penalty(w - 2.0 * h))) / (12.0 * h);
        prop_assert!((slope * compander.derivative(v) - decay * v).abs() <= 1e-7);
    }

    #[test]
    fn densities_are_densities(ratio in 0.05..6.0_f64, a in 0.2..4.0_f64, b in 0.2..4.0_f64) {
        let (compander, deviation) = (Compander::arctan(a, b).unwrap(), ratio * b);
        let found = compander.distribution(deviation).unwrap();
        // Integrals of the density over w, by the midpoint rule in u = tan(w/a): mass, second and fourth moment.
        let (mut mass, mut second, n) = (0.0, 0.0, 40_000);
        for k in 0..n {
            let s = (f64::from(k) + 0.5) / f64::from(n) * 2.0 - 1.0;
            let w = s * compander.bound();
            let weight = compander.density(w, deviation).unwrap() * 2.0 * compander.bound() / f64::from(n);
            mass += weight;
            second += weight * w * w;
        }
        prop_assert!((mass - 1.0).abs() < 1e-6, "{}", mass);
        prop_assert!((second - found.variance).abs() < 1e-6 * found.variance);
        // The dip at zero, seen in the density itself.
        let (at_zero, beside) = (compander.density(0.0, deviation).unwrap(), compander.density(1e-3 * a, deviation).unwrap());
        if (ratio * std::f64::consts::SQRT_2 - 1.0).abs() > 1e-3 {
            prop_assert_eq!(beside > at_zero, found.bimodal);
        }
    }

    #[test]
    fn calibrations_hit_their_targets(gain in 0.5..4.0_f64, sigma in 0.01..10.0_f64, part in 0.05..0.95_f64) {
        let target = part * gain * sigma;
        let compander = Compander::calibrated_deviation(Arctan, gain, sigma, target).unwrap();
        prop_assert!((compander.gain() - gain).abs() <= 1e-12 * gain);
        let found = compander.distribution(sigma).unwrap().variance.sqrt();
        prop_assert!((found - target).abs() <= 1e-9 * target);

        let saturating = Compander::calibrated_saturation(Tanh, gain, sigma, part).unwrap();
        // P(|v| > v*) with tanh(v*/b) = 0.95.
        let edge = saturating.inverse(0.95 * saturating.bound()).unwrap();
        let fraction = libm_erfc(edge / sigma / std::f64::consts::SQRT_2);
        prop_assert!((fraction - part).abs() <= 1e-10);

        let bits = 3;
        let rounded = Compander::calibrated_bits(Arctan, gain, sigma, bits, 0.05).unwrap();
        let step = UniformGrid::symmetric(bits, rounded.bound()).unwrap().step();
        let variance = rounded.distribution(sigma).unwrap().variance;
        prop_assert!((step * step / 12.0 / variance - 0.05).abs() <= 1e-9);
    }
}

/// The complementary error function, through its own integral: independent of the library that the crate uses.
fn libm_erfc(x: f64) -> f64 {
    let (n, end) = (40_000, x + 12.0);
    let h = (end - x) / f64::from(n);
    let f = |t: f64| (-t * t).exp();
    let inner: f64 = (1..n).map(|k| f(x + h * f64::from(k)) * if k % 2 == 1 { 4.0 } else { 2.0 }).sum();
    std::f64::consts::FRAC_2_SQRT_PI * h / 3.0 * (f(x) + f(end) + inner)
}

/// An underdetermined system with entries of order one.
fn system(m: usize, d: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut rng = core_tensor::random::rng(seed);
    let x: Array2<f64> = core_tensor::random::normal_array(&mut rng, (m, d));
    let truth: Array1<f64> = core_tensor::random::normal_array(&mut rng, d);
    let y = x.dot(&(truth * 0.3));
    (x, y)
}

/// Gradient descent on the latent weights of ½‖X w - y‖² from zero, until the residual is tiny.
fn descend(compander: &Compander<f64>, x: &Array2<f64>, y: &Array1<f64>, rate: f64) -> Array1<f64> {
    let mut v = Array1::<f64>::zeros(x.ncols());
    for _ in 0..5_000_000 {
        let w = v.mapv(|v| compander.value(v));
        let residual = x.dot(&w) - y;
        if residual.dot(&residual).sqrt() < 1e-12 {
            return w;
        }
        let gradient = x.t().dot(&residual);
        v.zip_mut_with(&gradient, |v, g| *v -= rate * g * compander.derivative(*v));
    }
    panic!("gradient descent did not settle");
}

#[test]
fn gradient_flow_ends_at_least_potential() {
    for (m, d, seed) in [(3, 8, 1), (4, 10, 2), (5, 12, 3)] {
        let (x, y) = system(m, d, seed);
        let compander = Compander::arctan(1.0, 1.0).unwrap();
        let exact = compander.interpolate(&x, &y).unwrap();
        assert!(exact.residual <= 1e-12);
        let distance = |rate: f64| {
            let w = descend(&compander, &x, &y, rate);
            (w - &exact.weights).iter().fold(0.0_f64, |m, e| m.max(e.abs()))
        };
        let (coarse, fine) = (distance(2e-3), distance(1e-3));
        // First order in the step: half the step, half the distance.
        assert!(fine < 2e-2 && (coarse / fine - 2.0).abs() < 0.2, "{m} x {d}: {coarse:e} {fine:e}");
    }
}

#[test]
fn least_potential_is_least() {
    let (x, y) = system(4, 9, 11);
    for_each_family!(function, {
        let compander = Compander::new(function, 1.5, 0.8).unwrap();
        let best = compander.interpolate(&x, &y).unwrap();
        // Stationarity: φ'(w) = Xᵀ z.
        for (i, &w) in best.weights.iter().enumerate() {
            let dual = x.column(i).dot(&best.multipliers);
            assert!((compander.mirror_map(w).unwrap() - dual).abs() <= 1e-9 * dual.abs().max(1.0));
        }
        // Any other solution within the bound has more potential: move along the null space of X.
        let mut rng = core_tensor::random::rng(5);
        let potential = |w: &Array1<f64>| w.iter().map(|&w| compander.potential(w)).sum::<Result<f64, Error>>();
        for _ in 0..20 {
            let direction: Array1<f64> = core_tensor::random::normal_array(&mut rng, 9);
            // Projected onto the null space by the identity's interpolation of X δ.
            let least =
                Compander::new(compander::Identity, 1.0, 1.0).unwrap().interpolate(&x, &x.dot(&direction)).unwrap();
            let step = (direction - least.weights) * 1e-2;
            let moved = potential(&(&best.weights + &step)).unwrap();
            assert!(moved > best.potential, "{moved} {}", best.potential);
        }
    });
}

#[test]
fn tight_ranges_even_out_the_weights() {
    let (x, y) = system(4, 12, 3);
    let largest = |w: &Array1<f64>| w.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
    let euclidean = Compander::new(compander::Identity, 1.0, 1.0).unwrap().interpolate(&x, &y).unwrap();
    let mut before = largest(&euclidean.weights);
    for range in [4.0, 1.0, 0.5, 0.4] {
        let found = Compander::arctan(range, range).unwrap().interpolate(&x, &y).unwrap();
        assert!(largest(&found.weights) < before, "range {range}");
        before = largest(&found.weights);
    }
    // Within 0.05 no weights solve it.
    let refused = Compander::arctan(0.05, 0.05).unwrap().interpolate(&x, &y);
    assert!(matches!(refused, Err(Error::Infeasible { .. })), "{refused:?}");
}
