//! `pulsecam demo`: relay, source and viewer in one process, over real sockets.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    Error,
    codec::CodecArgs,
    limit::Limit,
    link::{self, Patience},
    output::Output,
    runtime, send,
    show::{self, ShowArgs, Who},
    signal,
    source::SourceArgs,
};
use crate::{
    capture::Playback,
    link::{Role, State, connect},
    relay, view,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam demo                                  your camera, or a test picture
  pulsecam demo --source holiday/ --for 1m
  pulsecam demo --no-window --for 10s            lines instead of pictures";

/// How long the last picture stays.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// How long the links within this process may take to be up.
const UP_LIMIT: Duration = Duration::from_secs(2);

/// How long the two links may take to end.
const LEAVE_LIMIT: Duration = Duration::from_millis(250);

/// Loopback: a demonstration is nobody else's business.
const ADDRESS: &str = "127.0.0.1:0";

/// See it work: frames travel source → JPEG → link → relay → link → window, all on this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) show: ShowArgs,
    #[command(flatten)]
    pub(super) codec: CodecArgs,
    #[command(flatten)]
    pub(super) limit: Limit,
    #[command(flatten)]
    pub(super) patience: Patience,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_JSON")]
    pub(super) json: bool,
    /// Ends with its source, as a film does.
    #[arg(skip)]
    pub(super) ends: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let output = Output::new(args.json);
    let runtime = runtime(2)?;
    let mut signal = signal::listen(&runtime);
    let relay_stop = CancellationToken::new();
    let (relay, host) = runtime.block_on(async {
        let listener =
            relay::listen(ADDRESS).await.map_err(|source| Error::Listen { addr: ADDRESS.into(), source })?;
        let host = listener.local_addr()?.to_string();
        let config =
            relay::Config { events: args.json.then(|| output.listener()), ..relay::Config::default() };
        let relay = tokio::spawn(relay::run(listener, config, relay_stop.clone().cancelled_owned()));
        Ok::<_, Error>((relay, host))
    })?;
    let ((viewer, inbox), (sender, ignored)) = runtime.block_on(async {
        let viewer = connect(args.patience.config(host.as_str(), Role::Viewer)?).await?;
        let sender =
            connect(args.source.reported(args.patience.config(host.as_str(), Role::Sender)?)).await?;
        Ok::<_, Error>((viewer, sender))
    })?;
    let mut job = args.source.job(Limit::default(), args.codec.strips, &sender);
    if args.ends {
        job.name = args.source.film_name();
    }
    // Without anybody who could pause it, a film ends at its end.
    let film = (args.ends && !args.show.no_window)
        .then(|| view::Film { controls: Playback::default(), stream: job.name.clone() });
    let playback = film.as_ref().map(|film| film.controls.clone());
    let outgoing = runtime.block_on(async {
        link::discard(ignored);
        let outgoing = tokio::select! {
            opened = send::open_job(&args.source, &job, playback, &sender) => opened?,
            _ = &mut signal => return Err(Error::Stopped),
        };
        // A film's first frames would go by before anybody looks.
        for link in [&viewer, &sender] {
            let mut state = link.state();
            let up = state.wait_for(|state| matches!(state, State::Up { .. }));
            let _ = tokio::time::timeout(UP_LIMIT, up).await;
        }
        // The relay may have answered the sender before it knew the viewer.
        let mut viewers = sender.viewers();
        let seen = viewers.wait_for(|viewers| viewers.is_some_and(|viewers| viewers > 0));
        let _ = tokio::time::timeout(UP_LIMIT, seen).await;
        outgoing.begin();
        Ok(outgoing)
    })?;
    info!("others on this machine can join: pulsecam view {host}");
    let title = args.source.file_name().filter(|_| args.ends).map(|name| format!("pulsecam: {name}"));
    let title = title.as_deref().unwrap_or("pulsecam demo");
    let who = Who { film: film.clone(), ..Who::new(title, args.source.person(), signal) };
    let (over, ends, sent) = (who.over.clone(), args.ends, sender.clone());
    let failure = Arc::new(OnceLock::new());
    let failed = Arc::clone(&failure);
    let playing = runtime.spawn(async move {
        let mut outgoing = outgoing;
        outgoing.ended().await;
        if let Some(why) = outgoing.failure() {
            _ = failed.set(why); // once
        } else if !ends {
            return std::future::pending().await;
        }
        sent.settled().await;
        tokio::time::sleep(LAST_LOOK).await;
        over.cancel();
    });
    let shown = show::run(&args.show, args.codec, who, output, args.limit, &runtime, (&viewer, inbox));
    if let Some(film) = film {
        film.controls.close();
    }
    playing.abort();
    // It holds a link too, which would miss the relay.
    let _ = runtime.block_on(playing); // aborted, or over
    // Their connections go before the relay does: else each of them would report that it is gone.
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
