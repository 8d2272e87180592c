//! Multinomial logistic regression with penalties that are learned (section 5.4).

use crate::{Error, LowerLevel, Result, UpperLevel};
use core_tensor::linalg::{Accumulate, SymmetricEigen, gemm_into};
use core_tensor::{check_finite, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayView2};

/// Which weights share a penalty e^θ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Groups {
    /// All of them: d = 1.
    #[default]
    Scalar,
    /// Those of a class: d = C.
    Class,
    /// Those of a feature: d = p.
    Feature,
    /// None: d = p C.
    Entry,
}

/// `h = mean CE(A W, y) + ½ Σⱼ e^(θ_group(j)) Wⱼ²` over W (p × C, row-major), without intercept; g is the mean cross-entropy of validation rows.
#[derive(Debug, Clone)]
pub struct SoftmaxRegression {
    train: Rows,
    validation: Rows,
    classes: usize,
    groups: Groups,
    /// Shares of the classes at the last linearised point (n × C), and a product of that shape.
    shares: Array2<f64>,
    product: Array2<f64>,
}

#[derive(Debug, Clone)]
struct Rows {
    x: Array2<f64>,
    labels: Vec<usize>,
    /// λ_max(XᵀX)/n: half of it bounds the curvature of the cross-entropy.
    largest: f64,
}

impl Rows {
    fn new(name: &'static str, x: Array2<f64>, labels: Vec<usize>, classes: usize) -> Result<Self> {
        if x.is_empty() {
            return Err(core_tensor::Error::Empty { argument: name, expected: "row with a feature" }.into());
        }
        check_finite(name, &x)?;
        check_shape("labels", &Array1::from(labels.clone()), &[x.nrows()], "there is one per row")?;
        if let Some((row, &found)) = labels.iter().enumerate().find(|(_, label)| **label >= classes) {
            return Err(Error::Label { argument: name, found, row, classes });
        }
        // The smaller Gram matrix has the same largest eigenvalue.
        let gram = if x.ncols() <= x.nrows() { x.t().dot(&x) } else { x.dot(&x.t()) };
        let mut eigen = SymmetricEigen::new(gram.nrows());
        eigen.factorise(&gram)?;
        let largest = eigen.values()?.iter().fold(0.0_f64, |m, &v| m.max(v)) / x.nrows() as f64;
        Ok(Self { x, labels, largest })
    }

    /// Mean cross-entropy, with its gradient in the scores written over `scores` (n × C).
    fn loss_in_place(&self, scores: &mut Array2<f64>) -> f64 {
        let count = self.labels.len() as f64;
        let mut sum = 0.0;
        for (mut row, &label) in scores.outer_iter_mut().zip(&self.labels) {
            let own = row[label];
            let largest = row.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
            row.mapv_inplace(|v| (v - largest).exp());
            let total = row.sum();
            sum += largest + total.ln() - own;
            row.mapv_inplace(|v| v / (total * count));
            row[label] -= 1.0 / count;
        }
        sum / count
    }
}

impl SoftmaxRegression {
    /// Rows (n × p) with labels below `classes`, to train on and to validate on.
    ///
    /// # Errors
    /// No rows or features, other numbers of features or labels, labels out of range, fewer than two classes, entries that are not finite.
    pub fn new(
        (x, labels): (Array2<f64>, Vec<usize>),
        (x_validation, labels_validation): (Array2<f64>, Vec<usize>),
        classes: usize,
        groups: Groups,
    ) -> Result<Self> {
        core_tensor::check_range("classes", classes as f64, classes >= 2, "at least 2")?;
        let shape = [x_validation.nrows(), x.ncols()];
        check_shape("x_validation", &x_validation, &shape, "it has the features of `x`")?;
        let train = Rows::new("x", x, labels, classes)?;
        let validation = Rows::new("x_validation", x_validation, labels_validation, classes)?;
        let shares = Array2::zeros((train.labels.len(), classes));
        Ok(Self { product: shares.clone(), shares, train, validation, classes, groups })
    }

    /// The number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.train.x.ncols()
    }

    /// Scores (n × C) of rows for weights W (p C).
    ///
    /// # Errors
    /// Other numbers of features or weights.
    pub fn scores(&self, x: &ArrayRef2<f64>, weights: &ArrayRef1<f64>) -> Result<Array2<f64>> {
        let (p, classes) = (self.features(), self.classes);
        check_shape("x", x, &[x.nrows(), p], "the model was trained on that many features")?;
        check_shape("weights", weights, &[p * classes], "there is one per feature and class")?;
        let owned = weights.to_owned();
        Ok(x.dot(&matrix(&owned, p, classes)))
    }

    fn group(&self, j: usize) -> usize {
        match self.groups {
            Groups::Scalar => 0,
            Groups::Class => j % self.classes,
            Groups::Feature => j / self.classes,
            Groups::Entry => j,
        }
    }
}

/// A contiguous vector as a matrix.
fn matrix(w: &Array1<f64>, rows: usize, columns: usize) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((rows, columns), w.as_slice().unwrap_or(&[])).unwrap_or_else(|_| ArrayView2::from(&[[]; 0]))
}

impl LowerLevel for SoftmaxRegression {
    fn variables(&self) -> usize {
        self.features() * self.classes
    }

    fn hyperparameters(&self) -> usize {
        match self.groups {
            Groups::Scalar => 1,
            Groups::Class => self.classes,
            Groups::Feature => self.features(),
            Groups::Entry => self.variables(),
        }
    }

    fn value_and_gradient_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        gradient: &mut ArrayRef1<f64>,
    ) -> f64 {
        let mut penalty = 0.0;
        let loss = loss_and_gradient(&self.train, x, &mut self.product, gradient);
        for (j, (g, &w)) in gradient.iter_mut().zip(x).enumerate() {
            let weight = theta[self.group(j)].exp();
            penalty += 0.5 * weight * w * w;
            *g += weight * w;
        }
        loss + penalty
    }

    fn linearise(&mut self, x: &ArrayRef1<f64>, _theta: &ArrayRef1<f64>) {
        let owned = x.to_owned();
        let w = matrix(&owned, self.train.x.ncols(), self.classes);
        scores_into(&self.train.x, &w, &mut self.shares);
        for mut row in self.shares.outer_iter_mut() {
            let largest = row.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
            row.mapv_inplace(|v| (v - largest).exp());
            let total = row.sum();
            row.mapv_inplace(|v| v / total);
        }
    }

    fn hessian_vector_into(
        &mut self,
        _x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        v: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        let (owned, count) = (v.to_owned(), self.train.labels.len() as f64);
        let direction = matrix(&owned, self.train.x.ncols(), self.classes);
        scores_into(&self.train.x, &direction, &mut self.product);
        for (mut row, shares) in self.product.outer_iter_mut().zip(self.shares.outer_iter()) {
            let mean = row.dot(&shares);
            row.zip_mut_with(&shares, |d, s| *d = s * (*d - mean) / count);
        }
        pull_back(&self.train.x, &self.product, out);
        for (j, (o, v)) in out.iter_mut().zip(v).enumerate() {
            *o += theta[self.group(j)].exp() * v;
        }
    }

    fn cross_transposed_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        q: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        out.fill(0.0);
        for (j, (w, q)) in x.iter().zip(q).enumerate() {
            let group = self.group(j);
            out[group] += theta[group].exp() * w * q;
        }
    }

    fn cross_into(&mut self, x: &ArrayRef1<f64>, theta: &ArrayRef1<f64>, t: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
        for (j, (o, w)) in out.iter_mut().zip(x).enumerate() {
            let group = self.group(j);
            *o = theta[group].exp() * w * t[group];
        }
    }

    fn strong_convexity(&self, theta: &ArrayRef1<f64>) -> f64 {
        theta.fold(f64::INFINITY, |m, &t| m.min(t)).exp()
    }

    fn smoothness(&self, theta: &ArrayRef1<f64>) -> Option<f64> {
        Some(0.5 * self.train.largest + theta.fold(f64::NEG_INFINITY, |m, &t| m.max(t)).exp())
    }
}

impl UpperLevel for SoftmaxRegression {
    fn loss_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        let mut scores = Array2::zeros((self.validation.labels.len(), self.classes));
        loss_and_gradient(&self.validation, x, &mut scores, gradient)
    }

    fn loss_smoothness(&self) -> f64 {
        0.5 * self.validation.largest
    }

    fn loss_is_convex(&self) -> bool {
        true
    }
}

/// The products below have shapes that always fit; a refused one leaves zeros, which checks of the derivatives would see.
fn scores_into(x: &Array2<f64>, w: &ArrayView2<'_, f64>, out: &mut Array2<f64>) {
    if gemm_into(out, Accumulate::Replace, 1.0, x, w).is_err() {
        out.fill(0.0);
    }
}

/// Xᵀ S, as a vector.
fn pull_back(x: &Array2<f64>, scores: &Array2<f64>, out: &mut ArrayRef1<f64>) {
    let mut weights = Array2::zeros((x.ncols(), scores.ncols()));
    if gemm_into(&mut weights, Accumulate::Replace, 1.0, &x.t(), scores).is_ok() {
        out.iter_mut().zip(&weights).for_each(|(o, w)| *o = *w);
    }
}

fn loss_and_gradient(rows: &Rows, x: &ArrayRef1<f64>, scores: &mut Array2<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
    let owned = x.to_owned();
    scores_into(&rows.x, &matrix(&owned, rows.x.ncols(), scores.ncols()), scores);
    let loss = rows.loss_in_place(scores);
    pull_back(&rows.x, scores, gradient);
    loss
}
