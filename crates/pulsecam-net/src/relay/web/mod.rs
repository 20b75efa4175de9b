//! Browsers and HTTP clients at the relay's own port.
//!
//! A connection's first byte tells what it speaks ([`Protocol`]). A page of ours is a client like any other:
//! after a WebSocket's handshake its connection goes the same way as one from TCP, with each message of the wire
//! in one message of the WebSocket. hyper and tungstenite know the syntax; neither queues frames.

mod addresses;
mod answer;
mod api;
mod config;
mod credentials;
mod exposition;
#[doc(hidden)]
pub mod fuzzing;
mod host;
mod http_io;
mod kick;
mod late;
mod metrics;
mod mjpeg;
mod page;
mod part;
mod pictures;
mod process;
mod publish;
mod query;
#[cfg(feature = "cluster")]
mod relays;
mod response;
mod route;
mod sessions;
mod sniff;
mod state;
mod status;
mod streams;
mod timer;
mod viewer;
mod visit;
mod websocket;

pub use self::{config::Config, sniff::Protocol};
pub(super) use self::{
    late::Quiet,
    sessions::OpenSession,
    sniff::{FIRST_BYTE, peek},
    state::State,
    visit::{Upgraded, Visit, refusal, serve},
};
