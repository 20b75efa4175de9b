//! The picture of a virtual camera: which frame or card is written to its device, and when.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    super::output::Output,
    card,
    choice::{StreamChoice, Taking},
    feed::{Card, Feed, Show},
};
use crate::{
    drawing::TextPainter,
    i18n::Translations,
    picture::{Canvas, Letterbox, contained},
    pipeline::ReceivedFrame,
    stream_id::StreamId,
    virtual_camera::{Error, VirtualCamera},
};

/// How often a picture is written again while no new one comes. A program that begins to read sees something soon, and
/// none gives the camera up (browsers do after ten seconds without a frame).
pub(super) const REPEAT: Duration = Duration::from_millis(100);

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    /// The device takes pictures.
    Feeding {
        device: String,
        width: usize,
        height: usize,
        format: String,
    },
    /// A stream is shown from now on.
    Showing {
        stream: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
    },
    /// A card is shown instead of its pictures.
    Card {
        card: Card,
        stream: &'a str,
    },
    Summary {
        frames: u64,
        cards: u64,
    },
}

/// A virtual camera, and what it shows.
pub(super) struct Screen {
    path: PathBuf,
    /// The size of the pictures; without it, that of the first one.
    size: Option<(usize, usize)>,
    camera: Option<VirtualCamera>,
    choice: StreamChoice,
    feed: Feed,
    /// The name of the stream that is shown.
    name: Arc<str>,
    words: Translations,
    /// Loading fonts takes milliseconds, and most streams never need them.
    painter: Option<TextPainter>,
    letterbox: Letterbox,
    /// Memory for the next picture.
    spare: Canvas,
    /// What the device has, and since when.
    shown: Option<(Show, Instant)>,
    frames: u64,
    cards: u64,
    output: Output,
}

impl Screen {
    pub(super) fn new(
        path: PathBuf,
        size: Option<(usize, usize)>,
        stream: Option<String>,
        words: Translations,
        output: Output,
    ) -> Self {
        Self {
            path,
            size,
            camera: None,
            choice: StreamChoice::new(stream),
            feed: Feed::default(),
            name: Arc::default(),
            words,
            painter: None,
            letterbox: Letterbox::default(),
            spare: Canvas::default(),
            shown: None,
            frames: 0,
            cards: 0,
            output,
        }
    }

    /// Opens the device if the size of its pictures is known.
    ///
    /// # Errors
    /// Those of [`VirtualCamera::open`].
    pub(super) fn open(&mut self) -> Result<(), Error> {
        let (None, Some(size)) = (&self.camera, self.size) else { return Ok(()) };
        let camera = VirtualCamera::open(&self.path, size)?;
        let ((width, height), device) = (camera.size(), self.path.display().to_string());
        if (width, height) != size {
            tracing::warn!("{device} stays at {width}x{height}, because another program has it open");
        }
        let format = camera.layout().to_string();
        let line = format!("feeding {device}: {width}x{height}, {format}");
        self.output.event(&Event::Feeding { device, width, height, format }, Some(&line));
        (self.camera, self.size) = (Some(camera), Some((width, height)));
        Ok(())
    }

    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Why nothing was shown although the relay was reached.
    pub(super) fn nothing(&self) -> String {
        self.choice.nothing()
    }

    /// Whether frames of this stream are to be decoded.
    pub(super) fn wants(&self, stream: StreamId) -> bool {
        self.choice.may_show(stream, self.feed.is_silent(Instant::now()))
    }

    /// The size at which a picture of size `own` is shown.
    pub(super) fn room(&self, own: (usize, usize)) -> Option<(usize, usize)> {
        self.size.map(|size| contained(own, size))
    }

    /// Memory for the next picture.
    pub(super) fn spare(&mut self) -> Canvas {
        std::mem::take(&mut self.spare)
    }

    /// Shows a frame, if it is one of the chosen stream.
    ///
    /// # Errors
    /// Those of [`VirtualCamera::open`] and [`VirtualCamera::write`].
    pub(super) fn frame(&mut self, frame: ReceivedFrame, now: Instant) -> Result<(), Error> {
        let silent = self.feed.is_silent(now);
        match self.choice.take(frame.id, &frame.stream, &frame.info.stream_name(), silent) {
            Taking::Other => return Ok(()),
            Taking::Chosen => {}
            Taking::Begins => {
                self.feed.restart();
                let (stream, line) = (&*frame.stream, format!("showing {:?}", frame.stream));
                self.output.event(&Event::Showing { stream, peer: frame.peer }, Some(&line));
            }
        }
        let Some(canvas) = frame.canvas else { return Ok(()) };
        self.name = frame.stream;
        self.feed.frame(frame.info.card.as_deref(), now);
        // Each side even, as the layouts of pixels need it.
        self.size.get_or_insert(((frame.header.width & !1).max(2), (frame.header.height & !1).max(2)));
        self.open()?;
        if self.feed.show(now) == Show::Picture
            && let Some(camera) = &mut self.camera
        {
            camera.write(self.letterbox.fit(&canvas, camera.size()))?;
            self.frames += 1;
            self.shown = Some((Show::Picture, now));
        }
        self.spare = canvas;
        self.refresh(now)
    }

    /// Takes note that a sender has left.
    ///
    /// # Errors
    /// Those of [`VirtualCamera::write`].
    pub(super) fn leave(&mut self, stream: StreamId, now: Instant) -> Result<(), Error> {
        if self.choice.leave(stream) {
            self.feed.leave();
        }
        self.refresh(now)
    }

    /// Writes what is due without a new frame: the last picture again, or a card. To be called each [`REPEAT`].
    ///
    /// # Errors
    /// Those of [`VirtualCamera::write`].
    pub(super) fn refresh(&mut self, now: Instant) -> Result<(), Error> {
        let Some(camera) = &mut self.camera else { return Ok(()) };
        let show = self.feed.show(now);
        // A name with emoji looks better once the system's fonts are found.
        let new_fonts = self.painter.as_mut().is_some_and(TextPainter::refresh);
        let before = self.shown.map(|(before, _)| before);
        match (show, before) {
            (Show::Card(card), before) if before != Some(show) || new_fonts => {
                let (head, below) = card::lines(card, &self.name, &self.words);
                let painter = self.painter.get_or_insert_with(TextPainter::new);
                camera.write(&card::paint(painter, camera.size(), (&head, &below)))?;
                if before != Some(show) {
                    self.cards += 1;
                    let line = if below.is_empty() { head } else { format!("{head}: {below}") };
                    self.output.event(&Event::Card { card, stream: &self.name }, Some(&line));
                }
            }
            // The picture that follows a card comes with its frame.
            _ if self.shown.is_some_and(|(_, at)| now.saturating_duration_since(at) < REPEAT) => {
                return Ok(());
            }
            _ => camera.repeat()?,
        }
        self.shown = Some((show, now));
        Ok(())
    }

    /// Prints the last event.
    pub(super) fn summary(&self) {
        let (frames, cards) = (self.frames, self.cards);
        let line = format!("{frames} frames and {cards} cards written to {}", self.path.display());
        self.output.last(&Event::Summary { frames, cards }, Some(&line));
    }
}
