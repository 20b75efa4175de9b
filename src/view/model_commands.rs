//! The model's part about commands: what keys and buttons change.

use std::time::Instant;

use super::{
    action::Action,
    camera_list::CameraList,
    command::{Command, Writing},
    entry::Edit,
    film::FilmState,
    model::{Model, QUESTION_STAYS},
    number_entry::Typed,
    strip::Start,
    update::SelfViewState,
};
use crate::{clock::Timestamp, i18n::Phrase};

impl Model {
    /// Runs the command of a key or a button; returns what the caller has to do.
    pub(crate) fn execute(&mut self, command: Command, now: Instant) -> Vec<Action> {
        if let Some(film) = &mut self.film {
            film.show_bar(now);
        }
        match command {
            Command::Pause if self.film().is_some() => {
                if !self.film().is_none_or(FilmState::toggle) {
                    self.notice(Phrase::FilmNoSeek, now);
                }
            }
            Command::Seek(target) => {
                if !self.film.as_mut().is_none_or(|film| film.seek(target)) {
                    self.notice(Phrase::FilmNoSeek, now);
                }
            }
            Command::Pause => {
                self.paused = !self.paused;
                if !self.paused {
                    for stream in self.streams.iter_mut() {
                        self.stamps += 1;
                        stream.resume(self.stamps);
                    }
                }
            }
            Command::Numbers => match self.streams.aimed() {
                Some(place) => {
                    self.numbers = true;
                    self.streams.inspect(place);
                }
                None => self.numbers = !self.numbers,
            },
            Command::Help => self.help = !self.help,
            Command::Share if self.page.is_none() => self.notice(Phrase::NoPage, now),
            Command::Share => self.shares = !self.shares,
            // The topmost panel is closed first.
            Command::Dismiss if self.menu.take().is_some() => {}
            Command::Dismiss if self.help => self.help = false,
            Command::Dismiss if self.shares => self.shares = false,
            Command::Dismiss if self.discard_drafts() => {}
            Command::SendDraft => return self.send_drafts(now),
            Command::Dismiss => _ = self.images.dismiss(),
            Command::Say => self.chat.open(),
            Command::History => self.chat.toggle(),
            Command::Scroll(lines @ (-1 | 1)) if self.numbers && !self.chat.is_open() => {
                self.streams.inspect_beside(-lines);
            }
            Command::Scroll(lines) => self.chat.scroll(lines),
            Command::Inspect(place) => self.streams.inspect(place),
            Command::Enlarge(place) => self.streams.enlarge(place),
            Command::Digit(digit) => self.digit(digit, now),
            Command::Strip(from) => self.streams.strip = Start { first: from, is_free: true },
            Command::All => _ = self.streams.show_all(),
            Command::Next if self.images.step(1) => {}
            Command::Next => self.streams.enlarge_next(),
            Command::Previous if self.images.step(-1) => {}
            Command::Previous => self.streams.enlarge_previous(),
            Command::Open(stamp) => self.images.open(stamp),
            Command::Save => return self.save(now),
            Command::OpenFolder => return vec![Action::OpenFolder],
            Command::Copy if self.shares => return self.copy_link().into_iter().collect(),
            Command::Copy => return self.copy().into_iter().collect(),
            Command::Record if self.recording.is_some() => return vec![Action::StopRecording],
            Command::Record => return vec![Action::Record { only: self.streams.aimed }],
            Command::Camera => {
                let on = matches!(self.own, Some(SelfViewState::Off));
                return self.own.iter().map(|_| Action::Camera(on)).collect();
            }
            Command::Unhide => self.streams.unhide(),
            Command::Cameras => {
                let opens = self.cameras.is_none() && self.own.is_some();
                self.cameras = opens.then(CameraList::default);
                return if opens { vec![Action::ListCameras] } else { Vec::new() };
            }
            Command::Select(by) => {
                if let Some(menu) = &mut self.menu {
                    menu.step(by);
                } else if let Some(list) = &mut self.cameras {
                    list.step(by);
                }
            }
            Command::UseSelected => {
                let row = self.cameras.as_ref().map(CameraList::selected);
                return row.and_then(|row| self.use_camera(row)).into_iter().collect();
            }
            Command::UseCamera(row) => return self.use_camera(row).into_iter().collect(),
            Command::Quit => self.quit(now),
            // The window's own.
            Command::Menu
            | Command::UseEntry(_)
            | Command::FullScreen
            | Command::OnTop
            | Command::Paste
            | Command::Small
            | Command::Hide
            | Command::Pin
            | Command::Move(_)
            | Command::Put { .. }
            | Command::Turn(_)
            | Command::Fit
            | Command::Zoom(_)
            | Command::Pan(..) => {}
        }
        Vec::new()
    }

    /// Asks for the camera in this row of the list, and closes that.
    fn use_camera(&mut self, row: usize) -> Option<Action> {
        let list = self.cameras.take_if(|list| list.can_use(row));
        list.map(|_| Action::UseCamera(row))
    }

    /// Ends the window; a call only after a question, as one key may be a slip.
    fn quit(&mut self, now: Instant) {
        if self.own.is_none() || self.asks_to_leave(now) {
            self.quits = true;
        } else {
            self.leaving_until = Some(now + QUESTION_STAYS);
        }
    }

    /// Whether the question is shown whether to leave the call.
    pub(crate) fn asks_to_leave(&self, now: Instant) -> bool {
        self.leaving_until.is_some_and(|until| now < until)
    }

    fn digit(&mut self, digit: u64, now: Instant) {
        let numbers = self.streams.iter().map(|stream| stream.number);
        match self.typed.digit(digit, &numbers, now) {
            Some(Typed::All) => _ = self.streams.show_all(),
            Some(Typed::Stream(number)) => self.streams.enlarge_number(number),
            None => {}
        }
    }

    /// Closes the topmost layer over the pictures; false if there is none.
    pub(crate) fn close(&mut self) -> bool {
        if self.menu.take().is_some() || self.leaving_until.take().is_some() || std::mem::take(&mut self.help)
        {
            return true;
        }
        if self.cameras.take().is_some() || std::mem::take(&mut self.shares) {
            return true;
        }
        if self.discard_drafts() || self.images.dismiss() {
            return true;
        }
        if self.chat.is_open() {
            self.chat.close();
            return true;
        }
        std::mem::take(&mut self.numbers) || self.streams.show_all()
    }

    /// Edits the line that is being written.
    pub(crate) fn edit(&mut self, edit: &Edit, now: Instant) {
        if !self.chat.edit(edit) {
            self.notice(Phrase::TooLong, now);
        }
    }

    /// Handles a key while a line is being written; returns what is to be sent. Pasting is up to the window
    /// system.
    pub(crate) fn write(&mut self, writing: &Writing, now: Instant) -> Option<Action> {
        match writing {
            Writing::Edit(edit) => self.edit(edit, now),
            Writing::Send => match self.chat.send(Timestamp::now(), now) {
                Some((number, text)) => return Some(Action::Say { number, text }),
                None => self.chat.close(),
            },
            Writing::Close => self.chat.close(),
            Writing::Scroll(lines) => self.chat.scroll(*lines),
            Writing::Paste => {}
        }
        None
    }
}
