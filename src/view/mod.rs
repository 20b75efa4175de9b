//! The window that shows what arrives: pictures in a grid, texts over them, and the state of the link.
//!
//! Producers on any thread [`push`](WindowHandle::push) an [`Update`] through a [`WindowHandle`]; [`run`] shows it from
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
mod arrangement;
mod bar;
mod blit;
mod bounded_queue;
mod camera_list;
mod camera_panel;
mod card;
mod chat;
mod chat_panel;
mod clipboard;
mod command;
mod damage;
mod demand;
mod dpi;
mod draft;
mod drop_reader;
#[cfg_attr(not(all(unix, not(target_os = "macos"))), expect(dead_code, reason = "reported by X11 only"))]
mod dropped;
mod entry;
mod film;
mod film_bar;
mod framing;
mod gallery;
mod graphs;
mod grid;
#[cfg(all(unix, not(target_os = "macos")))]
mod icon;
mod inbox;
mod input;
mod key_help;
#[cfg(all(unix, not(target_os = "macos")))]
mod key_table;
mod keys;
#[cfg(all(unix, not(target_os = "macos")))]
mod keysym;
pub(crate) mod look;
mod menu;
mod menu_panel;
mod menu_use;
mod model;
mod model_commands;
mod model_film;
mod news;
mod number_entry;
mod on_drawn;
mod opened;
mod options;
mod overlay;
mod paint;
mod panels;
#[cfg_attr(not(all(unix, not(target_os = "macos"))), expect(dead_code, reason = "needed by X11 only"))]
pub(crate) mod placement;
mod pointer;
mod presses;
mod rearrange;
mod reframe;
mod refusal;
mod render_context;
mod rescaler;
mod said;
#[cfg(test)]
mod samples;
mod selection;
mod share_panel;
#[cfg(test)]
mod snapshots;
mod stage;
pub(crate) mod start;
mod state;
mod stats_list;
mod stats_panel;
mod stream;
mod stream_counts;
mod stream_list;
mod stream_order;
mod stream_stats;
mod strip;
mod surface;
mod table;
pub mod terminal;
mod theme;
mod tiles;
mod track;
mod update;
mod visibility;
mod window;
mod window_system;
#[cfg_attr(not(all(unix, not(target_os = "macos"))), path = "x11_absent.rs")]
mod x11;
#[cfg(all(unix, not(target_os = "macos")))]
mod x11_clipboard;
#[cfg(all(unix, not(target_os = "macos")))]
mod x11_drop;
#[cfg(all(unix, not(target_os = "macos")))]
mod x11_keys;
#[cfg(all(unix, not(target_os = "macos")))]
mod x11_pointer;
#[cfg(all(unix, not(target_os = "macos")))]
mod x11_small;
#[cfg(all(unix, not(target_os = "macos")))]
mod x11_states;

pub use self::{
    action::{Action, Total},
    arrangement::Arrangement,
    camera_list::CameraChoice,
    demand::Demand,
    inbox::{WindowHandle, WindowInbox, inbox},
    news::News,
    on_drawn::OnDrawn,
    options::{End, Error, FilmOptions, Options, Presented, Summary},
    stream_counts::StreamCounts,
    update::{
        Damaged, FrameCounts, Image, LinkState, PageLink, PlaceholderKind, RescaleRequest, SelfViewState,
        Update, VideoFrame,
    },
    window::run,
};

/// Whether a window can be opened, judging by the environment.
pub(crate) fn has_display() -> bool {
    refusal::no_display(|name| std::env::var_os(name)).is_none()
}
