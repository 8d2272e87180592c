//! The block model solved exactly: a primal active-set method.

use crate::Result;
use crate::block_solver::BlockSolver;
use crate::number::{constant, dot, largest_abs};
use crate::penalty::Shape;
use core_tensor::Scalar;
use ndarray::{Array2, ArrayRef2};

/// Minimises gᵀ(u - x) + ½ (u - x)ᵀH(u - x) + Σ gₖ(uₖ) for penalties that are smooth on intervals (section 4, item 7a): keeps
/// each coordinate on a face (fixed at a kink or bound, or free between two), solves for the free ones by Cholesky, stops at the
/// first face that ends, and releases fixed coordinates that pull. Finite, and exact up to rounding.
#[derive(Debug, Clone)]
pub(crate) struct ActiveSet<T: Scalar> {
    faces: Vec<Face<T>>,
    free: Vec<usize>,
    /// Model gradient g + H (u - x), without penalty.
    q: Vec<T>,
    step: Vec<T>,
    sub: Array2<T>,
    names: Vec<usize>,
    /// Forces that are left after a step.
    left: Vec<T>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Face<T> {
    Fixed,
    Free { lower: T, upper: T, slope: T, curvature: T },
}

impl<T: Scalar> ActiveSet<T> {
    pub(crate) fn new() -> Self {
        let sub = Array2::zeros((0, 0));
        Self {
            faces: Vec::new(),
            free: Vec::new(),
            q: Vec::new(),
            step: Vec::new(),
            sub,
            names: Vec::new(),
            left: Vec::new(),
        }
    }

    /// The minimiser into `u`, which holds x (inside the domain) at the start. True if the optimality conditions hold.
    pub(crate) fn solve(
        &mut self,
        h: &ArrayRef2<T>,
        g: &[T],
        shapes: &[Shape<T>],
        u: &mut [T],
        block: &[usize],
        solver: &mut BlockSolver<T>,
    ) -> Result<bool> {
        let n = g.len();
        self.q.clear();
        self.q.extend_from_slice(g);
        self.faces.clear();
        self.faces.extend(shapes.iter().zip(&*u).map(|(shape, &u)| start_face(*shape, u)));
        let slopes = shapes.iter().map(|shape| match shape {
            Shape::Interval { slope, .. } | Shape::Kink { slope, .. } => *slope,
        });
        let scale = slopes.fold(largest_abs(g), |m, s| m.max(s));
        let tolerance = constant::<T>(64.0) * T::epsilon() * scale;
        // All that pull at once at first; one by one when that stops being progress, which makes the method finite.
        let mut many = true;
        let mut just_released = false;
        for _ in 0..50 * n + 100 {
            self.free.clear();
            self.free.extend((0..n).filter(|&k| self.faces[k] != Face::Fixed));
            if !self.free.is_empty() {
                let moved = self.move_free(h, u, block, solver, tolerance)?;
                match moved {
                    Moved::Blocked { stuck } => {
                        if stuck && just_released {
                            many = false;
                        }
                        just_released = false;
                        continue;
                    }
                    Moved::Unbounded => return Ok(false),
                    Moved::Full => {}
                }
            }
            just_released = self.release(shapes, u, tolerance, many);
            if !just_released {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn slope_at(&self, k: usize, u: T) -> T {
        match self.faces[k] {
            Face::Fixed => T::zero(),
            Face::Free { slope, curvature, .. } => self.q[k] + slope + curvature * u,
        }
    }

    /// To the minimum over the faces of the free coordinates, or to where the first one ends.
    fn move_free(
        &mut self,
        h: &ArrayRef2<T>,
        u: &mut [T],
        block: &[usize],
        solver: &mut BlockSolver<T>,
        tolerance: T,
    ) -> Result<Moved> {
        let m = self.free.len();
        crate::block_solver::resize(&mut self.sub, m);
        self.step.clear();
        self.names.clear();
        for (a, &k) in self.free.iter().enumerate() {
            for (b, &l) in self.free.iter().enumerate() {
                self.sub[[a, b]] = h[[k, l]];
            }
            if let Face::Free { curvature, .. } = self.faces[k] {
                self.sub[[a, a]] += curvature;
            }
            self.step.push(-self.slope_at(k, u[k]));
            self.names.push(block[k]);
        }
        let pull = largest_abs(&self.step);
        solver.solve(&self.sub, &mut self.step, &self.names)?;
        let moved = self.advance(h, u, T::one());
        if matches!(moved, Moved::Blocked { .. }) {
            return Ok(moved);
        }
        // A singular block may leave a slope along which the model is linear: follow it to the next face.
        let mut left = std::mem::take(&mut self.left);
        left.clear();
        left.extend(self.free.iter().map(|&k| -self.slope_at(k, u[k])));
        self.left = left;
        let left = &self.left;
        let size = largest_abs(left);
        let rounding = constant::<T>(1e4) * tolerance.max(T::epsilon() * pull);
        if !(size > rounding) {
            return Ok(Moved::Full);
        }
        let mut curvature = T::zero();
        for a in 0..m {
            for b in 0..m {
                curvature += left[a] * self.sub[[a, b]] * left[b];
            }
        }
        let along = dot(left, left);
        self.step.copy_from_slice(left);
        let longest =
            if curvature > T::epsilon() * along * self.sub[[0, 0]].abs() { along / curvature } else { T::infinity() };
        Ok(self.advance(h, u, longest))
    }

    /// u += a step for the largest a ≤ `most` that no face forbids.
    fn advance(&mut self, h: &ArrayRef2<T>, u: &mut [T], most: T) -> Moved {
        let mut a = most;
        let mut end = None;
        for (&k, &s) in self.free.iter().zip(&self.step) {
            let Face::Free { lower, upper, .. } = self.faces[k] else { continue };
            let bound = if s < T::zero() { lower } else { upper };
            if s != T::zero() && bound.is_finite() {
                let room = (bound - u[k]) / s;
                if room < a {
                    a = room.max(T::zero());
                    end = Some((k, bound));
                }
            }
        }
        if !a.is_finite() {
            return Moved::Unbounded;
        }
        let mut largest = T::zero();
        for (&k, &s) in self.free.iter().zip(&self.step) {
            let change =
                if end.is_some_and(|(e, _)| e == k) { end.map_or(T::zero(), |(_, b)| b - u[k]) } else { a * s };
            if change != T::zero() {
                largest = largest.max(change.abs());
                u[k] += change;
                let row = h.row(k);
                self.q.iter_mut().zip(&row).for_each(|(q, &h)| *q += h * change);
            }
        }
        match end {
            None => Moved::Full,
            Some((k, bound)) => {
                u[k] = bound;
                self.faces[k] = Face::Fixed;
                Moved::Blocked { stuck: largest == T::zero() }
            }
        }
    }

    /// Frees fixed coordinates whose slope leads away: all (`many`) or the worst. False if there is none.
    fn release(&mut self, shapes: &[Shape<T>], u: &[T], tolerance: T, many: bool) -> bool {
        let mut worst: Option<(T, usize, Face<T>)> = None;
        let mut any = false;
        for k in 0..u.len() {
            if self.faces[k] != Face::Fixed {
                continue;
            }
            let Some((pull, face)) = pulled_face(shapes[k], u[k], -self.q[k]) else { continue };
            if pull > tolerance {
                if many {
                    self.faces[k] = face;
                    any = true;
                } else if worst.as_ref().is_none_or(|&(w, ..)| pull > w) {
                    worst = Some((pull, k, face));
                }
            }
        }
        if let Some((_, k, face)) = worst {
            self.faces[k] = face;
            any = true;
        }
        any
    }
}

#[derive(Debug, Clone, Copy)]
enum Moved {
    /// To the minimum over the faces.
    Full,
    /// To the end of a face; `stuck` if nothing moved on the way.
    Blocked { stuck: bool },
    /// The model falls without end.
    Unbounded,
}

/// The face that a coordinate at u starts on.
fn start_face<T: Scalar>(shape: Shape<T>, u: T) -> Face<T> {
    let (zero, infinity) = (T::zero(), T::infinity());
    match shape {
        Shape::Interval { lower, upper, slope } => {
            if u == lower || u == upper {
                Face::Fixed
            } else {
                Face::Free { lower, upper, slope, curvature: zero }
            }
        }
        Shape::Kink { slope, curvature } => {
            if slope == zero {
                Face::Free { lower: -infinity, upper: infinity, slope, curvature }
            } else if u > zero {
                Face::Free { lower: zero, upper: infinity, slope, curvature }
            } else if u < zero {
                Face::Free { lower: -infinity, upper: zero, slope: -slope, curvature }
            } else {
                Face::Fixed
            }
        }
    }
}

/// How strongly the force `pull` = -(model gradient) leads off the kink or bound, and onto which face.
fn pulled_face<T: Scalar>(shape: Shape<T>, u: T, pull: T) -> Option<(T, Face<T>)> {
    let (zero, infinity) = (T::zero(), T::infinity());
    match shape {
        Shape::Interval { lower, upper, slope } => {
            let inward = pull - slope;
            let free = Face::Free { lower, upper, slope, curvature: zero };
            if lower == upper {
                None
            } else if u == lower {
                Some((inward, free))
            } else {
                Some((-inward, free))
            }
        }
        Shape::Kink { slope, curvature } => {
            if pull > zero {
                Some((pull - slope, Face::Free { lower: zero, upper: infinity, slope, curvature }))
            } else {
                Some((-pull - slope, Face::Free { lower: -infinity, upper: zero, slope: -slope, curvature }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Solves from `start`, asks for success, and checks the optimality conditions coordinate by coordinate.
    #[track_caller]
    fn check(shapes: &[Shape<f64>], g: &[f64], start: &[f64]) {
        let h = array![[2.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 1.5]];
        let mut u = start.to_vec();
        let solved = ActiveSet::new().solve(&h, g, shapes, &mut u, &[0, 1, 2], &mut BlockSolver::new()).unwrap();
        assert!(solved, "{shapes:?} {g:?}");
        for k in 0..3 {
            let pull = -(g[k] + (0..3).map(|l| h[[k, l]] * (u[l] - start[l])).sum::<f64>());
            let (low, high) = match shapes[k] {
                Shape::Interval { lower, upper, slope } => (
                    if u[k] == lower { f64::NEG_INFINITY } else { slope },
                    if u[k] == upper { f64::INFINITY } else { slope },
                ),
                Shape::Kink { slope, curvature } if u[k] == 0.0 => (-slope, slope + 0.0 * curvature),
                Shape::Kink { slope, curvature } => {
                    let at = slope * u[k].signum() + curvature * u[k];
                    (at, at)
                }
            };
            assert!(low - 1e-12 <= pull && pull <= high + 1e-12, "{u:?}: {low} {pull} {high}");
        }
    }

    #[test]
    fn faces_are_left_and_entered_as_the_slopes_say() {
        let infinity = f64::INFINITY;
        let positive = [Shape::Interval { lower: 0.0, upper: infinity, slope: 0.4 }; 3];
        let boxed = [Shape::Interval { lower: -0.5, upper: 0.25, slope: 0.0 }; 3];
        let lasso = [Shape::Kink { slope: 0.4, curvature: 0.0 }; 3];
        let net = [Shape::Kink { slope: 0.4, curvature: 0.7 }; 3];
        for g in [[-1.0, 0.3, -0.2], [1.0, -2.0, 0.1], [-0.3, -0.3, -0.3], [5.0, 4.0, -3.0], [0.3, -0.45, 0.39]] {
            for start in [[0.0; 3], [0.2, 0.0, 0.1], [0.25, 0.25, 0.0]] {
                for shapes in [positive, boxed, lasso, net] {
                    check(&shapes, &g, &start);
                }
            }
            check(&lasso, &g, &[-0.3, 0.2, 0.0]);
            check(&boxed, &g, &[-0.5, 0.25, -0.5]);
        }
    }
}
