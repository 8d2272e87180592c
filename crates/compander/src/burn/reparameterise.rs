//! Turning the parameters of a module into companded ones.

use super::{CompandedParameter, Family};
use crate::{
    Algebraic, Arctan, Asinh, CompandedWeight, Compander, CompandingFunction, ErrorFunction, Initialisation, Result,
    Softsign, Tanh,
};
use burn::module::{Module, ModuleVisitor, Param, ParamId, Reparameterizer};
use burn::tensor::{Tensor, TensorData};
use ndarray::{Array2, array};
use std::rc::Rc;

/// How a module is companded.
#[derive(Clone)]
pub struct Companding {
    rule: Initialisation,
    family: Family,
    learned: bool,
    chosen: Rc<dyn Fn(&str) -> bool>,
}

impl std::fmt::Debug for Companding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rule, family, learned, chosen: _ } = self;
        f.debug_struct("Companding").field("rule", rule).field("family", family).field("learned", learned).finish()
    }
}

impl Companding {
    /// Bound, gain, clipping and scope as `rule` says (a measured bound suits modules whose layers differ); arc tangent;
    /// ranges and widths fixed; every parameter with at least two axes.
    ///
    /// Channels ([`Scope::Channel`](crate::Scope::Channel)) are the outputs: axis 1 of matrices, which burn's linear layers store as inputs ×
    /// outputs, axis 0 of kernels.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when the rule's numbers are not finite and positive.
    pub fn new(rule: Initialisation) -> Result<Self> {
        // What a rule refuses, it refuses for every weight: try it on one.
        rule.companded(Arctan, &array![[1.0]]).map(|_| ()).or_else(|error| match error {
            crate::Error::Unreachable { .. } => Ok(()),
            other => Err(other),
        })?;
        Ok(Self { rule, family: Family::default(), learned: false, chosen: Rc::new(|_| true) })
    }

    /// Another family.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// Makes range and width trainable.
    #[must_use]
    pub fn learned(mut self) -> Self {
        self.learned = true;
        self
    }

    /// Only parameters whose path (`encoder.linear1.weight`) fulfils `chosen`.
    #[must_use]
    pub fn only(mut self, chosen: impl Fn(&str) -> bool + 'static) -> Self {
        self.chosen = Rc::new(chosen);
        self
    }
}

/// What became of the parameters of a module.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct CompandingReport {
    /// Those that were companded, in the order of the traversal.
    pub companded: Vec<LayerReport>,
    /// Those with two axes or more that were chosen but left plain, with the reason: weights that are not finite, or all zero
    /// under a measured bound.
    pub refused: Vec<(String, crate::Error)>,
}

/// One companded parameter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LayerReport {
    /// Its path in the module.
    pub path: String,
    /// Number of weights.
    pub count: usize,
    /// How many of them lay beyond the bound and were clipped.
    pub clipped: usize,
    /// The bound B of the layer or of each channel.
    pub bounds: Vec<f64>,
}

/// Compands the parameters of `module` (see [`Companding::new`] for which): its function stays the same up to clipping, and
/// training it moves latent values from now on. `module.valid().materialize()` folds the result back into plain weights.
///
/// Parameters that already have a reparameterisation keep it and are not companded a second time.
pub fn compand<M: Module>(module: M, companding: &Companding) -> (M, CompandingReport) {
    let mut report = CompandingReport::default();
    let mut taken = Taken::default();
    module.visit(&mut taken);
    let module = module.apply_reparameterization(Attach { companding, taken: taken.ids, report: &mut report });
    (module, report)
}

/// The parameters that have a reparameterisation: the traversal shows it as a module right after each.
#[derive(Default)]
struct Taken {
    last: Option<ParamId>,
    ids: Vec<ParamId>,
}

impl ModuleVisitor for Taken {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.last = Some(param.id);
    }

    fn enter_module(&mut self, _name: &str, container_type: &str) {
        if container_type == "Reparameterization" {
            self.ids.extend(self.last.take());
        }
    }
}

struct Attach<'a> {
    companding: &'a Companding,
    taken: Vec<ParamId>,
    report: &'a mut CompandingReport,
}

impl Reparameterizer for Attach<'_> {
    type Reparam = CompandedParameter;

    fn reparameterize<const D: usize>(
        &mut self,
        path: &str,
        param: Param<Tensor<D>>,
    ) -> (Param<Tensor<D>>, Option<CompandedParameter>) {
        // The shape parameters of a companded parameter pass here too.
        let taken = self.taken.contains(&param.id) || path.contains(CompandedParameter::PATH);
        if D < 2 || taken || !(self.companding.chosen)(path) {
            return (param, None);
        }
        let latent = match self.companding.family {
            Family::Arctan => latent(&param, self.companding, Arctan),
            Family::Tanh => latent(&param, self.companding, Tanh),
            Family::Softsign => latent(&param, self.companding, Softsign),
            Family::Algebraic => latent(&param, self.companding, Algebraic),
            Family::ErrorFunction => latent(&param, self.companding, ErrorFunction),
            Family::Asinh => latent(&param, self.companding, Asinh),
        };
        let Latent { values, ranges, widths, bounds, clipped } = match latent {
            Ok(latent) => latent,
            Err(error) => {
                self.report.refused.push((path.to_owned(), error));
                return (param, None);
            }
        };
        let count = values.len();
        self.report.companded.push(LayerReport { path: path.to_owned(), count, clipped, bounds });
        let tensor = param.val();
        let (device, dtype) = (tensor.device(), tensor.dtype());
        let shape = |numbers: Vec<f64>| {
            let data = TensorData::new(numbers.iter().map(|x| x.ln()).collect(), [numbers.len()]);
            let parameter = Param::from_tensor(Tensor::<1>::from_data(data, (&device, dtype)));
            if self.companding.learned { parameter } else { parameter.set_require_grad(false) }
        };
        let reparameterisation =
            CompandedParameter::new(self.companding.family, channel_axis(D), shape(ranges), shape(widths));
        let dims = tensor.dims();
        let param = param.map(|tensor| {
            let tracked = tensor.is_require_grad();
            Tensor::from_data(TensorData::new(values, dims), (&device, dtype)).set_require_grad(tracked)
        });
        (param, Some(reparameterisation))
    }
}

impl CompandedParameter {
    /// What the paths of shape parameters contain.
    const PATH: &str = ".compander.";
}

/// Matrices are inputs × outputs, kernels outputs × inputs × ….
fn channel_axis(axes: usize) -> usize {
    usize::from(axes == 2)
}

struct Latent {
    /// Row-major.
    values: Vec<f64>,
    ranges: Vec<f64>,
    widths: Vec<f64>,
    bounds: Vec<f64>,
    clipped: usize,
}

fn latent<const D: usize, F: CompandingFunction<f64>>(
    param: &Param<Tensor<D>>,
    companding: &Companding,
    function: F,
) -> Result<Latent> {
    let tensor = param.val();
    let dims = tensor.dims();
    let numbers: Vec<f64> = tensor.into_data().iter::<f64>().collect();
    // The crate's channels are rows.
    let rows = dims[channel_axis(D)];
    let transposed = channel_axis(D) == 1;
    let shape = if transposed { (dims[0], rows) } else { (rows, numbers.len() / rows.max(1)) };
    let count = numbers.len();
    let weights = Array2::from_shape_vec(shape, numbers)
        .map_err(|_| core_tensor::Error::Empty { argument: "weights", expected: "entry" })?;
    let weights = if transposed { weights.reversed_axes() } else { weights };
    if count == 0 {
        return Err(core_tensor::Error::Empty { argument: "weights", expected: "entry" }.into());
    }
    let (layer, clipped): (CompandedWeight<f64, _, F>, usize) = companding.rule.companded(function, &weights)?;
    let values = layer.latent();
    let values = if transposed { values.t().iter().copied().collect() } else { values.iter().copied().collect() };
    let each = |f: fn(&Compander<f64, F>) -> f64| layer.companders().iter().map(f).collect();
    Ok(Latent {
        values,
        ranges: each(Compander::range),
        widths: each(Compander::width),
        bounds: each(Compander::bound),
        clipped,
    })
}
