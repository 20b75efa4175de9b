//! The floor of fan-out: a bare epoll loop on one thread that copies each message to everybody else.
//!
//! No limits, no heartbeats, no logs, sockets as the system gives them, memory used again: the least that moving these bytes
//! through a Linux process costs with plain reads and writes. A viewer that is not done with one message gets the newest
//! next, as ours does, so that both move the same bytes.

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

/// The listener's mark among the events.
const DOOR: u64 = 0;

/// Events that are taken at once.
const EVENTS: usize = 256;

/// Bytes of a message's size field.
const PREFIX: usize = 4;

/// What is read before a connection's first size is known.
const FIRST_READ: usize = 4096;

/// The largest message that is believed: the loop trusts its bench, not a stray connection.
const LARGEST: usize = 64 << 20;

type Shared = Rc<Vec<u8>>;

struct Client {
    stream: TcpStream,
    /// The message that is being read: its buffer, as long as the last one was, and how much of it is there.
    inbound: Vec<u8>,
    filled: usize,
    writing: Option<(Shared, usize)>,
    next: Option<Shared>,
    /// Whether its socket is watched for room.
    watched: bool,
}

struct Floor {
    epoll: OwnedFd,
    clients: HashMap<u64, Client>,
    /// Memory of messages that everybody has.
    spare: Vec<Shared>,
}

/// Serves for ever.
///
/// # Errors
/// What the system says of the listener or of epoll; a client that fails is dropped.
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
            let fine = (!flags.contains(EventFlags::OUT) || floor.room(id).is_ok())
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

    /// Reads until the socket is empty or a message is whole.
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

    /// Takes a whole message off what was read.
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
        // Memory that nobody holds any more is used again.
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

    fn room(&mut self, id: u64) -> io::Result<()> {
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
