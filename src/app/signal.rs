//! When somebody wants us to stop, or to read our settings again.

use std::pin::Pin;

use tokio::runtime::Runtime;

/// A signal that asks for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is none"))]
    Terminate,
}

impl Stop {
    /// With which a shell reports a program that the signal ended: 128 and the signal's number.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// [`stop`], for a command that waits for several things one after the other.
pub(crate) type Stopping = Pin<Box<dyn Future<Output = Stop> + Send>>;

/// [`stop`], from here on.
pub(crate) fn listen(runtime: &Runtime) -> Stopping {
    let _inside = runtime.enter();
    Box::pin(stop())
}

/// Completes at the first SIGINT (Ctrl-C) or SIGTERM.
/// Listens from the call on, not only from the first poll.
#[cfg(unix)]
pub(crate) fn stop() -> impl Future<Output = Stop> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            // Without handlers the signals do what they always do.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => Stop::Interrupt,
            _ = terminate.recv() => Stop::Terminate,
        }
    }
}

/// Completes at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn stop() -> Stop {
    if tokio::signal::ctrl_c().await.is_err() {
        return std::future::pending().await;
    }
    Stop::Interrupt
}

/// From now on SIGINT and SIGTERM end the program also if it is the first process of a container: to that one they do nothing by
/// themselves. For commands that do not listen for them: everywhere else they die of the signal, which a shell's loop notices.
pub(crate) fn end_first_process() {
    #[cfg(unix)]
    if std::process::id() == 1 {
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                let stop = runtime.block_on(async { stop().await });
                std::process::exit(stop.exit_code().into());
            }
        });
    }
}

/// Each SIGHUP.
pub(crate) struct Reloads(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

/// Listens from the call on, and from then on the program does not die of the signal. One that was started in a terminal does: there
/// it means that the terminal is gone.
pub(crate) fn reloads() -> Reloads {
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
    pub(crate) async fn next(&mut self) {
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
pub(crate) fn exit_with_input() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink()); // an error is an end too
        std::process::exit(0)
    });
}
