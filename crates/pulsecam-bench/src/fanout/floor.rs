//! The floor of fan-out: a bare epoll loop on one thread that copies each message to all other clients.
//!
//! No limits, heartbeats or logs, sockets with default options, memory reused: the minimum cost of moving
//! these bytes through a Linux process with plain reads and writes. A viewer that is not done with one
//! message gets the newest next, as with our relay, so that both move the same bytes.

use std::{
    collections::HashMap,
    convert::Infallible,
    io::{self, ErrorKind::WouldBlock, Read, Write},
    net::{TcpListener, TcpStream},
    rc::Rc,
};

use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, EventData, EventFlags},
    fd::OwnedFd,
};

/// The listener's id among the events.
const DOOR: u64 = 0;

/// Maximum number of events taken at once.
const EVENTS: usize = 256;

/// Length of a message's size field.
const PREFIX: usize = 4;

/// Initial buffer size, before a connection's first message size is known.
const FIRST_READ: usize = 4096;

/// Maximum message size: the loop trusts its benchmark, not a stray connection.
const LARGEST: usize = 64 << 20;

type Shared = Rc<Vec<u8>>;

struct Client {
    stream: TcpStream,
    /// Buffer of the message that is being read, as long as the last one was; `filled` bytes of it are valid.
    inbound: Vec<u8>,
    filled: usize,
    writing: Option<(Shared, usize)>,
    next: Option<Shared>,
    /// Whether epoll watches the socket for writability.
    watched: bool,
}

struct Floor {
    epoll: OwnedFd,
    clients: HashMap<u64, Client>,
    /// Message buffers to reuse once no client holds them.
    spare: Vec<Shared>,
}

/// Serves until an error occurs.
///
/// # Errors
/// Errors of the listener or of epoll; a client that fails is dropped.
pub fn serve(listener: &TcpListener) -> io::Result<Infallible> {
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, listener, EventData::new_u64(DOOR), EventFlags::IN)?;
    let mut floor = Floor { epoll, clients: HashMap::new(), spare: Vec::new() };
    let (mut events, mut last) = (Vec::with_capacity(EVENTS), DOOR);
    loop {
        match epoll::wait(&floor.epoll, spare_capacity(&mut events), None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        for event in events.drain(..) {
            let (flags, id) = (event.flags, event.data.u64());
            if id == DOOR {
                last += 1;
                floor.accept(listener, last)?;
                continue;
            }
            let fine = (!flags.contains(EventFlags::OUT) || floor.writable(id).is_ok())
                && (!flags.intersects(EventFlags::IN | EventFlags::HUP) || floor.readable(id).is_ok());
            if !fine {
                floor.clients.remove(&id);
            }
        }
    }
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener, id: u64) -> io::Result<()> {
        let Ok((stream, _)) = listener.accept() else { return Ok(()) };
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        epoll::add(&self.epoll, &stream, EventData::new_u64(id), EventFlags::IN)?;
        let inbound = vec![0; FIRST_READ];
        let client = Client { stream, inbound, filled: 0, writing: None, next: None, watched: false };
        self.clients.insert(id, client);
        Ok(())
    }

    /// Reads until the socket is empty or a message is complete.
    fn readable(&mut self, id: u64) -> io::Result<()> {
        loop {
            let Some(client) = self.clients.get_mut(&id) else { return Ok(()) };
            match client.stream.read(&mut client.inbound[client.filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => client.filled += count,
                Err(error) if error.kind() == WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            let mut whole = false;
            while let Some(message) = self.message(id)? {
                whole = true;
                self.pass_on(id, &message);
                self.spare.push(message);
            }
            if whole {
                return Ok(());
            }
        }
    }

    /// Takes a complete message from what was read.
    fn message(&mut self, id: u64) -> io::Result<Option<Shared>> {
        let Some(client) = self.clients.get_mut(&id) else { return Ok(None) };
        let Some(prefix) = client.inbound[..client.filled].first_chunk::<PREFIX>() else { return Ok(None) };
        let length = u32::from_be_bytes(*prefix) as usize + PREFIX;
        if length > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if client.filled < length {
            client.inbound.resize(length, 0);
            return Ok(None);
        }
        // Reuse a buffer that nobody holds any more.
        let free = self.spare.iter().position(|shared| Rc::strong_count(shared) == 1);
        let next = free.map(|at| self.spare.swap_remove(at)).unwrap_or_default();
        let mut next = Rc::try_unwrap(next).unwrap_or_default();
        next.resize(length, 0);
        let rest = client.filled - length;
        if next.len() < rest {
            next.resize(rest, 0);
        }
        next[..rest].copy_from_slice(&client.inbound[length..client.filled]);
        let mut whole = std::mem::replace(&mut client.inbound, next);
        client.filled = rest;
        whole.truncate(length);
        Ok(Some(Rc::new(whole)))
    }

    fn pass_on(&mut self, from: u64, message: &Shared) {
        let mut gone = Vec::new();
        for (&id, client) in self.clients.iter_mut().filter(|(id, _)| **id != from) {
            if client.writing.is_some() {
                client.next = Some(Rc::clone(message));
                continue;
            }
            client.writing = Some((Rc::clone(message), 0));
            if client.write(&self.epoll, id).is_err() {
                gone.push(id);
            }
        }
        for id in gone {
            self.clients.remove(&id);
        }
    }

    fn writable(&mut self, id: u64) -> io::Result<()> {
        self.clients.get_mut(&id).map_or(Ok(()), |client| client.write(&self.epoll, id))
    }
}

impl Client {
    fn write(&mut self, epoll: &OwnedFd, id: u64) -> io::Result<()> {
        while let Some((message, at)) = &mut self.writing {
            match self.stream.write(&message[*at..]) {
                Ok(count) => *at += count,
                Err(error) if error.kind() == WouldBlock => return self.watch(epoll, id, true),
                Err(error) => return Err(error),
            }
            if *at == message.len() {
                self.writing = self.next.take().map(|next| (next, 0));
            }
        }
        self.watch(epoll, id, false)
    }

    fn watch(&mut self, epoll: &OwnedFd, id: u64, wanted: bool) -> io::Result<()> {
        if self.watched != wanted {
            let flags = if wanted { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
            epoll::modify(epoll, &self.stream, EventData::new_u64(id), flags)?;
            self.watched = wanted;
        }
        Ok(())
    }
}
