//! Tells a viewer where the relay's page for browsers is: a link, and a QR code for a phone, in a terminal and in the
//! window.

use serde::Serialize;
use tokio::runtime::Handle;

use super::{output::Output, share};
use crate::{
    address::Address,
    link::Link,
    view::{PageLink, Update, WindowHandle},
};

/// The event that names the page.
#[derive(Serialize)]
#[serde(tag = "event", rename = "page")]
struct PageEvent<'a> {
    url: &'a str,
}

/// Prints the link, and gives it to the window, once the relay has said that it has a page. It contains no
/// key: the page asks for it.
pub(super) fn tell(link: &Link, tls: bool, output: Output, window: WindowHandle, runtime: &Handle) {
    let (mut page, relay) = (link.page(), link.relay());
    runtime.spawn(async move {
        let Ok(port) = page.wait_for(Option::is_some).await.map(|port| *port) else { return };
        let Some((url, is_here)) = port.and_then(|port| url(&relay.borrow(), port, tls)) else { return };
        window.push(Update::Page(PageLink { url: url.clone(), is_here })); // a window that is gone shows nothing
        if share::draws_codes() && !is_here {
            output.drawing(share::qr_code(&url));
        }
        output.event(&PageEvent { url: &url }, Some(&format!("in a browser: {url}")));
    });
}

/// The link to the page at this port, and whether only this machine reaches it; port 0 is that of the relay.
fn url(host: &str, port: u16, tls: bool) -> Option<(String, bool)> {
    let mut relay: Address = host.parse().ok()?;
    if port > 0 {
        relay = relay.with_port(port);
    }
    let is_here = relay.host() == "localhost" || relay.literal().is_some_and(|addr| addr.ip().is_loopback());
    Some((relay.page(tls), is_here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_at_the_relays_port_or_another() {
        let is = |url: &str, is_here| Some((url.to_owned(), is_here));
        assert_eq!(url("desk.local", 0, false), is("http://desk.local:6868/", false));
        assert_eq!(url("192.168.1.7:7000", 8080, true), is("https://192.168.1.7:8080/", false));
        assert_eq!(url("::1", 0, false), is("http://[::1]:6868/", true));
        assert_eq!(url("localhost:1", 0, false), is("http://localhost:1/", true));
        assert_eq!(url("", 0, false), None);
    }
}
