//! Memory layouts, buffers, threads.

use ndarray::{Array2, Axis, ShapeBuilder, Slice};
use stablemax::{CrossEntropy, FloatType, Loss};

const LOSSES: [Loss; 6] = [
    Loss::StableMax,
    Loss::SoftmaxRestMass,
    Loss::SoftmaxTextbook(FloatType::F64),
    Loss::SoftmaxTextbook(FloatType::Bf16),
    Loss::HeavyTail { q: 3.0 },
    Loss::Taylor { order: 4 },
];

fn logits(n: usize, c: usize) -> (Array2<f64>, Vec<usize>) {
    let z = Array2::from_shape_fn((n, c), |(i, k)| ((i * 7919 + k * 104_729) % 1009) as f64 / 60.0 - 8.0);
    (z, (0..n).map(|i| (i * 31) % c).collect())
}

#[test]
fn strided_equals_contiguous_and_buffers_do_not_matter() {
    let (z, labels) = logits(23, 37);
    for loss in LOSSES {
        let loss = CrossEntropy::new(loss);
        let (report, expected) = loss.evaluate(&z, &labels).unwrap();
        // Column-major input and output, a reversed view, every second column of a wider array filled with NaN.
        let mut column_major = Array2::from_elem((23, 37).f(), f64::NAN);
        let mut turned = Array2::zeros((23, 37).f());
        turned.assign(&z);
        assert_eq!(loss.evaluate_into(&turned, &labels, &mut column_major).unwrap(), report);
        assert_eq!(column_major, expected);
        let mut wide = Array2::from_elem((23, 74), f64::NAN);
        let mut every_second = wide.slice_axis_mut(Axis(1), Slice::new(0, None, 2));
        loss.evaluate_into(&z, &labels, &mut every_second).unwrap();
        assert_eq!(every_second, expected);
        let mut dirty = Array2::from_elem((23, 37), f64::NAN);
        loss.evaluate_into(&z, &labels, &mut dirty).unwrap();
        assert_eq!(dirty, expected);
        assert_eq!(loss.value(&z, &labels).unwrap(), report);
    }
}

#[test]
fn threads_do_not_change_bits() {
    let (z, labels) = logits(2000, 113);
    for loss in LOSSES {
        let loss = CrossEntropy::new(loss);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| loss.evaluate(&z, &labels).unwrap())
        };
        let ((a, first), (b, second)) = (run(1), run(4));
        assert_eq!((a.loss.to_bits(), a.zero_losses), (b.loss.to_bits(), b.zero_losses));
        assert_eq!(first, second);
        // Large batches are cut in blocks: row by row they are what small ones are.
        let (report, _) = loss.clone().reduction(stablemax::Reduction::Sum).evaluate(&z, &labels).unwrap();
        let each = loss.losses(&z, &labels).unwrap();
        assert!((report.loss - each.sum()).abs() <= 1e-11 * report.loss);
    }
}

#[test]
fn single_precision_follows_double() {
    let (z, labels) = logits(64, 113);
    let z32 = z.mapv(|v| v as f32);
    let z = z32.mapv(f64::from);
    for loss in [Loss::StableMax, Loss::SoftmaxRestMass, Loss::HeavyTail { q: 3.0 }, Loss::Taylor { order: 4 }] {
        let (single, gradient32) = CrossEntropy::new(loss).evaluate(&z32, &labels).unwrap();
        let (double, gradient) = CrossEntropy::new(loss).evaluate(&z, &labels).unwrap();
        // Sums of 113 terms in 16 lanes, exponentials of differences up to 17: about 20 units of 6e-8.
        assert!((single.loss - double.loss).abs() <= 1.2e-6 * double.loss);
        for (a, b) in gradient32.iter().zip(&gradient) {
            assert!((f64::from(*a) - b).abs() <= 1.5e-6 * b.abs() + 1e-12, "{loss:?}: {a} {b}");
        }
    }
}
