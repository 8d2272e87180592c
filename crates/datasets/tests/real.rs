//! The compiled-in tables are the files they claim to be, bit for bit.

#![forbid(unsafe_code)]

use ndarray::Array2;

/// FNV-1a over the little-endian bytes of the entries in row-major order; the expected values were computed from the
/// unpacked files by another program.
fn fingerprint<'a>(entries: impl IntoIterator<Item = &'a f64>) -> u64 {
    let bytes = entries.into_iter().flat_map(|v| v.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-11 * expected.abs(), "found {found}, expected {expected}");
}

#[test]
fn sachs() {
    let sachs = datasets::sachs();
    assert_eq!(sachs.x.dim(), (7466, 11));
    assert_eq!(fingerprint(&sachs.x), 0x1b36_2256_ac70_4f4a);
    let blocks: Vec<usize> = (1..=9).map(|c| sachs.condition.iter().filter(|&&k| k == c).count()).collect();
    assert_eq!(blocks, [853, 902, 911, 723, 810, 799, 848, 913, 707]);
    assert!(sachs.condition.is_sorted());
    assert_eq!(sachs.x.row(0).to_vec(), [26.4, 13.2, 8.82, 18.3, 58.8, 6.61, 17.0, 414.0, 17.0, 44.9, 40.0]);
    assert_eq!(sachs.x.row(7465).to_vec(), [30.5, 1.01, 7.3, 173.0, 22.9, 6.61, 13.7, 890.0, 1.0, 1.0, 1.65]);
    near(sachs.x.column(0).sum(), 926_321.03);
    near(sachs.x.column(10).sum(), 547_015.18);
    near(sachs.observational().sum(), 801_429.24);
    near(sachs.x.mapv(|v| v * v).sum(), 11_556_041_017.865_3);
    assert!(sachs.x.iter().all(|&v| v > 0.0));
}

#[test]
fn sachs_network_is_the_file_of_edges() {
    let sachs = datasets::sachs();
    let text: Vec<String> =
        sachs.edges.iter().map(|&(i, j)| format!("{},{}", sachs.names[i], sachs.names[j])).collect();
    let file: Vec<&str> = include_str!("../data/sachs/edges17.csv").lines().skip(1).collect();
    assert_eq!(text, file);
    let adjacency: Array2<f64> = sachs.adjacency();
    assert_eq!(adjacency.sum(), 17.0);
    assert_eq!((adjacency[[0, 1]], adjacency[[1, 0]]), (1.0, 0.0));
}

#[test]
fn digits() {
    let digits = datasets::digits();
    assert_eq!(digits.x.dim(), (1797, 64));
    assert_eq!(fingerprint(&digits.x), 0x2321_087e_78cb_cf52);
    assert_eq!(digits.x.sum(), 561_718.0);
    assert_eq!(digits.x.mapv(|v| v * v).sum(), 6_907_012.0);
    assert!(digits.x.iter().all(|v| (0.0..=16.0).contains(v)));
    let counts: Vec<usize> = (0..10).map(|k| digits.label.iter().filter(|&&l| l == k).count()).collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.label.last(), Some(&8));
}

#[test]
fn diabetes() {
    let diabetes = datasets::diabetes();
    assert_eq!(diabetes.x.dim(), (442, 10));
    assert_eq!(fingerprint(&diabetes.x), 0xa756_30fd_36c3_7926);
    assert_eq!(fingerprint(&diabetes.y), 0xe3a1_179d_9ee0_b349);
    assert_eq!(diabetes.y.sum(), 67_243.0);
    near(diabetes.x.column(9).sum(), 40_337.0);
    assert_eq!(diabetes.x.row(0).to_vec(), [59.0, 2.0, 32.1, 101.0, 157.0, 93.2, 38.0, 4.0, 4.8598, 87.0]);
    assert_eq!((diabetes.y[0], diabetes.y[441]), (151.0, 57.0));
}

#[test]
fn mnist() {
    let mnist = datasets::mnist();
    assert_eq!(mnist.x.dim(), (10_000, 784));
    let counts: Vec<usize> = (0..10).map(|k| mnist.label.iter().filter(|&&l| l == k).count()).collect();
    assert_eq!(counts, [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
    // The frame of the images is black, their middle is not.
    assert!(mnist.x.rows().into_iter().all(|image| image[0] == 0 && image.iter().any(|&v| v > 100)));
}
