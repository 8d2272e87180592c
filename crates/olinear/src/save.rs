//! Fitted models in files: tensors in the safetensors format, everything else as JSON in its header.

use crate::conformal::{Score, SplitConformal};
use crate::forecaster::Forecaster;
use crate::metrics::Metrics;
use crate::network::{Architecture, Network};
use crate::ridge::{RidgeFit, RidgeMap};
use crate::rotation::Rotation;
use crate::scaler::Scaler;
use crate::split::Parts;
use crate::train::{Epoch, OLinearFit, TrainingEnd};
use crate::{Error, Result};
use ndarray::{Array2, Array3, ArrayRef3};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// Version of the files written; others are refused.
const VERSION: u32 = 1;
const KEY: &str = "olinear";
const INTERVALS: &str = "interval_errors";

/// What a saved model forecasts with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum FittedForecaster {
    /// A trained network.
    Network(Box<OLinearFit>),
    /// A closed-form map.
    Ridge(Box<RidgeMap>),
}

impl Forecaster for FittedForecaster {
    fn look_back(&self) -> usize {
        match self {
            FittedForecaster::Network(fit) => fit.look_back(),
            FittedForecaster::Ridge(map) => map.look_back(),
        }
    }

    fn horizon(&self) -> usize {
        match self {
            FittedForecaster::Network(fit) => fit.horizon(),
            FittedForecaster::Ridge(map) => map.horizon(),
        }
    }

    fn forecast_windows(&self, windows: &ArrayRef3<f64>) -> Result<Array3<f64>> {
        match self {
            FittedForecaster::Network(fit) => fit.forecast_windows(windows),
            FittedForecaster::Ridge(map) => map.forecast_windows(windows),
        }
    }
}

/// A fitted forecaster with what is needed to use it on raw data.
#[derive(Debug, Clone)]
pub struct SavedModel {
    /// The forecaster, on standardised data.
    pub forecaster: FittedForecaster,
    /// From raw data to standardised and back.
    pub scaler: Scaler,
    /// Names of the channels.
    pub channels: Vec<String>,
    /// The parts of the series that it was fitted on.
    pub parts: Parts,
    /// Errors on the test part, if it was measured.
    pub metrics: Option<Metrics>,
    /// Errors that intervals are made from.
    pub intervals: Option<SplitConformal>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Header {
    version: u32,
    scaler: Scaler,
    channels: Vec<String>,
    parts: Parts,
    metrics: Option<Metrics>,
    intervals: Option<IntervalHeader>,
    forecaster: ForecasterHeader,
}

#[derive(serde::Serialize, serde::Deserialize)]
enum ForecasterHeader {
    Network {
        architecture: Architecture,
        history: Vec<Epoch>,
        end: TrainingEnd,
        input: RotationHeader,
        output: RotationHeader,
    },
    Ridge(RidgeFit),
}

/// What belongs to the tensor `interval_errors`.
#[derive(serde::Serialize, serde::Deserialize)]
struct IntervalHeader {
    score: Score,
    horizon: usize,
    channels: usize,
    /// Errors of each step and channel.
    lengths: Vec<usize>,
}

#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
enum RotationHeader {
    Identity,
    Shared,
    PerChannel(usize),
}

fn bad(reason: impl std::fmt::Display) -> Error {
    Error::Saved { reason: reason.to_string() }
}

impl SavedModel {
    /// The model as the bytes of a safetensors file.
    ///
    /// # Errors
    /// When the header cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        let bytes = |entries: &[f32]| entries.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let forecaster = match &self.forecaster {
            FittedForecaster::Ridge(map) => ForecasterHeader::Ridge(RidgeFit { maps: vec![RidgeMap::clone(map)] }),
            FittedForecaster::Network(fit) => {
                let network = &fit.network;
                for tensor in network.tensors() {
                    let entries: Vec<f32> = network.tensor(&tensor.name)?.iter().copied().collect();
                    tensors.push((tensor.name.clone(), tensor.shape.clone(), bytes(&entries)));
                }
                let mut matrix = |name: String, q: &Array2<f32>| {
                    let entries: Vec<f32> = q.iter().copied().collect();
                    tensors.push((name, q.shape().to_vec(), bytes(&entries)));
                };
                let mut rotation = |name: &str, rotation: &Rotation<f32>| match rotation {
                    Rotation::Identity => RotationHeader::Identity,
                    Rotation::Shared(q) => {
                        matrix(name.to_owned(), q);
                        RotationHeader::Shared
                    }
                    Rotation::PerChannel(bases) => {
                        bases.iter().enumerate().for_each(|(i, q)| matrix(format!("{name}.{i}"), q));
                        RotationHeader::PerChannel(bases.len())
                    }
                };
                let (input, output) = (rotation("Q_in", &network.input), rotation("Q_out", &network.output));
                if let Some(mixing) = &network.fixed_mixing {
                    matrix("mixing".to_owned(), mixing);
                }
                if let Some(residual) = &network.residual {
                    matrix("linear".to_owned(), residual);
                }
                ForecasterHeader::Network {
                    architecture: network.architecture,
                    history: fit.history.clone(),
                    end: fit.end,
                    input,
                    output,
                }
            }
        };
        let intervals = self.intervals.as_ref().map(|intervals| {
            let (score, horizon, channels, errors) = intervals.to_parts();
            let all: Vec<f32> = errors.iter().flatten().copied().collect();
            tensors.push((INTERVALS.to_owned(), vec![all.len()], bytes(&all)));
            IntervalHeader { score, horizon, channels, lengths: errors.iter().map(Vec::len).collect() }
        });
        let header = Header {
            version: VERSION,
            scaler: self.scaler.clone(),
            channels: self.channels.clone(),
            parts: self.parts.clone(),
            metrics: self.metrics,
            intervals,
            forecaster,
        };
        let json = serde_json::to_string(&header).map_err(bad)?;
        let views = tensors.iter().map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view)).map_err(bad)
        });
        let views: Vec<(&str, TensorView<'_>)> = views.collect::<Result<_>>()?;
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), json)]))).map_err(bad)
    }

    /// Writes the file, under a temporary name first.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes()?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".part");
        std::fs::write(&temporary, bytes).map_err(|error| bad(format!("{}: {error}", path.display())))?;
        std::fs::rename(&temporary, path).map_err(|error| bad(format!("{}: {error}", path.display())))
    }

    /// Reads a file that [`SavedModel::save`] wrote; forecasts are the same to the bit.
    ///
    /// # Errors
    /// [`Error::Saved`] with the reason: not such a file, another version, tensors missing or of other shapes.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| bad(format!("{}: {error}", path.display())))?;
        Self::from_bytes(&bytes)
    }

    /// [`SavedModel::load`] from the bytes of a file.
    ///
    /// # Errors
    /// Those of [`SavedModel::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(bad)?;
        let json =
            metadata.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or_else(|| bad("it is not a model of olinear"))?;
        let version = serde_json::from_str::<serde_json::Value>(json).map_err(bad)?["version"].as_u64();
        if version != Some(u64::from(VERSION)) {
            return Err(bad(format!("it has version {version:?}; this program reads version {VERSION}")));
        }
        let header: Header = serde_json::from_str(json).map_err(bad)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(bad)?;
        let n = header.scaler.channels();
        if header.channels.len() != n || header.scaler.deviation.len() != n {
            return Err(bad(format!("it names {} channels and scales {n}", header.channels.len())));
        }
        let forecaster = match header.forecaster {
            ForecasterHeader::Ridge(fit) => {
                FittedForecaster::Ridge(Box::new(fit.maps.into_iter().next().ok_or_else(|| bad("it holds no map"))?))
            }
            ForecasterHeader::Network { architecture, history, end, input, output } => {
                let rotation = |name: &str, header, size: usize| -> Result<Rotation<f32>> {
                    Ok(match header {
                        RotationHeader::Identity => Rotation::Identity,
                        RotationHeader::Shared => Rotation::Shared(matrix(&tensors, name, (size, size))?),
                        RotationHeader::PerChannel(count) => Rotation::PerChannel(
                            (0..count)
                                .map(|i| matrix(&tensors, &format!("{name}.{i}"), (size, size)))
                                .collect::<Result<_>>()?,
                        ),
                    })
                };
                architecture.validate()?;
                if architecture.channels != n {
                    return Err(bad(format!("its network has {} channels and its scaler {n}", architecture.channels)));
                }
                let input = rotation("Q_in", input, architecture.look_back)?;
                let output = rotation("Q_out", output, architecture.horizon)?;
                let optional = |name: &str, shape: (usize, usize)| {
                    tensors.names().contains(&name).then(|| matrix(&tensors, name, shape)).transpose()
                };
                let mixing = optional("mixing", (n, n))?;
                let mut network = Network::zeros(architecture, input, output, mixing)?;
                network.residual = optional("linear", (architecture.look_back, architecture.horizon))?;
                let names: Vec<String> = network.tensors().iter().map(|t| t.name.clone()).collect();
                for name in names {
                    network.set_tensor(&name, &entries(&tensors, &name)?)?;
                }
                FittedForecaster::Network(Box::new(OLinearFit::new(network, history, end)?))
            }
        };
        let intervals = match header.intervals {
            None => None,
            Some(IntervalHeader { score, horizon, channels, lengths }) => {
                let all = entries(&tensors, INTERVALS)?;
                let mut rest = &all[..];
                let mut errors = Vec::with_capacity(lengths.len());
                for length in lengths {
                    let Some((own, others)) = rest.split_at_checked(length) else {
                        return Err(bad("its interval errors are too few"));
                    };
                    errors.push(own.to_vec());
                    rest = others;
                }
                let fits = horizon == forecaster.horizon() && channels == n && rest.is_empty();
                let found = SplitConformal::from_parts(score, horizon, channels, errors).filter(|_| fits);
                Some(found.ok_or_else(|| bad("its interval errors do not fit its forecasts"))?)
            }
        };
        let Header { scaler, channels, parts, metrics, .. } = header;
        Ok(Self { forecaster, scaler, channels, parts, metrics, intervals })
    }
}

fn entries(tensors: &SafeTensors<'_>, name: &str) -> Result<Vec<f32>> {
    let view = tensors.tensor(name).map_err(|error| bad(format!("tensor {name}: {error}")))?;
    if view.dtype() != Dtype::F32 {
        return Err(bad(format!("tensor {name} is {:?}, not F32", view.dtype())));
    }
    Ok(view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

fn matrix(tensors: &SafeTensors<'_>, name: &str, shape: (usize, usize)) -> Result<Array2<f32>> {
    Array2::from_shape_vec(shape, entries(tensors, name)?)
        .map_err(|_| bad(format!("tensor {name} does not have the shape {shape:?}")))
}
