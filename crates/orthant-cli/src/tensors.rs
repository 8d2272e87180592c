//! Tensors in and out of files, for the methods that work on networks.

use crate::failure::{Failure, Outcome};
use crate::input::{find_name, split_list};
use ndarray::{ArrayD, IxDyn};
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::Path;

/// A tensor of a file, and what it is stored as.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Numbers, of single precision in the file or not.
    Numbers { values: ArrayD<f64>, single: bool },
    /// Anything else, passed on as it is.
    Other { dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8> },
}

/// All tensors of a file, sorted by name, and the words that go with them.
#[derive(Debug, Clone)]
pub(crate) struct TensorFile {
    pub(crate) tensors: Vec<Stored>,
    metadata: Option<HashMap<String, String>>,
    npy: bool,
}

impl TensorFile {
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
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
    pub(crate) fn bytes(&self) -> Outcome<Vec<u8>> {
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
    pub(crate) fn file_name(&self) -> &'static str {
        if self.npy { "tensor.npy" } else { "tensors.safetensors" }
    }

    /// The numbers of tensor `index`, if it holds any.
    pub(crate) fn numbers(&self, index: usize) -> Option<&ArrayD<f64>> {
        match &self.tensors[index].content {
            Content::Numbers { values, .. } => Some(values),
            Content::Other { .. } => None,
        }
    }

    /// The tensors of floating-point numbers that `--tensor` names, in its order, or all of them; only with a number of axes in `axes`,
    /// which `words` names.
    pub(crate) fn choose(
        &self,
        path: &Path,
        names: Option<&str>,
        axes: RangeInclusive<usize>,
        words: &str,
    ) -> Outcome<Vec<usize>> {
        let fits = |&index: &usize| self.numbers(index).is_some_and(|values| axes.contains(&values.ndim()));
        let what = format!("tensor of 32- or 64-bit floating-point numbers with {words}");
        let Some(text) = names else {
            let all: Vec<usize> = (0..self.tensors.len()).filter(fits).collect();
            if all.is_empty() {
                return Err(Failure::input(format!("`{}` holds no {what}", path.display())));
            }
            return Ok(all);
        };
        let names: Vec<String> = self.tensors.iter().map(|tensor| tensor.name.clone()).collect();
        let mut chosen = Vec::new();
        for name in split_list("--tensor", text)? {
            let index = find_name("--tensor", &name, &names)?;
            if !fits(&index) {
                return Err(Failure::input(format!("--tensor: `{name}` is no {what}")));
            }
            if chosen.contains(&index) {
                return Err(Failure::input(format!("--tensor: `{name}` is named twice")));
            }
            chosen.push(index);
        }
        Ok(chosen)
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
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

/// A shape as people write it.
pub(crate) fn shape_text(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}
