//! The far end of the cable: answers the kernel's USB requests like a UVC camera.
//!
//! One thread reads requests, another sends frames when they are due; both write under one lock, so that the
//! answer to a cancelled request can never overtake its data. Protocol: Documentation/usb/usbip_protocol.rst.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    os::unix::net::UnixStream,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    frames::{Painter, without_tables},
    model::{Format, MAX_PAYLOAD, Model, Size},
};

/// Number of frames that are remembered: several seconds, so that a test can compare late arrivals.
const REMEMBERED: usize = 256;

/// How long the streaming thread sleeps if nothing is due; it is woken by changes.
const IDLE: Duration = Duration::from_secs(1);

/// Bytes of a UVC payload header here: its length and the flags.
const HEADER: usize = 2;
const END_OF_FRAME: u8 = 0x02;
const ERROR: u8 = 0x40;
const END_OF_HEADER: u8 = 0x80;

/// `-EPIPE`: the device rejects the request; `-ECONNRESET`: it was cancelled.
const STALL: i32 = -32;
const CANCELLED: i32 = -104;

/// How a frame is damaged on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The second half is missing, the end marker with it.
    NoEnd,
    /// The first bytes are not those of a JPEG.
    NoStart,
    /// The camera itself marks the frame as damaged.
    ErrorBit,
}

/// A frame as it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub number: u64,
    pub bytes: Vec<u8>,
    pub damage: Option<Damage>,
    /// When its last byte was given to the driver.
    pub at: Instant,
}

/// State shared by the two threads and the test.
pub struct Cable {
    camera: Mutex<Camera>,
    changed: Condvar,
}

pub struct Camera {
    model: Model,
    socket: UnixStream,
    cut: bool,
    probe: [u8; 26],
    commit: [u8; 26],
    painter: Painter,
    /// Waiting requests for data: their numbers and sizes.
    wanted: VecDeque<(u32, usize)>,
    /// The frame being sent, and how much of it was sent.
    current: Option<(Sent, usize)>,
    remembered: VecDeque<Sent>,
    frame_id: u8,
    due: Instant,
    pub next: u64,
    pub stalled: bool,
    pub without_tables: bool,
    pub damage: VecDeque<Damage>,
    pub damaged: u64,
    pub size: Option<(u16, u16)>,
    pub interval: Option<Duration>,
}

impl Cable {
    pub fn new(model: Model, socket: UnixStream) -> Self {
        let mut camera = Camera {
            model,
            socket,
            cut: false,
            probe: [0; 26],
            commit: [0; 26],
            painter: Painter::default(),
            wanted: VecDeque::new(),
            current: None,
            remembered: VecDeque::new(),
            frame_id: 0,
            due: Instant::now(),
            next: 0,
            stalled: false,
            without_tables: false,
            damage: VecDeque::new(),
            damaged: 0,
            size: None,
            interval: None,
        };
        (camera.probe, camera.commit) = (camera.settled([0; 26]), camera.settled([0; 26]));
        Self { camera: Mutex::new(camera), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Camera> {
        self.camera.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads or changes the camera.
    pub fn with<T>(&self, change: impl FnOnce(&mut Camera) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    pub fn cut(&self) {
        self.with(|camera| camera.cut = true);
    }

    /// Reads requests until the cable is cut.
    pub fn serve(&self, mut socket: UnixStream) {
        let mut head = [0; 48];
        while socket.read_exact(&mut head).is_ok() {
            let field = |i: usize| u32::from_be_bytes(head[i * 4..i * 4 + 4].try_into().unwrap());
            let (command, number, inward, endpoint) = (field(0), field(1), field(3) == 1, field(4));
            let answered = match command {
                1 => {
                    let length = field(6) as usize;
                    let mut data = vec![0; if inward { 0 } else { length }];
                    if socket.read_exact(&mut data).is_err() {
                        break;
                    }
                    if endpoint == 0 {
                        let setup = head[40..48].try_into().unwrap();
                        self.with(|camera| camera.control(number, inward, setup, &data))
                    } else {
                        self.with(|camera| camera.wanted.push_back((number, length)));
                        Ok(())
                    }
                }
                2 => self.with(|camera| camera.cancel(number, field(5))),
                other => panic!("USB/IP command {other}"),
            };
            if answered.is_err() {
                break;
            }
        }
        self.cut();
    }

    /// Sends frames until the cable is cut.
    pub fn stream(&self) {
        let mut camera = self.lock();
        while !camera.cut {
            let wait = match camera.step() {
                Ok(wait) => wait,
                Err(_) => break, // cut while writing
            };
            camera = match wait {
                Some(wait) => {
                    self.changed.wait_timeout(camera, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    drop(camera); // let the other thread in
                    self.lock()
                }
            };
        }
    }
}

impl Camera {
    pub fn sent(&self, number: u64) -> Option<Sent> {
        self.remembered.iter().find(|sent| sent.number == number).cloned()
    }

    /// When the frame with this number was sent, if it is among the last ones.
    pub fn sent_at(&self, number: u64) -> Option<Instant> {
        self.remembered.iter().find(|sent| sent.number == number).map(|sent| sent.at)
    }

    pub fn mode(&self) -> (Size, u32) {
        let interval = u32::from_le_bytes(self.commit[4..8].try_into().unwrap());
        (self.model.size(self.commit[2], self.commit[3]).2.clone(), interval)
    }

    /// Sends data for one request, if one waits and a frame is due; else returns how long to wait.
    fn step(&mut self) -> std::io::Result<Option<Duration>> {
        let Some(&(number, length)) = self.wanted.front() else { return Ok(Some(IDLE)) };
        let (sent, position) = match self.current.take() {
            Some(current) => current,
            None => {
                let now = Instant::now();
                if self.stalled {
                    return Ok(Some(IDLE));
                }
                if now < self.due {
                    return Ok(Some(self.due - now));
                }
                let interval =
                    self.interval.unwrap_or_else(|| Duration::from_nanos(u64::from(self.mode().1) * 100));
                // A slow machine skips frames instead of sending a burst.
                self.due = (self.due + interval).max(now + interval / 4);
                (self.paint(), 0)
            }
        };
        self.wanted.pop_front();
        let room = length.min(MAX_PAYLOAD as usize) - HEADER;
        let part = &sent.bytes[position..sent.bytes.len().min(position + room)];
        let end = position + part.len();
        let last = end == sent.bytes.len();
        let mut flags = END_OF_HEADER | self.frame_id;
        if last {
            flags |= END_OF_FRAME;
        }
        if last && sent.damage == Some(Damage::ErrorBit) {
            flags |= ERROR;
        }
        let mut answer = head(3, number, 0, HEADER + part.len());
        answer.extend([HEADER as u8, flags]);
        answer.extend(part);
        self.socket.write_all(&answer)?;
        if last {
            self.damaged += u64::from(sent.damage.is_some());
            if self.remembered.len() == REMEMBERED {
                self.remembered.pop_front();
            }
            self.remembered.push_back(Sent { at: Instant::now(), ..sent });
        } else {
            self.current = Some((sent, end));
        }
        Ok(None)
    }

    fn paint(&mut self) -> Sent {
        let number = self.next;
        self.next += 1;
        self.frame_id ^= 1;
        let (mut size, _) = self.mode();
        if let (Some((width, height)), Format::Mjpeg) = (self.size, size.format) {
            size = Size { width, height, ..size };
        }
        let mut bytes = self.painter.frame(number, &size);
        if self.without_tables && size.format == Format::Mjpeg {
            bytes = without_tables(&bytes);
        }
        let damage = self.damage.pop_front();
        match damage {
            Some(Damage::NoEnd) => bytes.truncate(bytes.len() / 2),
            Some(Damage::NoStart) => bytes[..4].fill(0x55),
            Some(Damage::ErrorBit) | None => {}
        }
        Sent { number, bytes, damage, at: Instant::now() }
    }

    fn cancel(&mut self, number: u32, victim: u32) -> std::io::Result<()> {
        let before = self.wanted.len();
        self.wanted.retain(|(wanted, _)| *wanted != victim);
        let status = if self.wanted.len() == before { 0 } else { CANCELLED };
        if self.wanted.is_empty() {
            self.current = None;
        }
        self.socket.write_all(&head(4, number, status, 0))
    }

    fn control(&mut self, number: u32, inward: bool, setup: [u8; 8], data: &[u8]) -> std::io::Result<()> {
        let result = self.answer(setup, data);
        let status = if result.is_some() { 0 } else { STALL };
        let bytes = result.unwrap_or_default();
        let mut answer = head(3, number, status, if inward { bytes.len() } else { data.len() });
        if inward {
            answer.extend(bytes);
        }
        self.socket.write_all(&answer)
    }

    /// The data of a control request; `None` rejects it.
    fn answer(&mut self, setup: [u8; 8], data: &[u8]) -> Option<Vec<u8>> {
        let [kind, request, low, high, interface, _, length_low, length_high] = setup;
        let mut bytes = match (kind, request) {
            (0x80, 6) => match high {
                1 => self.model.device_descriptor(),
                2 => self.model.configuration_descriptor(),
                3 => self.model.string_descriptor(low)?,
                _ => return None,
            },
            (0x80..=0x82, 0) => vec![0, 0],
            (0x80, 8) => vec![1],
            (0x81, 10) => vec![0],
            (0x00..=0x02, _) => Vec::new(),
            (0x21, 1) if interface == 1 => {
                let mut asked = [0; 26];
                let length = data.len().min(26);
                asked[..length].copy_from_slice(&data[..length]);
                let settled = self.settled(asked);
                if high == 2 {
                    self.commit = settled;
                    self.current = None;
                    self.due = Instant::now();
                } else {
                    self.probe = settled;
                }
                Vec::new()
            }
            (0xa1, 0x85) if interface == 1 => vec![26, 0],
            (0xa1, 0x86) if interface == 1 => vec![3],
            (0xa1, 0x81..=0x87) if interface == 1 => {
                if high == 2 { self.commit } else { self.probe }.to_vec()
            }
            _ => return None,
        };
        bytes.truncate(usize::from(u16::from_le_bytes([length_low, length_high])));
        Some(bytes)
    }

    /// Adjusts a probe to what the camera supports.
    fn settled(&self, mut probe: [u8; 26]) -> [u8; 26] {
        let (format, frame, size) = self.model.size(probe[2], probe[3]);
        let asked = u32::from_le_bytes(probe[4..8].try_into().unwrap());
        let interval = *size.intervals.iter().min_by_key(|interval| interval.abs_diff(asked)).unwrap();
        probe[2..4].copy_from_slice(&[format, frame]);
        probe[4..8].copy_from_slice(&interval.to_le_bytes());
        probe[18..22].copy_from_slice(&size.frame_bytes().to_le_bytes());
        probe[22..26].copy_from_slice(&MAX_PAYLOAD.to_le_bytes());
        probe
    }
}

fn head(command: u32, number: u32, status: i32, length: usize) -> Vec<u8> {
    let fields = [command, number, 0, 0, 0, status.cast_unsigned(), length as u32, 0, u32::MAX, 0, 0, 0];
    fields.iter().flat_map(|field| field.to_be_bytes()).collect()
}
