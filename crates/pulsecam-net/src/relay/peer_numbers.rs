//! The numbers of connections. A client that reconnects gets its number back, and never that of another.
//!
//! A client of ours sends a secret token, by which it is recognised. A restarted program has another token,
//! and an old program has none: these get back the number of a connection from the same address whose
//! messages had the same name, once that is gone for good. All others get a new number.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

use crate::wire::{FrameInfo, Message, MessageKind, Token};

/// The most closed connections whose numbers are remembered. Each takes some 100 bytes; beyond this the one
/// that closed first is forgotten, and gets a new number if it reconnects.
const MAX_REMEMBERED: usize = 1024;

/// The address of a connection, and a hash of what its first message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PeerOrigin {
    addr: IpAddr,
    /// A hash of the kind of message and the name in it.
    said: u64,
    /// Whether there is a name in it.
    pub(super) is_named: bool,
}

/// A number that is or was assigned.
#[derive(Debug)]
struct KnownPeer {
    token: Option<Token>,
    mark: PeerOrigin,
    /// Its connections: a client that reconnects may have two, until the first is found to be dead.
    here: u32,
    /// Whether it is expected to return with its token.
    returns: bool,
    /// The order of closing, so that the first is forgotten first.
    went: u64,
}

/// The numbers of one room.
#[derive(Debug, Default)]
pub(super) struct PeerNumbers {
    last: u64,
    known: BTreeMap<u64, KnownPeer>,
    went: u64,
    hasher: RandomState,
}

impl PeerNumbers {
    /// Computes the mark of a connection from its first message.
    pub(super) fn mark(&self, addr: IpAddr, message: &Message) -> PeerOrigin {
        let name = match message.kind() {
            MessageKind::Video => FrameInfo::parse(message.description()).stream,
            _ => message.origin().from.filter(|_| message.peer().is_none()),
        };
        let is_named = name.is_some();
        PeerOrigin { addr, said: self.hasher.hash_one((i32::from(message.kind()), name)), is_named }
    }

    /// Returns the number of a connection whose first message arrived. A new one is the client's `own` at all relays of a
    /// cluster, if it has one, or is made of the count of all so far, so that no two relays give the same.
    pub(super) fn take(
        &mut self,
        token: Option<Token>,
        mark: PeerOrigin,
        own: Option<u64>,
        number: impl FnOnce(u64) -> u64,
    ) -> u64 {
        let again = |(_, known): &(&u64, &mut KnownPeer)| token.is_some() && known.token == token;
        if let Some((number, known)) = self.known.iter_mut().find(again) {
            known.here += 1;
            return *number;
        }
        let left =
            |(_, known): &(&u64, &mut KnownPeer)| known.here == 0 && !known.returns && known.mark == mark;
        if let Some((number, known)) = self.known.iter_mut().find(left) {
            (known.token, known.here) = (token, 1);
            return *number;
        }
        self.last += 1;
        let own = own.filter(|own| !self.known.contains_key(own));
        let number = own.unwrap_or_else(|| number(self.last));
        self.known.insert(number, KnownPeer { token, mark, here: 1, returns: false, went: 0 });
        number
    }

    /// Whether a connection with this number is open.
    pub(super) fn is_here(&self, number: u64) -> bool {
        self.known.get(&number).is_some_and(|known| known.here > 0)
    }

    /// Those numbers that were given here, and not by another relay.
    #[cfg(feature = "cluster")]
    pub(super) fn own(&self, departed: crate::wire::Departed) -> crate::wire::Departed {
        let mut own = crate::wire::Departed::default();
        departed
            .iter()
            .filter(|number| self.known.contains_key(number))
            .for_each(|number| _ = own.add(number));
        own
    }

    /// Records that one of its connections is gone; `closed`: as by a program that exits. Returns whether it is
    /// gone for good.
    pub(super) fn leave(&mut self, number: u64, closed: bool) -> bool {
        let Some(known) = self.known.get_mut(&number) else { return false };
        known.here = known.here.saturating_sub(1);
        if known.here > 0 {
            return false;
        }
        let returns = known.token.is_some() && !closed;
        self.went += 1;
        (known.returns, known.went) = (returns, self.went);
        let gone = || self.known.iter().filter(|(_, known)| known.here == 0);
        if gone().count() > MAX_REMEMBERED
            && let Some((&first, _)) = gone().min_by_key(|(_, known)| known.went)
        {
            self.known.remove(&first);
        }
        !returns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Origin;

    fn same(count: u64) -> u64 {
        count
    }

    const HOME: [u8; 4] = [192, 0, 2, 1];
    const ELSEWHERE: [u8; 4] = [192, 0, 2, 2];

    fn video(numbers: &PeerNumbers, addr: [u8; 4], stream: Option<&str>) -> PeerOrigin {
        let info = FrameInfo::default().with(|info| info.stream = stream.map(str::to_owned));
        numbers.mark(addr.into(), &Message::video(bytes::Bytes::new(), &info).unwrap())
    }

    #[test]
    fn nobody_has_a_number_that_somebody_else_has_or_had() {
        let mut numbers = PeerNumbers::default();
        let [ann, bob] = [Some("ann"), Some("bob")].map(|name| video(&numbers, HOME, name));
        assert_eq!([ann, ann, bob].map(|mark| numbers.take(None, mark, None, same)), [1, 2, 3]);
        assert!(numbers.leave(1, true) && !numbers.is_here(1) && numbers.is_here(2));
        assert_eq!(numbers.take(None, bob, None, same), 4, "another name");
        let elsewhere = video(&numbers, ELSEWHERE, Some("ann"));
        assert_eq!(numbers.take(None, elsewhere, None, same), 5, "another address");
        let text = Message::text("x", &Origin::named("ann")).unwrap();
        let text = numbers.mark(HOME.into(), &text);
        assert_eq!(numbers.take(None, text, None, same), 6, "another kind of message");
        assert_eq!(numbers.take(None, ann, None, same), 1, "the same program, restarted");
    }

    #[test]
    fn a_token_gets_its_number_back_and_nobody_else_does() {
        let mut numbers = PeerNumbers::default();
        let [one, other] = [Token::random(), Token::random()];
        let ann = video(&numbers, HOME, Some("ann"));
        assert_eq!(numbers.take(one, ann, None, same), 1);
        assert_eq!(numbers.take(other, ann, None, same), 2, "the same name at the same time");
        assert!(!numbers.leave(1, false), "it is expected back");
        assert_eq!(numbers.take(Token::random(), ann, None, same), 3, "it will reconnect");
        let elsewhere = video(&numbers, ELSEWHERE, None);
        assert_eq!(numbers.take(one, elsewhere, None, same), 1, "from another address, under another name");
        assert_eq!(numbers.take(one, ann, None, same), 1, "before the old connection is given up");
        numbers.leave(1, false);
        assert_eq!(numbers.take(None, ann, None, same), 4, "it is still there");
        numbers.leave(1, true);
        assert_eq!(numbers.take(Token::random(), ann, None, same), 1, "it exited and was restarted");
        assert_eq!(numbers.take(one, ann, None, same), 5, "too late");
    }

    #[test]
    fn a_client_with_a_number_of_its_own_gets_it_unless_somebody_has_it() {
        let mut numbers = PeerNumbers::default();
        let [ann, bob] = [Some("ann"), Some("bob")].map(|name| video(&numbers, HOME, name));
        let token = Token::random();
        assert_eq!(numbers.take(token, ann, Some(77), same), 77);
        assert_eq!(numbers.take(token, ann, Some(77), same), 77, "a second connection");
        assert_eq!(numbers.take(Token::random(), bob, None, same), 2, "others are counted");
        assert_eq!(numbers.take(Token::random(), bob, Some(77), same), 3, "by chance");
        assert!(ann.is_named && !video(&numbers, HOME, None).is_named);
    }

    #[test]
    fn a_name_that_a_peer_gives_itself_as_a_number_is_none() {
        let numbers = PeerNumbers::default();
        let text = |description: &str| {
            let bare = Message::text("x", &Origin::default()).unwrap();
            Message::new(MessageKind::Text, description.into(), bare.payload().cloned()).unwrap()
        };
        let [none, forged] =
            ["this is text", "this is text; peer=3"].map(|text_| numbers.mark(HOME.into(), &text(text_)));
        assert_eq!(none, forged);
    }

    #[test]
    fn a_crowd_that_comes_and_goes_cannot_fill_memory() {
        let mut numbers = PeerNumbers::default();
        let ann = video(&numbers, HOME, Some("ann"));
        assert_eq!(numbers.take(None, ann, None, same), 1);
        for _ in 0..3 * MAX_REMEMBERED {
            let number = numbers.take(Token::random(), ann, None, same);
            numbers.leave(number, false);
        }
        assert_eq!(numbers.known.len(), MAX_REMEMBERED + 1);
        assert!(numbers.known.contains_key(&1), "a connected client is not forgotten");
        numbers.leave(7777, true);
    }
}
