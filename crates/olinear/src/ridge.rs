//! The closed-form forecaster.

use crate::basis::OrthoBasis;
use crate::forecaster::Forecaster;
use crate::missing::interpolate;
use crate::moments::{Centre, CentredMoments, WindowMoments, fill};
use crate::split::Parts;
use crate::{Error, Result};
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::{Error as ArgumentError, check_range, check_shape};
use ndarray::{Array1, Array2, Array3, ArrayRef2, ArrayRef3, Axis, Slice};

/// How penalties are chosen from the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PenaltySelection {
    /// One for each component of the output basis, by its own validation error: what the change of coordinates is good for.
    #[default]
    PerComponent,
    /// One for all, by the validation error.
    Uniform,
    /// One for each component, by generalised cross-validation on the training moments alone.
    GeneralisedCrossValidation,
}

/// Closed-form ridge regression from look-back to horizons in a transformed domain, shared by all channels, from second moments
/// alone: no window is ever formed, and all horizons are fitted at once (see `docs/olinear.md`).
///
/// `forecast = Wᵀ (x - centre(x)) + centre(x)`. Coordinates are the eigenvectors of the second moments of inputs and of targets.
///
/// ```
/// use olinear::{MomentRidge, Scaler, Split, evaluate};
///
/// let series = datasets::etth1().values;
/// let parts = Split::EttHour.parts(series.nrows(), 96)?;
/// let train = series.slice_axis(ndarray::Axis(0), parts.train.clone().into());
/// let scaled = Scaler::fit(&train)?.transform(&series)?;
/// let fit = MomentRidge::new(96, &[96, 192]).fit(&scaled, &parts)?;
/// let metrics = evaluate(fit.horizon(96)?, &scaled, &parts.test)?;
/// assert!((metrics.mse - 0.382).abs() < 5e-4 && (metrics.mae - 0.392).abs() < 5e-4);
/// # Ok::<(), olinear::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MomentRidge {
    /// Look-back T.
    pub look_back: usize,
    /// Horizons.
    pub horizons: Vec<usize>,
    /// What is taken off each window. Default: its mean.
    pub centre: Centre,
    /// Grid of penalties λ. Default 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10.
    pub penalties: Vec<f64>,
    /// How one is chosen. Default per component.
    pub selection: PenaltySelection,
    /// How many leading components of the input are used; `None` for all. Default `None`.
    pub rank: Option<usize>,
}

impl MomentRidge {
    /// For windows of `look_back` steps and any number of horizons.
    pub fn new(look_back: usize, horizons: &[usize]) -> Self {
        Self {
            look_back,
            horizons: horizons.to_vec(),
            centre: Centre::Mean,
            penalties: vec![1e-5, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0],
            selection: PenaltySelection::default(),
            rank: None,
        }
    }

    /// Fits on the training rows of a standardised series (n × N, NaN where missing), choosing penalties on its validation rows.
    /// Gaps are bridged by straight lines, here and in the windows that are forecast from.
    ///
    /// # Errors
    /// No or bad horizons or penalties, parts too short for a window (say which), infinite entries.
    pub fn fit(&self, series: &ArrayRef2<f64>, parts: &Parts) -> Result<RidgeFit> {
        self.check()?;
        let longest = self.horizons.iter().max().copied().unwrap_or(1);
        let rows = |name: &'static str, part: &std::ops::Range<usize>| {
            if part.end > series.nrows() {
                return Err(Error::TooShort { part: name, rows: series.nrows(), needed: part.end });
            }
            Parts::some_windows(name, part, self.look_back, longest)?;
            Ok(series.slice_axis(Axis(0), Slice::from(part.clone())))
        };
        let train = self.moments(&rows("training", &parts.train)?)?;
        let validation = if self.selection == PenaltySelection::GeneralisedCrossValidation {
            Vec::new()
        } else {
            self.moments(&rows("validation", &parts.validation)?)?
        };
        let fits = train.iter().enumerate().map(|(i, train)| self.fit_moments(train, validation.get(i)));
        Ok(RidgeFit { maps: fits.collect::<Result<_>>()? })
    }

    /// Moments for each horizon, of the series with straight lines across its gaps. Channels without any value are left out.
    fn moments(&self, rows: &ArrayRef2<f64>) -> Result<Vec<CentredMoments>> {
        let steps: Vec<usize> = self.horizons.iter().map(|h| h + self.look_back).collect();
        let all = if rows.iter().any(|v| v.is_nan()) {
            let seen: Vec<usize> = (0..rows.ncols()).filter(|&c| rows.column(c).iter().any(|v| !v.is_nan())).collect();
            let mut filled = rows.select(Axis(1), &seen);
            for mut column in filled.axis_iter_mut(Axis(1)) {
                let mut values = column.to_vec();
                interpolate(&mut values);
                column.iter_mut().zip(values).for_each(|(out, v)| *out = v);
            }
            WindowMoments::of_many(&filled, &steps)?
        } else {
            WindowMoments::of_many(rows, &steps)?
        };
        all.iter().map(|moments| moments.centred(self.look_back, self.centre)).collect()
    }

    fn check(&self) -> Result<()> {
        check_range("look_back", self.look_back as f64, self.look_back >= 1, ">= 1")?;
        if self.horizons.is_empty() {
            return Err(ArgumentError::Empty { argument: "horizons", expected: "horizon" }.into());
        }
        for &horizon in &self.horizons {
            check_range("horizons", horizon as f64, (1..=1 << 20).contains(&horizon), ">= 1 and at most 2^20")?;
        }
        if self.penalties.is_empty() {
            return Err(ArgumentError::Empty { argument: "penalties", expected: "penalty" }.into());
        }
        for &lambda in &self.penalties {
            check_range("penalties", lambda, lambda > 0.0 && lambda.is_finite(), "finite and > 0")?;
        }
        if let Some(rank) = self.rank {
            check_range("rank", rank as f64, rank >= 1, ">= 1")?;
        }
        Ok(())
    }

    /// Fits one horizon from moments of training and validation windows. Without validation moments penalties are chosen by
    /// generalised cross-validation.
    ///
    /// # Errors
    /// Bad penalties, moments of different shapes or not finite.
    pub fn fit_moments(&self, train: &CentredMoments, validation: Option<&CentredMoments>) -> Result<RidgeMap> {
        self.check()?;
        if let Some(validation) = validation {
            let reason = "both parts have windows of the same form";
            check_shape("validation", &validation.cross, train.cross.shape(), reason)?;
        }
        let (t, h) = train.cross.dim();
        // Rows are eigenvectors.
        let inputs = OrthoBasis::of_symmetric(&train.gram)?;
        let outputs = OrthoBasis::of_symmetric(&train.target)?;
        let (v, q) = (inputs.matrix(), outputs.matrix());
        let rank = self.rank.unwrap_or(t).min(t);
        // Rounding, and pairwise moments, leave eigenvalues at or below 0. What seems to go with them is error.
        let g: Array1<f64> = inputs.eigenvalues().mapv(|g| g.max(0.0));
        let least = 1e-14 * g.iter().fold(0.0_f64, |m, &g| m.max(g));
        let mut c = sandwich(v, &train.cross, q)?;
        for (mut row, &g) in c.outer_iter_mut().zip(&g) {
            if g <= least {
                row.fill(0.0);
            }
        }
        let coordinates = |lambda: f64| {
            Array2::from_shape_fn((t, h), |(i, j)| if i < rank { c[[i, j]] / (g[i] + lambda) } else { 0.0 })
        };
        let errors: Vec<Array1<f64>> = match validation {
            Some(validation) => {
                let gram = sandwich(v, &validation.gram, v)?;
                let cross = sandwich(v, &validation.cross, q)?;
                let target = diagonal(q, &validation.target)?;
                let errors = |lambda: &f64| {
                    let w = coordinates(*lambda);
                    let mut gw = Array2::zeros((t, h));
                    gemm_into(&mut gw, Accumulate::Replace, 1.0, &gram, &w)?;
                    Ok(Array1::from_shape_fn(h, |j| {
                        let w = w.column(j);
                        target[j] - 2.0 * w.dot(&cross.column(j)) + w.dot(&gw.column(j))
                    }))
                };
                self.penalties.iter().map(errors).collect::<Result<_>>()?
            }
            None => {
                let target = outputs.eigenvalues();
                let errors = |lambda: &f64| {
                    let w = coordinates(*lambda);
                    let degrees: f64 = g.iter().take(rank).map(|g| g / (g + lambda)).sum();
                    let shrink = (1.0 - degrees / train.windows).max(f64::EPSILON).powi(2);
                    Array1::from_shape_fn(h, |j| {
                        let w = w.column(j);
                        let fitted: f64 = w.iter().zip(&g).map(|(w, g)| g * w * w).sum();
                        (target[j] - 2.0 * w.dot(&c.column(j)) + fitted) / shrink
                    })
                };
                self.penalties.iter().map(errors).collect()
            }
        };
        let best = |error: &dyn Fn(usize) -> f64| {
            (0..self.penalties.len()).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap_or(0)
        };
        let means: Vec<f64> = errors.iter().map(|e| e.sum() / h as f64).collect();
        let chosen: Vec<usize> = match self.selection {
            PenaltySelection::Uniform => vec![best(&|k| means[k]); h],
            _ => (0..h).map(|j| best(&|k| errors[k][j])).collect(),
        };
        let w =
            Array2::from_shape_fn(
                (t, h),
                |(i, j)| {
                    if i < rank { c[[i, j]] / (g[i] + self.penalties[chosen[j]]) } else { 0.0 }
                },
            );
        let mut map = Array2::zeros((t, h));
        let mut half = Array2::zeros((t, h));
        gemm_into(&mut half, Accumulate::Replace, 1.0, &w, q)?;
        gemm_into(&mut map, Accumulate::Replace, 1.0, &v.t(), &half)?;
        Ok(RidgeMap {
            map,
            centre: self.centre,
            penalties: chosen.iter().map(|&k| self.penalties[k]).collect(),
            validation_errors: means,
            outputs,
        })
    }
}

/// `A M Bᵀ`.
fn sandwich(a: &Array2<f64>, m: &Array2<f64>, b: &Array2<f64>) -> Result<Array2<f64>> {
    let mut half = Array2::zeros((a.nrows(), m.ncols()));
    gemm_into(&mut half, Accumulate::Replace, 1.0, a, m)?;
    let mut out = Array2::zeros((a.nrows(), b.nrows()));
    gemm_into(&mut out, Accumulate::Replace, 1.0, &half, &b.t())?;
    Ok(out)
}

/// Diagonal of `A M Aᵀ`.
fn diagonal(a: &Array2<f64>, m: &Array2<f64>) -> Result<Array1<f64>> {
    let mut half = Array2::zeros((a.nrows(), m.ncols()));
    gemm_into(&mut half, Accumulate::Replace, 1.0, a, m)?;
    Ok(half.outer_iter().zip(a.outer_iter()).map(|(x, y)| x.dot(&y)).collect())
}

/// A ridge forecaster for each horizon.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RidgeFit {
    /// One map per horizon, in the order asked for.
    pub maps: Vec<RidgeMap>,
}

impl RidgeFit {
    /// The forecaster of one horizon.
    ///
    /// # Errors
    /// A horizon that was not fitted.
    pub fn horizon(&self, horizon: usize) -> Result<&RidgeMap> {
        self.maps.iter().find(|m| m.map.ncols() == horizon).ok_or_else(|| Error::NotFitted {
            what: "no map of that horizon was fitted",
            held: self.maps.iter().map(|m| m.map.ncols().to_string()).collect::<Vec<_>>().join(", "),
        })
    }
}

/// A linear forecaster from moments.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RidgeMap {
    /// W (T × H): entry (t, h) is what a unit at step t of the centred window adds to step h of the forecast.
    pub map: Array2<f64>,
    /// What is taken off a window, and added to its forecast.
    pub centre: Centre,
    /// The penalty chosen for each component of the output basis (H).
    pub penalties: Vec<f64>,
    /// Mean validation error (or cross-validation score) for each penalty of the grid.
    pub validation_errors: Vec<f64>,
    /// The output basis: eigenvectors of the second moments of targets.
    pub outputs: OrthoBasis,
}

impl Forecaster for RidgeMap {
    fn look_back(&self) -> usize {
        self.map.nrows()
    }

    fn horizon(&self) -> usize {
        self.map.ncols()
    }

    fn forecast_windows(&self, windows: &ArrayRef3<f64>) -> Result<Array3<f64>> {
        let (batch, steps, channels) = windows.dim();
        let horizon = self.horizon();
        check_shape("windows", windows, &[batch, self.look_back(), channels], "the map looks back that many steps")?;
        crate::scaler::check_no_infinity("windows", windows)?;
        let mut rows = Array2::zeros((batch * channels, steps));
        let mut centres = vec![0.0; batch * channels];
        for (row, (mut out, centre)) in rows.outer_iter_mut().zip(&mut centres).enumerate() {
            let (b, n) = (row / channels, row % channels);
            let mut window: Vec<f64> = (0..steps).map(|t| windows[[b, t, n]]).collect();
            // With nothing observed the forecast is 0, the mean of the training rows.
            if let Some(middle) = fill(&mut window, self.centre) {
                *centre = middle;
                out.iter_mut().zip(&window).for_each(|(out, v)| *out = v - middle);
            }
        }
        let mut found = Array2::zeros((batch * channels, horizon));
        gemm_into(&mut found, Accumulate::Replace, 1.0, &rows, &self.map)?;
        Ok(Array3::from_shape_fn((batch, horizon, channels), |(b, t, n)| {
            let row = b * channels + n;
            found[[row, t]] + centres[row]
        }))
    }
}
