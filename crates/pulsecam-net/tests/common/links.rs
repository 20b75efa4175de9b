//! Links that are up, and what they say and bring.

use pulsecam_net::link::{self, Down, Inbox, Link, Received, State};
use tokio::time::timeout;

use super::server::PATIENCE;

/// A link that is up.
pub async fn connect(config: link::Config) -> (Link, Inbox) {
    let (link, inbox) = link::connect(config).await.unwrap();
    up(&link).await;
    (link, inbox)
}

/// Waits until the number of viewers is this.
pub async fn viewers(link: &Link, wanted: u32) {
    let mut viewers = link.viewers();
    let seen = timeout(PATIENCE, viewers.wait_for(|viewers| *viewers == Some(wanted))).await;
    assert!(seen.is_ok(), "{:?} instead of {wanted}", *link.viewers().borrow());
}

/// The next thing in an inbox.
pub async fn next(inbox: &mut Inbox) -> Received {
    timeout(PATIENCE, inbox.recv()).await.expect("it comes").unwrap().item
}

/// The next texts of an inbox, up to the one with these words.
pub async fn texts_until(inbox: &mut Inbox, last: &str) -> Vec<String> {
    let mut heard: Vec<String> = Vec::new();
    while heard.last().is_none_or(|text| text != last) {
        let received = next(inbox).await;
        heard.extend(received.message.text_content().map(|text| text.to_text_lossy()));
    }
    heard
}

/// Waits until the relay has answered a heartbeat.
pub async fn up(link: &Link) {
    let answered = |state: &State| matches!(state, State::Up { rtt: Some(_), .. });
    timeout(PATIENCE, link.state().wait_for(answered)).await.expect("it comes up").unwrap();
}

/// Waits until the link is down, and returns why.
pub async fn down(link: &Link) -> Down {
    let mut state = link.state();
    let state = timeout(PATIENCE, state.wait_for(|state| matches!(state, State::Down { .. }))).await;
    match &*state.expect("it goes down").unwrap() {
        State::Down { why, .. } => why.clone(),
        _ => unreachable!("waited for"),
    }
}
