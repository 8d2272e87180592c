//! Cross-validation of each family of models.

use super::curve::{CvCurve, Rule, cross_validate, fold_error};
use super::folds::{Fold, Folds};
use super::progress::{Count, SelectionProgress};
use crate::design::{Columns, OwnedColumns, select};
use crate::error::Result;
use crate::lasso::check_levels;
use crate::reduction::{Reduced, check_response};
use crate::{BestSubset, Design, ElasticNet, LinearFit, Path, RelaxedFit, RelaxedLasso, Rsp, RspLevel, RspPath};
use crate::{SubsetModel, SubsetPath};
use core_optim::{Observer, Unobserved};
use ndarray::{Array1, ArrayRef1};

/// A cross-validated path: the curve of errors, and the path on all rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Validated<P> {
    /// Errors by level or size.
    pub curve: CvCurve,
    /// The fits on all rows, one per candidate of the curve.
    pub path: P,
}

impl Validated<Path> {
    /// The fit on all rows that a rule takes.
    pub fn chosen(&self, rule: Rule) -> Option<&LinearFit> {
        self.path.fits.get(self.curve.chosen(rule))
    }
}

impl Validated<RspPath> {
    /// The fit on all rows that a rule takes.
    pub fn chosen(&self, rule: Rule) -> Option<&RspLevel> {
        self.path.levels.get(self.curve.chosen(rule))
    }
}

impl Validated<SubsetPath> {
    /// The model on all rows that a rule takes.
    pub fn chosen(&self, rule: Rule) -> Option<&SubsetModel> {
        self.path.models.get(self.curve.chosen(rule))
    }
}

impl Validated<Vec<RelaxedFit>> {
    /// The fit on all rows that a rule takes.
    pub fn chosen(&self, rule: Rule) -> Option<&RelaxedFit> {
        self.path.get(self.curve.chosen(rule))
    }
}

/// The rows of one fold.
struct Split {
    train: OwnedColumns,
    y: Array1<f64>,
    test: OwnedColumns,
}

fn split(x: Columns<'_>, y: &ArrayRef1<f64>, fold: &Fold) -> Result<Split> {
    Ok(Split { train: x.rows(&fold.train)?, y: select(y, &fold.train), test: x.rows(&fold.test)? })
}

fn check(x: Columns<'_>, y: &ArrayRef1<f64>, folds: &Folds, weights: Option<&Array1<f64>>) -> Result<()> {
    x.check()?;
    check_response(y, x.dim().0)?;
    if let Some(weights) = weights {
        crate::reduction::check_weights(weights, x.dim().0)?;
    }
    folds.check(x.dim().0, weights.map(|w| &**w))
}

impl ElasticNet {
    /// Cross-validates the grid of [`fit_path`](Self::fit_path). The grid is that of all rows; each fold centres and standardises on its training
    /// rows only. Early ends of the path do not apply.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); folds that do not fit the data.
    pub fn cross_validate(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
    ) -> Result<Validated<Path>> {
        self.cross_validate_counted(x.as_columns(), y, folds, &mut Count::unobserved())
    }

    /// [`cross_validate`](Self::cross_validate) under the eyes of an observer, which sees the folds pass and may stop between them.
    ///
    /// # Errors
    /// The same; [`Error::Stopped`](crate::Error::Stopped) when the observer ended it: a curve over some of the folds is none.
    pub fn cross_validate_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
        observer: &mut dyn Observer<SelectionProgress>,
    ) -> Result<Validated<Path>> {
        self.cross_validate_counted(x.as_columns(), y, folds, &mut Count::observed(observer, folds.len() + 1))
    }

    pub(super) fn cross_validate_counted(
        &self,
        x: Columns<'_>,
        y: &ArrayRef1<f64>,
        folds: &Folds,
        count: &mut Count<'_>,
    ) -> Result<Validated<Path>> {
        let grid = self.grid(&self.prepare(x, y)?)?;
        self.validate_levels(x, y, &grid, folds, count)
    }

    /// Cross-validates the given levels, best in decreasing order.
    ///
    /// # Errors
    /// As [`cross_validate`](Self::cross_validate); levels that are negative or not finite.
    pub fn cross_validate_levels(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        lambdas: &ArrayRef1<f64>,
        folds: &Folds,
    ) -> Result<Validated<Path>> {
        check_levels(lambdas)?;
        self.validate_levels(x.as_columns(), y, lambdas, folds, &mut Count::unobserved())
    }

    /// [`cross_validate_levels`](Self::cross_validate_levels) under the eyes of an observer, which sees the folds pass and may stop between them.
    ///
    /// # Errors
    /// The same; [`Error::Stopped`](crate::Error::Stopped) when the observer ended it: a curve over some of the folds is none.
    pub fn cross_validate_levels_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        lambdas: &ArrayRef1<f64>,
        folds: &Folds,
        observer: &mut dyn Observer<SelectionProgress>,
    ) -> Result<Validated<Path>> {
        check_levels(lambdas)?;
        self.validate_levels(x.as_columns(), y, lambdas, folds, &mut Count::observed(observer, folds.len() + 1))
    }

    fn validate_levels(
        &self,
        x: Columns<'_>,
        y: &ArrayRef1<f64>,
        lambdas: &ArrayRef1<f64>,
        folds: &Folds,
        count: &mut Count<'_>,
    ) -> Result<Validated<Path>> {
        check(x, y, folds, self.sample_weights.as_ref())?;
        let whole = self.complete();
        let weights = self.sample_weights.as_deref();
        let curve = cross_validate(lambdas.to_owned(), folds, weights, count, |fold| {
            let (path, test) = whole.fold_path(x, y, lambdas, fold)?;
            path.fits
                .iter()
                .map(|fit| {
                    let fitted = test.borrow().predict(&fit.coefficients, fit.intercept)?;
                    Ok(fold_error(y, &fold.test, &fitted, weights))
                })
                .collect()
        })?;
        let path = whole.walk(&whole.prepare(x, y)?, lambdas)?;
        count.add(1);
        Ok(Validated { curve, path })
    }

    /// The path on the training rows of a fold, and its test rows.
    fn fold_path(
        &self,
        x: Columns<'_>,
        y: &ArrayRef1<f64>,
        lambdas: &ArrayRef1<f64>,
        fold: &Fold,
    ) -> Result<(Path, OwnedColumns)> {
        let Split { train, y, test } = split(x, y, fold)?;
        let config = self.on_rows(&fold.train);
        let path = config.walk(&config.prepare(train.borrow(), &y)?, lambdas)?;
        Ok((path, test))
    }

    /// Without early ends.
    fn complete(&self) -> Self {
        Self { explained: None, largest_support: None, ..self.clone() }
    }

    /// With the sample weights of some rows.
    pub(crate) fn on_rows(&self, rows: &[usize]) -> Self {
        Self { sample_weights: self.sample_weights.as_ref().map(|s| select(s, rows)), ..self.clone() }
    }
}

impl RelaxedLasso {
    /// Cross-validates the relaxed path on the Lasso's grid.
    ///
    /// # Errors
    /// As [`ElasticNet::cross_validate`]; φ outside [0, 1].
    pub fn cross_validate(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
    ) -> Result<Validated<Vec<RelaxedFit>>> {
        self.cross_validate_counted(x.as_columns(), y, folds, &mut Count::unobserved())
    }

    /// [`cross_validate`](Self::cross_validate) under the eyes of an observer, which sees the folds pass and may stop between them.
    ///
    /// # Errors
    /// The same; [`Error::Stopped`](crate::Error::Stopped) when the observer ended it: a curve over some of the folds is none.
    pub fn cross_validate_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
        observer: &mut dyn Observer<SelectionProgress>,
    ) -> Result<Validated<Vec<RelaxedFit>>> {
        self.cross_validate_counted(x.as_columns(), y, folds, &mut Count::observed(observer, folds.len() + 1))
    }

    pub(super) fn cross_validate_counted(
        &self,
        columns: Columns<'_>,
        y: &ArrayRef1<f64>,
        folds: &Folds,
        count: &mut Count<'_>,
    ) -> Result<Validated<Vec<RelaxedFit>>> {
        let grid = self.lasso.grid(&self.lasso.prepare(columns, y)?)?;
        check(columns, y, folds, self.lasso.sample_weights.as_ref())?;
        let lasso = self.lasso.complete();
        let weights = self.lasso.sample_weights.as_deref();
        let curve = cross_validate(grid.clone(), folds, weights, count, |fold| {
            let (path, test) = lasso.fold_path(columns, y, &grid, fold)?;
            let relaxed = Self { lasso: lasso.on_rows(&fold.train), phi: self.phi };
            let train = columns.rows(&fold.train)?;
            let fits = relaxed.relax(train.borrow(), &select(y, &fold.train), &path)?;
            fits.iter()
                .map(|fit| {
                    let fitted = test.borrow().predict(&fit.coefficients, fit.intercept)?;
                    Ok(fold_error(y, &fold.test, &fitted, weights))
                })
                .collect()
        })?;
        let path = lasso.walk(&lasso.prepare(columns, y)?, &grid)?;
        let path = Self { lasso, phi: self.phi }.relax(columns, y, &path)?;
        count.add(1);
        Ok(Validated { curve, path })
    }
}

impl Rsp {
    /// Cross-validates the grid of [`fit_path`](Self::fit_path). The span's columns are drawn once, from all rows (which uses no response); the
    /// span itself is made anew from the training rows of each fold.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); folds that do not fit the data.
    pub fn cross_validate(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
    ) -> Result<Validated<RspPath>> {
        self.cross_validate_counted(x.as_columns(), y, folds, &mut Count::unobserved())
    }

    /// [`cross_validate`](Self::cross_validate) under the eyes of an observer, which sees the folds pass and may stop between them.
    ///
    /// # Errors
    /// The same; [`Error::Stopped`](crate::Error::Stopped) when the observer ended it: a curve over some of the folds is none.
    pub fn cross_validate_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
        observer: &mut dyn Observer<SelectionProgress>,
    ) -> Result<Validated<RspPath>> {
        self.cross_validate_counted(x.as_columns(), y, folds, &mut Count::observed(observer, folds.len() + 1))
    }

    pub(super) fn cross_validate_counted(
        &self,
        columns: Columns<'_>,
        y: &ArrayRef1<f64>,
        folds: &Folds,
        count: &mut Count<'_>,
    ) -> Result<Validated<RspPath>> {
        check(columns, y, folds, self.sample_weights.as_ref())?;
        let reduced = self.reduce(columns, y)?;
        let span = self.preconditioner.span(&reduced.x)?;
        let grid = self.grid(&span, &reduced)?;
        let weights = self.sample_weights.as_deref();
        let curve = cross_validate(grid.clone(), folds, weights, count, |fold| {
            let Split { train, y: y_train, test } = split(columns, y, fold)?;
            let config = Self { sample_weights: weights.map(|s| select(s, &fold.train)), ..self.clone() };
            let reduced: Reduced = config.reduce(train.borrow(), &y_train)?;
            let levels = config.walk(&span.on(&reduced.x)?, &reduced, &grid)?;
            let test = test.borrow().to_dense();
            levels.iter().map(|level| Ok(fold_error(y, &fold.test, &level.predict_via_span(&test)?, weights))).collect()
        })?;
        let levels = self.walk(&span, &reduced, &grid)?;
        count.add(1);
        Ok(Validated { curve, path: RspPath { span, levels } })
    }
}

impl BestSubset {
    /// Cross-validates the sizes.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); folds that do not fit the data, or whose training rows are fewer than a size.
    pub fn cross_validate(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
    ) -> Result<Validated<SubsetPath>> {
        self.cross_validate_counted(x.as_columns(), y, folds, &mut Count::unobserved())
    }

    /// [`cross_validate`](Self::cross_validate) under the eyes of an observer, which sees the folds pass and may stop between them.
    ///
    /// # Errors
    /// The same; [`Error::Stopped`](crate::Error::Stopped) when the observer ended it: a curve over some of the folds is none.
    pub fn cross_validate_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
        observer: &mut dyn Observer<SelectionProgress>,
    ) -> Result<Validated<SubsetPath>> {
        self.cross_validate_counted(x.as_columns(), y, folds, &mut Count::observed(observer, folds.len() + 1))
    }

    pub(super) fn cross_validate_counted(
        &self,
        columns: Columns<'_>,
        y: &ArrayRef1<f64>,
        folds: &Folds,
        count: &mut Count<'_>,
    ) -> Result<Validated<SubsetPath>> {
        check(columns, y, folds, self.weights())?;
        let path = self.fit_columns(columns, y, &mut Unobserved)?;
        count.add(1);
        count.check()?;
        let sizes: Vec<usize> = path.models.iter().map(|model| model.support.len()).collect();
        let weights = self.weights().map(|s| &**s);
        let parameters = sizes.iter().map(|&size| size as f64).collect();
        let config = self.clone().sizes(sizes);
        let curve = cross_validate(parameters, folds, weights, count, |fold| {
            let Split { train, y: y_train, test } = split(columns, y, fold)?;
            let path = config.on_rows(&fold.train).fit_columns(train.borrow(), &y_train, &mut Unobserved)?;
            path.models
                .iter()
                .map(|model| {
                    let fitted = test.borrow().predict(&model.coefficients, model.intercept)?;
                    Ok(fold_error(y, &fold.test, &fitted, weights))
                })
                .collect()
        })?;
        Ok(Validated { curve, path })
    }
}
