//! `pulsecam text`: send lines of text, and say whether they arrived.

use std::{
    io::{self, BufRead},
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::mpsc, time};

use super::{
    Error,
    link::{self, LinkArgs},
    output::Output,
    runtime, values,
};
use crate::{
    link::{Link, Role, connect},
    text_file,
    wire::{Message, Origin},
};

const EXAMPLES: &str = "\
Examples:
  pulsecam text desk.local coffee is ready
  pulsecam text desk.local 你好 🙂
  tail -f build.log | pulsecam text desk.local";

/// Send a line of text; without one, each line of standard input.
///
/// Ends with 0 only once the relay has taken every byte: it has answered a heartbeat that was sent after them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    /// The text; several words are joined by spaces
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    #[command(flatten)]
    sender: Sender,
}

/// Who sends, and how long it may take.
#[derive(Debug, clap::Args)]
pub(super) struct Sender {
    /// Your name for the others [default: user@host]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    /// Give up where the relay has not taken it within this time
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = values::some_time, env = "PULSECAM_DEADLINE")]
    deadline: Duration,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// The last event: all of it has been taken.
#[derive(Serialize)]
#[serde(tag = "event", rename = "summary")]
pub(super) struct Delivered {
    pub(super) messages: u64,
}

impl Sender {
    pub(super) fn output(&self) -> Output {
        Output::lasting(self.json)
    }

    /// The origin of message number `count`, unique to it.
    pub(super) fn origin(&self, run: u64, count: u64) -> Origin {
        let from = self.name.clone().unwrap_or_else(values::own_name);
        Origin { from: Some(from), id: Some(format!("{run:x}-{count}")) }
    }

    /// Waits until the relay has taken all that was sent.
    pub(super) async fn delivered(&self, link: &Link, what: &str) -> Result<(), Error> {
        let flushed =
            time::timeout(self.deadline, link.flushed()).await.map_err(|_| Error::NotDelivered {
                what: what.into(),
                host: link.host().into(),
                deadline: self.deadline,
                why: link::trouble(link),
            })?;
        Ok(flushed?)
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    runtime(1)?.block_on(send(args))
}

async fn send(args: &Args) -> Result<(), Error> {
    let (link, inbox) = connect(args.link.config(Role::Sender)?).await?;
    let reporting = link::report(&link, args.sender.output());
    link::discard(inbox);
    let run = fastrand::u64(..);
    let mut count = 0;
    let mut lines = lines(&args.text);
    while let Some(line) = lines.recv().await {
        let line = line?;
        link.send(Message::text(&line, &args.sender.origin(run, count))?)?;
        count += 1;
        // What waits is bounded: the next line is read once the relay has this one.
        args.sender.delivered(&link, &format!("the text {line:?}")).await?;
    }
    if count == 0 {
        return Err(Error::NothingToSend);
    }
    drop(reporting);
    args.sender.output().last(&Delivered { messages: count }, None);
    Ok(())
}

/// What to do about lines that cannot be told apart by their bytes.
const UTF16: &str =
    "standard input is UTF-16, as PowerShell writes it: pipe it through iconv -f UTF-16 -t UTF-8";

/// The words as one line, or the lines of standard input as they come.
fn lines(words: &[String]) -> mpsc::Receiver<io::Result<String>> {
    let (give, take) = mpsc::channel(1);
    if !words.is_empty() {
        let _ = give.try_send(Ok(words.join(" "))); // the one place is free
    } else {
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            let mut is_first = true;
            loop {
                let mut line = Vec::new();
                let read = input.read_until(b'\n', &mut line);
                if std::mem::take(&mut is_first) {
                    if text_file::is_utf16(&line) {
                        let _ = give.blocking_send(Err(io::Error::new(io::ErrorKind::InvalidData, UTF16))); // nobody waits
                        return;
                    }
                    line = text_file::utf8(line);
                }
                let text = match read {
                    Ok(0) => return,
                    // What is no UTF-8 is shown as such; it is no reason to lose the lines after it.
                    Ok(_) => Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()),
                    Err(error) => Err(error),
                };
                if give.blocking_send(text).is_err() {
                    return;
                }
            }
        });
    }
    take
}
