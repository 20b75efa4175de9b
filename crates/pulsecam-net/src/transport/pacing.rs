//! Receipts on one connection: those that wait to be sent, and the pacer that learns from the other end's.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{
    clock,
    feedback::{Pacer, Release},
    sync::lock,
    wire::{Message, Receipt},
};

/// The pacing of frames on one connection.
#[derive(Debug)]
pub(super) struct Pacing {
    pacer: Mutex<Pacer>,
    /// What to say to the other end next.
    waiting: Mutex<Option<Receipt>>,
}

impl Pacing {
    pub(super) fn new() -> Self {
        Self { pacer: Mutex::new(Pacer::new(clock::now())), waiting: Mutex::new(None) }
    }

    /// Records whether the other end sends receipts if it is asked.
    pub(super) fn able(&self, able: bool) {
        lock(&self.pacer).able(able);
    }

    /// Handles what the other end says about our frames.
    pub(super) fn received(&self, receipt: &Receipt) {
        lock(&self.pacer).received(receipt, clock::now());
    }

    /// When the next frame may start.
    pub(super) fn release(&self) -> Release {
        lock(&self.pacer).release(clock::now())
    }

    /// Records that the writing of a message began.
    pub(super) fn started(&self, message: &Message) {
        let (bytes, now) = (message.wire_len(), clock::now());
        // A frame in pieces counts once it is complete, as at the other end.
        if message.completes_frame() {
            lock(&self.pacer).started(bytes, now);
        } else {
            lock(&self.pacer).wrote_other(bytes, now);
        }
    }

    /// Records that the socket was full since `full`; returns for how long.
    pub(super) fn waited(&self, full: Instant) -> Duration {
        let now = clock::now();
        let time = now.saturating_duration_since(full);
        lock(&self.pacer).waited(time, now);
        time
    }

    /// See [`Pacer::path`].
    pub(super) fn path(&self) -> Option<(f64, Duration)> {
        lock(&self.pacer).path()
    }

    /// Adds to what is said next.
    pub(super) fn say(&self, newer: Receipt) {
        let mut waiting = lock(&self.waiting);
        *waiting = Some(waiting.unwrap_or_default().and(newer));
    }

    /// Takes what is to be said now.
    pub(super) fn take(&self) -> Option<Receipt> {
        if let Some(ask) = lock(&self.pacer).asks(clock::now()) {
            self.say(Receipt::default().with(|receipt| receipt.ask = Some(ask)));
        }
        lock(&self.waiting).take()
    }

    /// Puts back what could not be sent; anything newer counts more.
    pub(super) fn put_back(&self, older: Receipt) {
        let mut waiting = lock(&self.waiting);
        *waiting = Some(waiting.map_or(older, |newer| older.and(newer)));
    }
}
