//! Tensors in and out of files.

use crate::failure::{Failure, Outcome};
use ndarray::{ArrayD, IxDyn};
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// A tensor of a file, and what it is stored as.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Numbers, of single precision in the file or not.
    Numbers { values: ArrayD<f64>, single: bool },
    /// Anything else, passed on as it is.
    Other { dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8> },
}

/// All tensors of a file, sorted by name, and the words that go with them.
#[derive(Debug, Clone)]
pub(super) struct TensorFile {
    pub(super) tensors: Vec<Stored>,
    metadata: Option<HashMap<String, String>>,
    npy: bool,
}

impl TensorFile {
    pub(super) fn read(path: &Path) -> Outcome<Self> {
        let bytes = std::fs::read(path).map_err(|error| Failure::read(path, &error))?;
        let shown = path.display();
        if path.extension().is_some_and(|extension| extension == "npy") {
            let numbers = |values: ArrayD<f64>, single| Content::Numbers { values, single };
            let content = match ArrayD::<f32>::read_npy(bytes.as_slice()) {
                Ok(values) => numbers(values.mapv(f64::from), true),
                Err(_) => match ArrayD::<f64>::read_npy(bytes.as_slice()) {
                    Ok(values) => numbers(values, false),
                    Err(error) => {
                        return Err(Failure::input(format!(
                            "`{shown}` is no npy file of floating-point numbers: {error}"
                        )));
                    }
                },
            };
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            return Ok(Self { tensors: vec![Stored { name, content }], metadata: None, npy: true });
        }
        let refuse = |error: safetensors::SafeTensorError| {
            Failure::input(format!("`{shown}` is neither a npy nor a safetensors file: {error}"))
        };
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(refuse)?;
        let file = SafeTensors::deserialize(&bytes).map_err(refuse)?;
        let mut tensors: Vec<Stored> =
            file.tensors().into_iter().map(|(name, view)| Stored { content: content(&view), name }).collect();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { tensors, metadata: metadata.metadata().clone(), npy: false })
    }

    /// The bytes of a file of the same kind.
    pub(super) fn bytes(&self) -> Outcome<Vec<u8>> {
        let internal = |error: String| Failure::Internal(error);
        if let (true, [Stored { content: Content::Numbers { values, single }, .. }]) =
            (self.npy, self.tensors.as_slice())
        {
            let mut bytes = Vec::new();
            let written =
                if *single { values.mapv(|v| v as f32).write_npy(&mut bytes) } else { values.write_npy(&mut bytes) };
            return written.map(|()| bytes).map_err(|error| internal(error.to_string()));
        }
        let stored: Vec<(&str, Dtype, Vec<usize>, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|tensor| match &tensor.content {
                Content::Numbers { values, single: true } => {
                    let bytes = values.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect();
                    (tensor.name.as_str(), Dtype::F32, values.shape().to_vec(), bytes)
                }
                Content::Numbers { values, single: false } => {
                    let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                    (tensor.name.as_str(), Dtype::F64, values.shape().to_vec(), bytes)
                }
                Content::Other { dtype, shape, bytes } => (tensor.name.as_str(), *dtype, shape.clone(), bytes.clone()),
            })
            .collect();
        let views = stored
            .iter()
            .map(|(name, dtype, shape, bytes)| Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|error| internal(error.to_string()))?;
        safetensors::serialize(views, self.metadata.clone()).map_err(|error| internal(error.to_string()))
    }

    /// The name of the written file.
    pub(super) fn file_name(&self) -> &'static str {
        if self.npy { "tensor.npy" } else { "tensors.safetensors" }
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.tensors.iter().position(|tensor| tensor.name == name)
    }
}

fn content(view: &TensorView<'_>) -> Content {
    let bytes = view.data();
    let values: Option<(Vec<f64>, bool)> = match view.dtype() {
        Dtype::F32 => {
            let (chunks, _) = bytes.as_chunks::<4>();
            Some((chunks.iter().map(|&chunk| f64::from(f32::from_le_bytes(chunk))).collect(), true))
        }
        Dtype::F64 => {
            let (chunks, _) = bytes.as_chunks::<8>();
            Some((chunks.iter().map(|&chunk| f64::from_le_bytes(chunk)).collect(), false))
        }
        _ => None,
    };
    let array = values.and_then(|(values, single)| {
        ArrayD::from_shape_vec(IxDyn(view.shape()), values).ok().map(|values| Content::Numbers { values, single })
    });
    array.unwrap_or_else(|| Content::Other { dtype: view.dtype(), shape: view.shape().to_vec(), bytes: bytes.to_vec() })
}
