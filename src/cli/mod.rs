//! The command line: arguments, their conversion to the options of `app`, hints and exit statuses.
//!
//! One file per subcommand or group of options.

mod advice;
mod aliases;
#[cfg(feature = "bench")]
mod bench;
#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod cameras;
#[cfg(feature = "relay")]
mod cert;
#[cfg(feature = "client")]
mod client_auth;
#[cfg(feature = "cluster")]
mod cluster;
#[cfg(feature = "client")]
mod codec;
mod completions;
mod config;
#[cfg(feature = "client")]
mod delivery;
#[cfg(feature = "client")]
mod demo;
mod environment;
mod exit;
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "only clients send words and files"))]
mod host;
#[cfg(feature = "client")]
mod image;
#[cfg(feature = "relay")]
mod key;
mod limit;
#[cfg(feature = "client")]
mod link;
mod man;
#[cfg(feature = "client")]
mod play;
#[cfg(feature = "client")]
mod record;
#[cfg(feature = "relay")]
mod relay;
#[cfg(feature = "discovery")]
mod relays;
#[cfg(feature = "client")]
mod send;
#[cfg(feature = "relay")]
mod server_auth;
mod settings;
#[cfg(feature = "relay")]
mod share;
#[cfg(feature = "client")]
mod show;
#[cfg(feature = "client")]
mod source;
#[cfg(feature = "client")]
mod start;
#[cfg(feature = "client")]
mod text;
mod values;
#[cfg(feature = "client")]
mod view;
#[cfg(feature = "client")]
mod virtual_camera;
#[cfg(feature = "relay")]
mod web;

#[cfg(feature = "client")]
use std::io::IsTerminal;
use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app::{Error, log, output, signal};

const EXAMPLES: &str = "\
Examples:
  pulsecam demo                          relay, source and window on this machine
  pulsecam relay                         a relay on this machine, port 6868
  pulsecam send desk.local               send your camera to everyone at that relay
  pulsecam view desk.local               show what the others send
  pulsecam call desk.local               both at once
  pulsecam record desk.local --out talk.mkv
  pulsecam play talk.mkv                 watch it; to send it: play talk.mkv desk.local
  ffmpeg -re -i film.mkv -f mjpeg - | pulsecam send desk.local --source -

Each option can also be set by the environment variable that its help names; an empty variable
counts as unset. If PULSECAM_HOST is set, HOST can be omitted in every command but play.

Options can also be set in ~/.config/pulsecam/config.toml, and those of a relay in
/etc/pulsecam/relay.toml. `pulsecam config` prints what is set, and where.";

/// Stream a webcam to peers through a relay, and show theirs
#[derive(Debug, Parser)]
#[command(name = "pulsecam", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Log more; twice: log everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, value_parser = values::verbosity, env = "PULSECAM_VERBOSE")]
    verbose: u8,
    /// Log errors only
    #[arg(short, long, global = true, value_parser = values::flag(), env = "PULSECAM_QUIET")]
    quiet: bool,
    /// Read this configuration file instead of the usual ones
    #[arg(long, global = true, value_name = "FILE", env = "PULSECAM_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run relay, source and viewer in one process
    #[cfg(feature = "client")]
    Demo(demo::Args),
    /// Run a relay, which forwards every message to all other clients
    #[cfg(feature = "relay")]
    Relay(Box<relay::Args>),
    /// Stream a camera, a pattern, photos, a file or a pipe
    #[cfg(feature = "client")]
    Send(send::Args),
    /// Show what the others stream
    #[cfg(feature = "client")]
    View(view::Args),
    /// Send and view on one link
    #[cfg(feature = "client")]
    Call(call::Args),
    /// Record what the others stream
    #[cfg(feature = "client")]
    Record(record::Args),
    /// Play a film or a recording, here or to everyone at a relay
    #[cfg(feature = "client")]
    Play(play::Args),
    /// Send text
    #[cfg(feature = "client")]
    Text(text::Args),
    /// Send pictures
    #[cfg(feature = "client")]
    Image(image::Args),
    /// List the cameras of this machine, or the controls of one, or show its picture
    #[cfg(feature = "client")]
    Cameras(cameras::Args),
    /// List the relays of this network, or those of a cluster
    #[cfg(feature = "discovery")]
    Relays(relays::Args),
    /// Create a certificate for a relay
    #[cfg(feature = "relay")]
    Cert(cert::Args),
    /// Create a key for a room, or for a cluster of relays
    #[cfg(feature = "relay")]
    Key(key::Args),
    /// Print a link that opens a relay's page for viewing only
    #[cfg(feature = "relay")]
    Share(share::Args),
    /// Measure latency, throughput and processor time
    #[cfg(feature = "bench")]
    Bench(bench::Args),
    /// Print the effective settings, and where each comes from
    Config(config::Args),
    /// Print a shell completion script
    Completions(completions::Args),
    /// Write the manual pages
    #[command(hide = true)]
    Man(man::Args),
}

impl Command {
    /// Whether the command handles signals. The others have nothing to finish: a signal ends them as it ends
    /// any program.
    const fn listens(&self) -> bool {
        match self {
            #[cfg(feature = "relay")]
            Self::Relay(_) => true,
            #[cfg(feature = "client")]
            Self::Demo(_)
            | Self::Send(_)
            | Self::View(_)
            | Self::Call(_)
            | Self::Record(_)
            | Self::Play(_) => true,
            #[cfg(feature = "client")]
            Self::Cameras(args) => args.previews(),
            _ => false,
        }
    }

    /// Whether it has a relay of its own, which nobody else is meant to use.
    const fn is_alone(&self) -> bool {
        match self {
            #[cfg(feature = "client")]
            Self::Play(args) => args.is_here(),
            #[cfg(feature = "client")]
            Self::Cameras(args) => args.previews(),
            _ => false,
        }
    }

    /// Whether it measures.
    const fn measures(&self) -> bool {
        match self {
            #[cfg(feature = "bench")]
            Self::Bench(_) => true,
            _ => false,
        }
    }
}

/// Parses the arguments, runs the command, and turns an error into one line and an exit status.
///
/// 0: done; 1: failed, or nothing done; 2: wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(feature = "client")]
    crate::capture::silence_caught_panics();
    let (result, since) = match parse() {
        Ok(cli) => {
            let result = run(cli);
            let since = Instant::now();
            (result.and(output::end(since)), since)
        }
        Err(told) => (say(&told), Instant::now()),
    };
    let code = exit::code(&result);
    if let Err(error) = result
        && exit::is_reported(&error)
    {
        output::print_error(&format!("{error}{}", advice::about(&error)));
    }
    output::end_log(since);
    ExitCode::from(code)
}

/// Prints help or version to standard output; for wrong usage prints a hint and exits with status 2.
fn say(told: &clap::Error) -> Result<(), Error> {
    if told.use_stderr() {
        told.exit();
    }
    told.print().and_then(|()| io::stdout().flush()).map_err(|error| output::printing(&error))
}

fn run(cli: Cli) -> Result<(), Error> {
    log::start(log_filter(&cli));
    if !cli.command.listens() {
        signal::end_first_process();
    }
    match cli.command {
        #[cfg(feature = "client")]
        Command::Demo(args) => demo::run(&args),
        #[cfg(feature = "relay")]
        Command::Relay(args) => relay::run(&args),
        #[cfg(feature = "client")]
        Command::Send(args) => send::run(&args),
        #[cfg(feature = "client")]
        Command::View(args) => view::run(&args),
        #[cfg(feature = "client")]
        Command::Call(args) => call::run(&args),
        #[cfg(feature = "client")]
        Command::Record(args) => record::run(&args),
        #[cfg(feature = "client")]
        Command::Play(args) => play::run(&args),
        #[cfg(feature = "client")]
        Command::Text(args) => text::run(&args),
        #[cfg(feature = "client")]
        Command::Image(args) => image::run(&args),
        #[cfg(feature = "client")]
        Command::Cameras(args) => cameras::run(&args),
        #[cfg(feature = "discovery")]
        Command::Relays(args) => relays::run(&args),
        #[cfg(feature = "relay")]
        Command::Cert(args) => cert::run(&args),
        #[cfg(feature = "relay")]
        Command::Key(args) => key::run(&args),
        #[cfg(feature = "relay")]
        Command::Share(args) => share::run(&args),
        #[cfg(feature = "bench")]
        Command::Bench(args) => bench::run(&args),
        Command::Config(args) => config::run(&args, cli.config.as_deref()),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

/// The arguments of the program. A start from an icon, where nobody could read the help, asks for a relay.
fn arguments() -> Vec<OsString> {
    #[cfg(not(windows))]
    let arguments: Vec<OsString> = env::args_os().collect();
    #[cfg(windows)]
    let arguments: Vec<OsString> = wild::args_os().collect();
    #[cfg(feature = "client")]
    if start::is_meant(&arguments, has_terminal(), crate::view::has_display()) {
        return arguments.into_iter().chain(start::COMMAND.map(OsString::from)).collect();
    }
    arguments
}

/// Whether anything of the program is connected to a terminal.
#[cfg(feature = "client")]
fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// Parses the arguments, with defaults from the environment and from configuration files.
fn parse() -> Result<Cli, clap::Error> {
    parse_from(arguments())
}

fn parse_from(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let variable = |name: &_| env::var_os(name);
    let prepared = settings::prepare(&Cli::command(), arguments, &variable)?;
    let mut command = environment::without_unset(Cli::command());
    let matches =
        command.try_get_matches_from_mut(&prepared.arguments).map_err(|error| prepared.explain(error))?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The log filter unless `RUST_LOG` sets one.
fn log_filter(cli: &Cli) -> &'static str {
    match (cli.quiet, cli.verbose) {
        (true, _) => "error",
        // The relay and links of a measurement are not worth a line each; a noisy machine is.
        (_, 0) if cli.command.measures() => "error,pulsecam::cli::bench=warn",
        // Nor are those of a film that is played here.
        (_, 0) if cli.command.is_alone() => "warn,pulsecam=info,pulsecam_net=warn",
        (_, 0) => "warn,pulsecam=info",
        (_, 1) => "info,pulsecam=debug",
        _ => "trace",
    }
}
