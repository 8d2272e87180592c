//! Least squares on a given DAG: weights without shrinkage, standard errors, likelihood.

use crate::cholesky::Cholesky;
use crate::covariance::check_covariance;
use crate::student::two_sided_p;
use crate::{Dag, Result};
use core_tensor::{check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef2};
use std::f64::consts::PI;

/// Result of [`refit`]. Matrices are d × d with 0 off the support (p-values: 1).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Refit {
    /// Least-squares weights: column j is `C[pa, pa]⁻¹ C[pa, j]`.
    pub weights: Array2<f64>,
    /// Residual variances with divisor n (d).
    pub noise_variance: Array1<f64>,
    /// Standard errors with divisor n − 1 − |pa|; infinite when that is not positive.
    pub standard_errors: Array2<f64>,
    /// Weight over standard error.
    pub t_statistics: Array2<f64>,
    /// Two-sided p-values by Student's t with n − 1 − |pa| degrees of freedom. They take the graph as given: after a
    /// search on the same data they are too small.
    pub p_values: Array2<f64>,
    /// Gaussian log-likelihood with free variances (NV).
    pub log_likelihood_nv: f64,
    /// Gaussian log-likelihood with one common variance (EV).
    pub log_likelihood_ev: f64,
    /// `−2 loglik + log(n) (edges + d)` (NV); means are not counted.
    pub bic_nv: f64,
    /// `−2 loglik + log(n) (edges + 1)` (EV); means are not counted.
    pub bic_ev: f64,
    /// The nodes whose parents are collinear: their weights come from a system with `1e-12 trace / k` on the diagonal (k
    /// parents), and are one choice among many.
    pub ridged: Vec<usize>,
}

/// Regresses each variable on its parents, from the covariance with divisor n (d × d), on the support of `dag` (d × d,
/// `dag[[i, j]] != 0` for i -> j). `samples` is n. O(Σ |pa|³ + d e).
///
/// A variable that its parents explain fully (or that is constant) has noise variance 0 and makes the log-likelihood
/// infinite. Parents that are constant get weight 0.
///
/// # Errors
/// A covariance that is none, [`crate::Error::Cyclic`], shapes that differ, `samples` not finite or not positive.
pub fn refit(covariance: &ArrayRef2<f64>, dag: &ArrayRef2<f64>, samples: f64) -> Result<Refit> {
    let d = check_covariance("covariance", covariance)?;
    check_shape("dag", dag, &[d, d], "it must have the shape of `covariance`")?;
    check_range("samples", samples, samples > 0.0 && samples.is_finite(), "finite and > 0")?;
    let dag = Dag::from_weights("dag", dag)?;
    Ok(refit_columns(&dag, |_| (covariance, samples), |_| true, samples))
}

/// [`refit`] with a covariance and a number of rows for each column, and a likelihood of the `scored` columns alone.
/// `samples` counts for the information criteria.
pub(crate) fn refit_columns<'a>(
    dag: &Dag,
    column: impl Fn(usize) -> (&'a ArrayRef2<f64>, f64),
    scored: impl Fn(usize) -> bool,
    samples: f64,
) -> Refit {
    let d = dag.graph().nodes();
    let mut fit = Refit {
        weights: Array2::zeros((d, d)),
        noise_variance: Array1::zeros(d),
        standard_errors: Array2::zeros((d, d)),
        t_statistics: Array2::zeros((d, d)),
        p_values: Array2::ones((d, d)),
        log_likelihood_nv: 0.0,
        log_likelihood_ev: 0.0,
        bic_nv: 0.0,
        bic_ev: 0.0,
        ridged: Vec::new(),
    };
    for j in 0..d {
        let (covariance, rows) = column(j);
        fit.column(covariance, dag.graph().parents(j), j, rows);
    }
    let rows: Vec<f64> = (0..d).map(|j| if scored(j) { column(j).1 } else { 0.0 }).collect();
    fit.likelihood(dag.graph().edges(), &rows, samples);
    fit
}

impl Refit {
    /// Regresses variable `j` on `parents`.
    fn column(&mut self, c: &ArrayRef2<f64>, parents: &[usize], j: usize, samples: f64) {
        let freedom = samples - 1.0 - parents.len() as f64;
        let varying: Vec<usize> = parents.iter().copied().filter(|&i| c[[i, i]] > 0.0).collect();
        let k = varying.len();
        // In units of the standard deviations, so that the ridge means the same for every parent.
        let scale: Array1<f64> = varying.iter().map(|&i| c[[i, i]].sqrt()).collect();
        let gram = Array2::from_shape_fn((k, k), |(a, b)| c[[varying[a], varying[b]]] / scale[a] / scale[b]);
        let right = Array1::from_shape_fn(k, |a| c[[varying[a], j]] / scale[a]);
        self.noise_variance[j] = c[[j, j]];
        for &i in parents.iter().filter(|&&i| !(c[[i, i]] > 0.0)) {
            self.standard_errors[[i, j]] = f64::INFINITY;
        }
        let Some((factor, ridged)) = Cholesky::ridged(gram.clone(), 1e-12) else {
            self.ridged.push(j);
            return;
        };
        if ridged {
            self.ridged.push(j);
        }
        let mut solution = factor.solve(&right);
        // One step of refinement: the residual is orthogonal to the parents up to rounding.
        if !ridged {
            let residual = &right - &gram.dot(&solution);
            solution += &factor.solve(&residual);
        }
        let variance = c[[j, j]] - 2.0 * solution.dot(&right) + solution.dot(&gram.dot(&solution));
        self.noise_variance[j] = variance.max(0.0);
        let unexplained = self.noise_variance[j] / freedom;
        for (a, &v) in factor.inverse_diagonal().iter().enumerate() {
            let i = varying[a];
            let weight = solution[a] / scale[a];
            let error = if freedom > 0.0 { (unexplained * v).sqrt() / scale[a] } else { f64::INFINITY };
            let t = if weight == 0.0 { 0.0 } else { weight / error };
            self.weights[[i, j]] = weight;
            self.standard_errors[[i, j]] = error;
            self.t_statistics[[i, j]] = t;
            self.p_values[[i, j]] = if freedom > 0.0 { two_sided_p(t, freedom) } else { 1.0 };
        }
    }

    /// The likelihoods of columns with the given numbers of rows (0 for a column that does not count).
    fn likelihood(&mut self, edges: usize, rows: &[f64], samples: f64) {
        let nats = |variance: f64| (2.0 * PI * variance).ln() + 1.0;
        let scored = || self.noise_variance.iter().zip(rows).filter(|(_, rows)| **rows > 0.0);
        let (count, total) = (scored().count(), rows.iter().sum::<f64>());
        let nv = scored().map(|(&v, rows)| rows * nats(v)).sum::<f64>();
        let common = scored().map(|(&v, rows)| rows * v).sum::<f64>() / total;
        self.log_likelihood_nv = -0.5 * nv;
        self.log_likelihood_ev = if count == 0 { 0.0 } else { -0.5 * total * nats(common) };
        let penalty = |variances: usize| samples.ln() * (edges + variances) as f64;
        self.bic_nv = -2.0 * self.log_likelihood_nv + penalty(count);
        self.bic_ev = -2.0 * self.log_likelihood_ev + penalty(1.min(count));
    }
}
