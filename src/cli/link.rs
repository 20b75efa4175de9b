//! Options shared by all clients: which relay, and how to reach it.

use std::time::Duration;

use super::{Error, advice, client_auth::ClientAuthArgs, host::HostOption, values};
use crate::{
    address::AddressList,
    app::link::Target,
    auth::Key,
    link::{Config, Role},
    tls::{Connector, Trust},
};

/// How to reach the relay.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LinkArgs {
    /// The relay: HOST or HOST:PORT, or several with commas between them, of which the first that answers is
    /// used [default: the one named by --host]
    #[arg(value_name = "HOST[:PORT],...")]
    relay: Option<AddressList>,
    #[command(flatten)]
    host: HostOption,
    #[command(flatten)]
    reach: Reach,
}

/// How to reach a relay, as entered in a window.
#[derive(Debug, Default)]
pub(super) struct Entered {
    /// Whether the relay is known to require TLS.
    pub(super) tls: bool,
    pub(super) key: Option<Key>,
}

/// How to reach a relay, without its address.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Reach {
    #[command(flatten)]
    auth: ClientAuthArgs,
    #[command(flatten)]
    pub(super) patience: LinkTimeouts,
}

/// Timeouts and limits of a link.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Link")]
pub(super) struct LinkTimeouts {
    /// Interval between heartbeats
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "3s", value_parser = values::some_time, env = "PULSECAM_HEARTBEAT")]
    heartbeat: Duration,
    /// Take the link for down after this long without any data (the Qt example waits 300s)
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "10s", value_parser = values::some_time, env = "PULSECAM_TIMEOUT")]
    timeout: Duration,
    /// Report that a name lookup is slow after this time; the lookup continues
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "20s", value_parser = values::some_time, env = "PULSECAM_RESOLVE_TIMEOUT")]
    resolve_timeout: Duration,
    /// Timeout of each step of connecting (TCP, TLS, key); doubled after each failure, up to 12s
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "1.5s", value_parser = values::some_time, env = "PULSECAM_CONNECT_TIMEOUT")]
    connect_timeout: Duration,
    /// Longest pause between two attempts to connect
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "5s", value_parser = values::some_time, env = "PULSECAM_MAX_BACKOFF")]
    max_backoff: Duration,
    /// Use other relays of a cluster too, if the relay tells of them: auto or off
    #[arg(long, hide_short_help = true, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "off"], env = "PULSECAM_OTHERS")]
    others: String,
    /// Largest message to read or send
    #[arg(long, hide_short_help = true, value_name = "SIZE", default_value = "16MiB", value_parser = values::message_limit, env = "PULSECAM_MAX_MESSAGE")]
    max_message: u32,
    /// Pace frames on a slow link so that none waits in the network's queue: auto or off
    #[arg(long, hide_short_help = true, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "off"], env = "PULSECAM_PACING")]
    pacing: String,
}

impl LinkTimeouts {
    /// A relay within this process; its address is filled in later.
    pub(super) fn here(&self) -> Result<Target, Error> {
        Ok(Target { config: self.config(String::new(), Role::default())?, advice: advice::to_change })
    }

    fn config(&self, host: String, role: Role) -> Result<Config, Error> {
        if self.timeout <= self.heartbeat {
            let reason =
                "--timeout must be longer than --heartbeat: the answers to heartbeats keep the link up";
            return Err(Error::Usage(reason.into()));
        }
        Ok(Config::new(host).with(|config| {
            config.interval = self.heartbeat;
            config.timeout = self.timeout;
            config.resolve_timeout = self.resolve_timeout;
            config.connect_timeout = self.connect_timeout;
            config.max_backoff = self.max_backoff;
            config.max_message = self.max_message;
            config.pacing = self.pacing != "off";
            config.others = self.others != "off";
            config.role = role;
        }))
    }
}

impl LinkArgs {
    /// The relay to connect to.
    pub(super) fn target(&self, role: Role) -> Result<Target, Error> {
        self.reach.target(&self.host.or_by_position(self.relay.as_ref())?, role)
    }

    /// The same with what was entered in a window, where the arguments do not say otherwise.
    pub(super) fn target_with(&self, role: Role, entered: Entered) -> Result<Target, Error> {
        let mut target = self.target(role)?;
        let config = &mut target.config;
        if entered.tls && config.tls.is_none() {
            config.tls = Some(Connector::new(&Trust::System)?);
        }
        config.key = entered.key.or(config.key.take());
        Ok(target)
    }
}

impl LinkArgs {
    /// The relay that is named, if any.
    pub(super) fn named(&self) -> Result<Option<AddressList>, Error> {
        self.host.or_by_position_if_any(self.relay.as_ref())
    }

    /// Whether the command line names a relay.
    pub(super) fn is_named_here(&self) -> bool {
        self.relay.is_some() || self.host.is_option()
    }

    /// The names that a configuration file gives to relays.
    pub(super) fn aliases(&self) -> Vec<(String, AddressList)> {
        self.host.aliases()
    }

    /// That relay, reached as the arguments say.
    pub(super) fn target_at(&self, relay: &AddressList, role: Role) -> Result<Target, Error> {
        self.reach.target(relay, role)
    }
}

impl Reach {
    /// This relay, reached in this way.
    pub(super) fn target(&self, relay: &AddressList, role: Role) -> Result<Target, Error> {
        let (tls, key) = (self.auth.tls()?, self.auth.key()?);
        let mut config = self.patience.config(relay.to_string(), role)?;
        config.tls = tls;
        config.key = key;
        Ok(Target { config, advice: advice::to_change })
    }
}
