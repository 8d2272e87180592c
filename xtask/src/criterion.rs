//! The measurements that criterion leaves in `target/criterion`.

use crate::process::Outcome;
use serde_json::Value;
use std::path::Path;
use std::time::SystemTime;

/// One benchmark.
#[derive(Debug, PartialEq)]
pub(crate) struct Measurement {
    /// `crate/kernel` or `kernel`.
    pub(crate) group: String,
    /// Which implementation, and the parameter after it.
    pub(crate) function: String,
    pub(crate) parameter: String,
    /// Nanoseconds.
    pub(crate) median: f64,
    /// Elements (by the house's custom: floating-point operations) and bytes that one run handles.
    pub(crate) elements: Option<f64>,
    pub(crate) bytes: Option<f64>,
}

/// Everything measured since `since`, by group, function and parameter.
pub(crate) fn measured_since(folder: &Path, since: SystemTime) -> Outcome<Vec<Measurement>> {
    let mut found = Vec::new();
    collect(folder, since, &mut found)?;
    found.sort_by_key(|one| {
        let size = one.parameter.parse::<u64>().unwrap_or(u64::MAX);
        (one.group.clone(), size, one.parameter.clone(), one.function.clone())
    });
    Ok(found)
}

fn collect(folder: &Path, since: SystemTime, found: &mut Vec<Measurement>) -> Outcome<()> {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if !path.is_dir() {
            continue;
        }
        let estimates = path.join("estimates.json");
        let is_new = path.file_name().is_some_and(|name| name == "new");
        if is_new && estimates.is_file() {
            if estimates.metadata()?.modified()? >= since {
                let read = |name: &str| -> Outcome<Value> {
                    Ok(serde_json::from_str(&std::fs::read_to_string(path.join(name))?)?)
                };
                found.push(measurement(&read("benchmark.json")?, &read("estimates.json")?)?);
            }
        } else {
            collect(&path, since, found)?;
        }
    }
    Ok(())
}

fn measurement(benchmark: &Value, estimates: &Value) -> Outcome<Measurement> {
    let text = |field: &str| benchmark[field].as_str().unwrap_or_default().to_owned();
    let both = &benchmark["throughput"]["ElementsAndBytes"];
    let throughput = |kind: &str, of_both: &str| benchmark["throughput"][kind].as_f64().or(both[of_both].as_f64());
    Ok(Measurement {
        group: text("group_id"),
        function: text("function_id"),
        parameter: text("value_str"),
        median: estimates["median"]["point_estimate"].as_f64().ok_or("criterion writes a median")?,
        elements: throughput("Elements", "elements"),
        bytes: throughput("Bytes", "bytes"),
    })
}

/// The rate of the matrix product that the same run measured at the same size: in the group `crate/gemm` of the same
/// crate, else in `gemm`. In elements per nanosecond.
pub(crate) fn gemm_rate(all: &[Measurement], of: &Measurement) -> Option<f64> {
    let own = of.group.split_once('/').map(|(own, _)| format!("{own}/gemm"));
    let groups = own.iter().map(String::as_str).chain(["gemm"]);
    let same = |group: &str| {
        all.iter().find(|one| one.group == group && one.parameter == of.parameter && one.function == "orthant")
    };
    let product = groups.filter_map(same).next()?;
    Some(product.elements? / product.median)
}

/// A time in a unit that fits.
pub(crate) fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        t if t < 1e3 => (t, "ns"),
        t if t < 1e6 => (t / 1e3, "µs"),
        t if t < 1e9 => (t / 1e6, "ms"),
        t => (t / 1e9, "s"),
    };
    format!("{value:.3} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample(group: &str, flops: u64, median: f64) -> Measurement {
        let benchmark = json!({"group_id": group, "function_id": "orthant", "value_str": "100",
            "throughput": {"Elements": flops}});
        measurement(&benchmark, &json!({"median": {"point_estimate": median}})).unwrap()
    }

    #[test]
    fn rates_are_compared_with_the_product_of_the_same_size() {
        let all = [sample("colide/gemm", 2_000_000, 1e5), sample("colide/score", 1_000_000, 1e5)];
        assert_eq!(gemm_rate(&all, &all[1]), Some(20.0));
        assert_eq!(all[1].elements.unwrap() / all[1].median, 10.0);
        assert_eq!(gemm_rate(&all[1..], &all[1]), None);
    }

    #[test]
    fn both_throughputs_are_read() {
        let benchmark = json!({"group_id": "g", "function_id": null, "value_str": null,
            "throughput": {"ElementsAndBytes": {"elements": 3, "bytes": 24}}});
        let found = measurement(&benchmark, &json!({"median": {"point_estimate": 1.0}})).unwrap();
        assert_eq!((found.elements, found.bytes), (Some(3.0), Some(24.0)));
        assert!(measurement(&benchmark, &json!({})).is_err());
    }

    #[test]
    fn times_have_units() {
        assert_eq!([12.0, 1.5e3, 2.5e6, 3e9].map(time), ["12.000 ns", "1.500 µs", "2.500 ms", "3.000 s"]);
    }
}
