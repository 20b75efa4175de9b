//! The stages of a frame's way, each on its own thread, joined by queues of the newest frame.
//!
//! [`Outgoing`] is source → encoder → link; [`receive`] is link → decoder → viewer. No stage waits for the
//! next one. On the way out, `capture_loop` takes frames on the source's thread and gives them to `consumers`:
//!
//! - `frame_sender`: `frame_filter` → `frame_encoder` → link, and `placeholder` while the source gives none
//! - `self_view`: the self view
//!
//! A `switch` turns the source off and on, and a `selector` replaces it.

mod adaptation;
mod arrival;
mod capture_loop;
mod consumers;
mod counters;
mod duplicate_filter;
mod frame_encoder;
mod frame_filter;
mod frame_sender;
mod incoming;
mod inspect;
mod job;
mod meter;
mod outgoing;
mod placeholder;
mod rate_control;
mod report_window;
mod selector;
mod self_view;
mod setting;
#[cfg(test)]
mod simulated_path;
mod source_health;
mod stamp_search;
mod switch;
mod undecodable;

pub use self::{
    arrival::{Arrival, ReceivedFrame, age},
    counters::SourceCounts,
    incoming::{Viewer, receive},
    job::{AdaptOptions, Job, Viewers},
    meter::{Meter, Rates},
    outgoing::{Error, Outgoing},
    rate_control::RateControl,
    selector::SourceSelector,
    self_view::{SelfView, SelfViewUpdate},
    setting::SendSetting,
    switch::Switch,
    undecodable::Undecodable,
};
