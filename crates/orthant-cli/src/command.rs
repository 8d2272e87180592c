//! The command line.

use crate::bcd::{PropagateArguments, SolveArguments};
use crate::bilevel::{DenoiseArguments, TuneArguments};
use crate::colide::{FitArguments, QueryArguments};
use crate::datasets::DatasetsArguments;
use crate::failure::Outcome;
use crate::olinear;
use crate::ortho_conv::SpectrumArguments;
use crate::sparse_linreg::{self, CvArguments, DiagnoseArguments, PathArguments, SelectArguments};
use crate::stablemax::{self, CollapseArguments, GrokArguments};
use crate::wgsef::{InspectArguments, ProxArguments, PruneArguments};
use clap::{Parser, Subcommand};

/// Regularisation, sparsity, orthogonality and structure learning on files.
#[derive(Debug, Parser)]
#[command(name = "orthant", version, after_help = EXIT_CODES)]
pub(crate) struct Command {
    #[command(subcommand)]
    method: Method,
}

/// What `--help` says of exit codes.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 success, 1 results could not be written or an internal failure, \
     2 bad input or usage (the message names file, row and column).";

#[derive(Debug, Subcommand)]
enum Method {
    /// Learn a causal graph from data (CoLiDE), and ask it questions
    #[command(subcommand)]
    Colide(Colide),
    /// Fit sparse linear models with certificates: Lasso, elastic net, best subset, random-span preconditioning
    #[command(subcommand)]
    SparseLinreg(SparseLinreg),
    /// Minimise a loss with a penalty by block coordinate descent, with greedy rules
    #[command(subcommand)]
    Bcd(Bcd),
    /// Learn penalties and regularisers by gradients of what they lead to (MAID)
    #[command(subcommand)]
    Bilevel(Bilevel),
    /// Look for softmax collapse in logits, and train networks on tasks of delayed generalisation (StableMax)
    #[command(subcommand)]
    Stablemax(Stablemax),
    /// Prune the tensors of a network to a budget of filters, channels, kernels or weights (WGSEF)
    #[command(subcommand)]
    Wgsef(Wgsef),
    /// Forecast many time series at once: an instant closed-form map, or a network in an orthogonal domain (OLinear)
    #[command(subcommand)]
    Olinear(Olinear),
    /// Measure and certify convolutional layers: singular values at any signal size, distance from orthogonality (ortho-conv)
    #[command(subcommand)]
    OrthoConv(OrthoConv),
    /// List the data sets that come with the program, or write one as CSV
    Datasets(DatasetsArguments),
}

#[derive(Debug, Subcommand)]
enum Colide {
    /// Learn the directed acyclic graph of a linear model from a table of numbers
    #[command(after_help = EXIT_CODES)]
    Fit(Box<FitArguments>),
    /// Ask a saved fit: total effects, interventions, counterfactuals, root causes, adjustment sets
    #[command(after_help = EXIT_CODES)]
    Query(QueryArguments),
}

#[derive(Debug, Subcommand)]
enum Wgsef {
    /// Report the norms of all groups and what a budget would keep
    #[command(after_help = EXIT_CODES)]
    Inspect(Box<InspectArguments>),
    /// Shrink towards the budget: ridge on the large groups, a threshold on the others
    #[command(after_help = EXIT_CODES)]
    Prox(Box<ProxArguments>),
    /// Keep the k largest groups and zero the rest, or remove them
    #[command(after_help = EXIT_CODES)]
    Prune(Box<PruneArguments>),
}

#[derive(Debug, Subcommand)]
enum Bilevel {
    /// Choose the penalties of ridge, logistic or elastic-net regression on a table
    #[command(after_help = EXIT_CODES)]
    Tune(Box<TuneArguments>),
    /// Learn a regulariser from pairs of pictures, and denoise one with it
    #[command(after_help = EXIT_CODES)]
    Denoise(Box<DenoiseArguments>),
}

#[derive(Debug, Subcommand)]
enum Olinear {
    /// Fit a forecaster to a table of time series, measure it on rows it has not seen, and forecast what comes next
    #[command(after_help = EXIT_CODES)]
    Fit(Box<olinear::FitArguments>),
    /// Forecast what comes after the last rows of a table, with a saved model
    #[command(after_help = EXIT_CODES)]
    Forecast(Box<olinear::ForecastArguments>),
    /// Measure a saved model on every window of a table: errors by step and series, coverage of intervals
    #[command(after_help = EXIT_CODES)]
    Evaluate(Box<olinear::EvaluateArguments>),
}

#[derive(Debug, Subcommand)]
enum OrthoConv {
    /// Draw all singular values, and say what holds at every signal size
    #[command(after_help = EXIT_CODES)]
    Spectrum(Box<SpectrumArguments>),
}

#[derive(Debug, Subcommand)]
enum Bcd {
    /// Fit a regularised linear, logistic or softmax model to a table
    #[command(after_help = EXIT_CODES)]
    Solve(Box<SolveArguments>),
    /// Spread labels over a graph
    #[command(after_help = EXIT_CODES)]
    Propagate(Box<PropagateArguments>),
}

#[derive(Debug, Subcommand)]
enum Stablemax {
    /// Say for each float type how many rows of logits are collapsed under softmax, and how far the others are from it
    #[command(after_help = EXIT_CODES)]
    Diagnose(CollapseArguments),
    /// Train a perceptron on modular arithmetic or sparse parity and follow its generalisation
    #[command(after_help = EXIT_CODES)]
    Grok(Box<GrokArguments>),
}

#[derive(Debug, Subcommand)]
enum SparseLinreg {
    /// Fit a path of penalty levels
    #[command(after_help = EXIT_CODES)]
    Path(Box<PathArguments>),
    /// Choose the penalty level by cross-validation, or race several methods on the same folds
    #[command(after_help = EXIT_CODES)]
    Cv(Box<CvArguments>),
    /// Fit one model: Lasso, elastic net, random-span preconditioned, square-root, adaptive, MCP, SCAD
    #[command(after_help = EXIT_CODES)]
    Fit(Box<sparse_linreg::FitArguments>),
    /// Select features: best subset of each size, orthogonal matching pursuit, stability selection
    #[command(after_help = EXIT_CODES)]
    Select(Box<SelectArguments>),
    /// Ask, from the features alone, whether the plain Lasso is safe on them
    #[command(after_help = EXIT_CODES)]
    Diagnose(Box<DiagnoseArguments>),
}

impl Command {
    /// Does what is asked.
    pub(crate) fn run(self) -> Outcome<()> {
        match self.method {
            Method::Colide(Colide::Fit(arguments)) => crate::colide::fit(&arguments),
            Method::Colide(Colide::Query(arguments)) => crate::colide::query(&arguments),
            Method::SparseLinreg(SparseLinreg::Path(arguments)) => sparse_linreg::path(&arguments),
            Method::SparseLinreg(SparseLinreg::Cv(arguments)) => sparse_linreg::cv(&arguments),
            Method::SparseLinreg(SparseLinreg::Fit(arguments)) => sparse_linreg::fit(&arguments),
            Method::SparseLinreg(SparseLinreg::Select(arguments)) => sparse_linreg::select(&arguments),
            Method::SparseLinreg(SparseLinreg::Diagnose(arguments)) => sparse_linreg::diagnose(&arguments),
            Method::Bcd(Bcd::Solve(arguments)) => crate::bcd::solve(&arguments),
            Method::Bcd(Bcd::Propagate(arguments)) => crate::bcd::propagate(&arguments),
            Method::Bilevel(Bilevel::Tune(arguments)) => crate::bilevel::tune(&arguments),
            Method::Bilevel(Bilevel::Denoise(arguments)) => crate::bilevel::denoise(&arguments),
            Method::Stablemax(Stablemax::Diagnose(arguments)) => stablemax::diagnose(&arguments),
            Method::Stablemax(Stablemax::Grok(arguments)) => stablemax::grok(&arguments),
            Method::Wgsef(Wgsef::Inspect(arguments)) => crate::wgsef::inspect(&arguments),
            Method::Wgsef(Wgsef::Prox(arguments)) => crate::wgsef::prox(&arguments),
            Method::Wgsef(Wgsef::Prune(arguments)) => crate::wgsef::prune(&arguments),
            Method::Olinear(Olinear::Fit(arguments)) => olinear::fit(&arguments),
            Method::Olinear(Olinear::Forecast(arguments)) => olinear::forecast(&arguments),
            Method::Olinear(Olinear::Evaluate(arguments)) => olinear::evaluate(&arguments),
            Method::OrthoConv(OrthoConv::Spectrum(arguments)) => crate::ortho_conv::spectrum(&arguments),
            Method::Datasets(arguments) => crate::datasets::run(&arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Command::command().debug_assert();
    }
}
