//! Sends texts, and reports whether they arrived.

use super::{
    Error,
    delivery::{self, Outcome},
    lines::{Line, Lines},
    link, runtime,
};
use crate::{link::Config, wire::Message};

/// Characters of a text that are quoted in messages.
const SHOWN: usize = 60;

/// Sends one text.
///
/// # Errors
/// The text did not arrive.
pub(crate) fn send(sender: &delivery::Options, config: Config, text: &str) -> Result<(), Error> {
    let (what, message) = (shown(text), Message::text(text, &sender.origin())?);
    runtime(1)?.block_on(async {
        let always = || true;
        let (link, inbox) = sender.connect(&what, config, always).await?;
        let reporting = link::report(&link, sender.output());
        link::discard(inbox);
        sender.deliver(&link, &what, message, always).await?;
        drop(reporting);
        let mut outcome = Outcome::new(sender.hint);
        outcome.count(Ok(()))?;
        outcome.end(sender.output())
    })
}

/// Sends each line of standard input.
///
/// # Errors
/// Not all of them arrived, or there were none.
pub(crate) fn send_lines(sender: &delivery::Options, config: Config) -> Result<(), Error> {
    let most = config.max_message as usize;
    let mut lines = Lines::of_input(most);
    runtime(1)?.block_on(async {
        let ended = lines.ended();
        // While more input may come, an outage must not end the command, unless a deadline was given.
        let runs = || sender.deadline.is_some() || ended.is_cancelled();
        let (link, inbox) = sender.connect("standard input", config, runs).await?;
        let reporting = link::report(&link, sender.output());
        link::discard(inbox);
        let (mut number, mut outcome) = (0, Outcome::new(sender.hint));
        // The next line is read only once the relay has acknowledged this one, so that little is queued.
        while let Some(line) = lines.next().await {
            let origin = sender.origin();
            number += 1;
            let result = match line? {
                Line::TooLong(bytes) => Err(Error::LineTooLong { number, bytes, max_message: most }),
                Line::Text(line) => match Message::text(&line, &origin) {
                    Ok(message) => {
                        let what = format!("line {number}, {}", shown(&line));
                        sender.deliver(&link, &what, message, runs).await
                    }
                    Err(fault) => {
                        Err(Error::Refused { what: format!("line {number}"), why: fault.to_string() })
                    }
                },
            };
            outcome.count(result)?;
        }
        drop(reporting);
        if number == 0 {
            return Err(Error::NothingToSend);
        }
        outcome.end(sender.output())
    })
}

/// The start of a text, for messages.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() { format!("the text {start:?}…") } else { format!("the text {start:?}") }
}
