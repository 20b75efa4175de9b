//! Options that every client shares: which relay, and how to reach it.

use std::time::Duration;

use super::{Error, advice, client_auth::ClientAuthArgs, host::HostOption, values};
use crate::{
    address::Address,
    app::link::Target,
    link::{Config, Role},
};

/// How to reach the relay.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LinkArgs {
    /// The relay: HOST or HOST:PORT [default: that of --host]
    #[arg(value_name = "HOST[:PORT]")]
    relay: Option<Address>,
    #[command(flatten)]
    host: HostOption,
    #[command(flatten)]
    reach: Reach,
}

/// How to reach a relay that is named in another way.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Reach {
    #[command(flatten)]
    auth: ClientAuthArgs,
    #[command(flatten)]
    pub(super) patience: Patience,
}

/// How patient to be with it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Link")]
pub(super) struct Patience {
    /// Time between two heartbeats
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = values::some_time, env = "PULSECAM_HEARTBEAT")]
    heartbeat: Duration,
    /// Silence after which the link is down (the Qt example waits for 300s)
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = values::some_time, env = "PULSECAM_TIMEOUT")]
    timeout: Duration,
    /// Time to look up a name before that is reported; the lookup goes on
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = values::some_time, env = "PULSECAM_RESOLVE_TIMEOUT")]
    resolve_timeout: Duration,
    /// Time for each step of an attempt to connect (TCP, TLS, key); doubled each time it is not enough, up to 12s
    #[arg(long, value_name = "TIME", default_value = "1.5s", value_parser = values::some_time, env = "PULSECAM_CONNECT_TIMEOUT")]
    connect_timeout: Duration,
    /// The longest pause between two attempts to connect
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = values::some_time, env = "PULSECAM_MAX_BACKOFF")]
    max_backoff: Duration,
    /// The largest message to read or send
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = values::message_limit, env = "PULSECAM_MAX_MESSAGE")]
    max_message: u32,
}

impl Patience {
    /// A relay within this process.
    pub(super) fn here(&self) -> Result<Target, Error> {
        Ok(Target { config: self.config(String::new(), Role::default())?, advice: advice::to_change })
    }

    fn config(&self, host: String, role: Role) -> Result<Config, Error> {
        if self.timeout <= self.heartbeat {
            let reason =
                "--timeout has to be longer than --heartbeat: the answer to one is what keeps the link up";
            return Err(Error::Usage(reason.into()));
        }
        Ok(Config {
            interval: self.heartbeat,
            timeout: self.timeout,
            resolve_timeout: self.resolve_timeout,
            connect_timeout: self.connect_timeout,
            max_backoff: self.max_backoff,
            max_message: self.max_message,
            role,
            ..Config::new(host)
        })
    }
}

impl LinkArgs {
    /// The relay that is meant.
    pub(super) fn target(&self, role: Role) -> Result<Target, Error> {
        self.reach.target(&self.host.or_by_position(self.relay.as_ref())?, role)
    }
}

impl Reach {
    /// This relay.
    pub(super) fn target(&self, relay: &Address, role: Role) -> Result<Target, Error> {
        let (tls, key) = (self.auth.tls()?, self.auth.key()?);
        let config = Config { tls, key, ..self.patience.config(relay.to_string(), role)? };
        Ok(Target { config, advice: advice::to_change })
    }
}
