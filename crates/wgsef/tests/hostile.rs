//! Bad input: every error, no panic.

use ndarray::{Array1, Array2, ArrayD, IxDyn, array};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use wgsef::*;

#[track_caller]
fn refused<R>(result: Result<R>, message: &str) {
    match result {
        Ok(_) => panic!("accepted"),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

fn omega(k: usize) -> Wgsef {
    Wgsef::new(Groups::uniform(2, 2).unwrap(), k).unwrap()
}

#[test]
fn budgets_and_groups() {
    refused(
        Wgsef::new(Groups::uniform(2, 2).unwrap(), 0),
        "the budget `k` is 0; at least one group must be allowed (there are 2)",
    );
    refused(omega(1).set_budget(0), "the budget `k` is 0; at least one group must be allowed (there are 2)");
    refused(Groups::axes(&[], &[]), "axis 0 axes are not between 1 and 8 (the tensor has 0)");
    refused(Groups::axes(&[2; 9], &[]), "axis 9 axes are not between 1 and 8 (the tensor has 9)");
    refused(Groups::axes(&[2, 3], &[2]), "axis 2 does not exist (the tensor has 2)");
    refused(Groups::axes(&[2, 3], &[1, 1]), "axis 1 is named twice (the tensor has 2)");
    refused(Groups::channels(&[4]), "axis 1 does not exist (the tensor has 1)");
    refused(Groups::singletons(&[usize::MAX, 3]), "`shape` is inf; it must be countable in all");
    refused(Groups::contiguous(&[usize::MAX, 3]), "`sizes` is inf; it must be countable in all");
    let list =
        |length, pointers: &[usize], indices: &[usize]| Groups::indexed(length, pointers, indices, Uncovered::Refuse);
    refused(list(3, &[], &[]), "`pointers` does not cut `indices` into groups: the first one is not 0 (entry 0)");
    refused(list(3, &[0, 2, 1], &[0, 1]), "`pointers` does not cut `indices` into groups: it decreases (entry 2)");
    refused(
        list(3, &[0, 1], &[0, 1]),
        "`pointers` does not cut `indices` into groups: the last one is not the number of indices (entry 1)",
    );
    refused(list(3, &[0, 1, 2], &[0, 3]), "group 1 names coordinate 3, but there are only 3 (counted from 0)");
    refused(
        list(3, &[0, 2, 4], &[0, 1, 1, 2]),
        "coordinate 1 stands in group 0 and again in group 1; groups must not overlap (`Latent` is the model for groups that do)",
    );
    refused(
        list(3, &[0, 2], &[0, 1]),
        "coordinate 2 stands in no group; `Uncovered::Free` leaves such coordinates alone",
    );
    refused(Groups::composite([]), "`parts` is empty; at least one part is needed");
    refused(Groups::concatenated([]), "`parts` is empty; at least one part is needed");
    refused(
        Groups::composite([Groups::rows(2, 2).unwrap(), Groups::rows(3, 2).unwrap()]),
        "`parts` has shape [3], but [2] is needed because the j-th groups of all parts are one group",
    );
    refused(
        Latent::new(2, &[0, 1], &[0]),
        "coordinate 1 stands in no group; `Uncovered::Free` leaves such coordinates alone",
    );
    refused(Latent::new(2, &[0, 2], &[5, 0]), "group 0 names coordinate 5, but there are only 2 (counted from 0)");
}

#[test]
fn weights() {
    refused(Weights::each(&[1.0, 0.0]), "`weights` is 0; it must be finite and > 0");
    refused(Weights::each(&[f64::NAN]), "`weights` is NaN; it must be finite and > 0");
    refused(Weights::costs(&[f64::INFINITY]), "`costs` is inf; it must be finite and > 0");
    refused(Weights::sizes(&Groups::contiguous(&[1, 0]).unwrap()), "`costs` is 0; it must be finite and > 0");
    refused(
        omega(1).weights(Weights::each(&[1.0]).unwrap()),
        "`weights` has shape [1], but [2] is needed because there is a weight per group",
    );
    refused(filter_flops(&[3], &[]), "`weight` is 1; it must be a shape with at least two axes");
}

#[test]
fn tensors_and_levels() {
    let (good, bad) = (array![1.0, 2.0, 3.0, 4.0], array![1.0, 2.0, f64::NAN, 4.0]);
    let nan = "`x` holds NaN at [2]; every entry must be finite";
    refused(omega(1).value(&bad), nan);
    refused(omega(1).norm(&bad), nan);
    refused(omega(1).subgradient(&bad), nan);
    refused(omega(1).prox(&bad, 1.0), nan);
    refused(omega(1).prox(&bad, 0.0), nan);
    refused(omega(1).hard_prox(&bad, 1.0), nan);
    refused(omega(1).norm_prox(&bad, 1.0), nan);
    refused(omega(1).ball_projection(&bad, 1.0), nan);
    refused(omega(1).conjugate(&bad), "`y` holds NaN at [2]; every entry must be finite");
    refused(omega(1).moreau(&bad, 1.0), "`y` holds NaN at [2]; every entry must be finite");
    refused(
        omega(1).value(&array![1.0, 2.0]),
        "`x` has shape [2], but [4] is needed because the groups were made for that",
    );
    let columns = Wgsef::new(Groups::columns(2, 3).unwrap(), 1).unwrap();
    refused(
        columns.value(&Array2::<f64>::zeros((3, 2))),
        "`x` has shape [3, 2], but [2, 3] is needed because the groups were made for that",
    );
    refused(
        columns.value(&[ArrayD::<f64>::zeros(IxDyn(&[2, 3])), ArrayD::zeros(IxDyn(&[2, 3]))][..]),
        "`x` has shape [2], but [1] is needed because the groups lie in that many tensors",
    );
    for lambda in [-1.0, f64::NAN, f64::INFINITY] {
        let message = format!("`lambda` is {lambda}; it must be finite and >= 0");
        refused(omega(1).prox(&good, lambda), &message);
        refused(omega(1).hard_prox(&good, lambda), &message);
        refused(omega(1).norm_prox(&good, lambda), &message);
        refused(Penalty::new(&omega(1), lambda), &message);
    }
    refused(omega(1).moreau(&good, 0.0), "`lambda` is 0; it must be finite and > 0");
    refused(omega(1).conjugate_prox(&good, 0.0), "`sigma` is 0; it must be finite and > 0");
    refused(omega(1).ball_projection(&good, -1.0), "`radius` is -1; it must be finite and >= 0");
    let mut work = Workspace::default();
    refused(omega(1).duality_gap(&good, &good, 0.0, &mut work), "`lambda` is 0; it must be finite and > 0");
    refused(
        omega(1).stationarity(&good, &bad, 1.0, &mut work),
        "`gradient` holds NaN at [2]; every entry must be finite",
    );
    let mut x = good.clone();
    refused(
        omega(1).group_metric_prox_in_place(&mut x, &[1.0], 1.0, &mut work),
        "`metric` has shape [1], but [2] is needed because there is one number per group",
    );
    refused(
        omega(1).group_metric_prox_in_place(&mut x, &[1.0, 0.0], 1.0, &mut work),
        "`metric` is 0; it must be finite and > 0",
    );
    for metric in [array![1.0, 1.0, -1.0, 1.0], array![1.0, f64::NAN, 1.0, 1.0]] {
        assert!(omega(1).metric_prox_in_place(&mut x, &metric, 1.0, &mut work).is_err());
        assert!(omega(1).mean_metric_prox_in_place(&mut x, &metric, 1.0, &mut work).is_err());
    }
    for epsilon in [1.0, -0.1, f64::NAN] {
        let message = format!("`epsilon` is {epsilon}; it must be in [0, 1)");
        refused(omega(1).half_space_step(&mut x, &good, 0.0, 0.1, epsilon, &mut work), &message);
    }
    refused(
        omega(1).half_space_step(&mut x, &good, 0.0, 0.0, 0.0, &mut work),
        "`step` is 0; it must be finite and > 0",
    );
    assert_eq!(x, good);
    let huge = Array1::from_elem(4, 1.7e308);
    refused(omega(1).value(&huge), "the norm of group 0 is larger than the largest number; scale the tensor");
}

#[test]
fn training() {
    let regulariser = |tensors: Vec<usize>| Regulariser { omega: omega(1), lambda: 0.1, tensors };
    let shapes: [&[usize]; 2] = [&[4], &[4]];
    refused(
        ProxGradient::<f64>::new(&shapes, vec![regulariser(vec![2])]),
        "`tensors` is 2; it must be the number of a tensor",
    );
    refused(
        ProxGradient::<f64>::new(&shapes, vec![regulariser(vec![0]), regulariser(vec![0])]),
        "a regulariser does not go with another one on the same tensor: regularisers act on different tensors; put the groups into one",
    );
    refused(
        ProxGradient::<f64>::new(&[&[3]], vec![regulariser(vec![0])]),
        "`tensors` has shape [3], but [4] is needed because the groups were made for that",
    );
    let new = || ProxGradient::<f64>::new(&[&[4]], vec![regulariser(vec![0])]).unwrap();
    refused(new().momentum(Momentum::Average(1.0)), "`momentum` is 1; it must be in [0, 1)");
    refused(new().metric(Metric::Adam { beta2: 1.0, epsilon: 1e-8 }), "`beta2` is 1; it must be in [0, 1)");
    refused(new().metric(Metric::Adam { beta2: 0.9, epsilon: 0.0 }), "`epsilon` is 0; it must be finite and > 0");
    refused(new().delta(-1.0), "`delta` is -1; it must be finite and >= 0");
    refused(new().every(0), "`every` is 0; it must be >= 1");
    refused(new().set_budget(1, 3), "`regulariser` is 1; it must be the number of a regulariser");
    let mut x = Array1::<f64>::ones(4).into_dyn();
    let gradient = x.clone();
    refused(new().step(&mut [x.view_mut()], &[gradient.view()], 0.0), "`alpha` is 0; it must be finite and > 0");
    refused(
        new().step(&mut [x.view_mut()], &[], 0.1),
        "`gradients` has shape [0], but [1] is needed because there is one per tensor",
    );
    let short = Array1::<f64>::ones(3).into_dyn();
    refused(
        new().step(&mut [x.view_mut()], &[short.view()], 0.1),
        "`gradients` has shape [3], but [4] is needed because the tensors were announced with that shape",
    );
    refused(compact(&array![1.0, 2.0], 1, &[true]), "axis 1 does not exist (the tensor has 1)");
    refused(
        compact(&array![1.0, 2.0], 0, &[true]),
        "`kept` has shape [1], but [2] is needed because there is one per position on the axis",
    );
    refused(
        Groups::uniform(2, 2).unwrap().mask(1, &[4], &[true; 2]),
        "`tensor` is 1; it must be the number of a tensor",
    );
    assert!(Groups::uniform(2, 2).unwrap().mask(0, &[5], &[true; 2]).is_err());
    assert!(Groups::uniform(2, 2).unwrap().mask(0, &[usize::MAX, 2], &[true; 2]).is_err());
    assert!(HalfSpaceSchedule::new(1).turns(0, 1).is_err());
    assert!(Continuation::new(0.0, 2.0).is_err() && Continuation::new(1.0, 0.5).is_err());
}

#[test]
fn nothing_at_all() {
    for groups in
        [Groups::contiguous(&[]).unwrap(), Groups::contiguous(&[0, 0]).unwrap(), Groups::singletons(&[0]).unwrap()]
    {
        let omega = Wgsef::new(groups, 1).unwrap();
        let nothing = Array1::<f64>::zeros(0);
        assert_eq!(omega.value(&nothing).unwrap(), 0.0);
        assert_eq!(omega.conjugate(&nothing).unwrap(), 0.0);
        let (x, info) = omega.prox(&nothing, 1.0).unwrap();
        assert_eq!((x.len(), info.kept, info.nonzero), (0, 0, 0));
        assert_eq!(omega.hard_prox(&nothing, 1.0).unwrap().len(), 0);
        assert_eq!(omega.norm_prox(&nothing, 1.0).unwrap().len(), 0);
        assert_eq!(omega.ball_projection(&nothing, 1.0).unwrap().1, 0.0);
    }
    let omega = Wgsef::new(Groups::rows(0, 3).unwrap(), 2).unwrap();
    assert_eq!(omega.prox(&Array2::<f32>::zeros((0, 3)), 1.0).unwrap().1.kept, 0);
    let omega = Wgsef::new(Groups::rows(3, 0).unwrap(), 2).unwrap();
    assert_eq!(omega.prox(&Array2::<f32>::zeros((3, 0)), 1.0).unwrap().1.kept, 0);
    let zeros = Array1::<f64>::zeros(4);
    let (x, info) = self::omega(1).prox(&zeros, 1.0).unwrap();
    assert_eq!((x, info.kept), (zeros, 0));
}

/// The contents of a workspace never matter, also those of another size.
#[test]
fn used_memory() {
    let y = array![3.0, -1.0, 0.5, 0.2, 2.0, 2.0];
    let small = Wgsef::new(Groups::uniform(3, 2).unwrap(), 2)
        .unwrap()
        .weights(Weights::each(&[1.0, 2.0, 3.0]).unwrap())
        .unwrap();
    let large = Wgsef::new(Groups::singletons(&[6]).unwrap(), 2).unwrap();
    let mut work = Workspace::new(1);
    for _ in 0..2 {
        for omega in [&large, &small] {
            let mut x = y.clone();
            let info = omega.prox_in_place(&mut x, 0.7, &mut work).unwrap();
            assert_eq!((x, info), omega.prox(&y, 0.7).unwrap());
            let mut x = y.clone();
            omega.metric_prox_in_place(&mut x, &y.mapv(|v: f64| v.abs()), 0.7, &mut work).unwrap();
            assert_eq!(omega.conjugate_with(&y, &mut work).unwrap(), omega.conjugate(&y).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// Any numbers at all: results or errors, and an end.
    #[test]
    fn anything(
        y in prop::collection::vec(prop_oneof![3 => prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO, 1 => prop::num::f64::ANY], 12),
        k in 1..7_usize,
        lambda in prop::num::f64::ANY,
        d in prop::num::f64::POSITIVE,
    ) {
        let y = Array1::from(y);
        let weights = Weights::each(&[d, 1.0, 1e-200, 1e200, 2.0, d]);
        let Ok(weights) = weights else { return Ok(()) };
        for method in [RootMethod::Newton, RootMethod::Sorted] {
            let omega = Wgsef::new(Groups::uniform(6, 2).unwrap(), k).unwrap().weights(weights.clone()).unwrap().root_method(method);
            let _ = omega.value(&y);
            let _ = omega.conjugate(&y);
            let _ = omega.subgradient(&y);
            let _ = omega.hard_prox(&y, lambda);
            let _ = omega.norm_prox(&y, lambda);
            let _ = omega.ball_projection(&y, lambda);
            let _ = omega.moreau(&y, lambda);
            let _ = omega.conjugate_prox(&y, lambda);
            let mut x = y.clone();
            let mut work = Workspace::default();
            let _ = omega.metric_prox_in_place(&mut x, &y.mapv(|v| v.abs()), lambda, &mut work);
            if let Ok((x, info)) = omega.prox(&y, lambda) {
                prop_assert!(x.iter().zip(&y).all(|(x, y)| x.abs() <= y.abs()), "{x} of {y}");
                prop_assert!(info.kept <= info.nonzero);
            }
        }
    }
}
