//! Handwritten digits.

use crate::packed::Packed;
use ndarray::{Array2, Axis, Slice};

const PIXELS: usize = 64;

const TABLE: Packed = Packed {
    bytes: include_bytes!("../data/digits8x8/digits.csv.gz"),
    rows: 1797,
    columns: PIXELS + 1,
    header_lines: 0,
};

/// Handwritten digits of 8 × 8 pixels; see [`digits`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Digits {
    /// Grey values 0..=16, 1797 images × 64 pixels (row-major within the image).
    pub x: Array2<f64>,
    /// The digit of each image, 0..=9.
    pub label: Vec<u8>,
}

/// Handwritten digits: 1797 images of 8 × 8 pixels with whole values 0..=16, and their labels.
///
/// Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits" (test part), UCI Machine Learning Repository,
/// CC BY 4.0, as shipped with scikit-learn. Details stand in `data/digits8x8/README.md`.
///
/// ```
/// let digits = datasets::digits();
/// assert_eq!(digits.x.dim(), (1797, 64));
/// assert_eq!(digits.label[..3], [0, 1, 2]);
/// ```
pub fn digits() -> Digits {
    let table = TABLE.table();
    Digits {
        x: table.slice_axis(Axis(1), Slice::from(..PIXELS)).to_owned(),
        label: table.column(PIXELS).iter().map(|&l| l as u8).collect(),
    }
}
