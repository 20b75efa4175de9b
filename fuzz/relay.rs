//! Fuzzes the whole relay, with connections in memory and a simulated clock: whatever two untrusted clients
//! do, nothing panics, two others can still talk, and the counters are consistent.

use std::{
    future::{pending, poll_fn},
    io,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    pin::Pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use pulsecam_net::{
    relay::{Config, Event, Limits, Summary, run},
    transport::{Connection, Incoming, Listen, PolledWriter},
};
use pulsecam_wire::{Codec, Heartbeat, Message, MessageKind, Origin, Reader, Side};
use tokio::{
    io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf, WriteHalf, duplex, split},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::wire_bytes;

/// Small, so that the limit is reached often.
const MAX_MESSAGE: u32 = 1 << 14;

/// Bytes that may wait for a client that does not read. Clients that read are given time after each action.
const MAILBOX: usize = 64 << 10;

/// Bytes that a connection holds in each direction; less than the largest message.
const PIPE: usize = 8 << 10;

/// The heartbeat interval of a healthy client: well within the relay's patience.
const BEAT: Duration = Duration::from_millis(500);

/// A limit in simulated time, which stands still while there is work to do: beyond it, the relay hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

type Told = Arc<Mutex<Vec<String>>>;

/// Runs the actions of two untrusted clients, taken from the bytes: see [`Strangers::act`].
pub fn relay(data: &[u8]) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime can be had");
    runtime.block_on(async {
        let (door, queue) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let told = Told::default();
        let relaying = tokio::spawn(run(Queue(queue), config(&told), async { _ = stopped.await }));
        let listener = Healthy::join(&door);
        let mut talker = Healthy::join(&door);
        settle().await;

        let mut strangers = Strangers { door, clients: [None, None], came: 0 };
        let mut rest = data;
        while let Some(after) = strangers.act(rest).await {
            rest = after;
        }

        let text = Message::text("still talking", &Origin::default()).expect("a text");
        talker.say(&text).await;
        let seen = Arc::clone(&listener.seen);
        let heard = async {
            while seen.lock().expect("whole").last() != Some(&text) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, heard).await.expect("the others still talk");
        stop.send(()).expect("it still runs");
        let summary =
            timeout(PATIENCE, relaying).await.expect("it ends").expect("no panic").expect("a summary");
        drop(strangers);
        let seen = listener.leave().await;
        talker.leave().await;
        adds_up(&summary, &seen, &told.lock().expect("whole"));
    });
}

/// Checks the counters. The listener was there first and took everything: except for frames that newer ones
/// replaced, every message came out once.
fn adds_up(summary: &Summary, seen: &[Message], told: &[String]) {
    let of = |name: &str| told.iter().filter(|event| event.contains(&format!(r#""event":"{name}""#))).count();
    let frames_lost: u64 = told
        .iter()
        .find(|event| event.contains(r#""event":"left","client":1,"#))
        .and_then(|event| event.split(r#""frames_lost":"#).nth(1)?.split(',').next()?.parse().ok())
        .expect("the first client leaves");
    assert_eq!(seen.len() as u64 + frames_lost, summary.messages_in, "{told:#?}");
    assert!(summary.messages_out >= seen.len() as u64 && summary.bytes_out >= summary.messages_out * 16);
    if frames_lost == 0 {
        assert_eq!(seen.iter().map(|message| message.wire_len() as u64).sum::<u64>(), summary.bytes_in);
    }
    assert_eq!((of("joined") as u64, of("left") as u64), (summary.joined, summary.joined), "{told:#?}");
    assert!(summary.frames_lost >= frames_lost && of("refused") as u64 <= summary.refused);
}

fn config(told: &Told) -> Config {
    let told = Arc::clone(told);
    let sink = move |event: &Event| {
        told.lock().expect("whole").push(serde_json::to_string(event).expect("an event"));
    };
    Config::default().with(|config| {
        config.max_clients = NonZeroUsize::new(4).expect("four");
        config.max_message = MAX_MESSAGE;
        config.client_timeout = Duration::from_secs(3);
        config.mailbox = MAILBOX;
        config.limits = Limits::default().with(|limits| {
            limits.clients_per_address = NonZeroUsize::new(3);
            limits.joins_per_s = NonZeroU32::new(3);
            limits.messages_per_s = NonZeroU32::new(500);
            limits.message_time = Duration::from_secs(2);
            limits.hello_time = Duration::from_secs(1);
            limits.text = 4 << 10;
        });
        config.events = Some(Arc::new(sink));
    })
}

/// Lets all tasks run: only then does the clock advance.
pub(super) async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

pub(super) type Door = mpsc::UnboundedSender<(Incoming, SocketAddr)>;

fn connect(door: &Door, last: u8) -> DuplexStream {
    let (near, far) = duplex(PIPE);
    let (input, output) = split(near);
    let connection = Connection::new(input, PolledWriter::new(output));
    let _ = door.send((Incoming::Other(connection), SocketAddr::from(([192, 0, 2, last], 1000))));
    far
}

/// The source of the relay's clients.
pub(super) struct Queue(pub(super) mpsc::UnboundedReceiver<(Incoming, SocketAddr)>);

impl Listen for Queue {
    async fn accept(&mut self) -> io::Result<(Incoming, SocketAddr)> {
        match self.0.recv().await {
            Some(one) => Ok(one),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::from(([192, 0, 2, 1], 6868)))
    }
}

/// A well-behaved client: it reads everything and sends heartbeats.
pub(super) struct Healthy {
    writer: Arc<tokio::sync::Mutex<WriteHalf<DuplexStream>>>,
    pub(super) seen: Arc<Mutex<Vec<Message>>>,
    reading: JoinHandle<()>,
    beating: JoinHandle<()>,
}

impl Healthy {
    pub(super) fn join(door: &Door) -> Self {
        let (input, output) = split(connect(door, 2));
        let (writer, seen) = (Arc::new(tokio::sync::Mutex::new(output)), Arc::<Mutex<Vec<_>>>::default());
        let reading = tokio::spawn(Self::read(input, Arc::clone(&seen)));
        let beating = tokio::spawn({
            let writer = Arc::clone(&writer);
            let beat = wire_bytes(&Heartbeat::default().to_message(Side::Client));
            async move {
                while writer.lock().await.write_all(&beat).await.is_ok() {
                    sleep(BEAT).await;
                }
            }
        });
        Self { writer, seen, reading, beating }
    }

    async fn read(input: ReadHalf<DuplexStream>, seen: Arc<Mutex<Vec<Message>>>) {
        let mut reader = Reader::new(input, Codec::new(MAX_MESSAGE));
        while let Some(message) = reader.next().await.expect("what the relay sends is well formed") {
            if message.kind() != MessageKind::Heartbeat {
                seen.lock().expect("whole").push(message);
            }
        }
    }

    pub(super) async fn say(&mut self, message: &Message) {
        self.writer.lock().await.write_all(&wire_bytes(message)).await.expect("the relay reads");
    }

    /// All received messages, after the relay has closed the connection.
    pub(super) async fn leave(self) -> Vec<Message> {
        timeout(PATIENCE, self.reading).await.expect("the relay closes").expect("no panic");
        self.beating.abort();
        std::mem::take(&mut self.seen.lock().expect("whole"))
    }
}

/// Two clients that act as the bytes say.
struct Strangers {
    door: Door,
    clients: [Option<Stranger>; 2],
    came: u8,
}

struct Stranger {
    stream: DuplexStream,
    reads: bool,
}

impl Strangers {
    /// Does one action: the first byte says which client (its highest bit) and what; the N bytes after it are
    /// sent unchanged. Returns the rest, `None` at the end.
    async fn act<'a>(&mut self, data: &'a [u8]) -> Option<&'a [u8]> {
        let (&action, data) = data.split_first()?;
        let place = &mut self.clients[usize::from(action >> 7)];
        let client = place.get_or_insert_with(|| {
            // From two addresses, so that one may be refused and the next not.
            self.came = self.came.wrapping_add(1);
            Stranger { stream: connect(&self.door, 10 + self.came % 2), reads: true }
        });
        let size = match action & 0x7f {
            0x7f => {
                *place = None;
                0
            }
            0x7e => {
                client.reads ^= true;
                0
            }
            0x7d => {
                sleep(Duration::from_millis(400)).await;
                0
            }
            few @ 0..0x70 => usize::from(few) + 1,
            many => usize::from(many - 0x6f) * 128,
        };
        let (now, after) = data.split_at(size.min(data.len()));
        if let Some(client) = place {
            // A connection closed by the relay takes nothing: a new one begins after 0x7f.
            let _ = timeout(PATIENCE, client.stream.write_all(now)).await.expect("the relay reads");
        }
        settle().await;
        for client in self.clients.iter_mut().flatten().filter(|client| client.reads) {
            client.read().await;
        }
        Some(after)
    }
}

impl Stranger {
    /// Reads what is available.
    async fn read(&mut self) {
        let mut buffer = [0; PIPE];
        poll_fn(|context| {
            let mut room = ReadBuf::new(&mut buffer);
            let _ = Pin::new(&mut self.stream).poll_read(context, &mut room);
            Poll::Ready(())
        })
        .await;
    }
}
