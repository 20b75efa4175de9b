//! Encodes frames as JPEG, and sends a card while the source gives none.

use std::{
    borrow::Cow,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::{debug, info, warn};

use super::{
    Job, Viewers,
    grab::Spare,
    lessen::Lessen,
    mirror::{Glass, Reflection},
    outgoing::viewing,
    still::Still,
    switch::Switch,
    tally::{Silence, Tally},
};
use crate::{
    capture::{Card, Frame, FrameData},
    clock::Timestamp,
    jpeg::{self, Decoder, Encoder, Strips},
    lettering::Painter,
    wire::FrameInfo,
};

/// How often a card is sent again, so that a new viewer soon sees it.
const CARD_INTERVAL: Duration = Duration::from_secs(1);

/// The size of a card for a source that never gave a picture.
const CARD_SIZE: (usize, usize) = (640, 480);

pub(super) struct Encode<F> {
    tally: Arc<Tally>,
    sink: F,
    encoder: Encoder,
    /// Whether JPEG is encoded again, because another quality than the source's was requested.
    anew: bool,
    /// Created when the first JPEG has to be decoded.
    decoder: Option<Decoder>,
    strips: Strips,
    name: String,
    limit: Option<u64>,
    handed_on: u64,
    /// The number of the newest frame taken.
    newest: Option<u64>,
    viewers: Option<Viewers>,
    spare: Spare,
    still: Option<Still>,
    /// Reduces the stream if the link is slow.
    lessen: Option<Lessen>,
    card: Option<Sent>,
    painter: Option<Painter>,
    /// The self view.
    glass: Option<Glass>,
    switch: Option<Switch>,
    /// Size of the last picture, for the card in its place.
    size: Option<(usize, usize)>,
}

/// The last card that was sent.
struct Sent {
    silence: Silence,
    viewers: Option<u32>,
    jpeg: Bytes,
    at: Instant,
}

impl<F: FnMut(FrameInfo, Bytes)> Encode<F> {
    pub(super) fn new(job: &Job, tally: Arc<Tally>, spare: Spare, sink: F) -> Result<Self, jpeg::Error> {
        let quality = job.quality.unwrap_or(Encoder::DEFAULT_QUALITY);
        let encoder = Encoder::new(quality)?;
        Ok(Self {
            tally,
            sink,
            encoder: encoder.with_strips(job.strips),
            anew: job.quality.is_some(),
            decoder: None,
            strips: job.strips,
            name: job.name.clone(),
            limit: job.frames,
            handed_on: 0,
            newest: None,
            viewers: job.viewers.clone(),
            spare,
            still: job.skip_still.then(Still::default),
            lessen: job.freshness.clone().map(|freshness| Lessen::new(quality, freshness)),
            card: None,
            painter: None,
            glass: job.mirror.clone().map(Glass::new),
            switch: job.switch.clone(),
            size: None,
        })
    }

    /// Whether a frame costs no work, so that the source's own thread can send it: waking another thread
    /// costs more than passing on a JPEG.
    pub(super) fn is_free(&self, frame: &Frame) -> bool {
        self.passes_on() && matches!(frame.data, FrameData::Jpeg(_))
    }

    /// Whether JPEG is passed through unchanged.
    fn passes_on(&self) -> bool {
        !self.anew && self.lessen.as_ref().is_none_or(Lessen::is_full)
    }

    /// Whether all requested frames have been handled, including those that nobody viewed.
    pub(super) fn is_done(&self) -> bool {
        self.limit.is_some_and(|limit| self.handed_on + self.tally.unseen.load(Relaxed) >= limit)
    }

    /// Whether the self view is due for a picture.
    pub(super) fn wants_a_look(&self, now: Instant) -> bool {
        self.glass.as_ref().is_some_and(|glass| glass.is_due(now))
    }

    /// Shows a frame in the self view only.
    pub(super) fn look_only(&mut self, data: FrameData) {
        if let Some(glass) = &mut self.glass {
            glass.look(&data, Instant::now());
        }
        self.use_again(data);
    }

    /// Shows in the self view why there is no picture.
    pub(super) fn reflect(&self, reflection: Reflection) {
        if let Some(glass) = &self.glass {
            glass.tell(reflection);
        }
    }

    /// Sends a frame, or drops it.
    pub(super) fn frame(&mut self, frame: Frame) {
        if self.is_done() {
            self.tally.not_wanted();
            return;
        }
        let Frame { seq, captured, data } = frame;
        if self.is_off() {
            self.tally.switched_off.fetch_add(1, Relaxed);
            self.use_again(data);
            return;
        }
        self.card = None;
        if self.switch.is_some() {
            self.size = size(&data).or(self.size);
        }
        // An older frame that waited for the encoder's thread while a newer one passed through.
        if self.newest.is_some_and(|newest| seq < newest) {
            self.tally.skipped.fetch_add(1, Relaxed);
            self.use_again(data);
            return;
        }
        self.newest = Some(seq);
        let now = Instant::now();
        if self.still.as_ref().is_some_and(|still| still.is_same(&data, now)) {
            self.tally.still.fetch_add(1, Relaxed);
            self.use_again(data);
            return;
        }
        let left_out = self.lessen.as_mut().map(|lessen| lessen.leaves_out(&mut self.encoder, now));
        if matches!(left_out, Some(Ok(true))) {
            self.tally.thinned.fetch_add(1, Relaxed);
            self.use_again(data);
            return;
        }
        let jpeg = self.jpeg(&data);
        let sent = jpeg.is_ok();
        match jpeg {
            // The source was switched off during encoding: the picture must not be sent.
            Ok(_) if self.is_off() => _ = self.tally.switched_off.fetch_add(1, Relaxed),
            Ok(jpeg) => {
                let info = self.info(captured);
                self.tally.handed_on.fetch_add(1, Relaxed);
                (self.sink)(FrameInfo { seq: Some(seq), ..info }, jpeg);
            }
            Err(error) => {
                let error = error.to_string();
                if self.tally.reasons().failed.replace(error.clone()).is_none() {
                    warn!("dropped frame {seq}: {error}");
                } else {
                    debug!("dropped frame {seq}: {error}");
                }
                self.tally.failed.fetch_add(1, Relaxed);
            }
        }
        // After the frame was sent, so that it is not delayed.
        if let Some(glass) = &mut self.glass {
            glass.look(&data, now);
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
        let picture = match data {
            FrameData::Jpeg(jpeg) if self.passes_on() => {
                self.tally.passed_through.fetch_add(1, Relaxed);
                return Ok(jpeg.clone());
            }
            FrameData::Jpeg(jpeg) => {
                let decoder = match &mut self.decoder {
                    Some(decoder) => decoder,
                    empty => empty.insert(Decoder::new()?.with_strips(self.strips)),
                };
                let picture = decoder.decode_rgb(jpeg)?;
                if let Some(lessen) = self.lessen.as_mut().filter(|_| !self.anew) {
                    lessen.came_in(jpeg, &mut self.encoder)?;
                }
                Cow::Owned(picture)
            }
            FrameData::Picture(picture) => Cow::Borrowed(picture),
        };
        let picture = match &mut self.lessen {
            Some(lessen) => lessen.scaled(picture),
            None => picture,
        };
        let jpeg = self.encoder.encode(&picture)?;
        if let FrameData::Jpeg(original) = data
            && !self.anew
            && self.lessen.as_ref().is_some_and(Lessen::keeps_size)
            && original.len() <= jpeg.len()
        {
            // The encoded picture is not smaller than the original.
            self.tally.passed_through.fetch_add(1, Relaxed);
            return Ok(original.clone());
        }
        self.tally.encoded.fetch_add(1, Relaxed);
        Ok(jpeg)
    }

    /// Checked here as well as by the source's thread, which may hang in a driver.
    fn is_off(&self) -> bool {
        self.switch.as_ref().is_some_and(|switch| !switch.is_on())
    }

    fn note_switch(&mut self, now: Instant) {
        if self.switch.is_none() {
            return;
        }
        let on = !self.is_off();
        if self.tally.life().switched(on, &self.name, self.size, now) {
            info!("the camera is {}", if on { "on" } else { "off" });
            if !on {
                self.reflect(Reflection::Off);
            }
        }
    }

    /// Called when no frame came for a moment: if that has lasted too long, sends a card, and repeats it
    /// every second.
    pub(super) fn look(&mut self, now: Instant) {
        self.note_switch(now);
        let Some(silence) = self.tally.life().silence(now) else { return };
        let viewers = viewing(self.viewers.as_ref());
        if viewers == Some(0) {
            self.card = None; // the next viewer gets it at once
            return;
        }
        // A name with emoji looks better once the system's fonts are found.
        let new_fonts = self.painter.as_mut().is_some_and(Painter::refresh);
        let is_same = |card: &Sent| card.silence == silence && card.viewers == viewers && !new_fonts;
        let kept = self.card.take().filter(is_same);
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
                let card = if silence.off { FrameInfo::CAMERA_OFF } else { FrameInfo::NO_SIGNAL };
                self.tally.cards.fetch_add(1, Relaxed);
                (self.sink)(FrameInfo { card: Some(card.into()), ..info }, jpeg.clone());
                self.card = Some(Sent { silence, viewers, jpeg, at: now });
            }
            Err(error) => debug!("cannot draw the card: {error}"),
        }
    }

    fn draw(&mut self, silence: &Silence) -> Result<Bytes, jpeg::Error> {
        let (width, height) = silence.signal.size.unwrap_or(CARD_SIZE);
        let card = Card {
            name: silence.signal.name.clone(),
            reason: match &silence.trouble {
                Some(trouble) => trouble.clone(),
                None if silence.off => "the camera is turned off".into(),
                None => "no picture".into(),
            },
        };
        // Loading fonts takes milliseconds, and most streams never need them.
        let painter = self.painter.get_or_insert_with(Painter::new);
        self.encoder.encode(&card.picture(painter, width, height))
    }
}

/// Width and height in pixels.
fn size(data: &FrameData) -> Option<(usize, usize)> {
    match data {
        FrameData::Picture(picture) => Some((picture.width, picture.height)),
        FrameData::Jpeg(jpeg) => jpeg::header(jpeg).ok().map(|header| (header.width, header.height)),
    }
}

#[cfg(test)]
#[path = "consumers_tests.rs"]
mod tests;
