//! `orthant olinear` as a user runs it.

mod program;

use program::Place;

/// Hours with a season of seven, in two series; `broken` replaces a line.
fn table(rows: usize, broken: Option<(usize, &str)>) -> String {
    let mut text = "day,sales,returns\n".to_owned();
    for i in 0..rows {
        let (sales, returns) = (100.0 + 20.0 * (i % 7) as f64 + 0.1 * i as f64, 5.0 + (i % 7) as f64);
        match broken {
            Some((row, line)) if row == i => text += line,
            _ => text += &format!("2024-01-{:02} {:02}:00,{sales},{returns}\n", 1 + i / 24, i % 24),
        }
    }
    text
}

/// `olinear fit` of a file, with more words.
fn fit<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["olinear", "fit", file, "--horizon", "3", "--look-back", "14"], more].concat()
}

/// The message of a refusal.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let run = place.run(arguments);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
    run.err
}

#[test]
fn fit_forecast_evaluate() {
    let place = Place::new();
    place.file("sales.csv", table(600, None));
    let out = place.succeed(&["olinear", "fit", "sales.csv", "--horizon", "7", "--look-back", "28", "--out", "fit"]);
    assert!(out.contains("600 rows of 2 series, a row per hour") && out.contains("last value"), "{out}");
    let json = place.json("fit/olinear.json");
    assert!(json["measured"][0]["metrics"]["mse"].as_f64().unwrap() < 1e-6, "{json}");
    assert_eq!(json["measured"][0]["forecaster"], "ridge");
    assert!(place.text("fit/forecast.svg").starts_with("<svg") && place.text("fit/report.html").contains("</html>"));
    let forecast = place.text("fit/forecast.csv");
    // Row 600 is hour 0 of day 26, and day 600 % 7 = 5 of the season.
    let first = forecast.lines().nth(1).unwrap();
    assert!(first.starts_with("2024-01-26 00:00,sales,"), "{first}");
    let value: f64 = first.split(',').nth(2).unwrap().parse().unwrap();
    assert!((value - 260.0).abs() < 0.5, "{first}");
    let out = place.succeed(&["olinear", "evaluate", "fit/model.safetensors", "sales.csv", "--out", "test"]);
    assert!(out.contains("windows: MSE") && out.contains("adaptive"), "{out}");
    assert_eq!(place.json("test/evaluate.json")["steps"].as_array().unwrap().len(), 7);
    // Fewer rows than the model kept for its test, and fewer than a window.
    place.file("half.csv", table(300, None));
    let error = refused(&place, &["olinear", "evaluate", "fit/model.safetensors", "half.csv"]);
    assert!(error.contains("pass --all"), "{error}");
    place.succeed(&["olinear", "evaluate", "fit/model.safetensors", "half.csv", "--all", "--out", "half"]);
    place.file("few.csv", table(20, None));
    let error = refused(&place, &["olinear", "evaluate", "fit/model.safetensors", "few.csv", "--all"]);
    assert!(error.contains("one window needs 35"), "{error}");
    let words = ["olinear", "forecast", "fit/model.safetensors", "sales.csv", "--out", "next"];
    let out = place.succeed(&words);
    assert!(out.contains("2024-01-26 00:00") && out.contains("2 more in forecast.csv"), "{out}");
    assert_eq!(place.text("next/forecast.csv"), forecast);
    // A network, and the same command twice.
    let network = |folder: &str| {
        let words = ["olinear", "fit", "sales.csv", "--horizon", "3", "--look-back", "14", "--model", "hybrid"];
        place.succeed(&[&words[..], &["--width", "8", "--epochs", "2", "--out", folder]].concat());
        place.text(&format!("{folder}/forecast.csv"))
    };
    assert_eq!(network("one"), network("two"));
    assert!(place.text("one/training.csv").starts_with("epoch,"));
}

#[test]
fn gaps_and_mistakes() {
    let place = Place::new();
    place.file("gap.csv", table(300, Some((40, "2024-01-02 16:00,,5\n"))));
    let error = refused(&place, &fit("gap.csv", &[]));
    assert!(error.contains("2024-01-02 16:00, `sales`: the value is missing (1 are in all)"), "{error}");
    place.succeed(&fit("gap.csv", &["--missing", "keep", "--out", "keep"]));
    place.succeed(&fit("gap.csv", &["--missing", "line", "--out", "line"]));
    let error = refused(&place, &fit("gap.csv", &["--missing", "seasonal", "--out", "s"]));
    assert!(!error.contains("panicked"), "{error}");
    // A row that is absent is reported, and counts as missing.
    place.file("absent.csv", table(300, Some((40, ""))));
    let error = refused(&place, &fit("absent.csv", &[]));
    assert!(error.contains("2024-01-02 16:00"), "{error}");
    let out = place.succeed(&fit("absent.csv", &["--missing", "forward", "--out", "absent"]));
    assert!(out.contains("1 rows are absent"), "{out}");
    for (name, line, expected) in [
        ("order.csv", "2024-01-01 00:00,1,2\n", "sort the rows"),
        ("uneven.csv", "2024-01-02 16:07,1,2\n", "step of this file is one hour"),
        ("stamp.csv", "yesterday,1,2\n", "`yesterday` is no time stamp"),
        ("word.csv", "2024-01-02 16:00,many,2\n", "`many` is not a number"),
    ] {
        place.file(name, table(300, Some((40, line))));
        let error = refused(&place, &fit(name, &[]));
        assert!(error.contains(expected), "{name}: {error}");
    }
    place.file("short.csv", table(20, None));
    let error = refused(&place, &fit("short.csv", &[]));
    assert!(error.contains("part has"), "{error}");
    let error = refused(&place, &fit("gap.csv", &["--missing", "keep", "--columns", "nothing"]));
    assert!(error.contains("nothing"), "{error}");
    place.file("noise.safetensors", "not a model");
    let error = refused(&place, &["olinear", "forecast", "noise.safetensors", "gap.csv"]);
    assert!(error.contains("the saved model cannot be read"), "{error}");
    let error = refused(&place, &["olinear", "forecast", "keep/model.safetensors", "--dataset", "ili"]);
    assert!(error.contains("the model was fitted to `sales`, `returns`"), "{error}");
}
