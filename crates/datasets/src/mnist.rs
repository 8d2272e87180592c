//! A sample of MNIST.

use crate::packed::inflated;
use ndarray::Array2;

const IMAGES: &[u8] = include_bytes!("../data/mnist10k/images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("../data/mnist10k/labels-idx1-ubyte.gz");
const ROWS: usize = 10_000;
const PIXELS: usize = 28 * 28;

/// Handwritten digits of 28 × 28 pixels; see [`mnist`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mnist {
    /// Grey values 0..=255, 10000 images × 784 pixels (row-major within the image).
    pub x: Array2<u8>,
    /// The digit of each image, 0..=9.
    pub label: Vec<u8>,
}

/// MNIST, 10 000 of its digits in a fixed random order.
///
/// Source: LeCun, Cortes, Burges; CC BY-SA 3.0. A sample, not the official split. Details stand in `data/mnist10k/README.md`.
///
/// ```
/// let mnist = datasets::mnist();
/// assert_eq!(mnist.x.dim(), (10_000, 784));
/// assert_eq!(mnist.label.iter().filter(|&&digit| digit == 4).count(), 980);
/// ```
#[must_use]
pub fn mnist() -> Mnist {
    // IDX: 16 bytes of header before the pixels, 8 before the labels.
    let pixels = inflated(IMAGES).split_off(16);
    let label = inflated(LABELS).split_off(8);
    match Array2::from_shape_vec((ROWS, PIXELS), pixels) {
        Ok(x) => Mnist { x, label },
        Err(error) => unreachable!("a table compiled into the crate has another shape: {error}"),
    }
}
