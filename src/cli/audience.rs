//! The decoder's audience: the report, and the window where there is one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tokio_util::sync::CancellationToken;

use super::{codec::CodecArgs, report::Report};
use crate::{
    clock::Timestamp,
    fresh,
    jpeg::{Limits, Strips},
    picture::Canvas,
    pipeline::{Arrival, Viewer},
    view::{Account, Card, Frame, Handle, Image, Update},
};

/// Tells what comes to whoever looks.
pub(super) struct Audience {
    pub(super) handle: Handle,
    pub(super) report: Arc<Mutex<Report>>,
    /// Ends after so many frames.
    pub(super) frames: Option<u64>,
    pub(super) codec: CodecArgs,
    pub(super) stop: CancellationToken,
    pub(super) accounts: HashMap<String, Account>,
}

impl Viewer for Audience {
    fn wants_pixels(&self) -> bool {
        self.handle.is_open()
    }

    fn strips(&self) -> Strips {
        self.codec.strips
    }

    fn limits(&self) -> Limits {
        self.codec.limits()
    }

    fn room(&self, stream: &str) -> Option<(usize, usize)> {
        self.handle.room(stream)
    }

    fn spare(&mut self) -> Canvas {
        self.handle.spare()
    }

    fn take(&mut self, arrival: Arrival) -> bool {
        if self.stop.is_cancelled() {
            return false;
        }
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.take(&arrival, !self.handle.is_open());
        let enough = self.frames.is_some_and(|frames| report.frames() >= frames);
        drop(report);
        let account = self.account(&arrival);
        if let Some(update) = update(arrival, account) {
            self.handle.push(update);
        }
        if enough {
            self.stop.cancel();
        }
        !enough
    }
}

impl Audience {
    fn account(&mut self, arrival: &Arrival) -> Account {
        let (stream, damaged) = match arrival {
            Arrival::Frame(frame) => (&frame.stream, 0),
            Arrival::Damaged { stream, .. } => (stream, 1),
            Arrival::Text { .. } | Arrival::Image { .. } => return Account::default(),
        };
        if !self.accounts.contains_key(stream) && self.accounts.len() >= fresh::MAX_KEYS {
            return Account::default();
        }
        let account = self.accounts.entry(stream.clone()).or_default();
        account.arrived += 1;
        account.damaged += damaged;
        *account
    }
}

/// What the window is told of it.
pub(super) fn update(arrival: Arrival, account: Account) -> Option<Update> {
    Some(match arrival {
        Arrival::Text { text, origin } => Update::Text { sender: origin.from, text, at: Timestamp::now() },
        Arrival::Image { jpeg, header, origin } => {
            let header = header?;
            Update::Image(Image { sender: origin.from, size: (header.width, header.height), jpeg })
        }
        Arrival::Damaged { .. } => return None,
        Arrival::Frame(frame) => Update::Frame(Frame {
            stream: frame.stream,
            seq: frame.info.seq,
            canvas: Arc::new(frame.canvas?),
            size: (frame.header.width, frame.header.height),
            quality: None,
            jpeg: frame.jpeg,
            age: frame.age,
            decoded: Instant::now(),
            decode: frame.decoding,
            account,
            card: frame.info.card.as_deref().map(card),
        }),
    })
}

fn card(name: &str) -> Card {
    match name {
        "camera-off" => Card::CameraOff,
        _ => Card::NoSignal,
    }
}
