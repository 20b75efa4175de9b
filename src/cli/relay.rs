//! `pulsecam relay`: run a relay.

use std::{
    num::{NonZero, NonZeroUsize},
    time::Duration,
};

#[cfg(feature = "cluster")]
use super::cluster::ClusterArgs;
use super::{Error, advice, server_auth::ServerAuthArgs, values, web::WebArgs};
use crate::{address::Bind, app::relay, i18n::Language, relay::Limits};

const EXAMPLES: &str = "\
Examples:
  pulsecam relay                                 port 6868 on all addresses, IPv6 and IPv4
  pulsecam relay --listen 7000                   another port
  pulsecam relay --listen 127.0.0.1:0 --json     a free port, reported in the first event
  pulsecam relay --max-clients 8 --max-message 2MiB
  pulsecam relay --announce                      `pulsecam view` on this network finds it
  pulsecam relay --dashboard                     show clients, streams and rates
  pulsecam relay --tls self-signed               browsers may use their cameras, by https://
  pulsecam relay --tls-cert cert.pem --tls-key key.pem --key-file room.key
  pulsecam relay --key-file lab=lab.key --key-file office=office.key
  pulsecam relay --cluster 10.0.0.1 --cluster-key-file cluster.key
  pulsecam relay --cluster 10.0.0.2 --cluster-key-file cluster.key --join 10.0.0.1
                                                 both as one: clients of each see those of the other

Under systemd socket activation, the passed socket replaces --listen. SIGHUP reloads certificate
and keys. On SIGTERM, clients get at most a second to receive what is queued for them.
The systemd units are in docs/deploy.";

/// Run a relay: forward every message unchanged to all other clients, and disconnect silent clients
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Address, port or both to listen on; a port alone: all addresses; a name: the first of its addresses;
    /// port 0: a free port
    #[arg(long, value_name = "[ADDR][:PORT]", default_value_t, env = "PULSECAM_LISTEN")]
    listen: Bind,
    /// Maximum number of clients
    #[arg(long, value_name = "N", default_value = "1024", env = "PULSECAM_MAX_CLIENTS")]
    max_clients: NonZeroUsize,
    /// Largest message to accept
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = values::message_limit, env = "PULSECAM_MAX_MESSAGE")]
    max_message: u32,
    /// Disconnect a client after this long without any data
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = values::some_time, env = "PULSECAM_CLIENT_TIMEOUT")]
    client_timeout: Duration,
    /// Disconnect a client as too slow if more text and images than this are queued for it
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = values::bytes, env = "PULSECAM_MAILBOX")]
    mailbox: u64,
    /// Maximum memory for messages, incomplete or queued; above it, the client that takes most is
    /// disconnected
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = values::bytes, env = "PULSECAM_MAX_MEMORY")]
    max_memory: u64,
    /// Pace frames on slow links so that none waits in the network's queue: auto or off
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "off"], env = "PULSECAM_PACING")]
    pacing: String,
    /// Show clients, streams and rates, full screen in this terminal
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_DASHBOARD", conflicts_with = "json")]
    dashboard: bool,
    /// Language of the dashboard: en or zh [default: the system's]
    #[arg(long, value_name = "LANG", hide_possible_values = true, value_parser = values::suggested::<Language>(values::LANGUAGES), env = "PULSECAM_LANG")]
    lang: Option<Language>,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
    /// Announce the relay on the local network (multicast DNS), so that `pulsecam relays` and `pulsecam view`
    /// find it
    #[cfg(feature = "discovery")]
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_ANNOUNCE")]
    announce: bool,
    #[command(flatten)]
    auth: ServerAuthArgs,
    #[command(flatten)]
    web: WebArgs,
    #[cfg(feature = "cluster")]
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Stop when standard input ends, for a parent process that may be killed
    #[arg(long, hide = true)]
    exit_with_input: bool,
}

/// Limits on each client and each IP address.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits on strangers (0: no limit)")]
struct LimitArgs {
    /// Maximum number of clients from one address
    #[arg(long, value_name = "N", default_value = "256", env = "PULSECAM_MAX_PER_ADDRESS")]
    max_per_address: usize,
    /// Maximum new connections per second from one address
    #[arg(long, value_name = "N", default_value = "200", env = "PULSECAM_MAX_JOINS")]
    max_joins: u32,
    /// Maximum number of connections that have not finished TLS or proved a key; a quarter of it from one
    /// address
    #[arg(long, value_name = "N", default_value = "256", env = "PULSECAM_MAX_UNAUTHENTICATED")]
    max_unauthenticated: usize,
    /// Maximum messages per second from one client
    #[arg(long, value_name = "N", default_value = "10000", env = "PULSECAM_MAX_MESSAGES")]
    max_messages: u32,
    /// Maximum deliveries per second (messages times receivers) caused by one client; above it, the client is
    /// read more slowly
    #[arg(long, value_name = "N", default_value = "200000", env = "PULSECAM_MAX_DELIVERIES")]
    max_deliveries: u32,
    /// Maximum bytes per second from one client
    #[arg(long, value_name = "SIZE", default_value = "250MB", value_parser = values::bytes, env = "PULSECAM_MAX_RATE")]
    max_rate: u64,
    /// Maximum bytes of a text
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = values::message_limit_or_none, env = "PULSECAM_MAX_TEXT")]
    max_text: u32,
    /// Maximum time from the start of a message to its end
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = values::time_or_none, env = "PULSECAM_MESSAGE_TIME")]
    message_time: Duration,
    /// Maximum time from connecting to the first message
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = values::time_or_none, env = "PULSECAM_HELLO_TIME")]
    hello_time: Duration,
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        Limits::default().with(|limits| {
            limits.clients_per_address = NonZero::new(self.max_per_address);
            limits.joins_per_s = NonZero::new(self.max_joins);
            limits.unauthenticated = NonZero::new(self.max_unauthenticated);
            limits.messages_per_s = NonZero::new(self.max_messages);
            limits.deliveries_per_s = NonZero::new(self.max_deliveries);
            limits.bytes_per_s = NonZero::new(self.max_rate);
            limits.message_time = self.message_time;
            limits.hello_time = self.hello_time;
            limits.text = self.max_text;
        })
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    relay::run(&relay::Options {
        listen: args.listen.clone(),
        max_clients: args.max_clients,
        max_message: args.max_message,
        client_timeout: args.client_timeout,
        mailbox: usize::try_from(args.mailbox).unwrap_or(usize::MAX),
        memory: usize::try_from(args.max_memory).unwrap_or(usize::MAX),
        pacing: args.pacing != "off",
        limits: args.limits.limits(),
        auth: args.auth.options()?,
        web: args.web.options()?,
        #[cfg(feature = "cluster")]
        cluster: args.cluster.options()?,
        dashboard: args.dashboard,
        lang: args.lang,
        json: args.json,
        #[cfg(feature = "discovery")]
        announce: args.announce,
        #[cfg(not(feature = "discovery"))]
        announce: false,
        exit_with_input: args.exit_with_input,
        hints: advice::RELAY,
    })
}
