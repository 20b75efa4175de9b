//! The handshake: challenge, response, welcome, and how each side checks the other.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Error, Key, secret::random};
use crate::{
    transport::Binding,
    wire::{Message, MessageKind},
};

/// The relay's nonce. The description helps anyone who reads the log of a program that does not know the
/// type.
const CHALLENGE: (u8, &str) = (101, "this relay asks for a key");

/// The client's nonce and proof.
const RESPONSE: (u8, &str) = (102, "this is proof of a key");

/// The relay's proof.
const WELCOME: (u8, &str) = (103, "this is proof of a key from server");

/// What a client with a key says first at a port that may also be one for browsers, so that nobody has to wait
/// for a silent client.
const HELLO: (u8, &str) = (108, "this client has a key");

/// The size of a nonce in bytes: two random ones never coincide.
const NONCE: usize = 32;

/// The size of a proof in bytes.
const PROOF: usize = 32;

/// The labels that each side's proof includes, so that it cannot be reflected to its sender.
const CLIENT: &[u8] = b"pulsecam key 1, client";
const RELAY: &[u8] = b"pulsecam key 1, relay";

/// The same for a page in a browser, whose proof is worthless on the wire, because it cannot include a channel
/// binding.
const WEB_CLIENT: &[u8] = b"pulsecam key 1, web client";
const WEB_RELAY: &[u8] = b"pulsecam key 1, web relay";

type Nonce = [u8; NONCE];

/// Why a client is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthFailure {
    /// It sent something else: a Qt program, or one of ours without a key.
    #[error("the relay asks for a key, and none was given")]
    NoKey,
    /// The relay does not know its key.
    #[error("the relay does not know this key")]
    WrongKey,
}

/// The kind of connection on which a key is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Channel {
    /// TCP or TLS.
    Wire,
    /// A WebSocket of a page, which knows nothing of the TLS session around it.
    Web,
}

impl Channel {
    /// The labels of the client's and the relay's proof.
    const fn labels(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Wire => (CLIENT, RELAY),
            Self::Web => (WEB_CLIENT, WEB_RELAY),
        }
    }
}

/// What a client with a key says before it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Hello;

impl Hello {
    /// The message for the relay.
    #[must_use]
    pub fn message() -> Message {
        message(HELLO, Bytes::new())
    }

    /// Whether this is that message.
    #[must_use]
    pub fn is(message: &Message) -> bool {
        payload(message, HELLO).is_some()
    }
}

/// The relay's side.
#[derive(Debug)]
pub struct Challenge {
    nonce: Nonce,
    channel: Channel,
    binding: Option<Binding>,
}

/// The client's side.
#[derive(Debug)]
pub struct Response {
    key: Key,
    nonces: [Nonce; 2],
    binding: Option<Binding>,
}

/// The signed parts: the side's label, both nonces, and the channel binding if there is one.
fn parts<'a>(who: &'a [u8], nonces: &'a [Nonce; 2], binding: Option<&'a Binding>) -> [&'a [u8]; 4] {
    let channel = binding.map_or(&[][..], |binding| &binding[..]);
    [who, &nonces[0], &nonces[1], channel]
}

impl Challenge {
    /// Creates a challenge for one connection.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn new(binding: Option<Binding>) -> Result<Self, Error> {
        Self::on(Channel::Wire, binding)
    }

    /// Creates a challenge for a connection of this kind.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn on(channel: Channel, binding: Option<Binding>) -> Result<Self, Error> {
        Ok(Self { nonce: random()?, channel, binding })
    }

    /// The message for the client.
    #[must_use]
    pub fn message(&self) -> Message {
        message(CHALLENGE, Bytes::copy_from_slice(&self.nonce))
    }

    /// Finds the key that the client has proved to know, and builds the welcome. Takes the same time
    /// whichever key it is.
    ///
    /// # Errors
    /// [`AuthFailure`].
    pub fn verify<'a, T>(
        &self,
        answer: &Message,
        keys: impl IntoIterator<Item = (T, &'a Key)>,
    ) -> Result<(T, Message), AuthFailure> {
        let payload = payload(answer, RESPONSE).ok_or(AuthFailure::NoKey)?;
        let (nonce, proof) = payload.split_first_chunk::<NONCE>().ok_or(AuthFailure::WrongKey)?;
        let nonces = [self.nonce, *nonce];
        let (client, relay) = self.channel.labels();
        let said = parts(client, &nonces, self.binding.as_ref());
        // Tries all of them, so that the time reveals nothing.
        let fitting = keys.into_iter().filter(|(_, key)| key.verifies(&said, proof)).last();
        let (room, key) = fitting.ok_or(AuthFailure::WrongKey)?;
        let tag = key.sign(&parts(relay, &nonces, self.binding.as_ref()));
        Ok((room, message(WELCOME, Bytes::copy_from_slice(tag.as_ref()))))
    }
}

impl Response {
    /// Whether this message asks for a response.
    #[must_use]
    pub fn is_challenge(message: &Message) -> bool {
        payload(message, CHALLENGE).is_some()
    }

    /// Answers a challenge; `None` if the message is not one.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn to(challenge: &Message, key: &Key, binding: Option<Binding>) -> Result<Option<Self>, Error> {
        let Some(theirs) = payload(challenge, CHALLENGE).and_then(|payload| payload.first_chunk().copied())
        else {
            return Ok(None);
        };
        Ok(Some(Self { key: key.clone(), nonces: [theirs, random()?], binding }))
    }

    /// The message for the relay.
    #[must_use]
    pub fn message(&self) -> Message {
        let tag = self.key.sign(&parts(CLIENT, &self.nonces, self.binding.as_ref()));
        let mut payload = BytesMut::with_capacity(NONCE + PROOF);
        payload.put_slice(&self.nonces[1]);
        payload.put_slice(tag.as_ref());
        message(RESPONSE, payload.freeze())
    }

    /// Whether the relay has proved that it knows the key too.
    #[must_use]
    pub fn is_confirmed_by(&self, message: &Message) -> bool {
        let said = parts(RELAY, &self.nonces, self.binding.as_ref());
        payload(message, WELCOME).is_some_and(|proof| self.key.verifies(&said, proof))
    }
}

fn message((number, description): (u8, &str), payload: Bytes) -> Message {
    let kind = MessageKind::from(i32::from(number));
    #[expect(clippy::unwrap_used, reason = "it has a hundred bytes, far below the size limit")]
    Message::new(kind, description.into(), Some(payload)).unwrap()
}

fn payload<'a>(message: &'a Message, (number, _): (u8, &str)) -> Option<&'a Bytes> {
    message.payload().filter(|_| message.kind() == MessageKind::from(i32::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Heartbeat, Side};

    fn key(text: &str) -> Key {
        Key::new(&text.repeat(20)).unwrap()
    }

    const BINDING: Option<Binding> = Some([7; 32]);

    #[test]
    fn who_knows_the_key_gets_in_and_knows_the_relay() {
        for binding in [None, BINDING] {
            let challenge = Challenge::new(binding).unwrap();
            let response = Response::to(&challenge.message(), &key("b"), binding).unwrap().unwrap();
            let keys = [("red", key("a")), ("blue", key("b")), ("green", key("c"))];
            let keys = keys.iter().map(|(room, key)| (*room, key));
            let (room, welcome) = challenge.verify(&response.message(), keys).unwrap();
            assert_eq!(room, "blue");
            assert!(response.is_confirmed_by(&welcome));
        }
    }

    #[test]
    fn a_wrong_key_another_channel_or_an_old_answer_opens_nothing() {
        let challenge = Challenge::new(BINDING).unwrap();
        let judge =
            |challenge: &Challenge, answer: &Message| challenge.verify(answer, [((), &key("a"))]).map(|_| ());
        let answer = |text, binding| {
            Response::to(&challenge.message(), &key(text), binding).unwrap().unwrap().message()
        };
        assert_eq!(judge(&challenge, &answer("a", BINDING)), Ok(()));
        assert_eq!(judge(&challenge, &answer("b", BINDING)), Err(AuthFailure::WrongKey));
        assert_eq!(judge(&challenge, &answer("a", None)), Err(AuthFailure::WrongKey), "a man in the middle");
        assert_eq!(
            judge(&Challenge::new(BINDING).unwrap(), &answer("a", BINDING)),
            Err(AuthFailure::WrongKey),
            "an old response"
        );
        let plain = Heartbeat::default().to_message(Side::Client);
        assert_eq!(judge(&challenge, &plain), Err(AuthFailure::NoKey));
        for cut in [0, 1, NONCE, NONCE + PROOF - 1] {
            let payload = answer("a", BINDING).payload().unwrap().slice(..cut);
            assert_eq!(judge(&challenge, &message(RESPONSE, payload)), Err(AuthFailure::WrongKey));
        }
    }

    /// A page cannot bind its proof to a TLS session; what it shows must not open the wire, and the reverse.
    #[test]
    fn a_proof_for_one_channel_is_none_for_the_other() {
        let challenge = Challenge::on(Channel::Web, None).unwrap();
        let answer = Response::to(&challenge.message(), &key("a"), None).unwrap().unwrap();
        assert_eq!(
            challenge.verify(&answer.message(), [((), &key("a"))]).map(|_| ()),
            Err(AuthFailure::WrongKey)
        );
        assert!(Hello::is(&Hello::message()) && !Hello::is(&answer.message()));
    }

    #[test]
    fn a_relay_that_does_not_know_the_key_is_found_out() {
        let challenge = Challenge::new(None).unwrap();
        let response = Response::to(&challenge.message(), &key("a"), None).unwrap().unwrap();
        let own = response.message();
        assert!(!response.is_confirmed_by(&own), "the client's own message proves nothing");
        let mirrored = message(WELCOME, own.payload().unwrap().slice(NONCE..));
        assert!(!response.is_confirmed_by(&mirrored));
        assert!(!response.is_confirmed_by(&message(WELCOME, Bytes::new())));
        let short = message(CHALLENGE, Bytes::from_static(&[1; NONCE - 1]));
        assert!(Response::to(&short, &key("a"), None).unwrap().is_none());
    }
}
