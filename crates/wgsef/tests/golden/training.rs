//! Training steps.

use super::omega;
use golden::{Runner, Tolerance};
use wgsef::Workspace;

pub(crate) fn add(runner: Runner) -> Runner {
    runner.cases("training_steps", |case, check| match case.text("kind") {
        "half_space" => {
            let omega = omega(case);
            let mut x = case.vector("x");
            let mut work = Workspace::default();
            omega.half_space_step(&mut x, &case.vector("grad"), 0.0, case.number("lr"), case.number("epsilon"), &mut work).expect("step");
            check.close("x_new", &x, &case.vector("x_new"), Tolerance::both(1e-10));
        }
        other => panic!("unknown kind {other}"),
    })
}
