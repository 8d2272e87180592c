//! Properties 1 to 6, 11 (Lasso) and 13: the convex problems.

use crate::problems::{Problem, centred, config, difference, norm, positive, problem};
use core_optim::design::CscMatrix;
use core_tensor::linalg::Qr;
use ndarray::{Array1, Array2, Axis, concatenate};
use proptest::prelude::*;
use sparse_linreg::{ElasticNet, SquareRootEnd, SquareRootLasso};

/// At this tolerance the working-set solver ends with Newton steps: coefficients are exact up to conditioning.
const TIGHT: f64 = 1e-14;

proptest! {
    #![proptest_config(config(64))]

    /// 1. KKT conditions, checked from the definition on the original data.
    #[test]
    fn optimality(p in problem(), alpha in prop::sample::select(vec![1.0, 0.5, 0.1]), level in 0.02..0.9_f64,
                  positive_only: bool, weighted: bool, seed: u64) {
        let d = p.x.ncols();
        let factors = positive(d, seed);
        let weights = if weighted { positive(p.y.len(), seed + 1) } else { Array1::ones(p.y.len()) };
        let net = ElasticNet::new(alpha).penalty_factors(factors.clone()).sample_weights(weights.clone())
            .positive(positive_only).tolerance(TIGHT);
        let top = net.lambda_max(&p.x, &p.y).unwrap();
        prop_assume!(top > 0.0);
        let lambda = level * top;
        let fit = net.fit(&p.x, &p.y, lambda).unwrap();
        let residual = &p.y - &fit.predict(&p.x).unwrap();
        let total = weights.sum();
        let weighted_residual = &residual * &weights;
        // The intercept: the weighted residuals add up to zero.
        prop_assert!(weighted_residual.sum().abs() <= 1e-9 * total * (1.0 + norm(&p.y)));
        for j in 0..d {
            let w = fit.coefficients[j];
            let pull = p.x.column(j).dot(&weighted_residual) / total - lambda * (1.0 - alpha) * factors[j] * w;
            let limit = lambda * alpha * factors[j];
            // 1e-8 of the level: TIGHT gaps mean distances of 1e-7 at worst, the Newton finish far less.
            let slack = 1e-7 * limit.max(top * 1e-3);
            if w != 0.0 {
                prop_assert!((pull - w.signum() * limit).abs() <= slack, "{j}: {pull} {limit}");
            } else {
                prop_assert!(pull <= limit + slack && (positive_only || -pull <= limit + slack));
            }
            prop_assert!(!positive_only || w >= 0.0);
        }
    }

    /// 2. Weak duality at any point, and safe screening.
    #[test]
    fn weak_duality(p in problem(), alpha in prop::sample::select(vec![1.0, 0.4]), level in 0.02..1.2_f64, scale in 0.0..2.0_f64) {
        let net = ElasticNet::new(alpha).tolerance(TIGHT);
        let lambda = level * net.lambda_max(&p.x, &p.y).unwrap();
        prop_assume!(lambda > 0.0);
        let fit = net.fit(&p.x, &p.y, lambda).unwrap();
        for point in [&fit.coefficients * scale, Array1::zeros(p.x.ncols()), fit.coefficients.clone()] {
            let found = net.certificate(&p.x, &p.y, &point, lambda).unwrap();
            let slack = 1e-12 * (found.primal + fit.objective);
            prop_assert!(found.gap >= 0.0);
            prop_assert!(found.dual <= fit.objective + slack && fit.objective <= found.primal + slack);
            for (j, &zero) in found.safe_zero.iter().enumerate() {
                prop_assert!(!zero || fit.coefficients[j] == 0.0, "column {j} was screened but is in the optimum");
            }
        }
        prop_assert!(fit.converged && fit.gap >= 0.0);
    }

    /// 3. λ_max is the border of zero.
    #[test]
    fn lambda_max(p in problem(), positive_only: bool) {
        let net = ElasticNet::lasso().positive(positive_only).tolerance(TIGHT);
        let top = net.lambda_max(&p.x, &p.y).unwrap();
        prop_assume!(top > 1e-8);
        for factor in [1.0, 1.5, 1e6] {
            let fit = net.fit(&p.x, &p.y, factor * top).unwrap();
            prop_assert!(fit.coefficients.iter().all(|&w| w == 0.0) && fit.gap == 0.0);
        }
        prop_assert!(net.fit(&p.x, &p.y, 0.999 * top).unwrap().coefficients.iter().any(|&w| w != 0.0));
    }

    /// 4. Along the path the penalty falls and the fit worsens with λ.
    #[test]
    fn monotone_path(p in problem()) {
        let path = ElasticNet::lasso().levels(12).tolerance(TIGHT).fit_path(&p.x, &p.y).unwrap();
        let scale = norm(&p.y).powi(2);
        for pair in path.fits.windows(2) {
            let l1 = |at: usize| pair[at].coefficients.iter().map(|w| w.abs()).sum::<f64>();
            prop_assert!(l1(0) <= l1(1) * (1.0 + 1e-7) + 1e-7);
            prop_assert!(pair[1].rss <= pair[0].rss + 1e-9 * scale);
            prop_assert!(pair[1].objective <= pair[0].objective + 1e-9 * scale);
        }
    }

    /// 5. Equivariance.
    #[test]
    fn equivariance(p in problem(), level in 0.05..0.8_f64, c in 0.1..10.0_f64, seed: u64) {
        let net = ElasticNet::lasso().tolerance(TIGHT);
        let lambda = level * net.lambda_max(&p.x, &p.y).unwrap();
        let (n, d) = p.x.dim();
        let fit = net.fit(&p.x, &p.y, lambda).unwrap();
        let fitted = fit.predict(&p.x).unwrap();
        // Unique are the fitted values; 1e-6 leaves room for gaps of 1e-14 on designs that are dependent to 1/20.
        let same = |other: &Array1<f64>, factor: f64, shift: f64| {
            difference(&other.mapv(|v| (v - shift) / factor), &fitted) < 1e-6
        };
        // Reversed columns.
        let reversed = p.x.slice_axis(Axis(1), ndarray::Slice::new(0, None, -1));
        prop_assert!(same(&net.fit(&reversed, &p.y, lambda).unwrap().predict(&reversed).unwrap(), 1.0, 0.0));
        // Scaled and shifted response.
        let scaled = net.fit(&p.x, &(&p.y * c), lambda * c).unwrap();
        prop_assert!(same(&scaled.predict(&p.x).unwrap(), c, 0.0));
        let shifted = net.fit(&p.x, &(&p.y + c), lambda).unwrap();
        prop_assert!(same(&shifted.predict(&p.x).unwrap(), 1.0, c));
        prop_assert!((shifted.intercept - fit.intercept - c).abs() < 1e-6 * (1.0 + c));
        // A row twice is weight two.
        let mut weights = Array1::ones(n);
        weights[0] = 2.0;
        let twice_x = concatenate(Axis(0), &[p.x.view(), p.x.slice_axis(Axis(0), ndarray::Slice::from(..1))]).unwrap();
        let twice_y = concatenate(Axis(0), &[p.y.view(), p.y.slice_axis(Axis(0), ndarray::Slice::from(..1))]).unwrap();
        let a = net.fit(&twice_x, &twice_y, lambda).unwrap().predict(&p.x).unwrap();
        let b = net.clone().sample_weights(weights).fit(&p.x, &p.y, lambda).unwrap().predict(&p.x).unwrap();
        prop_assert!(difference(&a, &b) < 1e-6);
        // Penalty factors are scales of columns.
        let factors = positive(d, seed);
        let a = net.clone().penalty_factors(factors.clone()).fit(&p.x, &p.y, lambda).unwrap().predict(&p.x).unwrap();
        let x = &p.x / &factors;
        prop_assert!(difference(&net.fit(&x, &p.y, lambda).unwrap().predict(&x).unwrap(), &a) < 1e-6);
    }

    /// 6. The elastic net is a Lasso with rows √(nλ(1-α)pⱼ) added.
    #[test]
    fn augmented(p in problem(), alpha in 0.1..0.9_f64, level in 0.05..0.8_f64, seed: u64) {
        let (x, y) = centred(&p.x, &p.y);
        let (n, d) = x.dim();
        let factors = positive(d, seed);
        let net = ElasticNet::new(alpha).intercept(false).penalty_factors(factors.clone()).tolerance(TIGHT);
        let lambda = level * net.lambda_max(&x, &y).unwrap();
        prop_assume!(lambda > 0.0);
        let direct = net.fit(&x, &y, lambda).unwrap();
        let below = Array2::from_diag(&factors.mapv(|p| (n as f64 * lambda * (1.0 - alpha) * p).sqrt()));
        let tall = concatenate(Axis(0), &[x.view(), below.view()]).unwrap();
        let long = concatenate(Axis(0), &[y.view(), Array1::zeros(d).view()]).unwrap();
        let lasso = ElasticNet::lasso().intercept(false).penalty_factors(factors).tolerance(TIGHT);
        let by_rows = lasso.fit(&tall, &long, lambda * alpha * n as f64 / (n + d) as f64).unwrap();
        // Strongly convex with constant nλ(1-α)p: a gap of 1e-14 of ‖y‖²/2 moves coefficients by 1e-6 at most.
        prop_assert!(difference(&direct.coefficients, &by_rows.coefficients) < 1e-6);
    }

    /// 11. On orthonormal columns the Lasso is a soft threshold.
    #[test]
    fn orthonormal(seed: u64, level in 0.05..0.9_f64) {
        let p = Problem::new(20, 6, 0.0, seed);
        let mut qr = Qr::new(20, 6);
        qr.factorise(&p.x).unwrap();
        let mut q = Array2::zeros((20, 6));
        qr.q_into(&mut q).unwrap();
        let net = ElasticNet::lasso().intercept(false).tolerance(TIGHT);
        let lambda = level * net.lambda_max(&q, &p.y).unwrap();
        let expected = q.t().dot(&p.y).mapv(|c| c.signum() * (c.abs() - p.n() * lambda).max(0.0));
        prop_assert!(difference(&net.fit(&q, &p.y, lambda).unwrap().coefficients, &expected) < 1e-9);
    }

    /// 13. Sparse and dense columns give the same coefficients.
    #[test]
    fn sparse_equals_dense(p in problem(), alpha in prop::sample::select(vec![1.0, 0.5]), level in 0.05..0.8_f64,
                           standardise: bool, weighted: bool, seed: u64) {
        let x = p.x.mapv(|v| if v > 0.4 { v } else { 0.0 });
        let sparse = CscMatrix::from_dense(&x).unwrap();
        let mut net = ElasticNet::new(alpha).standardise(standardise).tolerance(TIGHT);
        if weighted {
            net = net.sample_weights(positive(p.y.len(), seed));
        }
        let lambda = level * net.lambda_max(&x, &p.y).unwrap();
        prop_assume!(lambda > 0.0);
        prop_assert!((net.lambda_max(&sparse, &p.y).unwrap() * level / lambda - 1.0).abs() < 1e-10);
        let (a, b) = (net.fit(&x, &p.y, lambda).unwrap(), net.fit(&sparse, &p.y, lambda).unwrap());
        prop_assert!(difference(&b.predict(&sparse).unwrap(), &a.predict(&x).unwrap()) < 1e-6);
        prop_assert!((a.objective - b.objective).abs() <= 1e-10 * (1.0 + a.objective));
        // The Lasso's support is not unique when columns are parallel, as sparse columns of few rows may be.
        prop_assert!(alpha == 1.0 || (a.degrees_of_freedom - b.degrees_of_freedom).abs() < 1e-5 * (1.0 + a.degrees_of_freedom));
    }

    /// Square-root Lasso: |xⱼᵀr| ≤ λ √n ‖r‖, equality with sign on the support.
    #[test]
    fn square_root(p in problem(), level in 0.1..0.9_f64) {
        let (x, y) = centred(&p.x, &p.y);
        let n = p.n();
        let top = x.t().dot(&y).iter().fold(0.0_f64, |m, c: &f64| m.max(c.abs())) / (n.sqrt() * norm(&y));
        let fit = SquareRootLasso::new(ElasticNet::lasso().intercept(false)).lambda(level * top).fit(&x, &y).unwrap();
        // Near interpolation the certificate, which is relative to ‖y‖², says less and less about a small residual.
        prop_assume!(fit.sigma > 0.05 * norm(&y) / n.sqrt());
        prop_assert_eq!(fit.end, SquareRootEnd::Converged);
        let residual = &y - &x.dot(&fit.fit.coefficients);
        for (c, w) in x.t().dot(&residual).iter().zip(&fit.fit.coefficients) {
            let ratio = c / (n.sqrt() * norm(&residual));
            prop_assert!(ratio.abs() <= level * top * (1.0 + 1e-6));
            prop_assert!(*w == 0.0 || (ratio - w.signum() * level * top).abs() < 1e-6 * top);
        }
    }

    /// Ridge and least squares satisfy their normal equations; least squares has the smallest norm.
    #[test]
    fn closed_forms(p in problem(), lambda in prop::sample::select(vec![0.0, 1e-3, 1.0]), seed: u64) {
        let (x, y) = centred(&p.x, &p.y);
        let (n, d) = x.dim();
        let factors = if lambda == 0.0 { Array1::ones(d) } else { positive(d, seed) };
        let fit = ElasticNet::ridge().penalty_factors(factors.clone()).fit(&p.x, &p.y, lambda).unwrap();
        let residual = &y - &x.dot(&fit.coefficients);
        let normal = x.t().dot(&residual) / n as f64 - &factors * &fit.coefficients * lambda;
        // Columns of size up to 20 √n, condition of the normal equations up to 1e5.
        let scale = norm(&y) * (1.0 + norm(&x.iter().copied().collect::<Array1<f64>>()));
        prop_assert!(norm(&normal) < 1e-9 * scale, "{}", norm(&normal));
        prop_assert!(fit.violation < 1e-9 * scale && fit.converged);
        if lambda == 0.0 && d >= n {
            // The smallest solution lies in the row space.
            let rows: Vec<usize> = (0..n).collect();
            let span = sparse_linreg::RandomSpan::from_set(&x.t(), &rows).unwrap();
            let (_, outside) = span.split(&fit.coefficients).unwrap();
            prop_assert!(norm(&outside) < 1e-9 * (1.0 + norm(&fit.coefficients)));
            prop_assert!(fit.rss <= 1e-18 * norm(&y).powi(2) * 1e3);
        }
    }
}

#[test]
fn strided_designs_are_designs() {
    let p = Problem::new(12, 8, 1.0, 5);
    let net = ElasticNet::lasso().tolerance(TIGHT);
    let mut wide = Array2::from_elem((24, 16), f64::NAN);
    for ((i, j), &v) in p.x.indexed_iter() {
        wide[[2 * i, 2 * j + 1]] = v;
    }
    let rows = wide.slice_axis(Axis(0), ndarray::Slice::new(0, None, 2));
    let view = rows.slice_axis(Axis(1), ndarray::Slice::new(1, None, 2));
    assert_eq!(net.fit(&view, &p.y, 0.1).unwrap(), net.fit(&p.x, &p.y, 0.1).unwrap());
    let reference: &ndarray::ArrayRef2<f64> = &p.x;
    assert_eq!(net.fit(reference, &p.y, 0.1).unwrap(), net.fit(&p.x, &p.y, 0.1).unwrap());
}
