//! `orthant ortho-conv` as a user runs it.

mod program;

use ndarray::{Array3, Array4};
use ndarray_npy::WriteNpyExt;
use program::Place;
use safetensors::tensor::{Dtype, TensorView};

/// The second difference: 2 - 2 cos ω.
fn difference() -> Vec<u8> {
    let mut file = Vec::new();
    let kernel = Array3::from_shape_vec((1, 1, 3), vec![-1.0_f64, 2.0, -1.0]).unwrap();
    kernel.write_npy(&mut file).unwrap();
    file
}

/// Two convolutions and a matrix that is none. The first is a shift in each of two channels: orthogonal.
fn network() -> Vec<u8> {
    let shift =
        Array4::<f32>::from_shape_fn(
            (2, 2, 3, 3),
            |i| if matches!(i, (0, 0, 0, 2) | (1, 1, 1, 1)) { 1.0 } else { 0.0 },
        );
    let second = Array4::<f32>::from_elem((3, 2, 3, 3), 0.2);
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let (shift, second, dense) =
        (bytes(shift.as_slice().unwrap()), bytes(second.as_slice().unwrap()), bytes(&[1.0, 2.0]));
    let view = |shape: &[usize], bytes| TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap();
    let views = [
        ("conv1.weight", view(&[2, 2, 3, 3], &shift)),
        ("conv2.weight", view(&[3, 2, 3, 3], &second)),
        ("dense.weight", view(&[1, 2], &dense)),
    ];
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn a_spectrum_with_certificates() {
    let place = Place::new();
    place.file("difference.npy", difference());
    let out = place.succeed(&["ortho-conv", "spectrum", "difference.npy", "--size", "8", "--out", "out"]);
    assert!(out.contains("1 layer at 8 outputs per dimension, circular padding: singular values from"), "{out}");
    let json = place.json("out/ortho-conv.json");
    let layer = &json["layers"][0];
    let number = |name: &str| layer[name].as_f64().unwrap();
    assert_eq!(json["schema"], "orthant-ortho-conv-spectrum");
    assert!((number("largest") - 4.0).abs() < 1e-12 && number("smallest") < 1e-12);
    // Self-correlation 1, -4, 6, -4, 1 less the identity: 5² + 2 (4² + 1²), and the norm of the error is Σ|.| = 5 + 8 + 2.
    assert!((number("l_orth") - 59.0).abs() < 1e-12 && (number("block_bound") - 15.0).abs() < 1e-12);
    assert!((4.0..4.1).contains(&number("norm_bound")));
    assert_eq!(place.text("out/spectrum.csv").lines().count(), 9);
    assert!(place.text("out/spectrum.svg").starts_with("<svg"));
    assert!(place.text("out/report.html").contains("σ certified"));
    // Zeros at the ends: the eigenvalues 2 - 2 cos(π j/9).
    place.succeed(&["ortho-conv", "spectrum", "difference.npy", "--size", "8", "--padding", "zero", "--out", "zero"]);
    let largest = place.json("zero/ortho-conv.json")["layers"][0]["largest"].as_f64().unwrap();
    assert!((largest - (2.0 + 2.0 * (std::f64::consts::PI / 9.0).cos())).abs() < 1e-12, "{largest}");
}

#[test]
fn the_layers_of_a_network() {
    let place = Place::new();
    place.file("net.safetensors", network());
    let words = ["ortho-conv", "spectrum", "net.safetensors", "--size", "5"];
    let out = place.succeed(&[&words[..], &["--out", "all"]].concat());
    assert!(out.contains("2 layers at 5 outputs") && out.contains("The norm of the flattened kernel is not"), "{out}");
    let json = place.json("all/ortho-conv.json");
    let shift = &json["layers"][0];
    assert!(shift["l_orth"].as_f64().unwrap() < 1e-14 && shift["orthogonal_exists"] == true);
    assert_eq!(shift["singular_values"].as_array().unwrap().len(), 50);
    // One stride for one layer; the text on the terminal is the JSON with --json.
    let printed = place.succeed(&[&words[..], &["--stride", "conv2.weight=2", "--json", "--out", "strided"]].concat());
    let json: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&json["layers"][0]["stride"], &json["layers"][1]["stride"]), (&1.into(), &2.into()));
    assert_eq!(json["layers"][1]["regime"], "row");
}

#[test]
fn refusals_name_tensor_and_option() {
    let place = Place::new();
    place.file("net.safetensors", network());
    let refuse = |words: &[&str], message: &str| {
        place.refuse(&[&["ortho-conv", "spectrum", "net.safetensors"], words].concat(), message);
    };
    refuse(&["--size", "0"], "--size is 0; at least one output is needed");
    refuse(&["--stride", "0"], "--stride `0`: write a whole number of at least 1");
    refuse(&["--stride", "conv9=2"], "--stride: `conv9` is not one of the chosen tensors");
    refuse(
        &["--tensor", "dense.weight"],
        "--tensor: `dense.weight` is no tensor of 32- or 64-bit floating-point numbers with 3 to 5 axes (outputs, inputs, kernel)",
    );
    refuse(
        &["--groups", "conv2.weight=2"],
        "`conv2.weight`: `groups` is 2; it must be a divisor of both numbers of channels",
    );
    place.refuse(&["ortho-conv", "spectrum", "no.npy"], "`no.npy` does not exist");
}
