//! Solutions of convex models.

use core_optim::design::Dense;
use core_optim::loss::{EmpiricalLoss, LinearModel, Logistic, Squared};
use core_optim::prox::check_prox;
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2};
use wgsef::{Groups, Penalty, Solver, Wgsef, Workspace};

fn data() -> (Array2<f64>, Array1<f64>) {
    let x: Array2<f64> = normal_array(&mut rng(1), (40, 24));
    let noise: Array1<f64> = normal_array(&mut rng(2), 40);
    let y = 2.0 * &x.column(0) - x.column(1) + 1.5 * &x.column(9) + 0.3 * noise;
    (x, y)
}

/// 14: the gap bounds the distance to the minimum, and falls to zero.
#[test]
fn gaps_certify() {
    let (x, y) = data();
    let design = Dense::new(&x).unwrap();
    let loss = EmpiricalLoss::new(Squared, &y).unwrap();
    let mut f = LinearModel::new(&design, &loss).unwrap().scale(1.0 / 40.0).unwrap();
    let omega = Wgsef::new(Groups::uniform(8, 3).unwrap(), 2).unwrap();
    let best = Solver::new().tolerance(1e-14).max_iterations(100_000).fit(&mut f, &omega, 0.1).unwrap();
    assert!(best.gap.unwrap() < 1e-12 && best.stopped.is_success());
    let mut last = f64::INFINITY;
    for tolerance in [1e-1, 1e-3, 1e-5, 1e-7] {
        let fit = Solver::new().tolerance(tolerance).fit(&mut f, &omega, 0.1).unwrap();
        let gap = fit.gap.unwrap();
        assert!(fit.objective - best.objective <= gap + 1e-13 && gap >= -1e-12);
        assert!(gap <= last);
        last = gap;
    }
    let labels = y.mapv(|y| if y > 0.0 { 1.0 } else { -1.0 });
    let loss = EmpiricalLoss::new(Logistic, &labels).unwrap();
    let mut f = LinearModel::new(&design, &loss).unwrap().scale(1.0 / 40.0).unwrap();
    let fit = Solver::new().fit(&mut f, &omega, 0.05).unwrap();
    assert!(fit.gap.unwrap() <= 1e-8 && fit.kept.len() >= 2);
}

/// Single precision reaches its own tolerance.
#[test]
fn single_precision() {
    let (x, y) = data();
    let (x, y) = (x.mapv(|v| v as f32), y.mapv(|v| v as f32));
    let design = Dense::new(&x).unwrap();
    let loss = EmpiricalLoss::new(Squared, &y).unwrap();
    let mut f = LinearModel::new(&design, &loss).unwrap().scale(1.0 / 40.0).unwrap();
    let omega = Wgsef::new(Groups::uniform(8, 3).unwrap(), 2).unwrap();
    let fit = Solver::new().fit(&mut f, &omega, 0.1).unwrap();
    assert!(fit.gap.unwrap() <= 1e-4 && fit.stopped.is_success(), "{fit:?}");
}

/// The kept count falls to k along λ, and the exact fit has k groups.
#[test]
fn exactly_k() {
    let (x, y) = data();
    let design = Dense::new(&x).unwrap();
    let loss = EmpiricalLoss::new(Squared, &y).unwrap();
    let mut f = LinearModel::new(&design, &loss).unwrap().scale(1.0 / 40.0).unwrap();
    let omega = Wgsef::new(Groups::uniform(8, 3).unwrap(), 2).unwrap();
    let exact = Solver::new().ridge(1e-6).fit_exactly(&mut f, &omega, 0.01).unwrap();
    assert_eq!(exact.refitted.kept.len(), 2);
    assert!(exact.refitted.kept.contains(&0) && exact.refitted.kept.contains(&3), "{exact:?}");
    assert_eq!(exact.steps.first().unwrap().0, 0.01);
    let path = Solver::new().lambda_path(&mut f, &omega, &[1.0, 0.1, 0.01]).unwrap();
    assert!(path.windows(2).all(|two| two[0].kept.len() <= two[1].kept.len()));
    assert!(path.iter().all(|fit| fit.kept.len() >= 2));
    let budgets = Solver::new().budget_path(&mut f, &omega, &[1, 2, 4, 8], 0.1).unwrap();
    assert!(budgets.windows(2).all(|two| two[1].objective <= two[0].objective + 1e-8));
    assert_eq!(budgets.iter().map(|fit| fit.k).collect::<Vec<_>>(), [1, 2, 4, 8]);
}

#[test]
fn the_penalty_is_what_it_says() {
    for k in [1, 2, 5] {
        let omega = Wgsef::new(Groups::contiguous(&[2, 1, 3, 2, 2]).unwrap(), k).unwrap();
        let report = check_prox(&mut Penalty::new(&omega, 0.4).unwrap(), 10, 0.7, 200, 1).unwrap();
        assert!(report.largest_excess < 1e-12);
    }
    // A tensor's groups, on its entries as a vector.
    let omega = Wgsef::new(Groups::columns(3, 4).unwrap(), 2).unwrap();
    check_prox(&mut Penalty::new(&omega, 0.4).unwrap(), 12, 0.7, 100, 1).unwrap();
}

#[test]
fn half_space_steps_never_resurrect() {
    let omega = Wgsef::new(Groups::uniform(5, 2).unwrap(), 2).unwrap();
    let mut x = Array1::from(vec![1.0, 1.0, 0.0, 0.0, 0.1, -0.1, 2.0, 0.0, 0.0, 0.0]);
    let gradient = Array1::from(vec![0.1, 0.1, 9.0, 9.0, 5.0, -5.0, -1.0, 0.0, 3.0, 3.0]);
    let info = omega.half_space_step(&mut x, &gradient, 0.1, 0.1, 0.0, &mut Workspace::default()).unwrap();
    assert_eq!((info.kept, info.removed), (2, 1));
    assert_eq!(omega.groups().kept(&x).unwrap(), [true, false, false, true, false]);
}
