//! Latency from light to light: a camera films our window, and the window shows what it films.
//!
//! The window shows a sheet of stamps ([`fiducial`](super::fiducial)) and notes when the display had each. The
//! camera's pictures go through source, encoder, link, relay, link and decoder, as always, and then to the
//! window. The newest stamp in a picture says when its light left the display:
//!
//! ```text
//!            display and camera                     our own part
//! light ────────────────────────► captured ──────────────────────────► presented
//!   ▲                                                                      │
//!   └──────────────────── the whole, by one clock ─────────────────────────┘
//! ```
//!
//! Both ends of the whole are the moment at which the display was given a picture. The display's own delay comes
//! after each of them, and cancels out.

mod board;
mod film;
mod guide;
mod reader;
mod report;
mod samples;
mod screen_log;
mod session;
#[cfg(all(unix, not(target_os = "macos")))]
mod simulated;
mod tap;
mod viewer;
mod window;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, runtime::Handle as Runtime, time};
use tokio_util::sync::CancellationToken;

#[cfg(all(unix, not(target_os = "macos")))]
pub use self::simulated::Simulation;
pub use self::{
    film::{Compared, compare},
    guide::Obstacle,
    report::{Check, Error, Figures, Known, Plan, Report},
};
use self::{
    reader::Reader,
    session::{Phase, Session},
    tap::Tap,
    viewer::{GlassViewer, Measured},
    window::{End, Event},
};
use crate::{
    capture::{self, Source, Transformed},
    i18n::Translations,
    link::{self, Link, Role, State},
    pipeline::{self, Job, Outgoing},
    relay,
};

/// Maximum time for a relay's first answer.
const CONNECTING: Duration = Duration::from_secs(10);

/// Interval at which the state of the measurement is looked at.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Opens a source on the thread that reads it.
pub type Open = Box<dyn FnMut() -> Result<Box<dyn Source>, capture::Error> + Send>;

/// The camera to measure.
pub enum Camera {
    /// At this machine.
    Here(Open),
    /// At another machine, which runs `pulsecam send`.
    Remote,
    /// Simulated.
    #[cfg(all(unix, not(target_os = "macos")))]
    Simulated(Simulation),
}

/// The path to measure.
pub struct Route<'a> {
    /// A running relay; `None` starts one in this process.
    pub via: Option<String>,
    /// The camera.
    pub camera: Camera,
    /// Width and height of the window in pixels.
    pub window: (usize, usize),
    /// The texts of the window.
    pub words: &'a Translations,
}

/// Measures, with a window, which must be on this thread.
///
/// # Errors
/// See [`Error`].
pub fn run(plan: Plan, way: Route<'_>, runtime: &Runtime) -> Result<Report, Error> {
    let session = Arc::new(Session::new(Instant::now()));
    let (reader, (window, events)) = (Reader::default(), mpsc::channel());
    reader::start(reader.clone(), Arc::clone(&session))?;
    let parts = Parts { plan, session: Arc::clone(&session), reader: reader.clone(), window };
    let ended = Arc::new(Mutex::new(Ok(())));
    let stage = runtime.block_on(parts.connect(way.via, way.camera))?;
    let camera = stage.outgoing.as_ref().map(|outgoing| outgoing.description().to_owned());
    let conducted = runtime.spawn({
        let ended = Arc::clone(&ended);
        async move {
            let end = conduct(&parts, stage).await;
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = end;
            let _ = parts.window.send(Event::Stop); // it may have been closed
        }
    });
    let end = window::run(way.window, way.words, &session, &events);
    reader.end();
    conducted.abort();
    let end = end?;
    std::mem::replace(&mut *ended.lock().unwrap_or_else(PoisonError::into_inner), Ok(()))?;
    let mut state = session.state();
    if end == End::Closed && state.phase == Phase::Searching {
        return Err(Error::Closed);
    }
    let (width, height) = state.size;
    let samples = std::mem::take(&mut state.samples);
    let figures = samples.figures(&state.log);
    if figures.frames == 0 {
        return Err(Error::Nothing);
    }
    Ok(Report {
        camera: camera.unwrap_or_else(|| state.stream.clone()),
        width,
        height,
        figures,
        steps: state.steps.steps(),
        clock_within_ms: state.within.map(|within| within.as_secs_f64() * 1000.0),
    })
}

/// Waits until the sheet is read dependably, and then for the time of the measurement.
async fn conduct(parts: &Parts, mut stage: Stage) -> Result<(), Error> {
    let Plan { time, search, .. } = parts.plan;
    let begin = Instant::now();
    let mut tick = time::interval(CHECK_INTERVAL);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            reason = stage.ended() => return Err(Error::Stopped(reason)),
        }
        let now = Instant::now();
        let mut state = parts.session.state();
        let phase = state.phase;
        match phase {
            Phase::Searching if state.guide.is_steady() => state.measure(now + time),
            Phase::Searching if now.duration_since(begin) >= search => {
                let obstacle = state.guide.obstacle(now).unwrap_or(Obstacle::Blurred);
                return Err(Error::NotFound { within: search, obstacle });
            }
            Phase::Measuring { until } if now >= until || state.samples.is_full() => return Ok(()),
            Phase::Searching | Phase::Measuring { .. } => {}
        }
    }
}

/// What is needed to connect camera, relay and viewer.
struct Parts {
    plan: Plan,
    session: Arc<Session>,
    reader: Reader,
    window: mpsc::Sender<Event>,
}

/// Running camera, relay and viewer; they stop when this is dropped.
struct Stage {
    _viewer: Link,
    _sender: Option<Link>,
    outgoing: Option<Outgoing>,
    relay: CancellationToken,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.relay.cancel();
    }
}

impl Stage {
    /// Waits for the end of the camera; returns the reason.
    async fn ended(&mut self) -> String {
        match &mut self.outgoing {
            Some(outgoing) => {
                outgoing.ended().await;
                outgoing.failure().unwrap_or_else(|| "there are no more pictures".into())
            }
            None => std::future::pending().await,
        }
    }
}

impl Parts {
    async fn connect(&self, via: Option<String>, camera: Camera) -> Result<Stage, Error> {
        let relay = CancellationToken::new();
        let host = match via {
            Some(host) => host,
            None => {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                let host = listener.local_addr()?.to_string();
                let config = relay::Config::default();
                tokio::spawn(relay::run(listener, config, relay.clone().cancelled_owned()));
                host
            }
        };
        let name = format!("glass-{}", std::process::id());
        let is_remote = matches!(camera, Camera::Remote);
        let (viewer, inbox) = up(link::Config::new(host.as_str()), &host).await?;
        let audience = GlassViewer {
            measured: if is_remote { Measured::Any } else { Measured::Own(name.clone()) },
            strips: self.plan.strips,
            window: self.window.clone(),
            reader: self.reader.clone(),
            session: Arc::clone(&self.session),
            lent: VecDeque::new(),
        };
        pipeline::receive(&viewer, inbox, audience)?;
        if is_remote {
            return Ok(Stage { _viewer: viewer, _sender: None, outgoing: None, relay });
        }
        let config = link::Config::new(host.as_str()).with(|config| config.role = Role::Sender);
        let (sender, mut ignored) = up(config, &host).await?;
        tokio::spawn(async move { while ignored.recv().await.is_some() {} });
        let job = Job { quality: self.plan.quality, name, strips: self.plan.strips, ..Job::default() };
        let link = sender.clone();
        let sink = move |info, jpeg| link.send_frame(info, jpeg);
        let outgoing = Outgoing::open(&job, self.tap(camera), sink).await?;
        outgoing.begin();
        Ok(Stage { _viewer: viewer, _sender: Some(sender), outgoing: Some(outgoing), relay })
    }

    /// Opens the camera, and gives its pictures to the reader too.
    fn tap(&self, camera: Camera) -> Open {
        let (session, reader) = (Arc::clone(&self.session), self.reader.clone());
        let mut open = self.open(camera);
        Box::new(move || {
            let source = open()?;
            let tap = Tap { reader: reader.clone(), session: Arc::clone(&session) };
            Ok(Box::new(Transformed::new(source, tap)) as Box<dyn Source>)
        })
    }

    fn open(&self, camera: Camera) -> Open {
        match camera {
            Camera::Here(open) => open,
            Camera::Remote => Box::new(|| Err(capture::Error::NoCamera)),
            #[cfg(all(unix, not(target_os = "macos")))]
            Camera::Simulated(simulation) => {
                let session = Arc::clone(&self.session);
                Box::new(move || {
                    let camera = simulated::SimulatedCamera::new(simulation, Arc::clone(&session))?;
                    Ok(Box::new(camera) as Box<dyn Source>)
                })
            }
        }
    }
}

/// Connects, and waits until the relay has answered.
async fn up(config: link::Config, host: &str) -> Result<(Link, link::Inbox), Error> {
    let (link, inbox) = link::connect(config).await?;
    let mut state = link.state();
    let up = state.wait_for(|state| matches!(state, State::Up { .. }));
    let _ = time::timeout(CONNECTING, up).await.map_err(|_| Error::NoRelay(host.to_owned()))?;
    Ok((link, inbox))
}
