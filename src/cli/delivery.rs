//! Options of a delivery, shared by `text` and `image`.

use std::time::Duration;

use super::{advice, values};
use crate::app::{delivery::Options, link::Advice};

/// Sender's name and deadline.
#[derive(Debug, clap::Args)]
pub(super) struct DeliveryArgs {
    /// Your name, as shown to others [default: user@host]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    /// Give up after this long without progress [default: 10s; never while standard input is open]
    #[arg(long, value_name = "TIME", value_parser = values::some_time, env = "PULSECAM_DEADLINE")]
    deadline: Option<Duration>,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

impl DeliveryArgs {
    /// The options of the application.
    pub(super) fn options(&self, advice: Advice) -> Options {
        Options {
            name: self.name.clone(),
            deadline: self.deadline,
            json: self.json,
            advice,
            hint: advice::about,
        }
    }
}
