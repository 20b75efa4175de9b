//! `pulsecam text`: send lines of text.

use super::{
    Error,
    delivery::DeliveryArgs,
    host::{HostOption, Operands},
    link::Reach,
};
use crate::{app::text, link::Role};

const EXAMPLES: &str = "\
Examples:
  pulsecam text desk.local coffee is ready
  pulsecam text desk.local 你好 🙂
  pulsecam text --host desk.local coffee is ready
  pulsecam text desk1.lan,desk2.lan coffee is ready     to the first relay that answers
  tail -f build.log | pulsecam text desk.local

With --host or PULSECAM_HOST, all words are text. Words after -- are never taken for a relay.

The exit status is 0 only after the relay has acknowledged every message. While standard input is
open, sending waits for the end of an outage. A line that the relay rejects is reported, the
others are sent, and the exit status is 1.";

/// Send a line of text; without one, each line of standard input
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "pulsecam text [OPTIONS] HOST[:PORT],... [TEXT]...\n       pulsecam text [OPTIONS] --host HOST[:PORT],... [TEXT]..."
)]
pub(super) struct Args {
    /// The relay, unless --host names it; then the text, whose words are joined by spaces
    #[arg(value_name = "HOST[:PORT],...] [TEXT")]
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
    let (relay, words) = args.host.or_first_of(Operands::Text, &args.words, &args.text)?;
    let target = args.reach.target(&relay, Role::Sender)?;
    let sender = args.sender.options(target.advice);
    if words.is_empty() {
        text::send_lines(&sender, target.config)
    } else {
        text::send(&sender, target.config, &words.join(" "))
    }
}
