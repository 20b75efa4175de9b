//! What goes to standard output and to a person: the only place that prints.
//!
//! A command that only prints waits for its reader ([`print()`]). A command with more to do never does ([`Output`]): its lines are written
//! by a thread of their own.

use std::{
    borrow::Cow,
    io,
    sync::{Arc, OnceLock},
    time::Instant,
};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    Error, journal,
    line_writer::{Fate, LineSender, LineWriter, is_gone},
    screen, stdio,
};
use crate::{harmless, relay};

/// Standard output, once a command prints while it does something else.
static OUTPUT: OnceLock<LineWriter> = OnceLock::new();

/// Standard error.
static LOG: OnceLock<LineWriter> = OnceLock::new();

/// Where and how a command reports while it works. Nothing here waits for the reader.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    writer: &'static LineWriter,
}

impl Output {
    /// For a command whose end [`Output::over`] may be.
    pub(crate) fn new(json: bool) -> Self {
        Self::open(json, false)
    }

    /// For what has a duty beside printing (a relay, a delivery, a recording): it goes on whether its lines are read or not, and says once if
    /// they cannot be written.
    pub(crate) fn lasting(json: bool) -> Self {
        Self::open(json, true)
    }

    /// The same on standard error, for a command whose standard output carries something else.
    pub(crate) fn beside() -> Self {
        let lost = |lost| format!("{lost} lines were lost here: nobody read them");
        let writer = OUTPUT.get_or_init(|| LineWriter::new(stdio::error, lost, |_| ()));
        Self { json: false, writer }
    }

    fn open(json: bool, lasting: bool) -> Self {
        let write = |lines: &[u8]| {
            if screen::is_taken() { Ok(lines.len()) } else { stdio::output(lines) }
        };
        let lost = move |lost| {
            if json {
                format!(r#"{{"event":"events_lost","events":{lost}}}"#)
            } else {
                format!("{lost} lines were lost here: nobody read them")
            }
        };
        let failed = move |error: &io::Error| {
            if lasting {
                tracing::error!("cannot write to standard output: {error}; the rest goes on without it");
            }
        };
        Self { json, writer: OUTPUT.get_or_init(|| LineWriter::new(write, lost, failed)) }
    }

    /// Whether programs read it.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// One event: an object on a line with `--json`, else the line for a person, if there is one.
    pub(crate) fn event(self, event: &impl Serialize, line: Option<&str>) {
        self.give(event, line, LineSender::send);
    }

    /// As [`Output::event`], for the last words: they are kept however much waits.
    pub(crate) fn last(self, event: &impl Serialize, line: Option<&str>) {
        self.give(event, line, LineSender::send_last);
    }

    /// A line for a person.
    pub(crate) fn line(self, line: &str) {
        self.put(harmless::line(line), LineSender::send);
    }

    fn give(self, event: &impl Serialize, line: Option<&str>, give: fn(&LineSender, &[u8])) {
        if self.json {
            self.put(Cow::Owned(json(event)), give);
        } else if let Some(line) = line {
            self.put(harmless::line(line), give);
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

    /// Cancelled once nobody will read any more, or nothing can be written: the end of a command that has nothing else to do.
    pub(crate) fn over(self) -> &'static CancellationToken {
        self.writer.over()
    }

    /// A listener that prints a relay's events.
    pub(crate) fn listener(self) -> relay::Listener {
        let sender = self.writer.sender();
        Arc::new(move |event: &relay::Event| {
            if sender.is_over() {
                return;
            }
            let line = json(event) + "\n";
            match event {
                relay::Event::Summary(_) => sender.send_last(line.as_bytes()),
                _ => sender.send(line.as_bytes()),
            }
        })
    }
}

/// Waits for the reader of what [`Output`] printed, a moment at most; fails if something could not be written.
pub(crate) fn end(since: Instant) -> Result<(), Error> {
    match OUTPUT.get().map(|writer| writer.end(since)) {
        Some(Fate::Failed(reason)) => Err(Error::Print(reason)),
        None | Some(Fate::Well | Fate::ReaderGone) => Ok(()),
    }
}

/// A line on standard output, for a command that has nothing else to do.
///
/// # Errors
/// [`Error::ReaderGone`], [`Error::Print`].
pub(crate) fn print(line: &str) -> Result<(), Error> {
    print_bytes(format!("{line}\n").as_bytes())
}

/// The same for an object.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(object: &impl Serialize) -> Result<(), Error> {
    print(&json(object))
}

/// The same for bytes with their line ends.
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

/// As [`print()`], for what must not be lost: also fails if a disk cannot store it.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_for_good(line: &str) -> Result<(), Error> {
    print(line)?;
    stdio::store_output().map_err(|error| printing(&error))
}

/// What an error of standard output means.
pub(crate) fn printing(error: &io::Error) -> Error {
    if is_gone(error) { Error::ReaderGone } else { Error::Print(error.to_string()) }
}

fn json(object: &impl Serialize) -> String {
    harmless::json(&serde_json::to_string(object).unwrap_or_default()).into_owned()
}

/// Where lines for standard error go: the log's, and what is said beside it. Nobody waits for them.
pub(crate) fn log() -> LineSender {
    let write = |lines: &[u8]| {
        if screen::takes(lines) {
            return Ok(lines.len());
        }
        Ok(stdio::error(lines).unwrap_or(lines.len())) // closed: nobody left to tell
    };
    let lost = |lost| format!("{lost} lines of the log were lost: nobody read them");
    LOG.get_or_init(|| LineWriter::new(write, lost, |_| ())).sender()
}

/// The one line that says what went wrong.
pub(crate) fn complain(what: &str) {
    let priority = if journal::is_read() { journal::ERROR } else { "" };
    log().send_last(format!("{priority}pulsecam: {}\n", harmless::line(what)).as_bytes());
}

/// Waits for the reader of standard error, a moment at most.
pub(crate) fn end_log(since: Instant) {
    if let Some(log) = LOG.get() {
        log.end(since);
    }
}
