//! `pulsecam text`: send lines of text.

use super::{
    Error,
    delivery::DeliveryArgs,
    host::{HostOption, Words},
    link::Reach,
};
use crate::{app::text, link::Role};

const EXAMPLES: &str = "\
Examples:
  pulsecam text desk.local coffee is ready
  pulsecam text desk.local 你好 🙂
  pulsecam text --host desk.local coffee is ready
  tail -f build.log | pulsecam text desk.local

With --host or PULSECAM_HOST, every word is the text, and what follows -- is never taken for a relay.

Exits with 0 only once the relay has taken all of it. While standard input is open, an outage is waited out. A line that the
relay does not take is reported, the others are sent, and the exit status is 1.";

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
    sender: DeliveryArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (relay, words) = args.host.or_first_of(Words::Text, &args.words, &args.text)?;
    let target = args.reach.target(&relay, Role::Sender)?;
    let sender = args.sender.options(target.advice);
    if words.is_empty() {
        text::send_lines(&sender, target.config)
    } else {
        text::send(&sender, target.config, &words.join(" "))
    }
}
