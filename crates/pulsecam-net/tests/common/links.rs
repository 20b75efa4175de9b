//! Waiting for a link's state.

use pulsecam_net::link::{Down, Link, State};
use tokio::time::timeout;

use super::server::PATIENCE;

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
