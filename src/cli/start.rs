//! A start without a relay: asks for one in a window, and goes on as if the answer had been an argument.

use std::ffi::{OsStr, OsString};

use tracing::warn;

use super::{Command, Error, advice, arguments, call, demo, link::Entered, parse_from, view};
use crate::app::start::{self, Chosen};

/// The command by which a start without arguments asks.
pub(super) const COMMAND: [&str; 2] = [VIEW, ASK];

const VIEW: &str = "view";
const ASK: &str = "--ask";

/// Whether somebody has started the program without arguments who cannot read its help: from the icon of a desktop,
/// there is no terminal.
pub(super) fn is_meant(arguments: &[OsString], has_terminal: bool, has_display: bool) -> bool {
    arguments.len() == 1 && !has_terminal && has_display
}

/// Asks until a relay can be used, or the window is closed.
pub(super) fn run(args: &view::Args) -> Result<(), Error> {
    let mut notice = None;
    loop {
        let options = start::Options {
            show: &args.show.options(args.json),
            relay: args.link.named().ok().flatten(),
            named: args.link.aliases(),
            notice: notice.take(),
        };
        let Some(chosen) = start::ask(options)? else { return Ok(()) };
        match go(args, chosen) {
            // Somebody without a terminal would never know why.
            Err(error) if can_be_mended(&error) => {
                let told = format!("{error}{}", advice::about(&error));
                warn!("{told}");
                notice = Some(told);
            }
            result => return result,
        }
    }
}

/// Whether another choice may be better.
const fn can_be_mended(error: &Error) -> bool {
    matches!(
        error,
        Error::Usage(_)
            | Error::Link(_)
            | Error::Tls(_)
            | Error::Key(_)
            | Error::Source(_)
            | Error::Pipeline(_)
            | Error::File { .. }
    )
}

fn go(args: &view::Args, chosen: Chosen) -> Result<(), Error> {
    let parsed = |arguments| parse_from(arguments).map_err(|error| usage(&error.to_string()));
    let (relay, entered, name) = match chosen {
        Chosen::Demo => {
            let program = arguments().into_iter().next();
            let words = program.into_iter().chain(["demo".into()]).collect();
            return match parsed(words)?.command {
                Command::Demo(demo) => demo::run_in(&demo, args.show.options(args.json)),
                _ => Err(usage("there is no demonstration")),
            };
        }
        Chosen::Relay { relay, tls, key, call } => {
            (relay.to_string(), Entered { tls, key }, if call { "call" } else { VIEW })
        }
    };
    // A profile of a configuration file applies to the relay that was chosen.
    match parsed(named(arguments(), name, &relay))?.command {
        Command::View(view) => view::run_with(&view, entered),
        Command::Call(call) => call::run_with(&call, entered),
        _ => Err(usage("no relay can be chosen here")),
    }
}

/// The arguments of `view` as those of this command, with the relay that was chosen.
fn named(arguments: Vec<OsString>, command: &str, relay: &str) -> Vec<OsString> {
    let at = arguments.iter().position(|word| word == VIEW);
    let mut named: Vec<OsString> = arguments;
    if let Some(word) = at.and_then(|at| named.get_mut(at)) {
        *word = command.into();
    }
    named.retain(|word| word != OsStr::new(ASK));
    named.push(relay.into());
    named
}

/// An error of the arguments, in one line.
fn usage(text: &str) -> Error {
    let lines: Vec<_> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    let line = lines.join(" ");
    Error::Usage(line.strip_prefix("error: ").unwrap_or(&line).to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{super::Cli, *};

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_start_from_an_icon_asks_and_one_in_a_terminal_or_with_arguments_does_not() {
        let bare = words("pulsecam");
        assert!(is_meant(&bare, false, true));
        assert!(!is_meant(&bare, true, true) && !is_meant(&bare, false, false));
        assert!(!is_meant(&words("pulsecam --help"), false, true));
    }

    #[test]
    fn the_answer_takes_the_place_of_an_argument() {
        let after = |before: &str, command: &str| named(words(before), command, "desk.local:6868");
        assert_eq!(after("pulsecam view --ask", "view"), words("pulsecam view desk.local:6868"));
        let call = after("pulsecam -v view --ask --lang zh", "call");
        assert_eq!(call, words("pulsecam -v call --lang zh desk.local:6868"));
        assert!(Cli::try_parse_from(call).is_ok());
        assert_eq!(after("pulsecam view", "view"), words("pulsecam view desk.local:6868"));
    }

    #[test]
    fn an_error_of_arguments_is_one_line() {
        let Error::Usage(line) = usage("error: unexpected value\n  of --lang\n\nUsage: ...") else {
            panic!("usage")
        };
        assert_eq!(line, "unexpected value of --lang");
    }
}
