//! Links by which browsers open a relay's page for viewing only.

use std::io::{self, IsTerminal};

use super::{
    Error,
    output::{print, print_for_good},
    screen::Capability,
};
use crate::{address::Address, auth::Key, qr};

/// What a link opens.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) relay: Address,
    /// Whether the relay is reached through TLS.
    pub(crate) tls: bool,
    /// The key to the room.
    pub(crate) key: Key,
    /// The only stream that is shown; without it, the page with all of them.
    pub(crate) stream: Option<String>,
}

/// Prints a link; in a terminal, with a QR code for a phone.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let link = link(options);
    if draws_codes() {
        qr_code(&link).iter().try_for_each(|line| print(line))?;
    }
    print_for_good(&link)
}

/// Whether standard output is a terminal that can draw.
pub(super) fn draws_codes() -> bool {
    io::stdout().is_terminal() && Capability::of_terminal() == Capability::Colour
}

/// The lines of a QR code; none if the text is too long.
pub(super) fn qr_code(text: &str) -> Vec<String> {
    qr::Code::new(text).map_or_else(Vec::new, |code| code.lines().collect())
}

fn link(options: &Options) -> String {
    let path = options.stream.as_ref().map_or_else(String::new, |name| format!("view/{}", escaped(name)));
    let page = options.relay.page(options.tls);
    format!("{page}{path}?token={}", options.key.view_token())
}

/// Escapes all of a name that has a meaning in a URL, or is not ASCII.
fn escaped(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_the_relay_and_the_stream_and_not_the_key() {
        let of = |relay: &str, tls, stream: Option<&str>| {
            let key = Key::new("sixteen letters.").unwrap();
            let token = key.view_token();
            let stream = stream.map(str::to_owned);
            let link = link(&Options { relay: relay.parse().unwrap(), tls, key, stream });
            assert!(!link.contains("sixteen"), "{link}");
            link.strip_suffix(&format!("?token={token}")).unwrap().to_owned()
        };
        assert_eq!(of("desk.local", false, None), "http://desk.local:6868/");
        assert_eq!(of("192.0.2.1:7000", true, None), "https://192.0.2.1:7000/");
        assert_eq!(of("::1", false, Some("door")), "http://[::1]:6868/view/door");
        assert_eq!(of("fe80::2%eth0", false, None), "http://[fe80::2%25eth0]:6868/");
        assert_eq!(
            of("desk.local", false, Some("门 1/2?#%")),
            "http://desk.local:6868/view/%E9%97%A8%201%2F2%3F%23%25"
        );
    }
}
