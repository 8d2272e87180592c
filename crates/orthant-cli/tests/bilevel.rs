//! `orthant bilevel` as a user runs it.

mod program;

use program::Place;

/// y = 2 a - b, and noise that repeats; two classes by the sign of y.
fn table() -> String {
    let mut text = "a,b,c,y,class\n".to_owned();
    for i in 0..60 {
        let (a, b, c) = ((0.7 * f64::from(i)).sin(), (1.3 * f64::from(i)).cos(), (2.1 * f64::from(i)).sin());
        let y = 5.0 + 2.0 * a - b + 0.2 * (3.7 * f64::from(i)).sin();
        text += &format!("{a},{b},{c},{y},{}\n", if 2.0 * a - b > 0.1 * c { "up" } else { "down" });
    }
    text
}

#[test]
fn penalties_are_tuned() {
    let place = Place::new();
    place.file("data.csv", table());
    let words = ["bilevel", "tune", "data.csv", "--response", "y", "--exclude", "class"];
    let out = place.succeed(&[&words[..], &["--out", "ridge"]].concat());
    assert!(out.contains("ridge: leave-one-out of") && out.contains("for a constant"), "{out}");
    let json = place.json("ridge/tune.json");
    let coefficient = |name: &str, folder: &str| {
        let json = place.json(&format!("{folder}/tune.json"));
        let all = json["coefficients"].as_array().unwrap();
        all.iter().find(|c| c["feature"] == name).map_or(0.0, |c| c["coefficient"].as_f64().unwrap())
    };
    assert!((coefficient("a", "ridge") - 2.0).abs() < 0.1 && (coefficient("b", "ridge") + 1.0).abs() < 0.1);
    assert!((json["intercept"].as_f64().unwrap() - 5.0).abs() < 0.1);
    assert!(json["held_back_loss"].as_f64().unwrap() < 0.05 * json["held_back_constant"].as_f64().unwrap());
    assert!(
        place.text("ridge/loss.svg").starts_with("<svg")
            && place.text("ridge/penalties.csv").starts_with("penalty,value")
    );
    // One for each: the useless feature's is larger.
    place.succeed(&[&words[..], &["--penalties", "each", "--criterion", "gcv", "--out", "each"]].concat());
    let json = place.json("each/tune.json");
    let penalties: Vec<f64> = json["log_penalties"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect();
    assert!(penalties.len() == 3 && penalties[2] > penalties[0], "{penalties:?}");
    place.succeed(&[&words[..], &["--model", "elastic-net", "--out", "net"]].concat());
    assert!((coefficient("a", "net") - 2.0).abs() < 0.2);
    let classes = ["bilevel", "tune", "data.csv", "--response", "class", "--exclude", "y", "--model", "logistic"];
    let out = place.succeed(&[&classes[..], &["--out", "logistic"]].concat());
    assert!(out.contains("of 2 classes") && coefficient("a", "logistic") > 0.0, "{out}");
    // A bundled table: nuclei with more concave points are less often benign.
    place.succeed(&["bilevel", "tune", "--dataset", "breast-cancer", "--model", "logistic", "--out", "cancer"]);
    let json = place.json("cancer/tune.json");
    assert!(json["held_back_loss"].as_f64().unwrap() < 0.2 && json["held_back_constant"].as_f64().unwrap() > 0.5);
    // The same command, the same bytes.
    let printed = |folder: &str| place.succeed(&[&words[..], &["--json", "--out", folder]].concat());
    let strip = |text: &str| text.lines().filter(|line| !line.contains("out")).collect::<Vec<_>>().join("\n");
    assert_eq!(strip(&printed("first")), strip(&printed("second")));
}

/// A noisy step of 40 × 30 pixels.
fn picture(noise: f64) -> Vec<u8> {
    let (width, height) = (40, 30);
    let pixels: Vec<u8> = (0..width * height)
        .map(|p| {
            let (i, j) = (p / width, p % width);
            let step = if i + j > 35 { 190.0 } else { 60.0 };
            let value: f64 = step + 255.0 * noise * (12.9898 * f64::from(p) + 0.37 * f64::from(i * j)).sin();
            value.clamp(0.0, 255.0) as u8
        })
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn pictures_are_denoised() {
    let place = Place::new();
    place.file("noisy.png", picture(0.1));
    place.file("clean.png", picture(0.0));
    let words = ["bilevel", "denoise", "noisy.png", "--truth", "clean.png", "--steps", "15", "--patch", "24"];
    let out = place.succeed(&[&words[..], &["--out", "tv"]].concat());
    assert!(out.contains("total variation learned from 4 pictures") && out.contains("camera"), "{out}");
    let json = place.json("tv/denoise.json");
    let gain = json["denoised_ratio"].as_f64().unwrap() - json["noisy_ratio"].as_f64().unwrap();
    assert!(gain > 3.0, "{gain}");
    assert!(place.bytes("tv/denoised.png").starts_with(b"\x89PNG") && place.bytes("tv/before-after.png").len() > 500);
    assert!(place.text("tv/report.html").contains("data:image/png;base64,"));
    // From a folder: one pair, one picture that noise is added to.
    place.file("train/a.png", picture(0.0));
    place.file("train/a.noisy.png", picture(0.08));
    place.file("train/b.png", picture(0.0));
    let more = ["--train", "train", "--method", "experts", "--steps", "3", "--patch", "16", "--out", "foe"];
    let out = place.succeed(&[&["bilevel", "denoise", "noisy.png"][..], &more].concat());
    assert!(out.contains("field of experts learned from 2 pictures"), "{out}");
}

#[test]
fn refusals_name_file_and_option() {
    let place = Place::new();
    place.file("data.csv", table());
    let refuse = |words: &[&str], message: &str| {
        place.refuse(&[&["bilevel", "tune", "data.csv", "--exclude", "class"], words].concat(), message);
    };
    refuse(&["--response", "y", "--held-back", "1"], "--held-back is 1; it must be at least 0 and below 1");
    refuse(
        &["--response", "y", "--held-back", "0.99"],
        "`data.csv`: 60 rows leave 1 to train on with --validation 0 and --held-back 0.99; 2 are needed",
    );
    refuse(
        &["--response", "y", "--model", "logistic", "--criterion", "gcv"],
        "--criterion and --penalties are for --model ridge; the others are tuned on validation rows",
    );
    place.refuse(&["bilevel", "denoise", "no.png"], "`no.png` does not exist");
    place.file("text.png", "no picture");
    let run = place.run(&["bilevel", "denoise", "text.png"]);
    assert!(run.code == 2 && run.err.starts_with("error: `text.png` is no PNG that can be read: "), "{}", run.err);
    place.file("noisy.png", picture(0.1));
    place.refuse(&["bilevel", "denoise", "noisy.png", "--noise", "0"], "--noise is 0; it must be finite and > 0");
    place.file("empty/readme.txt", "");
    place.refuse(&["bilevel", "denoise", "noisy.png", "--train", "empty"], "--train: `empty` holds no NAME.png");
}
