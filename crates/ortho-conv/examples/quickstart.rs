//! From a random kernel to an orthogonal one, with proofs on the way: `cargo run --release --example quickstart`.

use core_tensor::random::{normal_array, rng};
use ndarray::Array4;
use ortho_conv::{
    Certificate, Error, Geometry, Orthogonaliser, Padding, Spectrum, continuum_bound, existence, flattened_norm,
};
use std::io::Write;

fn main() -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| writeln!(out, "{line}").unwrap_or_default();
    // 16 kernels of 3 × 3 on 8 channels, at stride 2, as a network might begin with.
    let kernel: Array4<f64> = normal_array(&mut rng(1), (16, 8, 3, 3)) / 72.0_f64.sqrt();
    let geometry = Geometry::of(&kernel, 2)?;
    say(format!("{}: {}", geometry.regime(), existence(&geometry, Padding::Circular)?.reason));

    let describe = |kernel: &Array4<f64>| -> Result<String, Error> {
        let spectrum = Spectrum::of(kernel, &geometry, &[16, 16])?;
        let certificate = Certificate::of(kernel, &geometry)?;
        let (low, high) = certificate.singular_values();
        Ok(format!(
            "L_orth {:.2e}; singular values {:.4} to {:.4} on 32 × 32 inputs, certified {low:.4} to {high:.4} on all; norm at most {:.4} \
             (flattened kernel: {:.4})",
            certificate.l_orth,
            spectrum.smallest(),
            spectrum.largest(),
            continuum_bound(kernel, &geometry, 16)?,
            flattened_norm(kernel, &geometry)?,
        ))
    };
    say(format!("random:     {}", describe(&kernel)?));
    let found = Orthogonaliser::new().from_kernel(&kernel, &geometry)?;
    let orthogonal = found.kernel.into_dimensionality().map_err(|_| Error::Unsupported {
        what: "a kernel of other than four axes",
        reason: "this example has four",
    })?;
    say(format!("orthogonal: {}", describe(&orthogonal)?));
    say(format!("after {} iterations of L-BFGS", found.iterations));
    Ok(())
}
