//! A Cholesky factor that follows the support.

use crate::reduce::{constant, sum_pairs};
use core_tensor::{Kernel, Scalar, vectorised};

/// A = L Lᵀ (k × k), by columns, while variables come (at the end) and go (anywhere), each in O(k²).
#[derive(Debug, Clone, Default)]
pub(super) struct Cholesky<T> {
    /// Column j starts at j · capacity; rows j..k of it are meaningful.
    factor: Vec<T>,
    capacity: usize,
    size: usize,
    /// What was added to the diagonal of A so that its pivots stay away from 0.
    pub(super) ridges: Vec<T>,
    scratch: Vec<T>,
}

impl<T: Scalar> Cholesky<T> {
    pub(super) fn clear(&mut self) {
        self.size = 0;
        self.ridges.clear();
    }

    /// Smallest pivot that counts, relative to the diagonal.
    fn smallest() -> T {
        constant::<T>(64.0) * T::epsilon()
    }

    fn reserve(&mut self, size: usize) {
        if size > self.capacity {
            let capacity = (2 * self.capacity).max(size).max(16);
            let mut factor = vec![T::zero(); capacity * capacity];
            for j in 0..self.size {
                factor[j * capacity + j..j * capacity + self.size]
                    .copy_from_slice(&self.factor[j * self.capacity + j..j * self.capacity + self.size]);
            }
            (self.factor, self.capacity) = (factor, capacity);
        }
    }

    /// Appends a variable with off-diagonal entries `row` (k) and the given diagonal entry; a pivot that vanishes gets a ridge.
    pub(super) fn append(&mut self, row: &[T], diagonal: T) {
        let k = self.size;
        debug_assert_eq!(row.len(), k);
        self.reserve(k + 1);
        self.scratch.clear();
        self.scratch.extend_from_slice(row);
        vectorised(SolveLower { factor: &self.factor, capacity: self.capacity, b: &mut self.scratch });
        let mut rest = diagonal;
        for (j, &v) in self.scratch.iter().enumerate() {
            self.factor[j * self.capacity + k] = v;
            rest -= v * v;
        }
        self.push_pivot(rest, diagonal);
    }

    fn push_pivot(&mut self, rest: T, diagonal: T) {
        let k = self.size;
        let mut ridge = T::zero();
        if !(rest > Self::smallest() * diagonal) {
            // Damps this coordinate instead of stopping: duplicates and dependent columns stay harmless.
            ridge = T::epsilon().sqrt() * diagonal.max(T::min_positive_value()) - rest.min(T::zero());
        }
        self.factor[k * self.capacity + k] = (rest + ridge).sqrt();
        self.ridges.push(ridge);
        self.size += 1;
    }

    /// Factorises the lower triangle of `a` (k × k, row-major with k columns) from nothing.
    pub(super) fn factorise(&mut self, a: &[T], k: usize) {
        self.clear();
        self.reserve(k);
        let capacity = self.capacity;
        for j in 0..k {
            for i in j..k {
                self.factor[j * capacity + i] = a[i * k + j];
            }
        }
        let smallest = Self::smallest();
        let epsilon = T::epsilon().sqrt();
        vectorised(Factorise {
            factor: &mut self.factor,
            capacity,
            size: k,
            ridges: &mut self.ridges,
            smallest,
            epsilon,
        });
        self.size = k;
    }

    /// Takes a factor that was computed elsewhere.
    #[cfg(feature = "linalg")]
    pub(super) fn assign(&mut self, lower: &ndarray::ArrayRef2<T>) {
        let k = lower.nrows();
        self.clear();
        self.reserve(k);
        for (j, column) in lower.columns().into_iter().enumerate() {
            let out = &mut self.factor[j * self.capacity + j..j * self.capacity + k];
            match column.as_slice() {
                Some(column) => out.copy_from_slice(&column[j..]),
                None => out.iter_mut().zip(column.iter().skip(j)).for_each(|(out, &v)| *out = v),
            }
        }
        self.ridges.resize(k, T::zero());
        self.size = k;
    }

    /// Removes the variable at `position`: the block behind it gains the square of what the removed column held.
    pub(super) fn remove(&mut self, position: usize) {
        let (k, capacity) = (self.size, self.capacity);
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.factor[position * capacity + position + 1..position * capacity + k]);
        for j in 0..position {
            let column = &mut self.factor[j * capacity..j * capacity + k];
            column.copy_within(position + 1..k, position);
        }
        for j in position + 1..k {
            // Column j, rows j..k, moves to column j - 1, rows j - 1..k - 1.
            let from = j * capacity + j;
            self.factor.copy_within(from..from + k - j, (j - 1) * capacity + j - 1);
        }
        self.ridges.remove(position);
        self.size = k - 1;
        vectorised(RankOne { factor: &mut self.factor, capacity, first: position, size: k - 1, x: &mut self.scratch });
    }

    /// b ← (L Lᵀ)⁻¹ b.
    pub(super) fn solve(&self, b: &mut [T]) {
        debug_assert_eq!(b.len(), self.size);
        vectorised(SolveLower { factor: &self.factor, capacity: self.capacity, b });
        vectorised(SolveUpper { factor: &self.factor, capacity: self.capacity, b });
    }
}

struct SolveLower<'a, T> {
    factor: &'a [T],
    capacity: usize,
    b: &'a mut [T],
}

impl<T: Scalar> Kernel for SolveLower<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let k = self.b.len();
        let mut j = 0;
        // Two columns at a time: the tail of b is read and written half as often.
        while j + 1 < k {
            let first = &self.factor[j * self.capacity + j..j * self.capacity + k];
            let second = &self.factor[(j + 1) * self.capacity + j + 1..(j + 1) * self.capacity + k];
            let a = self.b[j] / first[0];
            let b = (self.b[j + 1] - a * first[1]) / second[0];
            (self.b[j], self.b[j + 1]) = (a, b);
            for ((v, &x), &y) in self.b[j + 2..].iter_mut().zip(&first[2..]).zip(&second[1..]) {
                *v = (*v - a * x) - b * y;
            }
            j += 2;
        }
        if j < k {
            self.b[j] /= self.factor[j * self.capacity + j];
        }
    }
}

struct SolveUpper<'a, T> {
    factor: &'a [T],
    capacity: usize,
    b: &'a mut [T],
}

impl<T: Scalar> Kernel for SolveUpper<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let k = self.b.len();
        for j in (0..k).rev() {
            let column = &self.factor[j * self.capacity + j..j * self.capacity + k];
            let inner = sum_pairs(&column[1..], &self.b[j + 1..], |x, y| x * y);
            self.b[j] = (self.b[j] - inner) / column[0];
        }
    }
}

/// L Lᵀ + x xᵀ on the block from `first` on.
struct RankOne<'a, T> {
    factor: &'a mut [T],
    capacity: usize,
    first: usize,
    size: usize,
    x: &'a mut [T],
}

impl<T: Scalar> Kernel for RankOne<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for j in self.first..self.size {
            let column = &mut self.factor[j * self.capacity + j..j * self.capacity + self.size];
            let (head, rest) = self.x[j - self.first..].split_at_mut(1);
            let (l, x) = (column[0], head[0]);
            let r = (l * l + x * x).sqrt();
            let (c, s) = (l / r, x / r);
            column[0] = r;
            for (l, x) in column[1..].iter_mut().zip(rest) {
                let (old, v) = (*l, *x);
                *l = c * old + s * v;
                *x = c * v - s * old;
            }
        }
    }
}

/// Column by column, each from the ones before it.
struct Factorise<'a, T> {
    factor: &'a mut [T],
    capacity: usize,
    size: usize,
    ridges: &'a mut Vec<T>,
    smallest: T,
    epsilon: T,
}

impl<T: Scalar> Kernel for Factorise<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (k, capacity) = (self.size, self.capacity);
        for j in 0..k {
            let (done, rest) = self.factor.split_at_mut(j * capacity);
            let column = &mut rest[j..k];
            let diagonal = column[0];
            let mut l = 0;
            while l + 3 < j {
                let part = |o: usize| &done[(l + o) * capacity + j..(l + o) * capacity + k];
                let (a, b, c, d) = (part(0), part(1), part(2), part(3));
                let (fa, fb, fc, fd) = (a[0], b[0], c[0], d[0]);
                for ((((v, &a), &b), &c), &d) in column.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                    *v -= (fa * a + fb * b) + (fc * c + fd * d);
                }
                l += 4;
            }
            while l < j {
                let part = &done[l * capacity + j..l * capacity + k];
                let f = part[0];
                column.iter_mut().zip(part).for_each(|(v, &x)| *v -= f * x);
                l += 1;
            }
            let mut ridge = T::zero();
            if !(column[0] > self.smallest * diagonal) {
                ridge = self.epsilon * diagonal.max(T::min_positive_value()) - column[0].min(T::zero());
            }
            self.ridges.push(ridge);
            let pivot = (column[0] + ridge).sqrt();
            column[0] = pivot;
            column[1..].iter_mut().for_each(|v| *v /= pivot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cholesky;

    fn matrix(k: usize) -> Vec<f64> {
        let at = |i: usize, j: usize| if i == j { 3.0 + i as f64 } else { 1.0 / (1 + i + j) as f64 };
        (0..k * k).map(|e| at(e / k, e % k)).collect()
    }

    #[test]
    fn appended_removed_and_factorised_agree() {
        for k in [1, 2, 5, 6, 23] {
            let a = matrix(k);
            let mut grown = Cholesky::default();
            for i in 0..k {
                grown.append(&a[i * k..i * k + i], a[i * k + i]);
            }
            let mut whole = Cholesky::default();
            whole.factorise(&a, k);
            let b: Vec<f64> = (0..k).map(|i| (i as f64).sin() + 2.0).collect();
            let (mut x, mut y) = (b.clone(), b.clone());
            grown.solve(&mut x);
            whole.solve(&mut y);
            for i in 0..k {
                assert!((x[i] - y[i]).abs() < 1e-13);
                let back: f64 = (0..k).map(|j| a[i * k + j] * x[j]).sum();
                // Condition number below 1e2.
                assert!((back - b[i]).abs() < 1e-12);
            }
            for gone in [0, k / 2, k - 1] {
                let kept: Vec<usize> = (0..k).filter(|&i| i != gone).collect();
                let mut shrunk = grown.clone();
                shrunk.remove(gone);
                let mut x: Vec<f64> = kept.iter().map(|&i| b[i]).collect();
                shrunk.solve(&mut x);
                for &i in &kept {
                    let back: f64 = kept.iter().zip(&x).map(|(&j, x)| a[i * k + j] * x).sum();
                    assert!((back - b[i]).abs() < 1e-12, "{k} {gone}");
                }
            }
        }
    }

    #[test]
    fn a_dependent_variable_gets_a_ridge() {
        let mut cholesky = Cholesky::<f64>::default();
        cholesky.append(&[], 4.0);
        cholesky.append(&[4.0], 4.0);
        assert!(cholesky.ridges[0] == 0.0 && cholesky.ridges[1] > 0.0);
        let mut b = [4.0, 4.0];
        cholesky.solve(&mut b);
        assert!(b.iter().all(|v| v.is_finite()) && (b[0] + b[1] - 1.0).abs() < 1e-6);
    }
}
