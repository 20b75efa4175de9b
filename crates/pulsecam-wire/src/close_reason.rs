//! The relay's last message, with the reason why it closes a connection. To a Qt client it is an ordinary
//! heartbeat.

use super::{
    Message, MessageKind, QString,
    attributes::{self, Attributes},
    heartbeat::Side,
};

/// The attribute with the reason as text.
const KEY: &str = "bye";

/// The attribute with the reason as a keyword for programs.
const CAUSE: &str = "cause";

/// The attribute with the size of the message that was refused.
const REFUSED: &str = "refused";

/// A machine-readable reason, on which a client acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The relay asks for a key, and the client showed none.
    KeyMissing,
    /// The client showed a key that the relay does not know.
    KeyRefused,
    /// The relay is stopping, and there are others.
    Stopping,
}

impl Cause {
    const ALL: [Self; 3] = [Self::KeyMissing, Self::KeyRefused, Self::Stopping];

    const fn word(self) -> &'static str {
        match self {
            Self::KeyMissing => "key-missing",
            Self::KeyRefused => "key-refused",
            Self::Stopping => "stopping",
        }
    }
}

/// Why the relay closes the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseReason {
    /// The reason as text.
    pub reason: String,
    /// The machine-readable reason, if there is one.
    pub cause: Option<Cause>,
    /// The size field of the message that the relay refused, if that is the reason.
    pub refused: Option<u32>,
}

impl CloseReason {
    /// A reason for people only.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), cause: None, refused: None }
    }

    /// Sets [`CloseReason::cause`].
    #[must_use]
    pub fn with_cause(self, cause: impl Into<Option<Cause>>) -> Self {
        Self { cause: cause.into(), ..self }
    }

    /// Sets [`CloseReason::refused`].
    #[must_use]
    pub fn with_refused(self, refused: impl Into<Option<u32>>) -> Self {
        Self { refused: refused.into(), ..self }
    }

    /// Builds the relay's heartbeat that carries the reason.
    #[must_use]
    pub fn to_message(&self) -> Message {
        let (mut description, payload) = Side::Relay.plain();
        attributes::write(&mut description, KEY, &self.reason);
        if let Some(cause) = self.cause {
            attributes::write(&mut description, CAUSE, cause.word());
        }
        if let Some(refused) = self.refused {
            attributes::write(&mut description, REFUSED, &refused.to_string());
        }
        #[expect(clippy::unwrap_used, reason = "a reason is a line of ours, far below the size limit")]
        Message::new(MessageKind::Heartbeat, QString::from(description.as_str()), Some(payload)).unwrap()
    }

    /// Parses the relay's last message; `None` if it is any other.
    #[must_use]
    pub fn parse(message: &Message) -> Option<Self> {
        if message.kind() != MessageKind::Heartbeat {
            return None;
        }
        let text = message.description().beginning();
        let (mut reason, mut cause, mut refused) = (None, None, None);
        for (key, value) in Attributes::parse(&text) {
            match key {
                KEY => reason = reason.or_else(|| Some(attributes::shortened(value.into_owned()))),
                CAUSE => cause = Cause::ALL.into_iter().find(|cause| cause.word() == value),
                REFUSED => refused = value.parse().ok(),
                _ => {}
            }
        }
        Some(Self { reason: reason?, cause, refused })
    }
}

/// Builds the heartbeat with which a relay gives its reason before it closes the connection.
#[must_use]
pub fn close_message(reason: &str) -> Message {
    CloseReason::new(reason).to_message()
}

/// The reason why the relay is about to close the connection, if this heartbeat carries one.
#[must_use]
pub fn close_reason_text(message: &Message) -> Option<String> {
    CloseReason::parse(message).map(|farewell| farewell.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Heartbeat;

    #[test]
    fn a_reason_is_read_as_it_was_said_and_is_a_plain_heartbeat_to_others() {
        let message = close_message("full; 100 % of places, 没有位置");
        assert_eq!(close_reason_text(&message).unwrap(), "full; 100 % of places, 没有位置");
        assert_eq!(message.kind(), MessageKind::Heartbeat);
        assert_eq!(Heartbeat::parse(message.description()), Heartbeat::default());
        assert_eq!(close_reason_text(&Heartbeat::default().to_message(Side::Relay)), None);
    }

    #[test]
    fn what_a_program_acts_on_is_read_too_and_anything_else_is_ignored() {
        for cause in [None].into_iter().chain(Cause::ALL.map(Some)) {
            let said = CloseReason { reason: "no".into(), cause, refused: Some(17) };
            assert_eq!(CloseReason::parse(&said.to_message()), Some(said));
        }
        let odd = Message::new(MessageKind::Heartbeat, "x; bye=no; cause=weather; refused=-1".into(), None)
            .unwrap();
        assert_eq!(CloseReason::parse(&odd), Some(CloseReason::new("no")));
        let no_reason = Message::new(MessageKind::Heartbeat, "x; cause=key-missing".into(), None).unwrap();
        assert_eq!(CloseReason::parse(&no_reason), None);
    }
}
