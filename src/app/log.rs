//! The log on standard error.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use tracing::field::Field;
use tracing_subscriber::{EnvFilter, field::MakeExt, fmt::format};

use super::{
    journal::{self, Journal},
    output,
    screen::Capability,
};
use crate::sanitize;

/// Starts the log with this filter; `RUST_LOG` overrides it.
pub(crate) fn start(filter: &str) {
    // An empty filter would silence everything.
    let asked = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|filter| !filter.is_empty());
    let filter =
        asked.and_then(|filter| EnvFilter::try_new(filter).ok()).unwrap_or_else(|| EnvFilter::new(filter));
    let sender = output::log();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .fmt_fields(format::debug_fn(log_field).delimited(" "))
        .with_target(false);
    if journal::is_read() {
        lines.with_ansi(false).without_time().with_level(false).with_writer(Journal(sender)).init();
    } else {
        let colours = io::stderr().is_terminal() && Capability::of_terminal() == Capability::Colour;
        lines.with_ansi(colours).with_writer(move || sender.clone()).init();
    }
}

/// Writes one field of a log line, sanitised: any field may contain a peer's text.
fn log_field(to: &mut format::Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = format!("{value:?}");
    let value = sanitize::line(&value);
    if field.name() == "message" { write!(to, "{value}") } else { write!(to, "{}={value}", field.name()) }
}
