//! Parts of one's own, scores in the 1-norm, the bound of the cubic model, and single precision of every class of problems.

use crate::config;
use crate::problems::{block, draw, each, hessian, state};
use bcd::{
    Bcd, Block, BlockScores, Blocks, CubicConstant, Curvature, DiagonalBound, Error, Graph, LinearLoss, Objective,
    Pairwise, Partition, Penalty, Problem, Quadratic, Result, Rule, ScoreNorm, Select, Softmax, SparseQuadratic, State,
    Step, Update,
};
use core_optim::design::Dense;
use core_optim::loss::{EmpiricalLoss, Huber};
use core_optim::prox::{BoxConstraint, ElasticNet, GroupL2, L1, NonNegative};
use core_optim::{Stopped, Unobserved};
use core_tensor::Scalar;
use core_tensor::linalg::SymmetricEigen;
use ndarray::{Array1, Array2};
use proptest::prelude::*;

/// Pairs of coordinates from the last to the first: a partition and a rule of one's own.
struct FromBehind {
    variables: usize,
}

impl Select<f64> for FromBehind {
    fn needs_gradient(&self) -> bool {
        false
    }

    fn select(
        &mut self,
        _problem: &Problem<'_, f64>,
        _state: &mut State<f64>,
        iteration: usize,
        block: &mut Vec<usize>,
    ) -> Result<Option<usize>> {
        let pairs = self.epoch();
        let number = pairs - 1 - iteration % pairs;
        block.clear();
        block.extend(2 * number..(2 * number + 2).min(self.variables));
        Ok(Some(number))
    }

    fn epoch(&self) -> usize {
        self.variables.div_ceil(2)
    }
}

/// One coordinate after the other to the minimum of its upper model with the threshold of λ ‖x‖₁: an update of one's own.
struct Threshold {
    level: f64,
    steps: usize,
}

impl Step<f64> for Threshold {
    fn check(&self, problem: &Problem<'_, f64>) -> Result<()> {
        if matches!(problem.penalty, Penalty::L1(_)) {
            return Ok(());
        }
        Err(Error::Incompatible { first: "Threshold", second: "this penalty", reason: "it knows the 1-norm alone" })
    }

    fn step(&mut self, problem: &Problem<'_, f64>, state: &mut State<f64>, block: Block<'_>) -> Result<()> {
        for &i in block.indices {
            let (mut g, curvature, x) = ([0.0], problem.curvatures[i], state.x[i]);
            problem.objective.block_gradient(state, &[i], &mut g)?;
            let v = x - g[0] / curvature;
            let u = v.signum() * (v.abs() - self.level / curvature).max(0.0);
            problem.objective.prepare(state, &[i], &[u - x])?;
            problem.objective.advance(state, &[i], &[u - x], 1.0)?;
            state.x[i] = u;
        }
        self.steps += 1;
        Ok(())
    }
}

proptest! {
    #![proptest_config(config(24))]

    /// `fit_with` runs the parts that it is given: at the optimum of the built-in ones, in as many steps as it says.
    #[test]
    fn own_parts_reach_the_same_optimum(seed: u64, n in 6_usize..14, p in 2_usize..9) {
        let d = draw(seed, n, p);
        let design = Dense::new(&d.a).unwrap();
        let (select, step) = (|| FromBehind { variables: p }, || Threshold { level: 0.5, steps: 0 });
        let penalty: Penalty<f64> = L1::new(0.5).unwrap().into();
        let squares = LinearLoss::least_squares(&design, &d.y).unwrap();
        let logistic = LinearLoss::logistic(&design, &d.signs).unwrap();
        let losses: [&dyn Objective<f64>; 2] = [&squares, &logistic];
        for loss in losses {
            let wanted = Bcd::new().tolerance(1e-9).fit(loss, &penalty).unwrap();
            let config = Bcd::new().tolerance(1e-6).max_iterations(1_000_000);
            let (mut own, start) = (step(), Array1::zeros(p));
            let found = config.fit_with(loss, &penalty, &start, &mut select(), &mut own, &mut Unobserved).unwrap();
            prop_assert_eq!(found.stopped, Stopped::Converged);
            prop_assert_eq!(found.iterations, own.steps);
            // The gaps of both.
            let allowed = 1.1e-6 * wanted.objective.abs();
            prop_assert!((found.objective - wanted.objective).abs() <= allowed, "{} {}", found.objective, wanted.objective);
            let other = Penalty::None;
            let refused = config.fit_with(loss, &other, &start, &mut select(), &mut step(), &mut Unobserved);
            prop_assert!(matches!(refused, Err(Error::Incompatible { first: "Threshold", .. })), "{refused:?}");
        }
    }

    /// A partition of one's own gives the optimum of the automatic choice.
    #[test]
    fn own_partitions_reach_the_same_optimum(seed: u64, n in 6_usize..14, p in 2_usize..9) {
        let d = draw(seed, n, p);
        let design = Dense::new(&d.a).unwrap();
        let f = LinearLoss::logistic(&design, &d.signs).unwrap().with_ridge(0.1).unwrap();
        let (odd, even): (Vec<usize>, Vec<usize>) = (0..p).rev().partition(|i| i % 2 == 1);
        let blocks = [odd, even].into_iter().filter(|b| !b.is_empty()).collect();
        let penalty = L1::new(0.3).unwrap().into();
        let own = Bcd::new().blocks(Blocks::Fixed(Partition::User(blocks))).rule(Rule::Cyclic).tolerance(1e-9);
        let (found, wanted) = (own.fit(&f, &penalty).unwrap(), Bcd::new().tolerance(1e-9).fit(&f, &penalty).unwrap());
        prop_assert!((found.objective - wanted.objective).abs() <= 2e-9 * wanted.objective);
    }

    /// Σ|∇ᵢ|, Σ|∇ᵢ|/√L_b and Σ|∇ᵢ|/√Dᵢ, each computed directly from the gradient and `H_b`.
    #[test]
    fn scores_in_the_1_norm_are_sums_of_magnitudes(seed: u64, n in 6_usize..14, p in 3_usize..9) {
        let d = draw(seed, n, p);
        each(&d, 0.1, |name, f, x| {
            let penalty = Penalty::None;
            let problem = Problem::new(f, &penalty).unwrap();
            let mut at = state(f, x);
            let blocks: Vec<Vec<usize>> = (0..3).map(|start| block(f.variables(), start)).collect();
            let rules = [Rule::Gs, Rule::Gsl, Rule::Gsd(DiagonalBound::Lipschitz), Rule::Gsd(DiagonalBound::Gershgorin)];
            for rule in rules {
                let mut scores = BlockScores::new(&problem, &mut at, &blocks, rule, ScoreNorm::L1).unwrap();
                let mut found = Vec::new();
                scores.scores_into(&problem, &mut at, &mut found).unwrap();
                for (block, found) in blocks.iter().zip(found) {
                    let h = hessian(f, &mut at, block, Curvature::Bound);
                    let mut eigen = SymmetricEigen::new(block.len());
                    eigen.factorise(&h).unwrap();
                    let largest = eigen.values().unwrap()[block.len() - 1];
                    let by = |k: usize| match rule {
                        Rule::Gs => 1.0,
                        Rule::Gsl => largest,
                        Rule::Gsd(DiagonalBound::Gershgorin) => h.row(k).iter().map(|v: &f64| v.abs()).sum(),
                        _ => problem.curvatures[block[k]],
                    };
                    let wanted: f64 = (0..block.len()).map(|k| at.gradient[block[k]].abs() / by(k).sqrt()).sum();
                    // Sums of at most 9 products, eigenvalues to a few ε: far below 1e-10.
                    assert!((found - wanted).abs() <= 1e-10 * (1.0 + wanted), "{name} {rule:?}: {found} {wanted}");
                }
            }
        });
    }

    /// ‖∇²_bb f(x + d) - ∇²_bb f(x)‖ ≤ M_b ‖d‖, which makes the cubic model an upper bound: steps with it never raise F, and end
    /// where Newton's do.
    #[test]
    fn the_cubic_bound_holds(seed: u64, n in 6_usize..14, p in 2_usize..7) {
        let d = draw(seed, n, p);
        each(&d, 0.1, |name, f, x| {
            let members = block(f.variables(), 1);
            let mut at = state(f, x);
            let Some(m) = f.third_derivative_bound(&mut at, &members).unwrap() else {
                let bound = Bcd::new().blocks(Blocks::Variable(3)).rule(Rule::Gs).update(Update::Cubic(CubicConstant::Bound));
                let refused = bound.fit(f, &Penalty::None);
                assert!(matches!(refused, Err(Error::Incompatible { first: "CubicConstant::Bound", .. })), "{name}");
                return;
            };
            let before = hessian(f, &mut at, &members, Curvature::AtPoint);
            for size in [1e-3, 0.1, 3.0] {
                let mut moved = x.clone();
                members.iter().enumerate().for_each(|(k, &i)| moved[i] += size * (1.0 + k as f64).sin());
                let change = hessian(f, &mut state(f, &moved), &members, Curvature::AtPoint) - &before;
                let mut eigen = SymmetricEigen::new(members.len());
                eigen.factorise(&change).unwrap();
                let norm = eigen.values().unwrap().iter().fold(0.0_f64, |m, v| m.max(v.abs()));
                let length = (&moved - x).mapv(|v| v * v).sum().sqrt();
                // Both Hessians are rounded in their last digits.
                assert!(norm <= m * length * (1.0 + 1e-9) + 1e-11, "{name}: {norm} above {m} · {length}");
            }
            let whole = Bcd::new().blocks(Blocks::Fixed(Partition::Whole)).rule(Rule::Cyclic).tolerance(1e-8);
            let found = whole.clone().update(Update::Cubic(CubicConstant::Bound)).trace(true).fit(f, &Penalty::None).unwrap();
            let wanted = whole.update(Update::newton()).fit(f, &Penalty::None).unwrap();
            let slack = 1e-12 * (1.0 + wanted.objective.abs());
            assert!(found.trace.windows(2).all(|two| two[1].objective <= two[0].objective + slack), "{name}");
            // Gaps of 1e-8 of F, or residuals of 1e-8 of the gradient at 0 with a Hessian of at least the ridge.
            let allowed = 1e-6 * (1.0 + wanted.objective.abs());
            assert!((found.objective - wanted.objective).abs() <= allowed, "{name}: {} {}", found.objective, wanted.objective);
        });
    }
}

/// The minimiser of every class of problems in one precision, as double numbers.
fn solve_all<T: Scalar>(seed: u64, tolerance: f64) -> Vec<Array1<f64>> {
    let d = draw(seed, 40, 12);
    let t = <T as Scalar>::from_f64;
    let cast = |v: &Array1<f64>| v.mapv(t);
    let (a, y, signs, weights) = (d.a.mapv(t), cast(&d.y), cast(&d.signs), cast(&d.weights));
    let design = Dense::new(&a).unwrap();
    let config = Bcd::new().tolerance(tolerance);
    let mut out = Vec::new();
    let mut solve = |f: &dyn Objective<T>, penalty: Penalty<T>| {
        out.push(config.fit(f, &penalty).unwrap().x.mapv(Scalar::to_f64));
    };
    let p = a.ncols();
    let squares = LinearLoss::least_squares(&design, &y).unwrap();
    solve(&squares, L1::new(t(0.8)).unwrap().into());
    solve(&squares, GroupL2::new(p, t(0.8), &[vec![0, 1, 2, 3], vec![4, 5, 6]]).unwrap().into());
    solve(&squares, BoxConstraint::new(&Array1::from_elem(p, t(-0.05)), &Array1::from_elem(p, t(0.1))).unwrap().into());
    solve(&squares.with_ridge(t(0.5)).unwrap(), Penalty::None);
    let logistic = LinearLoss::logistic(&design, &signs).unwrap();
    solve(&logistic.clone().with_ridge(t(0.2)).unwrap(), Penalty::None);
    solve(&logistic.clone(), ElasticNet::new(t(0.5), t(0.3)).unwrap().into());
    solve(&logistic.weights(&weights).unwrap(), NonNegative::new(t(0.3)).unwrap().into());
    let huber = EmpiricalLoss::new(Huber::new(t(0.7)).unwrap(), &y).unwrap();
    solve(&LinearLoss::new(&design, huber).unwrap().with_ridge(t(0.3)).unwrap(), L1::new(t(0.4)).unwrap().into());
    solve(&Softmax::new(&design, &d.classes, 3).unwrap().with_ridge(t(0.3)).unwrap(), Penalty::None);
    let mut h: Array2<T> = a.t().dot(&a);
    h.diag_mut().mapv_inplace(|v| v + t(1.0));
    solve(&Quadratic::new(h, a.t().dot(&y)).unwrap(), NonNegative::new(t(0.1)).unwrap().into());
    let pairwise = Pairwise::new(p, Huber::new(t(0.4)).unwrap()).unwrap();
    let edges: Vec<(usize, usize, T, T)> = d.edges.iter().map(|&(i, j, w, c)| (i, j, t(w), t(c))).collect();
    let singles: Vec<(usize, T, T)> = (0..p).map(|i| (i, t(0.5), y[i])).collect();
    let pairwise = pairwise.differences(&edges).unwrap().singles(&singles).unwrap();
    solve(&pairwise.quadratic(&Array1::from_elem(p, t(0.2))).unwrap(), Penalty::None);
    let graph = Graph::lattice(4, 5, t(-1.0)).unwrap();
    let right = Array1::from_shape_fn(20, |i| t((i as f64).sin()));
    solve(&SparseQuadratic::new(graph, Array1::from_elem(20, t(4.5)), right).unwrap(), Penalty::None);
    out
}

#[test]
fn single_precision_agrees_on_every_class() {
    for seed in 0..6 {
        let (single, double) = (solve_all::<f32>(seed, 1e-5), solve_all::<f64>(seed, 1e-10));
        assert_eq!(single.len(), 12);
        for (at, (x, wanted)) in single.iter().zip(&double).enumerate() {
            // A gap δ F with a curvature μ along the difference leaves √(2 δ F / μ): √(2 · 1e-5 · 50 / 0.3) = 0.06 at worst.
            let change = (x - wanted).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            assert!(change <= 0.06, "problem {at} of seed {seed}: {change}");
            assert!(change > 0.0, "problem {at}: single precision was used");
        }
    }
}
