//! Sends a source's frames to a relay.

use std::time::Duration;

use serde::Serialize;

use super::{
    Error,
    limit::{EndReason, Limit},
    link::{self, Reached, Target},
    output::Output,
    runtime, signal, source,
};
use crate::{
    capture::Playback,
    jpeg::Strips,
    link::{Link, LinkCounters, State},
    pipeline::{Job, Outgoing, SourceCounts},
};

/// Longest time to wait at the end for the last frame to be sent.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);

/// What to send, to which relay, and for how long.
pub(crate) struct Options {
    pub(crate) target: Target,
    pub(crate) source: source::Options,
    pub(crate) strips: Strips,
    pub(crate) limit: Limit,
    pub(crate) json: bool,
}

/// The source, once it is open.
#[derive(Serialize)]
#[serde(tag = "event", rename = "source")]
struct SourceEvent<'a> {
    source: &'a str,
}

/// Totals of frames.
///
/// `captured` plus `cards` is the sum of all other counts except `damaged`, `repaired`, `missed`, `outages`,
/// and the two that say how pictures became JPEG (`passed_through`, `encoded`).
#[derive(Serialize)]
#[serde(tag = "event", rename = "summary")]
struct Summary {
    captured: u64,
    damaged: u64,
    repaired: u64,
    missed: u64,
    outages: u64,
    unseen: u64,
    still: u64,
    thinned: u64,
    cards: u64,
    sent: u64,
    cards_sent: u64,
    passed_through: u64,
    encoded: u64,
    failed: u64,
    skipped_before_encoding: u64,
    replaced_before_sending: u64,
    while_link_down: u64,
    too_large: u64,
    left_over: u64,
    /// Why nothing was sent, if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    nothing: Option<String>,
    /// Why the source ended, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// Sends until the source ends, the limit is reached, or a signal comes.
///
/// # Errors
/// [`Error::Nothing`] if nothing was sent; [`Error::SourceFailed`] if the source failed midway.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let Options { target, source, strips, limit, json } = options;
    let output = Output::lasting(*json);
    let runtime = runtime(1)?;
    let mut signal = signal::listen(&runtime);
    runtime.block_on(async {
        let config = source.reported(target.config.clone());
        let (link, inbox) = link::open(config, &mut signal).await?;
        let reached = Reached::watch(&link, runtime.handle(), target.advice);
        let reporting = link::report_with_advice(&link, output, target.advice);
        link::discard(inbox);
        // The source is opened before waiting for the relay, so that its errors are reported at once.
        let job = source.job(*limit, *strips, &link);
        let mut outgoing = tokio::select! {
            opened = open(source, &job, None, &link) => opened?,
            _ = &mut signal => return Ok(()),
        };
        let source = outgoing.description().to_owned();
        output.event(&SourceEvent { source: &source }, None);
        let end = limit.end(&mut signal, stream(&link, &mut outgoing)).await;
        drop(reporting);
        // The link's counters first: the job counts a frame before the link gets it.
        let counters = link.counters();
        let mut summary = Summary::new(outgoing.counts(), counters);
        let nothing = summary.is_nothing().then(|| {
            let why = || match (summary.captured, outgoing.failure()) {
                (0, _) if summary.damaged > 0 => {
                    format!("{source} gave no frame that can be decoded ({} damaged)", summary.damaged)
                }
                (0, None) => format!("{source} gave no frame"),
                (0, Some(why)) => why,
                (captured, None) => format!("none of {captured} frames could be sent"),
                (captured, Some(why)) => format!("none of {captured} frames could be sent: {why}"),
            };
            reached.failure(&link).unwrap_or_else(why)
        });
        summary.nothing.clone_from(&nothing);
        summary.failure = outgoing.failure();
        let failure = summary.failure.clone();
        output.last(&summary, Some(&summary.line()));
        match nothing {
            // A sender that is stopped before it could start has done all that was asked.
            Some(why) if end != EndReason::Asked => Err(Error::Nothing(format!("nothing was sent: {why}"))),
            None => failure.map_or(Ok(()), |why| Err(Error::SourceFailed(why))),
            _ => Ok(()),
        }
    })
}

/// Streams from the first connection until the source ends.
///
/// The source waits for the link, because frames do not: a short file would end before a slow link is up.
async fn stream(link: &Link, outgoing: &mut Outgoing) {
    let mut state = link.state();
    let _ = state.wait_for(|state| matches!(state, State::Up { .. })).await;
    outgoing.begin();
    outgoing.ended().await;
    // A link that is down must not delay the end.
    let _ = tokio::time::timeout(SETTLE_LIMIT, link.settled()).await;
}

/// Opens the source and connects it to the link.
pub(super) async fn open(
    source: &source::Options,
    job: &Job,
    playback: Option<Playback>,
    link: &Link,
) -> Result<Outgoing, Error> {
    let outgoing = Outgoing::open(job, source.opener(playback), link::sink(link)).await?;
    tracing::info!("sending {} as {:?} to {}", outgoing.description(), job.name, link.host());
    Ok(outgoing)
}

impl Summary {
    fn new(counts: SourceCounts, counters: LinkCounters) -> Self {
        let on_the_way = (counts.handed_on + counts.cards).saturating_sub(counters.frames_given);
        Self {
            captured: counts.captured,
            damaged: counts.damaged,
            repaired: counts.repaired,
            missed: counts.missed,
            outages: counts.outages,
            unseen: counts.unseen,
            still: counts.still,
            thinned: counts.thinned,
            cards: counts.cards,
            sent: counters.frames_sent.saturating_sub(counters.cards_sent),
            cards_sent: counters.cards_sent,
            passed_through: counts.passed_through,
            encoded: counts.encoded,
            failed: counts.failed,
            skipped_before_encoding: counts.skipped,
            replaced_before_sending: counters.frames_replaced,
            while_link_down: counters.frames_while_down,
            too_large: counters.frames_too_large,
            left_over: counts.left + counters.frames_waiting() + on_the_way,
            nothing: None,
            failure: None,
        }
    }

    /// Whether no frame was sent. Frames that were unseen because nobody viewed do not count as a failure.
    const fn is_nothing(&self) -> bool {
        self.sent == 0 && self.unseen == 0
    }

    /// The summary as text.
    fn line(&self) -> String {
        let reasons = [
            (self.unseen, "unseen because nobody viewed"),
            (self.still, "equal to the previous one"),
            (self.thinned, "dropped for a slow link"),
            (self.skipped_before_encoding + self.replaced_before_sending, "replaced by newer ones"),
            (self.while_link_down, "while the link was down"),
            (self.too_large, "too large"),
            (self.failed, "failed"),
            (self.left_over, "left over at the end"),
        ];
        let reasons: Vec<_> = reasons
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, why)| format!("{count} {why}"))
            .collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
        let mut line = format!("sent {} of {} frames{reasons}", self.sent, self.captured);
        if self.cards > 0 {
            line += &format!("; {} of {} placeholders", self.cards_sent, self.cards);
        }
        let losses = [
            (self.missed, "lost by the camera"),
            (self.damaged, "damaged and dropped"),
            (self.repaired, "repaired"),
        ];
        let losses = losses.iter().filter(|(count, _)| *count > 0);
        let losses: Vec<_> = losses.map(|(count, what)| format!("{count} {what}")).collect();
        if !losses.is_empty() {
            line += &format!("; {}", losses.join(", "));
        }
        if let Some(why) = &self.nothing {
            line += &format!("; {why}");
        }
        line
    }
}
