//! Challenge, response, welcome: what each side says and how it judges the other.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Error, Key, secret::random};
use crate::{
    socket::Binding,
    wire::{Kind, Message},
};

/// The relay's number. The description is for whoever reads the log of a program that does not know the type.
const CHALLENGE: (u8, &str) = (101, "this relay asks for a key");

/// The client's number, and its proof.
const RESPONSE: (u8, &str) = (102, "this is proof of a key");

/// The relay's proof.
const WELCOME: (u8, &str) = (103, "this is proof of a key from server");

/// Bytes of each side's number: by chance no two are ever the same.
const NONCE: usize = 32;

/// Bytes of a proof.
const PROOF: usize = 32;

/// What each side's proof is of, so that none can be turned against its sender.
const CLIENT: &[u8] = b"pulsecam key 1, client";
const RELAY: &[u8] = b"pulsecam key 1, relay";

type Nonce = [u8; NONCE];

/// Why somebody does not get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It said something else: a Qt program, or one of ours without a key.
    #[error("this relay asks for a key, and none was given")]
    NoKey,
    /// Its key opens nothing here.
    #[error("the key is none of this relay's")]
    WrongKey,
}

/// The relay's side.
#[derive(Debug)]
pub struct Challenge {
    nonce: Nonce,
    binding: Option<Binding>,
}

/// The client's side.
#[derive(Debug)]
pub struct Response {
    key: Key,
    nonces: [Nonce; 2],
    binding: Option<Binding>,
}

/// Whose proof it is, both numbers, and the channel where there is one.
fn parts<'a>(who: &'a [u8], nonces: &'a [Nonce; 2], binding: Option<&'a Binding>) -> [&'a [u8]; 4] {
    let channel = binding.map_or(&[][..], |binding| &binding[..]);
    [who, &nonces[0], &nonces[1], channel]
}

impl Challenge {
    /// A new one for a connection.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn new(binding: Option<Binding>) -> Result<Self, Error> {
        Ok(Self { nonce: random()?, binding })
    }

    /// What the client is sent.
    #[must_use]
    pub fn message(&self) -> Message {
        message(CHALLENGE, Bytes::copy_from_slice(&self.nonce))
    }

    /// Which of the keys the client has shown to know, and what it is sent next. Each key costs the same time.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn judge<'a, T>(
        &self,
        answer: &Message,
        keys: impl IntoIterator<Item = (T, &'a Key)>,
    ) -> Result<(T, Message), Refused> {
        let payload = payload(answer, RESPONSE).ok_or(Refused::NoKey)?;
        let (nonce, proof) = payload.split_first_chunk::<NONCE>().ok_or(Refused::WrongKey)?;
        let nonces = [self.nonce, *nonce];
        let said = parts(CLIENT, &nonces, self.binding.as_ref());
        // All of them, whichever it is.
        let fitting = keys.into_iter().filter(|(_, key)| key.verifies(&said, proof)).last();
        let (room, key) = fitting.ok_or(Refused::WrongKey)?;
        let tag = key.sign(&parts(RELAY, &nonces, self.binding.as_ref()));
        Ok((room, message(WELCOME, Bytes::copy_from_slice(tag.as_ref()))))
    }
}

impl Response {
    /// Whether this message asks for one.
    #[must_use]
    pub fn is_asked_by(message: &Message) -> bool {
        payload(message, CHALLENGE).is_some()
    }

    /// The answer to a challenge; `None` where the message is none.
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

    /// What the relay is sent.
    #[must_use]
    pub fn message(&self) -> Message {
        let tag = self.key.sign(&parts(CLIENT, &self.nonces, self.binding.as_ref()));
        let mut payload = BytesMut::with_capacity(NONCE + PROOF);
        payload.put_slice(&self.nonces[1]);
        payload.put_slice(tag.as_ref());
        message(RESPONSE, payload.freeze())
    }

    /// Whether the relay has shown that it knows the key too.
    #[must_use]
    pub fn is_welcomed_by(&self, message: &Message) -> bool {
        let said = parts(RELAY, &self.nonces, self.binding.as_ref());
        payload(message, WELCOME).is_some_and(|proof| self.key.verifies(&said, proof))
    }
}

fn message((number, description): (u8, &str), payload: Bytes) -> Message {
    let kind = Kind::from(i32::from(number));
    #[expect(clippy::unwrap_used, reason = "it has a hundred bytes, far below the size limit")]
    Message::new(kind, description.into(), Some(payload)).unwrap()
}

fn payload<'a>(message: &'a Message, (number, _): (u8, &str)) -> Option<&'a Bytes> {
    message.payload().filter(|_| message.kind() == Kind::from(i32::from(number)))
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
            let (room, welcome) = challenge.judge(&response.message(), keys).unwrap();
            assert_eq!(room, "blue");
            assert!(response.is_welcomed_by(&welcome));
        }
    }

    #[test]
    fn a_wrong_key_another_channel_or_an_old_answer_opens_nothing() {
        let challenge = Challenge::new(BINDING).unwrap();
        let judge =
            |challenge: &Challenge, answer: &Message| challenge.judge(answer, [((), &key("a"))]).map(|_| ());
        let answer = |text, binding| {
            Response::to(&challenge.message(), &key(text), binding).unwrap().unwrap().message()
        };
        assert_eq!(judge(&challenge, &answer("a", BINDING)), Ok(()));
        assert_eq!(judge(&challenge, &answer("b", BINDING)), Err(Refused::WrongKey));
        assert_eq!(judge(&challenge, &answer("a", None)), Err(Refused::WrongKey), "who sits between");
        assert_eq!(
            judge(&Challenge::new(BINDING).unwrap(), &answer("a", BINDING)),
            Err(Refused::WrongKey),
            "an old one"
        );
        let plain = Heartbeat::default().to_message(Side::Client);
        assert_eq!(judge(&challenge, &plain), Err(Refused::NoKey));
        for cut in [0, 1, NONCE, NONCE + PROOF - 1] {
            let payload = answer("a", BINDING).payload().unwrap().slice(..cut);
            assert_eq!(judge(&challenge, &message(RESPONSE, payload)), Err(Refused::WrongKey));
        }
    }

    #[test]
    fn a_relay_that_does_not_know_the_key_is_found_out() {
        let challenge = Challenge::new(None).unwrap();
        let response = Response::to(&challenge.message(), &key("a"), None).unwrap().unwrap();
        let own = response.message();
        assert!(!response.is_welcomed_by(&own), "what it said itself proves nothing");
        let mirrored = message(WELCOME, own.payload().unwrap().slice(NONCE..));
        assert!(!response.is_welcomed_by(&mirrored));
        assert!(!response.is_welcomed_by(&message(WELCOME, Bytes::new())));
        let short = message(CHALLENGE, Bytes::from_static(&[1; NONCE - 1]));
        assert!(Response::to(&short, &key("a"), None).unwrap().is_none());
    }
}
