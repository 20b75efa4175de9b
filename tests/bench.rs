//! `pulsecam bench` as users run it: what it prints and the files it writes, but not how fast anything was.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{collections::HashSet, fs, path::Path};

use common::program::{fails, run, text_of};
use serde_json::Value;

const SMALL: [&str; 6] = ["bench", "latency", "--size", "320x240", "--for", "1s"];

fn is_plot(folder: &Path, name: &str) {
    let svg = fs::read_to_string(folder.join(name).with_extension("svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{name}");
    let png = image::open(folder.join(name).with_extension("png")).unwrap();
    assert!(png.width() > 1000, "{name}");
}

#[test]
fn latency_is_reported_as_json_csv_and_plots_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, plots) = (folder.path().join("latency.csv"), folder.path().join("plots"));
    let files = ["--json", "--csv", csv.to_str().unwrap(), "--plots", plots.to_str().unwrap()];
    let output = run(&[&SMALL[..], &files].concat());
    assert!(output.status.success(), "{output:?}");

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps = report["steps"].as_object().unwrap();
    let times = ["captured", "encoded", "queued", "sent", "relayed", "received", "decoded"];
    let names: HashSet<_> = times.windows(2).map(|pair| pair.join(" to ")).collect();
    assert_eq!(steps.keys().cloned().collect::<HashSet<_>>(), names);
    for step in steps.values().chain([&report["whole_ms"], &report["floor_ms"]]) {
        let [p50, p95, p99, max] = ["p50", "p95", "p99", "max"].map(|p| step[p].as_f64().unwrap());
        assert!(p50 <= p95 && p95 <= p99 && p99 <= max, "{step}: {report}");
    }
    assert!(report["cpu_ms_per_frame"].as_f64().unwrap() > 0.0);
    assert_eq!((&report["event"], &report["width"]), (&"latency".into(), &320.into()));
    assert!(report["frames"].as_u64().unwrap() > 10);
    let noisy = report["noisy"].as_array().unwrap();
    let warnings = text_of(&output.stderr);
    assert!(noisy.iter().all(|text| warnings.contains(text.as_str().unwrap())), "{noisy:?} {warnings}");

    let csv = fs::read_to_string(csv).unwrap();
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    assert!(header.starts_with("size,fps,") && header.contains(",step,p50 (ms),"), "{header}");
    let columns = header.split(',').count();
    for line in lines.clone() {
        assert!(line.starts_with("320x240,30,"), "{line}");
        // Two of the names contain a comma, and are quoted.
        assert_eq!(line.split(',').count(), columns + line.matches('"').count() / 2, "{line}");
    }
    assert!(lines.count() >= 6);
    is_plot(&plots, "latency-distribution");
    is_plot(&plots, "latency-steps");
}

#[test]
fn people_get_a_table_and_a_pipe_gets_csv() {
    let table = text_of(&run(&SMALL).stdout);
    for part in ["320x240 at 30/s", "p50 (ms)", "captured to decoded, the whole", "added at p50"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let piped = text_of(&run(&[&SMALL[..], &["--csv", "-"]].concat()).stdout);
    assert!(piped.starts_with("size,fps,") && !piped.contains("added at p50"), "{piped}");
}

#[test]
fn a_report_is_a_page_with_its_plots_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (page, images) = (folder.path().join("page.md"), folder.path().join("images"));
    let template = folder.path().join("page.in.md");
    fs::write(
        &template,
        "Of {{date}}, on {{machine}}.\n\n{{latency}}\n\nCamera: {{camera}} {{freshness}} {{congestion}} {{fanout}} {{crowd}} {{codec}} {{window}}\n",
    )
    .unwrap();
    let [page_name, images_name, template_name] =
        [&page, &images, &template].map(|path| path.to_str().unwrap());
    let files = ["--out", page_name, "--images", images_name, "--template", template_name];
    let output = run(&[&["bench", "report", "--for", "500ms", "--only", "latency"], &files[..]].concat());
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(&page).unwrap();
    for part in ["| **the whole** |", "1280x720, 30/s", "reached**", "Camera: Not measured in this run."] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("{{"), "{text}");
    for name in ["bench-latency-steps", "bench-latency-distribution"] {
        assert!(text.contains(&format!("](images/{name}.png)](images/{name}.svg)")), "{text}");
        is_plot(&images, name);
    }
}

#[test]
fn errors_are_reported_before_anything_is_measured() {
    fails(&["bench", "latency", "--json", "--csv", "-"], 2, &["--json", "--csv", "standard output"]);
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("page.in.md");
    let report = ["bench", "report", "--template", template.to_str().unwrap()];
    fails(&report, 1, &["page.in.md"]);
    fs::write(&template, "{{latncy}}").unwrap();
    fails(&report, 1, &["page.in.md", "{{latncy}}", "latency"]);
    fails(&["bench", "report", "--only", "speed"], 2, &["speed", "latency"]);
}

/// Its viewers say nothing, so the relay looks first whether they are browsers: they must not miss the start.
#[cfg(target_os = "linux")]
#[test]
fn fan_out_compares_with_the_floor_at_full_speed_and_at_a_cameras_rate() {
    let output = run(&["bench", "fanout", "--viewers", "1,3", "--for", "2s", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<Value> =
        text_of(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: HashSet<_> = lines
        .iter()
        .map(|line| {
            (line["relay"].as_str().unwrap(), line["viewers"].as_u64().unwrap(), line["rate"].is_null())
        })
        .collect();
    assert_eq!(kinds.len(), 8, "two relays, two numbers of viewers, two rates: {lines:?}");
    assert!(lines.iter().all(|line| line["messages_per_s"].as_f64().unwrap() > 0.0), "{lines:?}");
}
