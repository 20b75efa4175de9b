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
use crate::{address::Address, auth::Key, cells, sanitize, tls::Connector, transport::Connection};

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
    round_trip_us: Option<u64>,
}

/// Prints the relays of a cluster, and the links between them and the one that is asked.
///
/// # Errors
/// It does not answer, or is in no cluster.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    Runtime::on_this_thread()?.block_on(async {
        let before = ask(options).await?;
        if options.json {
            return print_json(&before);
        }
        let then = Instant::now();
        time::sleep(BETWEEN).await;
        let after = ask(options).await?;
        table(&before, &after, then.elapsed()).lines().try_for_each(print)
    })
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
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| cells::width(of(row))).max().unwrap_or(0);
    let (name, state, clients) = (width(|row| &row.name), width(|row| &row.state), width(|row| &row.clients));
    let mut text = String::new();
    for row in &rows {
        let Row { name: own, state: how, clients: count, out, links } = row;
        let (own, how) = (cells::padded(own, name), cells::padded(how, state));
        let line = format!("{own}  {how}  {count:>clients$} clients  {out} out");
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
    for (time, what) in [(after.late_us, "late"), (after.round_trip_us, "of round trip")] {
        if let Some(time) = time {
            let _ = write!(line, ", {:.1} ms {what}", time as f64 / 1000.0);
        }
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
#[path = "relay_inquiry_tests.rs"]
mod tests;
