//! `pulsecam relay`: let others meet here.

use std::{
    num::{NonZero, NonZeroUsize},
    time::Duration,
};

use super::{Error, server_auth::ServerAuthArgs, values};
use crate::{address::Bind, app::relay, language::Language, relay::Limits};

const EXAMPLES: &str = "\
Examples:
  pulsecam relay                                 on port 6868 of all addresses, IPv6 and IPv4
  pulsecam relay --listen 7000                   on another port
  pulsecam relay --listen 127.0.0.1:0 --json     on a free port, told in the first event
  pulsecam relay --max-clients 8 --max-message 2MiB
  pulsecam relay --dashboard                     who is here, what they send, who is slow
  pulsecam relay --tls-cert cert.pem --tls-key key.pem --key-file room.key
  pulsecam relay --key-file lab=lab.key --key-file office=office.key

As a service of systemd it takes the socket that it is given instead of --listen. SIGHUP makes it read
certificate and keys again; SIGTERM lets clients take what waits for them, for a second at the most.
docs/deploy has the units.";

/// Pass every message on to all other clients, byte for byte; answer heartbeats; drop who is silent.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Address, port or both; a port alone means all addresses, a name the first of its addresses, port 0 a free port
    #[arg(long, value_name = "[ADDR][:PORT]", default_value_t, env = "PULSECAM_LISTEN")]
    listen: Bind,
    /// Clients at one time
    #[arg(long, value_name = "N", default_value = "1024", env = "PULSECAM_MAX_CLIENTS")]
    max_clients: NonZeroUsize,
    /// The largest message that is accepted
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = values::message_limit, env = "PULSECAM_MAX_MESSAGE")]
    max_message: u32,
    /// Silence after which a client is dropped
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = values::some_time, env = "PULSECAM_CLIENT_TIMEOUT")]
    client_timeout: Duration,
    /// Text and images that may wait for one client before it is dropped as too slow
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = values::bytes, env = "PULSECAM_MAILBOX")]
    mailbox: u64,
    /// Messages in memory at one time, unfinished or waiting, before the client goes that most of it is kept for
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = values::bytes, env = "PULSECAM_MAX_MEMORY")]
    max_memory: u64,
    /// Show clients, streams and rates on the whole screen of the terminal
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_DASHBOARD", conflicts_with = "json")]
    dashboard: bool,
    /// The language of the dashboard: en or zh [default: the system's]
    #[arg(long, value_name = "LANG", env = "PULSECAM_LANG")]
    lang: Option<Language>,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
    #[command(flatten)]
    auth: ServerAuthArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// End when standard input ends: for a program that started this one and may be killed
    #[arg(long, hide = true)]
    exit_with_input: bool,
}

/// What each client may do, and each address.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits on strangers (0: no limit)")]
struct LimitArgs {
    /// Clients from one address at one time
    #[arg(long, value_name = "N", default_value = "256", env = "PULSECAM_MAX_PER_ADDRESS")]
    max_per_address: usize,
    /// Connections a second from one address
    #[arg(long, value_name = "N", default_value = "200", env = "PULSECAM_MAX_JOINS")]
    max_joins: u32,
    /// Connections at one time that have not finished TLS or shown a key; a quarter of them from one address
    #[arg(long, value_name = "N", default_value = "256", env = "PULSECAM_MAX_UNAUTHENTICATED")]
    max_unauthenticated: usize,
    /// Messages a second from one client
    #[arg(long, value_name = "N", default_value = "10000", env = "PULSECAM_MAX_MESSAGES")]
    max_messages: u32,
    /// Messages a second to all others from one client: past it, the client is read no faster
    #[arg(long, value_name = "N", default_value = "200000", env = "PULSECAM_MAX_DELIVERIES")]
    max_deliveries: u32,
    /// Bytes a second from one client
    #[arg(long, value_name = "SIZE", default_value = "250MB", value_parser = values::bytes, env = "PULSECAM_MAX_RATE")]
    max_rate: u64,
    /// Bytes of a text
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = values::message_limit_or_none, env = "PULSECAM_MAX_TEXT")]
    max_text: u32,
    /// Time to finish a message that was begun
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = values::time_or_none, env = "PULSECAM_MESSAGE_TIME")]
    message_time: Duration,
    /// Time to say anything after connecting
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = values::time_or_none, env = "PULSECAM_HELLO_TIME")]
    hello_time: Duration,
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        Limits {
            clients_per_address: NonZero::new(self.max_per_address),
            joins_per_s: NonZero::new(self.max_joins),
            unauthenticated: NonZero::new(self.max_unauthenticated),
            messages_per_s: NonZero::new(self.max_messages),
            deliveries_per_s: NonZero::new(self.max_deliveries),
            bytes_per_s: NonZero::new(self.max_rate),
            message_time: self.message_time,
            hello_time: self.hello_time,
            text: self.max_text,
        }
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
        limits: args.limits.limits(),
        auth: args.auth.options()?,
        dashboard: args.dashboard,
        lang: args.lang,
        json: args.json,
        exit_with_input: args.exit_with_input,
    })
}
