//! Disconnects a client, and may keep its address out for a while.

use std::time::Duration;

use hyper::StatusCode;

use super::{
    answer::Client,
    query::parameter,
    response::{Answer, line},
};
use crate::relay::{admission::network, members::Dismissal};

/// The longest time for which an address can be kept out. Addresses change hands.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Disconnects the client with this number, which gets the reason. `query`: how long its address is kept out.
pub(super) fn kick(id: &str, query: &str, client: &Client<'_>) -> Answer {
    let Ok(id) = id.parse::<u64>() else {
        return line(StatusCode::BAD_REQUEST, "a client's number is expected");
    };
    let time = match parameter(query, "for").map(|time| read(&time)) {
        None => None,
        Some(Some(time)) => Some(time),
        Some(None) => {
            return line(StatusCode::BAD_REQUEST, "for= has to be a time as 600, 10m or 2h, of at most 7d");
        }
    };
    let rooms = client.server.rooms();
    let member = rooms.iter().find_map(|room| room.members().iter().find(|member| member.id == id).cloned());
    let Some(member) = member else {
        return line(StatusCode::NOT_FOUND, "there is no client with this number");
    };
    let address = member.addr.ip();
    if let Some(time) = time {
        if !client.is_operator && network(address) == network(client.addr.ip()) {
            let words = "this client has the same address as you: you would keep yourself out";
            return line(StatusCode::CONFLICT, words);
        }
        // Before it is disconnected: it may reconnect at once.
        client.server.keep_out(address, time);
    }
    member.dismiss(Dismissal::Kicked);
    match time {
        None => line(StatusCode::OK, "disconnected"),
        Some(time) => {
            let time = humantime::format_duration(time);
            line(StatusCode::OK, &format!("disconnected; {} is kept out for {time}", network(address)))
        }
    }
}

/// Reads a time: seconds, or a number with a unit. `None` if it is none or not a sensible one.
fn read(text: &str) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = if is_number {
        text.parse().map(Duration::from_secs).ok()
    } else {
        humantime::parse_duration(text).ok()
    };
    time.filter(|time| *time >= Duration::from_secs(1) && *time <= LONGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_is_seconds_or_has_a_unit() {
        for (text, seconds) in [("600", 600), ("10m", 600), ("1h 30s", 3630), ("7d", 604_800)] {
            assert_eq!(read(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "0s", "10ms", "8d", "-1", "+1", "1e3", "soon", "18446744073709551616", "十分"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "[0-9a-z .+-]{0,40}|\\PC{0,40}") {
            prop_assert!(read(&text).is_none_or(|time| time <= LONGEST && !time.is_zero()));
        }
    }
}
