//! The proximal operator of the group sparse envelope.

use crate::problem::{Measured, seconds};
use core_tensor::Scalar;
use core_tensor::random::{normal_array, rng};
use ndarray::{Array, Array1, Array2, Dimension};
use ndarray_npy::{WritableElement, read_npy, write_npy};
use orthant_benches::Outcome;
use std::path::Path;
use wgsef::{Groups, TensorsMut, Wgsef, Workspace};

const GROUPS: usize = 10_000;
const MEMBERS: usize = 100;
const SINGLETONS: usize = 1_000_000;

pub(crate) fn prepare(folder: &Path) -> Outcome<()> {
    let mut random = rng(3);
    let groups: Array2<f64> = normal_array(&mut random, (GROUPS, MEMBERS));
    write_npy(folder.join("groups.npy"), &groups.mapv(|y| (0.3 * y) as f32))?;
    let singletons: Array1<f64> = normal_array(&mut random, SINGLETONS);
    Ok(write_npy(folder.join("singletons.npy"), &singletons)?)
}

pub(crate) fn run(folder: &Path) -> Outcome<Vec<Measured>> {
    let y: Array2<f32> = read_npy(folder.join("groups.npy"))?;
    let of_groups =
        prox(&Wgsef::new(Groups::uniform(GROUPS, MEMBERS)?, GROUPS / 5)?, &y, &folder.join("prox-groups.npy"))?;
    let y: Array1<f64> = read_npy(folder.join("singletons.npy"))?;
    let single = Wgsef::new(Groups::singletons(&[SINGLETONS])?, SINGLETONS / 5)?;
    let of_singletons = prox(&single, &y, &folder.join("prox-singletons.npy"))?;
    Ok(vec![
        Measured { problem: "prox-groups", seconds: of_groups, setting: "k = 2000".to_owned() },
        Measured { problem: "prox-singletons", seconds: of_singletons, setting: "k = 200000".to_owned() },
    ])
}

/// Seconds of copying `y` and replacing the copy by its prox, which is what the peers return: a new array.
fn prox<T: Scalar + WritableElement, D: Dimension>(omega: &Wgsef, y: &Array<T, D>, file: &Path) -> Outcome<f64>
where
    Array<T, D>: TensorsMut<T>,
{
    let mut work = Workspace::new(omega.groups().count());
    let mut x = y.clone();
    let seconds = seconds(|| {
        x.assign(y);
        omega.prox_in_place(&mut x, 1.0, &mut work)?;
        Ok(())
    })?;
    write_npy(file, &x)?;
    Ok(seconds)
}
