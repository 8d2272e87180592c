//! Correlations with a moving residual, computed only where they can matter.

use core_tensor::{Kernel, Scalar, vectorised};

use crate::reduce::{constant, sum_pairs};

/// Residuals that are remembered.
const REFERENCES: usize = 8;

/// Of each column the last correlation c = x̂ᵀr̂ that was computed, and with which residual.
///
/// By Cauchy and Schwarz |x̂ᵀr̂| ≤ |β c| + ‖x̂‖ ‖r̂ - β r̂_then‖, β that of the projection of r̂: a column whose bound stays below its threshold need not be looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Correlations<T> {
    pub(super) values: Vec<T>,
    reference: Vec<u8>,
    residuals: Vec<T>,
    rows: usize,
    users: [usize; REFERENCES],
    distances: [T; REFERENCES],
    /// r̂ is this multiple of the residual then, and something orthogonal to it of the length in `distances`.
    multiples: [T; REFERENCES],
    current: usize,
}

const NEVER: u8 = u8::MAX;

impl<T: Scalar> Correlations<T> {
    pub(super) fn clear(&mut self, rows: usize, columns: usize) {
        self.rows = rows;
        self.values.clear();
        self.values.resize(columns, T::zero());
        self.reference.clear();
        self.reference.resize(columns, NEVER);
        self.residuals.clear();
        self.residuals.resize(rows * REFERENCES, T::zero());
        self.users = [0; REFERENCES];
        self.distances = [T::zero(); REFERENCES];
        self.multiples = [T::one(); REFERENCES];
        self.current = 0;
    }

    /// Takes r̂ as the residual of the correlations that follow.
    pub(super) fn look_at(&mut self, residual: &[T]) {
        let n = self.rows;
        // The place with the fewest users; they will be looked at again.
        let place = (0..REFERENCES).min_by_key(|&r| self.users[r]).unwrap_or(0);
        if self.users[place] > 0 {
            for reference in &mut self.reference {
                if usize::from(*reference) == place {
                    *reference = NEVER;
                }
            }
            self.users[place] = 0;
        }
        self.residuals[place * n..(place + 1) * n].copy_from_slice(residual);
        self.current = place;
        for r in 0..REFERENCES {
            (self.multiples[r], self.distances[r]) = if self.users[r] > 0 {
                let (multiple, distance) = vectorised(Distance(&self.residuals[r * n..(r + 1) * n], residual));
                // A little more than computed: the bound must survive its rounding.
                (multiple, distance * (T::one() + constant::<T>(1e3) * T::epsilon()))
            } else {
                (T::one(), T::infinity())
            };
        }
        (self.multiples[place], self.distances[place]) = (T::one(), T::zero());
    }

    /// An upper bound of |x̂ⱼᵀr̂| for ‖x̂ⱼ‖ = `root`.
    #[inline]
    pub(super) fn bound(&self, j: usize, root: T) -> T {
        match self.reference[j] {
            NEVER => T::infinity(),
            reference => {
                let r = usize::from(reference);
                (self.multiples[r] * self.values[j]).abs() + root * self.distances[r]
            }
        }
    }

    /// True if the value of column j belongs to the residual looked at now.
    #[inline]
    pub(super) fn is_current(&self, j: usize) -> bool {
        usize::from(self.reference[j]) == self.current
    }

    /// Takes the correlations of all columns with the residual of now.
    pub(super) fn assign(&mut self, values: &[T]) {
        self.values.copy_from_slice(values);
        self.reference.fill(0);
        self.users = [0; REFERENCES];
        self.users[0] = values.len();
        (self.current, self.multiples[0], self.distances[0]) = (0, T::one(), T::zero());
    }

    pub(super) fn set(&mut self, j: usize, value: T) {
        if self.reference[j] != NEVER {
            self.users[usize::from(self.reference[j])] -= 1;
        }
        self.reference[j] = self.current as u8;
        self.users[self.current] += 1;
        self.values[j] = value;
    }
}

struct Distance<'a, T>(&'a [T], &'a [T]);

impl<T: Scalar> Kernel for Distance<'_, T> {
    type Output = (T, T);

    #[inline(always)]
    fn run(self) -> (T, T) {
        let then = sum_pairs(self.0, self.0, |a, b| a * b);
        let both = sum_pairs(self.0, self.1, |a, b| a * b);
        let beta = if then > T::zero() { both / then } else { T::zero() };
        (beta, sum_pairs(self.0, self.1, |a, b| (b - beta * a) * (b - beta * a)).sqrt())
    }
}
