//! Properties 11 and 15: pursuit and thresholding.

use crate::problems::{Problem, config, norm, problem};
use core_tensor::linalg::Qr;
use core_tensor::random::{normal_array, permutation, rng};
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use sparse_linreg::{BestSubset, Omp, OmpStatus, Thresholding, ThresholdingStatus};

proptest! {
    #![proptest_config(config(48))]

    /// OMP: the residual is orthogonal to the support, and its norm falls strictly.
    #[test]
    fn pursuit(p in problem(), intercept: bool) {
        let (n, d) = p.x.dim();
        let path = Omp::new(n.min(d)).intercept(intercept).fit(&p.x, &p.y).unwrap();
        let mut last = f64::INFINITY;
        for step in &path.steps {
            let mut residual = p.y.mapv(|v| v - step.intercept);
            step.support.iter().zip(&step.coefficients).for_each(|(&j, &w)| residual.scaled_add(-w, &p.x.column(j)));
            // Conditions up to 1e3 (a shared column of size 20).
            let rounding = 1e-10 * norm(&p.y) + 1e-10;
            prop_assert!((residual.dot(&residual) - step.rss).abs() <= rounding * (1.0 + norm(&p.y)));
            for &j in &step.support {
                prop_assert!(p.x.column(j).dot(&residual).abs() <= rounding * (1.0 + norm(&p.x.column(j))));
            }
            prop_assert!(step.rss < last);
            last = step.rss;
        }
        prop_assert!(path.status != OmpStatus::Full || path.steps.len() == n.min(d));
    }

    /// On orthonormal columns every method takes the k largest correlations.
    #[test]
    fn orthonormal(seed: u64, k in 1_usize..6) {
        let p = Problem::new(20, 6, 0.0, seed);
        let mut qr = Qr::new(20, 6);
        qr.factorise(&p.x).unwrap();
        let mut q = Array2::zeros((20, 6));
        qr.q_into(&mut q).unwrap();
        let c = q.t().dot(&p.y);
        let mut order: Vec<usize> = (0..6).collect();
        order.sort_by(|&a, &b| c[b].abs().total_cmp(&c[a].abs()));
        let mut expected = order[..k].to_vec();
        expected.sort_unstable();
        let mut taken = Omp::new(k).intercept(false).fit(&q, &p.y).unwrap().steps.pop().unwrap().support;
        taken.sort_unstable();
        prop_assert_eq!(&taken, &expected);
        for method in [Thresholding::niht, Thresholding::htp, Thresholding::cosamp, Thresholding::subspace_pursuit] {
            let fit = method(k).intercept(false).fit(&q, &p.y).unwrap();
            prop_assert_eq!(&fit.support, &expected);
            prop_assert_eq!(fit.status, ThresholdingStatus::Converged);
        }
        let best = BestSubset::new().size(k).intercept(false).fit(&q, &p.y).unwrap();
        prop_assert_eq!(&best.models[0].support, &expected);
    }

    /// Nothing depends on the unit of a column, and the best of a cycle or a divergence is no worse than nothing.
    #[test]
    fn units(p in problem(), factor in prop::sample::select(vec![0.5_f64.powi(10), 8.0, 16384.0])) {
        let k = 2.min(p.x.ncols());
        let mut scaled = p.x.clone();
        scaled.column_mut(0).mapv_inplace(|v| v * factor);
        for method in [Thresholding::niht, Thresholding::htp, Thresholding::cosamp, Thresholding::subspace_pursuit] {
            let fit = method(k).fit(&p.x, &p.y).unwrap();
            let other = method(k).fit(&scaled, &p.y).unwrap();
            // Powers of two are exact, so that even a method that wanders takes the same way.
            prop_assert_eq!((&fit.supports, fit.rss), (&other.supports, other.rss));
            let mean = p.y.sum() / p.n();
            let null = p.y.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
            prop_assert!(fit.rss <= null * (1.0 + 1e-9) && fit.support.len() <= k);
        }
    }
}

/// 15. Noise-free recovery on good designs.
#[test]
fn recovery_without_noise() {
    const SEEDS: u64 = 50;
    let (d, k) = (60, 4);
    // n ≥ 8 k log d = 131.
    let n = 135;
    let mut found = [0; 5];
    for seed in 0..SEEDS {
        let x: Array2<f64> = normal_array(&mut rng(seed), (n, d));
        let mut support = permutation(&mut rng(seed + 1000), d);
        support.truncate(k);
        support.sort_unstable();
        let w: Array1<f64> = normal_array(&mut rng(seed + 2000), k);
        let mut y = Array1::zeros(n);
        support.iter().zip(&w).for_each(|(&j, &w)| y.scaled_add(w.signum() * (0.5 + w.abs()), &x.column(j)));
        let mut omp = Omp::new(k).fit(&x, &y).unwrap().steps.pop().unwrap().support;
        omp.sort_unstable();
        let thresholding = |method: Thresholding| method.fit(&x, &y).unwrap().support;
        let all = [
            omp,
            thresholding(Thresholding::htp(k)),
            thresholding(Thresholding::cosamp(k)),
            thresholding(Thresholding::subspace_pursuit(k)),
            BestSubset::new().size(k).fit(&x, &y).unwrap().models.pop().unwrap().support,
        ];
        all.iter().zip(&mut found).for_each(|(of, count)| *count += u64::from(*of == support));
    }
    // 95 % of the seeds.
    assert!(found.iter().all(|&count| 100 * count >= 95 * SEEDS), "{found:?} of {SEEDS}");
}
