//! The command line: arguments, their conversion to the options of `app`, hints and exit statuses.
//!
//! One file per subcommand or group of options.

mod advice;
mod bench;
mod call;
mod cameras;
mod cert;
mod client_auth;
mod codec;
mod completions;
mod delivery;
mod demo;
mod environment;
mod exit;
mod host;
mod image;
mod key;
mod limit;
mod link;
mod play;
mod record;
mod relay;
mod send;
mod server_auth;
mod show;
mod source;
mod text;
mod values;
mod view;

use std::{
    io::{self, Write},
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
counts as unset. If PULSECAM_HOST is set, HOST can be omitted in every command but play.";

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
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run relay, source and viewer in one process
    Demo(demo::Args),
    /// Run a relay, which forwards every message to all other clients
    Relay(relay::Args),
    /// Stream a camera, a pattern, photos, a file or a pipe
    Send(send::Args),
    /// Show what the others stream
    View(view::Args),
    /// Send and view on one link
    Call(call::Args),
    /// Record what the others stream
    Record(record::Args),
    /// Play a film or a recording, here or to everyone at a relay
    Play(play::Args),
    /// Send text
    Text(text::Args),
    /// Send pictures
    Image(image::Args),
    /// List the cameras of this machine, or the controls of one
    Cameras(cameras::Args),
    /// Create a certificate for a relay
    Cert(cert::Args),
    /// Create a key for a room
    Key(key::Args),
    /// Measure latency, throughput and processor time
    Bench(bench::Args),
    /// Print a shell completion script
    Completions(completions::Args),
}

impl Command {
    /// Whether the command handles signals. The others have nothing to finish: a signal ends them as it ends
    /// any program.
    const fn listens(&self) -> bool {
        match self {
            Self::Demo(_)
            | Self::Relay(_)
            | Self::Send(_)
            | Self::View(_)
            | Self::Call(_)
            | Self::Record(_)
            | Self::Play(_) => true,
            Self::Text(_)
            | Self::Image(_)
            | Self::Cameras(_)
            | Self::Cert(_)
            | Self::Key(_)
            | Self::Bench(_)
            | Self::Completions(_) => false,
        }
    }
}

/// Parses the arguments, runs the command, and turns an error into one line and an exit status.
///
/// 0: done; 1: failed, or nothing done; 2: wrong usage.
#[must_use]
pub fn main() -> ExitCode {
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
        && exit::is_told(&error)
    {
        output::complain(&format!("{error}{}", advice::about(&error)));
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
        Command::Demo(args) => demo::run(&args),
        Command::Relay(args) => relay::run(&args),
        Command::Send(args) => send::run(&args),
        Command::View(args) => view::run(&args),
        Command::Call(args) => call::run(&args),
        Command::Record(args) => record::run(&args),
        Command::Play(args) => play::run(&args),
        Command::Text(args) => text::run(&args),
        Command::Image(args) => image::run(&args),
        Command::Cameras(args) => cameras::run(&args),
        Command::Cert(args) => cert::run(&args),
        Command::Key(args) => key::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// Parses the arguments, with defaults from the environment.
fn parse() -> Result<Cli, clap::Error> {
    let mut command = environment::without_unset(Cli::command());
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The log filter unless `RUST_LOG` sets one.
fn log_filter(cli: &Cli) -> &'static str {
    match (cli.quiet, cli.verbose) {
        (true, _) => "error",
        // The relay and links of a measurement are not worth a line each; a noisy machine is.
        (_, 0) if matches!(cli.command, Command::Bench(_)) => "error,pulsecam::cli::bench=warn",
        (_, 0) => "warn,pulsecam=info",
        (_, 1) => "info,pulsecam=debug",
        _ => "trace",
    }
}
