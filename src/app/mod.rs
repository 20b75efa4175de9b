//! The program: what each command does, given typed options.
//!
//! [`cli`](crate::cli) builds the options from arguments and environment, calls `run`, and turns its error
//! into an exit status. Nothing here depends on clap or `cli`. A few log lines name an option that helps.

// Commands.
pub(crate) mod call;
pub(crate) mod cameras;
pub(crate) mod cert;
mod controls;
pub(crate) mod demo;
pub(crate) mod image;
pub(crate) mod record;
pub(crate) mod relay;
pub(crate) mod send;
pub(crate) mod text;
pub(crate) mod view;

// Shared by commands that send.
mod deadline;
pub(crate) mod delivery;
mod lines;
pub(crate) mod name;
pub(crate) mod source;

// Shared by commands that receive.
mod action_handler;
pub(crate) mod frame_sink;
mod link_words;
mod recording_session;
mod report;
mod save;
pub(crate) mod show;
mod show_events;

// The relay's.
mod bind_warning;
mod dashboard;
pub(crate) mod server_auth;
mod service;

// Shared by all.
mod codec;
mod error;
mod journal;
pub(crate) mod limit;
mod line_writer;
pub(crate) mod link;
pub(crate) mod log;
pub(crate) mod output;
mod runtime;
mod screen;
pub(crate) mod signal;
mod stdio;

pub(crate) use self::{
    codec::Codec,
    error::Error,
    runtime::{Runtime, runtime},
};
