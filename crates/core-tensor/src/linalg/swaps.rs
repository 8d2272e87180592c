//! A permutation of rows as a sequence of swaps, so that it can be applied in place.

use crate::Scalar;
use faer::MatMut;

/// Row i is swapped with row `with[i]` ≥ i, for i = 0, 1, ….
#[derive(Debug, Clone)]
pub(crate) struct Swaps {
    with: Vec<usize>,
    at: Vec<usize>,
    place: Vec<usize>,
}

impl Swaps {
    pub(crate) fn new(n: usize) -> Self {
        Self { with: vec![0; n], at: vec![0; n], place: vec![0; n] }
    }

    /// The swaps that bring row `permutation[i]` to place i, for all i.
    pub(crate) fn set(&mut self, permutation: &[usize]) {
        for i in 0..permutation.len() {
            (self.at[i], self.place[i]) = (i, i);
        }
        for (i, &row) in permutation.iter().enumerate() {
            let from = self.place[row];
            self.with[i] = from;
            let moved = self.at[i];
            self.at.swap(i, from);
            (self.place[row], self.place[moved]) = (i, from);
        }
    }

    pub(crate) fn apply<T: Scalar>(&self, x: MatMut<'_, T>) {
        for mut column in x.col_iter_mut() {
            for (i, &j) in self.with.iter().enumerate() {
                let kept = column[i];
                column[i] = column[j];
                column[j] = kept;
            }
        }
    }

    /// The inverse of [`Swaps::apply`].
    pub(crate) fn undo<T: Scalar>(&self, x: MatMut<'_, T>) {
        for mut column in x.col_iter_mut() {
            for (i, &j) in self.with.iter().enumerate().rev() {
                let kept = column[i];
                column[i] = column[j];
                column[j] = kept;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    #[test]
    fn swaps_are_the_permutation() {
        for permutation in [vec![], vec![0], vec![2, 0, 1], vec![1, 2, 3, 0], vec![3, 2, 1, 0], vec![0, 2, 1, 4, 3]] {
            let n = permutation.len();
            let mut swaps = Swaps::new(n);
            swaps.set(&permutation);
            let mut x = Mat::<f64>::from_fn(n, 2, |i, j| (10 * j + i) as f64);
            swaps.apply(x.as_mut());
            assert_eq!(x, Mat::from_fn(n, 2, |i, j| (10 * j + permutation[i]) as f64));
            swaps.undo(x.as_mut());
            assert_eq!(x, Mat::from_fn(n, 2, |i, j| (10 * j + i) as f64));
        }
    }
}
