//! What a link's state comes to.

use pulsecam_net::link::{Down, Link, State};
use tokio::time::timeout;

use super::server::PATIENCE;

/// Waits until the relay has answered.
pub async fn up(link: &Link) {
    let answered = |state: &State| matches!(state, State::Up { rtt: Some(_), .. });
    timeout(PATIENCE, link.state().wait_for(answered)).await.expect("it comes up").unwrap();
}

/// Waits until it is down, and tells why.
pub async fn down(link: &Link) -> Down {
    let mut state = link.state();
    let state = timeout(PATIENCE, state.wait_for(|state| matches!(state, State::Down { .. }))).await;
    match &*state.expect("it goes down").unwrap() {
        State::Down { why, .. } => why.clone(),
        _ => unreachable!("waited for"),
    }
}
