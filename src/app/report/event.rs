//! Events about what arrived.

use serde::Serialize;

use super::super::link::millis;
use pulsecam_bench::Percentiles;

use crate::pipeline::ReceivedFrame;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    Text {
        text: &'a str,
        /// The sender's name.
        from: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
    },
    /// A text that is neither a QString nor UTF-8.
    UnreadableText { bytes: usize, reason: &'a str, from: Option<&'a str> },
    Image {
        bytes: usize,
        /// File name extension: jpg, png, gif, webp or bmp.
        format: Option<&'a str>,
        width: Option<usize>,
        height: Option<usize>,
        from: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
        /// Why it cannot be decoded.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        saved: Option<&'a str>,
        /// Why it was not saved.
        #[serde(skip_serializing_if = "Option::is_none")]
        not_saved: Option<&'a str>,
    },
    Frame {
        /// The stream's name here, which is unique.
        stream: &'a str,
        /// The number of the sender's connection, if the relay reports it.
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
        seq: Option<u64>,
        bytes: usize,
        width: usize,
        height: usize,
        age_ms: Option<f64>,
        /// Bound of the error of the age; none if the clocks' offset is unknown.
        age_within_ms: Option<f64>,
        /// Whether it was decoded: not while nobody can see it.
        decoded: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        card: Option<&'a str>,
    },
    Damaged {
        stream: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
        reason: &'a str,
    },
    Summary {
        frames: u64,
        bytes: u64,
        texts: u64,
        images: u64,
        /// Frames and images that cannot be decoded.
        damaged: u64,
        /// Messages that were too large to be read.
        skipped: u64,
        lost: u64,
        age_ms: Option<Percentiles>,
        /// Frames of streams beyond those that are counted separately.
        other_frames: u64,
        streams: Vec<StreamSummary<'a>>,
    },
}

#[derive(Serialize)]
pub(super) struct StreamSummary<'a> {
    pub(super) stream: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<u64>,
    pub(super) frames: u64,
    pub(super) lost: u64,
    pub(super) damaged: u64,
}

impl<'a> Event<'a> {
    /// The event for a frame.
    pub(super) fn of(frame: &'a ReceivedFrame) -> Self {
        Self::Frame {
            stream: &frame.stream,
            peer: frame.peer,
            seq: frame.info.seq,
            bytes: frame.jpeg.len(),
            width: frame.header.width,
            height: frame.header.height,
            age_ms: frame.age.map(|age| millis(age.time)),
            age_within_ms: frame.age.and_then(|age| age.within).map(millis),
            decoded: frame.was_decoded,
            card: frame.info.card.as_deref(),
        }
    }
}
