//! Breast cancer diagnoses.

use crate::packed::{Packed, inflated};
use ndarray::{Array2, Axis, Slice};

const TABLE: Packed = Packed {
    bytes: include_bytes!("../data/breast-cancer/breast_cancer.csv.gz"),
    rows: 569,
    columns: 31,
    header_lines: 1,
};
const SPLIT: &[u8] = include_bytes!("../data/breast-cancer/split.txt.gz");
const FEATURES: usize = 30;
const TRAINING: usize = 300;

/// Thirty features of cell nuclei and the diagnosis of 569 patients; see [`breast_cancer`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BreastCancer {
    /// Features in their own units, 569 patients × 30.
    pub x: Array2<f64>,
    /// Whether the tumour is benign.
    pub benign: Vec<bool>,
    /// The 30 features, in the order of the columns.
    pub names: [&'static str; FEATURES],
    /// Rows to train on, of a fixed random split.
    pub training: Vec<usize>,
    /// Rows to validate on.
    pub validation: Vec<usize>,
}

/// Wisconsin diagnostic breast cancer: thirty features of 569 patients, and whether the tumour was benign.
///
/// Source: Wolberg, Street, Mangasarian, UCI Machine Learning Repository, CC BY 4.0, as shipped with scikit-learn. Details stand in
/// `data/breast-cancer/README.md`.
///
/// ```
/// let data = datasets::breast_cancer();
/// assert_eq!(data.x.dim(), (569, 30));
/// assert_eq!(data.benign.iter().filter(|benign| **benign).count(), 357);
/// assert_eq!((data.training.len(), data.validation.len()), (300, 269));
/// ```
#[must_use]
pub fn breast_cancer() -> BreastCancer {
    let table = TABLE.table();
    let text = inflated(SPLIT);
    let order: Vec<usize> =
        String::from_utf8_lossy(&text).split_whitespace().filter_map(|row| row.parse().ok()).collect();
    let (training, validation) = order.split_at(TRAINING.min(order.len()));
    BreastCancer {
        x: table.slice_axis(Axis(1), Slice::from(..FEATURES)).to_owned(),
        benign: table.column(FEATURES).iter().map(|&b| b == 1.0).collect(),
        names: [
            "mean_radius",
            "mean_texture",
            "mean_perimeter",
            "mean_area",
            "mean_smoothness",
            "mean_compactness",
            "mean_concavity",
            "mean_concave_points",
            "mean_symmetry",
            "mean_fractal_dimension",
            "radius_error",
            "texture_error",
            "perimeter_error",
            "area_error",
            "smoothness_error",
            "compactness_error",
            "concavity_error",
            "concave_points_error",
            "symmetry_error",
            "fractal_dimension_error",
            "worst_radius",
            "worst_texture",
            "worst_perimeter",
            "worst_area",
            "worst_smoothness",
            "worst_compactness",
            "worst_concavity",
            "worst_concave_points",
            "worst_symmetry",
            "worst_fractal_dimension",
        ],
        training: training.to_vec(),
        validation: validation.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_split_is_one_and_the_numbers_are_finite() {
        let data = super::breast_cancer();
        let mut rows = [data.training, data.validation].concat();
        rows.sort_unstable();
        assert_eq!(rows, (0..569).collect::<Vec<_>>());
        assert!(data.x.iter().all(|v| v.is_finite()) && data.x[[0, 0]] == 17.99);
    }
}
