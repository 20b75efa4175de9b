//! The conversation: texts with sender and time, the delivery state of own texts, and the line being written.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::entry::{Edit, Entry};
use crate::clock::Timestamp;

/// How long a line stays over the picture: long enough to read two lines and look up again.
const LINE_STAYS: Duration = Duration::from_secs(10);

/// How long a message of the program itself stays.
const NOTICE_STAYS: Duration = Duration::from_secs(5);

/// Lines over the picture at once; more would cover it. The history has all of them.
pub(crate) const MAX_RECENT: usize = 5;

/// Lines kept in the history: an afternoon of talk.
const KEPT_LINES: usize = 500;

/// Bytes of text kept, in case people paste very long texts.
const KEPT_BYTES: usize = 4 << 20;

/// The author of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The name that came with it, if any.
    Peer(Option<String>),
    /// The user of this window, with the delivery state.
    Me(SendState),
    /// The program itself: removed from the history once it is no longer over the picture.
    Program,
}

/// Delivery state of a text that was written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendState {
    Sending,
    Sent,
    Failed,
}

/// A line of the conversation.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) speaker: Speaker,
    pub(crate) text: String,
    pub(crate) at: Timestamp,
    /// The stamp of the image that came, if this is one.
    pub(crate) image: Option<u64>,
    /// Whether it says where something was saved.
    pub(crate) is_saved: bool,
    number: u64,
    until: Instant,
}

/// The whole conversation.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    lines: VecDeque<Line>,
    bytes: usize,
    written: u64,
    /// The line being written, while the conversation is open for writing.
    pub(crate) entry: Option<Entry>,
    /// Lines scrolled up from the newest one; `None` while the history is closed.
    scrolled: Option<usize>,
}

impl Chat {
    /// Adds a line of a peer or of the program.
    pub(crate) fn receive(&mut self, speaker: Speaker, text: String, at: Timestamp, now: Instant) {
        let stays = if speaker == Speaker::Program { NOTICE_STAYS } else { LINE_STAYS };
        self.add(Line { speaker, text, at, image: None, is_saved: false, number: 0, until: now + stays });
    }

    /// Adds a line that says where something was saved, which stays as long as one of a peer: its folder can be opened.
    pub(crate) fn saved(&mut self, text: String, at: Timestamp, now: Instant) {
        let (speaker, until) = (Speaker::Program, now + LINE_STAYS);
        self.add(Line { speaker, text, at, image: None, is_saved: true, number: 0, until });
    }

    /// Adds an image of a peer; `text` describes it where it cannot be shown.
    pub(crate) fn receive_image(&mut self, sender: Option<String>, text: String, stamp: u64, now: Instant) {
        let (speaker, at) = (Speaker::Peer(sender), Timestamp::now());
        let until = now + LINE_STAYS;
        self.add(Line { speaker, text, at, image: Some(stamp), is_saved: false, number: 0, until });
    }

    fn add(&mut self, line: Line) {
        // A user who has scrolled up keeps the position.
        if let Some(scrolled) = self.scrolled.as_mut().filter(|scrolled| **scrolled > 0) {
            *scrolled += 1;
        }
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > KEPT_LINES || (self.bytes > KEPT_BYTES && self.lines.len() > 1) {
            if let Some(old) = self.lines.pop_front() {
                self.bytes -= old.text.len();
            }
        }
    }

    /// Opens the line to write in.
    pub(crate) fn open(&mut self) {
        self.entry.get_or_insert_default();
        self.scrolled.get_or_insert(0);
    }

    /// Opens the history, or closes all of it.
    pub(crate) fn toggle(&mut self) {
        if self.is_open() {
            self.close();
        } else {
            self.scrolled = Some(0);
        }
    }

    pub(crate) fn close(&mut self) {
        (self.entry, self.scrolled) = (None, None);
    }

    /// Whether the history is shown, with or without a line to write in.
    pub(crate) const fn is_open(&self) -> bool {
        self.scrolled.is_some()
    }

    /// Edits the line being written; false if there is no room for more.
    pub(crate) fn edit(&mut self, edit: &Edit) -> bool {
        self.entry.as_mut().is_none_or(|entry| entry.edit(edit))
    }

    /// Submits the line being written: its number, and the text.
    pub(crate) fn send(&mut self, at: Timestamp, now: Instant) -> Option<(u64, String)> {
        let text = self.entry.as_ref()?.finished()?;
        self.entry = Some(Entry::default());
        self.scrolled = Some(0);
        self.written += 1;
        let number = self.written;
        let speaker = Speaker::Me(SendState::Sending);
        let until = now + LINE_STAYS;
        self.add(Line { speaker, text: text.clone(), at, image: None, is_saved: false, number, until });
        Some((number, text))
    }

    /// Adds an image that is sent from here; `text` describes it where it cannot be shown. Returns its number.
    pub(crate) fn send_image(&mut self, text: String, stamp: u64, now: Instant) -> u64 {
        self.written += 1;
        let (number, until) = (self.written, now + LINE_STAYS);
        let (speaker, at) = (Speaker::Me(SendState::Sending), Timestamp::now());
        self.add(Line { speaker, text, at, image: Some(stamp), is_saved: false, number, until });
        number
    }

    /// Records whether a text or an image was sent.
    pub(crate) fn sent(&mut self, number: u64, left: bool, now: Instant) {
        let mine = |line: &&mut Line| line.number == number && matches!(line.speaker, Speaker::Me(_));
        if let Some(line) = self.lines.iter_mut().rev().find(mine) {
            line.speaker = Speaker::Me(if left { SendState::Sent } else { SendState::Failed });
            line.until = now + LINE_STAYS;
        }
    }

    /// Scrolls by `lines`; positive is up.
    pub(crate) fn scroll(&mut self, lines: isize) {
        let most = self.lines.len().saturating_sub(1);
        let from = self.scrolled.unwrap_or(0);
        self.scrolled = Some(from.saturating_add_signed(lines).min(most));
    }

    /// How far the history is scrolled up.
    pub(crate) fn scrolled(&self) -> usize {
        self.scrolled.unwrap_or(0)
    }

    /// The visible part of the history, the lowest line first.
    pub(crate) fn history(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().rev().skip(self.scrolled())
    }

    /// The lines over the picture while the history is closed, the newest first.
    pub(crate) fn recent(&self, now: Instant) -> impl Iterator<Item = &Line> {
        self.lines.iter().rev().filter(move |line| line.until > now).take(MAX_RECENT)
    }

    /// Removes expired messages of the program itself.
    pub(crate) fn expire(&mut self, now: Instant) {
        let bytes = &mut self.bytes;
        self.lines.retain(|line| {
            let stays = line.speaker != Speaker::Program || line.until > now;
            *bytes -= if stays { 0 } else { line.text.len() };
            stays
        });
    }

    /// When the next line expires.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        self.lines.iter().map(|line| line.until).filter(|until| *until > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn receive(chat: &mut Chat, text: &str, now: Instant) {
        chat.receive(Speaker::Peer(Some("ann".into())), text.into(), Timestamp::now(), now);
    }

    fn write(chat: &mut Chat, text: &str, now: Instant) -> Option<(u64, String)> {
        chat.open();
        chat.edit(&Edit::Put(text.into()));
        chat.send(Timestamp::now(), now)
    }

    #[test]
    fn a_line_goes_from_the_picture_and_stays_in_the_history() {
        let now = Instant::now();
        let mut chat = Chat::default();
        for number in 0..MAX_RECENT + 2 {
            receive(&mut chat, &number.to_string(), now);
        }
        chat.receive(Speaker::Program, "saved".into(), Timestamp::now(), now);
        let fresh: Vec<_> = chat.recent(now).map(|line| line.text.as_str()).collect();
        assert_eq!(fresh, ["saved", "6", "5", "4", "3"]);
        assert_eq!(chat.next_change(now), Some(now + NOTICE_STAYS));
        chat.expire(now + NOTICE_STAYS);
        assert_eq!(chat.history().count(), MAX_RECENT + 2, "messages of the program are removed");
        let later = now + LINE_STAYS;
        assert_eq!((chat.recent(later).count(), chat.next_change(later)), (0, None));
        assert_eq!(chat.history().next().unwrap().text, "6");
    }

    #[test]
    fn a_written_text_shows_its_delivery_state() {
        let now = Instant::now();
        let mut chat = Chat::default();
        assert_eq!(write(&mut chat, "  ", now), None);
        assert_eq!(write(&mut chat, " 你好 ", now), Some((1, "你好".into())));
        assert_eq!(write(&mut chat, "two", now), Some((2, "two".into())));
        assert!(chat.entry.is_some(), "another can be written");
        chat.sent(1, true, now);
        chat.sent(2, false, now + SECOND);
        chat.sent(9, true, now);
        let speakers: Vec<_> = chat.history().map(|line| line.speaker.clone()).collect();
        assert_eq!(speakers, [Speaker::Me(SendState::Failed), Speaker::Me(SendState::Sent)]);
        assert_eq!(chat.recent(now + LINE_STAYS).count(), 1, "a failure is shown as long as a new line");
    }

    #[test]
    fn a_history_that_is_scrolled_up_stays_there() {
        let now = Instant::now();
        let mut chat = Chat::default();
        for number in 0..20 {
            receive(&mut chat, &number.to_string(), now);
        }
        chat.scroll(5);
        assert!(chat.is_open());
        assert_eq!(chat.history().next().unwrap().text, "14");
        receive(&mut chat, "new", now);
        assert_eq!(chat.history().next().unwrap().text, "14");
        chat.scroll(-100);
        assert_eq!(chat.history().next().unwrap().text, "new");
        chat.scroll(1_000);
        assert_eq!(chat.history().next().unwrap().text, "0");
        write(&mut chat, "mine", now);
        assert_eq!(chat.scrolled(), 0, "sending scrolls to the newest line");
        chat.toggle();
        assert!(!chat.is_open() && chat.entry.is_none());
    }

    #[test]
    fn a_flood_keeps_the_last_of_it() {
        let now = Instant::now();
        let mut chat = Chat::default();
        for number in 0..KEPT_LINES + 10 {
            receive(&mut chat, &number.to_string(), now);
        }
        assert_eq!(chat.lines.len(), KEPT_LINES);
        for _ in 0..10 {
            receive(&mut chat, &"x".repeat(1 << 20), now);
        }
        assert!(chat.bytes <= KEPT_BYTES && chat.lines.len() < 10);
        assert_eq!(chat.bytes, chat.lines.iter().map(|line| line.text.len()).sum::<usize>());
    }
}
