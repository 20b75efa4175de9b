//! Events about what is displayed.

use std::{collections::HashSet, sync::mpsc, thread, time::Duration};

use serde::Serialize;

use super::output::Output;
use crate::{playback::Progress, queue, view::Presented};

/// A stream's first picture is displayed.
#[derive(Serialize)]
#[serde(tag = "event", rename = "shown")]
struct Shown<'a> {
    stream: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<u64>,
    seq: Option<u64>,
}

/// The film was paused, resumed or sought in, or has ended.
#[derive(Serialize)]
#[serde(tag = "event", rename = "played")]
pub(super) struct Played {
    state: &'static str,
    position_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    length_ms: Option<u64>,
}

impl Played {
    /// The event for this state of the film.
    pub(super) fn new(progress: &Progress) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let state = match progress {
            Progress { ended: true, .. } => "ended",
            Progress { paused: true, .. } => "paused",
            _ => "playing",
        };
        Self { state, position_ms: millis(progress.position), length_ms: progress.length.map(millis) }
    }
}

/// Prints an event for the first picture of each stream that is displayed.
pub(super) fn first_pictures(output: Output) -> mpsc::Sender<Presented> {
    let (tell, told) = mpsc::channel::<Presented>();
    thread::spawn(move || {
        let mut seen = HashSet::new();
        for Presented { stream, name, peer, seq, .. } in told {
            if seen.len() < queue::MAX_KEYS && seen.insert(stream) {
                output.event(&Shown { stream: &name, peer, seq }, None);
            }
        }
    });
    tell
}
