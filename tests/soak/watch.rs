//! Counters from the events of a permanent program.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::Value;

/// Frames per second of the permanent senders.
pub const FPS: f64 = 15.0;

/// Counters of the relay.
#[derive(Clone, Debug, Default)]
pub struct RelayWatch {
    pub clients: u64,
    pub joined: u64,
    /// How often clients left, by the first words of the reason.
    pub left: BTreeMap<String, u64>,
}

/// Counters of a viewer.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Number of the last text of each sender.
    texts: BTreeMap<String, u64>,
    every_text: BTreeSet<(String, u64)>,
    pub texts_seen: u64,
    pub texts_lost: u64,
    pub texts_doubled: u64,
    /// First shown after a later text: a copy held by a proxy, of a text from before this viewer connected.
    pub texts_late: u64,
    pub downs: u64,
    pub ups: u64,
    pub is_up: bool,
    pub streams: BTreeMap<String, Frames>,
}

/// What arrived of one stream.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    pub count: u64,
    pub damaged: u64,
    pub newest: u64,
    /// Frames shown after a newer one.
    pub back: u64,
    /// Largest gap between two frame numbers.
    pub widest_gap: u64,
    /// How many newer frames the source had produced when a frame was shown.
    pub behind: Behind,
}

/// Histogram of the lag; the last bin counts everything beyond.
#[derive(Clone, Debug)]
pub struct Behind([u64; 256]);

impl Default for Behind {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl Behind {
    fn record(&mut self, behind: f64) {
        self.0[(behind.max(0.0) as usize).min(255)] += 1;
    }

    /// The lag that this share of all frames did not exceed.
    pub fn share(&self, share: f64) -> usize {
        let all: u64 = self.0.iter().sum();
        let mut left = (all as f64 * share).ceil() as u64;
        self.0
            .iter()
            .position(|count| {
                left = left.saturating_sub(*count);
                left == 0
            })
            .unwrap_or(0)
    }
}

/// Shared between the thread that reads events and the one that checks them.
#[derive(Default)]
pub struct Shared<T>(Arc<Mutex<T>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Shared<T> {
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

impl RelayWatch {
    pub fn hear(&mut self, event: &Value) {
        if let Some(clients) = event["clients"].as_u64() {
            self.clients = clients;
        }
        match event["event"].as_str() {
            Some("joined") => self.joined += 1,
            Some("left") => {
                let reason = event["reason"].as_str().unwrap();
                let reason = reason.rsplit_once("): ").map_or(reason, |(_, after)| after);
                let short = reason.split([':', '(']).next().unwrap().trim().to_owned();
                *self.left.entry(short).or_default() += 1;
            }
            _ => {}
        }
    }
}

impl Seen {
    pub fn hear(&mut self, event: &Value) {
        match event["event"].as_str() {
            Some("link") => self.link(event["state"].as_str().unwrap()),
            Some("text") => self.text(event["from"].as_str().unwrap(), event["text"].as_str().unwrap()),
            Some("frame") => self.frame(event),
            Some("damaged") => self.of(event).damaged += 1,
            _ => {}
        }
    }

    fn link(&mut self, state: &str) {
        self.ups += u64::from(state == "up" && !self.is_up);
        self.downs += u64::from(state == "down" && self.is_up);
        if state != "connecting" {
            self.is_up = state == "up";
        }
    }

    fn text(&mut self, from: &str, text: &str) {
        let number: u64 = text.parse().unwrap();
        self.texts_seen += 1;
        let expected = self.texts.get(from).map_or(1, |last| last + 1);
        let is_new = self.every_text.insert((from.to_owned(), number));
        self.texts_doubled += u64::from(!is_new);
        self.texts_late += u64::from(is_new && number < expected);
        self.texts_lost += number.saturating_sub(expected);
        self.texts.insert(from.to_owned(), number.max(expected - 1));
    }

    /// Number of the last text of a sender.
    pub fn last_text(&self, from: &str) -> u64 {
        self.texts.get(from).copied().unwrap_or(0)
    }

    fn of(&mut self, event: &Value) -> &mut Frames {
        self.streams.entry(event["stream"].as_str().unwrap().to_owned()).or_default()
    }

    fn frame(&mut self, event: &Value) {
        let stream = self.of(event);
        let (seq, age) = (event["seq"].as_u64().unwrap(), event["age_ms"].as_f64().unwrap());
        if stream.count > 0 {
            stream.back += u64::from(seq <= stream.newest);
            stream.widest_gap = stream.widest_gap.max(seq.saturating_sub(stream.newest));
        }
        stream.count += 1;
        stream.newest = stream.newest.max(seq);
        stream.behind.record(age / 1000.0 * FPS);
    }
}
