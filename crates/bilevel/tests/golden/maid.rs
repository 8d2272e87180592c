//! The descent methods and their formulas.

use bilevel::problems::Quadratic;
use bilevel::solver::Fista;
use bilevel::{
    Constants, Cost, Evaluation, Hoag, HoagAction, Hypergradient, LowerLevel, Maid, MaidStep, Oracle, Result, Scale,
    Schedule, Status, ValueBounds, conjugate_gradients, hypergradient_error, line_search_excess,
};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, Array2, ArrayRef1};
use std::ops::ControlFlow;

pub(crate) fn add(runner: Runner) -> Runner {
    runner
        .cases("omega_psi", omega_psi)
        .cases("quadratic", quadratic)
        .cases("maid_trace_exact_oracle", maid_trace)
        .cases("hoag_trace", hoag_trace)
        .cases("fista_cg_trace", fista_cg)
}

fn problem(case: &Case) -> Quadratic {
    Quadratic::new(
        (case.matrix("A1"), case.vector("b1")),
        (case.matrix("A2"), case.matrix("A3"), case.vector("b2")),
        0.5,
    )
    .expect("a problem")
}

fn omega_psi(case: &Case, check: &mut Check) {
    let bound = case.object("bound_inputs");
    let constants = Constants {
        cross_norm: bound.number("J_norm"),
        inverse_hessian_lipschitz: bound.number("L_Hinv"),
        cross_lipschitz: bound.number("L_J"),
    };
    let omega = hypergradient_error(
        &constants,
        bound.number("mu"),
        bound.number("Lg"),
        bound.number("grad_g_norm"),
        bound.number("eps"),
        bound.number("delta"),
    );
    let tolerance = Tolerance::both(1e-12);
    check.scalar("omega", omega, case.number("omega"), tolerance);
    let search = case.object("ls_inputs");
    let bounds = |value: &str, gradient: &str, error: &str, convex: bool| {
        ValueBounds::new(
            search.number(value),
            search.number(gradient),
            search.number(error),
            search.number("Lg"),
            convex,
        )
    };
    let (old, new) = (bounds("g_old", "gg_old", "eps_old", false), bounds("g_new", "gg_new", "eps_new", false));
    let convex = bounds("g_old", "gg_old", "eps_old", true);
    check.scalar("upper", new.upper, case.number("upper"), tolerance);
    check.scalar("lower", old.lower, case.number("lower"), tolerance);
    check.scalar("lower_convex", convex.lower, case.number("lower_convex"), tolerance);
    let decrease = search.number("lambda_") * search.number("alpha") * search.number("z_norm").powi(2);
    check.scalar("psi", line_search_excess(&new, &old, decrease), case.number("psi"), tolerance);
    check.scalar("psi_convex", line_search_excess(&new, &convex, decrease), case.number("psi_convex"), tolerance);
}

fn quadratic(case: &Case, check: &mut Check) {
    let mut problem = problem(case);
    let theta = case.vector("theta");
    let tolerance = Tolerance::both(1e-9);
    check.scalar("mu", problem.strong_convexity(&theta), case.number("mu"), tolerance);
    check.scalar("L", problem.smoothness(&theta).unwrap_or(f64::NAN), case.number("L"), tolerance);
    check.scalar("Lg", bilevel::UpperLevel::loss_smoothness(&problem), case.number("Lg"), tolerance);
    let x = case.vector("x_tilde");
    let constants = problem.constants(&x, &theta).expect("constants");
    check.scalar("J_norm", constants.cross_norm, case.number("J_norm"), tolerance);
    check.close("x_star", &problem.solution(&theta).expect("a solution"), &case.vector("x_star"), tolerance);
    let (f, gradient) = problem.value_and_gradient(&theta).expect("a value");
    check.scalar("f", f, case.number("f"), tolerance);
    check.close("hypergradient", &gradient, &case.vector("hypergradient"), tolerance);
    let minimiser = problem.minimiser().expect("a minimiser");
    let least = problem.value_and_gradient(&minimiser).expect("a value").0;
    check.scalar("f_star", least, case.number("f_star"), tolerance);
    // The inexact hypergradient at given points.
    let (q, mut z) = (case.vector("q_tilde"), Array1::zeros(theta.len()));
    problem.cross_transposed_into(&x, &theta, &q, &mut z);
    check.close("z", &-z, &case.vector("z"), tolerance);
    let mut slope = Array1::zeros(x.len());
    problem.value_and_gradient_into(&x, &theta, &mut slope);
    let error = norm(&slope) / problem.strong_convexity(&theta);
    check.scalar("eps_achieved", error, case.number("eps_achieved"), tolerance);
    let mut loss_slope = Array1::zeros(x.len());
    let loss = bilevel::UpperLevel::loss_and_gradient_into(&mut problem, &x, &mut loss_slope);
    check.scalar("g_tilde", loss, case.number("g_tilde"), tolerance);
    check.scalar("grad_g_norm", norm(&loss_slope), case.number("grad_g_norm"), tolerance);
    let mut product = Array1::zeros(x.len());
    problem.hessian_vector_into(&x, &theta, &q, &mut product);
    let residual = norm(&(product - &loss_slope));
    check.scalar("delta_achieved", residual, case.number("delta_achieved"), tolerance);
    let omega = hypergradient_error(
        &constants,
        problem.strong_convexity(&theta),
        bilevel::UpperLevel::loss_smoothness(&problem),
        norm(&loss_slope),
        error,
        residual,
    );
    check.scalar("omega", omega, case.number("omega"), tolerance);
}

fn norm(x: &Array1<f64>) -> f64 {
    x.dot(x).sqrt()
}

/// Exact solutions that claim no more than was asked for.
struct ExactOracle {
    problem: Quadratic,
    test: bool,
    convex: bool,
    accuracy: f64,
    current: f64,
    trial: f64,
}

impl ExactOracle {
    fn new(case: &Case, test: bool, convex: bool) -> Self {
        Self { problem: problem(case), test, convex, accuracy: 0.0, current: 0.0, trial: 0.0 }
    }

    fn evaluate(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<(f64, Evaluation)> {
        let x = self.problem.solution(theta)?;
        let mut gradient = Array1::zeros(x.len());
        let value = bilevel::UpperLevel::loss_and_gradient_into(&mut self.problem, &x, &mut gradient);
        let smoothness = bilevel::UpperLevel::loss_smoothness(&self.problem);
        let bounds = ValueBounds::new(value, norm(&gradient), accuracy, smoothness, self.convex);
        Ok((norm(&gradient), Evaluation { bounds, solved: true }))
    }
}

impl Oracle for ExactOracle {
    fn hyperparameters(&self) -> usize {
        self.problem.hyperparameters()
    }

    fn check(&self, _theta: &ArrayRef1<f64>) -> Result<()> {
        Ok(())
    }

    fn refine(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<Evaluation> {
        self.accuracy = accuracy;
        let (gradient, evaluation) = self.evaluate(theta, accuracy)?;
        self.current = gradient;
        Ok(evaluation)
    }

    fn attempt(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<Evaluation> {
        let (gradient, evaluation) = self.evaluate(theta, accuracy)?;
        self.trial = gradient;
        Ok(evaluation)
    }

    fn accept(&mut self) {
        self.current = self.trial;
    }

    fn hypergradient_into(
        &mut self,
        theta: &ArrayRef1<f64>,
        residual: f64,
        z: &mut ArrayRef1<f64>,
    ) -> Result<Hypergradient> {
        let (value, gradient) = self.problem.value_and_gradient(theta)?;
        z.assign(&gradient);
        let constants = self.problem.constants(&Array1::zeros(0), theta).expect("constants");
        let omega = hypergradient_error(
            &constants,
            self.problem.strong_convexity(theta),
            bilevel::UpperLevel::loss_smoothness(&self.problem),
            self.current,
            self.accuracy,
            residual,
        );
        Ok(Hypergradient { error: self.test.then_some(omega), corrected: value, solved: true })
    }

    fn cost(&self) -> Cost {
        Cost::default()
    }

    fn scale(&mut self, _theta: &ArrayRef1<f64>) -> Result<Scale> {
        Ok(Scale { error: 1.0, size: 1.0 })
    }

    fn state(&self) -> Vec<Array1<f64>> {
        Vec::new()
    }

    fn restore(&mut self, _state: &[Array1<f64>]) -> Result<()> {
        Ok(())
    }
}

fn maid_trace(case: &Case, check: &mut Check) {
    let options = case.object("options");
    check.same("certificate", options.text("certificate"), "requested");
    let mut oracle = ExactOracle::new(case, options.flag("descent_test"), options.flag("g_convex"));
    let maid = Maid::new()
        .accuracies(options.number("eps0"), options.number("delta0"))
        .first_step_length(options.number("alpha0"))
        .descent(options.number("eta"), options.number("lambda_"))
        .step_factors(options.number("rho"), options.number("rho_bar"))
        .accuracy_factors(options.number("nu"), options.number("nu_bar"))
        .backtracks(options.index("max_bt"))
        .max_iterations(options.index("max_iter"))
        .gradient_tolerance(0.0);
    let mut steps = Vec::new();
    let mut record = |step: &MaidStep<'_>| {
        steps.push((
            (step.iteration, step.retry, step.trial, step.accepted),
            [step.length, step.accuracy, step.residual, step.gradient_norm, step.excess],
            step.gradient_error,
            step.bounds.value,
        ));
        ControlFlow::Continue(())
    };
    let fit = maid.minimise_observed(&mut oracle, &case.vector("theta0"), &mut record).expect("a fit");
    let trials = case.list("trials");
    check.same("number of trials", steps.len(), trials.len());
    let tolerance = Tolerance::relative(1e-9);
    for (number, (step, trial)) in steps.iter().zip(&trials).enumerate() {
        let ((k, j, i, accepted), numbers, omega, _) = step;
        let place = (*k, *j, *i, *accepted);
        check.same("place", place, (trial.index("k"), trial.index("j"), trial.index("i"), trial.flag("accepted")));
        for (name, found) in ["alpha", "eps", "delta", "znorm"].iter().zip(numbers) {
            check.scalar(&format!("trial {number}: {name}"), *found, trial.number(name), tolerance);
        }
        // ψ is a small difference of values of that size.
        let scale = 1e-10 * (1.0 + step.3.abs());
        check.scalar(&format!("trial {number}: psi"), numbers[4], trial.number("psi"), Tolerance::new(1e-9, scale));
        if let Some(omega) = omega {
            check.scalar("omega", *omega, trial.number("omega"), tolerance);
        }
    }
    let accepted: Vec<_> = steps.iter().filter(|step| step.0.3).collect();
    let expected = case.list("accepted");
    check.same("number of steps", accepted.len(), expected.len());
    for (step, expected) in accepted.iter().zip(&expected) {
        check.scalar("accepted alpha", step.1[0], expected.number("alpha"), tolerance);
        check.scalar("accepted g", step.3, expected.number("g"), tolerance);
        let next = step.1[1] * options.number("nu_bar");
        check.scalar("next eps", next, expected.number("eps_next"), tolerance);
    }
    check.close("theta_final", &fit.theta, &case.vector("theta_final"), Tolerance::both(1e-8));
    check.scalar("f_final", fit.value, case.number("f_final"), Tolerance::both(1e-8));
    let status = match fit.status {
        Status::MaxIterations => "max_iter",
        _ => "another",
    };
    check.same("status", status, case.text("status"));
}

fn hoag_trace(case: &Case, check: &mut Check) {
    let schedule = match case.text("schedule") {
        "geometric" => Schedule::Geometric,
        "quadratic" => Schedule::Quadratic,
        "cubic" => Schedule::Cubic,
        "fixed" => Schedule::Fixed,
        other => return check.holds(false, || format!("unknown schedule {other}")),
    };
    let trace = case.list("trace");
    let mut oracle = ExactOracle::new(case, false, false);
    let hoag = Hoag::new().schedule(schedule, case.number("eps0")).max_iterations(trace.len());
    let mut steps = Vec::new();
    let mut record = |step: &bilevel::HoagStep<'_>| {
        let action = match step.action {
            HoagAction::Grow => "grow",
            HoagAction::Reject => "reject",
            HoagAction::Keep => "keep",
        };
        steps.push((action, [step.value, step.gradient_norm, step.smoothness, step.accuracy], step.theta.to_owned()));
        ControlFlow::Continue(())
    };
    hoag.minimise_observed(&mut oracle, &case.vector("theta0"), &mut record).expect("a fit");
    check.same("number of iterations", steps.len(), trace.len());
    let tolerance = Tolerance::both(1e-9);
    for ((action, numbers, theta), expected) in steps.iter().zip(&trace) {
        check.same("action", *action, expected.text("action"));
        for (name, found) in ["g", "pn", "L", "eps"].iter().zip(numbers) {
            check.scalar(name, *found, expected.number(name), tolerance);
        }
        check.close("theta", theta, &expected.vector("theta"), tolerance);
    }
}

/// ½ xᵀ H x - cᵀ x, without hyperparameters.
struct Plain {
    h: Array2<f64>,
    c: Array1<f64>,
    mu: f64,
    smoothness: f64,
}

impl LowerLevel for Plain {
    fn variables(&self) -> usize {
        self.c.len()
    }

    fn hyperparameters(&self) -> usize {
        0
    }

    fn value_and_gradient_into(
        &mut self,
        x: &ArrayRef1<f64>,
        _: &ArrayRef1<f64>,
        gradient: &mut ArrayRef1<f64>,
    ) -> f64 {
        let product = self.h.dot(x);
        gradient.assign(&(&product - &self.c));
        0.5 * x.dot(&product) - self.c.dot(x)
    }

    fn hessian_vector_into(
        &mut self,
        _: &ArrayRef1<f64>,
        _: &ArrayRef1<f64>,
        v: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        out.assign(&self.h.dot(v));
    }

    fn strong_convexity(&self, _: &ArrayRef1<f64>) -> f64 {
        self.mu
    }

    fn smoothness(&self, _: &ArrayRef1<f64>) -> Option<f64> {
        Some(self.smoothness)
    }
}

fn fista_cg(case: &Case, check: &mut Check) {
    let (h, c) = (case.matrix("H"), case.vector("c"));
    let mut plain = Plain { h, c: c.clone(), mu: case.number("mu"), smoothness: case.number("L") };
    let (mut x, theta) = (case.vector("x0"), Array1::zeros(0));
    let trace = case.list("fista");
    let mut steps = Vec::new();
    let fista = Fista::new().without_restart();
    let solve = fista.solve_observed(&mut plain, &theta, &mut x, 0.0, trace.len(), |step| {
        steps.push((step.t, step.beta, step.y.to_owned(), step.x.to_owned(), step.gradient_norm));
    });
    solve.expect("a run");
    check.same("number of iterations", steps.len(), trace.len());
    let tolerance = Tolerance::both(1e-10);
    for ((t, beta, y, x, gradient), expected) in steps.iter().zip(&trace) {
        check.scalar("t", *t, expected.number("t"), tolerance);
        check.scalar("beta", *beta, expected.number("beta"), tolerance);
        check.close("z", y, &expected.vector("z"), tolerance);
        check.close("x", x, &expected.vector("x"), tolerance);
        check.scalar("grad_norm", *gradient, expected.number("grad_norm"), tolerance);
    }
    let (mut q, mut residuals) = (Array1::zeros(c.len()), Vec::new());
    let tolerance_of_cg = case.number("cg_tol");
    conjugate_gradients(&mut plain, &x, &theta, &c, &mut q, tolerance_of_cg, 100, |r| residuals.push(r))
        .expect("a solve");
    let expected = case.vector("cg_residual_norms");
    // The last residuals are rounding: 2e-13 against 1e-13 for vectors of norm 10 and matrices of norm 20.
    check.close("cg_residual_norms", &Array1::from(residuals), &expected, Tolerance::new(1e-9, 1e-12));
    check.close("cg_solution", &q, &case.vector("cg_solution"), tolerance);
}
