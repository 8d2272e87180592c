//! A linear structural equation model and its samples.

use super::NoiseLaw;
use crate::{Error, Result};
use core_tensor::{check_finite, check_range, check_shape, check_square};
use ndarray::{Array1, Array2, Axis};

/// x = Wᵀ x + z with independent noise z: for data of shape n × d, `X = X W + Z`.
///
/// ```
/// use datasets::sem::{LinearSem, NoiseLaw};
/// use ndarray::array;
///
/// // 0 -> 1 with weight 2.
/// let sem = LinearSem::new(array![[0.0, 2.0], [0.0, 0.0]], array![1.0, 0.5], NoiseLaw::Laplace)?;
/// assert_eq!(sem.covariance(), array![[1.0, 2.0], [2.0, 4.5]]);
/// assert_eq!(sem.sample(100, 7)?.dim(), (100, 2));
/// # Ok::<(), datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LinearSem {
    /// Weights W, d × d; `[[i, j]]` not zero is the edge i -> j.
    pub weights: Array2<f64>,
    /// Noise variance of each variable (d).
    pub noise_variance: Array1<f64>,
    /// Law of the noise.
    pub noise: NoiseLaw,
    /// A topological order: causes before effects (d).
    pub order: Vec<usize>,
}

impl LinearSem {
    /// The model with the given weights (d × d), noise variances (d) and noise law.
    ///
    /// # Errors
    /// [`Error::Cyclic`]; [`Error::Argument`] for a shape that does not fit, an entry that is not finite or a variance
    /// below 0.
    pub fn new(weights: Array2<f64>, noise_variance: Array1<f64>, noise: NoiseLaw) -> Result<Self> {
        let d = check_square("weights", &weights)?;
        check_shape("noise_variance", &noise_variance, &[d], "there is one noise variance for each variable")?;
        check_finite("weights", &weights)?;
        check_finite("noise_variance", &noise_variance)?;
        for &v in &noise_variance {
            check_range("noise_variance", v, v >= 0.0, "at least 0")?;
        }
        let order = topological_order(&weights)?;
        Ok(Self { weights, noise_variance, noise, order })
    }

    /// `rows` independent rows (rows × d). The same seed gives the same bits, and fewer rows are the first of more.
    ///
    /// The noise is drawn row by row; then each row is `x_j = Σ_i W_ij x_i + z_j` in topological order.
    ///
    /// # Errors
    /// [`Error::Argument`] when rows × d values do not fit into an address space.
    pub fn sample(&self, rows: usize, seed: u64) -> Result<Array2<f64>> {
        let d = self.weights.nrows();
        let fits = rows.max(1).checked_mul(d.max(1)).is_some_and(|size| size <= isize::MAX as usize / 8);
        check_range("rows", rows as f64, fits, "such that rows * d values fit into memory")?;
        let parents: Vec<Vec<(usize, f64)>> = (0..d).map(|j| self.parents(j)).collect();
        let deviation = self.noise_variance.mapv(f64::sqrt);
        let mut rng = core_tensor::random::rng(seed);
        let mut x = Array2::zeros((rows, d));
        for mut row in x.axis_iter_mut(Axis(0)) {
            for (value, &deviation) in row.iter_mut().zip(&deviation) {
                *value = self.noise.draw(deviation, &mut rng);
            }
            for &j in &self.order {
                row[j] += parents[j].iter().map(|&(i, w)| w * row[i]).sum::<f64>();
            }
        }
        Ok(x)
    }

    /// The exact covariance, `(I − W)⁻ᵀ diag(σ²) (I − W)⁻¹` (d × d), built in topological order.
    pub fn covariance(&self) -> Array2<f64> {
        let d = self.weights.nrows();
        let mut c = Array2::zeros((d, d));
        for (position, &j) in self.order.iter().enumerate() {
            let parents = self.parents(j);
            for &k in &self.order[..position] {
                let value: f64 = parents.iter().map(|&(i, w)| w * c[[i, k]]).sum();
                c[[j, k]] = value;
                c[[k, j]] = value;
            }
            c[[j, j]] = self.noise_variance[j] + parents.iter().map(|&(i, w)| w * c[[i, j]]).sum::<f64>();
        }
        c
    }

    /// The exact mean of each variable (d): not zero for the noise laws whose mean is not.
    pub fn mean(&self) -> Array1<f64> {
        let mut mean = self.noise_variance.mapv(|v| self.noise.mean(v.sqrt()));
        for &j in &self.order {
            mean[j] += self.parents(j).iter().map(|&(i, w)| w * mean[i]).sum::<f64>();
        }
        mean
    }

    /// The graph as 0 and 1 (d × d).
    pub fn adjacency(&self) -> Array2<f64> {
        self.weights.mapv(|w| if w == 0.0 { 0.0 } else { 1.0 })
    }

    fn parents(&self, j: usize) -> Vec<(usize, f64)> {
        self.weights.column(j).iter().enumerate().filter(|&(_, &w)| w != 0.0).map(|(i, &w)| (i, w)).collect()
    }
}

/// Kahn's algorithm.
fn topological_order(weights: &Array2<f64>) -> Result<Vec<usize>> {
    let d = weights.nrows();
    let mut missing: Vec<usize> = (0..d).map(|j| weights.column(j).iter().filter(|&&w| w != 0.0).count()).collect();
    let mut order: Vec<usize> = (0..d).filter(|&j| missing[j] == 0).collect();
    let mut next = 0;
    while next < order.len() {
        let i = order[next];
        next += 1;
        for (j, &w) in weights.row(i).iter().enumerate() {
            if w != 0.0 {
                missing[j] -= 1;
                if missing[j] == 0 {
                    order.push(j);
                }
            }
        }
    }
    match missing.iter().position(|&m| m > 0) {
        Some(node) => Err(Error::Cyclic { argument: "weights", node }),
        None => Ok(order),
    }
}
