//! A companded linear layer in burn, and the kernels on many weights.

use crate::problem::{Measured, seconds};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use compander::burn::{Companding, compand};
use compander::{BoundRule, Compander, Initialisation};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2};
use ndarray_npy::{read_npy, write_npy};
use orthant_benches::Outcome;
use std::path::Path;

const RANGE: f32 = 0.07;
const WIDTH: f32 = 0.05;
const SIZE: usize = 512;
const ROWS: usize = 64;
const LONG: usize = 1_000_000;

pub(crate) fn prepare(folder: &Path) -> Outcome<()> {
    let mut random = rng(2);
    let mut matrix = |rows: usize, columns: usize, scale: f64| -> Array2<f32> {
        let normal: Array2<f64> = normal_array(&mut random, (rows, columns));
        normal.mapv(|z| (scale * z) as f32)
    };
    write_npy(folder.join("latent.npy"), &matrix(SIZE, SIZE, 0.05))?;
    write_npy(folder.join("inputs.npy"), &matrix(ROWS, SIZE, 1.0))?;
    write_npy(folder.join("upstream.npy"), &matrix(ROWS, SIZE, 1.0))?;
    write_npy(folder.join("long-latent.npy"), &matrix(1, LONG, 0.05))?;
    Ok(write_npy(folder.join("long-upstream.npy"), &matrix(1, LONG, 1.0))?)
}

pub(crate) fn run(folder: &Path) -> Outcome<Vec<Measured>> {
    Ok(vec![layer(folder)?, kernels(folder)?])
}

#[derive(Module, Debug)]
struct Linear {
    /// Inputs × outputs, as burn's own layer.
    weight: Param<Tensor<2>>,
}

fn tensor(folder: &Path, name: &str, transposed: bool, device: &Device) -> Outcome<Tensor<2>> {
    let array: Array2<f32> = read_npy(folder.join(format!("{name}.npy")))?;
    let array = if transposed { array.reversed_axes() } else { array };
    let shape = [array.nrows(), array.ncols()];
    Ok(Tensor::from_data(TensorData::new(array.iter().copied().collect::<Vec<f32>>(), shape), device))
}

fn layer(folder: &Path) -> Outcome<Measured> {
    let device = Device::flex().autodiff();
    let inputs = tensor(folder, "inputs", false, &device)?.require_grad();
    let upstream = tensor(folder, "upstream", false, &device)?;
    let effective = |weight: &Tensor<2>| weight.clone().div_scalar(WIDTH).atan().mul_scalar(RANGE);
    let latent = tensor(folder, "latent", true, &device)?;
    let plain = Linear { weight: Param::from_tensor(latent.clone()) };
    // The adapter takes effective weights and computes latent ones from them.
    let start = Linear { weight: Param::from_tensor(effective(&latent)) };
    let bound = f64::from(RANGE) * std::f64::consts::FRAC_PI_2;
    let gain = f64::from(RANGE / WIDTH);
    let (companded, _) = compand(
        start,
        &Companding::new(Initialisation::new(BoundRule::Deviation { deviation: bound, multiple: 1.0 }).gain(gain))?,
    );
    let step = |module: &Linear| {
        let loss = (inputs.clone().matmul(module.weight.val()) * upstream.clone()).sum();
        loss.backward()
    };
    let timed = |module: &Linear| {
        seconds(|| {
            step(module);
            Ok(())
        })
    };
    let (of_plain, of_companded) = (timed(&plain)?, timed(&companded)?);
    let gradients = step(&companded);
    let found = burn::optim::GradientsParams::from_grads(gradients, &companded);
    let found: Tensor<2> = found.get(companded.weight.id).ok_or("the latent weights have no gradient")?;
    let numbers: Vec<f32> = found.transpose().into_data().iter::<f32>().collect();
    write_npy(folder.join("companded-linear.npy"), &Array2::from_shape_vec((SIZE, SIZE), numbers)?)?;
    let setting = format!("plain {:.2} ms, companded {:.2} ms", 1e3 * of_plain, 1e3 * of_companded);
    Ok(Measured { problem: "companded-linear", seconds: (of_companded - of_plain).max(0.0), setting })
}

fn kernels(folder: &Path) -> Outcome<Measured> {
    let read = |name: &str| -> Outcome<Array1<f32>> {
        let array: Array2<f32> = read_npy(folder.join(name))?;
        Ok(array.row(0).to_owned())
    };
    let (v, upstream) = (read("long-latent.npy")?, read("long-upstream.npy")?);
    let compander = Compander::arctan(RANGE, WIDTH)?;
    let (mut w, mut gradient) = (v.clone(), v.clone());
    let seconds = seconds(|| {
        compander.compand_into(&v, &mut w)?;
        compander.backward_into(&v, &w, &upstream, &mut gradient)?;
        Ok(())
    })?;
    write_npy(folder.join("long-gradient.npy"), &gradient.insert_axis(ndarray::Axis(0)))?;
    Ok(Measured { problem: "companding", seconds, setting: "kernels, in v, a and b".to_owned() })
}
