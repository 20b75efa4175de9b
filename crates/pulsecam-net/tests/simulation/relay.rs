//! A relay's host, alone or in a cluster of three.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use pulsecam_net::{
    clock::Timestamp,
    relay::{
        self, Config, Event,
        cluster::{self, About, Accepting, Board, Carrier, Claim, ClusterKey, Epoch, Load, Opening, RelayId},
    },
    tls::Fingerprint,
    transport::{Connection, Incoming, Listen, PolledWriter},
};
use turmoil::net::{TcpListener, TcpStream};

use crate::{
    client::PORT,
    journal::Book,
    late_place::LatePlace,
    uplink,
    world::{CLUSTER, TICK},
};

/// The silence after which the relay considers a client dead.
pub const CLIENT_TIMEOUT: Duration = Duration::from_millis(1500);

/// The port for other relays.
const LINK_PORT: u16 = 6869;

/// The time that the gossip needs for what a relay says about itself.
pub const GOSSIP: Duration = Duration::from_millis(300);

/// More than one relay has lives in a run.
const LIVES: u64 = 1000;

/// The name of a relay's host.
pub fn name(relay: usize) -> String {
    format!("relay{relay}")
}

/// The offset of a relay's wall clock from that of the first one, in microseconds.
pub fn skew(relay: usize) -> i64 {
    [0, 5_000_321, -3_000_007][relay]
}

/// The name in the cluster of a relay that was started `life` times before.
pub fn id(relay: usize, life: u64) -> RelayId {
    RelayId::from_bits((relay as u64 + 1) * LIVES + life)
}

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

/// Links without TLS, whose bytes would differ each time; only which certificate is shown counts. The pushing end has
/// an uplink of a limited rate.
struct Bare {
    listener: TcpListener,
    book: Book,
}

/// The certificate of a relay that was started `life` times before: another one each time.
fn certificate(relay: usize, life: u64) -> Fingerprint {
    format!("{relay:02x}{life:062x}").parse().unwrap()
}

impl Carrier for Bare {
    fn accept(&self) -> Accepting<'_> {
        Box::pin(async {
            let (stream, addr) = self.listener.accept().await?;
            let opening: Opening = Box::pin(async { Ok(connection(stream)) });
            Ok((opening, addr))
        })
    }

    fn connect(&self, address: SocketAddr, wanted: Fingerprint) -> Opening {
        let book = self.book.clone();
        Box::pin(async move {
            let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
            let is_there = |relay: &usize| turmoil::lookup(name(*relay)) == address.ip();
            let relay = (0..CLUSTER).find(is_there).ok_or("no relay")?;
            let life = book.with(|journal| journal.at(relay).life);
            if life.is_none_or(|life| certificate(relay, life) != wanted) {
                return Err("it shows another certificate".into());
            }
            Ok(uplink::connection(stream))
        })
    }
}

/// Wraps a simulated connection for the relay.
fn connection(stream: TcpStream) -> Connection {
    let (input, output) = stream.into_split();
    Connection::new(input, PolledWriter::new(output))
}

/// A relay's part in the cluster.
async fn cluster(book: Book, board: &Board, relay: usize, life: u64) -> io::Result<cluster::Config> {
    let listener = TcpListener::bind(("0.0.0.0", LINK_PORT)).await?;
    let started = Timestamp::now();
    let about = About {
        started,
        link: (turmoil::lookup(name(relay)), LINK_PORT).into(),
        certificate: certificate(relay, life),
        public: None,
        claim: Claim::default(),
        has_slot: false,
        agreed: BTreeMap::new(),
        epoch: Epoch { began: started, number: relay as u64 * LIVES + life },
        load: Load::default(),
        rooms: BTreeSet::new(),
    };
    let place = board.join(id(relay, life), about.clone());
    let key = ClusterKey::new("the key of a simulated cluster").unwrap();
    Ok(cluster::Config::new(Arc::new(LatePlace::new(place, GOSSIP)), key, about, Bare { listener, book }))
}

/// One run of the relay's program; with a board, it is one of several.
pub async fn live(book: Book, relay: usize, board: Option<Board>) -> turmoil::Result {
    // A host's clock stands still until its first tick.
    tokio::time::sleep(TICK).await;
    let life = book.with(|journal| {
        let at = journal.at(relay);
        *at.life.insert(at.life.map_or(0, |life| life + 1))
    });
    let mut config = Config::default();
    if let Some(board) = board {
        config.cluster = Some(cluster(book.clone(), &board, relay, life).await?);
    }
    let listener = Simulated(TcpListener::bind(("0.0.0.0", PORT)).await?);
    let told = book.clone();
    config.max_clients = NonZeroUsize::new(32).unwrap();
    config.client_timeout = CLIENT_TIMEOUT;
    config.events = Some(Arc::new(move |event| hear(&told, relay, event)));
    let watched = book.clone();
    let asked = async move {
        while !watched.with(|journal| journal.stopping) {
            tokio::time::sleep(TICK).await;
        }
    };
    relay::run(listener, config, asked).await?;
    Ok(())
}

fn hear(book: &Book, relay: usize, event: &Event) {
    book.with(|journal| {
        journal.note(format_args!("{}: {event}", name(relay)));
        let at = journal.at(relay);
        match event {
            Event::Listening { .. } => {
                at.present.clear();
                at.joined = 0;
            }
            Event::Joined { client, addr, clients, .. } => {
                at.joined += 1;
                at.present.insert(*client, *addr);
                if at.present.len() != *clients {
                    journal.broken(format_args!("{clients} clients reported: {event}"));
                }
            }
            Event::Left { client, clients, .. } => {
                let known = at.present.remove(client).is_some();
                if !known || at.present.len() != *clients {
                    journal.broken(format_args!("an unknown client, or a wrong count: {event}"));
                }
            }
            Event::Summary(summary) => at.summary = Some(*summary),
            Event::Refused { .. } | Event::AcceptFailed { .. } => {
                journal.broken(format_args!("refused: {event}"));
            }
            _ => {}
        }
    });
}
