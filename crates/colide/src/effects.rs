//! Causal queries on a linear structural equation model: total effects, interventions, counterfactuals, root causes.

use crate::{Dag, Error, Result};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};

/// A linear structural equation model x = c + Wᵀ x + z on a DAG, with means and noise scales.
///
/// ```
/// use colide::CausalModel;
/// use ndarray::array;
///
/// // 0 -> 1 -> 2 with weights 2 and −1.
/// let w = array![[0.0, 2.0, 0.0], [0.0, 0.0, -1.0], [0.0, 0.0, 0.0]];
/// let model = CausalModel::new(&w, &array![0.0, 0.0, 5.0], &array![1.0, 1.0, 1.0])?;
/// assert_eq!(model.total_effects()[[0, 2]], -2.0);
/// assert_eq!(model.intervene(&[(0, 3.0)])?.mean, array![3.0, 6.0, -1.0]);
/// # Ok::<(), colide::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CausalModel {
    weights: Array2<f64>,
    mean: Array1<f64>,
    sigma: Array1<f64>,
    dag: Dag,
}

/// Mean and covariance of the variables after an intervention.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Intervened {
    /// Mean (d). Only the nodes intervened on and their descendants differ from the mean before.
    pub mean: Array1<f64>,
    /// Covariance (d × d); rows and columns of the nodes intervened on are 0.
    pub covariance: Array2<f64>,
}

impl CausalModel {
    /// The model with weights W (d × d, `w[[i, j]] != 0` for i -> j), means (d) and noise standard deviations (d).
    ///
    /// # Errors
    /// [`Error::Cyclic`]; shapes that differ; an entry that is not finite; a deviation below 0.
    pub fn new(w: &ArrayRef2<f64>, mean: &ArrayRef1<f64>, sigma: &ArrayRef1<f64>) -> Result<Self> {
        let dag = Dag::from_weights("w", w)?;
        let d = dag.graph().nodes();
        check_shape("mean", mean, &[d], "`w` has this number of nodes")?;
        check_shape("sigma", sigma, &[d], "`w` has this number of nodes")?;
        check_finite("mean", mean)?;
        for &s in sigma {
            check_range("sigma", s, s >= 0.0 && s.is_finite(), "finite and >= 0")?;
        }
        Ok(Self { weights: w.to_owned(), mean: mean.to_owned(), sigma: sigma.to_owned(), dag })
    }

    /// The graph.
    pub fn dag(&self) -> &Dag {
        &self.dag
    }

    /// All total effects, `(I − W)⁻¹ − I` (d × d): `[[i, j]]` is the change of `x_j` per unit of `x_i`, summed over all
    /// directed paths; exactly 0 without one. O(d e).
    pub fn total_effects(&self) -> Array2<f64> {
        let d = self.mean.len();
        let mut effects = Array2::zeros((d, d));
        for i in 0..d {
            let effect = self.propagate(&[(i, 1.0)]);
            effects.row_mut(i).assign(&effect);
            effects[[i, i]] = 0.0;
        }
        effects
    }

    /// The covariance that the model implies, `(I − W)⁻ᵀ diag(σ²) (I − W)⁻¹` (d × d). O(d e).
    pub fn covariance(&self) -> Array2<f64> {
        self.covariance_without(&[])
    }

    /// Mean and covariance under the hard interventions `do(x_i = v)`, all at once. A node named twice keeps the last
    /// value.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]; a value that is not finite.
    pub fn intervene(&self, settings: &[(usize, f64)]) -> Result<Intervened> {
        let moved = self.shifts(settings, &self.mean)?;
        let mut mean = &self.mean + &self.propagate(&moved);
        for &(node, value) in settings {
            mean[node] = value;
        }
        let nodes: Vec<usize> = settings.iter().map(|&(node, _)| node).collect();
        Ok(Intervened { mean, covariance: self.covariance_without(&nodes) })
    }

    /// What the given row (d) would have been under `do(x_i = v)`: its noise is kept (abduction), the nodes are set
    /// (action), the rest follows (prediction). In a linear model the noise cancels: only changes are carried along, so
    /// nodes that are not downstream keep their value to the bit.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]; a wrong length; an entry that is not finite.
    pub fn counterfactual(&self, row: &ArrayRef1<f64>, settings: &[(usize, f64)]) -> Result<Array1<f64>> {
        self.check_row(row)?;
        let moved = self.shifts(settings, row)?;
        let mut other = self.propagate(&moved) + row;
        for &(node, value) in settings {
            other[node] = value;
        }
        Ok(other)
    }

    /// The noise of a row (d), `z = (x − mean)(I − W)`.
    ///
    /// # Errors
    /// A wrong length; an entry that is not finite.
    pub fn noise(&self, row: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        self.check_row(row)?;
        let centred = &row.view() - &self.mean;
        Ok(&centred - &centred.dot(&self.weights))
    }

    /// Root-cause scores of a row (d), `z_j / σ_j`: how unusual the noise of each variable is, in standard deviations,
    /// given its causes. A variable without noise scores 0 when it obeys its equation, else ±∞.
    ///
    /// # Errors
    /// A wrong length; an entry that is not finite.
    pub fn root_cause_scores(&self, row: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        let mut scores = self.noise(row)?;
        for (z, &sigma) in scores.iter_mut().zip(&self.sigma) {
            *z = if *z == 0.0 { 0.0 } else { *z / sigma };
        }
        Ok(scores)
    }

    fn check_row(&self, row: &ArrayRef1<f64>) -> Result<()> {
        check_shape("row", row, self.mean.shape(), "there is one entry for each variable")?;
        Ok(check_finite("row", row)?)
    }

    /// How far each node of `settings` is moved from `before`.
    fn shifts(&self, settings: &[(usize, f64)], before: &ArrayRef1<f64>) -> Result<Vec<(usize, f64)>> {
        let nodes = self.mean.len();
        let shift = |&(node, value): &(usize, f64)| {
            if node >= nodes {
                return Err(Error::UnknownNode { argument: "settings", found: node, nodes });
            }
            check_range("settings", value, value.is_finite(), "finite")?;
            Ok((node, value - before[node]))
        };
        settings.iter().map(shift).collect()
    }

    /// The change of every variable when the given nodes are moved and held (d).
    fn propagate(&self, moved: &[(usize, f64)]) -> Array1<f64> {
        let mut held = vec![false; self.mean.len()];
        let mut change = Array1::zeros(self.mean.len());
        for &(node, by) in moved {
            held[node] = true;
            change[node] = by;
        }
        for &j in self.dag.order() {
            if !held[j] {
                change[j] = self.dag.graph().parents(j).iter().map(|&i| self.weights[[i, j]] * change[i]).sum();
            }
        }
        change
    }

    /// The implied covariance with the equations of `held` replaced by constants.
    fn covariance_without(&self, held: &[usize]) -> Array2<f64> {
        let d = self.mean.len();
        let mut c = Array2::<f64>::zeros((d, d));
        for (position, &j) in self.dag.order().iter().enumerate() {
            if held.contains(&j) {
                continue;
            }
            let parents = self.dag.graph().parents(j);
            for &k in &self.dag.order()[..position] {
                let value: f64 = parents.iter().map(|&i| self.weights[[i, j]] * c[[i, k]]).sum();
                c[[j, k]] = value;
                c[[k, j]] = value;
            }
            let explained: f64 = parents.iter().map(|&i| self.weights[[i, j]] * c[[i, j]]).sum();
            c[[j, j]] = self.sigma[j] * self.sigma[j] + explained;
        }
        c
    }
}
