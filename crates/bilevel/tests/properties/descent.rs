//! What MAID guarantees, and what it ends with.

use super::{norm, picture, quadratic};
use bilevel::problems::{Quadratic, Variation};
use bilevel::solver::Fista;
use bilevel::{
    BoundMode, Decay, FirstStep, Hoag, Implicit, Maid, MaidStep, Oracle, Samples, Schedule, Status, StochasticDescent,
    grid_search, random_search,
};
use core_optim::Unobserved;
use ndarray::{Array1, Array2, array};
use std::ops::ControlFlow;

fn oracle(problem: &Quadratic) -> Implicit<Quadratic> {
    Implicit::new(problem.clone()).unwrap().solver(Fista::new())
}

#[test]
fn accepted_steps_lower_the_exact_value() {
    for mode in [BoundMode::Off, BoundMode::Rigorous, BoundMode::Estimated] {
        for first in [FirstStep::Grow, FirstStep::BarzilaiBorwein] {
            let problem = quadratic(60, 5, 3);
            let mut before = problem.value_and_gradient(&Array1::ones(5)).unwrap().0;
            let mut check = |step: &MaidStep<'_>| {
                if step.accepted {
                    let now = problem.value_and_gradient(step.theta).unwrap().0;
                    let decrease = 1e-8 * step.length * step.gradient_norm.powi(2);
                    assert!(now <= before - decrease + 1e-12, "{before} {now}");
                    assert!(step.bounds.lower <= now + 1e-10 && now <= step.bounds.upper + 1e-10);
                    before = now;
                }
                ControlFlow::Continue(())
            };
            let maid = Maid::new().first_step(first).max_iterations(60).accuracies(0.1, 0.1);
            let fit =
                maid.minimise_observed(&mut oracle(&problem).bound_mode(mode), &Array1::ones(5), &mut check).unwrap();
            assert!(fit.iterations > 20, "{fit:?}");
        }
    }
}

#[test]
fn the_minimum_is_found_from_any_first_accuracy() {
    let problem = quadratic(60, 2, 8);
    let best = problem.value_and_gradient(&problem.minimiser().unwrap()).unwrap().0;
    for accuracy in [10.0, 0.1, 1e-5] {
        let maid = Maid::fast().accuracies(accuracy, accuracy).max_iterations(3000).gradient_tolerance(1e-7);
        let fit = maid.minimise(&mut oracle(&problem).bound_mode(BoundMode::Rigorous), &Array1::ones(2)).unwrap();
        let value = problem.value_and_gradient(&fit.theta).unwrap().0;
        assert!(value - best < 1e-6 * best, "{value} {best} {:?}", fit.status);
        // A certificate of stationarity, or as far as the arithmetic goes.
        let exact = problem.value_and_gradient(&fit.theta).unwrap().1;
        if fit.status == Status::Converged {
            assert!(norm(&exact) <= 1e-7);
        }
        assert!(fit.bounds.lower <= value + 1e-9 && value <= fit.bounds.upper + 1e-9);
    }
}

#[test]
fn a_fixed_accuracy_stalls_above() {
    let problem = quadratic(60, 3, 8);
    let run = |maid: Maid| maid.minimise(&mut oracle(&problem), &Array1::ones(3)).unwrap();
    let adaptive = run(Maid::fast().accuracies(0.5, 0.5).max_iterations(300));
    let fixed = run(Maid::fast().accuracies(0.5, 0.5).max_iterations(300).fixed_accuracy());
    assert_eq!(fixed.status, Status::SearchFailed);
    let value = |theta: &Array1<f64>| problem.value_and_gradient(theta).unwrap().0;
    assert!(value(&fixed.theta) > 1.3 * value(&adaptive.theta));
}

#[test]
fn a_resumed_run_is_the_same_run() {
    let problem = quadratic(60, 5, 3);
    for mode in [BoundMode::Off, BoundMode::Estimated] {
        let maid = Maid::fast().accuracies(0.1, 0.1).nonmonotone(0.85);
        let start = Array1::ones(5);
        let whole = maid.clone().max_iterations(40).minimise(&mut oracle(&problem).bound_mode(mode), &start).unwrap();
        let half = maid.clone().max_iterations(15).minimise(&mut oracle(&problem).bound_mode(mode), &start).unwrap();
        let mut fresh = oracle(&problem).bound_mode(mode);
        let rest = maid.max_iterations(40).resume(&mut fresh, &half.state, &mut Unobserved).unwrap();
        assert_eq!(whole.theta, rest.theta);
        assert_eq!((whole.value, whole.iterations), (rest.value, rest.iterations));
        let mut other = Implicit::new(quadratic(60, 4, 3)).unwrap();
        assert!(Maid::fast().resume(&mut other, &half.state, &mut Unobserved).is_err());
    }
}

fn samples(count: u64) -> Samples<bilevel::problems::TotalVariation> {
    let one = |seed| Implicit::new(picture(9, 8, Variation::Anisotropic, seed)).unwrap();
    Samples::new((0..count).map(one).collect()).unwrap()
}

#[test]
fn no_bit_depends_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fit = Maid::fast().max_iterations(15).minimise(&mut samples(5), &array![-5.0, -5.0]).unwrap();
            let step = StochasticDescent::new(2, 12).step(Decay::Constant(0.05)).accuracy(Decay::Constant(1e-3));
            (fit.theta, fit.value, step.minimise(&mut samples(5), &array![-5.0, -5.0]).unwrap())
        })
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn total_variation_is_learned() {
    let mut oracle = samples(4);
    let theta = array![-5.0, -5.0];
    let before = oracle.refine(&theta, 1e-6).unwrap().bounds.value;
    let fit = Maid::fast().max_iterations(60).minimise(&mut oracle, &theta).unwrap();
    assert!(fit.value < 0.5 * before, "{} {before}", fit.value);
    // The stochastic method comes near, too.
    let descent = StochasticDescent::new(2, 300)
        .step(Decay::Polynomial { first: 0.2, power: 0.25 })
        .accuracy(Decay::Polynomial { first: 1e-2, power: 0.5 });
    let mut fresh = samples(4);
    let theta = descent.minimise(&mut fresh, &theta).unwrap();
    let value = fresh.refine(&theta, 1e-6).unwrap().bounds.value;
    assert!(value < 1.1 * fit.value, "{value} {}", fit.value);
    // And the black boxes.
    let grid =
        Array2::from_shape_fn((25, 2), |(i, k)| if k == 0 { -5.0 + (i / 5) as f64 } else { -5.0 + (i % 5) as f64 });
    let found = grid_search(&mut samples(4), &grid, 1e-4).unwrap();
    assert!(found.value >= fit.value * (1.0 - 1e-3) && found.values.len() == 25);
    assert!(random_search(&mut samples(4), (-5.0, 0.0), 10, 1e-4, 0).unwrap().value >= fit.value * (1.0 - 1e-3));
}

#[test]
fn hoag_descends_and_reports_its_best() {
    let problem = quadratic(60, 5, 3);
    for schedule in [Schedule::Geometric, Schedule::Quadratic, Schedule::Cubic, Schedule::Fixed] {
        let fit = Hoag::new().schedule(schedule, 0.1).minimise(&mut oracle(&problem), &Array1::ones(5)).unwrap();
        let before = problem.value_and_gradient(&Array1::ones(5)).unwrap().0;
        assert!(fit.value < 0.2 * before, "{schedule:?} {} {before}", fit.value);
    }
}

#[test]
fn limits_boxes_and_priors() {
    let problem = quadratic(60, 3, 8);
    let start = Array1::ones(3);
    let run = |maid: Maid| maid.minimise(&mut oracle(&problem), &start).unwrap();
    assert_eq!(run(Maid::fast().max_iterations(0)).status, Status::MaxIterations);
    let capped = run(Maid::fast().max_cost(50));
    assert!(capped.status == Status::MaxCost && capped.cost.total() < 500, "{capped:?}");
    let boxed = run(Maid::fast().box_constraints(0.9, 1.1).max_iterations(500));
    assert!(boxed.theta.iter().all(|t| (0.9..=1.1).contains(t)));
    // At the box's minimum no move within it helps.
    let (_, z) = problem.value_and_gradient(&boxed.theta).unwrap();
    let moved = (&boxed.theta - &z).mapv(|v| v.clamp(0.9, 1.1)) - &boxed.theta;
    assert!(norm(&moved) < 1e-3, "{moved} {:?}", boxed.status);
    // A strong prior keeps θ at its mean.
    let held = run(Maid::fast().prior(1e8, array![2.0, 2.0, 2.0]).max_iterations(500));
    assert!(norm(&(&held.theta - 2.0)) < 1e-3, "{:?}", held.theta);
    let mut stop = |step: &MaidStep<'_>| if step.accepted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let stopped = Maid::fast().minimise_observed(&mut oracle(&problem), &start, &mut stop).unwrap();
    assert_eq!((stopped.status, stopped.iterations), (Status::Observer, 1));
    let settled = run(Maid::fast().value_tolerance(1e-3, 3).max_iterations(1000));
    assert_eq!(settled.status, Status::Settled);
}

/// Saved as text and read back, a state goes on to the same bits.
#[cfg(feature = "serde")]
#[test]
fn states_survive_text() {
    let problem = quadratic(60, 5, 3);
    let fit = Maid::fast().max_iterations(10).minimise(&mut oracle(&problem), &Array1::ones(5)).unwrap();
    let text = serde_json::to_string(&fit.state).unwrap();
    let state: bilevel::MaidState = serde_json::from_str(&text).unwrap();
    assert_eq!(state, fit.state);
    let go_on =
        |state| Maid::fast().max_iterations(20).resume(&mut oracle(&problem), state, &mut Unobserved).unwrap().theta;
    assert_eq!(go_on(&state), go_on(&fit.state));
}
