//! The relays of this network: lists them, or chooses one.

use std::{
    fmt::Write,
    io::{self, BufRead, IsTerminal},
    time::Duration,
};

use tracing::info;

use super::{
    Error,
    output::{self, print, print_json},
};
use crate::{
    discovery::{self, Found},
    sanitize,
};

/// How long a viewer that has no relay looks for one: answers come within a tenth of it.
const SEARCH_TIME: Duration = Duration::from_secs(1);

/// Most wrong answers to the question which relay is meant.
const MAX_QUESTIONS: usize = 3;

/// What to do if there is not exactly one relay. `cli` knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advice {
    pub(crate) none: &'static str,
    pub(crate) several: &'static str,
}

/// Prints the relays that are found within this time.
///
/// # Errors
/// Nothing is found, multicast DNS does not work, or standard output cannot be written.
pub(crate) fn list(time: Duration, json: bool) -> Result<(), Error> {
    let found = discovery::find(time)?;
    if found.is_empty() {
        return Err(Error::Nothing("no relay announces itself on this network".into()));
    }
    if json {
        return found.iter().try_for_each(print_json);
    }
    table(&found).lines().try_for_each(print)
}

/// Finds a relay: the only one, or the one that is chosen in a terminal.
///
/// # Errors
/// [`Error::Usage`] if none is found, or several and nobody can be asked.
pub(crate) fn choose(advice: Advice) -> Result<Found, Error> {
    let mut found = discovery::find(SEARCH_TIME)?;
    let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    let chosen = match found.len() {
        0 => {
            let none = advice.none;
            return Err(Error::Usage(format!(
                "no relay is named, and none announces itself on this network: {none}"
            )));
        }
        1 => found.remove(0),
        _ if can_ask => ask(&found, advice, &mut io::stdin().lock(), &mut |text| output::ask(text))?,
        _ => return Err(several(&found, advice)),
    };
    info!("found the relay {} at {}", sanitize::line(&chosen.name), chosen.address);
    Ok(chosen)
}

fn several(found: &[Found], advice: Advice) -> Error {
    let all: Vec<_> = found.iter().map(|relay| format!("{} ({})", relay.address, relay.name)).collect();
    Error::Usage(format!(
        "there are {} relays on this network: {}; {}",
        found.len(),
        all.join(", "),
        advice.several
    ))
}

/// Asks which of several is meant.
fn ask(
    found: &[Found],
    advice: Advice,
    answers: &mut dyn BufRead,
    say: &mut dyn FnMut(&str),
) -> Result<Found, Error> {
    for (number, line) in table(found).lines().enumerate() {
        say(&format!("{:>3}  {line}\n", number + 1));
    }
    for _ in 0..MAX_QUESTIONS {
        say(&format!("Which relay? [1-{}] ", found.len()));
        let mut answer = String::new();
        if answers.read_line(&mut answer)? == 0 {
            break;
        }
        let number = answer.trim().parse::<usize>().ok();
        if let Some(chosen) = number.and_then(|number| found.get(number.checked_sub(1)?)) {
            return Ok(chosen.clone());
        }
    }
    Err(several(found, advice))
}

/// One line per relay.
fn table(found: &[Found]) -> String {
    let width =
        |of: fn(&Found) -> &str| found.iter().map(|relay| of(relay).chars().count()).max().unwrap_or(0);
    let (name, address) = (width(|relay| &relay.name), width(|relay| &relay.address));
    let mut text = String::new();
    for relay in found {
        let needs = match (relay.tls, relay.key) {
            (false, false) => "open",
            (true, false) => "TLS",
            (false, true) => "key",
            (true, true) => "TLS, key",
        };
        let page = relay.page.as_deref().unwrap_or_default();
        let line = format!("{:name$}  {:address$}  {needs:8}  {page}", relay.name, relay.address);
        let _ = writeln!(text, "{}", sanitize::line(line.trim_end())); // writing to a String cannot fail
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADVICE: Advice = Advice { none: "start one", several: "name one" };

    fn found(names: &[&str]) -> Vec<Found> {
        let relay = |(at, name): (usize, &&str)| Found {
            name: (*name).to_owned(),
            address: format!("192.0.2.{at}:6868"),
            addresses: Vec::new(),
            port: 6868,
            tls: at == 1,
            key: false,
            page: (at == 0).then(|| "http://192.0.2.0:6868/".to_owned()),
        };
        names.iter().enumerate().map(relay).collect()
    }

    fn asked(answers: &str) -> (Result<Found, Error>, String) {
        let mut said = String::new();
        let result = ask(&found(&["desk", "lab"]), ADVICE, &mut answers.as_bytes(), &mut |text| said += text);
        (result, said)
    }

    #[test]
    fn the_answer_chooses() {
        let (chosen, said) = asked("2\n");
        assert_eq!(chosen.unwrap().name, "lab");
        assert!(said.contains("  1  desk  192.0.2.0:6868  open      http://192.0.2.0:6868/\n"), "{said}");
        assert!(said.contains("  2  lab   192.0.2.1:6868  TLS\n"), "{said}");
        assert_eq!(asked("0\nx\n1\n").0.unwrap().name, "desk", "wrong answers are asked again");
    }

    #[test]
    fn without_an_answer_it_is_said_what_to_do() {
        for answers in ["", "3\n3\n3\n1\n"] {
            let error = asked(answers).0.unwrap_err().to_string();
            assert!(error.contains("192.0.2.1:6868 (lab)") && error.contains("name one"), "{error}");
        }
    }
}
