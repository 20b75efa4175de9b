//! The stages of a frame's way, each on its own thread, joined by queues of the newest frame.
//!
//! [`Outgoing`] is source → encoder → link; [`receive`] is link → decoder → viewer. No stage waits for the
//! next one. On the way out, `grab` takes frames on the source's thread and gives them to `consumers`:
//!
//! - `frame_sender`: `frame_filter` → `frame_encoder` → link, and `placeholder` while the source gives none
//! - `mirror`: the self view

mod consumers;
mod frame_encoder;
mod frame_filter;
mod frame_sender;
mod grab;
mod incoming;
mod inspect;
mod job;
mod lessen;
mod meter;
mod mirror;
mod outgoing;
mod placeholder;
mod rate_control;
mod setting;
#[cfg(test)]
mod simulated_path;
mod source_health;
mod span;
mod still;
mod switch;
mod tally;

pub use self::{
    incoming::{Arrival, Shown, Viewer, age, receive},
    job::{Freshness, Job, Viewers},
    meter::{Meter, Rates},
    mirror::{Mirror, Reflection},
    outgoing::{Error, Outgoing},
    rate_control::RateControl,
    setting::Setting,
    switch::Switch,
    tally::Counts,
};
