//! A small network trained on latent weights: every number of every step.

use compander::{Arctan, CompandedWeight, Compander, Decay, MomentumStep, ShapeGradient};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, Array2, Axis};

pub(crate) fn register(runner: Runner) -> Runner {
    runner.cases("mlp_training_trace", training_trace)
}

struct Layer {
    weight: CompandedWeight<f64, ndarray::Ix2>,
    velocity: Array2<f64>,
    bias: Array1<f64>,
    bias_velocity: Array1<f64>,
}

/// Gradients with respect to effective weights and biases.
struct Backward {
    loss: f64,
    logits: Array2<f64>,
    upstream: Vec<Array2<f64>>,
    biases: Vec<Array1<f64>>,
}

/// ReLU between the layers, mean softmax cross-entropy at the end.
fn backward(layers: &[Layer], x: &Array2<f64>, y: &[usize]) -> Backward {
    let mut inputs = vec![x.clone()];
    let mut logits = x.clone();
    for (k, layer) in layers.iter().enumerate() {
        logits = inputs[k].dot(&layer.weight.weights().t()) + &layer.bias;
        inputs.push(if k + 1 < layers.len() { logits.mapv(|h| h.max(0.0)) } else { logits.clone() });
    }
    let n = y.len() as f64;
    let (mut loss, mut delta) = (0.0, logits.clone());
    for (mut row, &label) in delta.outer_iter_mut().zip(y) {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = row.iter().map(|z| (z - largest).exp()).sum();
        loss += (total.ln() + largest - row[label]) / n;
        row.mapv_inplace(|z| (z - largest).exp() / total / n);
        row[label] -= 1.0 / n;
    }
    let (mut upstream, mut biases) = (Vec::new(), Vec::new());
    for (k, layer) in layers.iter().enumerate().rev() {
        upstream.push(delta.t().dot(&inputs[k]));
        biases.push(delta.sum_axis(Axis(0)));
        let back = delta.dot(layer.weight.weights());
        delta = if k > 0 { back * inputs[k].mapv(|h| if h > 0.0 { 1.0 } else { 0.0 }) } else { back };
    }
    upstream.reverse();
    biases.reverse();
    Backward { loss, logits, upstream, biases }
}

fn training_trace(case: &Case, check: &mut Check) {
    let (sizes, n) = (case.indices("sizes"), case.index("n"));
    let x: Array2<f64> = case.vector("X").into_shape_with_order((n, sizes[0])).expect("n rows");
    let y = case.indices("y");
    let (init, optimizer) = (case.object("init"), case.object("optimizer"));
    check.same("optimizer", optimizer.text("kind"), "sgd");
    let (ranges, widths) = (init.vector("a"), init.vector("b"));
    let lists = |field: &str, of: &Case| -> Vec<Array1<f64>> {
        let rows = of.value(field).as_array().expect("a list of lists");
        rows.iter().map(|row| row.as_array().expect("a list").iter().filter_map(|v| v.as_f64()).collect()).collect()
    };
    let (latents, biases) = (lists("v", &init), lists("bias", &init));
    let mut layers: Vec<Layer> = (0..sizes.len() - 1)
        .map(|k| {
            let latent = latents[k].clone().into_shape_with_order((sizes[k + 1], sizes[k])).expect("outputs x inputs");
            let compander = Compander::arctan(ranges[k], widths[k]).expect("a compander");
            Layer {
                velocity: Array2::zeros(latent.dim()),
                weight: CompandedWeight::new(latent, vec![compander]).expect("numbers"),
                bias: biases[k].clone(),
                bias_velocity: Array1::zeros(sizes[k + 1]),
            }
        })
        .collect();
    let step = MomentumStep {
        learning_rate: optimizer.number("lr"),
        momentum: optimizer.number("momentum"),
        decay: Decay::OnLatent(optimizer.number("weight_decay_on_v")),
    };
    let shape_rate = optimizer.number("lr_ab");
    let (losses, first, tolerance) = (case.vector("losses"), case.object("first_step"), Tolerance::new(1e-9, 1e-12));
    for t in 0..case.index("steps") {
        let back = backward(&layers, &x, &y);
        check.scalar(&format!("losses[{t}]"), back.loss, losses[t], tolerance);
        if t == 0 {
            first_step(&first, &layers, &back, &lists, check, tolerance);
        }
        for (k, layer) in layers.iter_mut().enumerate() {
            let mut shapes = [ShapeGradient::default()];
            let stepped = layer.weight.momentum_step(&step, &mut layer.velocity, &back.upstream[k], &mut shapes);
            stepped.expect("shapes fit");
            if shape_rate > 0.0 {
                // The file trains a and b themselves, not their logarithms.
                let old = layer.weight.companders()[0];
                let (a, b) = (old.range() - shape_rate * shapes[0].range, old.width() - shape_rate * shapes[0].width);
                let new = Compander::arctan(a, b).expect("a compander");
                layer.weight.set_companders(vec![new]).expect("one compander");
            }
            layer.bias_velocity = &layer.bias_velocity * step.momentum + &back.biases[k];
            layer.bias = &layer.bias - &(&layer.bias_velocity * step.learning_rate);
        }
    }
    let last = case.object("final");
    for (k, layer) in layers.into_iter().enumerate() {
        let compander: Compander<f64, Arctan> = layer.weight.companders()[0];
        check.close("v", &flat(layer.weight.latent()), &lists("v", &last)[k], tolerance);
        check.close("bias", &layer.bias, &lists("bias", &last)[k], tolerance);
        check.scalar("a", compander.range(), last.vector("a")[k], tolerance);
        check.scalar("b", compander.width(), last.vector("b")[k], tolerance);
        check.close("folded_w", &flat(&layer.weight.fold()), &lists("folded_w", &last)[k], tolerance);
    }
}

fn first_step(
    first: &Case,
    layers: &[Layer],
    back: &Backward,
    lists: &dyn Fn(&str, &Case) -> Vec<Array1<f64>>,
    check: &mut Check,
    tolerance: Tolerance,
) {
    check.scalar("first loss", back.loss, first.number("loss"), tolerance);
    check.close("logits", &flat(&back.logits), &first.vector("logits"), tolerance);
    let shapes_given = !first.value("grad_a").is_null();
    for (k, layer) in layers.iter().enumerate() {
        let (gradient, shapes) = layer.weight.backward(&back.upstream[k]).expect("shapes fit");
        check.close("grad_v", &flat(&gradient), &lists("grad_v", first)[k], tolerance);
        check.close("grad_bias", &back.biases[k], &lists("grad_bias", first)[k], tolerance);
        if shapes_given {
            check.scalar("grad_a", shapes[0].range, first.vector("grad_a")[k], tolerance);
            check.scalar("grad_b", shapes[0].width, first.vector("grad_b")[k], tolerance);
        }
    }
}

fn flat(x: &ndarray::ArrayRef2<f64>) -> Array1<f64> {
    x.iter().copied().collect()
}
