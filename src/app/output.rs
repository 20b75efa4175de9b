//! Prints to standard output, and the log to standard error.
//!
//! A command that only prints waits for its reader ([`print()`]). A command with more to do never waits
//! ([`Output`]): its lines are written on a thread of their own.
//!
//! Nothing else prints, except that [`screen`] draws on a terminal and clap prints its help.

use std::{
    borrow::Cow,
    io::{self, IsTerminal},
    sync::{Arc, OnceLock},
    time::Instant,
};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    Error, journal,
    line_writer::{Drained, LineSender, LineWriter, is_gone},
    relay_event::{Printed, SettingName},
    screen, stdio,
};
use crate::{relay, sanitize};

/// Standard output of a command that does more than print.
static OUTPUT: OnceLock<LineWriter> = OnceLock::new();

/// Standard error.
static LOG: OnceLock<LineWriter> = OnceLock::new();

/// Standard output of a command while it works. Nothing here waits for the reader.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    writer: &'static LineWriter,
}

impl Output {
    /// For a command that may end at [`Output::over`].
    pub(crate) fn new(json: bool) -> Self {
        Self::open(json, false)
    }

    /// For a command that does more than print (a relay, a delivery, a recording).
    ///
    /// It continues whether its lines are read or not; a failure to write them is logged once.
    pub(crate) fn lasting(json: bool) -> Self {
        Self::open(json, true)
    }

    /// On standard error, for a command whose standard output carries data.
    pub(crate) fn beside() -> Self {
        let lost = |lost| format!("{lost} lines were lost here: they were not read");
        let writer = OUTPUT.get_or_init(|| LineWriter::new(stdio::error, lost, |_| ()));
        Self { json: false, writer }
    }

    fn open(json: bool, lasting: bool) -> Self {
        let write = |lines: &[u8]| screen::unless_taken(|| stdio::output(lines)).unwrap_or(Ok(lines.len()));
        let lost = move |lost| {
            if json {
                format!(r#"{{"event":"events_lost","events":{lost}}}"#)
            } else {
                format!("{lost} lines were lost here: they were not read")
            }
        };
        let failed = move |error: &io::Error| {
            if lasting {
                tracing::error!("cannot write to standard output: {error}; everything else continues");
            }
        };
        Self { json, writer: OUTPUT.get_or_init(|| LineWriter::new(write, lost, failed)) }
    }

    /// Whether it prints JSON.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Prints an event: as a JSON object, or as the line for people if there is one.
    pub(crate) fn event(self, event: &impl Serialize, line: Option<&str>) {
        self.give(event, line, LineSender::send);
    }

    /// As [`Output::event`], for the last events, which are never dropped.
    pub(crate) fn last(self, event: &impl Serialize, line: Option<&str>) {
        self.give(event, line, LineSender::send_last);
    }

    /// Prints a line for people.
    pub(crate) fn line(self, line: &str) {
        self.put(sanitize::line(line), LineSender::send);
    }

    /// Draws lines as they are, with their colours, unless it prints JSON.
    #[cfg(feature = "client")]
    pub(crate) fn drawing(self, lines: impl IntoIterator<Item = String>) {
        if !self.json {
            lines.into_iter().for_each(|line| self.put(Cow::Owned(line), LineSender::send));
        }
    }

    fn give(self, event: &impl Serialize, line: Option<&str>, give: fn(&LineSender, &[u8])) {
        if self.json {
            self.put(Cow::Owned(json(event)), give);
        } else if let Some(line) = line {
            self.put(sanitize::line(line), give);
        }
    }

    fn put(self, line: Cow<'_, str>, give: fn(&LineSender, &[u8])) {
        if screen::is_taken() {
            return;
        }
        let mut line = line.into_owned();
        line.push('\n');
        give(&self.writer.sender(), line.as_bytes());
    }

    /// Cancelled if the reader is gone or nothing can be written: ends a command that only prints.
    pub(crate) fn over(self) -> &'static CancellationToken {
        self.writer.over()
    }

    /// An event handler that prints a relay's events.
    pub(crate) fn listener(self, name: SettingName) -> relay::EventHandler {
        let sender = self.writer.sender();
        Arc::new(move |event: &relay::Event| {
            if sender.is_over() {
                return;
            }
            let line = json(&Printed::new(event, name)) + "\n";
            match event {
                relay::Event::Summary(_) => sender.send_last(line.as_bytes()),
                _ => sender.send(line.as_bytes()),
            }
        })
    }
}

/// Waits briefly for the reader of what [`Output`] printed; fails if something could not be written.
pub(crate) fn end(since: Instant) -> Result<(), Error> {
    match OUTPUT.get().map(|writer| writer.end(since)) {
        Some(Drained::Failed(reason)) => Err(Error::Print(reason)),
        None | Some(Drained::Well | Drained::ReaderGone) => Ok(()),
    }
}

/// Prints a line to standard output, for a command that has nothing else to do.
///
/// # Errors
/// [`Error::ReaderGone`], [`Error::Print`].
pub(crate) fn print(line: &str) -> Result<(), Error> {
    print_bytes(format!("{line}\n").as_bytes())
}

/// Prints an object as JSON.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(object: &impl Serialize) -> Result<(), Error> {
    print(&json(object))
}

/// Prints bytes, which include their line ends.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Error> {
    let mut left = bytes;
    while !left.is_empty() {
        match stdio::output(left) {
            Ok(0) => return Err(printing(&io::ErrorKind::WriteZero.into())),
            Ok(written) => left = left.get(written..).unwrap_or_default(),
            Err(error) => return Err(printing(&error)),
        }
    }
    Ok(())
}

/// As [`print()`], for data that must not be lost: also fails if a disk cannot store it.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_for_good(line: &str) -> Result<(), Error> {
    print(line)?;
    stdio::store_output().map_err(|error| printing(&error))
}

/// The error of a command for an error of standard output.
pub(crate) fn printing(error: &io::Error) -> Error {
    if is_gone(error) { Error::ReaderGone } else { Error::Print(error.to_string()) }
}

fn json(object: &impl Serialize) -> String {
    sanitize::json(&serde_json::to_string(object).unwrap_or_default()).into_owned()
}

/// The writer of standard error, for the log and other lines, without waiting.
pub(crate) fn log() -> LineSender {
    let shares_screen = io::stderr().is_terminal();
    let write = move |lines: &[u8]| {
        // An error cannot be reported anywhere.
        let write = || stdio::error(lines).unwrap_or(lines.len());
        if !shares_screen {
            let written = write();
            screen::keep(lines.get(..written).unwrap_or(lines));
            return Ok(written);
        }
        Ok(screen::unless_taken(write).unwrap_or_else(|| {
            screen::keep(lines);
            lines.len()
        }))
    };
    let lost = |lost| format!("{lost} lines of the log were lost: they were not read");
    LOG.get_or_init(|| LineWriter::new(write, lost, |_| ())).sender()
}

/// Prints the program's error in one line, which is the last one: a link that ends beside it logs nothing after it.
pub(crate) fn print_error(what: &str) {
    let priority = if journal::is_read() { journal::ERROR } else { "" };
    log().send_final(format!("{priority}pulsecam: {}\n", sanitize::line(what)).as_bytes());
}

/// Asks a person at standard error; the answer stands on the same line.
#[cfg(feature = "discovery")]
pub(crate) fn ask(text: &str) {
    // If nobody can read it, nobody answers either.
    let _ = stdio::error(text.as_bytes());
}

/// Waits briefly for the reader of standard error.
pub(crate) fn end_log(since: Instant) {
    if let Some(log) = LOG.get() {
        log.end(since);
    }
}
