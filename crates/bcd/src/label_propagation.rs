//! Labels spread over a graph.

use crate::forest::forest_partition;
use crate::forest_preconditioner::ForestPreconditioner;
use crate::forest_solve::forest_direction;
use crate::graph::Graph;
use crate::number::largest_abs;
use crate::objective::{Curvature, Objective};
use crate::projected_cg::projected_conjugate_gradients;
use crate::{Error, Result, SparseQuadratic, state_at};
use core_optim::prox::BoxConstraint;
use core_tensor::operator::{ConjugateGradients, Limits, Stopped};
use core_tensor::{Scalar, check_range};
use ndarray::Array1;

/// Semi-supervised learning on a graph: values y of the unlabelled nodes that minimise `½ Σ_edges w_ij (y_i - y_j)²`, some nodes
/// having given values.
///
/// The unlabelled nodes are the variables of a [`SparseQuadratic`] whose matrix is the graph's Laplacian restricted to them.
/// [`solve`](Self::solve) picks the method:
///
/// | case | method |
/// | --- | --- |
/// | bounds | projected conjugate gradients from the clipped solution without bounds |
/// | the unlabelled nodes induce a forest | one pass of message passing (direct) |
/// | otherwise | conjugate gradients, preconditioned by forests |
///
/// Block descent over forests solves all three as well ([`objective`](Self::objective) with [`Bcd`](crate::Bcd)); it was measured to be
/// slower, also with bounds.
///
/// ```
/// use bcd::{Graph, LabelPropagation};
///
/// let path = Graph::new(4, &[(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0)])?;
/// let found = LabelPropagation::new(&path, &[(0, 0.0), (3, 3.0)])?.solve(1e-10)?;
/// assert!((found.values[1] - 1.0_f64).abs() < 1e-9 && (found.values[2] - 2.0).abs() < 1e-9);
/// # Ok::<(), bcd::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LabelPropagation<T> {
    objective: SparseQuadratic<T>,
    /// Variable of each node; `usize::MAX` for labelled ones.
    variable: Vec<usize>,
    unlabelled: Vec<usize>,
    labels: Vec<(usize, T)>,
    /// Links of variables to labelled nodes: (variable, number of the label, weight).
    anchors: Vec<(usize, usize, T)>,
    bounds: Option<(T, T)>,
}

/// Which method found the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Elimination on a forest.
    Direct,
    /// Conjugate gradients with the forest preconditioner.
    ConjugateGradients,
    /// Conjugate gradients on the faces of a box.
    ProjectedConjugateGradients,
}

/// The values of all nodes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Propagated<T> {
    /// y (n), labels included.
    pub values: Array1<T>,
    /// ½ xᵀA x - bᵀx over the unlabelled nodes: half the energy, up to what the labels alone contribute.
    pub objective: T,
    /// ‖x - proj(x - ∇f)‖∞; without bounds ‖A x - b‖∞.
    pub residual: T,
    /// Products with the matrix.
    pub iterations: usize,
    /// Whether the tolerance was reached.
    pub converged: bool,
    /// How.
    pub method: Method,
}

impl<T: Scalar> LabelPropagation<T> {
    /// The problem of `graph` (numbers are weights ≥ 0) with the given (node, value).
    ///
    /// # Errors
    /// A node out of range or labelled twice, a value that is not finite, [`Error::NegativeWeight`], no unlabelled node, or
    /// [`Error::UnlabelledComponent`] (edges of weight 0 do not count).
    pub fn new(graph: &Graph<T>, labels: &[(usize, T)]) -> Result<Self> {
        let n = graph.nodes();
        let mut label_of = vec![usize::MAX; n];
        for (number, &(node, value)) in labels.iter().enumerate() {
            crate::error::check_index("labels", node, n, "nodes")?;
            check_range("labels", Scalar::to_f64(value), value.is_finite(), "finite")?;
            if std::mem::replace(&mut label_of[node], number) != usize::MAX {
                let reason = "of labels names a node twice";
                return Err(Error::InvalidBlock { block: 0, coordinate: node, reason });
            }
        }
        if let Some((i, j, weight)) = graph.edge_list().find(|&(_, _, w)| !(w >= T::zero() && w.is_finite())) {
            return Err(Error::NegativeWeight { i, j, weight: Scalar::to_f64(weight) });
        }
        if let Some(node) = unreached(graph, labels) {
            return Err(Error::UnlabelledComponent { node });
        }
        let unlabelled: Vec<usize> = (0..n).filter(|&i| label_of[i] == usize::MAX).collect();
        if unlabelled.is_empty() {
            return Err(core_tensor::Error::Empty { argument: "graph", expected: "unlabelled node" }.into());
        }
        let mut variable = vec![usize::MAX; n];
        unlabelled.iter().enumerate().for_each(|(v, &node)| variable[node] = v);
        let p = unlabelled.len();
        let (mut edges, mut anchors, mut diagonal) = (Vec::new(), Vec::new(), Array1::zeros(p));
        for (v, &node) in unlabelled.iter().enumerate() {
            for (&j, &w) in graph.neighbours(node).iter().zip(graph.weights(node)) {
                diagonal[v] += w;
                if w == T::zero() {
                    continue;
                }
                match variable[j] {
                    usize::MAX => anchors.push((v, label_of[j], w)),
                    other if other > v => edges.push((v, other, -w)),
                    _ => {}
                }
            }
        }
        let b = right_side(p, &anchors, labels);
        let objective = SparseQuadratic::new(Graph::new(p, &edges)?, diagonal, b)?;
        Ok(Self { objective, variable, unlabelled, labels: labels.to_vec(), anchors, bounds: None })
    }

    /// Keeps all values in [lower, upper].
    ///
    /// # Errors
    /// lower > upper, or NaN.
    pub fn bounds(mut self, lower: T, upper: T) -> Result<Self> {
        BoxConstraint::uniform(lower, upper)?;
        self.bounds = Some((lower, upper));
        Ok(self)
    }

    /// The same graph and labelled nodes with other values: one class after the other.
    ///
    /// # Errors
    /// A wrong number of values, or one that is not finite.
    pub fn relabelled(&self, values: &[T]) -> Result<Self> {
        if values.len() != self.labels.len() {
            let (found, expected) = (vec![values.len()], vec![self.labels.len()]);
            let reason = "there is a value per labelled node";
            return Err(core_tensor::Error::Shape { argument: "values", found, expected, reason }.into());
        }
        let labels: Vec<(usize, T)> = self.labels.iter().zip(values).map(|(&(node, _), &v)| (node, v)).collect();
        core_tensor::check_finite("values", &ndarray::aview1(values))?;
        let b = right_side(self.unlabelled.len(), &self.anchors, &labels);
        let mut copy = self.clone();
        copy.objective = self.objective.with_linear(b)?;
        copy.labels = labels;
        Ok(copy)
    }

    /// The quadratic over the unlabelled nodes.
    pub fn objective(&self) -> &SparseQuadratic<T> {
        &self.objective
    }

    /// The unlabelled nodes: node of each variable.
    pub fn unlabelled(&self) -> &[usize] {
        &self.unlabelled
    }

    /// The variables of those of the `nodes` that are not labelled (others are left out).
    pub fn restrict(&self, nodes: &[usize]) -> Vec<usize> {
        let of = |node: &usize| self.variable.get(*node).copied().filter(|&v| v != usize::MAX);
        nodes.iter().filter_map(of).collect()
    }

    /// The values of all nodes, to a relative residual (bounds: relative KKT residual) of `tolerance` in (0, 1).
    ///
    /// # Errors
    /// A tolerance out of range; failures of the elimination.
    pub fn solve(&self, tolerance: f64) -> Result<Propagated<T>> {
        check_range("tolerance", tolerance, tolerance > 0.0 && tolerance < 1.0, "in (0, 1)")?;
        if let Some((lower, upper)) = self.bounds {
            return self.solve_bounded(tolerance, lower, upper);
        }
        let (x, iterations, converged, method) = self.solve_free(tolerance)?;
        self.finish(&x, iterations, converged, method)
    }

    /// The values without bounds, products made, whether the tolerance was reached, and how.
    fn solve_free(&self, tolerance: f64) -> Result<(Array1<T>, usize, bool, Method)> {
        let Some(graph) = self.objective.graph() else { return Err(crate::forest_solve::no_graph("propagation")) };
        let p = self.unlabelled.len();
        let order: Vec<usize> = (0..p).collect();
        let forests = forest_partition(graph, &order)?;
        let mut x = Array1::zeros(p);
        if forests.len() == 1 {
            let mut state = state_at(&self.objective, &x)?;
            x = forest_direction(&self.objective, &mut state, &order, Curvature::Bound)?.into();
            return Ok((x, 1, true, Method::Direct));
        }
        let preconditioner = ForestPreconditioner::new(&self.objective, &forests)?;
        let limits = Limits { tolerance, iterations: 10 * p + 100 };
        let mut memory = ConjugateGradients::new(p);
        let solved = memory.solve(&self.objective, Some(&preconditioner), self.objective.linear(), &mut x, limits)?;
        Ok((x, solved.iterations, solved.stopped == Stopped::Converged, Method::ConjugateGradients))
    }

    fn solve_bounded(&self, tolerance: f64, lower: T, upper: T) -> Result<Propagated<T>> {
        // The values without bounds, clipped, are close: where no bound is active they are the solution.
        let (mut x, products, ..) = self.solve_free(tolerance.max(1e-2))?;
        let unit = largest_abs(self.objective.linear());
        let goal = <T as Scalar>::from_f64(tolerance) * if unit > T::zero() { unit } else { T::one() };
        let limit = 100 * x.len() + 10_000;
        let outcome = projected_conjugate_gradients(&self.objective, (lower, upper), &mut x, goal, limit)?;
        let (iterations, converged) = (products + outcome.products, outcome.residual <= goal);
        let mut found = self.finish(&x, iterations, converged, Method::ProjectedConjugateGradients)?;
        found.residual = outcome.residual;
        Ok(found)
    }

    fn finish(&self, x: &Array1<T>, iterations: usize, converged: bool, method: Method) -> Result<Propagated<T>> {
        let mut values = Array1::zeros(self.variable.len());
        self.unlabelled.iter().zip(x).for_each(|(&node, &x)| values[node] = x);
        self.labels.iter().for_each(|&(node, value)| values[node] = value);
        let mut gradient = Array1::zeros(x.len());
        let objective = self.objective.evaluate_into(x, &mut gradient)?;
        Ok(Propagated { values, objective, residual: largest_abs(&gradient), iterations, converged, method })
    }
}

fn right_side<T: Scalar>(p: usize, anchors: &[(usize, usize, T)], labels: &[(usize, T)]) -> Array1<T> {
    let mut b = Array1::zeros(p);
    for &(v, label, w) in anchors {
        b[v] += w * labels[label].1;
    }
    b
}

/// A node that no label reaches.
fn unreached<T: Scalar>(graph: &Graph<T>, labels: &[(usize, T)]) -> Option<usize> {
    let mut reached = vec![false; graph.nodes()];
    let mut stack: Vec<usize> = labels.iter().map(|&(node, _)| node).collect();
    stack.iter().for_each(|&node| reached[node] = true);
    while let Some(node) = stack.pop() {
        for (&j, &w) in graph.neighbours(node).iter().zip(graph.weights(node)) {
            if w > T::zero() && !std::mem::replace(&mut reached[j], true) {
                stack.push(j);
            }
        }
    }
    reached.iter().position(|reached| !reached)
}
