//! A WebSocket as a connection of the wire: each binary message is one message of the wire.
//!
//! Like [`tls`](crate::tls), this has no queue: a frame's header is made when a message is started, so that the
//! next message is still chosen as late as possible. tungstenite knows the syntax of headers and handshake.

mod frames;
mod input;
mod output;
mod session;

use std::sync::Arc;

use bytes::Bytes;

use self::output::Output;
pub(super) use self::{input::Input, session::Session};
use crate::transport::{Connection, ReceiveHalf, SendHalf};

/// Turns a connection whose handshake is done into one of the wire. `ahead`: what was read of it already.
pub(in crate::relay) fn connection(
    input: ReceiveHalf,
    ahead: Bytes,
    output: Box<dyn SendHalf>,
) -> Connection {
    let session = Arc::new(Session::new(output));
    let input = Input::new(input, ahead, Arc::clone(&session));
    Connection::new(input, Output(session))
}
