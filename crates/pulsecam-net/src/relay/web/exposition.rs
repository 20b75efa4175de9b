//! The text in which Prometheus reads counters (version 0.0.4).

use std::fmt::{Display, Write};

/// The type of that text.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The kind of a metric.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Writes metrics one after the other.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// Begins a metric.
    pub(super) fn metric(&mut self, name: &'static str, kind: Kind, help: &str) -> Metric<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        Metric { text: self, name }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = self.0.write_fmt(line); // a string takes everything
    }
}

/// The samples of one metric.
pub(super) struct Metric<'a> {
    text: &'a mut Exposition,
    name: &'static str,
}

impl Metric<'_> {
    /// Adds a sample with these labels.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.suffixed("", labels, value);
    }

    /// Adds a sample of a part of the metric, as `_bucket`.
    pub(super) fn suffixed(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let mut all = String::new();
        for (key, value) in labels {
            all.push(if all.is_empty() { '{' } else { ',' });
            all.extend([key, "=\"", &escaped(value), "\""]);
        }
        if !all.is_empty() {
            all.push('}');
        }
        let name = self.name;
        self.text.line(format_args!("{name}{suffix}{all} {value}\n"));
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_their_labels_escaped() {
        let mut text = Exposition::default();
        let mut metric = text.metric("pulsecam_clients", Kind::Gauge, "Connected clients.");
        metric.sample(&[("room", "a\"b\\c\nd"), ("kind", "native")], 2);
        metric.suffixed("_sum", &[], 1.5);
        assert_eq!(
            text.finish(),
            "# HELP pulsecam_clients Connected clients.\n# TYPE pulsecam_clients gauge\n\
             pulsecam_clients{room=\"a\\\"b\\\\c\\nd\",kind=\"native\"} 2\npulsecam_clients_sum 1.5\n"
        );
    }
}
