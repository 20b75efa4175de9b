//! The card that viewers get while the source gives no frames.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tracing::debug;

use super::{frame_encoder::FrameEncoder, source_health::Silence};
use crate::{capture::Placeholder, drawing::TextPainter, jpeg};

/// How often a card is sent again, so that a new viewer soon sees it.
pub(super) const CARD_INTERVAL: Duration = Duration::from_secs(1);

/// The size of a card for a source that never gave a picture.
const CARD_SIZE: (usize, usize) = (640, 480);

/// Draws cards, and decides when one is due.
#[derive(Default)]
pub(super) struct Placeholders {
    sent: Option<Sent>,
    /// Loading fonts takes milliseconds, and most streams never need them.
    painter: Option<TextPainter>,
}

/// The last card that was sent.
struct Sent {
    silence: Silence,
    viewers: Option<u32>,
    jpeg: Bytes,
    at: Instant,
}

impl Placeholders {
    /// Ends the silence: the next one begins with a new card.
    pub(super) fn reset(&mut self) {
        self.sent = None;
    }

    /// The card to send now, if one is due: at once if anything changed, and else every second.
    pub(super) fn due(
        &mut self,
        silence: &Silence,
        viewers: Option<u32>,
        encoder: &mut FrameEncoder,
        now: Instant,
    ) -> Option<Bytes> {
        if viewers == Some(0) {
            self.sent = None; // the next viewer gets it at once
            return None;
        }
        // A name with emoji looks better once the system's fonts are found.
        let new_fonts = self.painter.as_mut().is_some_and(TextPainter::refresh);
        let is_same = |card: &Sent| card.silence == *silence && card.viewers == viewers && !new_fonts;
        let jpeg = match self.sent.take().filter(is_same) {
            Some(card) if now.duration_since(card.at) < CARD_INTERVAL => {
                self.sent = Some(card);
                return None;
            }
            Some(card) => card.jpeg,
            None => self
                .draw(silence, encoder)
                .inspect_err(|error| debug!("cannot draw the card: {error}"))
                .ok()?,
        };
        self.sent = Some(Sent { silence: silence.clone(), viewers, jpeg: jpeg.clone(), at: now });
        Some(jpeg)
    }

    fn draw(&mut self, silence: &Silence, encoder: &mut FrameEncoder) -> Result<Bytes, jpeg::Error> {
        let (width, height) = silence.signal.size.unwrap_or(CARD_SIZE);
        let card = Placeholder {
            name: silence.signal.name.clone(),
            reason: match &silence.trouble {
                Some(trouble) => trouble.clone(),
                None if silence.off => String::new(),
                None => "no picture".into(),
            },
            is_off: silence.off && silence.trouble.is_none(),
        };
        let painter = self.painter.get_or_insert_with(TextPainter::new);
        encoder.encode(&card.picture(painter, width, height))
    }
}
