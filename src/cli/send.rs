//! `pulsecam send`: stream a source.

use std::time::Duration;

use serde::Serialize;

use super::{
    Error,
    codec::CodecArgs,
    limit::Limit,
    link::{self, LinkArgs},
    output::Output,
    runtime, signal,
    source::SourceArgs,
    values,
};
use crate::{
    link::{Counters, Link, Role, State, connect},
    pipeline::{Counts, Job, Outgoing},
};

const EXAMPLES: &str = "\
Examples:
  pulsecam send desk.local                                  the first camera
  pulsecam send desk.local --source camera:C920 --size 1920x1080 --fps 30 --wait
  pulsecam send desk.local --set exposure=200 --set focus=0 (see: pulsecam cameras --controls)
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
    pub(super) link: LinkArgs,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) codec: CodecArgs,
    #[command(flatten)]
    pub(super) limit: Limit,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    pub(super) json: bool,
}

/// What is sent, once it is known.
#[derive(Serialize)]
#[serde(tag = "event", rename = "source")]
struct SourceEvent<'a> {
    source: &'a str,
}

/// What was sent in all.
#[derive(Serialize)]
#[serde(tag = "event", rename = "summary")]
struct Summary {
    captured: u64,
    damaged: u64,
    missed: u64,
    unseen: u64,
    still: u64,
    thinned: u64,
    cards: u64,
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
    runtime(1)?.block_on(async {
        let mut stop = std::pin::pin!(signal::stop());
        let config = args.source.reported(args.link.config(Role::Sender)?);
        let (link, inbox) = tokio::select! {
            connected = connect(config) => connected?,
            () = &mut stop => return Ok(()),
        };
        let reporting = link::report_with_advice(&link, output);
        link::discard(inbox);
        // Opened before anybody waits for the relay: what is wrong with it is told at once.
        let mut outgoing = tokio::select! {
            opened = open(&args.source, args.codec, args.limit, &link) => opened?,
            () = &mut stop => return Ok(()),
        };
        output.event(&SourceEvent { source: outgoing.description() }, None);
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
pub(super) async fn open(
    source: &SourceArgs,
    codec: CodecArgs,
    limit: Limit,
    link: &Link,
) -> Result<Outgoing, Error> {
    open_job(source, &source.job(limit, codec.strips, link), link).await
}

/// The same for a job with more to it.
pub(super) async fn open_job(source: &SourceArgs, job: &Job, link: &Link) -> Result<Outgoing, Error> {
    let outgoing = Outgoing::open(job, source.opener(), link::sink(link)).await?;
    tracing::info!("sending {} as {:?} to {}", outgoing.description(), job.name, link.host());
    Ok(outgoing)
}

fn summarize(output: Output, counts: Counts, counters: Counters) {
    let summary = Summary {
        captured: counts.captured,
        damaged: counts.damaged,
        missed: counts.missed,
        unseen: counts.unseen,
        still: counts.still,
        thinned: counts.thinned,
        cards: counts.cards,
        sent: counters.frames_sent.saturating_sub(counts.cards),
        passed_through: counts.passed_through,
        encoded: counts.encoded,
        failed: counts.failed,
        skipped_before_encoding: counts.skipped,
        replaced_before_sending: counters.frames_replaced,
        while_link_down: counters.frames_while_down,
    };
    let reasons = [
        (summary.unseen, "unseen because nobody viewed"),
        (summary.still, "the same as the one before"),
        (summary.thinned, "left out for a slow link"),
        (summary.skipped_before_encoding + summary.replaced_before_sending, "replaced by newer ones"),
        (summary.while_link_down, "while the link was down"),
        (summary.failed, "failed"),
    ];
    let reasons: Vec<_> =
        reasons.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let mut line = format!("sent {} of {} frames{reasons}", summary.sent, summary.captured);
    if summary.cards > 0 {
        line += &format!("; {} cards in place of a picture", summary.cards);
    }
    if summary.damaged + summary.missed > 0 {
        line += &format!("; the camera lost {} and damaged {}", summary.missed, summary.damaged);
    }
    output.event(&summary, Some(&line));
}
