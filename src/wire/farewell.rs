//! A last word: why the relay closes a connection. To a Qt client it is a heartbeat like any other.

use super::{
    Kind, Message, QString,
    attributes::{self, Attributes},
    heartbeat::Side,
};

/// The attribute.
const KEY: &str = "bye";

/// A heartbeat of the relay's that says why it closes the connection next.
#[must_use]
pub fn farewell(reason: &str) -> Message {
    let (mut description, payload) = Side::Relay.plain();
    attributes::write(&mut description, KEY, reason);
    #[expect(clippy::unwrap_used, reason = "a reason is a line of ours, far below the size limit")]
    Message::new(Kind::Heartbeat, QString::from(description.as_str()), Some(payload)).unwrap()
}

/// Why the relay is about to close the connection, where this is a heartbeat that says so.
#[must_use]
pub fn farewell_reason(message: &Message) -> Option<String> {
    if message.kind() != Kind::Heartbeat {
        return None;
    }
    let text = message.description().beginning();
    let mut attributes = Attributes::parse(&text);
    let (_, reason) = attributes.find(|(key, _)| *key == KEY)?;
    Some(attributes::shortened(reason.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Heartbeat;

    #[test]
    fn a_reason_is_read_as_it_was_said_and_is_a_plain_heartbeat_to_others() {
        let message = farewell("full; 100 % of places, 没有位置");
        assert_eq!(farewell_reason(&message).unwrap(), "full; 100 % of places, 没有位置");
        assert_eq!(message.kind(), Kind::Heartbeat);
        assert_eq!(Heartbeat::parse(message.description()), Heartbeat::default());
        assert_eq!(farewell_reason(&Heartbeat::default().to_message(Side::Relay)), None);
    }
}
