//! Turning, fitting, enlarging and moving pictures, with keys and the pointer.

use std::time::Instant;

use super::{
    command::Command,
    damage::Damage,
    framing::Framing,
    render_context::{Dragged, Hit},
    window::Shell,
};
use crate::{drawing::Rect, i18n::Phrase, stream_id::StreamId};

/// Factor of a step: three of them double the size.
const STEP: f64 = 1.26;

/// Part of a tile by which a key moves a picture.
const PAN: usize = 10;

/// Pixels that the pointer may move between press and release of a click.
const SLIP: usize = 4;

/// What the pointer moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// The picture at this place, in its tile.
    Picture(usize),
    /// The window, which has no frame.
    Window,
    /// A tile, to be put at another place.
    Tile(StreamId),
}

/// A picture or a window that the pointer holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grip {
    held: Held,
    from: (usize, usize),
    last: (usize, usize),
    is_moved: bool,
    /// What a click does, which is known only at its release.
    click: Option<Command>,
}

impl Shell {
    /// The place of the stream that a command is about: that of the menu, the enlarged one, the only one, or that under
    /// the pointer.
    pub(super) fn target(&self) -> Option<usize> {
        let only = (self.model.streams.len() == 1).then_some(0);
        let named = self.model.streams.aimed().or_else(|| self.model.enlarged()).or(only);
        named.or_else(|| self.tile_at(self.context.pointer?))
    }

    /// The proportions that a small window keeps: of the enlarged or only picture, or else of the window.
    pub(super) fn proportions(&self) -> (usize, usize) {
        let visible = self.model.streams.visible();
        match visible[..] {
            [stream] => self.model.streams.framing(stream).orientation.upright_size(stream.frame.size),
            _ => self.window.get_size(),
        }
    }

    /// The room of a stream's picture, as painted.
    fn room(&self, place: usize) -> Option<Rect> {
        self.context.tiles.get(place).map(|tile| tile.room)
    }

    /// Changes how a picture is shown, if the command is about that.
    pub(super) fn reframe(&mut self, command: Command, now: Instant) {
        let is_framing =
            matches!(command, Command::Turn(_) | Command::Fit | Command::Zoom(_) | Command::Pan(..));
        if !is_framing || self.model.streams.is_empty() {
            return;
        }
        let Some((place, room)) = self.target().and_then(|place| Some((place, self.room(place)?))) else {
            return self.model.notice(Phrase::PointAtStream, now);
        };
        let own = self.model.streams[place].frame.size;
        let pointer = self.context.pointer.filter(|(x, y)| room.contains(Rect::new(*x, *y, 1, 1)));
        let middle = (room.x + room.width / 2, room.y + room.height / 2);
        let step = |steps: isize, side: usize| -steps * (side / PAN) as isize;
        self.model.streams.reframe(place, |framing: &mut Framing| match command {
            Command::Turn(turn) => framing.turn(turn),
            Command::Fit => framing.step(),
            Command::Zoom(steps) => {
                let factor = STEP.powi(steps.clamp(-9, 9) as i32);
                framing.zoom(factor, own, room, pointer.unwrap_or(middle));
            }
            Command::Pan(right, down) => {
                framing.pan((step(right, room.width), step(down, room.height)), own, room);
            }
            _ => {}
        });
        self.damage = Damage::All;
    }

    /// Takes hold of the picture under the pointer if there is more of it than is shown, of a small window, or of a tile
    /// among others. False if there is nothing to move.
    pub(super) fn grip(&mut self, at: (usize, usize), hit: Hit) -> bool {
        let (place, click) = match hit {
            Hit::Picture => (0, None),
            Hit::Command(command @ Command::Enlarge(place)) => (place, Some(command)),
            Hit::Command(_) | Hit::Track(_) => return false,
        };
        let (Some(stream), Some(room)) = (self.model.streams.get(place), self.room(place)) else {
            return false;
        };
        let can_pan = self.model.streams.framing(stream).can_pan(stream.frame.size, room);
        let held = can_pan.then_some(Held::Picture(place));
        let held = held.or_else(|| self.surface.is_small().then_some(Held::Window));
        let tile = (self.model.streams.len() > 1).then(|| Held::Tile(stream.id()));
        let held = held.or(tile);
        self.grip = held.map(|held| Grip { held, from: at, last: at, is_moved: false, click });
        self.grip.is_some()
    }

    /// Moves what is held.
    pub(super) fn pull(&mut self, (x, y): (usize, usize)) {
        let Some(grip) = &mut self.grip else { return };
        let Grip { held, from, last, .. } = *grip;
        grip.is_moved |= from.0.abs_diff(x).max(from.1.abs_diff(y)) > SLIP;
        if !grip.is_moved {
            return;
        }
        grip.last = (x, y);
        let by = (x as isize - last.0 as isize, y as isize - last.1 as isize);
        let place = match held {
            Held::Picture(place) => place,
            Held::Window => {
                self.grip = None;
                return self.surface.move_with_pointer();
            }
            Held::Tile(stream) => {
                let from = self.model.streams.place(stream);
                let dragged = from.map(|from| Dragged { from, to: self.tile_at((x, y)) });
                if dragged != self.context.dragged {
                    self.context.dragged = dragged;
                    self.damage = Damage::All;
                }
                return;
            }
        };
        if let Some(room) = self.room(place)
            && let Some(own) = self.model.streams.get(place).map(|stream| stream.frame.size)
        {
            self.model.streams.reframe(place, |framing| framing.pan(by, own, room));
            self.damage = Damage::All;
        }
    }

    /// Lets go of it; a press without a move was a click. Returns what that does.
    pub(super) fn let_go(&mut self) -> Option<Command> {
        self.context.dragged = None;
        match self.grip.take()? {
            Grip { is_moved: false, click, .. } => click,
            Grip { held: Held::Tile(stream), last, .. } => self.drop_of(stream, last),
            Grip { .. } => None,
        }
    }
}
