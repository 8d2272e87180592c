//! The command.

use super::arguments::SpectrumArguments;
use super::document::{Document, LayerRecord, ValueRow};
use crate::failure::{Failure, Outcome};
use crate::output::{Folder, Head, document_json, records_csv};
use crate::progress::Progress;
use crate::regression::Target;
use crate::tensors::TensorFile;
use ndarray::ArrayD;
use orthant::ortho_conv::{
    Certificate, Error, Geometry, Padding, Spectrum, continuum_bound, existence, flattened_norm, frobenius_error,
};

const FILES: [&str; 4] = ["spectrum.csv", "spectrum.svg", "report.html", "ortho-conv.json"];
const SCHEMA: &str = "orthant-ortho-conv-spectrum";
const SCHEMA_VERSION: u32 = 1;
/// Points of the grid per degree of the spectrum: bounds within 2 % of the norm.
const FINENESS: usize = 16;

/// `orthant ortho-conv spectrum`.
pub(crate) fn spectrum(arguments: &SpectrumArguments) -> Outcome<()> {
    if arguments.size == 0 {
        return Err(Failure::input("--size is 0; at least one output is needed"));
    }
    let target = Target::open("ortho-conv", &arguments.results)?;
    let file = TensorFile::read(&arguments.file)?;
    let words = "3 to 5 axes (outputs, inputs, kernel)";
    let chosen = file.choose(&arguments.file, arguments.tensor.as_deref(), 3..=5, words)?;
    let names: Vec<&str> = chosen.iter().map(|&index| file.tensors[index].name.as_str()).collect();
    let strides = per_layer("--stride", &arguments.stride, &names)?;
    let groups = per_layer("--groups", &arguments.groups, &names)?;
    let padding = arguments.padding.padding();
    let progress = Progress::new(arguments.results.quiet);
    progress.begin("spectra", names.len());
    let mut layers = Vec::new();
    for (place, (&index, &name)) in chosen.iter().zip(&names).enumerate() {
        let Some(kernel) = file.numbers(index) else { continue };
        let record = layer(name, kernel, (strides[place], groups[place]), arguments.size, padding);
        layers.push(record.map_err(|error| Failure::input(format!("`{name}`: {error}")))?);
        progress.at(place + 1, || name.to_owned());
    }
    progress.finish();
    let document = Document {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        file: arguments.file.display().to_string(),
        size: arguments.size,
        padding: padding.to_string(),
        layers,
    };
    let rows: Vec<ValueRow<'_>> = document
        .layers
        .iter()
        .flat_map(|layer| {
            let row = |(rank, &singular_value)| ValueRow { tensor: &layer.name, rank: rank + 1, singular_value };
            layer.singular_values.iter().enumerate().map(row)
        })
        .collect();
    let (json, chart) = (document_json(&document)?, document.chart());
    let mut folder = Folder::new();
    folder.add("spectrum.csv", records_csv(&rows)?);
    folder.add("report.html", document.report(&chart));
    folder.add("spectrum.svg", chart);
    folder.add("ortho-conv.json", json.clone());
    target.finish(&folder, &FILES, &json, &document.summary())
}

fn layer(
    name: &str,
    kernel: &ArrayD<f64>,
    (stride, groups): (usize, usize),
    size: usize,
    padding: Padding,
) -> Result<LayerRecord, Error> {
    let (shape, dimensions) = (kernel.shape(), kernel.ndim() - 2);
    let inputs = shape[1].saturating_mul(groups);
    let geometry = Geometry::new(shape[0], inputs, &shape[2..], &vec![stride; dimensions])?.grouped(groups)?;
    let n = vec![size; dimensions];
    let spectrum = Spectrum::padded(kernel, &geometry, &n, padding)?;
    let certificate = Certificate::of(kernel, &geometry)?;
    let verdict = existence(&geometry, padding);
    Ok(LayerRecord {
        name: name.to_owned(),
        shape: shape.to_vec(),
        stride,
        groups,
        regime: geometry.regime().to_string(),
        // Without a theory of this padding and stride there is no verdict.
        orthogonal_exists: verdict.as_ref().ok().map(|verdict| verdict.exists),
        reason: verdict.map_or_else(|error| error.to_string(), |verdict| verdict.reason),
        l_orth: certificate.l_orth,
        // Undefined where wrapped taps overlap.
        frobenius_error: frobenius_error(&geometry, certificate.l_orth, &n).ok(),
        block_bound: certificate.block_bound,
        theorem_bound: certificate.theorem_bound,
        certified: certificate.singular_values(),
        smallest: spectrum.smallest(),
        largest: spectrum.largest(),
        norm_bound: continuum_bound(kernel, &geometry, FINENESS)?,
        flattened_norm: flattened_norm(kernel, &geometry)?,
        singular_values: spectrum.values().to_vec(),
    })
}

/// The value of an option that is given for all layers, as `NAME=VALUE` for one, or not at all (1).
fn per_layer(option: &str, words: &[String], names: &[&str]) -> Outcome<Vec<usize>> {
    let mut values = vec![1; names.len()];
    let parse = |text: &str| {
        text.parse::<usize>()
            .ok()
            .filter(|value| *value > 0)
            .ok_or_else(|| Failure::input(format!("{option} `{text}`: write a whole number of at least 1")))
    };
    // Those of single layers win, in whatever order they stand.
    for text in words.iter().filter(|text| !text.contains('=')) {
        values.fill(parse(text)?);
    }
    for word in words {
        let Some((name, text)) = word.rsplit_once('=') else { continue };
        let Some(place) = names.iter().position(|candidate| *candidate == name) else {
            return Err(Failure::input(format!("{option}: `{name}` is not one of the chosen tensors")));
        };
        values[place] = parse(text)?;
    }
    Ok(values)
}
