//! What somebody does that a user wants to know of while looking elsewhere.

use super::update::{Image, Update};

/// Something that another person did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// A stream appeared.
    Joined {
        /// Its name; empty if it has none.
        name: String,
    },
    /// A text came.
    Said {
        /// The sender, if known.
        sender: Option<String>,
        /// The text; `None` if it cannot be read.
        text: Option<String>,
    },
    /// An image came.
    Image {
        /// The sender, if known.
        sender: Option<String>,
    },
}

impl News {
    /// What a person has written or sent, if the update is that.
    pub(super) fn said(update: &Update) -> Option<Self> {
        Some(match update {
            Update::Text { sender, text, .. } => {
                Self::Said { sender: sender.clone(), text: Some(text.clone()) }
            }
            Update::UnreadableText { sender, .. } => Self::Said { sender: sender.clone(), text: None },
            Update::Image(Image { sender, .. }) => Self::Image { sender: sender.clone() },
            _ => return None,
        })
    }
}
