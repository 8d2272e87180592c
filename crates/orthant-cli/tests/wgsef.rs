//! `orthant wgsef` as a user runs it.

mod program;

use ndarray::{Array1, Array2, Array4, ArrayD};
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use program::Place;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

fn bytes(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Two convolutions, the bias of the first, and a counter. Filter 1 of the first is the largest, then 3, 0, 2.
fn network() -> Vec<u8> {
    let size = [1.0, 4.0, 0.5, 2.0_f32];
    let first = Array4::<f32>::from_shape_fn((4, 2, 3, 3), |(o, i, h, w)| size[o] * (1.0 + (i + h + w) as f32));
    let second = Array4::<f32>::from_shape_fn((2, 4, 1, 1), |(o, i, _, _)| (10 * o + i + 1) as f32);
    let parts = [
        ("conv1.weight", Dtype::F32, vec![4, 2, 3, 3], bytes(first.iter().copied())),
        ("conv1.bias", Dtype::F32, vec![4], bytes(size)),
        ("conv2.weight", Dtype::F32, vec![2, 4, 1, 1], bytes(second.iter().copied())),
        ("steps", Dtype::I64, vec![1], 7_i64.to_le_bytes().to_vec()),
    ];
    let views: Vec<(&str, TensorView<'_>)> = parts
        .iter()
        .map(|(name, dtype, shape, bytes)| (*name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()))
        .collect();
    safetensors::serialize(views, None).unwrap()
}

fn numbers(view: &TensorView<'_>) -> Vec<f32> {
    view.data().as_chunks::<4>().0.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect()
}

#[test]
fn filters_are_removed_with_what_reads_them() {
    let place = Place::new();
    place.file("net.safetensors", network());
    let words = ["wgsef", "prune", "net.safetensors", "--tensor", "conv1.weight", "--budget", "2", "--compact"];
    let out = place.succeed(&[&words[..], &["--follow", "conv1.weight=conv2.weight", "--out", "small"]].concat());
    assert!(out.contains("2 of 4 groups stay, 50.0 % of the entries"), "{out}");
    let written = place.bytes("small/tensors.safetensors");
    let file = SafeTensors::deserialize(&written).unwrap();
    assert_eq!(file.tensor("conv1.weight").unwrap().shape(), [2, 2, 3, 3]);
    assert_eq!(numbers(&file.tensor("conv1.bias").unwrap()), [4.0, 2.0]);
    assert_eq!(file.tensor("conv2.weight").unwrap().shape(), [2, 2, 1, 1]);
    assert_eq!(numbers(&file.tensor("conv2.weight").unwrap()), [2.0, 4.0, 12.0, 14.0]);
    assert_eq!(file.tensor("steps").unwrap().data(), 7_i64.to_le_bytes());
    let json = place.json("small/wgsef.json");
    assert_eq!(json["tensors"][0]["kept_groups"], serde_json::json!([1, 3]));
    assert!(place.text("small/norms.svg").starts_with("<svg"));
    assert!(place.text("small/groups.csv").starts_with("tensor,group,norm,kept\nconv1.weight,0,"));
}

#[test]
fn one_budget_for_all_layers_and_a_look_before() {
    let place = Place::new();
    place.file("net.safetensors", network());
    let out = place.succeed(&["wgsef", "inspect", "net.safetensors", "--global", "--budget", "3", "--out", "look"]);
    assert!(out.contains("3 of 6 groups would stay"), "{out}");
    assert!(!place.path("look/tensors.safetensors").exists());
    place.succeed(&["wgsef", "prox", "net.safetensors", "--lambda", "0", "--out", "same", "--quiet"]);
    let (before, after) = (network(), place.bytes("same/tensors.safetensors"));
    let (before, after) = (SafeTensors::deserialize(&before).unwrap(), SafeTensors::deserialize(&after).unwrap());
    for name in ["conv1.weight", "conv2.weight", "conv1.bias"] {
        assert_eq!(before.tensor(name).unwrap().data(), after.tensor(name).unwrap().data());
    }
}

#[test]
fn npy_files() {
    let place = Place::new();
    let x = Array2::<f64>::from_shape_fn((3, 4), |(i, j)| if i == 0 { 1.0 } else { 10.0 * (i * j) as f64 });
    let mut file = Vec::new();
    x.write_npy(&mut file).unwrap();
    place.file("w.npy", file);
    place.succeed(&["wgsef", "prune", "w.npy", "--layout", "filters", "--keep", "0.5", "--out", "out"]);
    let y = ArrayD::<f64>::read_npy(place.bytes("out/tensor.npy").as_slice()).unwrap();
    assert!(y.iter().zip(&x).enumerate().all(|(i, (y, x))| *y == if i < 4 { 0.0 } else { *x }));
}

#[test]
fn refusals_name_tensor_and_option() {
    let place = Place::new();
    place.file("net.safetensors", network());
    let refuse = |words: &[&str], message: &str| {
        place.refuse(&[&["wgsef", "prune", "net.safetensors"], words].concat(), message);
    };
    refuse(&["--budget", "0"], "--budget is 0; at least one group must be allowed");
    refuse(&["--keep", "1.5"], "--keep is 1.5; it must be above 0 and at most 1");
    refuse(
        &["--layout", "kernels", "--compact"],
        "--compact needs --layout filters or channels: other groups leave holes",
    );
    refuse(
        &["--tensor", "conv1.bias"],
        "--tensor: `conv1.bias` is no tensor of 32- or 64-bit floating-point numbers with two or more axes",
    );
    refuse(&["--compact", "--follow", "conv1.weight=conv3.weight"], "--follow: the file has no tensor `conv3.weight`");
    place.refuse(&["wgsef", "prox", "net.safetensors", "--lambda=-1"], "--lambda is -1; it must be finite and >= 0");
    place.refuse(&["wgsef", "inspect", "no.npy"], "`no.npy` does not exist");
    let mut bad = Array1::<f32>::ones(8).into_shape_with_order((2, 4)).unwrap();
    bad[[1, 2]] = f32::NAN;
    let mut file = Vec::new();
    bad.write_npy(&mut file).unwrap();
    place.file("bad.npy", file);
    place.refuse(&["wgsef", "prune", "bad.npy"], "`bad`: `x` holds NaN at [1, 2]; every entry must be finite");
    for broken in [&b""[..], b"\x00\x00\x00\x00\x00\x00\x00\x00", &[255; 40]] {
        place.file("broken.safetensors", broken);
        let run = place.run(&["wgsef", "inspect", "broken.safetensors"]);
        assert_eq!(run.code, 2);
        assert!(
            run.err.starts_with("error: `broken.safetensors` is neither a npy nor a safetensors file: "),
            "{}",
            run.err
        );
    }
}

/// Selection goes by norms alone: a cost would have no effect, so it is no option of `prune` and `inspect`.
#[test]
fn costs_belong_to_the_operator() {
    let place = Place::new();
    let mut weights = Array2::<f64>::from_elem((2, 4), 1.0);
    weights.row_mut(1).fill(0.5);
    let kernel = Array2::<f64>::from_elem((2, 2), 1.0);
    let tensor = |x: &Array2<f64>| x.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let (wide, narrow) = (tensor(&weights), tensor(&kernel));
    let views = [
        ("wide", TensorView::new(Dtype::F64, vec![2, 4], &wide).unwrap()),
        ("narrow", TensorView::new(Dtype::F64, vec![2, 2], &narrow).unwrap()),
    ];
    place.file("net.safetensors", safetensors::serialize(views, None).unwrap());
    for command in ["prune", "inspect"] {
        let run = place.run(&["wgsef", command, "net.safetensors", "--cost", "size"]);
        assert!(run.code == 2 && run.err.starts_with("error: unexpected argument '--cost'"), "{}", run.err);
    }
    // With the cost of its size the wide tensor shrinks more than the narrow one.
    let norm = |cost: &str, folder: &str| {
        let words = ["wgsef", "prox", "net.safetensors", "--global", "--budget", "4", "--lambda", "1"];
        place.succeed(&[&words[..], &["--cost", cost, "--out", folder]].concat());
        let written = place.bytes(&format!("{folder}/tensors.safetensors"));
        let file = SafeTensors::deserialize(&written).unwrap();
        ["wide", "narrow"].map(|name| f64::from_le_bytes(file.tensor(name).unwrap().data()[..8].try_into().unwrap()))
    };
    let (plain, size) = (norm("plain", "plain"), norm("size", "size"));
    assert_eq!(plain, [0.5, 0.5]);
    // Mean size 3: d = 4/3 and 2/3, so 1/(1 + d).
    assert!((size[0] - 3.0 / 7.0).abs() < 1e-12 && (size[1] - 0.6).abs() < 1e-12, "{size:?}");
}
