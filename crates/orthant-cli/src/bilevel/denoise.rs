//! `orthant bilevel denoise`.

use super::arguments::{DenoiseArguments, MethodName};
use super::picture::{ratio, read, write};
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Folder, Head, Table, document_json, short};
use crate::progress::Progress;
use crate::regression::Target;
use crate::report::{HtmlTable, Page};
use ndarray::{Array1, Array2, Axis, Slice, concatenate};
use orthant::bilevel::problems::{FieldOfExperts, FieldOfExpertsParameters, TotalVariation, Variation};
use orthant::bilevel::{Implicit, LowerLevel, Maid, MaidStep, Oracle, Samples, UpperLevel};
use orthant::core_tensor::random::{normal_array, rng};
use orthant::datasets;
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const FILES: [&str; 4] = ["denoised.png", "before-after.png", "report.html", "denoise.json"];
const SCHEMA: &str = "orthant-bilevel-denoise";
const SCHEMA_VERSION: u32 = 1;
const FILTERS: usize = 8;
const SIZE: usize = 5;
const PADDING: usize = 2;
/// Accuracy of the solve whose result is written: far below a grey level.
const ACCURACY: f64 = 1e-3;

#[derive(Debug, Clone, Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    file: String,
    method: &'static str,
    pictures: Vec<PictureRecord>,
    /// θ, as the library packs it.
    hyperparameters: Vec<f64>,
    steps: usize,
    /// Lower-level gradients and products with its Hessian.
    cost: usize,
    /// Of FILE against --truth.
    noisy_ratio: Option<f64>,
    denoised_ratio: Option<f64>,
}

/// A picture that was learned from; ratios in dB.
#[derive(Debug, Clone, Serialize)]
struct PictureRecord {
    name: String,
    noisy_ratio: f64,
    denoised_ratio: f64,
}

struct Pair {
    name: String,
    noisy: Array2<f64>,
    truth: Array2<f64>,
}

/// Learns, denoises, and writes the folder.
pub(crate) fn denoise(arguments: &DenoiseArguments) -> Outcome<()> {
    let noise = arguments.noise;
    if !(noise > 0.0 && noise.is_finite()) {
        return Err(Failure::input(format!("--noise is {noise}; it must be finite and > 0")));
    }
    let target = Target::open("bilevel", &arguments.results)?;
    let noisy = read(&arguments.file)?;
    let truth = arguments.truth.as_deref().map(read).transpose()?;
    if let Some(truth) = &truth
        && truth.dim() != noisy.dim()
    {
        let (a, b) = (truth.dim(), noisy.dim());
        return Err(Failure::input(format!(
            "--truth is {} × {} pixels, the noisy picture {} × {}",
            a.1, a.0, b.1, b.0
        )));
    }
    let pairs = match &arguments.train {
        Some(folder) => folder_pairs(folder, noise, arguments.seed)?,
        None => bundled_pairs(noise, arguments.seed),
    };
    let pairs: Vec<Pair> = pairs.into_iter().map(|pair| middle(pair, arguments.patch)).collect();
    let progress = Progress::new(arguments.results.quiet);
    progress.begin("learning", arguments.steps.max(1));
    let shown = arguments.file.display().to_string();
    let learned = match arguments.method {
        MethodName::Variation => {
            let make = |noisy, truth| TotalVariation::new(noisy, truth, Variation::Isotropic);
            learn(arguments, &pairs, &noisy, Array1::from_elem(2, -3.0), make, &progress)
        }
        MethodName::Experts => {
            let make = |noisy, truth| FieldOfExperts::new(noisy, truth, FILTERS, SIZE, PADDING);
            FieldOfExpertsParameters::random(FILTERS, SIZE, arguments.seed)
                .and_then(|start| learn(arguments, &pairs, &noisy, start.pack(), make, &progress))
        }
    };
    progress.finish();
    let learned = learned.map_err(|error| Failure::input(format!("`{shown}`: {error}")))?;
    let document = Document {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        file: shown,
        method: match arguments.method {
            MethodName::Variation => "total variation",
            MethodName::Experts => "field of experts",
        },
        pictures: pairs
            .iter()
            .zip(&learned.training)
            .map(|(pair, denoised)| PictureRecord {
                name: pair.name.clone(),
                noisy_ratio: ratio(&pair.noisy, &pair.truth),
                denoised_ratio: ratio(denoised, &pair.truth),
            })
            .collect(),
        hyperparameters: learned.theta.to_vec(),
        steps: learned.steps,
        cost: learned.cost,
        noisy_ratio: truth.as_ref().map(|truth| ratio(&noisy, truth)),
        denoised_ratio: truth.as_ref().map(|truth| ratio(&learned.denoised, truth)),
    };
    let both = concatenate(Axis(1), &[noisy.view(), learned.denoised.view()])
        .map_err(|error| Failure::Internal(error.to_string()))?;
    let json = document_json(&document)?;
    let (single, comparison) = (write(&learned.denoised)?, write(&both)?);
    let mut folder = Folder::new();
    folder.add("report.html", document.report(&comparison));
    folder.add("denoised.png", single);
    folder.add("before-after.png", comparison);
    folder.add("denoise.json", json.clone());
    target.finish(&folder, &FILES, &json, &document.summary())
}

struct Learned {
    theta: Array1<f64>,
    steps: usize,
    cost: usize,
    training: Vec<Array2<f64>>,
    denoised: Array2<f64>,
}

fn learn<P: LowerLevel + UpperLevel>(
    arguments: &DenoiseArguments,
    pairs: &[Pair],
    noisy: &Array2<f64>,
    start: Array1<f64>,
    make: impl Fn(Array2<f64>, Array2<f64>) -> orthant::bilevel::Result<P>,
    progress: &Progress,
) -> orthant::bilevel::Result<Learned> {
    let samples = pairs.iter().map(|pair| Implicit::new(make(pair.noisy.clone(), pair.truth.clone())?));
    let mut oracle = Samples::new(samples.collect::<orthant::bilevel::Result<Vec<_>>>()?)?;
    let mut watch = |step: &MaidStep<'_>| {
        if step.accepted {
            progress.at(step.iteration + 1, || format!("loss {}", short(step.bounds.value)));
        }
        ControlFlow::Continue(())
    };
    // Logarithms and filters beyond that have no picture.
    let maid = Maid::fast().box_constraints(-12.0, 12.0).max_iterations(arguments.steps).value_tolerance(1e-5, 10);
    let fit = maid.minimise_observed(&mut oracle, &start, &mut watch)?;
    oracle.refine(&fit.theta, ACCURACY)?;
    let picture = |x: &Array1<f64>, like: &Array2<f64>| {
        let mut pixels = x.iter();
        Array2::from_shape_simple_fn(like.dim(), || pixels.next().copied().unwrap_or(0.0))
    };
    let training =
        oracle.samples().iter().zip(pairs).map(|(sample, pair)| picture(sample.solution(), &pair.noisy)).collect();
    // The truth plays no part in the lower level.
    let mut whole = Implicit::new(make(noisy.clone(), noisy.clone())?)?;
    whole.refine(&fit.theta, ACCURACY)?;
    let denoised = picture(whole.solution(), noisy);
    Ok(Learned { steps: fit.iterations, cost: fit.cost.total(), theta: fit.theta, training, denoised })
}

/// A picture with noise.
fn disturbed(truth: &Array2<f64>, noise: f64, seed: u64) -> Array2<f64> {
    let drawn: Array2<f64> = normal_array(&mut rng(seed), truth.dim());
    truth + &(drawn * noise)
}

/// The photographs of the program, half of them.
fn bundled_pairs(noise: f64, seed: u64) -> Vec<Pair> {
    let all = datasets::photographs();
    [0, 4, 5, 6]
        .map(|k| {
            let truth = all.index_axis(Axis(0), k).mapv(|v| f64::from(v) / 255.0);
            let noisy = disturbed(&truth, noise, seed.wrapping_add(k as u64));
            Pair { name: datasets::PHOTOGRAPHS[k].to_owned(), noisy, truth }
        })
        .into()
}

/// NAME.png with NAME.noisy.png or added noise, in the order of the names.
fn folder_pairs(folder: &Path, noise: f64, seed: u64) -> Outcome<Vec<Pair>> {
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::read(folder, &error))?;
    let is_png = |path: &PathBuf| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_png).collect();
    files.sort();
    let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut pairs = Vec::new();
    for (k, path) in files.iter().enumerate().filter(|(_, path)| !stem(path).ends_with(".noisy")) {
        let truth = read(path)?;
        let partner = files.iter().find(|other| stem(other) == format!("{}.noisy", stem(path)));
        let noisy = match partner {
            Some(partner) => read(partner)?,
            None => disturbed(&truth, noise, seed.wrapping_add(k as u64)),
        };
        if noisy.dim() != truth.dim() {
            return Err(Failure::input(format!("`{}` and its noisy partner have different sizes", path.display())));
        }
        pairs.push(Pair { name: stem(path), noisy, truth });
    }
    if pairs.is_empty() {
        return Err(Failure::input(format!("--train: `{}` holds no NAME.png", folder.display())));
    }
    Ok(pairs)
}

/// The middle of a pair, at most `side` × `side`.
fn middle(pair: Pair, side: usize) -> Pair {
    if side == 0 {
        return pair;
    }
    let cut = |picture: &Array2<f64>| {
        let range = |length: usize| {
            let kept = length.min(side);
            let from = (length - kept) / 2;
            Slice::from(from..from + kept)
        };
        let (rows, columns) = picture.dim();
        picture.slice_axis(Axis(0), range(rows)).slice_axis(Axis(1), range(columns)).to_owned()
    };
    Pair { noisy: cut(&pair.noisy), truth: cut(&pair.truth), name: pair.name }
}

const COLUMNS: [(&str, Align); 3] =
    [("picture", Align::Left), ("noisy, dB", Align::Right), ("denoised, dB", Align::Right)];

impl Document {
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |name: &str, a: f64, b: f64| vec![name.to_owned(), format!("{a:.2}"), format!("{b:.2}")];
        let mut rows: Vec<Vec<String>> =
            self.pictures.iter().map(|p| row(&p.name, p.noisy_ratio, p.denoised_ratio)).collect();
        if let (Some(noisy), Some(denoised)) = (self.noisy_ratio, self.denoised_ratio) {
            rows.push(row(&self.file, noisy, denoised));
        }
        rows
    }

    fn sentence(&self) -> String {
        format!(
            "{} learned from {} pictures in {} steps ({} gradients and products)",
            self.method,
            self.pictures.len(),
            self.steps,
            self.cost
        )
    }

    fn summary(&self) -> String {
        let mut table = Table::new(&COLUMNS);
        self.rows().into_iter().for_each(|row| table.row(row));
        format!("{}\n{}", self.sentence(), table.text())
    }

    fn report(&self, comparison: &[u8]) -> String {
        let mut page = Page::new(&format!("Denoised: {}", self.file), &self.sentence());
        page.section("Before and after");
        page.image(comparison, "the noisy picture, and the denoised one");
        page.section("Signal-to-noise ratios");
        let mut table = HtmlTable::new(&COLUMNS);
        self.rows().iter().for_each(|row| table.row(row));
        page.raw(&table.html());
        page.note("Peak signal-to-noise ratio against the true picture. Learned regularisers are judged by pictures they were not learned from.");
        page.section("Command");
        page.code(&self.head.command_line());
        page.html()
    }
}
