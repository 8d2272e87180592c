//! Losses and block updates.

use crate::data::{square, state, with_objective};
use bcd::{
    ActiveRule, Bcd, Block, Blocks, Curvature, DiagonalBound, LineSearch, Objective, Penalty, Problem, Progress, Rule,
    State, Update, cubic_model_minimum,
};
use core_optim::prox::NonNegative;
use core_tensor::linalg::SymmetricEigen;
use golden::{Case, Check, Runner, Tolerance};
use ndarray::Array1;

pub(crate) fn add(runner: Runner) -> Runner {
    runner
        .cases("losses", losses)
        .cases("updates_smooth", smooth)
        .cases("updates_nonneg_l1", non_negative)
        .cases("traces", traces)
}

fn losses(case: &Case, check: &mut Check) {
    with_objective(case, 0.0, |f| {
        let tolerance = Tolerance::both(1e-10);
        let mut at = state(f, &case.vector("x"));
        check.scalar("f", at.value, case.number("f"), tolerance);
        check.close("grad", &at.gradient.clone(), &case.vector("grad"), tolerance);
        check.close("coord_lipschitz", &f.curvatures(), &case.vector("coord_lipschitz"), tolerance);
        let block = case.indices("block");
        let mut gradient = vec![0.0; block.len()];
        at.gradient_is_current = false;
        f.block_gradient(&mut at, &block, &mut gradient).unwrap();
        check.close("grad_block", &Array1::from(gradient), &case.vector("grad_block"), tolerance);
        let mut h = square(block.len());
        f.hessian_into(&mut at, &block, Curvature::AtPoint, &mut h).unwrap();
        check.close("hess_block", &h, &case.matrix("hess_block"), tolerance);
        f.hessian_into(&mut at, &block, Curvature::Bound, &mut h).unwrap();
        check.close("hess_bound_block", &h, &case.matrix("hess_bound_block"), tolerance);
        let mut eigen = SymmetricEigen::new(block.len());
        eigen.factorise(&h).unwrap();
        check.scalar("L_block", eigen.values().unwrap()[block.len() - 1], case.number("L_block"), tolerance);
    });
}

/// One update from x; the new values of the block, and F.
fn updated(
    f: &dyn Objective<f64>,
    penalty: &Penalty<f64>,
    x: &Array1<f64>,
    block: &[usize],
    update: Update,
) -> (Array1<f64>, f64, State<f64>) {
    let problem = Problem::new(f, penalty).unwrap();
    let mut at = state(f, x);
    let mut step = update.build(&problem).unwrap();
    step.step(&problem, &mut at, Block { indices: block, number: None }).unwrap();
    let x_block = block.iter().map(|&i| at.x[i]).collect();
    let value = at.value + penalty.value(&at.x);
    (x_block, value, at)
}

fn smooth(case: &Case, check: &mut Check) {
    with_objective(case, 0.0, |f| {
        let (x, block) = (case.vector("x"), case.indices("block"));
        let mut at = state(f, &x);
        check.scalar("f0", at.value, case.number("f0"), Tolerance::both(1e-10));
        for (name, update, tolerance) in [
            ("gradient_Lb", Update::Gradient, 1e-10),
            // Both divide by block matrices that may be close to singular.
            ("matrix_Hb", Update::Matrix, 1e-7),
            ("newton_linesearch", Update::Newton(LineSearch::reference()), 1e-6),
        ] {
            if !case.has(name) {
                continue;
            }
            let wanted = case.object(name);
            let (found, value, _) = updated(f, &Penalty::None, &x, &block, update);
            check.close(name, &found, &wanted.vector("x_block"), Tolerance::both(tolerance));
            check.scalar(name, value, wanted.number("f"), Tolerance::both(tolerance));
        }
        let cubic = case.object("cubic_newton");
        let mut h = square(block.len());
        f.hessian_into(&mut at, &block, Curvature::AtPoint, &mut h).unwrap();
        let g: Vec<f64> = block.iter().map(|&i| at.gradient[i]).collect();
        let (d, model) = cubic_model_minimum(&h, &g, cubic.number("M")).unwrap();
        let d = Array1::from(d);
        check.close("cubic d", &d, &cubic.vector("d"), Tolerance::both(1e-7));
        check.scalar("cubic norm", d.dot(&d).sqrt(), cubic.number("norm"), Tolerance::both(1e-7));
        check.scalar("cubic model", model, cubic.number("model_value"), Tolerance::both(1e-9));
    });
}

fn non_negative(case: &Case, check: &mut Check) {
    with_objective(case, 0.0, |f| {
        let (x, block) = (case.vector("x"), case.indices("block"));
        let penalty = NonNegative::new(case.number("lam")).unwrap().into();
        let f0 = state(f, &x).value + Penalty::value(&penalty, &x);
        check.scalar("f0", f0, case.number("f0"), Tolerance::both(1e-10));
        for (name, update) in [
            ("prox_gradient", Update::Gradient),
            ("block_exact_qp", Update::prox_newton()),
            ("two_metric", Update::TwoMetric(ActiveRule::Reference)),
        ] {
            let wanted = case.object(name);
            let (found, value, _) = updated(f, &penalty, &x, &block, update);
            check.close(name, &found, &wanted.vector("x_block"), Tolerance::both(1e-8));
            check.scalar(name, value, wanted.number("f"), Tolerance::both(1e-8));
        }
        let mut seen = Vec::new();
        let mut observer = |progress: &Progress<'_, f64>| {
            seen = progress.block.to_vec();
            std::ops::ControlFlow::Break(())
        };
        let bcd = Bcd::new().blocks(Blocks::Variable(3)).rule(Rule::GsModel).update(Update::Gradient).tolerance(0.0);
        bcd.fit_observed(f, &penalty, &x, &mut observer).unwrap();
        check.same("gsq_nn_tau3", seen, case.indices("gsq_nn_tau3"));
        let single: Vec<Vec<usize>> = (0..x.len()).map(|i| vec![i]).collect();
        let problem = Problem::new(f, &penalty).unwrap();
        let mut at = state(f, &x);
        let mut scores = bcd::BlockScores::new(&problem, &mut at, &single, Rule::GsModel, bcd::ScoreNorm::L2).unwrap();
        let mut found = Vec::new();
        scores.scores_into(&problem, &mut at, &mut found).unwrap();
        let found = Array1::from(found).mapv(|v: f64| -v);
        check.close("gsq_nn_scores", &found, &case.vector("gsq_nn_scores"), Tolerance::both(1e-9));
    });
}

fn traces(case: &Case, check: &mut Check) {
    with_objective(case, 0.0, |f| {
        let rule = match case.text("rule") {
            "GS" => Rule::Gs,
            "GSD_Li" => Rule::Gsd(DiagonalBound::Lipschitz),
            "GSD_rowsum" => Rule::Gsd(DiagonalBound::RowSums),
            "IHT_reference" => Rule::GsqThresholding,
            other => panic!("{}: unknown rule `{other}`", case.place()),
        };
        let update = match case.text("update") {
            "gradient_Lb" => Update::Gradient,
            "matrix_Hb" => Update::Matrix,
            "newton_linesearch" => Update::Newton(LineSearch::reference()),
            other => panic!("{}: unknown update `{other}`", case.place()),
        };
        let (wanted, blocks) = (case.vector("f"), crate::data::serde_list(case, "blocks"));
        let bcd = Bcd::new().blocks(Blocks::Variable(case.index("tau"))).rule(rule).update(update);
        let bcd = bcd.tolerance(0.0).trace(true).max_iterations(blocks.len());
        let mut seen: Vec<Vec<usize>> = Vec::new();
        let mut observer = |progress: &Progress<'_, f64>| {
            seen.push(progress.block.to_vec());
            std::ops::ControlFlow::Continue(())
        };
        let fit = bcd.fit_observed(f, &Penalty::None, &Array1::zeros(f.variables()), &mut observer).unwrap();
        let found: Array1<f64> = fit.trace.iter().take(wanted.len()).map(|entry| entry.objective).collect();
        check.close("f", &found, &wanted, Tolerance::both(1e-7));
        check.same("blocks", seen, blocks);
        check.close("x_final", &fit.x, &case.vector("x_final"), Tolerance::both(1e-5));
    });
}
