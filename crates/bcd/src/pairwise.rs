//! Pairwise potentials on a graph.

use crate::error::{check_index, check_length};
use crate::graph::{Graph, block_into};
use crate::number::constant;
use crate::objective::{Curvature, Objective};
use crate::{Error, Result, State};
use core_optim::loss::Loss;
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, ArrayRef1, ArrayRef2};

/// `f(x) = Σ_e w_e ℓ(x_i - x_j, t_e) + Σ_u w_u ℓ(x_i, t_u) + Σᵢ ½ qᵢ xᵢ²` over differences e = (i, j) and single terms u = i.
///
/// With `Squared` and t = 0 this is label propagation, with `Huber` its robust form, with `Logistic` and t = 1 a ranking from
/// comparisons ("i beats j", Bradley and Terry). The Hessian has the pattern of the graph, so forests are solved in linear time.
///
/// ```
/// use bcd::Pairwise;
/// use core_optim::loss::Huber;
///
/// let mut f = Pairwise::new(3, Huber::new(0.5_f64)?)?;
/// f = f.single(0, 1.0, 2.0)?.difference(0, 1, 1.0, 0.0)?.difference(1, 2, 1.0, 0.0)?;
/// # Ok::<(), bcd::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pairwise<T, L> {
    loss: L,
    terms: Vec<Term<T>>,
    quadratic: Array1<T>,
    graph: Graph<T>,
    /// The terms of each variable.
    starts: Vec<usize>,
    of_variable: Vec<usize>,
    /// The terms of each slot of the graph.
    slot_starts: Vec<usize>,
    of_slot: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Term<T> {
    i: usize,
    /// `usize::MAX` for a single term.
    j: usize,
    weight: T,
    target: T,
}

const NONE: usize = usize::MAX;

impl<T: Scalar, L: Loss<T>> Pairwise<T, L> {
    /// No terms yet, for `variables` ≥ 1.
    ///
    /// # Errors
    /// No variable, or 2³² - 2 and more.
    pub fn new(variables: usize, loss: L) -> Result<Self> {
        if variables == 0 {
            return Err(core_tensor::Error::Empty { argument: "variables", expected: "entry" }.into());
        }
        crate::error::check_count("variables", Some(variables))?;
        let f = Self {
            loss,
            terms: Vec::new(),
            quadratic: Array1::zeros(variables),
            graph: Graph::new(variables, &[])?,
            starts: Vec::new(),
            of_variable: Vec::new(),
            slot_starts: Vec::new(),
            of_slot: Vec::new(),
        };
        f.indexed()
    }

    /// Adds w ℓ(xᵢ - xⱼ, t) for each (i, j, w, t).
    ///
    /// # Errors
    /// An index out of range, i = j, a weight that is negative or not finite, a target that the loss rejects.
    pub fn differences(mut self, terms: &[(usize, usize, T, T)]) -> Result<Self> {
        for &(i, j, weight, target) in terms {
            check_index("differences", i.max(j), self.quadratic.len(), "variables")?;
            if i == j {
                return Err(Error::SelfLoop { node: i });
            }
            self.check_term(i, j, weight, target)?;
            self.terms.push(Term { i, j, weight, target });
        }
        self.indexed()
    }

    /// Adds one w ℓ(xᵢ - xⱼ, t); for many use [`differences`](Self::differences).
    ///
    /// # Errors
    /// The same.
    pub fn difference(self, i: usize, j: usize, weight: T, target: T) -> Result<Self> {
        self.differences(&[(i, j, weight, target)])
    }

    /// Adds w ℓ(xᵢ, t) for each (i, w, t).
    ///
    /// # Errors
    /// An index out of range, a weight that is negative or not finite, a target that the loss rejects.
    pub fn singles(mut self, terms: &[(usize, T, T)]) -> Result<Self> {
        for &(i, weight, target) in terms {
            check_index("singles", i, self.quadratic.len(), "variables")?;
            self.check_term(i, i, weight, target)?;
            self.terms.push(Term { i, j: NONE, weight, target });
        }
        self.indexed()
    }

    /// Adds one w ℓ(xᵢ, t); for many use [`singles`](Self::singles).
    ///
    /// # Errors
    /// The same.
    pub fn single(self, i: usize, weight: T, target: T) -> Result<Self> {
        self.singles(&[(i, weight, target)])
    }

    /// Sets q ≥ 0 (p): without it the ends of flat potentials have no curvature.
    ///
    /// # Errors
    /// A wrong length, an entry that is negative or not finite.
    pub fn quadratic(mut self, q: &ArrayRef1<T>) -> Result<Self> {
        check_length("q", q, self.quadratic.len(), "there are that many variables")?;
        check_finite("q", q)?;
        if let Some((variable, &q)) = q.iter().enumerate().find(|(_, q)| **q < T::zero()) {
            return Err(Error::Unbounded { variable, curvature: Scalar::to_f64(q) });
        }
        self.quadratic.assign(q);
        Ok(self)
    }

    fn check_term(&self, i: usize, j: usize, weight: T, target: T) -> Result<()> {
        if !(weight >= T::zero() && weight.is_finite()) {
            return Err(Error::NegativeWeight { i, j, weight: Scalar::to_f64(weight) });
        }
        if let Some((loss, expected)) = self.loss.reject_target(target) {
            let found = Scalar::to_f64(target);
            return Err(core_optim::Error::Target { argument: "terms", found, index: i, loss, expected }.into());
        }
        Ok(())
    }

    /// The graph of the differences, and where each variable and each slot finds its terms.
    fn indexed(mut self) -> Result<Self> {
        let p = self.quadratic.len();
        let edges: Vec<(usize, usize, T)> =
            self.terms.iter().filter(|t| t.j != NONE).map(|t| (t.i, t.j, t.weight)).collect();
        self.graph = Graph::new(p, &edges)?;
        let ends = |t: &Term<T>| [t.i, t.j].into_iter().filter(|&v| v != NONE);
        (self.starts, self.of_variable) = grouped(p, self.terms.iter().map(ends));
        let slots = self.graph.slots(p - 1).end;
        let graph = &self.graph;
        let slot_of =
            |from: usize, to: usize| graph.slots(from).start + graph.neighbours(from).partition_point(|&j| j < to);
        let pairs = self.terms.iter().map(|t| {
            let both = if t.j == NONE { [NONE, NONE] } else { [slot_of(t.i, t.j), slot_of(t.j, t.i)] };
            both.into_iter().filter(|&s| s != NONE)
        });
        (self.slot_starts, self.of_slot) = grouped(slots, pairs);
        Ok(self)
    }

    fn argument(&self, t: &Term<T>, x: impl Fn(usize) -> T) -> T {
        if t.j == NONE { x(t.i) } else { x(t.i) - x(t.j) }
    }

    fn terms_of(&self, i: usize) -> &[usize] {
        &self.of_variable[self.starts[i]..self.starts[i + 1]]
    }

    fn second(&self, state: &State<T>, curvature: Curvature, e: usize) -> T {
        let t = &self.terms[e];
        t.weight
            * match curvature {
                Curvature::Bound => self.loss.curvature_bound(),
                Curvature::AtPoint => self.loss.derivatives(state.predictors[e], t.target).1,
            }
    }
}

/// For each of `n` keys the numbers of the items that have it, as starts and list.
fn grouped(n: usize, items: impl Iterator<Item = impl Iterator<Item = usize>> + Clone) -> (Vec<usize>, Vec<usize>) {
    let mut starts = vec![0; n + 1];
    for keys in items.clone() {
        keys.for_each(|key| starts[key + 1] += 1);
    }
    for k in 0..n {
        starts[k + 1] += starts[k];
    }
    let mut next = starts.clone();
    let mut list = vec![0; starts[n]];
    for (item, keys) in items.enumerate() {
        for key in keys {
            list[next[key]] = item;
            next[key] += 1;
        }
    }
    (starts, list)
}

impl<T: Scalar, L: Loss<T>> Objective<T> for Pairwise<T, L> {
    fn variables(&self) -> usize {
        self.quadratic.len()
    }

    fn predictors(&self) -> usize {
        self.terms.len()
    }

    fn evaluate_into(&self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<T> {
        const WHY: &str = "the problem has that many variables";
        check_length("x", x, self.quadratic.len(), WHY)?;
        check_length("gradient", gradient, self.quadratic.len(), WHY)?;
        let half = constant::<T>(0.5);
        let mut value = T::zero();
        for i in 0..x.len() {
            gradient[i] = self.quadratic[i] * x[i];
            value += half * x[i] * gradient[i];
        }
        for t in &self.terms {
            let (v, slope) = self.loss.value_and_derivative(self.argument(t, |i| x[i]), t.target);
            value += t.weight * v;
            gradient[t.i] += t.weight * slope;
            if t.j != NONE {
                gradient[t.j] -= t.weight * slope;
            }
        }
        Ok(value)
    }

    fn hessian_into(
        &self,
        state: &mut State<T>,
        block: &[usize],
        curvature: Curvature,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        let mut order = std::mem::take(&mut state.touched);
        let at = &*state;
        let diagonal = |i| self.diagonal_entry(at, curvature, i);
        let link = |slot| self.link_entry(at, curvature, slot);
        let done = block_into(&self.graph, block, out, &mut order, diagonal, link);
        state.touched = order;
        done
    }

    fn curvatures(&self) -> Array1<T> {
        let bound = self.loss.curvature_bound();
        Array1::from_shape_fn(self.quadratic.len(), |i| {
            self.quadratic[i] + bound * self.terms_of(i).iter().map(|&e| self.terms[e].weight).sum::<T>()
        })
    }

    fn refresh(&self, state: &mut State<T>) -> Result<()> {
        for (e, t) in self.terms.iter().enumerate() {
            state.predictors[e] = self.argument(t, |i| state.x[i]);
            state.slopes[e] = t.weight * self.loss.derivative(state.predictors[e], t.target);
        }
        let State { x, gradient, .. } = state;
        state.value = self.evaluate_into(x, gradient)?;
        state.gradient_is_current = true;
        Ok(())
    }

    /// Lists the terms that the block touches, each once.
    fn prepare(&self, state: &mut State<T>, block: &[usize], d: &[T]) -> Result<()> {
        if state.work.len() != self.quadratic.len() {
            state.work = Array1::zeros(self.quadratic.len());
        }
        block.iter().zip(d).for_each(|(&i, &d)| state.work[i] = d);
        block.iter().for_each(|&i| state.marks[i] = true);
        state.touched.clear();
        for &i in block {
            // A term with both ends in the block belongs to its first end.
            let mine = |e: &&usize| self.terms[**e].i == i || !state.marks[self.terms[**e].i];
            state.touched.extend(self.terms_of(i).iter().filter(mine));
        }
        for &e in &state.touched {
            state.product[e] = self.argument(&self.terms[e], |i| state.work[i]);
        }
        block.iter().for_each(|&i| {
            state.work[i] = T::zero();
            state.marks[i] = false;
        });
        Ok(())
    }

    fn value_along(&self, state: &mut State<T>, block: &[usize], d: &[T], a: T) -> Result<T> {
        let half = constant::<T>(0.5);
        let mut change = T::zero();
        for &e in &state.touched {
            let (t, z) = (&self.terms[e], state.predictors[e]);
            change += t.weight * (self.loss.value(z + a * state.product[e], t.target) - self.loss.value(z, t.target));
        }
        for (&i, &d) in block.iter().zip(d) {
            change += self.quadratic[i] * a * d * (state.x[i] + half * a * d);
        }
        Ok(state.value + change)
    }

    fn advance(&self, state: &mut State<T>, block: &[usize], d: &[T], a: T) -> Result<()> {
        state.value = self.value_along(state, block, d, a)?;
        let State { x, gradient, predictors, slopes, touched, .. } = state;
        for (&i, &d) in block.iter().zip(d) {
            x[i] += a * d;
            gradient[i] += self.quadratic[i] * a * d;
        }
        for &e in touched.iter() {
            let t = &self.terms[e];
            predictors[e] = self.argument(t, |i| x[i]);
            let slope = t.weight * self.loss.derivative(predictors[e], t.target);
            let change = slope - slopes[e];
            slopes[e] = slope;
            gradient[t.i] += change;
            if t.j != NONE {
                gradient[t.j] -= change;
            }
        }
        Ok(())
    }

    fn bound_column_into(&self, state: &mut State<T>, i: usize, out: &mut ArrayRef1<T>) -> Result<()> {
        out.fill(T::zero());
        out[i] = self.diagonal_entry(state, Curvature::Bound, i);
        for slot in self.graph.slots(i) {
            out[self.graph.neighbour_at(slot)] = self.link_entry(state, Curvature::Bound, slot);
        }
        Ok(())
    }

    fn graph(&self) -> Option<&Graph<T>> {
        Some(&self.graph)
    }

    fn diagonal_entry(&self, state: &State<T>, curvature: Curvature, i: usize) -> T {
        self.quadratic[i] + self.terms_of(i).iter().map(|&e| self.second(state, curvature, e)).sum::<T>()
    }

    fn link_entry(&self, state: &State<T>, curvature: Curvature, slot: usize) -> T {
        let terms = &self.of_slot[self.slot_starts[slot]..self.slot_starts[slot + 1]];
        -terms.iter().map(|&e| self.second(state, curvature, e)).sum::<T>()
    }
}
