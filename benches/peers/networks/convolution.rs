//! L_orth with its gradient, and all singular values of a layer.

use crate::problem::{Measured, seconds};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array4};
use ndarray_npy::{read_npy, write_npy};
use orthant_benches::Outcome;
use ortho_conv::{Geometry, LOrth, Spectrum};
use std::path::Path;

const CHANNELS: [(&str, usize); 2] = [("l-orth-64", 64), ("l-orth-256", 256)];
const N: usize = 32;

pub(crate) fn prepare(folder: &Path) -> Outcome<()> {
    for (name, channels) in CHANNELS {
        let kernel: Array4<f64> = normal_array(&mut rng(5), (channels, channels, 3, 3));
        // Of about unit norm: Glorot's deviation.
        let scale = (1.0 / (9.0 * channels as f64)).sqrt();
        write_npy(folder.join(format!("{name}.npy")), &kernel.mapv(|k| (scale * k) as f32))?;
    }
    Ok(())
}

pub(crate) fn run(folder: &Path) -> Outcome<Vec<Measured>> {
    let mut measured = Vec::new();
    for (name, _) in CHANNELS {
        let kernel: Array4<f32> = read_npy(folder.join(format!("{name}.npy")))?;
        let mut l_orth = LOrth::new(&Geometry::of(&kernel, 1)?);
        let mut gradient = Array4::zeros(kernel.raw_dim());
        let seconds = seconds(|| {
            l_orth.value_and_gradient_into(&kernel, &mut gradient)?;
            Ok(())
        })?;
        write_npy(folder.join(format!("{name}-gradient.npy")), &gradient)?;
        measured.push(Measured { problem: name, seconds, setting: String::new() });
    }
    let kernel: Array4<f32> = read_npy(folder.join("l-orth-64.npy"))?;
    let geometry = Geometry::of(&kernel, 1)?;
    let mut values = Array1::zeros(0);
    let seconds = seconds(|| {
        values = Spectrum::of(&kernel, &geometry, &[N, N])?.values().clone();
        Ok(())
    })?;
    write_npy(folder.join("singular-values.npy"), &values)?;
    measured.push(Measured { problem: "singular-values", seconds, setting: "f64".to_owned() });
    Ok(measured)
}
