//! Makes JPEGs of frames, and a card where none come.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::debug;

use super::{
    Job, Viewers,
    grab::Spare,
    still::Still,
    tally::{Silence, Tally},
};
use crate::{
    capture::{Card, Frame, FrameData},
    clock::Timestamp,
    jpeg::{self, Decoder, Encoder},
    lettering::Painter,
    wire::FrameInfo,
};

/// How often a card is sent again: whoever comes in between sees it that soon.
const CARD_INTERVAL: Duration = Duration::from_secs(1);

/// The size of a card for a source that never gave a picture.
const CARD_SIZE: (usize, usize) = (640, 480);

pub(super) struct Encode<F> {
    tally: Arc<Tally>,
    sink: F,
    encoder: Encoder,
    /// Where another quality than the source's is asked for, JPEG is decoded first.
    decoder: Option<Decoder>,
    name: String,
    limit: Option<u64>,
    handed_on: u64,
    viewers: Option<Viewers>,
    spare: Spare,
    still: Option<Still>,
    card: Option<Sent>,
    painter: Option<Painter>,
}

/// The card that was sent last.
struct Sent {
    silence: Silence,
    viewers: Option<Option<u32>>,
    jpeg: Bytes,
    at: Instant,
}

impl<F: FnMut(FrameInfo, Bytes)> Encode<F> {
    pub(super) fn new(job: &Job, tally: Arc<Tally>, spare: Spare, sink: F) -> Result<Self, jpeg::Error> {
        Ok(Self {
            tally,
            sink,
            encoder: Encoder::new(job.quality.unwrap_or(Encoder::DEFAULT_QUALITY))?,
            decoder: job.quality.map(|_| Decoder::new()).transpose()?,
            name: job.name.clone(),
            limit: job.frames,
            handed_on: 0,
            viewers: job.viewers.clone(),
            spare,
            still: job.skip_still.then(Still::default),
            card: None,
            painter: None,
        })
    }

    /// Whether a frame costs no work, so that the source's own thread can hand it on: a wake-up of another thread costs more than
    /// passing on a JPEG.
    pub(super) fn is_free(&self, frame: &Frame) -> bool {
        self.decoder.is_none() && matches!(frame.data, FrameData::Jpeg(_))
    }

    /// Whether all frames that were asked for have had their turn, those included that nobody views.
    pub(super) fn is_done(&self) -> bool {
        self.limit.is_some_and(|limit| self.handed_on + self.tally.unseen.load(Relaxed) >= limit)
    }

    /// Hands a frame on, or leaves it out.
    pub(super) fn frame(&mut self, frame: Frame) {
        if self.is_done() {
            return;
        }
        self.card = None;
        let Frame { seq, captured, data } = frame;
        let now = Instant::now();
        if self.still.as_ref().is_some_and(|still| still.is_same(&data, now)) {
            self.tally.still.fetch_add(1, Relaxed);
            self.use_again(data);
            return;
        }
        let jpeg = self.jpeg(&data);
        let sent = jpeg.is_ok();
        match jpeg {
            Ok(jpeg) => {
                let info = self.info(captured);
                (self.sink)(FrameInfo { seq: Some(seq), ..info }, jpeg);
            }
            Err(error) => {
                debug!("frame {seq} is left out: {error}");
                self.tally.failed.fetch_add(1, Relaxed);
            }
        }
        let done_with = match &mut self.still {
            Some(still) if sent => still.sent(data, now),
            _ => Some(data),
        };
        if let Some(data) = done_with {
            self.use_again(data);
        }
        self.handed_on += u64::from(sent);
    }

    fn use_again(&self, data: FrameData) {
        if let FrameData::Picture(picture) = data {
            self.spare.give(picture.into_bytes());
        }
    }

    fn info(&self, captured: Timestamp) -> FrameInfo {
        FrameInfo {
            stream: Some(self.name.clone()),
            captured: Some(captured),
            encoded: Some(Timestamp::now()),
            ..FrameInfo::default()
        }
    }

    fn jpeg(&mut self, data: &FrameData) -> Result<Bytes, jpeg::Error> {
        let (count, jpeg) = match (data, &mut self.decoder) {
            (FrameData::Jpeg(jpeg), None) => (&self.tally.passed_through, jpeg.clone()),
            (FrameData::Jpeg(jpeg), Some(decoder)) => {
                (&self.tally.encoded, self.encoder.encode(&decoder.decode_rgb(jpeg)?)?)
            }
            (FrameData::Picture(picture), _) => (&self.tally.encoded, self.encoder.encode(picture)?),
        };
        count.fetch_add(1, Relaxed);
        Ok(jpeg)
    }

    /// No frame came for a moment: where that has lasted too long, viewers are sent a card, and again every second.
    pub(super) fn look(&mut self, now: Instant) {
        let Some(silence) = self.tally.life().silence(now) else { return };
        let viewers = self.viewers.as_ref().map(|viewers| *viewers.borrow());
        if viewers == Some(Some(0)) {
            self.card = None; // the next one who comes sees it at once
            return;
        }
        let kept = self.card.take().filter(|card| card.silence == silence && card.viewers == viewers);
        let jpeg = match kept {
            Some(card) if now.duration_since(card.at) < CARD_INTERVAL => {
                self.card = Some(card);
                return;
            }
            Some(card) => Ok(card.jpeg),
            None => self.draw(&silence),
        };
        match jpeg {
            Ok(jpeg) => {
                let info = self.info(Timestamp::now());
                (self.sink)(FrameInfo { card: Some(FrameInfo::NO_SIGNAL.into()), ..info }, jpeg.clone());
                self.tally.cards.fetch_add(1, Relaxed);
                self.card = Some(Sent { silence, viewers, jpeg, at: now });
            }
            Err(error) => debug!("no card: {error}"),
        }
    }

    fn draw(&mut self, silence: &Silence) -> Result<Bytes, jpeg::Error> {
        let (width, height) = silence.signal.size.unwrap_or(CARD_SIZE);
        let card = Card {
            name: silence.signal.name.clone(),
            reason: silence.trouble.clone().unwrap_or_else(|| "no picture is coming".into()),
        };
        // Loading fonts takes milliseconds, and most streams never need them.
        let painter = self.painter.get_or_insert_with(Painter::new);
        painter.refresh();
        self.encoder.encode(&card.picture(painter, width, height))
    }
}
