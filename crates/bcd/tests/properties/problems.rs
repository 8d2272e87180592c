//! Random problems.

use bcd::{LinearLoss, Objective, Pairwise, Quadratic, Softmax, State, state_at};
use core_optim::design::Dense;
use core_optim::loss::{EmpiricalLoss, Huber};
use core_tensor::random::{normal_array, rng, uniform_array};
use ndarray::{Array1, Array2};

/// Random numbers of a problem: everything follows from the seed.
pub(crate) struct Draw {
    pub(crate) a: Array2<f64>,
    pub(crate) y: Array1<f64>,
    pub(crate) signs: Array1<f64>,
    pub(crate) classes: Vec<usize>,
    pub(crate) weights: Array1<f64>,
    pub(crate) x: Array1<f64>,
    pub(crate) edges: Vec<(usize, usize, f64, f64)>,
}

pub(crate) const CLASSES: usize = 3;

pub(crate) fn draw(seed: u64, n: usize, p: usize) -> Draw {
    let mut random = rng(seed);
    let mut a = normal_array::<f64, _, _>(&mut random, (n, p));
    // Columns of very different curvature, as in the paper's data.
    let scales = uniform_array::<f64, _, _>(&mut random, p);
    for (mut column, s) in a.columns_mut().into_iter().zip(&scales) {
        column *= 0.3 + 2.0 * s;
    }
    let y = normal_array::<f64, _, _>(&mut random, n);
    let uniform = uniform_array::<f64, _, _>(&mut random, n);
    let signs = uniform.mapv(|u| if u < 0.5 { -1.0 } else { 1.0 });
    let classes = uniform.iter().map(|u| (u * CLASSES as f64) as usize).collect();
    let weights = uniform_array::<f64, _, _>(&mut random, n).mapv(|w| 0.2 + w);
    let x = normal_array::<f64, _, _>(&mut random, p * CLASSES);
    let ends = uniform_array::<f64, _, _>(&mut random, 3 * p);
    let edges = (0..p)
        .map(|k| ((ends[3 * k] * p as f64) as usize, (ends[3 * k + 1] * p as f64) as usize, ends[3 * k + 2]))
        .filter(|(i, j, _)| i != j)
        .map(|(i, j, w)| (i, j, 0.1 + w, 0.0))
        .collect();
    Draw { a, y, signs, classes, weights, x, edges }
}

/// Runs `with` on every loss of the crate, with a point.
pub(crate) fn each(draw: &Draw, ridge: f64, mut with: impl FnMut(&str, &dyn Objective<f64>, &Array1<f64>)) {
    let design = Dense::new(&draw.a).unwrap();
    let p = draw.a.ncols();
    let x = draw.x.iter().take(p).copied().collect::<Array1<f64>>();
    let squares = LinearLoss::least_squares(&design, &draw.y).unwrap().with_ridge(ridge).unwrap();
    with("least squares", &squares, &x);
    let logistic = LinearLoss::logistic(&design, &draw.signs).unwrap();
    with("logistic", &logistic.clone().with_ridge(ridge).unwrap(), &x);
    with("weighted logistic", &logistic.weights(&draw.weights).unwrap().with_ridge(ridge).unwrap(), &x);
    let huber = EmpiricalLoss::new(Huber::new(0.7).unwrap(), &draw.y).unwrap();
    with("Huber", &LinearLoss::new(&design, huber).unwrap().with_ridge(ridge).unwrap(), &x);
    let softmax = Softmax::new(&design, &draw.classes, CLASSES).unwrap();
    with("softmax", &softmax.clone().with_ridge(ridge).unwrap(), &draw.x);
    with("weighted softmax", &softmax.weights(&draw.weights).unwrap().with_ridge(ridge).unwrap(), &draw.x);
    let mut h = draw.a.t().dot(&draw.a);
    h.diag_mut().mapv_inplace(|v| v + 0.1 + ridge);
    with("quadratic", &Quadratic::new(h, draw.a.t().dot(&draw.y)).unwrap(), &x);
    let terms: Vec<(usize, f64, f64)> = (0..p).map(|i| (i, 0.5, draw.y[i % draw.y.len()])).collect();
    let q = Array1::from_elem(p, 0.05 + ridge);
    let pairwise = Pairwise::new(p, Huber::new(0.4).unwrap()).unwrap();
    let pairwise = pairwise.differences(&draw.edges).unwrap().singles(&terms).unwrap().quadratic(&q).unwrap();
    with("pairwise Huber", &pairwise, &x);
}

/// The state at x with its gradient.
pub(crate) fn state(f: &dyn Objective<f64>, x: &Array1<f64>) -> State<f64> {
    let mut state = state_at(f, x).unwrap();
    f.update_gradient(&mut state).unwrap();
    state
}

/// Every third coordinate, from `start`.
pub(crate) fn block(p: usize, start: usize) -> Vec<usize> {
    (start % p.min(3)..p).step_by(3).collect()
}

/// `H_b`.
pub(crate) fn hessian(
    f: &dyn Objective<f64>,
    at: &mut State<f64>,
    block: &[usize],
    curvature: bcd::Curvature,
) -> Array2<f64> {
    let mut h = Array2::zeros((block.len(), block.len()));
    f.hessian_into(at, block, curvature, &mut h).unwrap();
    h
}
