//! Errors of reading and setting controls: one line that says what would be allowed.

use std::{fmt, io};

/// Why a control cannot be read or set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The text names no control.
    #[error("{0:?} is not a setting: write CONTROL=VALUE such as exposure=100, or the name of a button")]
    Written(String),
    /// The camera has no control of this name.
    #[error("there is no control {wanted:?}; {}", settable(.present))]
    Unknown {
        /// What was requested.
        wanted: String,
        /// The controls that can be set, as one line.
        present: String,
    },
    /// More than one control matches.
    #[error("{wanted:?} is ambiguous: it matches {candidates}")]
    Ambiguous {
        /// What was requested.
        wanted: String,
        /// The matching controls, as one line.
        candidates: String,
    },
    /// A value that the control does not accept.
    #[error("{0}")]
    Value(Box<WrongValue>),
    /// The control is read-only.
    #[error("{key} is read-only")]
    ReadOnly {
        /// The control.
        key: String,
    },
    /// An automatic mode controls it.
    #[error("{key} is inactive while {}", .first.as_deref().unwrap_or("another control sets it automatically: switch that off first"))]
    Inactive {
        /// The control.
        key: String,
        /// The automatic mode and how to switch it off, if known.
        first: Option<String>,
    },
    /// It cannot be set at the moment.
    #[error("{key} cannot be set now: the camera is in use")]
    Busy {
        /// The control.
        key: String,
    },
    /// The driver rejected the value.
    #[error("{key} cannot be set to {value}: {source}")]
    Refused {
        /// The control.
        key: String,
        /// The value that was to be set.
        value: i64,
        /// The system's error.
        source: io::Error,
    },
    /// The camera does not report its controls.
    #[error("its controls cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// Not supported on this system.
    #[error("controls can only be listed and set on 64-bit Linux")]
    NotHere,
}

impl ControlError {
    /// The system's error if the camera failed, and not if the request was wrong.
    #[must_use]
    pub const fn trouble(&self) -> Option<&io::Error> {
        match self {
            Self::Refused { source, .. } | Self::Unreadable(source) => Some(source),
            _ => None,
        }
    }
}

/// A value that a control does not accept, and the allowed values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongValue {
    /// The control.
    pub key: String,
    /// The value that was given.
    pub text: String,
    /// The allowed values, as one line.
    pub allowed: String,
    /// The default value.
    pub default: Option<String>,
    /// The allowed value closest to the number that was given.
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
        format!("available: {present}")
    }
}
