//! Grey pictures as PNG.

use crate::failure::{Failure, Outcome};
use ndarray::Array2;
use std::path::Path;

/// Pixels of the largest picture: a hundred million.
const LARGEST: usize = 100_000_000;

/// Grey values, 0 to 1; colours by Rec. 601, transparency ignored.
pub(super) fn read(path: &Path) -> Outcome<Array2<f64>> {
    let bytes = std::fs::read(path).map_err(|error| Failure::read(path, &error))?;
    let refuse = |reason: String| Failure::input(format!("`{}` is no PNG that can be read: {reason}", path.display()));
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| refuse(error.to_string()))?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    if width.saturating_mul(height) > LARGEST {
        return Err(refuse(format!("{width} × {height} pixels are more than {LARGEST}")));
    }
    let size = reader.output_buffer_size().ok_or_else(|| refuse("it is too large".to_owned()))?;
    let mut buffer = vec![0; size];
    let frame = reader.next_frame(&mut buffer).map_err(|error| refuse(error.to_string()))?;
    let channels = frame.color_type.samples();
    let grey = |pixel: &[u8]| match *pixel {
        [r, g, b] | [r, g, b, _] => (0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)) / 255.0,
        [v, ..] => f64::from(v) / 255.0,
        [] => 0.0,
    };
    let pixels: Vec<f64> = buffer[..frame.buffer_size()].chunks(channels).map(grey).collect();
    Array2::from_shape_vec((height, width), pixels).map_err(|_| refuse("its size is not what it says".to_owned()))
}

/// Eight bits; values outside 0 to 1 become black or white.
pub(super) fn write(picture: &Array2<f64>) -> Outcome<Vec<u8>> {
    let internal = |error: png::EncodingError| Failure::Internal(error.to_string());
    let (height, width) = picture.dim();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(internal)?;
    let pixels: Vec<u8> = picture.iter().map(|v| (255.0 * v.clamp(0.0, 1.0)).round() as u8).collect();
    writer.write_image_data(&pixels).map_err(internal)?;
    writer.finish().map_err(internal)?;
    Ok(bytes)
}

/// Peak signal-to-noise ratio in dB.
pub(super) fn ratio(picture: &Array2<f64>, truth: &Array2<f64>) -> f64 {
    let error = picture.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / truth.len() as f64;
    -10.0 * error.log10()
}
