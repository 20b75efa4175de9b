//! Tests that every plot gives two readable files, whatever the data.

use super::*;

fn distribution() -> Distribution {
    let whole = [0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.75, 99.9, 99.95];
    let times = [6.9, 7.3, 7.6, 7.96, 8.4, 8.8, 9.1, 9.3, 9.58, 10.1, 10.9, 12.0, 14.7];
    let series = |share: f64| whole.into_iter().zip(times.map(|time| time * share)).collect();
    Distribution {
        title: "Age of a frame when its pixels are decoded".into(),
        setting: "1280x720 at 30/s, quality 80, camera to decoded pixels over a relay on one machine".into(),
        series: vec![
            ("the whole".into(), series(1.0)),
            ("the floor: encode & decode alone".into(), series(0.93)),
        ],
    }
}

fn steps() -> Steps {
    let run = |name: &str, values: [f64; 4], mark| Run {
        name: name.into(),
        values: values.into(),
        mark: Some(mark),
    };
    Steps {
        title: "Where the time goes".into(),
        setting: "medians of each step; quality 80, one machine".into(),
        unit: "milliseconds".into(),
        steps: [
            "captured to encoded",
            "waiting for the socket",
            "two hops and the relay",
            "received to decoded",
        ]
        .map(str::to_owned)
        .into(),
        mark: Some("the floor".into()),
        runs: vec![
            run("640x480, 60/s", [1.32, 0.07, 0.20, 1.73], 2.60),
            run("1280x720, 30/s", [3.27, 0.08, 0.27, 4.11], 8.12),
            run("1920x1080, 30/s", [6.81, 0.09, 0.38, 8.81], 13.36),
        ],
    }
}

fn scaling() -> Scaling {
    let viewers = [1, 4, 16, 64, 256];
    let series = |values: [f64; 5]| viewers.into_iter().zip(values).collect();
    Scaling {
        title: "Cost of a relay by number of viewers".into(),
        setting: "1280x720 JPEG frames of 184 kB at 30/s".into(),
        unit: "processor seconds per gigabyte".into(),
        series: vec![
            ("pulsecam relay".into(), series([0.62, 0.41, 0.36, 0.34, 0.35])),
            ("the floor: write alone".into(), series([0.30, 0.29, 0.29, 0.30, 0.31])),
            ("MediaMTX".into(), series([1.4, 1.1, 0.93, 0.9, 0.97])),
            ("ustreamer".into(), series([0.8, 0.75, 0.77, 0.8, 0.9])),
        ],
    }
}

/// To look at the plots: PULSECAM_TEST_PLOTS=/tmp/plots cargo test --lib bench::plot
fn folder() -> (Option<tempfile::TempDir>, PathBuf) {
    if let Some(kept) = std::env::var_os("PULSECAM_TEST_PLOTS") {
        return (None, kept.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (Some(folder), path)
}

#[test]
fn each_plot_is_two_files_that_others_can_read() {
    let (_folder, path) = folder();
    let plots: [(&str, Plot, &[&str]); 3] = [
        (
            "distribution",
            distribution().into(),
            &["the whole", "alone", "milliseconds", "99.9 %", "1280x720"],
        ),
        (
            "steps",
            steps().into(),
            &["two hops and the relay", "640x480, 60/s", "1.32 + 0.07", "milliseconds"],
        ),
        ("scaling", scaling().into(), &["MediaMTX", "256", "viewers", "processor seconds per gigabyte"]),
    ];
    for (name, plot, labels) in plots {
        let saved = plot.save(&path.join("made"), name).unwrap();
        let png = fs::read(&saved.png).unwrap();
        assert!(png.len() < 200_000, "{name}: {} bytes", png.len());
        let pixels = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(pixels.dimensions(), plot.size(DENSITY));
        let ink = pixels.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
        let share = ink as f64 / f64::from(pixels.width() * pixels.height());
        assert!((0.01..0.5).contains(&share), "{name}: {share}");

        let svg = fs::read_to_string(&saved.svg).unwrap();
        is_well_formed(&svg);
        assert!(svg.contains("<svg width=\"900\""), "{svg:.200}");
        for label in labels {
            assert!(svg.contains(label), "{name}: {label}");
        }
    }
}

/// Checks that each element is closed, in order.
fn is_well_formed(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        match (tag.strip_prefix('/'), tag.ends_with('/')) {
            (Some(name), _) => assert_eq!(open.pop(), Some(name)),
            (None, true) => {}
            (None, false) => open.push(tag.split_whitespace().next().unwrap()),
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
    for entity in svg.split('&').skip(1) {
        assert!(["amp;", "lt;", "gt;", "quot;", "apos;", "#"].iter().any(|name| entity.starts_with(name)));
    }
}

#[test]
fn what_cannot_be_drawn_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |plot: Plot| plot.save(folder.path(), "x").unwrap_err();
    assert!(matches!(fails(Distribution::default().into()), Error::Empty(_)));
    assert!(matches!(fails(Steps::default().into()), Error::Empty(_)));
    assert!(matches!(fails(Scaling::default().into()), Error::Empty(_)));
    for value in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
        let mut plot = distribution();
        plot.series[1].1[2].1 = value;
        assert!(matches!(fails(plot.into()), Error::Value { .. }), "{value}");
        let mut plot = distribution();
        plot.series[1].1[2].0 = value;
        assert!(matches!(fails(plot.into()), Error::Value { .. }), "{value}");
        let mut plot = steps();
        plot.runs[0].mark = Some(value);
        assert!(matches!(fails(plot.into()), Error::Value { .. }), "{value}");
        let mut plot = scaling();
        plot.series[0].1[0].1 = value;
        assert!(matches!(fails(plot.into()), Error::Value { .. }), "{value}");
    }
    let mut plot = steps();
    plot.runs[1].values.pop();
    assert!(matches!(fails(plot.into()), Error::Shape { found: 3, wanted: 4, .. }));
    let mut plot = scaling();
    plot.series[0].1[0].0 = 0;
    assert!(matches!(fails(plot.into()), Error::Value { .. }));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no partial files");

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Plot::from(steps()).save(&file, "x"), Err(Error::File { .. })));
}

#[test]
fn single_points_zeros_and_many_series_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = |plot: Plot| plot.save(folder.path(), "x").unwrap();
    let series = |points: &[(f64, f64)]| vec![(String::new(), points.to_vec())];
    for points in [&[(50.0, 3.0)][..], &[(0.0, 0.0)], &[(0.0, 0.0), (99.999_999, LARGEST)]] {
        drawn(Distribution { series: series(points), ..Distribution::default() }.into());
    }
    let one = Run { values: vec![0.0], ..Run::default() };
    drawn(Steps { steps: vec![String::new()], runs: vec![one], ..Steps::default() }.into());
    let many = (1..=9).map(|index| (format!("a series with a long name, {index}"), vec![(u32::MAX, 1e-9)]));
    drawn(Scaling { title: "long ".repeat(60), series: many.collect(), ..Scaling::default() }.into());
    let empty = vec![("empty".to_owned(), vec![]), ("not".to_owned(), vec![(1, 1.0)])];
    drawn(Scaling { series: empty, ..Scaling::default() }.into());
}
