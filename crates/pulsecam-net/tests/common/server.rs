//! A relay in this process, on a free port.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use pulsecam_net::{
    relay::{self, Config, Event, Summary},
    wire::{Codec, DEFAULT_MAX_MESSAGE, Heartbeat, Message, MessageKind, Reader, Side},
};
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

/// Time limit for anything that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running relay and its events.
pub struct Server {
    pub addr: SocketAddr,
    pub events: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<Summary>>,
}

impl Server {
    pub async fn start(config: Config) -> Self {
        Self::start_on("127.0.0.1:0", config).await
    }

    pub async fn start_on(addr: &str, config: Config) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (events, config) = Self::listening(config);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(relay::run(listener, config, async move { _ = stopped.await }));
        Self { addr, events, stop: Some(stop), task }
    }

    /// Starts it on its own thread, as the program does: the test cannot take its time.
    pub async fn start_apart(config: Config) -> Self {
        let (events, config) = Self::listening(config);
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let task = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                tell.send(listener.local_addr()?).unwrap();
                relay::run(listener, config, async move { _ = stopped.await }).await
            })
        });
        Self { addr: told.await.unwrap(), events, stop: Some(stop), task }
    }

    fn listening(config: Config) -> (Arc<Mutex<Vec<String>>>, Config) {
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let told = move |event: &Event| sink.lock().unwrap().push(serde_json::to_string(event).unwrap());
        (events, config.with(|config| config.events = Some(Arc::new(told))))
    }

    pub async fn stop(mut self) -> Summary {
        let _ = self.stop.take().unwrap().send(());
        timeout(PATIENCE, self.task).await.expect("the relay stops").unwrap().unwrap()
    }

    /// Ends it as a process that is killed ends: its sockets are closed, and nobody is told.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }

    /// Waits for an event that contains all of these words.
    pub async fn told(&self, words: &[&str]) -> String {
        let look = async {
            loop {
                let found =
                    self.events.lock().unwrap().iter().find(|e| words.iter().all(|w| e.contains(w))).cloned();
                match found {
                    Some(event) => return event,
                    None => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        match timeout(PATIENCE, look).await {
            Ok(event) => event,
            Err(_) => panic!("no event with {words:?} in {:#?}", self.events.lock().unwrap()),
        }
    }
}

/// A bare client: sends and receives messages, and sends nothing by itself.
pub struct Bare {
    pub reader: Reader<OwnedReadHalf>,
    pub output: OwnedWriteHalf,
}

impl Bare {
    /// Connects and waits until the relay has let it in.
    pub async fn connect(addr: SocketAddr) -> Self {
        let mut bare = Self::connect_unseen(addr).await;
        bare.ask().await;
        bare
    }

    pub async fn connect_unseen(addr: SocketAddr) -> Self {
        let (input, output) = TcpStream::connect(addr).await.unwrap().into_split();
        Self { reader: Reader::new(input, Codec::new(DEFAULT_MAX_MESSAGE)), output }
    }

    pub async fn send(&mut self, message: &Message) {
        self.send_bytes(&super::wire_bytes(message)).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.output.write_all(bytes)).await.expect("the relay reads").unwrap();
    }

    /// Sends a heartbeat and waits for its answer: by then, everything sent before has been taken.
    pub async fn ask(&mut self) -> Message {
        self.send(&Heartbeat::default().to_message(Side::Client)).await;
        loop {
            let message = self.receive().await;
            if message.kind() == MessageKind::Heartbeat {
                return message;
            }
        }
    }

    pub async fn receive(&mut self) -> Message {
        timeout(PATIENCE, self.reader.next())
            .await
            .expect("a message comes")
            .expect("a whole message")
            .expect("no end")
    }

    /// Waits for the end of the connection, whatever comes before it.
    pub async fn end(&mut self) {
        let end = async { while matches!(self.reader.next().await, Ok(Some(_))) {} };
        timeout(PATIENCE, end).await.expect("the relay closes");
    }
}

/// A frame of `bytes` bytes that starts with its number.
pub fn numbered_frame(number: u32, bytes: usize) -> Message {
    let mut payload = vec![0x55; bytes.max(4)];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    Message::new(MessageKind::Video, "this is video image".into(), Some(Bytes::from(payload))).unwrap()
}

pub fn number_of(frame: &Message) -> u32 {
    u32::from_be_bytes(frame.payload().unwrap()[..4].try_into().unwrap())
}
