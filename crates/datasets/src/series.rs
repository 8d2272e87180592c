//! Time series.

use crate::packed::inflated;
use ndarray::Array2;

/// A multivariate time series with its time stamps.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Series {
    /// Values, rows × channels; NaN where missing.
    pub values: Array2<f64>,
    /// The channels, in the order of the columns.
    pub names: Vec<String>,
    /// Time stamp of each row, as the file spells it.
    pub times: Vec<String>,
}

/// ETTh1: six loads and the oil temperature of an electricity transformer, 17 420 hours × 7 channels.
///
/// Source: ETDataset, Zhou et al. (AAAI 2021), CC BY-ND 4.0. Details stand in `data/etth1/README.md`.
///
/// ```
/// let etth1 = datasets::etth1();
/// assert_eq!(etth1.values.dim(), (17_420, 7));
/// assert_eq!(etth1.names[6], "OT");
/// ```
pub fn etth1() -> Series {
    read(include_bytes!("../data/etth1/ETTh1.csv.gz"))
}

/// Influenza-like illness in the United States, 966 weeks × 7 channels.
///
/// Source: US Centers for Disease Control and Prevention, public domain. Details stand in `data/ili/README.md`.
///
/// ```
/// assert_eq!(datasets::illness().values.dim(), (966, 7));
/// ```
pub fn illness() -> Series {
    read(include_bytes!("../data/ili/national_illness.csv.gz"))
}

/// Weekly CO2 at Mauna Loa, 2284 weeks × 1 channel, 59 of them missing.
///
/// Source: Keeling and Whorf (2004), public domain. Details stand in `data/co2-weekly/README.md`.
///
/// ```
/// let co2 = datasets::co2_weekly();
/// assert_eq!(co2.values.iter().filter(|v| v.is_nan()).count(), 59);
/// ```
pub fn co2_weekly() -> Series {
    read(include_bytes!("../data/co2-weekly/co2_weekly.csv.gz"))
}

/// Unemployed persons by state of the United States, 531 months × 53 channels.
///
/// Source: US Bureau of Labor Statistics, public domain. Details stand in `data/unemployment/README.md`.
///
/// ```
/// assert_eq!(datasets::unemployment().values.dim(), (531, 53));
/// ```
pub fn unemployment() -> Series {
    read(include_bytes!("../data/unemployment/unemployment.csv.gz"))
}

/// The bytes are constants of this crate: the examples above prove that the unreachable arm is.
fn read(bytes: &[u8]) -> Series {
    let text = inflated(bytes);
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    let names: Vec<String> = lines.next().unwrap_or_default().split(',').skip(1).map(str::to_owned).collect();
    let (mut times, mut entries) = (Vec::new(), Vec::new());
    for line in lines {
        let mut fields = line.split(',');
        times.push(fields.next().unwrap_or_default().to_owned());
        entries.extend(fields.map(|field| field.parse().unwrap_or(f64::NAN)));
    }
    match Array2::from_shape_vec((times.len(), names.len()), entries) {
        Ok(values) => Series { values, names, times },
        Err(error) => unreachable!("a series compiled into the crate has rows of different lengths: {error}"),
    }
}
