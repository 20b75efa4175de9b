//! The command line: arguments and wiring, one file a subcommand.

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
  pulsecam relay                         let others meet here, on port 6868
  pulsecam send desk.local               your camera to everybody at that relay
  pulsecam view desk.local               what the others send
  pulsecam call desk.local               both at once
  pulsecam record desk.local --out talk.mkv
  pulsecam play talk.mkv                 look at it, or: play talk.mkv desk.local
  ffmpeg -re -i film.mkv -f mjpeg - | pulsecam send desk.local --source -

Each option can also be set by an environment variable, which its help names; an empty one counts as not set.
With PULSECAM_HOST set, HOST can be left out everywhere but in play.";

/// Streams a webcam to peers and shows theirs.
#[derive(Debug, Parser)]
#[command(name = "pulsecam", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, value_parser = values::verbosity, env = "PULSECAM_VERBOSE")]
    verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true, value_parser = values::flag(), env = "PULSECAM_QUIET")]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Relay, source and viewer in one process: see it work
    Demo(demo::Args),
    /// Pass every message on to all other clients
    Relay(relay::Args),
    /// Stream a camera, a pattern, photos, a file or a pipe
    Send(send::Args),
    /// Show what the others stream
    View(view::Args),
    /// Send and view on one link
    Call(call::Args),
    /// Record what the others stream
    Record(record::Args),
    /// Play a film or a recording, here or to everybody at a relay
    Play(play::Args),
    /// Send a line of text
    Text(text::Args),
    /// Send pictures
    Image(image::Args),
    /// List the cameras of this machine
    Cameras(cameras::Args),
    /// Make a certificate for a relay
    Cert(cert::Args),
    /// Make a key to a room
    Key(key::Args),
    /// Measure
    Bench(bench::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

impl Command {
    /// Whether it listens for signals. The others have nothing to finish: a signal ends them as it ends any program.
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

/// Parses the arguments, runs the command, and turns errors into one line and an exit code: 0 done, 1 failed or nothing done, 2
/// wrong usage.
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

/// Help and version go to standard output; for wrong usage there is a hint, and the program exits with 2.
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

/// The arguments and what the environment adds to them.
fn parse() -> Result<Cli, clap::Error> {
    let mut command = environment::without_unset(Cli::command());
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// What is logged, unless `RUST_LOG` says otherwise.
fn log_filter(cli: &Cli) -> &'static str {
    match (cli.quiet, cli.verbose) {
        (true, _) => "error",
        // A measurement's own relay and links are not worth a line each; a noisy machine is.
        (_, 0) if matches!(cli.command, Command::Bench(_)) => "error,pulsecam::cli::bench=warn",
        (_, 0) => "warn,pulsecam=info",
        (_, 1) => "info,pulsecam=debug",
        _ => "trace",
    }
}
