//! The program: what each command does, given typed options.
//!
//! [`cli`](crate::cli) builds the options from arguments and environment, calls `run`, and turns its error
//! into an exit status. Nothing here depends on clap or `cli`, and nothing names an option of the command line:
//! if one helps, `cli` adds it to the error, or passes the hint along.

// Commands.
#[cfg(feature = "client")]
pub(crate) mod call;
#[cfg(feature = "client")]
pub(crate) mod cameras;
#[cfg(feature = "relay")]
pub(crate) mod cert;
#[cfg(feature = "client")]
mod controls;
#[cfg(feature = "client")]
pub(crate) mod demo;
#[cfg(feature = "client")]
pub(crate) mod image;
#[cfg(feature = "client")]
pub(crate) mod record;
#[cfg(feature = "relay")]
pub(crate) mod relay;
#[cfg(all(feature = "client", feature = "discovery"))]
pub(crate) mod relay_inquiry;
#[cfg(feature = "discovery")]
pub(crate) mod relays;
#[cfg(feature = "client")]
pub(crate) mod send;
#[cfg(feature = "relay")]
pub(crate) mod share;
#[cfg(feature = "client")]
pub(crate) mod start;
#[cfg(feature = "client")]
pub(crate) mod text;
#[cfg(feature = "client")]
pub(crate) mod view;
#[cfg(feature = "client")]
mod view_page;
#[cfg(feature = "client")]
pub(crate) mod virtual_camera;

// Shared by commands that send.
#[cfg(feature = "client")]
mod deadline;
#[cfg(feature = "client")]
pub(crate) mod delivery;
#[cfg(feature = "client")]
mod lines;
#[cfg(feature = "client")]
pub(crate) mod name;
#[cfg(feature = "client")]
pub(crate) mod source;

// Shared by commands that receive.
#[cfg(feature = "client")]
mod action_handler;
#[cfg(feature = "client")]
mod camera_chooser;
#[cfg(feature = "client")]
mod file_manager;
#[cfg(feature = "client")]
pub(crate) mod frame_sink;
#[cfg(feature = "client")]
mod link_words;
#[cfg(feature = "client")]
pub(crate) mod notifier;
#[cfg(feature = "client")]
mod page_link;
#[cfg(feature = "client")]
mod recent_relays;
#[cfg(feature = "client")]
mod recording_session;
#[cfg(feature = "client")]
mod remembered_tiles;
#[cfg(feature = "client")]
mod remembered_window;
#[cfg(feature = "client")]
mod report;
#[cfg(feature = "client")]
mod save;
#[cfg(feature = "client")]
pub(crate) mod show;
#[cfg(feature = "client")]
mod show_events;

// The relay's.
#[cfg(feature = "relay")]
mod announce;
#[cfg(feature = "relay")]
mod bind_warning;
#[cfg(feature = "cluster")]
pub(crate) mod cluster;
#[cfg(feature = "relay")]
mod dashboard;
#[cfg(feature = "relay")]
mod self_signed;
#[cfg(feature = "relay")]
pub(crate) mod server_auth;
#[cfg(feature = "relay")]
mod service;
#[cfg(feature = "relay")]
pub(crate) mod web;

// Shared by all.
#[cfg(feature = "client")]
mod codec;
mod error;
mod journal;
pub(crate) mod limit;
mod line_writer;
#[cfg(feature = "client")]
pub(crate) mod link;
pub(crate) mod log;
pub(crate) mod output;
mod relay_event;
mod runtime;
mod screen;
pub(crate) mod signal;
mod state_folder;
mod stdio;

#[cfg(feature = "client")]
pub(crate) use self::codec::Codec;
pub(crate) use self::{
    error::Error,
    runtime::{Runtime, runtime},
};
