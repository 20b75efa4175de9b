//! Runs relay, source and viewer in one process, over real sockets.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    Error,
    limit::Limit,
    link::{self, Target},
    output::Output,
    relay_event::SettingName,
    runtime, send,
    show::{self, WindowTitle},
    signal, source,
};
use crate::{
    capture::Playback,
    link::{Role, State, connect},
    relay, view,
};

/// How long the last picture stays visible.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// Time to wait for the links within this process to be up.
const UP_LIMIT: Duration = Duration::from_secs(2);

/// Time to wait for the two links to end.
const LEAVE_LIMIT: Duration = Duration::from_millis(250);

/// Loopback: other machines must not join a demonstration.
const ADDRESS: &str = "127.0.0.1:0";

/// What to send and show.
pub(crate) struct Options {
    pub(crate) source: source::Options,
    pub(crate) show: show::Options,
    /// Timeouts of the links; the relay is one of our own.
    pub(crate) target: Target,
    /// Names a setting of the relay.
    pub(crate) setting_name: SettingName,
    pub(crate) purpose: Purpose,
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A demonstration, which others on this machine can join.
    Demonstration,
    /// A film: ends with its source.
    Film,
    /// A camera, before it is shown to others.
    Preview,
}

/// Runs relay, source and viewer until the window is closed, the limit is reached, or a signal comes.
///
/// # Errors
/// Those of [`send::run`] and [`show::run`].
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let Options { source, show, target, setting_name, purpose } = options;
    let (output, ends) = (Output::new(show.json), *purpose == Purpose::Film);
    let runtime = runtime(2)?;
    let mut signal = signal::listen(&runtime);
    let relay_stop = CancellationToken::new();
    let (relay, host) = runtime.block_on(async {
        let listener =
            relay::listen(ADDRESS).await.map_err(|source| Error::Listen { addr: ADDRESS.into(), source })?;
        let host = listener.local_addr()?.to_string();
        let config = relay::Config::default().with(|config| {
            config.events = show.json.then(|| output.listener(*setting_name));
            config.setting_name = Some(*setting_name);
        });
        let relay = tokio::spawn(relay::run(listener, config, relay_stop.clone().cancelled_owned()));
        Ok::<_, Error>((relay, host))
    })?;
    let ((viewer, inbox), (sender, ignored)) = runtime.block_on(async {
        let config = |role| {
            target.config.clone().with(|config| {
                config.host = host.clone();
                config.role = role;
            })
        };
        let viewer = connect(config(Role::Viewer)).await?;
        let sender = connect(source.reported(config(Role::Sender))).await?;
        Ok::<_, Error>((viewer, sender))
    })?;
    let mut job = source.job(Limit::default(), show.codec.strips, &sender);
    if ends {
        job.name = source.film_name();
    }
    // Without a window in which to pause it, a film stops at its end.
    let film = (ends && !show.no_window)
        .then(|| view::FilmOptions { controls: Playback::default(), stream: job.name.clone() });
    let playback = film.as_ref().map(|film| film.controls.clone());
    let outgoing = runtime.block_on(async {
        link::discard(ignored);
        let outgoing = tokio::select! {
            opened = send::open(source, &job, playback, &sender) => opened?,
            _ = &mut signal => return Err(Error::Stopped),
        };
        // Otherwise a film's first frames would be sent before the viewer is there.
        for link in [&viewer, &sender] {
            let mut state = link.state();
            let up = state.wait_for(|state| matches!(state, State::Up { .. }));
            let _ = tokio::time::timeout(UP_LIMIT, up).await;
        }
        // The relay may have answered the sender before the viewer joined.
        let mut viewers = sender.viewers();
        let seen = viewers.wait_for(|viewers| viewers.is_some_and(|viewers| viewers > 0));
        let _ = tokio::time::timeout(UP_LIMIT, seen).await;
        outgoing.begin();
        Ok(outgoing)
    })?;
    if *purpose != Purpose::Preview {
        info!("others on this machine can join: pulsecam view {host}");
    }
    let title = match purpose {
        Purpose::Demonstration => "pulsecam demo".to_owned(),
        Purpose::Film => format!("pulsecam: {}", source.file_name().unwrap_or_else(|| "film".into())),
        Purpose::Preview => format!("pulsecam: {}", source.name()),
    };
    let who = WindowTitle { film: film.clone(), ..WindowTitle::new(&title, source.person(), signal) };
    let (over, sent) = (who.over.clone(), sender.clone());
    let failure = Arc::new(OnceLock::new());
    let failed = Arc::clone(&failure);
    let playing = runtime.spawn(async move {
        let mut outgoing = outgoing;
        outgoing.ended().await;
        if let Some(why) = outgoing.failure() {
            _ = failed.set(why); // set only here
        } else if !ends {
            return std::future::pending().await;
        }
        sent.settled().await;
        tokio::time::sleep(LAST_LOOK).await;
        over.cancel();
    });
    let shown = show::run(show, who, output, target.advice, &runtime, (&viewer, inbox));
    if let Some(film) = film {
        film.controls.close();
    }
    playing.abort();
    // It holds a link too, which would report that the relay is gone.
    let _ = runtime.block_on(playing); // aborted, or done
    // The links end before the relay: otherwise each of them would report that the relay is gone.
    let links = [sender.state(), viewer.state()];
    drop((sender, viewer));
    let ended = async {
        for mut state in links {
            while state.changed().await.is_ok() {}
        }
    };
    let _ = runtime.block_on(async { tokio::time::timeout(LEAVE_LIMIT, ended).await });
    relay_stop.cancel();
    runtime.block_on(relay).map_err(std::io::Error::from)??;
    failure.get().map_or(shown, |why| Err(Error::SourceFailed(why.clone())))
}
