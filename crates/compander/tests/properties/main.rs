//! The identities and inequalities of the method.

mod arrays;
mod geometry;
mod scalars;
mod shapes;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// A property of every bounded family: the body is compiled for each.
macro_rules! for_each_family {
    ($function:ident, $body:block) => {{
        {
            let $function = compander::Arctan;
            $body
        }
        {
            let $function = compander::Tanh;
            $body
        }
        {
            let $function = compander::Softsign;
            $body
        }
        {
            let $function = compander::Algebraic;
            $body
        }
        {
            let $function = compander::ErrorFunction;
            $body
        }
        {
            let $function = compander::Asinh;
            $body
        }
        {
            let $function = compander::Identity;
            $body
        }
    }};
}
pub(crate) use for_each_family;
