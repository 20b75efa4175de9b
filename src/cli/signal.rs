//! When somebody wants us to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Completes at the first SIGINT (Ctrl-C) or SIGTERM.
pub(super) async fn stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the signals do what they always do.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
