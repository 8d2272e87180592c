//! Sums of Euclidean norms over groups of variables.

use super::Proximal;
use super::proximal::{check_prox_arguments, scale_into};
use crate::error::{check_count, check_index, check_length, check_non_negative, check_weights};
use crate::{Error, Result};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1};

/// `g(x) = λ Σ_g w_g ‖x_g‖` over disjoint groups: the group Lasso's penalty.
///
/// `prox(v)_g = v_g max(0, 1 - step λ w_g / ‖v_g‖)`; a variable in no group is not penalised. The conjugate is the indicator of
/// `‖y_g‖ ≤ λ w_g` (and y = 0 outside the groups).
#[derive(Debug, Clone, PartialEq)]
pub struct GroupL2<T> {
    level: T,
    /// The groups one after the other; group g is `members[starts[g]..starts[g + 1]]`.
    members: Vec<usize>,
    starts: Vec<usize>,
    weights: Array1<T>,
    /// Variables in no group.
    free: Vec<usize>,
    dimension: usize,
}

impl<T: Scalar> GroupL2<T> {
    /// Groups of the `dimension` variables, with weights `w_g = √(size of g)`.
    ///
    /// # Errors
    /// A level that is negative or not finite, an empty group, a variable out of range or in two groups.
    pub fn new(dimension: usize, level: T, groups: &[Vec<usize>]) -> Result<Self> {
        check_non_negative("level", Scalar::to_f64(level))?;
        let mut owner = vec![None; dimension];
        let mut members = Vec::new();
        let mut starts = vec![0];
        for (second, group) in groups.iter().enumerate() {
            if group.is_empty() {
                return Err(core_tensor::Error::Empty { argument: "groups", expected: "variable in each group" }.into());
            }
            for &coordinate in group {
                check_index("groups", coordinate, dimension, "variables")?;
                if let Some(first) = owner[coordinate] {
                    return Err(Error::OverlappingGroups { coordinate, first, second });
                }
                owner[coordinate] = Some(second);
                members.push(coordinate);
            }
            starts.push(members.len());
        }
        let weights = groups.iter().map(|group| <T as Scalar>::from_f64((group.len() as f64).sqrt())).collect();
        let free = (0..dimension).filter(|&j| owner[j].is_none()).collect();
        Ok(Self { level, members, starts, weights, free, dimension })
    }

    /// Replaces the weights `w_g ≥ 0`, one per group.
    ///
    /// # Errors
    /// A wrong number of weights, or one that is negative or not finite.
    pub fn weights(mut self, weights: &ArrayRef1<T>) -> Result<Self> {
        check_length("weights", weights, self.weights.len(), "there is a weight per group")?;
        check_weights("weights", weights)?;
        self.weights.assign(weights);
        Ok(self)
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.weights.len()
    }

    /// The variables of group `g`; empty if there is no such group.
    pub fn group(&self, g: usize) -> &[usize] {
        if g < self.weights.len() { &self.members[self.starts[g]..self.starts[g + 1]] } else { &[] }
    }

    /// `λ w_g`; 0 if there is no such group.
    pub fn group_level(&self, g: usize) -> T {
        self.weights.get(g).map_or(T::zero(), |&w| self.level * w)
    }

    /// `‖x_g‖`, scaled so that it neither overflows nor underflows.
    fn group_norm(&self, g: usize, x: &ArrayRef1<T>) -> T {
        let members = self.group(g);
        let squared = match x.as_slice() {
            Some(x) => members.iter().map(|&j| x[j] * x[j]).sum::<T>(),
            None => members.iter().map(|&j| x[j] * x[j]).sum::<T>(),
        };
        // Far enough from both ends that no square has lost bits.
        let safe = T::min_positive_value() / (T::epsilon() * T::epsilon());
        if (squared > safe && squared.is_finite()) || squared.is_nan() {
            squared.sqrt()
        } else {
            self.scaled_norm(g, x)
        }
    }

    #[cold]
    fn scaled_norm(&self, g: usize, x: &ArrayRef1<T>) -> T {
        let members = self.group(g);
        let largest = members.iter().fold(T::zero(), |m, &j| m.max(x[j].abs()));
        if largest == T::zero() || !largest.is_finite() {
            return largest;
        }
        largest * members.iter().map(|&j| (x[j] / largest) * (x[j] / largest)).sum::<T>().sqrt()
    }

    /// Accepts a vector with an entry per variable.
    fn fits(&self, x: &ArrayRef1<T>) -> bool {
        x.len() == self.dimension
    }
}

impl<T: Scalar> Proximal<T> for GroupL2<T> {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        if !self.fits(x) {
            return T::nan();
        }
        (0..self.groups()).map(|g| self.group_level(g) * self.group_norm(g, x)).sum()
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        for g in 0..self.groups() {
            let (t, length) = (step * self.group_level(g), self.group_norm(g, v));
            // NaN goes to the last branch and stays NaN.
            let factor = if length <= t { T::zero() } else { T::one() - t / length };
            for &j in self.group(g) {
                out[j] = if factor == T::zero() { factor } else { factor * v[j] };
            }
        }
        for &j in &self.free {
            out[j] = v[j];
        }
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> Result<()> {
        check_count("v", n, self.dimension, "the groups were made for that many variables")
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let inside = self.fits(y)
            && (0..self.groups()).all(|g| self.group_norm(g, y) <= self.group_level(g))
            && self.free.iter().all(|&j| y[j] == T::zero());
        Some(if inside { T::zero() } else { T::infinity() })
    }

    fn dual_scale(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        if !self.fits(y) {
            return Some(T::nan());
        }
        if self.free.iter().any(|&j| y[j] != T::zero()) {
            return Some(T::zero());
        }
        let scale = (0..self.groups()).map(|g| scale_into(self.group_level(g), self.group_norm(g, y)));
        Some(scale.fold(T::one(), |least, s| if s < least || s.is_nan() { s } else { least }))
    }
}
