//! The window's state: streams, link, conversation, images, and the switches that keys toggle.
//!
//! Independent of pixels and of the display; every query takes the current time. So each state, from "waiting
//! for pictures" to a frozen picture, is tested without a display and without sleeping.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    action::Total,
    camera_list::CameraList,
    chat::{Chat, Speaker},
    entry::Edit,
    film::FilmState,
    gallery::{Gallery, GalleryImage},
    menu::Menu,
    number_entry::NumberEntry,
    state,
    stream::{Stream, StreamHealth},
    stream_list::StreamList,
    theme::Tone,
    update::{LinkState, PageLink, RescaleRequest, SelfViewState, Update},
};
use crate::{
    clock::Timestamp,
    i18n::{Phrase, Translations},
    picture::Canvas,
};

/// How long the buttons stay after the pointer has moved.
const BUTTONS_STAY: Duration = Duration::from_secs(3);

/// How long the question whether to leave a call is shown.
pub(super) const QUESTION_STAYS: Duration = Duration::from_secs(5);

/// How long the buttons are shown at the start, for users who do not know the commands.
const BUTTONS_AT_FIRST: Duration = Duration::from_secs(15);

/// Everything that is shown.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) words: Arc<Translations>,
    host: String,
    link: LinkState,
    pub(crate) streams: StreamList,
    pub(crate) chat: Chat,
    pub(crate) images: Gallery,
    /// Pasted or dropped images that are not sent yet.
    pub(super) drafts: Vec<GalleryImage>,
    pub(crate) own: Option<SelfViewState>,
    pub(crate) film: Option<FilmState>,
    pub(crate) recording: Option<Instant>,
    pub(crate) paused: bool,
    pub(crate) numbers: bool,
    pub(crate) help: bool,
    /// The menu, while it is open.
    pub(crate) menu: Option<Menu>,
    /// The list of cameras, while it is open.
    pub(crate) cameras: Option<CameraList>,
    /// The relay's page for browsers, if it has one.
    pub(crate) page: Option<PageLink>,
    /// Whether the link to it is shown.
    pub(crate) shares: bool,
    pub(super) typed: NumberEntry,
    /// Until when another key to quit ends the call.
    pub(super) leaving_until: Option<Instant>,
    /// Whether the user has quit.
    pub(crate) quits: bool,
    buttons_until: Instant,
    pub(super) stamps: u64,
}

impl Model {
    /// Creates an empty model that waits for frames from `host`.
    pub(crate) fn new(host: &str, words: Arc<Translations>, now: Instant) -> Self {
        Self {
            words,
            host: host.to_owned(),
            link: LinkState::default(),
            streams: StreamList::default(),
            chat: Chat::default(),
            images: Gallery::default(),
            drafts: Vec::new(),
            own: None,
            film: None,
            recording: None,
            paused: false,
            numbers: false,
            help: false,
            menu: None,
            cameras: None,
            page: None,
            shares: false,
            typed: NumberEntry::default(),
            leaving_until: None,
            quits: false,
            buttons_until: now + BUTTONS_AT_FIRST,
            stamps: 0,
        }
    }

    /// Applies an update. Returns a buffer that is no longer shown.
    pub(crate) fn apply(&mut self, update: Update, now: Instant) -> Option<Arc<Canvas>> {
        match update {
            Update::Frame(frame) => {
                let stamp = self.stamp();
                return self.streams.frame(frame, stamp, self.paused, now);
            }
            Update::Damaged(damaged) => {
                let stamp = self.stamp();
                self.streams.damaged(damaged, stamp, now);
            }
            Update::Left { stream } => self.streams.left(stream, now),
            Update::Text { sender, text, at } => self.chat.receive(Speaker::Peer(sender), text, at, now),
            Update::UnreadableText { sender, bytes, at } => {
                let text = self.words.format(Phrase::UnreadableText, [("bytes", bytes.to_string())]);
                self.chat.receive(Speaker::Peer(sender), text, at, now);
            }
            Update::Sent { number, left } => self.chat.sent(number, left, now),
            Update::Saved(text) => self.chat.saved(text, Timestamp::now(), now),
            Update::Notice(text) => self.chat.receive(Speaker::Program, text, Timestamp::now(), now),
            Update::Image(image) => {
                let (stamp, small) = (self.stamp(), self.stamp());
                let size = image.size.map_or(String::new(), |(width, height)| format!(" {width}×{height}"));
                let text = format!("({}{size})", self.words.text(Phrase::Image));
                self.chat.receive_image(image.sender.clone(), text, stamp, now);
                self.images.push(stamp, small, image);
            }
            Update::PastedImage(image) => self.draft(vec![image]),
            Update::Dropped(images) => self.draft(images),
            Update::Fitted { wanted, canvas } if self.fit_draft(&wanted, &canvas) => {}
            Update::Fitted { wanted: RescaleRequest { stamp, .. }, canvas: Ok(canvas) } => {
                let new = self.stamp();
                if let Some(stream) = self.streams.iter_mut().find(|stream| stream.stamp == stamp) {
                    return Some(stream.fit(canvas, new));
                }
                return self.images.fit(stamp, canvas);
            }
            Update::Fitted { wanted: RescaleRequest { stamp, .. }, canvas: Err(why) } => {
                match self.streams.iter_mut().find(|stream| stream.stamp == stamp) {
                    Some(stream) => stream.fail(why, now),
                    None => self.images.fail(stamp, why),
                }
            }
            Update::Own(own) => self.own = Some(own),
            Update::Pasted(text) => {
                self.chat.open();
                self.edit(&Edit::Put(text), now);
            }
            Update::Cameras(cameras) => {
                if let Some(list) = &mut self.cameras {
                    list.fill(cameras);
                }
            }
            Update::Page(page) => self.page = Some(page),
            Update::Recording(since) => self.recording = since,
            Update::Link(link) => self.link = link,
            Update::Host(host) => self.host = host,
            Update::Stop => {}
        }
        None
    }

    /// A number that identifies the content of one picture.
    pub(super) fn stamp(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps
    }

    /// Prepares for a window that could not be seen and is seen again: it must not show old pictures as if they
    /// were new.
    pub(crate) fn is_seen_again(&mut self) {
        self.streams.iter_mut().for_each(Stream::forget_stale);
    }

    /// Removes what has been shown long enough.
    pub(crate) fn expire(&mut self, now: Instant) {
        let film = self.film.as_ref().filter(|film| film.is_open());
        let stays = |stream: &Stream| film.is_some_and(|film| film.is_shown_by(stream));
        self.streams.remove(|stream| stream.gone(now) && !stays(stream));
        self.chat.expire(now);
        self.leaving_until = self.leaving_until.filter(|until| now < *until);
        for stream in self.streams.iter_mut().filter(|stream| stream.stalled(now).is_some()) {
            stream.measure(now);
        }
    }

    /// Adds a message of the program itself.
    pub(super) fn notice(&mut self, phrase: Phrase, now: Instant) {
        self.chat.receive(Speaker::Program, self.words.text(phrase), Timestamp::now(), now);
    }

    /// The place of the enlarged stream, if any.
    pub(crate) fn enlarged(&self) -> Option<usize> {
        self.streams.enlarged()
    }

    /// Handles pointer movement: shows the buttons, since the user may be looking for one.
    pub(crate) fn pointed(&mut self, now: Instant) {
        self.buttons_until = self.buttons_until.max(now + BUTTONS_STAY);
        if let Some(film) = &mut self.film {
            film.show_bar(now);
        }
    }

    /// Whether the buttons are shown.
    pub(crate) fn has_buttons(&self, now: Instant) -> bool {
        self.film().map_or(self.streams.is_empty() || now < self.buttons_until, |film| film.has_bar(now))
    }

    /// The state of a stream's picture.
    pub(crate) fn life(&self, stream: &Stream, now: Instant) -> StreamHealth {
        let cut = !matches!(self.link, LinkState::Connecting | LinkState::Up { .. });
        match stream.life(cut, now) {
            // A paused film may freeze, and a film's age is the time since its playback began.
            StreamHealth::Frozen(_) | StreamHealth::Late(_) | StreamHealth::Left
                if !cut && self.is_film(stream) =>
            {
                StreamHealth::Live
            }
            life => life,
        }
    }

    /// The state of the link, in one line.
    pub(crate) fn link_line(&self, now: Instant) -> (String, Tone) {
        state::line(&self.words, &self.host, &self.link, now)
    }

    /// The headline of an empty window.
    pub(crate) fn headline(&self, now: Instant) -> (String, Tone) {
        match &self.link {
            LinkState::Up { .. } => {
                (self.words.format(Phrase::Waiting, [("host", self.host.as_str())]), Tone::Good)
            }
            _ => self.link_line(now),
        }
    }

    /// The last round trip.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        if let LinkState::Up { rtt } = self.link { rtt } else { None }
    }

    /// When something changes without any update: a countdown, the end of a line, a picture that freezes.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        let second = |since: Instant| since + Duration::from_secs(now.duration_since(since).as_secs() + 1);
        let countdown = state::next_change(&self.link, now);
        let recording = self.recording.map(second);
        let buttons = (self.buttons_until > now).then_some(self.buttons_until);
        let streams = self.streams.iter().filter(|stream| !self.is_film(stream));
        let streams = streams.map(|stream| stream.next_change(now));
        let film = self.film().and_then(|film| film.next_change(now));
        let leaving = self.leaving_until.filter(|until| *until > now);
        let others = [countdown, recording, buttons, film, leaving, self.chat.next_change(now)];
        others.into_iter().flatten().chain(streams).min()
    }

    /// The frame counts of every stream, including those that have left.
    pub(crate) fn totals(&self) -> Vec<Total> {
        self.streams.totals()
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "model_film_tests.rs"]
mod film_tests;
