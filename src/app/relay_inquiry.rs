//! Asks a relay which other relays act as one with it.

use std::{
    fmt::Write,
    io::{self, IoSlice},
    net::SocketAddr,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
    task,
    time::{self, Instant},
};

use super::{
    Error, Runtime,
    output::{print, print_json},
};
use crate::{address::Address, auth::Key, sanitize, tls::Connector, transport::Connection};

/// The longest time for an answer, looking the name up included.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is read: a cluster of 64 relays with 64 rooms needs half of it.
const MAX_ANSWER: u64 = 4 << 20;

/// The time between the two answers of which rates are made.
const BETWEEN: Duration = Duration::from_secs(1);

/// Which relay to ask, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) relay: Address,
    pub(crate) tls: Option<Connector>,
    pub(crate) key: Option<Key>,
    /// Prints one JSON object.
    pub(crate) json: bool,
}

/// What a relay answers.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Cluster {
    relay: String,
    public: Option<String>,
    clients: u64,
    max_clients: u64,
    bytes_out: u64,
    relays: Vec<Other>,
}

/// Another relay.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Other {
    relay: String,
    alive: bool,
    unusable: Option<String>,
    public: Option<String>,
    clients: u64,
    max_clients: u64,
    bytes_per_s: u64,
    links: Vec<Link>,
}

/// The links with it for one room.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Link {
    room: String,
    up: bool,
    viewers: u64,
    frames_out: u64,
    bytes_out: u64,
    frames_in: u64,
    bytes_in: u64,
    frames_lost: u64,
    waiting: u64,
    dropped: u64,
    late_us: Option<u64>,
}

/// Prints the relays of a cluster, and the links between them and the one that is asked.
///
/// # Errors
/// It does not answer, or is in no cluster.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let asked = Runtime::on_this_thread()?.block_on(async {
        let before = ask(options).await?;
        let then = Instant::now();
        if options.json {
            return Ok((before.clone(), before, Duration::ZERO));
        }
        time::sleep(BETWEEN).await;
        let after = ask(options).await?;
        Ok::<_, Error>((before, after, then.elapsed()))
    });
    let (before, after, time) = asked?;
    if options.json {
        return print_json(&after);
    }
    table(&before, &after, time).lines().try_for_each(print)
}

/// Asks once.
async fn ask(options: &Options) -> Result<Cluster, Error> {
    let host = options.relay.to_string();
    let unanswered = |reason: String| Error::Unanswered { host: host.clone(), reason };
    let answer = time::timeout(PATIENCE, exchange(options)).await;
    let answer = answer.map_err(|_| {
        let patience = humantime::format_duration(PATIENCE);
        unanswered(format!("no answer within {patience}; does it serve browsers?"))
    })?;
    let body = read(&answer.map_err(|error| unanswered(error.to_string()))?).map_err(unanswered)?;
    if body.trim() == "null" {
        return Err(Error::Nothing(format!("the relay at {host} is on its own: it is in no cluster")));
    }
    serde_json::from_str(&body).map_err(|error| unanswered(format!("it is no relay: {error}")))
}

/// Sends the request, and reads the whole answer.
async fn exchange(options: &Options) -> io::Result<Vec<u8>> {
    let (stream, address) = connect(&options.relay).await?;
    let connection = match &options.tls {
        Some(tls) => tls.connect(&options.relay.to_string(), stream).await?,
        None => Connection::tcp(stream)?,
    };
    let request = request(address, options.key.as_ref());
    let written = connection.output.try_write_vectored(&[IoSlice::new(request.as_bytes())])?;
    connection.output.flush()?;
    if written < request.len() {
        return Err(io::ErrorKind::WriteZero.into()); // a new socket has room for kilobytes
    }
    let mut answer = Vec::new();
    let mut input = AsyncReadExt::take(connection.input, MAX_ANSWER);
    read_all(&mut input, &mut answer).await?;
    Ok(answer)
}

/// Reads to the end. A TLS session that ends without a farewell has said all, too.
async fn read_all(input: &mut (impl AsyncRead + Unpin), answer: &mut Vec<u8>) -> io::Result<()> {
    match input.read_to_end(answer).await {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof || answer.is_empty() => Err(error),
        _ => Ok(()),
    }
}

/// Connects to the first of the host's addresses that answers.
async fn connect(relay: &Address) -> io::Result<(TcpStream, SocketAddr)> {
    let addresses = match relay.literal() {
        Some(address) => vec![address],
        None => {
            let relay = relay.clone();
            task::spawn_blocking(move || relay.look_up()).await?.map_err(io::Error::other)?
        }
    };
    let mut why = io::Error::other("it has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// The request. The host is an address, since a relay knows only some names of its own.
fn request(address: SocketAddr, key: Option<&Key>) -> String {
    let token = key.map_or_else(String::new, |key| format!("?token={}", key.view_token()));
    let host = SocketAddr::new(address.ip(), address.port());
    format!("GET /relays.json{token} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

/// The body of an answer; an error is what it says about itself.
fn read(answer: &[u8]) -> Result<String, String> {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("it does not speak HTTP")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => Ok(body.to_owned()),
        _ => {
            let said = body.lines().next().unwrap_or_default().trim();
            Err(if said.is_empty() { format!("status {status}") } else { sanitize::line(said).into_owned() })
        }
    }
}

/// One line per relay, and one per link.
fn table(before: &Cluster, after: &Cluster, time: Duration) -> String {
    let mut rows = vec![Row {
        name: after.public.clone().unwrap_or_else(|| after.relay.clone()),
        state: "asked".into(),
        clients: format!("{}/{}", after.clients, after.max_clients),
        out: per_second(after.bytes_out.saturating_sub(before.bytes_out), time),
        links: Vec::new(),
    }];
    for relay in &after.relays {
        let earlier = before.relays.iter().find(|earlier| earlier.relay == relay.relay);
        let links = relay.links.iter().map(|link| {
            let earlier = earlier.and_then(|relay| relay.links.iter().find(|one| one.room == link.room));
            describe(earlier.unwrap_or(link), link, time)
        });
        rows.push(Row {
            name: relay.public.clone().unwrap_or_else(|| relay.relay.clone()),
            state: match (&relay.unusable, relay.alive) {
                (Some(why), _) => why.clone(),
                (None, true) => "there".into(),
                (None, false) => "gone".into(),
            },
            clients: format!("{}/{}", relay.clients, relay.max_clients),
            out: per_second(relay.bytes_per_s, Duration::from_secs(1)),
            links: links.collect(),
        });
    }
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let (name, state, clients) = (width(|row| &row.name), width(|row| &row.state), width(|row| &row.clients));
    let mut text = String::new();
    for row in &rows {
        let Row { name: own, state: how, clients: count, out, links } = row;
        let line = format!("{own:name$}  {how:state$}  {count:>clients$} clients  {out} out");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", sanitize::line(line.trim_end()));
        for link in links {
            let _ = writeln!(text, "  {}", sanitize::line(link));
        }
    }
    text
}

/// What is printed of one relay.
struct Row {
    name: String,
    state: String,
    clients: String,
    out: String,
    links: Vec<String>,
}

/// The line of a link.
fn describe(before: &Link, after: &Link, time: Duration) -> String {
    let seconds = time.as_secs_f64().max(0.001);
    let rate = |of: fn(&Link) -> u64| of(after).saturating_sub(of(before)) as f64 / seconds;
    let bytes = |of: fn(&Link) -> u64| per_second(of(after).saturating_sub(of(before)), time);
    let mut line = if after.up { "link up".to_owned() } else { "link down".to_owned() };
    if !after.room.is_empty() {
        let _ = write!(line, ", room {}", after.room); // as above
    }
    let _ = write!(
        line,
        ": to it {:.0} frames/s, {}, {} there",
        rate(|link| link.frames_out),
        bytes(|link| link.bytes_out),
        if after.viewers == 1 { "1 viewer".to_owned() } else { format!("{} viewers", after.viewers) }
    );
    if let Some(late) = after.late_us {
        let _ = write!(line, ", {:.1} ms late", late as f64 / 1000.0);
    }
    let _ = write!(
        line,
        "; from it {:.0} frames/s, {}",
        rate(|link| link.frames_in),
        bytes(|link| link.bytes_in)
    );
    for (count, what) in [
        (after.frames_lost, "frames replaced by newer ones"),
        (after.waiting, "texts and images waiting"),
        (after.dropped, "texts and images dropped"),
    ] {
        if count > 0 {
            let _ = write!(line, "; {count} {what}");
        }
    }
    line
}

/// Bytes per second for people.
fn per_second(bytes: u64, time: Duration) -> String {
    let rate = bytes as f64 / time.as_secs_f64().max(0.001);
    match rate {
        _ if rate < 1e5 => format!("{:.1} kB/s", rate / 1e3),
        _ if rate < 1e9 => format!("{:.1} MB/s", rate / 1e6),
        _ => format!("{:.1} GB/s", rate / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(frames: u64) -> Cluster {
        let link = Link {
            up: true,
            viewers: 3,
            frames_out: frames,
            bytes_out: frames * 100_000,
            late_us: Some(1500),
            ..Link::default()
        };
        let other = |relay: &str, alive, links| Other {
            relay: relay.into(),
            alive,
            unusable: None,
            public: alive.then(|| "10.0.0.2:6868".into()),
            clients: 4,
            max_clients: 1024,
            bytes_per_s: 9_000_000,
            links,
        };
        Cluster {
            relay: "00".into(),
            public: Some("10.0.0.1:6868".into()),
            clients: 12,
            max_clients: 1024,
            bytes_out: 0,
            relays: vec![other("01", true, vec![link]), other("02", false, Vec::new())],
        }
    }

    #[test]
    fn rates_are_those_of_the_time_between_two_answers() {
        let text = table(&cluster(100), &cluster(160), Duration::from_secs(2));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "10.0.0.1:6868  asked  12/1024 clients  0.0 kB/s out",
                "10.0.0.2:6868  there   4/1024 clients  9.0 MB/s out",
                "  link up: to it 30 frames/s, 3.0 MB/s, 3 viewers there, 1.5 ms late; from it 0 frames/s, 0.0 kB/s",
                "02             gone    4/1024 clients  9.0 MB/s out",
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said_in_the_relays_words() {
        let answer =
            |status: &str, body: &str| format!("HTTP/1.1 {status}\r\nX: y\r\n\r\n{body}").into_bytes();
        assert_eq!(read(&answer("200 OK", "{}")).as_deref(), Ok("{}"));
        let refused = read(&answer("401 Unauthorized", "a key is needed\n"));
        assert_eq!(refused, Err("a key is needed".into()));
        assert_eq!(read(&answer("404 Not Found", "")), Err("status 404".into()));
        assert!(read(b"\0\0\0\x0c").is_err());
    }

    #[test]
    fn the_key_itself_is_not_sent() {
        let key = Key::new("sixteen letters.").unwrap();
        let request = request("[::1]:6868".parse().unwrap(), Some(&key));
        assert!(request.contains("Host: [::1]:6868\r\n") && request.contains(&key.view_token()), "{request}");
        assert!(!request.contains("sixteen"), "{request}");
    }
}
