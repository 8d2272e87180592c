//! Solutions of convex models, training steps.

use super::omega;
use core_optim::design::Dense;
use core_optim::loss::{EmpiricalLoss, LinearModel, Squared};
use golden::{Runner, Tolerance};
use ndarray::Array1;
use wgsef::{Groups, Momentum, ProxGradient, Regulariser, Solver, Wgsef, Workspace};

pub(crate) fn add(runner: Runner) -> Runner {
    runner
        .cases("least_squares", |case, check| {
            let (omega, x, y) = (omega(case), case.matrix("X"), case.vector("y"));
            check.same("n", x.nrows(), case.index("n"));
            let design = Dense::new(&x).expect("design");
            let loss = EmpiricalLoss::new(Squared, &y).expect("loss");
            let mut f = LinearModel::new(&design, &loss).expect("model").scale(1.0 / x.nrows() as f64).expect("scale");
            let fit = Solver::new()
                .tolerance(1e-15)
                .max_iterations(200_000)
                .fit(&mut f, &omega, case.number("lambda_"))
                .expect("fit");
            check.scalar("objective", fit.objective, case.number("objective"), Tolerance::both(1e-10));
            check.close("w", &fit.w, &case.vector("w"), Tolerance::both(1e-6));
            let gap = fit.gap.expect("gap");
            check.holds(gap.abs() < 1e-12, || format!("gap {gap:e}"));
            // Groups at the solver's rounding are neither in nor out.
            let size = |j: &usize| {
                let norm = fit.w.iter().zip(omega.groups().owners(0)).filter(|(_, o)| *o == Some(*j));
                norm.map(|(w, _)| w * w).sum::<f64>().sqrt()
            };
            let kept = fit.kept.iter().filter(|j| size(j) > 1e-7).count();
            check.same("nonzero_groups", kept, case.index("nonzero_groups"));
        })
        .cases("training_steps", |case, check| match case.text("kind") {
            "prox_sgd_ema_momentum" => {
                let (omega, mut x) = (omega(case), case.vector("x0").into_dyn());
                let lambda = case.number("lambda_");
                let shape = [x.len()];
                let mut training = ProxGradient::new(&[&shape], vec![Regulariser { omega, lambda, tensors: vec![0] }])
                    .and_then(|training| training.momentum(Momentum::Average(case.number("rho"))))
                    .expect("training");
                let (gradients, trajectory) = (case.matrix("grads"), case.matrix("trajectory"));
                check.same("steps", gradients.nrows(), trajectory.nrows());
                for (gradient, expected) in gradients.rows().into_iter().zip(trajectory.rows()) {
                    training.step(&mut [x.view_mut()], &[gradient.into_dyn()], case.number("lr")).expect("step");
                    check.close("trajectory", &x, &expected.into_dyn(), Tolerance::both(1e-10));
                }
            }
            "half_space" => {
                let sizes = case.indices("group_sizes");
                let groups = Groups::contiguous(&sizes).expect("groups");
                let omega = Wgsef::new(groups, sizes.len().max(1)).expect("budget");
                let mut x: Array1<f64> = case.vector("x0");
                // The gradient is that of the loss and the regulariser together.
                omega
                    .half_space_step(
                        &mut x,
                        &case.vector("grad"),
                        0.0,
                        case.number("lr"),
                        case.number("epsilon"),
                        &mut Workspace::default(),
                    )
                    .expect("step");
                check.close("x1", &x, &case.vector("x1"), Tolerance::both(1e-10));
            }
            other => panic!("{}: unknown kind `{other}`", case.place()),
        })
}
