//! Signals that stop the program, or make it reload its settings.

use std::pin::Pin;

use tokio::runtime::Runtime;

/// A signal that stops the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is none"))]
    Terminate,
}

impl Stop {
    /// The exit status by which a shell reports a program killed by the signal: 128 plus the signal's number.
    #[cfg(unix)]
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// [`stop`] as a type, for a command that waits for several things in turn.
pub(crate) type Stopping = Pin<Box<dyn Future<Output = Stop> + Send>>;

/// [`stop`], listening from this call on.
pub(crate) fn listen(runtime: &Runtime) -> Stopping {
    let _inside = runtime.enter();
    Box::pin(stop())
}

/// Completes at the first SIGINT (Ctrl-C) or SIGTERM.
///
/// Listens from the call on, not only from the first poll.
#[cfg(unix)]
pub(crate) fn stop() -> impl Future<Output = Stop> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            // Without handlers, the signals have their default effect.
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

/// Makes SIGINT and SIGTERM end the program if it is the first process of a container, which they would not
/// do by default.
///
/// For commands that do not handle signals: everywhere else, the signal kills them, which a shell's loop
/// notices.
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

/// A stream of SIGHUP signals.
pub(crate) struct Reloads(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

/// Listens from the call on; from then on, the signal does not kill the program.
///
/// If standard input is a terminal, it still does: there, the signal means that the terminal is gone.
pub(crate) fn reloads() -> Reloads {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let of_terminal = std::io::IsTerminal::is_terminal(&std::io::stdin());
        Reloads(if of_terminal { None } else { signal(SignalKind::hangup()).ok() }) // without a handler, the signal has its default effect
    }
    #[cfg(not(unix))]
    Reloads()
}

impl Reloads {
    /// Completes at the next signal. Dropping the future loses none.
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

/// Ends the program when its standard input ends, because its parent process is gone.
pub(crate) fn exit_with_input() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink()); // an error ends it too
        std::process::exit(0)
    });
}
