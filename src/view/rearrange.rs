//! Hiding, pinning and moving tiles, with keys and the pointer.

use std::time::Instant;

use super::{action::Action, command::Command, damage::Damage, window::Shell};
use crate::{drawing::Rect, i18n::Phrase, stream_id::StreamId};

impl Shell {
    /// Changes the order of the tiles, if the command is about that; returns what the caller has to remember.
    pub(super) fn rearrange(&mut self, command: Command, now: Instant) -> Option<Action> {
        let is_about_order =
            matches!(command, Command::Hide | Command::Pin | Command::Move(_) | Command::Put { .. });
        if !is_about_order || self.model.streams.is_empty() || self.model.film().is_some() {
            return None;
        }
        let place = match command {
            Command::Put { stream, .. } => self.model.streams.place(stream),
            _ => self.target(),
        };
        let Some(place) = place else {
            self.model.notice(Phrase::PointAtStream, now);
            return None;
        };
        self.damage = Damage::All;
        let streams = &mut self.model.streams;
        match command {
            Command::Hide => {
                streams.hide(place);
                return None;
            }
            Command::Pin => streams.pin(place),
            Command::Move(by) => streams.shift(place, by),
            Command::Put { to, .. } => streams.put(place, to),
            _ => {}
        }
        Some(Action::Arranged(streams.arrangement.clone()))
    }

    /// The place of the tile there.
    pub(super) fn tile_at(&self, (x, y): (usize, usize)) -> Option<usize> {
        let at = Rect::new(x, y, 1, 1);
        self.context.tiles.iter().position(|tile| tile.area.contains(at))
    }

    /// Where a tile that is dropped there goes.
    pub(super) fn drop_of(&self, stream: StreamId, at: (usize, usize)) -> Option<Command> {
        let to = self.tile_at(at)?;
        (self.model.streams.place(stream)? != to).then_some(Command::Put { stream, to })
    }
}
