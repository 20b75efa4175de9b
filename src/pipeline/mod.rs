//! The stages of a frame's way, each on a thread of its own, joined by newest-wins hand-overs.
//!
//! [`Outgoing`] is source → encoder → link; [`receive`] is link → decoder → whoever looks. Neither waits for the
//! one after it.

mod incoming;
mod meter;
mod outgoing;

pub use self::{
    incoming::{Arrival, Shown, Viewer, age, receive},
    meter::{Meter, Rates},
    outgoing::{Counts, Error, Job, Outgoing},
};
