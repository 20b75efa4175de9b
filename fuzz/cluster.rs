//! Fuzzes what relays of a cluster hear: sealed datagrams, what others say about themselves, and links.
//!
//! Only a relay with the cluster's key gets as far as the last two; that it may lie is tested all the same.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    panic,
    sync::{Arc, Once},
    time::Duration,
};

use pulsecam_net::{
    auth::{Challenge, Response},
    clock::Timestamp,
    relay::{
        Config,
        cluster::{
            self, About, Accepting, Board, Carrier, Claim, ClusterKey, Epoch, Load, MAX_ROOMS, Members,
            Opened, Opening, RelayId, Seal,
        },
        run,
    },
    tls::Fingerprint,
    transport::{Connection, PolledWriter},
};
use pulsecam_wire::{Codec, Message, MessageKind, Origin, QString, Reader};
use tokio::{
    io::{AsyncRead, AsyncWriteExt, DuplexStream, WriteHalf, duplex, split},
    sync::{Mutex, mpsc, oneshot},
    time::{sleep, timeout},
};

use super::{
    relay::{Healthy, PATIENCE, Queue, settle},
    wire_bytes,
};

/// Bytes that a connection between relays holds in each direction.
const PIPE: usize = 8 << 10;

/// The longest `public` that is surely read again: what is read may be written longer by its port.
const LONG: usize = 500;

/// The type of the notes between relays.
const NOTE: i32 = 109;

/// The relay that is tested, and the one that lies.
const OWN: RelayId = RelayId::from_bits(1);
const LIAR: RelayId = RelayId::from_bits(2);

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// Datagrams: whatever comes, and however one of another relay is altered, nothing is believed but what it sent, once.
pub fn seal(data: &[u8]) {
    let new = |text: &str| Seal::new(ClusterKey::new(text).expect("long enough")).expect("random numbers");
    let [mut one, mut other] = ["one cluster's key", "one cluster's key"].map(new);
    let [here, there] = [1, 2].map(|last| SocketAddr::from(([192, 0, 2, last], 6869)));
    assert!(matches!(one.open(there, data), Opened::Refused(_)));
    let knock = other.seal(here, b"who is there?").expect("it fits");
    let Opened::Greet(greeting) = one.open(there, &knock) else { panic!("it has the key") };
    assert!(greeting.len() <= knock.len(), "what is answered is never longer than what came");
    assert_eq!(other.open(here, &greeting), Opened::Greeted);
    let message = &data[..data.len().min(1000)];
    let sealed = other.seal(here, message).expect("it fits");
    // Three bytes each: where, and what is changed there.
    for change in data.chunks_exact(3).take(64) {
        let mut altered = sealed.clone();
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % altered.len();
        altered[at] ^= change[2];
        if change[2] != 0 {
            assert!(matches!(one.open(there, &altered), Opened::Refused(_)), "{at} ^ {}", change[2]);
        }
        assert!(matches!(one.open(there, &sealed[..at]), Opened::Refused(_)), "cut off at {at}");
    }
    assert!(matches!(new("another cluster's key").open(there, &sealed), Opened::Refused(_)));
    assert_eq!(one.open(there, &sealed), Opened::Message(message.to_vec()));
    assert!(matches!(one.open(there, &sealed), Opened::Refused(_)), "it came before");
}

/// What a relay says about itself, one `key value` a line: what is understood is written so that it reads the same.
pub fn about(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let pairs = text.lines().map(|line| line.split_once(' ').unwrap_or((line, "")));
    match About::parse(pairs) {
        Ok(about) => {
            assert!(about.rooms.len() <= MAX_ROOMS);
            if about.public.as_ref().is_some_and(|public| public.to_string().len() > LONG) {
                return;
            }
            let pairs = about.to_pairs();
            let again = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            assert_eq!(About::parse(again), Ok(about));
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
}

/// A link: whatever the other relay says on it, nothing panics, and this relay's own clients can still talk.
///
/// The first byte says which end of the link lies; then each byte says how many of those after it are sent at once.
pub fn link(data: &[u8]) {
    let Some((&end, mut rest)) = data.split_first() else { return };
    count_panics();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime can be had");
    runtime.block_on(async {
        let (knock, knocking) = mpsc::unbounded_channel();
        let (dial, mut dialed) = mpsc::unbounded_channel();
        let key = ClusterKey::new("the key of a fuzzed cluster").expect("long enough");
        let (tag, board) = (key.room_tag(None), Board::default());
        let link_key = key.link_key(tag);
        let mut lying = about_a_relay(2, [tag].into());
        // It has another block, so that clients need not wait for its consent.
        (lying.claim.slot, lying.has_slot) = (1, true);
        lying.agreed.insert(OWN, Claim::default());
        let _liar = board.join(LIAR, lying);
        let own = about_a_relay(1, BTreeSet::new());
        let members: Arc<dyn Members> = Arc::new(board.join(OWN, own.clone()));
        let carrier = Memory { knocking: Mutex::new(knocking), dial };
        let (door, queue) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let config = Config::default()
            .with(|config| config.cluster = Some(cluster::Config::new(members, key, own, carrier)));
        let relaying = tokio::spawn(run(Queue(queue), config, async { _ = stopped.await }));
        let listener = Healthy::join(&door);
        let mut talker = Healthy::join(&door);
        settle().await;

        let (mut output, _reading) = if end % 2 == 0 {
            let (near, far) = duplex(PIPE);
            knock.send(near).expect("it listens");
            let (input, mut output) = split(far);
            let mut reader = Reader::new(input, Codec::new(1 << 14));
            let challenge = next(&mut reader).await;
            let response =
                Response::to(&challenge, &link_key, None).expect("random numbers").expect("it asks");
            output.write_all(&wire_bytes(&response.message())).await.expect("it reads");
            assert!(response.is_confirmed_by(&next(&mut reader).await));
            if end & 2 == 0 {
                let note = format!("This is a note between relays.; relay={LIAR}; t1=1");
                output.write_all(&wire_bytes(&note_of(&note))).await.expect("it reads");
            }
            (output, drain(reader))
        } else {
            let far = timeout(PATIENCE, dialed.recv()).await.expect("it dials").expect("it still runs");
            let (input, mut output) = split(far);
            let mut reader = Reader::new(input, Codec::new(1 << 24));
            let challenge = Challenge::new(None).expect("random numbers");
            output.write_all(&wire_bytes(&challenge.message())).await.expect("it reads");
            let answer = next(&mut reader).await;
            let ((), welcome) = challenge.verify(&answer, [((), &link_key)]).expect("it has the key");
            output.write_all(&wire_bytes(&welcome)).await.expect("it reads");
            (output, drain(reader))
        };
        while let Some((&count, after)) = rest.split_first() {
            let (now, after) = after.split_at(usize::from(count).min(after.len()));
            give(&mut output, now).await;
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
        timeout(PATIENCE, heard).await.expect("its own clients still talk");
        stop.send(()).expect("it still runs");
        timeout(PATIENCE, relaying).await.expect("it ends").expect("no panic").expect("a summary");
        for client in [listener, talker] {
            client.leave().await;
        }
    });
    assert_eq!(PANICS.get(), 0, "a task of a link panicked");
}

/// A task that panics ends alone: nobody would notice.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
    PANICS.set(0);
}

fn about_a_relay(last: u8, rooms: BTreeSet<cluster::RoomTag>) -> About {
    let started = Timestamp::from_micros(last.into());
    About {
        started,
        link: ([192, 0, 2, last], 6869).into(),
        certificate: "00".repeat(32).parse::<Fingerprint>().expect("a fingerprint"),
        public: None,
        claim: Claim::default(),
        has_slot: false,
        agreed: BTreeMap::new(),
        epoch: Epoch { began: started, number: 1 },
        load: Load::default(),
        rooms,
    }
}

fn note_of(text: &str) -> Message {
    Message::new(MessageKind::Reserved(NOTE), QString::from(text), None).expect("a note")
}

async fn next<R: AsyncRead + Unpin>(reader: &mut Reader<R>) -> Message {
    let next = timeout(PATIENCE, reader.next()).await.expect("it answers");
    next.expect("what a relay sends is well formed").expect("it does not hang up")
}

/// Reads what the relay sends, or it would wait.
fn drain<R: AsyncRead + Send + Unpin + 'static>(mut reader: Reader<R>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move { while matches!(reader.next().await, Ok(Some(_))) {} })
}

/// Sends some bytes; a connection that the relay has closed takes none.
async fn give(output: &mut WriteHalf<DuplexStream>, bytes: &[u8]) {
    let _ = timeout(PATIENCE, output.write_all(bytes)).await.expect("the relay reads");
    settle().await;
}

/// Links in memory.
struct Memory {
    knocking: Mutex<mpsc::UnboundedReceiver<DuplexStream>>,
    dial: mpsc::UnboundedSender<DuplexStream>,
}

impl Carrier for Memory {
    fn accept(&self) -> Accepting<'_> {
        Box::pin(async {
            let stream = self.knocking.lock().await.recv().await;
            let stream = stream.ok_or_else(|| io::Error::other("nobody knocks any more"))?;
            let opening: Opening = Box::pin(async { Ok(connection(stream)) });
            Ok((opening, ([192, 0, 2, 2], 1000).into()))
        })
    }

    fn connect(&self, _: SocketAddr, _: Fingerprint) -> Opening {
        let (near, far) = duplex(PIPE);
        let dialed = self.dial.send(far).map_err(|_| "nobody listens".to_owned());
        Box::pin(async move { dialed.map(|()| connection(near)) })
    }
}

fn connection(stream: DuplexStream) -> Connection {
    let (input, output) = split(stream);
    Connection::new(input, PolledWriter::new(output))
}
