//! The theorems of the method, on random kernels.

mod dense;
mod generators;
mod lambda;
mod regulariser;
mod search;
mod spectra;

use core_tensor::random::{normal_array, rng};
use ndarray::{ArrayD, IxDyn};
use ortho_conv::Geometry;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Few cases: each one runs dense linear algebra.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// A random layer: kernel and geometry.
#[derive(Debug, Clone)]
struct Case {
    kernel: ArrayD<f64>,
    geometry: Geometry,
}

/// 1-D and 2-D, rectangular, even and odd, strided and grouped layers of few channels.
fn layers() -> impl Strategy<Value = Case> {
    let shape = prop_oneof![
        (1..5_usize, 1..4_usize, prop::collection::vec(1..5_usize, 1), prop::collection::vec(1..4_usize, 1)),
        (1..5_usize, 1..4_usize, prop::collection::vec(1..4_usize, 2), prop::collection::vec(1..3_usize, 2)),
    ];
    (shape, 1..3_usize, any::<u64>()).prop_map(|((m, c, size, stride), groups, seed)| {
        let geometry = Geometry::new(m * groups, c * groups, &size, &stride).unwrap().grouped(groups).unwrap();
        let taps: usize = size.iter().product();
        let scale = ((c * taps) as f64).sqrt().recip();
        let kernel: ArrayD<f64> = normal_array(&mut rng(seed), IxDyn(&geometry.kernel_shape()));
        Case { kernel: kernel * scale, geometry }
    })
}

/// Sizes at which no two lags fall together, s N ≥ 2k - 1.
fn wide_enough(geometry: &Geometry) -> Vec<usize> {
    geometry.size().iter().zip(geometry.stride()).map(|(k, s)| (2 * k - 1).div_ceil(*s).max(2)).collect()
}
