//! What the user must do until the sheet can be read: a decision from what the pictures show.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{bench::fiducial::Reading, i18n::Phrase};

/// Cells below this size in pixels are too small rather than too blurred.
const MIN_CELL: f32 = 5.0;

/// A picture whose brightest parts are below this level is too dark.
const DARK: u8 = 64;

/// A picture whose darkest parts are above this level is too bright: black is lost.
const BRIGHT: u8 = 176;

/// Pictures that are judged together. Single ones fail also while all is well.
const RECENT: usize = 12;

/// Of those, the number that must be readable for the measurement to begin.
const ENOUGH: usize = 9;

/// An instruction stays at least this long: nobody can follow one that changes with each picture.
const MIN_STAY: Duration = Duration::from_millis(800);

/// Silence after which the camera is missed.
const SILENCE: Duration = Duration::from_secs(2);

/// What keeps a picture from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// There are no pictures.
    NoPicture,
    /// There is no sheet.
    NotSeen,
    /// Nothing in the picture is bright.
    TooDark,
    /// Nothing in the picture is dark.
    TooBright,
    /// The sheet is partly outside the picture.
    CutOff,
    /// The sheet is too small.
    TooFar,
    /// The sheet is out of focus, moves, or is exposed for too long.
    Blurred,
}

impl Obstacle {
    /// The instruction in the window.
    pub(super) const fn phrase(self) -> Phrase {
        match self {
            Self::NoPicture => Phrase::GlassNoPicture,
            Self::NotSeen => Phrase::GlassNotSeen,
            Self::TooDark => Phrase::GlassTooDark,
            Self::TooBright => Phrase::GlassTooBright,
            Self::CutOff => Phrase::GlassCutOff,
            Self::TooFar => Phrase::GlassTooFar,
            Self::Blurred => Phrase::GlassBlurred,
        }
    }

    /// What was wrong, for the error.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::NoPicture => "the camera gave no picture",
            Self::NotSeen => "the camera does not see the window",
            Self::TooDark => "the camera's picture is too dark",
            Self::TooBright => "the camera's picture is too bright",
            Self::CutOff => "the sheet is partly outside the camera's picture",
            Self::TooFar => "the sheet is too small in the camera's picture",
            Self::Blurred => "the sheet is blurred in the camera's picture",
        }
    }
}

/// What keeps this picture from being read; `None` if a stamp was read.
pub(super) fn obstacle(reading: &Reading) -> Option<Obstacle> {
    let (dark, bright) = reading.levels;
    let obstacle = match reading.sheets.first() {
        _ if reading.sheets.iter().any(|sheet| sheet.newest().is_some()) => return None,
        Some(sheet) if sheet.cell < MIN_CELL => Obstacle::TooFar,
        Some(_) => Obstacle::Blurred,
        None if bright < DARK => Obstacle::TooDark,
        None if dark > BRIGHT => Obstacle::TooBright,
        None if reading.cut => Obstacle::CutOff,
        None => Obstacle::NotSeen,
    };
    Some(obstacle)
}

/// Keeps the instruction steady, and decides when to begin.
#[derive(Debug)]
pub(super) struct Guide {
    recent: VecDeque<Option<Obstacle>>,
    heard: Instant,
    shown: Option<Obstacle>,
    since: Instant,
}

impl Guide {
    pub(super) fn new(now: Instant) -> Self {
        Self { recent: VecDeque::new(), heard: now, shown: Some(Obstacle::NoPicture), since: now }
    }

    /// Takes the result of one picture.
    pub(super) fn picture(&mut self, obstacle: Option<Obstacle>, now: Instant) {
        self.heard = now;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(obstacle);
    }

    /// Whether the sheet is read dependably.
    pub(super) fn is_steady(&self) -> bool {
        self.recent.iter().filter(|obstacle| obstacle.is_none()).count() >= ENOUGH
    }

    /// What to tell the user; `None` if all is well.
    pub(super) fn obstacle(&mut self, now: Instant) -> Option<Obstacle> {
        let current = self.current(now);
        let stays = now.duration_since(self.since) < MIN_STAY;
        if current != self.shown && !(stays && current.is_some() && self.shown != Some(Obstacle::NoPicture)) {
            (self.shown, self.since) = (current, now);
        }
        self.shown
    }

    /// The most frequent obstacle of the last pictures, unless most of them were read.
    fn current(&mut self, now: Instant) -> Option<Obstacle> {
        if now.duration_since(self.heard) >= SILENCE {
            self.recent.clear();
        }
        let count = |wanted| self.recent.iter().filter(|obstacle| **obstacle == wanted).count();
        if self.recent.is_empty() {
            return Some(Obstacle::NoPicture);
        }
        if count(None) * 2 >= self.recent.len() {
            return None;
        }
        self.recent.iter().copied().flatten().max_by_key(|obstacle| count(Some(*obstacle)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::fiducial::{SLOTS, Sheet, Stamp};

    fn sheet(cell: f32, stamp: Option<Stamp>) -> Sheet {
        Sheet { corners: [(0.0, 0.0); 4], cell, slots: [stamp; SLOTS] }
    }

    #[test]
    fn each_picture_has_its_obstacle() {
        let of = |sheets: &[Sheet], cut, levels| {
            let mut reading = Reading::default();
            reading.sheets = sheets.to_vec();
            reading.cut = cut;
            reading.levels = levels;
            obstacle(&reading)
        };
        let stamp = Some(Stamp::new(0, 1));
        assert_eq!(of(&[sheet(9.0, None), sheet(3.0, stamp)], true, (0, 0)), None);
        for (sheets, cut, levels, wanted) in [
            (&[sheet(4.0, None)][..], false, (20, 200), Obstacle::TooFar),
            (&[sheet(14.0, None)], true, (20, 200), Obstacle::Blurred),
            (&[], true, (3, 40), Obstacle::TooDark),
            (&[], false, (190, 255), Obstacle::TooBright),
            (&[], true, (20, 200), Obstacle::CutOff),
            (&[], false, (20, 200), Obstacle::NotSeen),
        ] {
            assert_eq!(of(sheets, cut, levels), Some(wanted));
        }
    }

    #[test]
    fn the_measurement_begins_once_most_pictures_are_read() {
        let now = Instant::now();
        let mut guide = Guide::new(now);
        assert_eq!(guide.obstacle(now), Some(Obstacle::NoPicture));
        for _ in 0..ENOUGH - 1 {
            guide.picture(None, now);
        }
        assert!(!guide.is_steady());
        guide.picture(None, now);
        assert!(guide.is_steady());
        assert_eq!(guide.obstacle(now), None);
        for _ in 0..4 {
            guide.picture(Some(Obstacle::Blurred), now);
        }
        assert!(!guide.is_steady());
        assert_eq!(guide.obstacle(now), None, "most are still read");
    }

    #[test]
    fn an_instruction_stays_long_enough_to_be_followed() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut guide = Guide::new(begin);
        guide.picture(Some(Obstacle::TooDark), at(10));
        assert_eq!(guide.obstacle(at(10)), Some(Obstacle::TooDark), "the first picture is news");
        for _ in 0..RECENT {
            guide.picture(Some(Obstacle::TooFar), at(50));
        }
        assert_eq!(guide.obstacle(at(50)), Some(Obstacle::TooDark));
        assert_eq!(guide.obstacle(at(900)), Some(Obstacle::TooFar));
        for _ in 0..RECENT {
            guide.picture(None, at(910));
        }
        assert_eq!(guide.obstacle(at(910)), None, "good news at once");
        assert_eq!(guide.obstacle(at(4_000)), Some(Obstacle::NoPicture), "the camera is gone");
        assert!(!guide.is_steady());
    }
}
