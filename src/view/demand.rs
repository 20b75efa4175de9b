//! Which frames have to be decoded: those that somebody can see.

use crate::{drawing::Rect, stream_id::StreamId};

/// What the window needs of a stream's next frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// Its pixels at its own size, since the window has not shown the stream yet.
    #[default]
    OwnSize,
    /// Its pixels at this width and height, at which it is shown.
    Size((usize, usize)),
    /// No pixels: nobody can see them. If that changes, the window requests those of the newest frame.
    Nothing,
}

/// A stream's picture in the last painting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShownTile {
    pub(crate) stream: StreamId,
    /// The area of its picture.
    pub(crate) place: Rect,
    /// The size that the whole picture needs for that.
    pub(crate) needed: (usize, usize),
    /// Whether newer pictures are held back, because the user has paused.
    pub(crate) is_held: bool,
}

impl ShownTile {
    /// What the stream's next frames are needed for; `in_front`: an opaque area over the pictures.
    pub(crate) fn demand(&self, in_front: Option<Rect>) -> Demand {
        let Rect { width, height, .. } = self.place;
        let is_behind = in_front.is_some_and(|front| front.contains(self.place));
        if self.is_held || width == 0 || height == 0 || is_behind {
            return Demand::Nothing;
        }
        Demand::Size(self.needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_seen_is_decoded() {
        let place = Rect::new(100, 50, 320, 180);
        let tile = ShownTile { stream: StreamId::new(1), place, needed: (320, 180), is_held: false };
        assert_eq!(tile.demand(None), Demand::Size((320, 180)));
        assert_eq!(
            tile.demand(Some(Rect::new(101, 50, 500, 500))),
            Demand::Size((320, 180)),
            "partly behind"
        );
        assert_eq!(tile.demand(Some(Rect::new(100, 50, 320, 180))), Demand::Nothing, "behind");
        assert_eq!(ShownTile { is_held: true, ..tile }.demand(None), Demand::Nothing, "paused");
        for place in [Rect::new(0, 0, 0, 180), Rect::new(0, 0, 320, 0)] {
            assert_eq!(ShownTile { place, ..tile }.demand(None), Demand::Nothing, "no room");
        }
    }
}
