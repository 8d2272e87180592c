//! Bad input: every error, no panic.

use bcd::{
    ActiveRule, Bcd, BlockScores, Blocks, Curvature, DiagonalBound, Error, ForestFactor, ForestOrder, Graph, Inner,
    LabelPropagation, LineSearch, LinearLoss, Objective, Pairwise, Partition, Penalty, Problem, Quadratic, Rule,
    ScoreNorm, Softmax, SparseQuadratic, Update, Visit,
};
use core_optim::Stopped;
use core_optim::design::Dense;
use core_optim::loss::{Huber, Squared};
use core_optim::prox::{BoxConstraint, ElasticNet, GroupL2, L1, NonNegative};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn data() -> (Array2<f64>, Array1<f64>) {
    (array![[1.0, 0.5, -1.0], [0.0, 2.0, 1.0], [1.5, -0.5, 0.3], [0.2, 0.1, 0.9]], array![1.0, -1.0, 1.0, -1.0])
}

/// What a configuration answers on a small lasso.
#[track_caller]
fn refused(bcd: Bcd, penalty: Penalty<f64>, message: &str) {
    let (a, y) = data();
    let design = Dense::new(&a).unwrap();
    let f = LinearLoss::least_squares(&design, &y).unwrap();
    let text = bcd.fit(&f, &penalty).unwrap_err().to_string();
    assert!(text.contains(message), "{text}");
}

fn l1() -> Penalty<f64> {
    L1::new(0.1).unwrap().into()
}

#[test]
fn options_out_of_range_are_named() {
    refused(Bcd::new().tolerance(f64::NAN), l1(), "`tolerance` is NaN");
    refused(Bcd::new().tolerance(1.0), l1(), "`tolerance` is 1");
    refused(Bcd::new().check_every(0), l1(), "`check_every` is 0");
    refused(Bcd::new().blocks(Blocks::Variable(0)), l1(), "the block size is 0");
    refused(Bcd::new().blocks(Blocks::Fixed(Partition::Order(0))), l1(), "the block size is 0");
    refused(Bcd::new().update(Update::Estimated { relax: 0.0 }), l1(), "`relax` is 0");
    let mut search = LineSearch::default();
    search.decrease = 2.0;
    refused(Bcd::new().update(Update::Newton(search)), Penalty::None, "`decrease` is 2");
    refused(Bcd::new().update(Update::Cubic(bcd::CubicConstant::Fixed(-1.0))), Penalty::None, "`M` is -1");
}

#[test]
fn impossible_combinations_say_why() {
    let variable = |rule| Bcd::new().blocks(Blocks::Variable(2)).rule(rule).update(Update::Gradient);
    let fixed = |rule| Bcd::new().blocks(Blocks::Fixed(Partition::Order(2))).rule(rule).update(Update::Gradient);
    for rule in [Rule::Gsl, Rule::Gsq, Rule::Permuted, Rule::GsqNewton, Rule::Gsd(DiagonalBound::Trace)] {
        refused(variable(rule), Penalty::None, "does not go with variable blocks");
    }
    for rule in [Rule::GsqThresholding, Rule::GsqGreedy, Rule::GsqCluster(3), Rule::BestOf] {
        refused(fixed(rule), Penalty::None, "does not go with fixed blocks");
    }
    for rule in [Rule::Gs, Rule::Gsl, Rule::Gsq] {
        refused(fixed(rule), l1(), "does not go with penalty L1: it looks at the smooth part alone");
    }
    refused(variable(Rule::Gs), l1(), "does not go with penalty L1");
    refused(fixed(Rule::Gsq).score_norm(ScoreNorm::L1), Penalty::None, "only Gs, Gsl and Gsd have a 1-norm form");
    refused(variable(Rule::Gs).score_norm(ScoreNorm::L1), Penalty::None, "variable blocks");
    for update in [Update::Matrix, Update::newton(), Update::Cubic(bcd::CubicConstant::Adaptive)] {
        refused(Bcd::new().update(update), l1(), "does not go with penalty L1");
    }
    refused(
        Bcd::new().update(Update::TwoMetric(ActiveRule::Adaptive)),
        l1(),
        "update TwoMetric does not go with penalty L1",
    );
    refused(Bcd::new().update(Update::TwoMetricL1), Penalty::None, "update TwoMetricL1 does not go with no penalty");
    let groups: Penalty<f64> = GroupL2::new(3, 0.1, &[vec![0, 2]]).unwrap().into();
    let exact = Update::ProxNewton { curvature: Curvature::AtPoint, inner: Inner::ActiveSet };
    refused(Bcd::new().update(exact), groups, "Inner::ActiveSet does not go with penalty GroupL2");
    let forest = Bcd::new().blocks(Blocks::Forest).rule(Rule::Gs);
    refused(forest.clone().update(Update::Forest), Penalty::None, "it has no graph");
    refused(forest.update(Update::Matrix), Penalty::None, "use Update::Forest");
    let colours = Bcd::new().blocks(Blocks::Fixed(Partition::Colouring(Visit::Natural))).rule(Rule::Cyclic);
    refused(colours.update(Update::Gradient), Penalty::None, "it has no graph");
    refused(Bcd::new().blocks(Blocks::Variable(2)).update(Update::Forest), Penalty::None, "need not induce forests");
    let cubic = Bcd::new().update(Update::Cubic(bcd::CubicConstant::Bound));
    let f = Pairwise::new(2, Huber::new(1.0).unwrap())
        .unwrap()
        .difference(0, 1, 1.0, 0.0)
        .unwrap()
        .single(0, 1.0, 3.0)
        .unwrap();
    assert!(cubic.fit(&f, &Penalty::None).unwrap_err().to_string().contains("CubicConstant::Adaptive"));
    let grow = Bcd::new().blocks(Blocks::Forest).rule(Rule::Gsq).update(Update::Forest);
    assert!(grow.fit(&f, &Penalty::None).unwrap_err().to_string().contains("forests grow by"));
}

#[test]
fn blocks_must_be_a_partition() {
    let user = |blocks: &[&[usize]]| {
        let blocks = blocks.iter().map(|b| b.to_vec()).collect();
        Bcd::new().blocks(Blocks::Fixed(Partition::User(blocks))).rule(Rule::Cyclic).update(Update::Gradient)
    };
    refused(user(&[&[0, 1], &[]]), l1(), "block 1 is empty");
    refused(user(&[&[0, 1], &[1, 2]]), l1(), "block 1 names a coordinate a second time (coordinate 1)");
    refused(user(&[&[0, 1], &[3]]), l1(), "block 1 names a coordinate that does not exist (coordinate 3)");
    refused(user(&[&[0, 1]]), l1(), "the blocks leave a coordinate out (coordinate 2)");
    let groups: Penalty<f64> = GroupL2::new(3, 0.1, &[vec![0, 2], vec![1]]).unwrap().into();
    refused(user(&[&[0, 1], &[2]]), groups, "block 1 splits a group of the penalty (coordinate 2)");
}

#[test]
fn data_are_checked_at_the_door() {
    let (a, y) = data();
    let design = Dense::new(&a).unwrap();
    let text = |error: Error| error.to_string();
    assert!(text(LinearLoss::least_squares(&design, &array![1.0]).unwrap_err()).contains("`targets` has shape [1]"));
    assert!(text(LinearLoss::logistic(&design, &array![1.0, 0.0, 1.0, 1.0]).unwrap_err()).contains("logistic"));
    let nan = array![1.0, f64::NAN, 0.0, 0.0];
    assert!(LinearLoss::least_squares(&design, &nan).is_err());
    let f = LinearLoss::least_squares(&design, &y).unwrap();
    assert!(f.clone().weights(&array![1.0, 1.0, -1.0, 1.0]).is_err());
    assert!(text(f.clone().with_ridge(-1.0).unwrap_err()).contains("`ridge` is -1"));
    assert!(Bcd::new().fit_from(&f, &l1(), &array![1.0]).is_err());
    assert!(Bcd::new().fit_from(&f, &l1(), &array![1.0, f64::INFINITY, 0.0]).is_err());
    assert!(Bcd::new().fit(&f, &L1::weighted(1.0, &array![1.0]).unwrap().into()).is_err());
    let none = Array2::<f64>::zeros((3, 0));
    assert!(LinearLoss::least_squares(&Dense::new(&none).unwrap(), &array![1.0, 2.0, 3.0]).is_err());
    assert!(text(Softmax::new(&design, &[0, 1, 2, 3], 3).unwrap_err()).contains("`labels` is 3"));
    assert!(Softmax::new(&design, &[0, 0, 0, 0], 1).is_err());
    assert!(Softmax::new(&design, &[0, 0], 2).is_err());
    assert!(Softmax::new(&design, &[0, 1, 0, 1], 2).unwrap().weights(&array![1.0, -1.0, 1.0, 1.0]).is_err());
    assert!(Quadratic::<f64>::new(Array2::zeros((0, 0)), Array1::zeros(0)).is_err());
    assert!(Quadratic::new(array![[1.0, 2.0], [0.0, 1.0]], array![0.0, 0.0]).is_err());
    let negative = Quadratic::new(array![[1.0, 0.0], [0.0, -1.0]], array![0.0, 0.0]).unwrap_err();
    assert_eq!(negative, Error::Unbounded { variable: 1, curvature: -1.0 });
    // Negative curvature off the diagonal shows in the block solve.
    let saddle = Quadratic::new(array![[1.0, 2.0], [2.0, 1.0]], array![1.0, 0.0]).unwrap();
    let bcd = Bcd::new().blocks(Blocks::Variable(2)).update(Update::Matrix);
    assert!(matches!(bcd.fit(&saddle, &Penalty::None), Err(Error::Unbounded { .. })));
}

#[test]
fn graphs_are_checked_at_the_door() {
    assert_eq!(Graph::new(2, &[(0, 0, 1.0)]), Err(Error::SelfLoop { node: 0 }));
    let absurd = usize::MAX / 2;
    assert!(Graph::<f64>::new(absurd, &[]).unwrap_err().to_string().contains("below 2^32 - 2"));
    assert!(Graph::lattice(absurd, absurd, 1.0).is_err() && Graph::lattice(absurd, 1, 1.0).is_err());
    assert!(bcd::lattice_trees(absurd, absurd).is_err() && bcd::red_black(absurd, 3).is_err());
    assert!(Pairwise::<f64, _>::new(absurd, Squared).is_err());
    let (a, _) = data();
    assert!(Softmax::new(&Dense::new(&a).unwrap(), &[0, 1, 0, 1], absurd).is_err());
    assert!(Graph::new(2, &[(0, 2, 1.0)]).is_err() && Graph::new(2, &[(0, 1, f64::NAN)]).is_err());
    let triangle = Graph::new(3, &[(0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0)]).unwrap();
    assert!(matches!(ForestOrder::new(&triangle, &[0, 1, 2]), Err(Error::NotAForest { .. })));
    assert!(ForestOrder::new(&triangle, &[0, 0]).is_err() && ForestOrder::new(&triangle, &[7]).is_err());
    let order = ForestOrder::new(&triangle, &[0, 1]).unwrap();
    let mut factor = ForestFactor::new();
    assert!(matches!(factor.factorise(&order, |_| 0.5, |_| 1.0, None), Err(Error::NotPositiveDefinite { .. })));
    assert!(factor.solve(&order, &mut [1.0]).is_err());
    let labels = |labels: &[(usize, f64)]| LabelPropagation::new(&triangle, labels).map(|_| ());
    assert!(
        labels(&[(9, 1.0)]).is_err() && labels(&[(0, 1.0), (0, 2.0)]).is_err() && labels(&[(0, f64::NAN)]).is_err()
    );
    assert!(labels(&[(0, 1.0), (1, 1.0), (2, 1.0)]).is_err());
    assert_eq!(labels(&[]), Err(Error::UnlabelledComponent { node: 0 }));
    let two = Graph::new(3, &[(0, 1, 1.0)]).unwrap();
    assert!(matches!(LabelPropagation::new(&two, &[(0, 1.0)]), Err(Error::UnlabelledComponent { node: 2 })));
    let cut = Graph::new(3, &[(0, 1, 1.0), (1, 2, 0.0)]).unwrap();
    assert!(matches!(LabelPropagation::new(&cut, &[(0, 1.0)]), Err(Error::UnlabelledComponent { node: 2 })));
    let negative = Graph::new(2, &[(0, 1, -1.0)]).unwrap();
    assert!(matches!(LabelPropagation::new(&negative, &[(0, 1.0)]), Err(Error::NegativeWeight { .. })));
    let problem = LabelPropagation::new(&triangle, &[(0, 1.0)]).unwrap();
    assert!(problem.solve(0.0).is_err() && problem.solve(f64::NAN).is_err() && problem.relabelled(&[]).is_err());
    assert!(problem.bounds(1.0, 0.0).is_err());
    assert!(SparseQuadratic::new(triangle.clone(), array![1.0], array![1.0, 1.0, 1.0]).is_err());
    assert!(SparseQuadratic::new(triangle, array![1.0, -1.0, 1.0], array![1.0, 1.0, 1.0]).is_err());
    assert!(Pairwise::<f64, _>::new(0, Squared).is_err());
    let f = Pairwise::new(2, Squared).unwrap();
    assert!(f.clone().difference(0, 0, 1.0, 0.0).is_err() && f.clone().difference(0, 5, 1.0, 0.0).is_err());
    assert!(f.clone().single(0, -1.0, 0.0).is_err() && f.single(0, 1.0, f64::NAN).is_err());
}

#[test]
fn edge_cases_are_legal() {
    let (a, y) = data();
    let design = Dense::new(&a).unwrap();
    let f = LinearLoss::least_squares(&design, &y).unwrap();
    // τ beyond p, blocks that do not divide p, λ = 0.
    for blocks in [Blocks::Variable(99), Blocks::Fixed(Partition::Order(2))] {
        let fit = Bcd::new().blocks(blocks).tolerance(1e-10).fit(&f, &L1::new(0.0).unwrap().into()).unwrap();
        assert_eq!(fit.stopped, Stopped::Converged);
    }
    // A zero column moves only to where the penalty draws it; duplicate columns have a singular Hessian.
    let odd = array![[1.0, 0.0, 1.0], [2.0, 0.0, 2.0], [0.5, 0.0, 0.5]];
    let design = Dense::new(&odd).unwrap();
    let f = LinearLoss::least_squares(&design, &array![1.0, 2.0, 0.0]).unwrap();
    for (penalty, middle) in [
        (Penalty::None, 5.0),
        (L1::new(0.1).unwrap().into(), 0.0),
        (ElasticNet::new(0.1, 0.1).unwrap().into(), 0.0),
        (NonNegative::new(0.0).unwrap().into(), 5.0_f64),
        (BoxConstraint::uniform(-9.0, 9.0).unwrap().into(), 5.0),
    ] {
        for update in [Update::Gradient, Update::Exact, Update::prox_newton(), Update::Estimated { relax: 1.0 }] {
            let bcd =
                Bcd::new().blocks(Blocks::Fixed(Partition::Whole)).rule(Rule::Cyclic).update(update).tolerance(1e-9);
            let fit = bcd.fit_from(&f, &penalty, &array![0.0, 5.0, 0.0]).unwrap();
            // Gradient steps of the whole block draw it in geometrically.
            let distance: f64 = fit.x[1] - middle;
            assert!(distance.abs() < 1e-8, "{penalty:?} {update:?}");
            assert_eq!(fit.stopped, Stopped::Converged, "{penalty:?} {update:?}");
        }
    }
    // One row; one class; more columns than rows.
    let one = array![[1.0, -2.0, 0.5]];
    let design = Dense::new(&one).unwrap();
    let f = LinearLoss::logistic(&design, &array![1.0]).unwrap();
    assert!(Bcd::new().fit(&f, &L1::new(0.1).unwrap().into()).unwrap().certificate.gap.unwrap() < 1e-6);
    // Separable data without penalty have no minimum: x grows until the limit, no error.
    let fit = Bcd::new().max_iterations(5).tolerance(0.0).fit(&f, &Penalty::None).unwrap();
    assert_eq!(fit.stopped, Stopped::IterationLimit);
    assert!(fit.x.iter().all(|x: &f64| x.is_finite()));
    // A start outside the box is projected; λ beyond λmax ends at once.
    let fit = Bcd::new().max_iterations(0).fit_from(
        &f,
        &BoxConstraint::uniform(0.0, 1.0).unwrap().into(),
        &array![9.0, -9.0, 0.5],
    );
    assert_eq!(fit.unwrap().x, array![1.0, 0.0, 0.5]);
    let fit = Bcd::new().fit(&f, &L1::new(100.0).unwrap().into()).unwrap();
    assert_eq!((fit.iterations, fit.certificate.gap), (0, Some(0.0)));
    // An edgeless graph is a forest of single nodes.
    let f = SparseQuadratic::new(Graph::new(3, &[]).unwrap(), array![1.0, 2.0, 4.0], array![1.0, 1.0, 1.0]).unwrap();
    assert_eq!(Bcd::new().fit(&f, &Penalty::None).unwrap().x, array![1.0, 0.5, 0.25]);
}

#[test]
fn scores_that_are_no_numbers_are_errors() {
    let f = Quadratic::new(array![[1.0, 0.0], [0.0, 1.0]], array![1.0, 1.0]).unwrap();
    let problem = Problem::new(&f, &Penalty::None).unwrap();
    let mut state = bcd::state_at(&f, &array![0.0, 0.0]).unwrap();
    let scores = BlockScores::new(&problem, &mut state, &[vec![0, 0]], Rule::Gs, ScoreNorm::L2);
    assert!(scores.unwrap_err().to_string().contains("names a coordinate twice"));
    assert_eq!(bcd::descending(&[1.0, f64::NAN]).unwrap_err(), Error::NotANumber { what: "score", coordinate: 1 });
    assert!(bcd::ascending(&[f64::NAN]).is_err() && bcd::chunks(&[1], 0).is_err());
    assert!(bcd::cubic_model_minimum(&array![[1.0]], &[f64::NAN], 1.0).is_err());
    assert!(bcd::cubic_model_minimum(&array![[1.0]], &[1.0, 2.0], 1.0).is_err());
    assert!(bcd::identification_radius(0.0, 1.0).is_err() && bcd::proximal_gradient_bound(1.0, 1.0, 2.0, 1.0).is_err());
    assert!(bcd::block_descent_bound(1.0, 1.0, 1.0, 2.0, 1.0, 1).is_err());
    assert!(bcd::lattice_trees(1, 3).is_err() && bcd::red_black(0, 3).is_err());
    assert!(bcd::non_degeneracy(&problem, &array![1.0]).is_err());
    assert!(f.evaluate_into(&array![1.0], &mut array![0.0, 0.0]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_numbers_cause_a_panic(
        entries in proptest::collection::vec(proptest::num::f64::ANY, 12),
        targets in proptest::collection::vec(proptest::num::f64::ANY, 4),
        level in proptest::num::f64::ANY,
        which in 0..4_usize,
    ) {
        let a = Array2::from_shape_vec((4, 3), entries).unwrap();
        let Ok(design) = Dense::new(&a) else { return Ok(()) };
        let penalty: Option<Penalty<f64>> = match which {
            0 => L1::new(level).ok().map(Into::into),
            1 => NonNegative::new(level).ok().map(Into::into),
            2 => ElasticNet::new(level.abs(), level).ok().map(Into::into),
            _ => Some(Penalty::None),
        };
        let Some(penalty) = penalty else { return Ok(()) };
        let targets = Array1::from(targets);
        let signs = targets.mapv(|t| if t > 0.0 { 1.0 } else { -1.0 });
        if let Ok(f) = LinearLoss::least_squares(&design, &targets) {
            let _ = Bcd::new().max_iterations(5).fit(&f, &penalty);
        }
        if let Ok(f) = LinearLoss::logistic(&design, &signs) {
            let _ = Bcd::new().max_iterations(5).fit(&f, &penalty);
            for update in [Update::Gradient, Update::Exact, Update::Estimated { relax: 0.5 }] {
                let _ = Bcd::new().update(update).max_iterations(3).fit(&f, &penalty);
            }
        }
        let classes: Vec<usize> = signs.iter().map(|&s| usize::from(s > 0.0)).collect();
        if let Ok(f) = Softmax::new(&design, &classes, 2) {
            let _ = Bcd::new().max_iterations(5).fit(&f, &penalty);
        }
    }
}
