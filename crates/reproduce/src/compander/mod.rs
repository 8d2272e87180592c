//! Experiments of the weight compander.

mod bias;
mod clean;
mod damage;
mod network;
mod noise;

pub(crate) use bias::BIAS;
pub(crate) use clean::CLEAN;
pub(crate) use damage::DAMAGE;
pub(crate) use noise::{NOISE, NOISE_MNIST};
