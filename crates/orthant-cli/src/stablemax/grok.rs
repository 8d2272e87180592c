//! `orthant stablemax grok`.

use super::arguments::{GrokArguments, LossName, OptimiserName, ProjectName, ScopeName, Task};
use super::curves::curves;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Folder, Head, Table, document_json, print, short};
use crate::progress::Progress;
use orthant::core_optim::stochastic::{AdamW, AdamWOptions, Optimiser, Sgd, SgdOptions};
use orthant::stablemax::ortho::{OrthoGrad, OrthoGradOptions, ProjectAt, Scope};
use orthant::stablemax::task::{Modular, SparseParity, Split};
use orthant::stablemax::train::{Biases, History, HistoryRow, Mlp, TrainOptions, Trainer};
use orthant::stablemax::{CrossEntropy, Error, FloatType, Layout, Loss};
use serde::Serialize;
use std::ops::ControlFlow;

const FILES: [&str; 3] = ["history.csv", "curves.svg", "run.json"];
const SCHEMA: &str = "orthant-stablemax-grok";
const SCHEMA_VERSION: u32 = 1;

/// `run.json`.
#[derive(Debug, Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    seed: u64,
    task: String,
    train_rows: usize,
    test_rows: usize,
    parameters: usize,
    step_of_test_90: Option<u64>,
    step_of_test_99: Option<u64>,
    first: HistoryRow,
    last: HistoryRow,
}

/// Trains, shows progress, writes the folder.
pub(crate) fn grok(arguments: &GrokArguments) -> Outcome<()> {
    if let Some(out) = &arguments.out {
        Folder::check(out, arguments.force)?;
    }
    match arguments.precision {
        FloatType::F64 => train(arguments, split::<f64>(arguments)?),
        _ => train(arguments, split::<f32>(arguments)?),
    }
}

fn split<T: Number>(arguments: &GrokArguments) -> Outcome<Split<T>> {
    let found = match arguments.task {
        Task::Modular(operation) => {
            let fraction = arguments.train_fraction.unwrap_or(0.4);
            T::modular(&Modular::new(operation, arguments.modulus, fraction), arguments.seed)
        }
        Task::Parity => T::parity(
            &SparseParity {
                noise_bits: arguments.noise_bits,
                parity_bits: arguments.parity_bits,
                rows: arguments.rows,
                train_fraction: arguments.train_fraction.unwrap_or(0.5),
            },
            arguments.seed,
        ),
    };
    found.map_err(|error| failure(&error))
}

fn train<T: Number>(arguments: &GrokArguments, split: Split<T>) -> Outcome<()> {
    let (parity, task) = match arguments.task {
        Task::Modular(operation) => (false, format!("{} modulo {}", operation.name(), arguments.modulus)),
        Task::Parity => (
            true,
            format!("parity of {} of {} bits", arguments.parity_bits, arguments.parity_bits + arguments.noise_bits),
        ),
    };
    let progress = Progress::new(arguments.quiet);
    progress.begin("training", usize::try_from(arguments.steps).unwrap_or(usize::MAX));
    let trained = T::train(arguments, &split, parity, &mut |row: &HistoryRow| {
        progress.at(usize::try_from(row.step).unwrap_or(usize::MAX), || {
            let percent = |share: f64| format!("{:.1} %", 100.0 * share);
            format!(
                "loss {}, train {}, test {}",
                short(row.train_loss),
                percent(row.train_accuracy),
                percent(row.test_accuracy)
            )
        });
        ControlFlow::Continue(())
    });
    progress.finish();
    let (history, parameters) = trained.map_err(|error| failure(&error))?;
    let (Some(first), Some(last)) = (history.rows.first().cloned(), history.rows.last().cloned()) else {
        return Err(Failure::Internal("the run gave no history".to_owned()));
    };
    let document = Document {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        seed: arguments.seed,
        task,
        train_rows: split.train.labels().len(),
        test_rows: split.test.labels().len(),
        parameters,
        step_of_test_90: history.step_of_test_accuracy(0.9),
        step_of_test_99: history.step_of_test_accuracy(0.99),
        first,
        last,
    };
    let json = document_json(&document)?;
    if let Some(out) = &arguments.out {
        let mut csv = Vec::new();
        history.write_csv(&mut csv).map_err(|error| Failure::Internal(error.to_string()))?;
        let mut folder = Folder::new();
        folder.add("history.csv", csv);
        folder.add("curves.svg", curves(&document.task, &history));
        folder.add("run.json", json.clone());
        folder.write(out, arguments.force, &FILES)?;
    }
    print(&if arguments.json { json } else { summary(&document, &history) })
}

fn summary(document: &Document, history: &History) -> String {
    let mut table = Table::new(&[
        ("step", Align::Right),
        ("loss", Align::Right),
        ("train", Align::Right),
        ("test", Align::Right),
        ("norm of weights", Align::Right),
        ("largest logit", Align::Right),
        ("collapsed in f16", Align::Right),
        ("f32", Align::Right),
    ]);
    let percent = |share: f64| if share.is_nan() { "–".to_owned() } else { format!("{:.1} %", 100.0 * share) };
    let every = history.rows.len().div_ceil(12).max(1);
    for (index, row) in history.rows.iter().enumerate() {
        if index % every != 0 && index + 1 != history.rows.len() {
            continue;
        }
        let collapsed = |float| row.collapse.iter().find(|c| c.float == float).map_or(f64::NAN, |c| c.collapsed);
        table.row(vec![
            row.step.to_string(),
            short(row.train_loss),
            percent(row.train_accuracy),
            percent(row.test_accuracy),
            short(row.weight_norm),
            short(row.largest_logit),
            percent(collapsed(FloatType::F16)),
            percent(collapsed(FloatType::F32)),
        ]);
    }
    let reached = match document.step_of_test_90 {
        Some(step) => format!("Test accuracy 90 % at step {step}."),
        None => "The test accuracy stayed below 90 %.".to_owned(),
    };
    let Document { task, train_rows, test_rows, parameters, seed, .. } = document;
    format!(
        "{task}: {train_rows} rows for training, {test_rows} for the test, {parameters} parameters, seed {seed}\n\n{}\n{reached}\n",
        table.text()
    )
}

/// The two types that a network is trained in.
trait Number: Sized {
    fn modular(task: &Modular, seed: u64) -> Result<Split<Self>, Error>;
    fn parity(task: &SparseParity, seed: u64) -> Result<Split<Self>, Error>;
    fn train(
        arguments: &GrokArguments,
        split: &Split<Self>,
        parity: bool,
        observe: &mut dyn FnMut(&HistoryRow) -> ControlFlow<()>,
    ) -> Result<(History, usize), Error>;
}

macro_rules! number {
    ($type:ident, $float:expr) => {
        impl Number for $type {
            fn modular(task: &Modular, seed: u64) -> Result<Split<Self>, Error> {
                task.split(seed)
            }

            fn parity(task: &SparseParity, seed: u64) -> Result<Split<Self>, Error> {
                task.split(seed)
            }

            fn train(
                arguments: &GrokArguments,
                split: &Split<Self>,
                parity: bool,
                mut observe: &mut dyn FnMut(&HistoryRow) -> ControlFlow<()>,
            ) -> Result<(History, usize), Error> {
                let mut sizes = vec![split.train.inputs().to_dense().ncols()];
                sizes.extend(&arguments.hidden);
                sizes.push(split.classes);
                let biases = if parity { Biases::With } else { Biases::Without };
                let mlp = Mlp::<$type>::new(&sizes, biases, arguments.seed)?;
                let layout: Layout = mlp.layout().clone();
                let n = layout.parameters();
                let inner: Box<dyn Optimiser<$type>> = match arguments.optimiser {
                    OptimiserName::Adamw => Box::new(AdamW::new(n, adamw(arguments))?),
                    OptimiserName::Sgd => Box::new(Sgd::new(n, sgd(arguments))?),
                };
                let optimiser: Box<dyn Optimiser<$type>> = match projection(arguments) {
                    None => inner,
                    Some(options) => Box::new(OrthoGrad::new(inner, &layout, options)?),
                };
                let loss = match arguments.loss {
                    LossName::Textbook => Loss::SoftmaxTextbook($float),
                    LossName::Other(loss) => loss,
                };
                let mut trainer = Trainer::new(mlp, CrossEntropy::new(loss), optimiser, options(arguments))?;
                Ok((trainer.run(split, &mut observe)?, n))
            }
        }
    };
}

number!(f32, FloatType::F32);
number!(f64, FloatType::F64);

fn adamw(arguments: &GrokArguments) -> AdamWOptions {
    AdamWOptions {
        learning_rate: arguments.learning_rate,
        beta2: arguments.beta2,
        epsilon: arguments.epsilon,
        weight_decay: arguments.weight_decay,
        ..AdamWOptions::default()
    }
}

fn sgd(arguments: &GrokArguments) -> SgdOptions {
    SgdOptions {
        learning_rate: arguments.learning_rate,
        momentum: arguments.momentum,
        weight_decay: arguments.weight_decay,
        ..SgdOptions::default()
    }
}

fn projection(arguments: &GrokArguments) -> Option<OrthoGradOptions> {
    let at = match arguments.orthogonal? {
        ProjectName::Gradient => ProjectAt::Gradient,
        ProjectName::Update => ProjectAt::Update,
        ProjectName::Both => ProjectAt::Both,
    };
    let scope = match arguments.scope {
        ScopeName::Tensor => Scope::PerTensor,
        ScopeName::Row => Scope::PerRow,
        ScopeName::Whole => Scope::WholeVector,
    };
    Some(OrthoGradOptions { at, scope, ..OrthoGradOptions::default() })
}

fn options(arguments: &GrokArguments) -> TrainOptions {
    TrainOptions {
        steps: arguments.steps,
        log_every: arguments.log_every,
        collapse: FloatType::ALL.to_vec(),
        logit_scale: arguments.logit_scale,
        stop_at_test_accuracy: arguments.stop_at,
        ..TrainOptions::default()
    }
}

/// The library's refusal, with the name of the option where it has another one.
fn failure(error: &Error) -> Failure {
    const NAMES: [(&str, &str); 14] = [
        ("modulus", "--modulus"),
        ("train_fraction", "--train-fraction"),
        ("train_rows", "--train-fraction"),
        ("sizes", "--hidden"),
        ("learning_rate", "--learning-rate"),
        ("rate", "--learning-rate"),
        ("beta2", "--beta2"),
        ("epsilon", "--epsilon"),
        ("weight_decay", "--weight-decay"),
        ("momentum", "--momentum"),
        ("log_every", "--log-every"),
        ("logit_scale", "--logit-scale"),
        ("stop_at_test_accuracy", "--stop-at"),
        ("rows", "--rows"),
    ];
    let text = error.to_string();
    let renamed = NAMES.iter().find_map(|(name, option)| {
        let rest = text.strip_prefix(&format!("`{name}`"))?;
        Some(format!("{option}{rest}"))
    });
    Failure::input(renamed.unwrap_or(text))
}
