//! The relay's host.

use std::{io, net::SocketAddr, num::NonZeroUsize, time::Duration};

use pulsecam_net::{
    relay::{self, Config, Event},
    transport::{Connection, Incoming, Listen, PolledWriter},
};
use turmoil::net::{TcpListener, TcpStream};

use crate::{client::PORT, journal::Book, world::TICK};

/// The silence after which the relay considers a client dead.
pub const CLIENT_TIMEOUT: Duration = Duration::from_millis(1500);

struct Simulated(TcpListener);

impl Listen for Simulated {
    async fn accept(&mut self) -> io::Result<(Incoming, SocketAddr)> {
        let (stream, addr) = self.0.accept().await?;
        Ok((Incoming::Other(connection(stream)), addr))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Wraps a simulated connection for the relay.
fn connection(stream: TcpStream) -> Connection {
    let (input, output) = stream.into_split();
    Connection::new(input, PolledWriter::new(output))
}

/// One run of the relay's program.
pub async fn live(book: Book) -> turmoil::Result {
    // A host's clock stands still until its first tick.
    tokio::time::sleep(TICK).await;
    let listener = Simulated(TcpListener::bind(("0.0.0.0", PORT)).await?);
    let told = book.clone();
    let mut config = Config::default();
    config.max_clients = NonZeroUsize::new(32).unwrap();
    config.client_timeout = CLIENT_TIMEOUT;
    config.events = Some(std::sync::Arc::new(move |event| hear(&told, event)));
    let watched = book.clone();
    let asked = async move {
        while !watched.with(|journal| journal.stopping) {
            tokio::time::sleep(TICK).await;
        }
    };
    relay::run(listener, config, asked).await?;
    Ok(())
}

fn hear(book: &Book, event: &Event) {
    book.with(|journal| {
        journal.note(format_args!("relay: {event}"));
        match event {
            Event::Listening { .. } => {
                journal.present.clear();
                journal.joined = 0;
            }
            Event::Joined { client, addr, clients, .. } => {
                journal.joined += 1;
                journal.present.insert(*client, *addr);
                if journal.present.len() != *clients {
                    journal.broken(format_args!("{clients} clients reported: {event}"));
                }
            }
            Event::Left { client, clients, .. } => {
                let known = journal.present.remove(client).is_some();
                if !known || journal.present.len() != *clients {
                    journal.broken(format_args!("an unknown client, or a wrong count: {event}"));
                }
            }
            Event::Summary(summary) => journal.summary = Some(*summary),
            Event::Refused { .. } | Event::AcceptFailed { .. } => {
                journal.broken(format_args!("refused: {event}"));
            }
            _ => {}
        }
    });
}
