//! ETTh1, 96 hours ahead: the instant ridge, then a small network.

#![allow(clippy::print_stdout, reason = "an example")]

use olinear::{MomentRidge, OLinear, Scaler, Split, evaluate};
use std::ops::ControlFlow;
use std::time::Instant;

fn main() -> Result<(), olinear::Error> {
    let series = datasets::etth1().values;
    let parts = Split::EttHour.parts(series.nrows(), 96)?;
    let scaler = Scaler::fit(&series.slice_axis(ndarray::Axis(0), parts.train.clone().into()))?;
    let scaled = scaler.transform(&series)?;

    let begin = Instant::now();
    let ridge = MomentRidge::new(96, &[96, 192, 336, 720]).fit(&scaled, &parts)?;
    let seconds = begin.elapsed().as_secs_f64();
    let metrics = evaluate(ridge.horizon(96)?, &scaled, &parts.test)?;
    println!("ridge, four horizons: {seconds:.3} s; 96 hours: MSE {:.4}, MAE {:.4}", metrics.mse, metrics.mae);

    let width = std::env::args().nth(1).and_then(|v| v.parse().ok()).unwrap_or(128);
    let epochs = std::env::args().nth(2).and_then(|v| v.parse().ok()).unwrap_or(2);
    let model = OLinear { width, hidden: width, epochs, dropout: 0.2, ..OLinear::new(96, 96) };
    let begin = Instant::now();
    let fit = model.fit_observed(&scaled, &parts, None, |progress| {
        if progress.step == progress.steps {
            println!("epoch {}: {:.1} s", progress.epoch, begin.elapsed().as_secs_f64());
        }
        ControlFlow::Continue(())
    })?;
    let metrics = evaluate(&fit, &scaled, &parts.test)?;
    println!("OLinear, width {width}, {epochs} epochs: MSE {:.4}, MAE {:.4}", metrics.mse, metrics.mae);
    Ok(())
}
