//! Scores and blocks of the selection rules.

use crate::data::{state, with_objective};
use bcd::{Bcd, BlockScores, Blocks, DiagonalBound, Penalty, Problem, Quadratic, Rule, ScoreNorm, block_value, chunks};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::Array1;

pub(crate) fn add(runner: Runner) -> Runner {
    runner.cases("selection_fixed", fixed).cases("selection_variable", variable)
}

fn fixed(case: &Case, check: &mut Check) {
    let g = case.vector("g");
    let f = Quadratic::new(case.matrix("H"), g.mapv(|v| -v)).unwrap();
    let problem = Problem::new(&f, &Penalty::None).unwrap();
    let mut at = state(&f, &Array1::zeros(g.len()));
    let all: Vec<usize> = (0..g.len()).collect();
    let blocks = chunks(&all, case.index("block_size")).unwrap();
    let (wanted, best) = (case.object("scores"), case.object("argmax"));
    for (name, rule) in [
        ("GS", Rule::Gs),
        ("GSL", Rule::Gsl),
        ("GSD_tauL", Rule::Gsd(DiagonalBound::Size)),
        ("GSD_gersh", Rule::Gsd(DiagonalBound::Gershgorin)),
        ("GSQ", Rule::Gsq),
    ] {
        let mut scores = BlockScores::new(&problem, &mut at, &blocks, rule, ScoreNorm::L2).unwrap();
        let mut found = Vec::new();
        scores.scores_into(&problem, &mut at, &mut found).unwrap();
        let largest = (0..found.len()).fold(0, |best, k| if found[k] > found[best] { k } else { best });
        check.same(name, largest, best.index(name));
        check.close(name, &Array1::from(found), &wanted.vector(name), Tolerance::relative(1e-8));
        // The loop picks the same block.
        let bcd = Bcd::new().blocks(Blocks::Fixed(bcd::Partition::Order(case.index("block_size")))).rule(rule);
        let fit = bcd.max_iterations(1).fit(&f, &Penalty::None).unwrap();
        let moved: Vec<usize> = (0..g.len()).filter(|&i| fit.x[i] != 0.0).collect();
        check.same("block of the loop", moved, blocks[largest].clone());
    }
}

fn variable(case: &Case, check: &mut Check) {
    let tau = case.index("tau");
    with_objective(case, 0.0, |f| {
        let x = case.vector("x");
        let mut at = state(f, &x);
        check.close("grad", &at.gradient.clone(), &case.vector("grad"), Tolerance::both(1e-9));
        let values = case.object("value");
        for (field, value, rule) in [
            ("GS", "GS", Rule::Gs),
            ("GSD_Li", "GSD", Rule::Gsd(DiagonalBound::Lipschitz)),
            ("GSD_rowsum", "GSDHb", Rule::Gsd(DiagonalBound::RowSums)),
            ("IHT_reference", "IHT", Rule::GsqThresholding),
            ("GSQ_greedy_growth", "GSQ_greedy_growth", Rule::GsqGreedy),
        ] {
            let mut seen = Vec::new();
            let mut observer = |progress: &bcd::Progress<'_, f64>| {
                seen = progress.block.to_vec();
                std::ops::ControlFlow::Break(())
            };
            let bcd = Bcd::new().blocks(Blocks::Variable(tau)).rule(rule).update(bcd::Update::Gradient).tolerance(0.0);
            bcd.fit_observed(f, &Penalty::None, &x, &mut observer).unwrap();
            check.same(field, seen.clone(), case.indices(field));
            let found = block_value(f, &mut at, &seen).unwrap();
            check.scalar(value, found, values.number(value), Tolerance::relative(1e-8));
        }
        let best = case.indices("GSQ_exact_bruteforce");
        let found = block_value(f, &mut at, &best).unwrap();
        check.scalar("exact", found, case.number("GSQ_exact_value"), Tolerance::relative(1e-8));
    });
}
