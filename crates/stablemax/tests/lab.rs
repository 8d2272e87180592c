//! The polynomial laboratory against its own exact formulas.

#![forbid(unsafe_code)]

use ndarray::{Array1, Array2, array};
use stablemax::Error;
use stablemax::lab::{
    Centring, Committee, LabOptions, Linearised, PolynomialProblem, alignment, difficulty, drift,
    kernel_regression_error, run,
};

fn trained(directions: usize, steps: u64) -> (PolynomialProblem, Committee) {
    let problem = PolynomialProblem::new(6, 40, 20_000, directions, 3).unwrap();
    let mut machine = Committee::new(15, 6, 1.5, 0.3, 4).unwrap();
    for _ in 0..steps {
        machine.step(&problem.train, &problem.train_targets, 0.5, 0.0).unwrap();
    }
    (problem, machine)
}

/// Two implementations: the units one by one, and the moments of their weights.
#[test]
fn moments_are_the_whole_state() {
    let (problem, machine) = trained(2, 30);
    let direct = machine.predict(&problem.test).unwrap();
    let moments = machine.statistics().predict(&problem.test).unwrap();
    for (a, b) in direct.iter().zip(&moments) {
        assert!((a - b).abs() < 1e-12 * (1.0 + a.abs()));
    }
}

#[test]
fn the_error_is_its_parts() {
    for (directions, steps) in [(1, 0), (1, 200), (3, 50)] {
        let (problem, machine) = trained(directions, steps);
        let errors = (machine.predict(&problem.test).unwrap() - &problem.test_targets).mapv(|r| r * r);
        let mean = errors.mean().unwrap();
        let standard_error = (errors.var(1.0) / errors.len() as f64).sqrt();
        let exact = machine.statistics().test_error(&problem.directions).unwrap();
        assert!((mean - exact.total()).abs() < 5.0 * standard_error, "{mean} {exact:?}");
        if steps == 0 && directions == 1 {
            // E y² = 3/4 with |β|² = D: variance 1/4, misalignment 1/2.
            assert!((exact.variance - 0.25).abs() < 1e-12 && (exact.misalignment - 0.5).abs() < 1e-12);
            assert_eq!(exact.linear, 0.0);
        }
    }
}

#[test]
fn steps_descend_the_gradient() {
    let (problem, machine) = trained(1, 10);
    let (x, y) = (&problem.train, &problem.train_targets);
    let mut moved = machine.clone();
    let loss = moved.step(x, y, 1e-7, 0.0).unwrap();
    let residual = machine.predict(x).unwrap() - y;
    assert!((loss - residual.dot(&residual) / 40.0).abs() < 1e-14);
    // The step is -(η₀ N/α²) ∇L: the loss falls by |step|² α²/(η₀ N).
    let step = moved.weights() - machine.weights();
    let expected = step.iter().map(|v| v * v).sum::<f64>() * 1.5 * 1.5 / (1e-7 * 15.0);
    let after = moved.predict(x).unwrap() - y;
    let fall = loss - after.dot(&after) / 40.0;
    assert!((fall - expected).abs() < 1e-4 * expected, "{fall} {expected}");
    // Momentum begins like plain descent and then goes further.
    let (mut heavy, mut plain) = (machine.clone(), machine);
    heavy.step(x, y, 0.01, 0.9).unwrap();
    plain.step(x, y, 0.01, 0.0).unwrap();
    assert!((heavy.weights() - plain.weights()).iter().all(|d| d.abs() < 1e-15));
    heavy.step(x, y, 0.01, 0.9).unwrap();
    plain.step(x, y, 0.01, 0.0).unwrap();
    assert!(heavy.relative_change() > plain.relative_change());
}

/// K is the inner product of gradients of f with respect to the weights, times N/α².
#[test]
fn tangent_kernels_are_inner_products() {
    let (problem, machine) = trained(1, 20);
    let x = problem.test.select(ndarray::Axis(0), &[0, 1, 2, 3]);
    let w = machine.weights();
    let h = x.dot(&w.t());
    let gradient = |i: usize| -> Vec<f64> {
        let unit = |k: usize| 1.5 / 15.0 * (1.0 + 0.3 * h[[i, k]]);
        (0..15).flat_map(|k| x.row(i).iter().map(|v| unit(k) * v).collect::<Vec<_>>()).collect()
    };
    let kernel = machine.statistics().tangent_kernel(&x, &x).unwrap();
    for ((i, j), &k) in kernel.indexed_iter() {
        let dot: f64 = gradient(i).iter().zip(gradient(j)).map(|(a, b)| a * b).sum();
        assert!((k - dot * 15.0 / (1.5 * 1.5)).abs() < 1e-13);
    }
}

#[test]
fn the_lazy_limit_is_the_linearised_network() {
    let problem = PolynomialProblem::new(8, 30, 500, 1, 0).unwrap();
    let difference = |alpha| {
        let mut machine = Committee::new(50, 8, alpha, 0.25, 1).unwrap();
        let options = LabOptions { steps: 300, log_every: 300, linearised: true, ..LabOptions::default() };
        let rows = run(&problem, &mut machine, &options).unwrap().rows;
        (rows[1].linearised_difference, rows[1].relative_change, rows[1].drift)
    };
    let (a, b) = (difference(10.0), difference(1000.0));
    // All three fall like 1/α, the drift of the kernel's direction like 1/α².
    assert!(b.0 < a.0 / 50.0 && b.1 < a.1 / 50.0 && b.2 < a.2 / 1000.0, "{a:?} {b:?}");
    // Trained long enough, the linearised network is kernel regression.
    let machine = Committee::new(100, 8, 1.0, 0.25, 1).unwrap();
    let statistics = machine.statistics();
    let kernel = statistics.tangent_kernel(&problem.train, &problem.train).unwrap();
    let cross = statistics.tangent_kernel(&problem.test, &problem.train).unwrap();
    let floor = kernel_regression_error(&kernel, &problem.train_targets, &cross, &problem.test_targets).unwrap();
    let mut linear = Linearised::new(&machine);
    for _ in 0..10_000 {
        linear.step(&problem.train, &problem.train_targets, 3.0).unwrap();
    }
    let error = linear.predict(&problem.test).unwrap() - &problem.test_targets;
    let found = error.dot(&error) / 500.0;
    assert!((found - floor).abs() < 0.02 * floor, "{found} {floor}");
}

#[test]
fn kernels() {
    let (k, y) = (array![[2.0, 0.0], [0.0, 4.0]], array![2.0, 0.0]);
    assert!((alignment(&k, &y, Centring::None).unwrap() - 2.0 / 20.0_f64.sqrt()).abs() < 1e-15);
    assert!((difficulty(&k, &y).unwrap() - 2.0).abs() < 1e-14);
    assert!(drift(&k, &(&k * 3.0)).unwrap().abs() < 1e-15);
    // Centred: H K H = 1.5 [[1, -1], [-1, 1]], H y = (1, -1): aligned.
    assert!((alignment(&k, &y, Centring::Means).unwrap() - 1.0).abs() < 1e-15);
    // A singular kernel gets a ridge.
    let ones = Array2::<f64>::ones((3, 3));
    let found = difficulty(&ones, &array![1.0, 1.0, 1.0]).unwrap();
    assert!((found - 1.0).abs() < 1e-6, "{found}");
    assert_eq!(alignment(&Array2::zeros((1, 1)), &array![1.0], Centring::None).unwrap(), 0.0);
}

#[test]
fn hostile() {
    for bad in [[0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]] {
        assert!(PolynomialProblem::new(bad[0], bad[1], bad[2], bad[3], 0).is_err());
    }
    for alpha in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Committee::new(1, 1, alpha, 0.1, 0).is_err());
    }
    assert!(Committee::new(0, 1, 1.0, 0.1, 0).is_err() && Committee::new(1, 0, 1.0, 0.1, 0).is_err());
    assert!(Committee::new(1, 1, 1.0, f64::NAN, 0).is_err());
    let problem = PolynomialProblem::new(4, 20, 30, 1, 0).unwrap();
    let mut machine = Committee::new(10, 4, 1.0, 0.25, 0).unwrap();
    assert!(machine.predict(&Array2::zeros((1, 3))).is_err());
    assert!(machine.step(&problem.train, &Array1::zeros(3), 0.1, 0.0).is_err());
    assert!(machine.step(&problem.train, &problem.train_targets, -0.1, 0.0).is_err());
    assert!(machine.step(&problem.train, &problem.train_targets, 0.1, 1.0).is_err());
    assert!(machine.step(&Array2::zeros((0, 4)), &Array1::zeros(0), 0.1, 0.0).is_err());
    assert!(run(&problem, &mut machine, &LabOptions { log_every: 0, ..LabOptions::default() }).is_err());
    assert!(run(&problem, &mut machine, &LabOptions { kernel_rows: 0, ..LabOptions::default() }).is_err());
    let error = run(&problem, &mut machine, &LabOptions { rate: 1e6, ..LabOptions::default() }).unwrap_err();
    assert!(matches!(error, Error::Diverged { step: 2.., .. } | Error::Argument(_)), "{error}");
    let statistics = machine.statistics();
    assert!(
        statistics.test_error(&Array2::zeros((1, 3))).is_err() && statistics.predict(&Array2::zeros((1, 3))).is_err()
    );
    assert!(statistics.tangent_kernel(&Array2::zeros((1, 4)), &Array2::zeros((1, 3))).is_err());
    let k = Array2::<f64>::eye(2);
    assert!(alignment(&k, &array![1.0], Centring::None).is_err() && difficulty(&k, &array![f64::NAN, 0.0]).is_err());
    assert!(drift(&k, &Array2::zeros((1, 1))).is_err() && difficulty(&-k.clone(), &array![1.0, 1.0]).is_err());
    assert!(kernel_regression_error(&k, &array![1.0, 1.0], &Array2::zeros((1, 3)), &array![1.0]).is_err());
    assert!(difficulty(&Array2::zeros((0, 0)), &Array1::zeros(0)).is_err());
}
