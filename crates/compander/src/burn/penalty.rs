//! Keeping learned shapes near where they began.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Σ μ (α - α₀)² + ν (β - β₀)² over the learned shapes of `model`, to be added to a loss; α₀ and β₀ are those of `start`, a
/// clone of the companded model from before training. Nothing when the model has no companded parameter.
pub fn shape_penalty<M: Module>(model: &M, start: &M, range_anchor: f64, width_anchor: f64) -> Option<Tensor<1>> {
    let (now, before) = (shapes(model), shapes(start));
    let terms = now.into_iter().zip(before).map(|((is_range, now), (_, before))| {
        let anchor = if is_range { range_anchor } else { width_anchor };
        (now - before.detach()).square().sum().mul_scalar(anchor)
    });
    terms.reduce(|sum, term| sum + term)
}

/// The logarithms in the order of the traversal, and whether each is that of a range.
fn shapes<M: Module>(model: &M) -> Vec<(bool, Tensor<1>)> {
    let mut found = Shapes { path: Vec::new(), found: Vec::new() };
    model.visit(&mut found);
    found.found
}

struct Shapes {
    path: Vec<String>,
    found: Vec<(bool, Tensor<1>)>,
}

impl ModuleVisitor for Shapes {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let [.., parent, name] = &*self.path
            && parent == "compander"
        {
            self.found.push((name == "log_range", param.val().reshape([-1])));
        }
    }
}
