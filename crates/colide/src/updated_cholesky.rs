//! A Cholesky factor that follows a changing set of variables.

use core_tensor::{Kernel, vectorised};

/// The lower factor L of a positive definite k × k matrix, row by row, with k growing by [`append`](Self::append) and
/// shrinking by [`remove`](Self::remove), each in O(k²).
pub(crate) struct UpdatedCholesky {
    /// Rows of L one after another, row i with its i + 1 entries.
    factor: Vec<f64>,
    size: usize,
}

/// Where row i starts.
const fn start(i: usize) -> usize {
    i * (i + 1) / 2
}

impl UpdatedCholesky {
    pub(crate) fn new() -> Self {
        Self { factor: Vec::new(), size: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.factor.clear();
        self.size = 0;
    }

    /// Appends a variable with off-diagonal entries `row` (k) and the given diagonal entry. When the pivot vanishes to
    /// rounding, `ridge` is added to the diagonal (more than once if need be); true when that happened.
    pub(crate) fn append(&mut self, row: &[f64], diagonal: f64, ridge: f64) -> bool {
        vectorised(Append { factor: self, row, diagonal, ridge })
    }

    #[inline(always)]
    fn append_inlined(&mut self, row: &[f64], diagonal: f64, ridge: f64) -> bool {
        let k = self.size;
        self.factor.extend_from_slice(row);
        self.factor.push(0.0);
        let (known, new) = self.factor.split_at_mut(start(k));
        for i in 0..k {
            let l = &known[start(i)..=start(i) + i];
            new[i] = (new[i] - dot(&l[..i], &new[..i])) / l[i];
        }
        let mut pivot = diagonal - dot(&new[..k], &new[..k]);
        let smallest = 1e-13 * diagonal.abs() + f64::MIN_POSITIVE;
        let ridged = !(pivot > smallest);
        if ridged {
            pivot = pivot.max(0.0) + ridge.max(1e-12 * diagonal.abs()).max(f64::MIN_POSITIVE);
        }
        new[k] = pivot.sqrt();
        self.size += 1;
        ridged
    }

    /// Removes the variable at `position`: the rows below lose one column by Givens rotations.
    pub(crate) fn remove(&mut self, position: usize) {
        let k = self.size;
        // Without row `position` the rows below are lower Hessenberg: rotating columns (c, c + 1) clears what stands
        // above the diagonal.
        for c in position..k - 1 {
            let pivot = start(c + 1) + c;
            let (x, y) = (self.factor[pivot], self.factor[pivot + 1]);
            let norm = x.hypot(y);
            let (cosine, sine) = (x / norm, y / norm);
            self.factor[pivot] = norm;
            for i in c + 2..k {
                let (left, right) = (start(i) + c, start(i) + c + 1);
                let (p, q) = (self.factor[left], self.factor[right]);
                self.factor[left] = cosine * p + sine * q;
                self.factor[right] = cosine * q - sine * p;
            }
        }
        for i in position + 1..k {
            self.factor.copy_within(start(i)..start(i) + i, start(i - 1));
        }
        self.size = k - 1;
        self.factor.truncate(start(k - 1));
    }

    /// Row i of L, up to and with its diagonal entry.
    #[inline(always)]
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.factor[start(i)..=start(i) + i]
    }

    /// Solves L Lᵀ x = b in place.
    pub(crate) fn solve_in_place(&self, b: &mut [f64]) {
        vectorised(Solve { factor: self, b, lower: true });
    }

    #[inline(always)]
    fn solve_lower_inlined(&self, b: &mut [f64]) {
        for i in 0..self.size {
            let row = self.row(i);
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// Solves Lᵀ x = b in place.
    pub(crate) fn solve_upper_in_place(&self, b: &mut [f64]) {
        vectorised(Solve { factor: self, b, lower: false });
    }

    #[inline(always)]
    fn solve_upper_inlined(&self, b: &mut [f64]) {
        for i in (0..self.size).rev() {
            let row = self.row(i);
            let value = b[i] / row[i];
            b[i] = value;
            for (target, &l) in b[..i].iter_mut().zip(row) {
                *target -= value * l;
            }
        }
    }
}

struct Append<'a> {
    factor: &'a mut UpdatedCholesky,
    row: &'a [f64],
    diagonal: f64,
    ridge: f64,
}

impl Kernel for Append<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        self.factor.append_inlined(self.row, self.diagonal, self.ridge)
    }
}

struct Solve<'a> {
    factor: &'a UpdatedCholesky,
    b: &'a mut [f64],
    /// Whether the lower triangle comes first.
    lower: bool,
}

impl Kernel for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if self.lower {
            self.factor.solve_lower_inlined(self.b);
        }
        self.factor.solve_upper_inlined(self.b);
    }
}

/// `target ← target − factor · values`.
pub(crate) fn subtract_multiple(target: &mut [f64], factor: f64, values: &[f64]) {
    vectorised(SubtractMultiple { target, factor, values });
}

struct SubtractMultiple<'a> {
    target: &'a mut [f64],
    factor: f64,
    values: &'a [f64],
}

impl Kernel for SubtractMultiple<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (target, &value) in self.target.iter_mut().zip(self.values) {
            *target -= self.factor * value;
        }
    }
}

/// Σ a_i b_i with eight partial sums, so that the compiler keeps them in vector registers.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (x, y) in a8.iter().zip(b8) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let tail: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn matrix(n: usize) -> Array2<f64> {
        let mut state = 12345_u64;
        let x = Array2::from_shape_simple_fn((2 * n, n), || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        });
        x.t().dot(&x)
    }

    fn residual(factor: &UpdatedCholesky, a: &Array2<f64>, variables: &[usize]) -> f64 {
        let b: Vec<f64> = (0..variables.len()).map(|i| 1.0 + i as f64).collect();
        let mut x = b.clone();
        factor.solve_in_place(&mut x);
        let row = |i: usize| variables.iter().zip(&x).map(|(&k, v)| a[[variables[i], k]] * v).sum::<f64>();
        (0..b.len()).map(|i| (row(i) - b[i]).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn appending_and_removing_equals_factorising() {
        let a = matrix(12);
        let mut factor = UpdatedCholesky::new();
        let mut variables: Vec<usize> = Vec::new();
        let append = |factor: &mut UpdatedCholesky, variables: &mut Vec<usize>, i: usize| {
            let row: Vec<f64> = variables.iter().map(|&k| a[[i, k]]).collect();
            assert!(!factor.append(&row, a[[i, i]], 0.0));
            variables.push(i);
        };
        for i in 0..12 {
            append(&mut factor, &mut variables, i);
        }
        // cond(a) is below 1e3 here, so 1e-11 is far above rounding and far below a wrong rotation.
        for position in [11, 0, 4, 4, 1] {
            factor.remove(position);
            variables.remove(position);
            assert!(residual(&factor, &a, &variables) < 1e-11, "after removing {position}");
        }
        append(&mut factor, &mut variables, 0);
        assert!(residual(&factor, &a, &variables) < 1e-11);
    }

    #[test]
    fn a_duplicated_variable_is_ridged() {
        let mut factor = UpdatedCholesky::new();
        assert!(!factor.append(&[], 4.0, 1e-9));
        assert!(factor.append(&[4.0], 4.0, 1e-9));
    }
}
