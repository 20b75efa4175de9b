//! The window that asks which relay to use: for a start from a desktop icon, where nobody can type arguments.
//!
//! Like the viewer, it has no access to the network: the caller tells what is known and found, and checks what the
//! user has chosen.

mod form;
mod items;
mod paint;
mod window;

use std::sync::Arc;

use super::placement::Placement;
use crate::i18n::Translations;

pub(crate) use self::window::run;

/// Options of the window.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Initial width and height in pixels; `None`: as the screen's density suggests.
    pub(crate) size: Option<(usize, usize)>,
    /// Where the window was the last time.
    pub(crate) place: Option<Placement>,
    /// Pixels per unit of the interface; `None`: guessed from the screen.
    pub(crate) ui_scale: Option<f32>,
    pub(crate) words: Arc<Translations>,
    /// The address that is in the line at first; may be empty.
    pub(crate) address: String,
    /// Relays that were used lately or have names, the newest first.
    pub(crate) known: Vec<Relay>,
    /// What to say at first: why the relay that was chosen before could not be used.
    pub(crate) notice: Option<String>,
}

/// A relay that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Relay {
    /// Its name; empty if it has none.
    pub(crate) name: String,
    pub(crate) address: String,
    /// Whether it requires TLS.
    pub(crate) tls: bool,
    /// Whether it requires a key.
    pub(crate) key: bool,
}

/// The search for relays on the local network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// This program cannot search.
    Absent,
    /// It has just begun.
    Begun,
    Found(Vec<Relay>),
    Failed(String),
}

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// A demonstration on this machine.
    Demo,
    Relay {
        /// The address, or the link of a page, as the user wrote it.
        address: String,
        /// The key to the room; empty if none was entered.
        key: String,
        /// Whether the relay has said that it requires TLS.
        tls: bool,
        /// Whether to send the user's camera, too.
        call: bool,
    },
}
