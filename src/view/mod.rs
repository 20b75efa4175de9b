//! The window that shows what arrives: pictures in a grid, words over them, and how the link is.
//!
//! Producers on any thread [`push`](Handle::push) an [`Update`] through a [`Handle`]; [`run`] shows it from
//! the main thread until it ends. The window knows nothing of the network and writes no files: what a key
//! asks for beyond it is an [`Action`] for the caller.
//!
//! ```no_run
//! use pulsecam::view::{self, Options, Update};
//!
//! let (handle, inbox) = view::inbox();
//! std::thread::spawn(move || handle.push(Update::Notice("hello".into())));
//! let summary = view::run(&Options::default(), &inbox, &mut |_| None)?;
//! # Ok::<(), view::Error>(())
//! ```

mod board;
mod fit;
mod grid;
mod inbox;
mod keys;
#[cfg(test)]
mod look;
mod paint;
mod panels;
pub mod snapshot;
mod stream;
mod update;
mod window;

pub use self::{
    board::{Action, Total},
    inbox::{Handle, Inbox, inbox},
    stream::Counts,
    update::{Frame, Image, LinkState, Update},
    window::{End, Error, Options, Presented, Summary, run},
};
