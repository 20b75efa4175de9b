//! Messages with the numbers of their senders, for clients of ours.

use super::{members::Member, room::Room};
use crate::{
    sync::lock,
    wire::{Arriving, Message, MessageKind, QString, Token},
};

impl Room {
    /// The message with its sender's number; `None` if clients of ours get it unchanged as well.
    pub(super) fn numbered(&self, sender: &Member, message: &Message) -> Option<Message> {
        if !message.takes_number() {
            return None;
        }
        #[cfg(feature = "cluster")]
        let shifted = sender.shifted(message);
        #[cfg(feature = "cluster")]
        let message = shifted.as_ref().unwrap_or(message);
        message.numbered(self.number(sender, message), self.shared.config.max_message)
    }

    /// The number of a client, assigned with its first message.
    pub(super) fn number(&self, sender: &Member, message: &Message) -> u64 {
        *sender.number.get_or_init(|| {
            let mut numbers = lock(&self.numbers);
            let mark = numbers.mark(sender.addr.ip(), message);
            let token = sender.token.get().copied();
            let own = token.filter(|_| mark.is_named).and_then(|token| self.own_number(token));
            numbers.take(token, mark, own, |count| self.number_of(count))
        })
    }

    /// The number of a client with a name at all relays of the cluster, so that its stream goes on if it moves to another
    /// one. A nameless client is shown by its number, which is therefore a short one.
    #[cfg(feature = "cluster")]
    fn own_number(&self, token: Token) -> Option<u64> {
        self.shared.config.cluster.as_ref().map(|cluster| cluster.number_of(token))
    }

    /// Without a cluster, numbers are only counted.
    #[cfg(not(feature = "cluster"))]
    const fn own_number(&self, _: Token) -> Option<u64> {
        None
    }

    /// The number of a connection for all relays of the cluster; `count` is its number at this one.
    #[cfg(feature = "cluster")]
    fn number_of(&self, count: u64) -> u64 {
        self.shared.cluster.number(count)
    }

    /// Without a cluster, it is the number.
    #[cfg(not(feature = "cluster"))]
    const fn number_of(&self, count: u64) -> u64 {
        count
    }

    /// Checks a message that waited for a client of ours. If it was queued before the client's first
    /// heartbeat, it has no number, or one that its sender made up: such a frame is dropped, because newer
    /// ones follow, and other messages lose the number.
    pub(super) fn checked(&self, message: &Message) -> Option<Message> {
        if !message.is_as_it_came() || !message.takes_number() {
            return Some(message.clone());
        }
        // A message too large for a number is also unchanged.
        let fits = message.numbered(u64::MAX, self.shared.config.max_message).is_some();
        let is_early_frame = message.kind() == MessageKind::Video && fits;
        (!is_early_frame).then(|| message.unnumbered().unwrap_or_else(|| message.clone()))
    }

    /// The description of an unfinished frame with its sender's number; `None` if it has none yet, or if the
    /// frame would become too large.
    pub(super) fn numbered_description(&self, sender: &Member, arriving: &Arriving<'_>) -> Option<QString> {
        let number = sender.number.get().copied()?;
        let bare = Message::new(MessageKind::Video, arriving.description(), None).ok()?;
        let payload = u32::try_from(arriving.payload_length()).ok()?;
        let room = self.shared.config.max_message.checked_sub(payload)?;
        let numbered = bare.numbered(number, room)?;
        (numbered.peer() == Some(number)).then(|| numbered.description().clone())
    }
}
