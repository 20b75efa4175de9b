//! The window that shows what arrives: pictures in a grid, texts over them, and the state of the link.
//!
//! Producers on any thread [`push`](Handle::push) an [`Update`] through a [`Handle`]; [`run`] shows it from
//! the main thread until it ends. The window has no access to the network and writes no files: everything
//! else that a key requests is an [`Action`] for the caller.
//!
//! ```no_run
//! use pulsecam::view::{self, Options, Update};
//!
//! let (handle, inbox) = view::inbox();
//! std::thread::spawn(move || handle.push(Update::Notice("hello".into())));
//! let summary = view::run(&Options::default(), &inbox, &mut |_| None)?;
//! # Ok::<(), view::Error>(())
//! ```

mod action;
mod bar;
mod board;
mod chat;
mod clipboard;
mod command;
mod corners;
mod density;
mod entry;
mod film;
mod film_bar;
mod fit;
mod fitting;
mod gallery;
mod grid;
mod inbox;
mod input;
mod keys;
#[cfg(test)]
mod look;
mod numbers;
mod options;
mod paint;
mod panels;
mod pointer;
mod render_context;
mod state;
mod stream;
mod stream_list;
mod stream_stats;
mod talk;
pub mod terminal;
mod theme;
mod tiles;
mod track;
mod update;
mod waiting;
mod window;

pub use self::{
    action::{Action, Total},
    inbox::{Handle, Inbox, inbox},
    options::{End, Error, Film, Options, Presented, Summary},
    stream::Counts,
    update::{Account, Card, Damaged, Frame, Image, LinkState, Own, Update, Wanted},
    window::run,
};
