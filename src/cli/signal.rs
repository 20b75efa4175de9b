//! When somebody wants us to stop, or to read our settings again.

/// Completes at the first SIGINT (Ctrl-C) or SIGTERM.
/// Listens from the call on, not only from the first poll.
#[cfg(unix)]
pub(super) fn stop() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            // Without handlers the signals do what they always do.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Completes at Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// Each SIGHUP.
pub(super) struct Reloads(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

/// Listens from the call on, and from then on the program does not die of the signal. One that was started in a terminal does: there
/// it means that the terminal is gone.
pub(super) fn reloads() -> Reloads {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let of_terminal = std::io::IsTerminal::is_terminal(&std::io::stdin());
        Reloads(if of_terminal { None } else { signal(SignalKind::hangup()).ok() }) // without a handler the signal does what it always does
    }
    #[cfg(not(unix))]
    Reloads()
}

impl Reloads {
    /// Completes at the next one. Dropping the future loses none.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// From now on the program ends when its standard input does: whoever started it is gone.
pub(super) fn exit_with_input() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink()); // an error is an end too
        std::process::exit(0)
    });
}
