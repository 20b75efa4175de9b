//! Pictures: where they come from, how they become JPEG and back, and where they are kept.
//!
//! [`capture`] has the sources: cameras, films, photos, pipes. [`jpeg`] encodes and decodes on several cores and repairs what is
//! damaged, [`still`] reads single pictures as people have them, [`film`] takes films apart, [`recording`] writes them.

pub mod playback;

pub mod file_name;

pub mod picture;

pub mod lettering;

pub mod jpeg;

pub mod still;

pub mod film;

pub mod recording;

pub mod capture;

mod clock {
    pub(crate) use pulsecam_wire::timestamp::Timestamp;
}

use pulsecam_queue as fresh;
use pulsecam_wire::{harmless, stream_id};
