//! Data in the form in which they are solved, and the way back.

use super::elastic_net::{Bounds, ElasticNet};
use super::unpenalised::Unpenalised;
use crate::design::Columns;
use crate::error::Result;
use crate::reduction::{Reduced, check_response, check_weights};
use core_optim::design::{CscMatrix, Dense, DesignMatrix, Standardised};
use core_optim::working_set::{Intercept, Options, SparseFit, SparsePenalty, WorkingSet, Workspace};
use core_tensor::linalg::{Accumulate, gemv_into};
use ndarray::{Array1, Array2, ArrayRef1, ShapeBuilder};
use std::ops::ControlFlow;

/// A design and a response, ready for any level.
///
/// Dense data are centred, weighted and scaled once, in a copy; sparse ones stay as they are, and centring, weights and
/// scales are implicit.
pub(crate) struct Prepared<'a> {
    pub(crate) matrix: Matrix<'a>,
    /// The response that goes with the matrix (n).
    pub(crate) y: Array1<f64>,
    /// What the sum of squares is divided by: n for dense data, W for sparse ones.
    pub(crate) total: f64,
    x_mean: Array1<f64>,
    y_mean: f64,
    /// What the columns were multiplied by (d); 0 for constant columns when there is an intercept.
    pub(crate) factors: Array1<f64>,
    /// ½ Σ sᵢ (yᵢ - ȳ)², the objective at w = 0 times `total`.
    pub(crate) null: f64,
    /// Penalty factors, 1 for columns that were projected out.
    pub(crate) penalty_factors: Option<Array1<f64>>,
    /// The columns that were projected out (dense data).
    pub(crate) unpenalised: Option<Unpenalised>,
    /// λ at and above which w = 0, where every column is penalised and that is known without solving anything.
    pub(crate) zero_level: Option<f64>,
}

pub(crate) enum Matrix<'a> {
    Dense(Array2<f64>),
    Sparse { x: &'a CscMatrix<f64>, weights: Option<Array1<f64>>, intercept: Intercept },
}

/// Squared deviations below this part of the squared column are rounding: the column is constant.
const CONSTANT: f64 = 1e-24;

/// Whether a column of n entries around `mean` with the given sum of squared deviations is constant up to rounding.
pub(super) fn is_constant(squares: f64, n: f64, mean: f64) -> bool {
    squares <= CONSTANT * n * mean * mean
}

impl<'a> Prepared<'a> {
    pub(super) fn new(config: &ElasticNet, x: Columns<'a>, y: &ArrayRef1<f64>) -> Result<Self> {
        let prepared = match x {
            Columns::Dense(x) => {
                let reduced = Reduced::new(&x, Some(y), config.sample_weights.as_deref(), config.intercept)?;
                Self::dense(config, reduced)?
            }
            Columns::Sparse(x) => Self::sparse(config, x, y)?,
        };
        prepared.with_zero_level(config)
    }

    fn with_zero_level(mut self, config: &ElasticNet) -> Result<Self> {
        let all_penalised = self.penalty_factors.as_ref().is_none_or(|p| p.iter().all(|&p| p > 0.0));
        if all_penalised && config.alpha > 0.0 && !matches!(config.bounds, Bounds::Between(..)) {
            self.zero_level = Some(self.pull_at_zero(config)? / (self.total * config.alpha));
        }
        Ok(self)
    }

    /// The largest |xⱼᵀy| / pⱼ, without the absolute value for coefficients ≥ 0.
    fn pull_at_zero(&self, config: &ElasticNet) -> Result<f64> {
        let (correlations, _) = self.gradient(&Array1::zeros(self.dim().1))?;
        let pull = |(j, &c): (usize, &f64)| {
            let p = self.penalty_factors.as_ref().map_or(1.0, |p| p[j]);
            if config.bounds == Bounds::Positive { c.max(0.0) / p } else { c.abs() / p }
        };
        Ok(correlations.iter().enumerate().map(pull).fold(0.0, f64::max))
    }

    fn dense(config: &ElasticNet, reduced: Reduced) -> Result<Self> {
        let Reduced { mut x, mut y, x_mean, y_mean, root_weights } = reduced;
        let n = x.nrows() as f64;
        let mut factors = Array1::ones(x.ncols());
        for ((mut column, factor), &mean) in x.columns_mut().into_iter().zip(&mut factors).zip(&x_mean) {
            let squares = column.dot(&column);
            if config.intercept && is_constant(squares, n, mean) {
                column.fill(0.0);
                *factor = 0.0;
            } else if config.standardise {
                // Without intercept the column is not centred yet.
                let variance = if config.intercept { squares / n } else { spread(&column, root_weights.as_ref()) };
                let scale = variance.sqrt();
                if scale > 0.0 && scale.recip().is_finite() {
                    *factor = scale.recip();
                    column.mapv_inplace(|v| v / scale);
                }
            }
        }
        let unpenalised = Unpenalised::project(config, &mut x, &mut y)?;
        let mut penalty_factors = config.penalty_factors.clone();
        if unpenalised.is_some() {
            penalty_factors = penalty_factors.map(|p| p.mapv(|p| if p == 0.0 { 1.0 } else { p }));
        }
        let null = 0.5 * y.dot(&y);
        Ok(Self {
            matrix: Matrix::Dense(x),
            y,
            total: n,
            x_mean,
            y_mean,
            factors,
            null,
            penalty_factors,
            unpenalised,
            zero_level: None,
        })
    }

    fn sparse(config: &ElasticNet, x: &'a CscMatrix<f64>, y: &ArrayRef1<f64>) -> Result<Self> {
        let (n, d) = (x.rows(), x.columns());
        check_response(y, n)?;
        let weights = config.sample_weights.clone();
        let total = weights.as_ref().map(|weights| check_weights(weights, n)).transpose()?.unwrap_or(n as f64);
        let weight = |i: usize| weights.as_ref().map_or(1.0, |weights| weights[i]);
        let (mut x_mean, mut factors) = (Array1::zeros(d), Array1::ones(d));
        for j in 0..d {
            let (rows, values) = x.column(j);
            let sum: f64 = rows.iter().zip(values).map(|(&i, &v)| weight(i) * v).sum();
            let mean = sum / total;
            let stored: f64 = rows.iter().map(|&i| weight(i)).sum();
            let near: f64 = rows.iter().zip(values).map(|(&i, &v)| weight(i) * (v - mean) * (v - mean)).sum();
            let variance = (near + (total - stored).max(0.0) * mean * mean) / total;
            if config.intercept {
                x_mean[j] = mean;
                if variance <= CONSTANT * mean * mean {
                    factors[j] = 0.0;
                    continue;
                }
            }
            let scale = variance.sqrt();
            if config.standardise && scale > 0.0 && scale.recip().is_finite() {
                factors[j] = scale.recip();
            }
        }
        let y_mean =
            if config.intercept { y.iter().enumerate().map(|(i, &y)| weight(i) * y).sum::<f64>() / total } else { 0.0 };
        let centred = y.mapv(|y| y - y_mean);
        let null = 0.5 * centred.iter().enumerate().map(|(i, &y)| weight(i) * y * y).sum::<f64>();
        let intercept = if config.intercept { Intercept::Free } else { Intercept::Absent };
        let matrix = Matrix::Sparse { x, weights, intercept };
        Ok(Self {
            matrix,
            y: centred,
            total,
            x_mean,
            y_mean,
            factors,
            null,
            penalty_factors: config.penalty_factors.clone(),
            unpenalised: None,
            zero_level: None,
        })
    }

    pub(crate) fn dim(&self) -> (usize, usize) {
        match &self.matrix {
            Matrix::Dense(x) => x.dim(),
            Matrix::Sparse { x, .. } => (x.rows(), x.columns()),
        }
    }

    /// Calls the solver on the design, whatever it is.
    fn with_design<R>(
        &self,
        task: impl FnOnce(&dyn DesignMatrix<f64>, Options<'_, f64>) -> core_optim::Result<R>,
    ) -> Result<R> {
        match &self.matrix {
            Matrix::Dense(x) => Ok(task(&Dense::new(x)?, Options::default())?),
            Matrix::Sparse { x, weights, intercept } => {
                let scaled = Standardised::new(*x, &self.x_mean, &self.factors)?;
                let mut options = Options::default().intercept(*intercept);
                if let Some(weights) = weights {
                    options = options.weights(weights);
                }
                Ok(task(&scaled, options)?)
            }
        }
    }

    /// The working-set solution for a penalty in the units of the sum of squares.
    pub(crate) fn solve(
        &self,
        solver: &WorkingSet<f64>,
        penalty: &SparsePenalty<f64>,
        start: Option<&Array1<f64>>,
    ) -> Result<SparseFit<f64>> {
        self.with_design(|x, options| {
            let options = match start {
                Some(start) => options.start(start),
                None => options,
            };
            solver.squared(x, &self.y, penalty, &options)
        })
    }

    /// The working-set solutions for pairs (λ₁, λ₂) in the units of the sum of squares, each from the one before; `each` may
    /// end the path.
    pub(crate) fn solve_levels(
        &self,
        solver: &WorkingSet<f64>,
        penalty: &SparsePenalty<f64>,
        levels: &[(f64, f64)],
        start: Option<&Array1<f64>>,
        each: &mut impl FnMut(SparseFit<f64>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.with_design(|x, options| {
            let options = match start {
                Some(start) => options.start(start),
                None => options,
            };
            solver.squared_levels(x, &self.y, penalty, levels, &options, &mut Workspace::new(), each)
        })
    }

    /// The residual at scaled coefficients `w` (d), without weights for sparse data (n).
    pub(crate) fn residual(&self, w: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        let n = self.dim().0;
        let mut residual = self.y.clone();
        match &self.matrix {
            Matrix::Dense(x) => {
                for (column, &w) in x.columns().into_iter().zip(w) {
                    if w != 0.0 {
                        residual.scaled_add(-w, &column);
                    }
                }
            }
            Matrix::Sparse { x, weights, intercept } => {
                let scaled = Standardised::new(*x, &self.x_mean, &self.factors)?;
                let mut fitted = Array1::zeros(n);
                scaled.apply_into(w, &mut fitted)?;
                residual -= &fitted;
                if *intercept == Intercept::Free {
                    let weighted = weights.as_ref().map_or_else(|| residual.sum(), |weights| residual.dot(weights));
                    let mean = weighted / self.total;
                    residual.mapv_inplace(|r| r - mean);
                }
            }
        }
        Ok(residual)
    }

    /// xⱼᵀ(s ∘ r) for the [`residual`](Self::residual) at scaled coefficients `w` (d), and that residual.
    pub(crate) fn gradient(&self, w: &ArrayRef1<f64>) -> Result<(Array1<f64>, Array1<f64>)> {
        let residual = self.residual(w)?;
        let mut out = Array1::zeros(self.dim().1);
        match &self.matrix {
            Matrix::Dense(x) => gemv_into(&mut out, Accumulate::Replace, 1.0, &x.t(), &residual)?,
            Matrix::Sparse { x, weights, .. } => {
                let scaled = Standardised::new(*x, &self.x_mean, &self.factors)?;
                match weights {
                    Some(weights) => scaled.apply_transposed_into(&(&residual * weights), &mut out)?,
                    None => scaled.apply_transposed_into(&residual, &mut out)?,
                }
            }
        }
        Ok((out, residual))
    }

    /// Σ sᵢ rᵢ² times n / W, for the criteria.
    pub(crate) fn rss(&self, residual: &ArrayRef1<f64>) -> f64 {
        let n = self.dim().0 as f64;
        match &self.matrix {
            Matrix::Dense(_) => residual.dot(residual),
            Matrix::Sparse { weights: None, .. } => residual.dot(residual),
            Matrix::Sparse { weights: Some(weights), .. } => {
                residual.iter().zip(weights).map(|(r, s)| s * r * r).sum::<f64>() * n / self.total
            }
        }
    }

    /// The smallest λ without penalised coefficients.
    pub(crate) fn lambda_max(&self, config: &ElasticNet) -> Result<f64> {
        if let Some(level) = self.zero_level {
            return Ok(level);
        }
        let alpha = if config.alpha == 0.0 { 1e-3 } else { config.alpha };
        let all_penalised = self.penalty_factors.as_ref().is_none_or(|p| p.iter().all(|&p| p > 0.0));
        let largest = if all_penalised && !matches!(config.bounds, Bounds::Between(..)) {
            self.pull_at_zero(config)?
        } else {
            let penalty = config.penalty(&self.factors, self.penalty_factors.as_ref())?;
            let solver = config.solver().tolerance(1e-14);
            self.with_design(|x, options| solver.squared_largest_level(x, &self.y, &penalty, &options))?
        };
        Ok(largest / (self.total * alpha))
    }

    /// Coefficients and intercept on the scale of the data, for scaled coefficients of the penalised columns.
    pub(crate) fn coefficients(&self, w: &ArrayRef1<f64>) -> Result<(Array1<f64>, f64)> {
        let all = match &self.unpenalised {
            Some(unpenalised) => unpenalised.complete(w)?,
            None => w.to_owned(),
        };
        let coefficients = all * &self.factors;
        let intercept = self.y_mean - self.x_mean.dot(&coefficients);
        Ok((coefficients, intercept))
    }

    /// Columns of a sparse design as they enter the sums of squares: centred, scaled, times √weights.
    pub(crate) fn dense_columns(&self, x: &CscMatrix<f64>, columns: &[usize]) -> Array2<f64> {
        let weights = match &self.matrix {
            Matrix::Sparse { weights, .. } => weights.as_ref(),
            Matrix::Dense(_) => None,
        };
        let mut out = Array2::zeros((x.rows(), columns.len()).f());
        for (mut column, &j) in out.columns_mut().into_iter().zip(columns) {
            column.fill(-self.x_mean[j]);
            let (rows, values) = x.column(j);
            rows.iter().zip(values).for_each(|(&i, &v)| column[i] += v);
            let factor = self.factors[j];
            column.iter_mut().enumerate().for_each(|(i, v)| *v *= factor * weights.map_or(1.0, |s| s[i].sqrt()));
        }
        out
    }
}

/// Weighted variance of a column that was multiplied by the root weights but not centred.
fn spread(column: &ArrayRef1<f64>, root_weights: Option<&Array1<f64>>) -> f64 {
    let n = column.len() as f64;
    match root_weights {
        None => {
            let mean = column.sum() / n;
            column.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n
        }
        Some(root) => {
            let mean = column.iter().zip(root).map(|(v, r)| v * r).sum::<f64>() / n;
            column.iter().zip(root).map(|(v, r)| (v - r * mean) * (v - r * mean)).sum::<f64>() / n
        }
    }
}
