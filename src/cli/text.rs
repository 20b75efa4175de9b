//! `pulsecam text`: send lines of text, and say whether they arrived.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time;
use tracing::error;

use super::{
    Error, advice,
    deadline::Deadline,
    host::{HostOption, Words},
    lines::{Line, Lines},
    link::{self, Reach},
    output::Output,
    runtime, values,
};
use crate::{
    address::Address,
    link::{self as links, Config, Down, Inbox, Link, Role, Undeliverable, connect},
    wire::{Message, Origin, unique_id},
};

const EXAMPLES: &str = "\
Examples:
  pulsecam text desk.local coffee is ready
  pulsecam text desk.local 你好 🙂
  pulsecam text --host desk.local coffee is ready
  tail -f build.log | pulsecam text desk.local

With --host or PULSECAM_HOST, every word is the text, and what follows -- is never taken for a relay.

Exits with 0 only once the relay has taken all of it. While standard input is open, an outage is waited out. A line that the
relay does not take is reported, the others are sent, and the exit status is 1.";

/// Times without progress are looked for this often at least.
const LOOK: Duration = Duration::from_millis(100);

/// How long a delivery may stand still, if nothing else is said.
const DEADLINE: Duration = Duration::from_secs(10);

/// Characters of a text by which a person knows it again.
const SHOWN: usize = 60;

/// Send a line of text; without one, each line of standard input.
///
/// Exits with 0 only once the relay has taken every byte: it has answered a heartbeat that was sent after them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "pulsecam text [OPTIONS] HOST[:PORT] [TEXT]...\n       pulsecam text [OPTIONS] --host HOST[:PORT] [TEXT]..."
)]
pub(super) struct Args {
    /// The relay unless --host names it, then the text; several words are joined by spaces
    #[arg(value_name = "HOST[:PORT]] [TEXT")]
    words: Vec<String>,
    #[arg(last = true, hide = true)]
    text: Vec<String>,
    #[command(flatten)]
    host: HostOption,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    sender: Sender,
}

/// Who sends, and how long it may take.
#[derive(Debug, clap::Args)]
pub(super) struct Sender {
    /// Your name for the others [default: user@host]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    /// Give up after this time without progress [default: 10s; none while standard input is open]
    #[arg(long, value_name = "TIME", value_parser = values::some_time, env = "PULSECAM_DEADLINE")]
    deadline: Option<Duration>,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// The last event: all of it has been taken.
#[derive(Serialize)]
#[serde(tag = "event", rename = "summary")]
struct Delivered {
    messages: u64,
}

/// What became of what was to be sent.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    delivered: u64,
    refused: u64,
    /// The newest refusal. It is logged when more comes after it, else it is the last word.
    last: Option<Error>,
}

impl Outcome {
    /// Goes on after what the relay does not take.
    ///
    /// # Errors
    /// Anything else.
    pub(super) fn count(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        if let Some(before) = self.last.take() {
            error!("{before}");
        }
        match result {
            Ok(()) => self.delivered += 1,
            Err(refused @ Error::Refused { .. }) => {
                self.refused += 1;
                self.last = Some(refused);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Sums up.
    ///
    /// # Errors
    /// Something was refused.
    pub(super) fn end(self, output: Output) -> Result<(), Error> {
        let Self { delivered, refused, last } = self;
        output.last(&Delivered { messages: delivered }, None);
        match (refused, delivered + refused, last) {
            (0, ..) => Ok(()),
            (1, 1, Some(only)) => Err(only),
            (refused, of, last) => {
                if let Some(last) = last {
                    error!("{last}");
                }
                Err(Error::SomeRefused { refused, of })
            }
        }
    }
}

impl Sender {
    pub(super) fn output(&self) -> Output {
        Output::lasting(self.json)
    }

    /// The origin of one message, unique to it.
    pub(super) fn origin(&self) -> Origin {
        let from = self.name.clone().unwrap_or_else(values::own_name);
        Origin { from: Some(from), id: unique_id() }
    }

    /// Starts a link to deliver over. `runs` tells whether the deadline counts, here and below.
    pub(super) async fn connect(
        &self,
        what: &str,
        config: Config,
        runs: impl Fn() -> bool,
    ) -> Result<(Link, Inbox), Error> {
        let relay = config.host.clone();
        let connected = self.moving(connect(config), || 0, runs).await;
        Ok(connected.ok_or_else(|| {
            let host = relay.parse().map_or_else(|_| relay.clone(), |address: Address| address.host());
            let why = Down::Resolving { host, limit: self.limit() };
            self.late(what, &relay, why.to_string(), true)
        })??)
    }

    /// Sends a message and waits until the relay has taken it.
    pub(super) async fn deliver(
        &self,
        link: &Link,
        what: &str,
        message: Message,
        runs: impl Fn() -> bool,
    ) -> Result<(), Error> {
        let refused = |why: String| Error::Refused { what: what.to_owned(), why };
        let receipt = link.send(message).map_err(|error| match error {
            links::Error::Message(fault) => refused(fault.to_string()),
            error => error.into(),
        })?;
        // What no retry heals ends it at once.
        let unreachable = |why: String| {
            let (what, host) = (what.to_owned(), link.host().to_owned());
            Error::Undeliverable { what, host, why }
        };
        let delivering = async {
            tokio::select! {
                biased;
                delivered = receipt.delivered() => delivered.map_err(|why| match why {
                    Undeliverable::LinkClosed => unreachable(why.to_string()),
                    why => refused(advice::undelivered(&why)),
                }),
                why = link.lasting_trouble() => Err(unreachable(advice::advised(&why))),
            }
        };
        let progress = || link.counters().progress;
        self.moving(delivering, progress, runs).await.unwrap_or_else(|| {
            let (why, patience) = link::trouble(link);
            Err(self.late(what, link.host(), why, patience))
        })
    }

    fn limit(&self) -> Duration {
        self.deadline.unwrap_or(DEADLINE)
    }

    fn late(&self, what: &str, host: &str, why: String, patience: bool) -> Error {
        Error::NotDelivered { what: what.into(), host: host.into(), deadline: self.limit(), why, patience }
    }

    /// Waits for what is to be done; `None` once there was no progress for too long.
    async fn moving<T>(
        &self,
        work: impl Future<Output = T>,
        progress: impl Fn() -> u64,
        runs: impl Fn() -> bool,
    ) -> Option<T> {
        let mut work = std::pin::pin!(work);
        let mut deadline = Deadline::new(self.limit());
        loop {
            if deadline.is_over(progress(), runs(), Instant::now()) {
                return None;
            }
            if let Ok(done) = time::timeout(LOOK.min(self.limit()), &mut work).await {
                return Some(done);
            }
        }
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (relay, words) = args.host.or_first_of(Words::Text, &args.words, &args.text)?;
    let config = args.reach.config(&relay, Role::Sender)?;
    if words.is_empty() {
        send_lines(&args.sender, config)
    } else {
        send(&args.sender, config, &words.join(" "))
    }
}

/// Sends one text.
fn send(sender: &Sender, config: Config, text: &str) -> Result<(), Error> {
    let (what, message) = (shown(text), Message::text(text, &sender.origin())?);
    runtime(1)?.block_on(async {
        let always = || true;
        let (link, inbox) = sender.connect(&what, config, always).await?;
        let reporting = link::report(&link, sender.output());
        link::discard(inbox);
        sender.deliver(&link, &what, message, always).await?;
        drop(reporting);
        Outcome { delivered: 1, ..Outcome::default() }.end(sender.output())
    })
}

/// Sends each line of standard input.
fn send_lines(sender: &Sender, config: Config) -> Result<(), Error> {
    let most = config.max_message as usize;
    let mut lines = Lines::of_input(most);
    runtime(1)?.block_on(async {
        let ended = lines.ended();
        // While more may come, whoever writes it is not to be cut off by an outage: a deadline that was asked for holds all the same.
        let runs = || sender.deadline.is_some() || ended.is_cancelled();
        let (link, inbox) = sender.connect("standard input", config, runs).await?;
        let reporting = link::report(&link, sender.output());
        link::discard(inbox);
        let (mut number, mut outcome) = (0, Outcome::default());
        // What waits is bounded: the next line is read once the relay has this one.
        while let Some(line) = lines.next().await {
            let origin = sender.origin();
            number += 1;
            let result = match line? {
                Line::TooLong(bytes) => Err(Error::Refused {
                    what: format!("line {number}"),
                    why: format!("it has {bytes} bytes, and a message may have {most} (--max-message)"),
                }),
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

/// A text as a person knows it again.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() { format!("the text {start:?}…") } else { format!("the text {start:?}") }
}
