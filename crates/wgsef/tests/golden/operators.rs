//! Value, conjugate, subgradient, proximal operators, projections.

use super::omega;
use golden::{Runner, Tolerance};
use ndarray::Array1;
use wgsef::Workspace;

pub(crate) fn add(runner: Runner) -> Runner {
    runner
        .cases("value", |case, check| {
            let (omega, x) = (omega(case), case.vector("x"));
            let mut work = Workspace::new(omega.groups().count());
            let tolerance = Tolerance::both(1e-10);
            let value = omega.value_with(&x, &mut work).expect("value");
            check.close("group_norms", &Array1::from(work.norms().to_vec()), &case.vector("group_norms"), tolerance);
            check.close("u", &Array1::from(work.multipliers().to_vec()), &case.vector("u"), tolerance);
            check.scalar("omega", value.omega, case.number("omega"), tolerance);
            check.scalar("tau", value.tau, case.number("tau"), tolerance);
            check.scalar("zero_group_radius", value.zero_radius, case.number("zero_group_radius"), tolerance);
            let conjugate = omega.conjugate(&x).expect("conjugate");
            check.scalar("conjugate_at_x", conjugate, case.number("conjugate_at_x"), tolerance);
            let norm = omega.norm(&x).expect("norm");
            check.scalar("group_ksupport_norm", norm, case.number("group_ksupport_norm"), tolerance);
            let dual_norm = omega.dual_norm(&x).expect("dual norm");
            check.scalar("dual_norm", dual_norm, case.number("dual_norm"), tolerance);
            let (subgradient, _) = omega.subgradient(&x).expect("subgradient");
            check.close("subgradient", &subgradient, &case.vector("subgradient"), tolerance);
        })
        .cases("prox", |case, check| {
            let (omega, y, lambda) = (omega(case), case.vector("y"), case.number("lambda_"));
            let mut work = Workspace::new(omega.groups().count());
            let tolerance = Tolerance::both(1e-10);
            let mut x = y.clone();
            let info = omega.prox_in_place(&mut x, lambda, &mut work).expect("prox");
            check.close("x", &x, &case.vector("x"), tolerance);
            let u = Array1::from(work.multipliers().to_vec());
            check.close("u", &u, &case.vector("u"), tolerance);
            let scale: Array1<f64> = u
                .iter()
                .enumerate()
                .map(|(j, u)| if *u > 0.0 { u / (u + lambda * omega.weight(j)) } else { 0.0 })
                .collect();
            check.close("scale", &scale, &case.vector("scale"), tolerance);
            check.same("nonzero_groups", info.kept, case.index("nonzero_groups"));
            check.scalar("omega_at_x", info.omega, case.number("omega_at_x"), tolerance);
            check.scalar(
                "omega_at_x, evaluated",
                omega.value(&x).expect("value"),
                case.number("omega_at_x"),
                tolerance,
            );
            if lambda > 0.0 {
                let (envelope, gradient) = omega.moreau(&y, lambda).expect("moreau");
                check.scalar("moreau_envelope", envelope, case.number("moreau_envelope"), tolerance);
                let expected = (&y - &case.vector("x")) / lambda;
                check.close("moreau gradient", &gradient, &expected, Tolerance::both(1e-9 * (1.0 + lambda.recip())));
                let conjugate = omega.conjugate_prox(&y, lambda.recip()).expect("conjugate prox");
                check.close("conjugate prox", &conjugate, &(&y - &case.vector("x")), tolerance);
            }
            // t is unique unless k groups are saturated.
            let t = case.number("t");
            check.same("t exists", info.t.is_some(), t.is_finite());
            if let Some(found) = info.t
                && info.saturated < omega.budget()
            {
                check.scalar("t", found, t, tolerance);
            }
        })
        .cases("metric_prox", |case, check| {
            let (omega, y, lambda) = (omega(case), case.vector("y"), case.number("lambda_"));
            let mut work = Workspace::new(omega.groups().count());
            let tolerance = Tolerance::both(1e-9);
            if case.has("group_metric") {
                let mut x = y.clone();
                let metric = case.vector("group_metric").to_vec();
                omega.group_metric_prox_in_place(&mut x, &metric, lambda, &mut work).expect("prox");
                check.close("x_group_metric", &x, &case.vector("x_group_metric"), tolerance);
                let u = Array1::from(work.multipliers().to_vec());
                check.close("u_group_metric", &u, &case.vector("u_group_metric"), tolerance);
            }
            if case.has("full_metric") {
                let mut x = y;
                omega.metric_prox_in_place(&mut x, &case.vector("full_metric"), lambda, &mut work).expect("prox");
                check.close("x_full_metric", &x, &case.vector("x_full_metric"), tolerance);
                let u = Array1::from(work.multipliers().to_vec());
                check.close("u_full_metric", &u, &case.vector("u_full_metric"), tolerance);
            }
        })
        .cases("hard_prox", |case, check| {
            let (omega, y, lambda) = (omega(case), case.vector("y"), case.number("lambda_"));
            let mut work = Workspace::new(omega.groups().count());
            let mut x = y;
            omega.hard_prox_in_place(&mut x, lambda, &mut work).expect("hard prox");
            check.close("x", &x, &case.vector("x"), Tolerance::both(1e-10));
            let chosen: Vec<usize> = (0..omega.groups().count()).filter(|&j| work.multipliers()[j] > 0.0).collect();
            let mut expected = case.indices("kept");
            expected.sort_unstable();
            // A zero group may be among the chosen ones or not: it makes no difference.
            let nonzero = |j: &usize| work.norms()[*j] > 0.0;
            check.same(
                "kept",
                chosen.into_iter().filter(nonzero).collect::<Vec<_>>(),
                expected.into_iter().filter(nonzero).collect(),
            );
        })
        .cases("ball_projection", |case, check| {
            let (omega, y, radius) = (omega(case), case.vector("y"), case.number("radius"));
            let (x, lambda) = omega.ball_projection(&y, radius).expect("projection");
            check.close("x", &x, &case.vector("x"), Tolerance::both(1e-9));
            check.scalar("lambda_", lambda, case.number("lambda_"), Tolerance::both(1e-8));
            let norm = omega.norm(&x).expect("norm");
            check.holds(norm <= radius * (1.0 + 1e-12), || format!("N(x) = {norm} > {radius}"));
        })
}
