//! `pulsecam send`: stream a source.

use std::time::Duration;

use serde::Serialize;

use super::{
    Error,
    link::{self, LinkArgs},
    output::Output,
    runtime, signal, values,
};
use crate::{
    capture::{Settings, Source, Spec},
    link::{Counters, Link, State, connect},
    pipeline::{Counts, Job, Outgoing},
};

const EXAMPLES: &str = "\
Examples:
  pulsecam send desk.local                                  the first camera
  pulsecam send desk.local --source pattern --size 640x480
  pulsecam send desk.local --source holiday/                photos, in motion
  pulsecam send desk.local --source clip.mjpeg --fps 25
  ffmpeg -re -i film.mkv -f mjpeg - | pulsecam send desk.local --source -";

/// How long a last frame may take to leave at the end.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);

/// Stream a camera, a pattern, photos, a file or a pipe.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    limit: Limit,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// What to stream.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Source")]
pub(super) struct SourceArgs {
    /// camera[:N|:NAME], pattern, a photo, a folder of photos, an MJPEG file, shots/%04d.jpg, or - for MJPEG on standard
    /// input [default: camera where there is one, else pattern]
    #[arg(long, value_name = "S", env = "PULSECAM_SOURCE")]
    source: Option<Spec>,
    /// Size in pixels; JPEG that has another is decoded and scaled
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: Option<(usize, usize)>,
    /// Frames a second
    #[arg(long, value_name = "N", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: Option<f64>,
    /// JPEG quality from 1 to 100 [default: 80; JPEG that comes in stays as it is]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: Option<u8>,
    /// The stream's name for the others [default: user@host]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    /// Begin again at the end of a file
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_REPEAT")]
    repeat: bool,
}

/// When to end.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Limit {
    /// End after this time
    #[arg(long = "for", value_name = "TIME", value_parser = values::some_time, env = "PULSECAM_FOR")]
    pub(super) time: Option<Duration>,
    /// End after so many frames
    #[arg(long, value_name = "N", env = "PULSECAM_FRAMES")]
    pub(super) frames: Option<u64>,
}

impl Limit {
    /// Completes once the time is over, for who waits for something that may never come; never without a limit.
    pub(super) async fn time_is_over(self) {
        match self.time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    }
}

impl SourceArgs {
    fn opener(&self) -> impl FnOnce() -> Result<Box<dyn Source>, crate::capture::Error> + Send + use<> {
        let spec = self.source.clone().unwrap_or_else(Spec::default_here);
        let settings = Settings { size: self.size, fps: self.fps, repeat: self.repeat };
        move || spec.open(&settings)
    }

    fn job(&self, limit: Limit) -> Job {
        Job {
            quality: self.quality,
            name: self.name.clone().unwrap_or_else(values::own_name),
            frames: limit.frames,
            time: limit.time,
        }
    }
}

/// What was sent in all.
#[derive(Serialize)]
#[serde(tag = "event", rename = "summary")]
struct Summary {
    captured: u64,
    sent: u64,
    passed_through: u64,
    encoded: u64,
    failed: u64,
    skipped_before_encoding: u64,
    replaced_before_sending: u64,
    while_link_down: u64,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let output = Output::new(args.json);
    runtime()?.block_on(async {
        let mut stop = std::pin::pin!(signal::stop());
        let (link, inbox) = connect(args.link.config()?).await?;
        let reporting = link::report(&link, output);
        link::discard(inbox);
        // Opened before anybody waits for the relay: what is wrong with it is told at once.
        let mut outgoing = tokio::select! {
            opened = open(&args.source, args.limit, &link) => opened?,
            () = &mut stop => return Ok(()),
        };
        tokio::select! {
            () = stream(&link, &mut outgoing) => {}
            () = args.limit.time_is_over() => {}
            () = &mut stop => {}
        }
        drop(reporting);
        summarize(output, outgoing.counts(), link.counters());
        Ok(())
    })
}

/// From the first connection to the source's end. A file would be half over before a link that takes a moment is up:
/// frames do not wait, sources can.
async fn stream(link: &Link, outgoing: &mut Outgoing) {
    let mut state = link.state();
    let _ = state.wait_for(|state| matches!(state, State::Up { .. })).await;
    outgoing.begin();
    outgoing.ended().await;
    // Where the link is down there is nothing left worth waiting for.
    let _ = tokio::time::timeout(SETTLE_LIMIT, link.settled()).await;
}

/// Opens the source and joins it to the link.
pub(super) async fn open(source: &SourceArgs, limit: Limit, link: &Link) -> Result<Outgoing, Error> {
    let job = source.job(limit);
    let outgoing = Outgoing::open(&job, source.opener(), link::sink(link)).await?;
    tracing::info!("sending {} as {:?} to {}", outgoing.description(), job.name, link.host());
    Ok(outgoing)
}

fn summarize(output: Output, counts: Counts, counters: Counters) {
    let summary = Summary {
        captured: counts.captured,
        sent: counters.frames_sent,
        passed_through: counts.passed_through,
        encoded: counts.encoded,
        failed: counts.failed,
        skipped_before_encoding: counts.skipped,
        replaced_before_sending: counters.frames_replaced,
        while_link_down: counters.frames_while_down,
    };
    let line = format!(
        "sent {} of {} frames ({} replaced by newer ones, {} while the link was down, {} failed)",
        summary.sent,
        summary.captured,
        summary.skipped_before_encoding + summary.replaced_before_sending,
        summary.while_link_down,
        summary.failed
    );
    output.event(&summary, Some(&line));
}
