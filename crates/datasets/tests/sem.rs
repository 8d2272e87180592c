//! Random structural equation models follow their protocol.

#![forbid(unsafe_code)]

use datasets::Error;
use datasets::sem::{GraphModel, LinearSem, NoiseLaw, NoiseVariance, SemModel};
use ndarray::{Array1, Array2, Axis, array};
use proptest::prelude::*;

const LAWS: [NoiseLaw; 4] = [NoiseLaw::Gaussian, NoiseLaw::Exponential, NoiseLaw::Laplace, NoiseLaw::Gumbel];

fn erdos_renyi(edges_per_node: f64) -> SemModel {
    SemModel::new(GraphModel::ErdosRenyi { edges_per_node })
}

fn edges(sem: &LinearSem) -> usize {
    sem.weights.iter().filter(|&&w| w != 0.0).count()
}

#[test]
fn erdos_renyi_has_the_expected_number_of_edges() {
    let (nodes, graphs, k) = (30, 300, 4.0);
    let total: usize = (0..graphs).map(|seed| edges(&erdos_renyi(k).generate(nodes, seed).unwrap())).sum();
    let pairs = (nodes * (nodes - 1) / 2) as f64;
    let p = k * nodes as f64 / pairs;
    // Five standard deviations of the mean of binomial counts.
    let allowed = 5.0 * (pairs * p * (1.0 - p) / graphs as f64).sqrt();
    let mean = total as f64 / graphs as f64;
    assert!((mean - k * nodes as f64).abs() < allowed, "mean {mean}");
    assert_eq!(edges(&erdos_renyi(4.5).generate(10, 1).unwrap()), 45, "k = (d - 1) / 2 is the complete graph");
}

#[test]
fn scale_free_has_exactly_m_edges_per_new_node_and_hubs() {
    let (nodes, m) = (100, 4);
    let sem = SemModel::new(GraphModel::ScaleFree { edges_per_node: m }).generate(nodes, 5).unwrap();
    assert_eq!(edges(&sem), m * (nodes - m));
    let degrees: Vec<usize> = (0..nodes).map(|j| sem.weights.column(j).iter().filter(|&&w| w != 0.0).count()).collect();
    assert!(degrees.iter().max() >= Some(&20), "preferential attachment makes hubs: {degrees:?}");
    assert!(sem.weights.rows().into_iter().all(|row| [0, m].contains(&row.iter().filter(|&&w| w != 0.0).count())));
}

#[test]
fn weights_and_variances_fill_their_ranges() {
    let model = erdos_renyi(4.0).weights(0.25, 1.0).variance(NoiseVariance::Uniform { low: 0.5, high: 10.0 });
    let sem = model.generate(200, 3).unwrap();
    let weights: Array1<f64> = sem.weights.iter().copied().filter(|&w| w != 0.0).collect();
    assert!(weights.iter().all(|w| (0.25..=1.0).contains(&w.abs())));
    assert!((weights.mapv(f64::abs).sum() / weights.len() as f64 - 0.625).abs() < 0.05);
    let positive = weights.iter().filter(|&&w| w > 0.0).count() as f64 / weights.len() as f64;
    assert!((positive - 0.5).abs() < 0.1, "share of positive weights {positive}");
    assert!(sem.noise_variance.iter().all(|v| (0.5..=10.0).contains(v)));
    assert!((sem.noise_variance.sum() / 200.0 - 5.25).abs() < 1.0);
}

#[test]
fn noise_laws_have_their_moments() {
    // Fourth central moments in units of the variance squared: the standard error of a sample variance.
    let kurtosis = [3.0, 9.0, 6.0, 5.4];
    let skewness = [0.0, 2.0, 0.0, 1.139_547_099_404_648_7];
    let n = 200_000;
    for (k, law) in LAWS.into_iter().enumerate() {
        let v = 2.5;
        let sem = LinearSem::new(array![[0.0]], array![v], law).unwrap();
        let x = sem.sample(n, 11).unwrap();
        let mean = x.sum() / n as f64;
        let central = |power: i32| x.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n as f64;
        let error = 5.0 / (n as f64).sqrt();
        assert!((mean - sem.mean()[0]).abs() < error * v.sqrt(), "{law:?}: mean {mean}");
        assert!((central(2) / v - 1.0).abs() < error * (kurtosis[k] - 1.0_f64).sqrt(), "{law:?}: {}", central(2));
        assert!((central(3) / v.powf(1.5) - skewness[k]).abs() < 0.25, "{law:?}: skewness");
    }
}

#[test]
fn samples_have_the_implied_moments() {
    for (seed, law) in LAWS.into_iter().enumerate() {
        let model = erdos_renyi(1.5).weights(0.25, 1.0).noise(law);
        let sem = model.generate(6, seed as u64).unwrap();
        let n = 100_000;
        let x = sem.sample(n, 1).unwrap();
        let mean = x.mean_axis(Axis(0)).unwrap();
        let centred = &x - &mean;
        let sample = centred.t().dot(&centred) / n as f64;
        let exact = sem.covariance();
        for ((i, j), &c) in exact.indexed_iter() {
            let scale = (exact[[i, i]] * exact[[j, j]]).sqrt();
            assert!((sample[[i, j]] - c).abs() < 0.05 * scale, "{law:?}: covariance ({i}, {j})");
            assert!((mean[i] - sem.mean()[i]).abs() < 0.03 * exact[[i, i]].sqrt(), "{law:?}: mean {i}");
        }
    }
}

#[test]
fn absurd_settings_are_errors() {
    let is_range = |result: datasets::Result<LinearSem>, name: &str| match result.unwrap_err() {
        Error::Argument(core_tensor::Error::OutOfRange { argument, .. }) => assert_eq!(argument, name),
        other => panic!("{other}"),
    };
    for k in [-1.0, f64::NAN, f64::INFINITY, 5.0] {
        is_range(erdos_renyi(k).generate(10, 0), "edges_per_node");
    }
    for m in [0, 10, usize::MAX] {
        is_range(SemModel::new(GraphModel::ScaleFree { edges_per_node: m }).generate(10, 0), "edges_per_node");
    }
    is_range(erdos_renyi(1.0).weights(0.0, 1.0).generate(10, 0), "weights.low");
    is_range(erdos_renyi(1.0).weights(f64::NAN, 1.0).generate(10, 0), "weights.low");
    is_range(erdos_renyi(1.0).weights(2.0, 1.0).generate(10, 0), "weights.high");
    is_range(erdos_renyi(1.0).weights(1.0, f64::INFINITY).generate(10, 0), "weights.high");
    is_range(erdos_renyi(1.0).variance(NoiseVariance::Equal(0.0)).generate(10, 0), "variance");
    is_range(
        erdos_renyi(1.0).variance(NoiseVariance::Uniform { low: -1.0, high: 1.0 }).generate(10, 0),
        "variance.low",
    );
    is_range(
        erdos_renyi(1.0).variance(NoiseVariance::Uniform { low: 2.0, high: 1.0 }).generate(10, 0),
        "variance.high",
    );
    is_range(erdos_renyi(1.0).generate(usize::MAX, 0), "nodes");
    assert!(matches!(
        erdos_renyi(0.0).generate(0, 0),
        Err(Error::Argument(core_tensor::Error::Empty { argument: "nodes", .. }))
    ));
    let sem = erdos_renyi(1.0).generate(10, 0).unwrap();
    assert!(sem.sample(usize::MAX, 0).is_err());
    assert_eq!(sem.sample(0, 0).unwrap().dim(), (0, 10));
    let cyclic = LinearSem::new(array![[0.0, 1.0], [1.0, 0.0]], array![1.0, 1.0], NoiseLaw::Gaussian);
    assert_eq!(
        cyclic.unwrap_err().to_string(),
        "`weights` has a directed cycle through node 0; a structural equation model must be acyclic"
    );
    let law = NoiseLaw::Gaussian;
    assert!(LinearSem::new(Array2::zeros((2, 3)), Array1::ones(2), law).is_err());
    assert!(LinearSem::new(Array2::zeros((2, 2)), Array1::ones(3), law).is_err());
    assert!(LinearSem::new(Array2::zeros((2, 2)), array![1.0, -1.0], law).is_err());
    assert!(LinearSem::new(Array2::zeros((2, 2)), array![1.0, f64::NAN], law).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn orders_put_causes_first(nodes in 2..25_usize, share in 0.0..=1.0_f64, m in 1..5_usize, seed: u64) {
        let k = share * (nodes as f64 - 1.0) / 2.0;
        for graph in [
            GraphModel::ErdosRenyi { edges_per_node: k },
            GraphModel::ScaleFree { edges_per_node: m.min(nodes - 1) },
        ] {
            let sem = SemModel::new(graph).generate(nodes, seed).unwrap();
            let mut place = vec![usize::MAX; nodes];
            for (position, &j) in sem.order.iter().enumerate() {
                place[j] = position;
            }
            prop_assert!(sem.order.len() == nodes && place.iter().all(|&p| p < nodes));
            for ((i, j), &w) in sem.weights.indexed_iter() {
                prop_assert!(w == 0.0 || place[i] < place[j]);
            }
        }
    }

    #[test]
    fn same_seed_same_bits(nodes in 1..10_usize, rows in 0..20_usize, seed: u64) {
        let model = erdos_renyi(0.3 * (nodes as f64 - 1.0)).noise(NoiseLaw::Gumbel);
        let sem = model.generate(nodes, seed).unwrap();
        prop_assert_eq!(&sem, &model.generate(nodes, seed).unwrap());
        let x = sem.sample(rows, seed).unwrap();
        let more = sem.sample(rows + 3, seed).unwrap();
        prop_assert_eq!(&x, &more.slice_axis(Axis(0), ndarray::Slice::from(..rows)));
        prop_assert!(rows == 0 || x != sem.sample(rows, seed.wrapping_add(1)).unwrap());
    }
}
