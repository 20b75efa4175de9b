//! Why a control cannot be told or set: one line that says what would be allowed.

use std::{fmt, io};

/// Why a control cannot be told or set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// What was given names nothing.
    #[error("{0:?} sets nothing: a control is set like exposure=100, and a button pressed by its name alone")]
    Written(String),
    /// No control of the camera is called so.
    #[error("there is no control {wanted:?}; {}", settable(.present))]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// Those that can be set, as one line.
        present: String,
    },
    /// More than one control can be meant.
    #[error("{wanted:?} can be any of {candidates}: say which")]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// Those that it may be, as one line.
        candidates: String,
    },
    /// A value that the control does not take.
    #[error("{0}")]
    Value(Box<WrongValue>),
    /// The camera only tells it.
    #[error("{key} can only be read")]
    ReadOnly {
        /// The control.
        key: String,
    },
    /// An automatic has it.
    #[error("{key} is inactive while {}", .first.as_deref().unwrap_or("another control has it on automatic: set that first"))]
    Inactive {
        /// The control.
        key: String,
        /// Which automatic it is and how to switch it off, where that is known.
        first: Option<String>,
    },
    /// Not now.
    #[error("{key} cannot be set for now: the camera is in use")]
    Busy {
        /// The control.
        key: String,
    },
    /// The driver said no.
    #[error("{key} cannot be set to {value}: {source}")]
    Refused {
        /// The control.
        key: String,
        /// What was to be set.
        value: i64,
        /// What the system said.
        source: io::Error,
    },
    /// The camera does not tell its controls.
    #[error("its controls cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// Not on this system.
    #[error("controls can be listed and set on Linux only so far")]
    NotHere,
}

impl ControlError {
    /// What the system said, where it is the camera's trouble and no mistake in what was asked for.
    #[must_use]
    pub const fn trouble(&self) -> Option<&io::Error> {
        match self {
            Self::Refused { source, .. } | Self::Unreadable(source) => Some(source),
            _ => None,
        }
    }
}

/// A value that a control does not take, and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongValue {
    /// The control.
    pub key: String,
    /// What was given.
    pub text: String,
    /// What it takes, as one line.
    pub allowed: String,
    /// How it is at first.
    pub default: Option<String>,
    /// What is allowed and nearest to the number that was given.
    pub nearest: Option<i64>,
}

impl fmt::Display for WrongValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => write!(f, "{} needs a value: it takes {}", self.key, self.allowed)?,
            text => write!(f, "{} cannot be {text:?}: it takes {}", self.key, self.allowed)?,
        }
        if let Some(default) = &self.default {
            write!(f, "; default: {default}")?;
        }
        self.nearest.map_or(Ok(()), |nearest| write!(f, "; nearest: {nearest}"))
    }
}

fn settable(present: &str) -> String {
    if present.is_empty() {
        "the camera has none that can be set".into()
    } else {
        format!("there is {present}")
    }
}
