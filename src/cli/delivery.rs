//! Options of a delivery, which `text` and `image` share.

use std::time::Duration;

use super::values;
use crate::app::{delivery::Options, link::Advice};

/// Who sends, and how long it may take.
#[derive(Debug, clap::Args)]
pub(super) struct DeliveryArgs {
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

impl DeliveryArgs {
    /// What they say.
    pub(super) fn options(&self, advice: Advice) -> Options {
        Options { name: self.name.clone(), deadline: self.deadline, json: self.json, advice }
    }
}
