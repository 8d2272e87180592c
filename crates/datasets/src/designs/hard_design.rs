//! Random designs, from harmless to hopeless.

use crate::Result;
use core_tensor::linalg::Qr;
use core_tensor::random::{normal_array, rng};
use core_tensor::{Error as Argument, check_range};
use ndarray::{Array1, Array2, Axis, ShapeBuilder, Slice};
use rand::RngExt;
use std::fmt;

/// How the columns of a design are made; G is a matrix of independent standard normal numbers. All columns are scaled to norm √n
/// at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum HardDesign {
    /// G: as good as it gets.
    Gauss,
    /// Columns 2j and 2j + 1 are c_j and c_j + 1e-4 G.
    Pairs,
    /// Forty columns c_j + 1e-3 G for each centre c_j.
    Clusters,
    /// Cumulative sums of G along the columns.
    Walk,
    /// c + gap · G: one direction shared by all columns. The usual gap is 1e-4.
    Equi {
        /// Relative size of what the columns do not share.
        gap: f64,
    },
    /// L F + 1e-3 G with L n × 3 and F 3 × d.
    Factor,
    /// `f₀ + 1e-2 f₁[group] + 1e-4 G`, the group of each column uniform among `groups`.
    Hier {
        /// Number of groups, at least 1.
        groups: usize,
    },
    /// The first half of the columns as [`Gauss`](Self::Gauss), the others as [`Hier`](Self::Hier) with three groups.
    Mixed,
    /// exp(-(sᵢ - tⱼ)² / (2 · 0.1²)), sᵢ a grid on [0, 1], tⱼ uniform.
    Rbf,
    /// O diag(0.5ⁱ) G with O orthogonal.
    Geom,
}

impl HardDesign {
    /// One of each kind, with the usual parameters.
    pub const ALL: [Self; 10] = [
        Self::Gauss,
        Self::Pairs,
        Self::Clusters,
        Self::Walk,
        Self::Equi { gap: 1e-4 },
        Self::Factor,
        Self::Hier { groups: 3 },
        Self::Mixed,
        Self::Rbf,
        Self::Geom,
    ];

    /// A design of n = `rows` rows and d = `columns` columns of norm √n, column-major. The same seed gives the same bits.
    ///
    /// # Errors
    /// No row, no column, no group, a gap that is negative or not finite, or a size that does not fit into memory.
    pub fn generate(self, rows: usize, columns: usize, seed: u64) -> Result<Array2<f64>> {
        for (size, argument) in [(rows, "rows"), (columns, "columns")] {
            if size == 0 {
                return Err(Argument::Empty { argument, expected: "one" }.into());
            }
        }
        let fits = rows.checked_mul(columns.max(rows)).is_some_and(|size| size <= 1 << 40);
        check_range("rows", rows as f64, fits, "such that the matrix fits into memory")?;
        let mut rng = rng(seed);
        let mut gauss = |n: usize, d: usize| -> Array2<f64> { normal_array(&mut rng, (n, d)) };
        let mut x = Array2::zeros((rows, columns).f());
        match self {
            Self::Gauss => x.assign(&gauss(rows, columns)),
            Self::Pairs => {
                let centres = gauss(rows, columns.div_ceil(2));
                let noise = gauss(rows, columns);
                for (j, mut column) in x.columns_mut().into_iter().enumerate() {
                    column.assign(&centres.column(j / 2));
                    if j % 2 == 1 {
                        column.scaled_add(1e-4, &noise.column(j));
                    }
                }
            }
            Self::Clusters => {
                let centres = gauss(rows, columns.div_ceil(40));
                let noise = gauss(rows, columns);
                for (j, mut column) in x.columns_mut().into_iter().enumerate() {
                    column.assign(&centres.column(j / 40));
                    column.scaled_add(1e-3, &noise.column(j));
                }
            }
            Self::Walk => {
                let steps = gauss(rows, columns);
                let mut sum = Array1::<f64>::zeros(rows);
                for (mut column, step) in x.columns_mut().into_iter().zip(steps.columns()) {
                    sum += &step;
                    column.assign(&sum);
                }
            }
            Self::Equi { gap } => {
                check_range("gap", gap, gap >= 0.0 && gap.is_finite(), "finite and >= 0")?;
                let shared = gauss(rows, 1);
                x.assign(&(gauss(rows, columns) * gap));
                x += &shared;
            }
            Self::Factor => {
                let product = gauss(rows, 3).dot(&gauss(3, columns));
                x.assign(&(product + gauss(rows, columns) * 1e-3));
            }
            Self::Hier { groups } => {
                check_range("groups", groups as f64, groups >= 1, ">= 1")?;
                let (shared, of_groups) = (gauss(rows, 1), gauss(rows, groups));
                let noise = gauss(rows, columns);
                hierarchy(&mut x.view_mut(), &shared, &of_groups, &noise, &mut rng);
            }
            Self::Mixed => {
                let half = columns / 2;
                let (shared, of_groups) = (gauss(rows, 1), gauss(rows, 3));
                let noise = gauss(rows, columns);
                x.assign(&noise);
                let mut second = x.slice_axis_mut(Axis(1), Slice::from(half..));
                let noise = noise.slice_axis(Axis(1), Slice::from(half..)).to_owned();
                hierarchy(&mut second, &shared, &of_groups, &noise, &mut rng);
            }
            Self::Rbf => {
                let centres: Vec<f64> = (0..columns).map(|_| rng.random::<f64>()).collect();
                let last = rows.max(2) as f64 - 1.0;
                for ((i, j), value) in x.indexed_iter_mut() {
                    let distance = i as f64 / last - centres[j];
                    *value = (-distance * distance / (2.0 * 0.1 * 0.1)).exp();
                }
            }
            Self::Geom => {
                let mut scaled = gauss(rows, columns);
                for (i, mut row) in scaled.rows_mut().into_iter().enumerate() {
                    row *= 0.5_f64.powi(i.min(1000) as i32);
                }
                let mut orthogonal = Array2::zeros((rows, rows).f());
                let mut qr = Qr::new(rows, rows);
                qr.factorise(&gauss(rows, rows))?;
                qr.q_into(&mut orthogonal)?;
                x.assign(&orthogonal.dot(&scaled));
            }
        }
        norm_columns(&mut x);
        Ok(x)
    }
}

fn hierarchy(
    x: &mut ndarray::ArrayViewMut2<'_, f64>,
    shared: &Array2<f64>,
    of_groups: &Array2<f64>,
    noise: &Array2<f64>,
    rng: &mut impl rand::Rng,
) {
    for (mut column, noise) in x.columns_mut().into_iter().zip(noise.columns()) {
        column.assign(&shared.column(0));
        column.scaled_add(1e-2, &of_groups.column(rng.random_range(0..of_groups.ncols())));
        column.scaled_add(1e-4, &noise);
    }
}

/// Scales every column that is not zero to norm √n.
pub fn norm_columns(x: &mut Array2<f64>) {
    let root = (x.nrows() as f64).sqrt();
    for mut column in x.columns_mut() {
        let norm = column.dot(&column).sqrt();
        if norm > 0.0 {
            column.mapv_inplace(|v| v * (root / norm));
        }
    }
}

impl fmt::Display for HardDesign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gauss => "gauss",
            Self::Pairs => "pairs",
            Self::Clusters => "clusters",
            Self::Walk => "walk",
            Self::Equi { .. } => "equi",
            Self::Factor => "factor",
            Self::Hier { .. } => "hier",
            Self::Mixed => "mixed",
            Self::Rbf => "rbf",
            Self::Geom => "geom",
        })
    }
}
