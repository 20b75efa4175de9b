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
mod config;
mod datagram;
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
mod others;
mod replay_window;
mod seal;
mod sealed_socket;
mod standing;

pub use self::{
    about::{About, Epoch, Load, MAX_ROOMS, Unusable},
    arrivals::{Arrival, Arrivals},
    audience::Neighbour,
    board::{Board, Place},
    config::{Config, Door},
    error::Error,
    gossip::{Gossip, REMEMBERED},
    gossip_config::GossipConfig,
    identity::Identity,
    key::{ClusterKey, NotAnId, RoomTag},
    ledger::{Ledger, LedgerFull},
    link_plan::{LinkKey, LinkPlan, LinkStep, MAX_RELAYS},
    members::{Members, Relay, RelayId, Roster},
    seal::{Opened, Refusal, Refused, Seal, TooLarge},
};
pub(super) use self::{hub::run, link::RoomLinks, standing::Standing};
