//! Shows what the others stream.

use super::{
    Error,
    link::{self, Target},
    name,
    output::Output,
    runtime,
    show::{self, WindowTitle},
    signal, view_page,
};

/// What to show, and from which relay.
pub(crate) struct Options {
    pub(crate) target: Target,
    /// The user's name, as shown to others.
    pub(crate) name: Option<String>,
    pub(crate) show: show::Options,
}

/// Shows until the window is closed, the limit is reached, or a signal comes.
///
/// # Errors
/// Those of [`show::run`].
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let Options { target, name, show } = options;
    let output = Output::new(show.json);
    let runtime = runtime(1)?;
    let mut signal = signal::listen(&runtime);
    let (link, inbox) = runtime.block_on(link::open(target.config.clone(), &mut signal))?;
    view_page::tell(&link, target.config.tls.is_some(), output, runtime.handle());
    let title = format!("pulsecam: {}", target.config.host);
    let name = name.clone().unwrap_or_else(name::own_name);
    let who = WindowTitle::new(&title, name, signal);
    show::run(show, who, output, target.advice, &runtime, (&link, inbox))
}
