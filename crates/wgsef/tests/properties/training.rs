//! Training loops, masks, compaction, latent groups.

use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, ArrayD, Axis};
use wgsef::{Groups, Latent, Metric, Momentum, ProxGradient, Regulariser, Wgsef, compact, repeat_kept};

fn columns(k: usize, lambda: f64) -> Regulariser {
    Regulariser { omega: Wgsef::new(Groups::columns(3, 8).unwrap(), k).unwrap(), lambda, tensors: vec![0] }
}

/// Runs to the minimiser of ½‖x - target‖² + λ ω(x), which is the prox.
#[track_caller]
fn converges(training: ProxGradient<f64>, alpha: f64, steps: usize, tolerance: f64) {
    let target: Array2<f64> = normal_array(&mut rng(1), (3, 8));
    let omega = Wgsef::new(Groups::columns(3, 8).unwrap(), 3).unwrap();
    let expected = omega.prox(&target, 0.4).unwrap().0;
    let mut training = training;
    let mut x: ArrayD<f64> = normal_array(&mut rng(2), (3, 8)).into_dyn();
    let mut bias = Array1::from(vec![1.0, 2.0]).into_dyn();
    for _ in 0..steps {
        let gradient = &x - &target.view().into_dyn();
        let bias_gradient = &bias - 5.0;
        training.step(&mut [x.view_mut(), bias.view_mut()], &[gradient.view(), bias_gradient.view()], alpha).unwrap();
    }
    let far = x.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(far < tolerance, "{far:e}");
    assert!(bias.iter().all(|b| (b - 5.0).abs() < tolerance));
    assert_eq!(training.kept().len(), 1);
}

#[test]
fn every_metric_and_momentum_finds_the_minimum() {
    let shapes: [&[usize]; 2] = [&[3, 8], &[2]];
    let new = || ProxGradient::<f64>::new(&shapes, vec![columns(3, 0.4)]).unwrap();
    converges(new(), 0.1, 2000, 1e-9);
    // Heavy-ball gradients add up to 1/(1 - ρ) = 2 times themselves.
    let mut heavy = new().momentum(Momentum::HeavyBall(0.5)).unwrap();
    heavy.set_lambda(0, 0.8).unwrap();
    converges(heavy, 0.1, 2000, 1e-9);
    converges(new().momentum(Momentum::Average(0.0)).unwrap(), 0.5, 500, 1e-9);
    // Adam's steps shrink with its second moment only if the step length does; the fixed point is the same.
    let adam = || new().metric(Metric::Adam { beta2: 0.9, epsilon: 1e-3 }).unwrap().delta(1.0).unwrap();
    converges(adam(), 0.2, 3000, 1e-6);
    // The mean over groups moves the fixed point: the less, the more alike the metric is within groups.
    let mean = |delta| {
        let metric = Metric::AdamGroupMean { beta2: 0.9, epsilon: 1e-3 };
        new().metric(metric).unwrap().delta(delta).unwrap()
    };
    converges(mean(1e4), 2e3, 3000, 1e-3);
}

#[test]
fn lazy_steps_shrink_only_at_times() {
    let shapes: [&[usize]; 1] = [&[3, 8]];
    let mut training = ProxGradient::<f64>::new(&shapes, vec![columns(2, 5.0)]).unwrap().every(3).unwrap();
    let mut x: ArrayD<f64> = normal_array(&mut rng(3), (3, 8)).into_dyn();
    let zero = ArrayD::zeros(x.raw_dim());
    let before = x.clone();
    for _ in 0..2 {
        training.step(&mut [x.view_mut()], &[zero.view()], 0.1).unwrap();
    }
    assert_eq!(x, before);
    training.step(&mut [x.view_mut()], &[zero.view()], 0.1).unwrap();
    let omega = Wgsef::new(Groups::columns(3, 8).unwrap(), 2).unwrap();
    assert_eq!(x, omega.prox(&before, 0.1 * 15.0).unwrap().0);
    training.set_budget(0, 1).unwrap();
    training.cut(&mut [x.view_mut()]).unwrap();
    assert_eq!(training.kept(), [1]);
}

#[test]
fn half_space_training_keeps_zeros() {
    let shapes: [&[usize]; 2] = [&[3, 8], &[2]];
    let mut training = ProxGradient::<f64>::new(&shapes, vec![columns(2, 0.1)]).unwrap();
    let mut x: ArrayD<f64> = normal_array(&mut rng(4), (3, 8)).into_dyn();
    x.index_axis_mut(Axis(1), 5).fill(0.0);
    let mut bias = Array1::from(vec![1.0, 2.0]).into_dyn();
    let gradients = [ArrayD::ones(x.raw_dim()), ArrayD::ones(bias.raw_dim())];
    let views = [gradients[0].view(), gradients[1].view()];
    let infos = training.half_space_step(&mut [x.view_mut(), bias.view_mut()], &views, 0.2, 0.5).unwrap();
    assert_eq!(infos[0].kept + infos[0].removed, 7);
    assert!(x.index_axis(Axis(1), 5).iter().all(|v| *v == 0.0));
    assert_eq!(bias, Array1::from(vec![0.8, 1.8]).into_dyn());
}

/// A network without its pruned neurons computes the same.
#[test]
fn compaction_changes_no_output() {
    let (mut w1, mut b1, mut w2): (Array2<f64>, Array1<f64>, Array2<f64>) =
        (normal_array(&mut rng(5), (10, 4)), normal_array(&mut rng(6), 10), normal_array(&mut rng(7), (3, 10)));
    let groups = Groups::neurons(4, 10, 3).unwrap();
    let omega = Wgsef::new(groups.clone(), 4).unwrap();
    let mut views = [w1.view_mut().into_dyn(), b1.view_mut().into_dyn(), w2.view_mut().into_dyn()];
    omega.hard_prox_in_place(&mut views[..], 0.0, &mut wgsef::Workspace::default()).unwrap();
    let tensors = [w1.clone().into_dyn(), b1.clone().into_dyn(), w2.clone().into_dyn()];
    let kept = groups.kept(&tensors[..]).unwrap();
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 4);
    let (c1, cb, c2) =
        (compact(&w1, 0, &kept).unwrap(), compact(&b1, 0, &kept).unwrap(), compact(&w2, 1, &kept).unwrap());
    let input: Array1<f64> = normal_array(&mut rng(8), 4);
    let relu = |v: Array1<f64>| v.mapv(|v| v.max(0.0));
    let (full, small) = (w2.dot(&relu(w1.dot(&input) + &b1)), c2.dot(&relu(c1.dot(&input) + &cb)));
    assert!(full.iter().zip(&small).all(|(a, b)| (a - b).abs() < 1e-13));
    assert_eq!((c1.dim(), c2.dim()), ((4, 4), (3, 4)));
    let mask = groups.mask(0, &[10, 4], &kept).unwrap();
    assert!(mask.indexed_iter().all(|(at, &mask)| mask == kept[at[0]] && (mask || w1[[at[0], at[1]]] == 0.0)));
    assert_eq!(repeat_kept(&[true, false], 2), [true, true, false, false]);
}

#[test]
fn latent_groups_add_up() {
    let latent = Latent::new(3, &[0, 2, 4], &[0, 1, 1, 2]).unwrap();
    assert_eq!((latent.copies(), latent.groups().count()), (4, 2));
    let mut x = Array1::zeros(3);
    latent.collapse_into(&Array1::from(vec![1.0, 2.0, 4.0, 8.0]), &mut x).unwrap();
    assert_eq!(x, Array1::from(vec![1.0, 6.0, 8.0]));
    let mut v = Array1::zeros(4);
    latent.spread_into(&x, &mut v).unwrap();
    assert_eq!(v, Array1::from(vec![1.0, 6.0, 6.0, 8.0]));
}
