//! Optima, duality gaps, identification.

use crate::data::{penalty, state, with_objective};
use bcd::{
    Bcd, Blocks, Partition, Penalty, Problem, Rule, Update, certificate, identification_radius, non_degeneracy,
    proximal_gradient_bound,
};
use core_optim::prox::L1;
use golden::{Case, Check, Runner, Tolerance};
use ndarray::Array1;

pub(crate) fn add(runner: Runner) -> Runner {
    runner.cases("solutions", solutions).cases("duality_gaps", duality_gaps).cases("active_set", active_set)
}

fn solutions(case: &Case, check: &mut Check) {
    let wanted = case.vector("x_opt");
    let (penalty, ridge) = penalty(case, wanted.len());
    with_objective(case, ridge, |f| {
        let optimum = case.number("f_opt");
        let fit = Bcd::new().tolerance(1e-13).max_iterations(20_000).fit(f, &penalty).unwrap();
        check.scalar("f_opt", fit.objective, optimum, Tolerance::relative(1e-10));
        check.close("x_opt", &fit.x, &wanted, Tolerance::both(1e-6));
        // Other blocks and updates end at the same point.
        for update in [Update::Gradient, Update::Estimated { relax: 0.9 }, Update::Exact] {
            let size = if penalty.is_none() { wanted.len() } else { 3 };
            let rule = if penalty.is_none() { Rule::Cyclic } else { Rule::GsModel };
            let bcd = Bcd::new().blocks(Blocks::Fixed(Partition::Order(size))).rule(rule).update(update);
            let fit = bcd.tolerance(1e-11).max_iterations(200_000).fit(f, &penalty).unwrap();
            check.scalar("f_opt by another way", fit.objective, optimum, Tolerance::relative(1e-9));
        }
        let problem = Problem::new(f, &penalty).unwrap();
        let found = certificate(&problem, &mut state(f, &wanted)).unwrap();
        check.holds(found.kkt <= 1e-7, || format!("KKT residual {:e} at the optimum", found.kkt));
        if let Some(gap) = found.gap {
            check.holds(gap.abs() <= 1e-9 * (1.0 + optimum.abs()), || format!("gap {gap:e} at the optimum"));
        }
    });
}

/// The case of `solutions.json` that a duality gap speaks of.
fn solution(case: &Case) -> Case {
    let folder = match std::env::var_os("ORTHANT_FIXTURES") {
        Some(root) => std::path::PathBuf::from(root).join(env!("CARGO_PKG_NAME")),
        None => std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("fixtures"),
    };
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("the folder").flatten().map(|e| e.path()).collect();
    files.sort();
    let is_it = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_').starts_with("solutions")
    };
    let file = files.into_iter().find(is_it).expect("a file of solutions");
    Case::read(&file, case.index("solutions_case"))
}

fn duality_gaps(case: &Case, check: &mut Check) {
    let problem_case = if case.has("A") { case.clone() } else { solution(case) };
    for point in case.list("points") {
        let x = point.vector("x");
        let (penalty, ridge) = penalty(&problem_case, x.len());
        with_objective(&problem_case, ridge, |f| {
            let problem = Problem::new(f, &penalty).unwrap();
            let mut at = state(f, &x);
            let primal = at.value + penalty.value(&x);
            check.scalar("primal", primal, point.number("primal"), Tolerance::both(1e-9));
            let found = certificate(&problem, &mut at).unwrap();
            check.scalar("dual", found.dual.unwrap_or(f64::NAN), point.number("dual"), Tolerance::both(1e-8));
        });
    }
}

fn active_set(case: &Case, check: &mut Check) {
    with_objective(case, 0.0, |f| {
        let penalty: Penalty<f64> = L1::new(case.number("lam")).unwrap().into();
        let problem = Problem::new(f, &penalty).unwrap();
        let wanted = case.vector("x_opt");
        let delta = non_degeneracy(&problem, &wanted).unwrap().unwrap_or(f64::NAN);
        check.scalar("delta", delta, case.number("delta"), Tolerance::relative(1e-6));
        let (l, mu) = (case.number("L"), case.number("mu"));
        let radius = identification_radius(delta, l).unwrap();
        check.scalar("radius", radius, case.number("identification_radius"), Tolerance::relative(1e-6));
        let distance = wanted.dot(&wanted).sqrt();
        let bound = proximal_gradient_bound(delta, l, mu, distance).unwrap();
        check.same("bound", bound, case.index("pg_bound_iterations"));
        let fit = Bcd::new().tolerance(1e-14).max_iterations(5000).fit(f, &penalty).unwrap();
        check.scalar("f_opt", fit.objective, case.number("f_opt"), Tolerance::relative(1e-12));
        let signs = |x: &Array1<f64>| x.mapv(|v| if v == 0.0 { 0.0 } else { v.signum() });
        for (field, partition) in
            [("pg_identified_at", Partition::Whole), ("cyclic_prox_bcd_block3_identified_at", Partition::Order(3))]
        {
            let bcd = Bcd::new().blocks(Blocks::Fixed(partition)).rule(Rule::Cyclic).update(Update::Gradient);
            let fit = bcd.tolerance(0.0).max_iterations(2000).fit(f, &penalty).unwrap();
            check.same("final signs", signs(&fit.x), signs(&wanted));
            check.same(field, fit.identified_at, case.index(field));
            check.holds(field != "pg_identified_at" || fit.identified_at <= bound, || "after the bound".to_owned());
        }
    });
}
