//! The problems of the files.

use bcd::{LinearLoss, Objective, Penalty, Quadratic, Softmax, State, state_at};
use core_optim::design::Dense;
use core_optim::prox::{BoxConstraint, ElasticNet, GroupL2, L1, NonNegative};
use golden::Case;
use ndarray::{Array1, Array2};

/// Runs `with` on the objective that a case describes by `loss`, `A`, `b`, `labels`, `n_classes`; `ridge` is added where the loss can.
pub(crate) fn with_objective<R>(case: &Case, ridge: f64, with: impl FnOnce(&dyn Objective<f64>) -> R) -> R {
    let a = case.matrix("A");
    let design = Dense::new(&a).unwrap();
    let loss = if case.has("loss") { case.text("loss") } else { "least_squares" };
    let target = || case.vector(if case.has("b") { "b" } else { "y" });
    match loss {
        "least_squares" => with(&LinearLoss::least_squares(&design, &target()).unwrap().with_ridge(ridge).unwrap()),
        "logistic" => with(&LinearLoss::logistic(&design, &target()).unwrap().with_ridge(ridge).unwrap()),
        "softmax" => {
            let labels = match case.optional("labels") {
                Some(labels) if !labels.is_null() => case.indices("labels"),
                _ => case.vector("b").iter().map(|&label| label as usize).collect(),
            };
            let f = Softmax::new(&design, &labels, case.index("n_classes")).unwrap().with_ridge(ridge).unwrap();
            with(&f)
        }
        "quadratic" => {
            let mut a = a.clone();
            a.diag_mut().mapv_inplace(|v| v + ridge);
            with(&Quadratic::new(a, case.vector("b")).unwrap())
        }
        other => panic!("{}: unknown loss `{other}`", case.place()),
    }
}

/// The penalty of a case's `reg`, and the ridge that goes into the objective.
pub(crate) fn penalty(case: &Case, variables: usize) -> (Penalty<f64>, f64) {
    let reg = case.object("reg");
    let lam = |name: &str| reg.number(name);
    match reg.text("type") {
        "none" => (Penalty::None, 0.0),
        "l1" => (L1::new(lam("lam")).unwrap().into(), 0.0),
        "l2" => (Penalty::None, lam("lam")),
        "elastic_net" => (ElasticNet::new(lam("lam1"), lam("lam2")).unwrap().into(), 0.0),
        "nonneg_l1" => (NonNegative::new(lam("lam")).unwrap().into(), 0.0),
        "box" => {
            let bound = |name: &str| match reg.value(name).is_array() {
                true => reg.vector(name),
                false => Array1::from_elem(variables, reg.number(name)),
            };
            (BoxConstraint::new(&bound("lo"), &bound("hi")).unwrap().into(), 0.0)
        }
        "group_l1" => {
            let groups: Vec<Vec<usize>> = serde_list(&reg, "groups");
            (GroupL2::new(variables, lam("lam"), &groups).unwrap().into(), 0.0)
        }
        other => panic!("{}: unknown penalty `{other}`", case.place()),
    }
}

/// A list of lists of indices.
pub(crate) fn serde_list(case: &Case, field: &str) -> Vec<Vec<usize>> {
    let lists = case.value(field).as_array().expect("a list of lists");
    lists
        .iter()
        .map(|list| list.as_array().expect("a list").iter().map(|v| v.as_u64().expect("an index") as usize).collect())
        .collect()
}

/// Edges (i, j, weight) of a list of pairs or triples.
pub(crate) fn edges(case: &Case, field: &str) -> Vec<(usize, usize, f64)> {
    let list = case.value(field).as_array().expect("a list of edges");
    list.iter()
        .map(|edge| {
            let edge = edge.as_array().expect("an edge");
            let end = |k: usize| edge[k].as_u64().expect("a node") as usize;
            (end(0), end(1), edge.get(2).map_or(1.0, |w| w.as_f64().expect("a number")))
        })
        .collect()
}

/// The state at x, with its gradient.
pub(crate) fn state(objective: &dyn Objective<f64>, x: &Array1<f64>) -> State<f64> {
    let mut state = state_at(objective, x).unwrap();
    objective.update_gradient(&mut state).unwrap();
    state
}

/// A square matrix of zeros.
pub(crate) fn square(n: usize) -> Array2<f64> {
    Array2::zeros((n, n))
}
