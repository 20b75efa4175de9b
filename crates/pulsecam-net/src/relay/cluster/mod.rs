//! Several relays as one: who is there, what crosses between them, and under which numbers.
//!
//! Relays find each other by gossip in sealed datagrams ([`Seal`]), which says only who is there, where, and with
//! which rooms. Everything else (frames, texts, the number of viewers) goes over links: for each room that
//! two relays both have, each dials the other and pushes what its own clients send.
//!
//! The parts that decide are plain types that take the time and what is known.

mod about;
mod arrivals;
mod audience;
mod board;
mod carrier;
mod claim;
mod claimant;
mod config;
mod datagram;
mod entering;
mod error;
mod gossip;
mod gossip_config;
mod hub;
mod identity;
mod key;
mod ledger;
mod link;
mod link_plan;
mod members;
mod occupancy;
mod others;
mod replay_window;
mod seal;
mod sealed_socket;
mod standing;
mod status;

/// The port of relays for each other, of UDP and TCP: the one behind that of clients.
pub const DEFAULT_PORT: u16 = 6869;

pub use self::{
    about::{About, Epoch, Load, MAX_ROOMS, Unusable},
    arrivals::{Arrival, Arrivals},
    audience::Neighbour,
    board::{Board, Place},
    carrier::{Accepting, Carrier, Door, Opening},
    claim::{Claim, NotAClaim},
    config::Config,
    error::Error,
    gossip::{Gossip, REMEMBERED},
    gossip_config::GossipConfig,
    key::{ClusterKey, NotAnId, RoomTag},
    ledger::{Ledger, LedgerFull},
    link_plan::{LinkKey, LinkPlan, LinkStep, MAX_RELAYS},
    members::{Members, Relay, RelayId, Roster},
    others::reached_at,
    seal::{Opened, Refusal, Refused, Seal, TooLarge},
    status::{LinkStatus, RelayStatus, Status},
};
pub(super) use self::{
    hub::run,
    link::{LinkClock, RoomLinks},
    standing::Standing,
};
