//! What goes to standard output and to a person: the only place that prints.

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::Arc,
};

use serde::Serialize;

use super::{Error, journal, outlet::Outlet, screen};
use crate::{harmless, relay};

/// Where and how a command reports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
    /// Goes on when nobody reads what it prints.
    lasting: bool,
}

impl Output {
    pub(super) const fn new(json: bool) -> Self {
        Self { json, lasting: false }
    }

    /// For what has a duty beside printing (a relay, a delivery): a reader that goes away does not end it.
    pub(super) const fn lasting(json: bool) -> Self {
        Self { json, lasting: true }
    }

    /// Whether programs read it.
    pub(super) const fn is_json(self) -> bool {
        self.json
    }

    /// One event: an object on a line with `--json`, else the line for a person, where there is one.
    pub(super) fn event(self, event: &impl Serialize, line: Option<&str>) {
        let line = if self.json {
            Cow::Owned(harmless::json(&serde_json::to_string(event).unwrap_or_default()).into_owned())
        } else {
            match line {
                Some(line) => harmless::line(line),
                None => return,
            }
        };
        if try_print(&line).is_err() && !self.lasting {
            std::process::exit(0);
        }
    }
}

/// A line on standard output, seen at once. A reader that went away ends the program quietly, as with any filter.
pub(super) fn print(line: &str) {
    if try_print(line).is_err() {
        std::process::exit(0);
    }
}

fn try_print(line: &str) -> io::Result<()> {
    if screen::is_taken() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}

/// A listener that prints a relay's events without waiting for who reads them. Drop the second part after the relay.
pub(super) fn listener(output: Output) -> (relay::Listener, Outlet) {
    let write = move |lines: &[u8]| {
        let mut out = io::stdout().lock();
        if out.write_all(lines).and_then(|()| out.flush()).is_err() && !output.lasting {
            std::process::exit(0);
        }
    };
    let outlet = Outlet::new(write, |lost| format!(r#"{{"event":"events_lost","events":{lost}}}"#));
    let inlet = outlet.inlet();
    let listener = move |event: &relay::Event| {
        let mut line = serde_json::to_vec(event).unwrap_or_default();
        line.push(b'\n');
        inlet.give(&line);
    };
    (Arc::new(listener), outlet)
}

/// The one line that says what went wrong.
pub(super) fn complain(error: &Error) {
    // Standard error closed: nobody left to tell.
    let priority = if journal::is_read() { journal::ERROR } else { "" };
    let _ = writeln!(io::stderr(), "{priority}pulsecam: {}", harmless::line(&error.to_string()));
}
