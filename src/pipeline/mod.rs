//! The stages of a frame's way, each on a thread of its own, joined by newest-wins hand-overs.
//!
//! [`Outgoing`] is source → encoder → link; [`receive`] is link → decoder → whoever looks. Neither waits for the
//! one after it.

pub mod adapt;
mod encode;
mod grab;
mod incoming;
mod meter;
mod outgoing;
mod still;
mod tally;

pub use self::{
    incoming::{Arrival, Shown, Viewer, age, receive},
    meter::{Meter, Rates},
    outgoing::{Error, Job, Outgoing, Viewers},
    tally::Counts,
};
