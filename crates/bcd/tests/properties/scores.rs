//! Properties 4, 5 and 6: guaranteed progress, orders of rules, brute force.

use crate::config;
use crate::problems::{block, draw, each, hessian, state};
use bcd::{
    Bcd, Block, BlockScores, Blocks, Curvature, DiagonalBound, Penalty, Problem, Progress, Rule, ScoreNorm, Update,
    block_value, chunks,
};
use core_tensor::linalg::SymmetricEigen;
use ndarray::Array1;
use proptest::prelude::*;
use std::ops::ControlFlow;

/// The block that a rule picks first at x.
fn picked(f: &dyn bcd::Objective<f64>, x: &Array1<f64>, blocks: Blocks, rule: Rule) -> Vec<usize> {
    let mut seen = Vec::new();
    let mut observer = |progress: &Progress<'_, f64>| {
        seen = progress.block.to_vec();
        ControlFlow::Break(())
    };
    let bcd = Bcd::new().blocks(blocks).rule(rule).update(Update::Gradient).tolerance(0.0);
    bcd.fit_observed(f, &Penalty::None, x, &mut observer).unwrap();
    seen
}

fn subsets(p: usize, size: usize) -> Vec<Vec<usize>> {
    (0..1_usize << p)
        .filter(|s| s.count_ones() as usize == size)
        .map(|s| (0..p).filter(|i| s >> i & 1 == 1).collect())
        .collect()
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn steps_make_the_promised_progress(seed in 0..10_000_u64, n in 2..9_usize, p in 2..8_usize) {
        each(&draw(seed, n, p), 0.1, |name, f, x| {
            let problem = Problem::new(f, &Penalty::None).unwrap();
            let at = state(f, x);
            let b = block(x.len(), seed as usize);
            let h = hessian(f, &mut at.clone(), &b, Curvature::Bound);
            let mut eigen = SymmetricEigen::new(b.len());
            eigen.factorise(&h).unwrap();
            let largest = eigen.values().unwrap()[b.len() - 1];
            let squares: f64 = b.iter().map(|&i| at.gradient[i] * at.gradient[i]).sum();
            let quadratic = block_value(f, &mut at.clone(), &b).unwrap();
            let slack = 1e-11 * (1.0 + at.value.abs());
            for (update, promised) in [(Update::Gradient, squares / (2.0 * largest)), (Update::Matrix, quadratic)] {
                let mut moved = at.clone();
                let mut step = update.build(&problem).unwrap();
                step.step(&problem, &mut moved, Block { indices: &b, number: None }).unwrap();
                let progress = at.value - moved.value;
                assert!(progress >= promised * (1.0 - 1e-9) - slack, "{name} {update:?}: {progress} {promised}");
                if f.is_quadratic() && update == Update::Matrix {
                    assert!((progress - promised).abs() <= 1e-9 * promised.abs() + slack, "{name}");
                }
            }
        });
    }

    #[test]
    fn rules_are_ordered(seed in 0..10_000_u64, n in 4..12_usize, p in 3..9_usize, size in 1..4_usize) {
        each(&draw(seed, n, p), 0.1, |name, f, x| {
            let problem = Problem::new(f, &Penalty::None).unwrap();
            let mut at = state(f, x);
            let all: Vec<usize> = (0..x.len()).collect();
            let blocks = chunks(&all, size).unwrap();
            let scores = |at: &mut bcd::State<f64>, rule: Rule| {
                let mut out = Vec::new();
                let mut scores = BlockScores::new(&problem, at, &blocks, rule, ScoreNorm::L2).unwrap();
                scores.scores_into(&problem, at, &mut out).unwrap();
                out
            };
            let gsq = scores(&mut at, Rule::Gsq);
            let bounds = [
                DiagonalBound::Size,
                DiagonalBound::Gershgorin,
                DiagonalBound::RowSums,
                DiagonalBound::Trace,
                DiagonalBound::Mixed,
            ];
            let rules = bounds.map(Rule::Gsd).into_iter().chain([Rule::Gsl]);
            for rule in rules {
                let other = scores(&mut at, rule);
                for (q, o) in gsq.iter().zip(&other) {
                    assert!(q * (1.0 + 1e-8) + 1e-12 >= *o, "{name} {rule:?}: {q} {o}");
                }
            }
            // The block of GSL makes at least the progress of the mean.
            let gsl = scores(&mut at, Rule::Gsl);
            let best = gsl.iter().copied().fold(0.0, f64::max);
            let total: f64 = blocks
                .iter()
                .map(|b| {
                    let mut eigen = SymmetricEigen::new(b.len());
                    eigen.factorise(&hessian(f, &mut at, b, Curvature::Bound)).unwrap();
                    eigen.values().unwrap()[b.len() - 1]
                })
                .sum();
            let squares = at.gradient.dot(&at.gradient);
            assert!(best >= squares / total * (1.0 - 1e-9), "{name}");
        });
    }

    #[test]
    fn variable_blocks_against_all_subsets(seed in 0..10_000_u64, n in 4..12_usize, p in 3..9_usize, size in 1..4_usize) {
        let d = draw(seed, n, p);
        each(&d, 0.2, |name, f, x| {
            if x.len() > 9 {
                return;
            }
            let size = size.min(x.len());
            let mut at = state(f, x);
            let l = f.curvatures();
            let diagonal = |b: &[usize]| b.iter().map(|&i| at.gradient[i] * at.gradient[i] / l[i]).sum::<f64>();
            let all = subsets(x.len(), size);
            let gsd = picked(f, x, Blocks::Variable(size), Rule::Gsd(DiagonalBound::Lipschitz));
            let best = all.iter().map(|b| diagonal(b)).fold(0.0, f64::max);
            assert!(diagonal(&gsd) >= best * (1.0 - 1e-12), "{name}");
            let values: Vec<f64> = all.iter().map(|b| block_value(f, &mut at, b).unwrap()).collect();
            let most = values.iter().copied().fold(0.0, f64::max);
            let of_gsd = block_value(f, &mut at, &gsd).unwrap();
            for rule in [Rule::GsqThresholding, Rule::GsqGreedy, Rule::GsqCluster(30), Rule::BestOf] {
                let chosen = picked(f, x, Blocks::Variable(size), rule);
                let value = block_value(f, &mut at, &chosen).unwrap();
                assert!(value <= most * (1.0 + 1e-9) + 1e-14, "{name} {rule:?}");
                if rule == Rule::BestOf {
                    assert!(value >= of_gsd * (1.0 - 1e-12), "{name}");
                }
                if matches!(rule, Rule::GsqCluster(_)) {
                    assert!(value >= 0.1 * of_gsd * (1.0 - 1e-12), "{name}");
                }
            }
        });
    }
}
