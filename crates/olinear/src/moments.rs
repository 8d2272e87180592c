//! Second moments of windows, without windows.

use crate::lag_products::{dot, lag_squares, squares_from};
use crate::missing::interpolate;
use crate::parallel::map;
use crate::scaler::check_no_infinity;
use crate::{Error, Result};
use core_tensor::linalg::{Accumulate, Llt, gemm_into};
use core_tensor::{Error as ArgumentError, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, Slice};

/// What is taken off a window before a linear map acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Centre {
    /// The mean of the window.
    #[default]
    Mean,
    /// The last value of the window.
    Last,
}

/// Second moments `E[w wᵀ]` of window vectors w of K steps, pooled over windows and channels (see `docs/olinear.md`).
///
/// Made from a series in O(N (n K + K²)), or fed row by row.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WindowMoments {
    sums: Array2<f64>,
    counts: Counts,
    /// Last K rows, for streaming.
    recent: Vec<Vec<f64>>,
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Counts {
    /// All windows were complete: one number.
    Windows(f64),
    /// Pairs of observed steps.
    Pairs(Array2<f64>),
}

impl WindowMoments {
    /// Moments of windows of `steps` rows, with nothing in them: to be fed.
    ///
    /// # Errors
    /// `steps` = 0.
    pub fn empty(steps: usize) -> Result<Self> {
        check_range("steps", steps as f64, steps >= 1, ">= 1")?;
        Ok(Self { sums: Array2::zeros((steps, steps)), counts: Counts::Windows(0.0), recent: Vec::new() })
    }

    /// Of all windows of `steps` rows of `series` (n × N). With missing entries (NaN) each moment is the mean over the windows
    /// in which both steps were observed: on a series with a trend the sampling errors, which differ from pair to pair, can be
    /// larger than what is left once a centre is taken off, so fill gaps there.
    ///
    /// # Errors
    /// Infinite entries, no channel, fewer rows than a window.
    pub fn of(series: &ArrayRef2<f64>, steps: usize) -> Result<Self> {
        Ok(Self::of_many(series, &[steps])?.remove(0))
    }

    /// [`WindowMoments::of`] for several lengths at once, at little more than the price of the longest.
    ///
    /// # Errors
    /// Those of [`WindowMoments::of`]; no length.
    pub fn of_many(series: &ArrayRef2<f64>, steps: &[usize]) -> Result<Vec<Self>> {
        let Some(&longest) = steps.iter().max() else {
            return Err(ArgumentError::Empty { argument: "steps", expected: "length" }.into());
        };
        for &steps in steps {
            check_range("steps", steps as f64, steps >= 1, ">= 1")?;
        }
        if series.ncols() == 0 {
            return Err(ArgumentError::Empty { argument: "series", expected: "column" }.into());
        }
        if series.nrows() < longest {
            return Err(Error::TooShort { part: "whole series'", rows: series.nrows(), needed: longest });
        }
        check_no_infinity("series", series)?;
        let gaps = series.iter().any(|v| v.is_nan());
        let channels: Vec<usize> = (0..series.ncols()).collect();
        let mut found: Vec<Self> = steps.iter().map(|&s| Self::empty(s)).collect::<Result<_>>()?;
        for block in channels.chunks(8) {
            for (columns, masks) in map(block, |c| channel(series, c, steps, longest, gaps)) {
                for (moments, (sums, counts)) in found.iter_mut().zip(columns.into_iter().zip(masks)) {
                    moments.add(&sums, counts);
                }
            }
        }
        for moments in &mut found {
            let rows = series.axis_iter(Axis(0)).skip(series.nrows() - moments.steps());
            moments.recent = rows.map(|row| row.to_vec()).collect();
        }
        Ok(found)
    }

    fn add(&mut self, sums: &Array2<f64>, counts: Counts) {
        self.sums += sums;
        match (&mut self.counts, counts) {
            (Counts::Windows(all), Counts::Windows(more)) => *all += more,
            (Counts::Pairs(all), Counts::Pairs(more)) => *all += &more,
            (Counts::Pairs(all), Counts::Windows(more)) => *all += more,
            (counts, Counts::Pairs(mut more)) => {
                if let Counts::Windows(all) = counts {
                    more += *all;
                }
                *counts = Counts::Pairs(more);
            }
        }
    }

    /// Steps K of a window.
    pub fn steps(&self) -> usize {
        self.sums.nrows()
    }

    /// Windows times channels (with gaps: the largest number of pairs).
    pub fn windows(&self) -> f64 {
        match &self.counts {
            Counts::Windows(count) => *count,
            Counts::Pairs(counts) => counts.iter().fold(0.0, |m, &v| f64::max(m, v)),
        }
    }

    /// The next row of the series (N values, NaN where missing): adds the window that it completes, one rank-one update per
    /// channel. `keep` in (0, 1] is the weight of everything before: 1 remembers all.
    ///
    /// # Errors
    /// Another number of channels than before, infinite entries, a bad `keep`.
    pub fn push(&mut self, row: &ArrayRef1<f64>, keep: f64) -> Result<()> {
        check_range("keep", keep, keep > 0.0 && keep <= 1.0, "> 0 and <= 1")?;
        check_no_infinity("row", row)?;
        if let Some(last) = self.recent.last() {
            check_shape("row", row, &[last.len()], "earlier rows had that many channels")?;
        }
        let steps = self.steps();
        if self.recent.len() == steps {
            self.recent.remove(0);
        }
        self.recent.push(row.to_vec());
        if self.recent.len() < steps {
            return Ok(());
        }
        if keep < 1.0 {
            self.sums *= keep;
            match &mut self.counts {
                Counts::Windows(count) => *count *= keep,
                Counts::Pairs(counts) => *counts *= keep,
            }
        }
        for channel in 0..row.len() {
            let window: Vec<f64> = self.recent.iter().map(|row| row[channel]).collect();
            let filled: Vec<f64> = window.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
            let outer = lag_outer(&filled);
            let counts = if window.iter().any(|v| v.is_nan()) {
                let seen: Vec<f64> = window.iter().map(|v| if v.is_nan() { 0.0 } else { 1.0 }).collect();
                Counts::Pairs(lag_outer(&seen))
            } else {
                Counts::Windows(1.0)
            };
            self.add(&outer, counts);
        }
        Ok(())
    }

    /// The moments (K × K).
    pub fn matrix(&self) -> Array2<f64> {
        match &self.counts {
            Counts::Windows(count) => &self.sums / count.max(f64::MIN_POSITIVE),
            Counts::Pairs(counts) => {
                let mut out = self.sums.clone();
                out.zip_mut_with(counts, |s, &c| *s = if c > 0.0 { *s / c } else { 0.0 });
                out
            }
        }
    }

    /// Moments of `a = x - centre(x)` and `b = y - centre(x)`, where x are the first T = `look_back` steps of a window and y the rest.
    ///
    /// # Errors
    /// A look-back of 0 or of the whole window; no windows.
    pub fn centred(&self, look_back: usize, centre: Centre) -> Result<CentredMoments> {
        let steps = self.steps();
        check_range("look_back", look_back as f64, look_back >= 1 && look_back < steps, ">= 1 and below the window")?;
        let windows = self.windows();
        if windows <= 0.0 {
            return Err(Error::TooShort { part: "observed", rows: self.recent.len(), needed: steps });
        }
        let all = self.matrix();
        let (t, h) = (look_back, steps - look_back);
        let block = |rows: Slice, columns: Slice| all.slice_axis(Axis(0), rows).slice_axis(Axis(1), columns).to_owned();
        let (sxx, sxy) = (block((..t).into(), (..t).into()), block((..t).into(), (t..).into()));
        let syy = block((t..).into(), (t..).into());
        // ℓᵀ S for the weights ℓ of the centre: the mean of rows, or the last row.
        let weigh = |s: &Array2<f64>| match centre {
            Centre::Mean => s.sum_axis(Axis(0)) / t as f64,
            Centre::Last => s.row(t - 1).to_owned(),
        };
        let (lx, ly) = (weigh(&sxx), weigh(&sxy));
        let weight = |v: &Array1<f64>| match centre {
            Centre::Mean => v.sum() / t as f64,
            Centre::Last => v[t - 1],
        };
        let ll = weight(&lx);
        let gram = Array2::from_shape_fn((t, t), |(i, j)| sxx[[i, j]] - lx[j] - lx[i] + ll);
        let cross = Array2::from_shape_fn((t, h), |(i, j)| sxy[[i, j]] - ly[j] - lx[i] + ll);
        let target = Array2::from_shape_fn((h, h), |(i, j)| syy[[i, j]] - ly[i] - ly[j] + ll);
        Ok(CentredMoments { gram, cross, target, windows })
    }
}

/// Moments of centred windows: all that a linear map from look-back to horizon is fitted from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CentredMoments {
    /// `G = E[a aᵀ]` (T × T).
    pub gram: Array2<f64>,
    /// `C = E[a bᵀ]` (T × H).
    pub cross: Array2<f64>,
    /// `B = E[b bᵀ]` (H × H).
    pub target: Array2<f64>,
    /// Windows times channels.
    pub windows: f64,
}

impl CentredMoments {
    /// The ridge map W (T × H), `(G + λ R) W = C`, R = I or the given diagonal.
    ///
    /// # Errors
    /// λ or an entry of `penalty` negative or not finite; a singular system.
    pub fn ridge(&self, lambda: f64, penalty: Option<&ArrayRef1<f64>>) -> Result<Array2<f64>> {
        check_range("lambda", lambda, lambda >= 0.0 && lambda.is_finite(), "finite and >= 0")?;
        let mut g = self.gram.clone();
        match penalty {
            None => g.diag_mut().mapv_inplace(|v| v + lambda),
            Some(penalty) => {
                check_shape("penalty", penalty, &[g.nrows()], "there is one per step of the look-back")?;
                for (v, &r) in g.diag_mut().iter_mut().zip(penalty) {
                    check_range("penalty", r, r >= 0.0 && r.is_finite(), "finite and >= 0")?;
                    *v += lambda * r;
                }
            }
        }
        let mut llt = Llt::new(g.nrows());
        llt.factorise(&g)?;
        let mut w = self.cross.clone();
        llt.solve_in_place(&mut w)?;
        Ok(w)
    }

    /// Mean squared error of a map W (T × H) at each step (H): `B_jj - 2 w_jᵀ c_j + w_jᵀ G w_j`.
    ///
    /// # Errors
    /// A map of another shape.
    pub fn errors(&self, map: &ArrayRef2<f64>) -> Result<Array1<f64>> {
        check_shape("map", map, self.cross.shape(), "it maps the look-back to the horizon")?;
        let mut gw = Array2::zeros(map.dim());
        gemm_into(&mut gw, Accumulate::Replace, 1.0, &self.gram, map)?;
        Ok(Array1::from_shape_fn(map.ncols(), |j| {
            let w = map.column(j);
            self.target[[j, j]] - 2.0 * w.dot(&self.cross.column(j)) + w.dot(&gw.column(j))
        }))
    }
}

/// Draws straight lines across the gaps of a window and returns its centre; `None` when nothing was observed.
pub(crate) fn fill(window: &mut [f64], centre: Centre) -> Option<f64> {
    if window.iter().any(|v| v.is_nan()) {
        interpolate(window);
    }
    let middle = match centre {
        Centre::Mean => window.iter().sum::<f64>() / window.len() as f64,
        Centre::Last => *window.last()?,
    };
    (!middle.is_nan()).then_some(middle)
}

fn lag_outer(window: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((window.len(), window.len()), |(i, j)| window[i] * window[j])
}

type ChannelMoments = (Vec<Array2<f64>>, Vec<Counts>);

/// Sums of products for every length; counts of pairs where entries are missing.
fn channel(series: &ArrayRef2<f64>, channel: usize, steps: &[usize], longest: usize, gaps: bool) -> ChannelMoments {
    let column = series.column(channel);
    let values: Vec<f64> = column.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
    let sums = all_lengths(&values, steps, longest);
    let counts = if gaps && column.iter().any(|v| v.is_nan()) {
        let seen: Vec<f64> = column.iter().map(|v| if v.is_nan() { 0.0 } else { 1.0 }).collect();
        all_lengths(&seen, steps, longest).into_iter().map(Counts::Pairs).collect()
    } else {
        steps.iter().map(|&steps| Counts::Windows((values.len() + 1 - steps) as f64)).collect()
    };
    (sums, counts)
}

/// `Σ_t x_{t+i} x_{t+j}` for windows of each length: the long sums are made once, for the fewest windows, and completed.
fn all_lengths(x: &[f64], steps: &[usize], longest: usize) -> Vec<Array2<f64>> {
    if let [only] = steps {
        return vec![lag_squares(x, *only)];
    }
    let fewest = x.len() + 1 - longest;
    let first: Vec<f64> = (0..longest).map(|lag| dot(&x[lag..lag + fewest], &x[..fewest])).collect();
    steps
        .iter()
        .map(|&steps| {
            let windows = x.len() + 1 - steps;
            let rest = |lag: usize| dot(&x[lag + fewest..lag + windows], &x[fewest..windows]);
            let first: Vec<f64> = (0..steps).map(|lag| first[lag] + rest(lag)).collect();
            squares_from(x, &first)
        })
        .collect()
}
