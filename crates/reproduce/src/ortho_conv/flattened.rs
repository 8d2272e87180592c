//! X5: the norm of the flattened kernel, which spectral normalisation divides by, against the layer's.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::statistics::summary;
use crate::table::Table;
use core_tensor::random::{normal_array, rng};
use ndarray::Array4;
use ortho_conv::{Geometry, continuum_bound, extreme_singular_values, flattened_bound, flattened_norm};
use serde_json::json;

pub(crate) const FLATTENED: Experiment =
    Experiment { name: "ortho-conv-flattened", title: "The flattened kernel's norm is not the layer's", run };

const LAYERS: [(usize, usize, usize, usize); 6] =
    [(16, 16, 3, 1), (64, 64, 3, 1), (32, 3, 7, 1), (32, 16, 3, 2), (16, 32, 5, 1), (8, 8, 1, 1)];

fn run() -> Outcome<Findings> {
    let mut table = Table::new(
        "layer's norm at 32 outputs per dimension / norm of the flattened kernel",
        &["M, C, k, s", "normal entries", "constant entries", "⌈k/s⌉", "bound for all sizes / norm"],
    );
    let (mut runs, mut above, mut below, mut bounded) = (Vec::new(), 0, 0, true);
    for (m, c, k, s) in LAYERS {
        let geometry = Geometry::new(m, c, &[k, k], &[s, s])?;
        let limit = k.div_ceil(s) as f64;
        let mut ratio = |kernel: &Array4<f64>| -> Outcome<(f64, f64)> {
            let (_, norm) = extreme_singular_values(kernel, &geometry, &[32, 32])?;
            let ratio = norm / flattened_norm(kernel, &geometry)?;
            let bound = continuum_bound(kernel, &geometry, 16)?;
            bounded &= norm <= bound * (1.0 + 1e-12) && norm <= flattened_bound(kernel, &geometry)? * (1.0 + 1e-12);
            Ok((ratio, bound / norm))
        };
        let mut random = Vec::new();
        for seed in 0..5 {
            random.push(ratio(&normal_array(&mut rng(seed), (m, c, k, k)))?);
        }
        let (constant, _) = ratio(&Array4::ones((m, c, k, k)))?;
        let (ratios, bounds) = (summary(random.iter().map(|r| r.0)), summary(random.iter().map(|r| r.1)));
        above += usize::from(k > s && ratios.mean > 1.1);
        below += usize::from(k % s == 0 && (constant - limit).abs() < 1e-9 * limit);
        table.row([
            format!("{m}, {c}, {k}, {s}"),
            ratios.text(3),
            format!("{constant:.3}"),
            format!("{limit:.0}"),
            bounds.text(4),
        ]);
        runs.push(json!({"layer": [m, c, k, s], "normal": random, "constant": constant}));
    }
    let divisible = LAYERS.iter().filter(|(_, _, k, s)| k % s == 0).count();
    let overlapping = LAYERS.iter().filter(|(_, _, k, s)| k > s).count();
    let claims = vec![
        Claim::new(
            "dividing by the flattened kernel's norm does not make a layer 1-Lipschitz",
            "for normal entries the layer's norm is over 1.1 times as large wherever taps overlap",
            format!("{above} of {overlapping} layers"),
            Verdict::of(above == overlapping),
        ),
        Claim::new(
            "the ratio reaches √Π⌈k/s⌉, here ⌈k/s⌉",
            "equal for constant kernels wherever s divides k",
            format!("{below} of {divisible} layers"),
            Verdict::of(below == divisible),
        ),
        Claim::new(
            "√Π⌈k/s⌉ times the flattened norm, and the grid's bound for all sizes, do bound it",
            "every kernel",
            if bounded { "all" } else { "not all" },
            Verdict::of(bounded),
        ),
    ];
    Ok(Findings {
        setting: "Two dimensions, circular padding. Trained kernels stand in ortho-conv-training.".to_owned(),
        seeds: "0 to 4".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![],
        runs,
    })
}
