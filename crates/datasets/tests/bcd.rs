//! The generators of the block coordinate descent paper, against figures of an independent implementation.

use datasets::bcd::{lattice_d, least_squares_a, logistic_b, moons, softmax_c};
use datasets::mersenne::MersenneTwister;

#[test]
fn the_twister_is_the_classic_one() {
    let mut random = MersenneTwister::new(5489);
    assert_eq!(random.bits(), 3_499_211_612);
    let mut random = MersenneTwister::new(5489);
    let last = (0..10_000).map(|_| random.bits()).last();
    // The standard's check value for the 10000th number.
    assert_eq!(last, Some(4_123_659_995));
    assert!(MersenneTwister::new(1).choice(3, 9).len() == 3 && MersenneTwister::new(1).choice(0, 1).is_empty());
}

#[test]
fn set_a_has_the_published_start() {
    let a = least_squares_a();
    let start: f64 = 0.5 * a.targets.iter().map(|y| y * y).sum::<f64>();
    assert!((start - 5_975_807.35).abs() < 0.01, "{start}");
    assert_eq!((a.design.rows, a.design.columns(), a.design.nnz()), (1000, 10_000, 691_366));
}

#[test]
fn set_b_shares_the_design() {
    let b = logistic_b();
    assert_eq!(b.design.nnz(), 691_366);
    assert_eq!(b.labels.iter().sum::<f64>(), 100.0);
    assert_eq!(b.design.row(0).take(3).map(|(j, _)| j).collect::<Vec<_>>(), [8, 19, 28]);
}

#[test]
fn set_c_has_fifty_classes() {
    let c = softmax_c();
    assert_eq!((c.design.nnz(), c.classes, c.labels.len()), (69_276, 50, 1000));
    assert_eq!(c.labels[..5], [42, 45, 35, 46, 24]);
}

#[test]
fn set_d_is_the_authors_draw() {
    let d = lattice_d();
    assert_eq!((d.rows, d.columns, d.labels.len()), (50, 50, 100));
    assert_eq!(d.labels.iter().map(|l| l.0).take(4).collect::<Vec<_>>(), [1406, 297, 1276, 2368]);
    assert!((d.labels[0].1 + 5.6188).abs() < 1e-4);
}

#[test]
fn set_e_is_a_graph() {
    let e = moons();
    assert_eq!((e.points.dim(), e.class.len(), e.edges.len(), e.labelled.len()), ((2000, 2), 2000, 6094, 100));
    assert!(e.edges.iter().all(|&(i, j)| i < j && j < 2000));
    assert!(e.class.iter().all(|c| [1, 2].contains(c)) && e.labelled.windows(2).all(|w| w[0] < w[1]));
    assert_eq!(e.edges[0], (0, 1900));
}
