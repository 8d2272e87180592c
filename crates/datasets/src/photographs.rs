//! Small photographs.

use crate::packed::inflated;
use ndarray::Array3;

const IMAGES: &[u8] = include_bytes!("../data/photographs/gray96-idx3-ubyte.gz");
const COUNT: usize = 8;
const SIDE: usize = 96;

/// Their names, in order.
pub const PHOTOGRAPHS: [&str; COUNT] =
    ["camera", "brick", "grass", "gravel", "astronaut", "coffee", "chelsea", "coins"];

/// Eight photographs, 8 × 96 × 96 grey values 0..=255, in the order of [`PHOTOGRAPHS`].
///
/// Source: the sample images of scikit-image, CC0, public domain or without known restrictions. Details stand in
/// `data/photographs/README.md`.
///
/// ```
/// let images = datasets::photographs();
/// let mean = images.index_axis(ndarray::Axis(0), 0).iter().map(|&v| f64::from(v)).sum::<f64>() / 9216.0;
/// assert!((mean - 129.0678).abs() < 1e-4);
/// ```
#[must_use]
pub fn photographs() -> Array3<u8> {
    // IDX: 16 bytes of header.
    let pixels = inflated(IMAGES).split_off(16);
    match Array3::from_shape_vec((COUNT, SIDE, SIDE), pixels) {
        Ok(images) => images,
        Err(error) => unreachable!("images compiled into the crate have another shape: {error}"),
    }
}
