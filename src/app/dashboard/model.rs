//! Data of the dashboard: rates from counters, and the order of the rows.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

#[cfg(feature = "cluster")]
use crate::relay::cluster::{LinkStatus, RelayStatus};
use crate::relay::{ClientStats, RelayStats, Summary, Traffic};

/// Seconds shown in the small graph.
pub(super) const HISTORY: usize = 60;

/// How long a client is shown as slow after it lost frames, so that the state does not flicker.
const SLOW_STAYS: Duration = Duration::from_secs(5);

/// Sort order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// By time of joining.
    #[default]
    Came,
    /// By bytes sent per second, descending.
    Sends,
    /// By lost frames, descending.
    Lost,
}

impl Order {
    const fn next(self) -> Self {
        match self {
            Self::Came => Self::Sends,
            Self::Sends => Self::Lost,
            Self::Lost => Self::Came,
        }
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RowKind {
    /// A client of this relay.
    #[default]
    Client,
    /// A client of another relay, whose video comes over a link.
    Guest,
    /// The links with another relay for one room; what it sends came from there.
    Link { is_up: bool },
}

/// A client, or what else sends and receives, with its rates.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) kind: RowKind,
    pub(super) resident: ClientStats,
    /// Its name, with a number if another client that joined earlier has the same; empty if it sends nothing. Of a link,
    /// the other relay's address.
    pub(super) name: String,
    pub(super) sends: TrafficRate,
    pub(super) gets: TrafficRate,
    pub(super) loses: f64,
    pub(super) slow: bool,
}

/// Frames and bytes per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct TrafficRate {
    pub(super) frames: f64,
    pub(super) bytes: f64,
}

/// The relays that act as one, and the links between this one and the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClusterCount {
    /// Those that are there, this one included, and all that are known.
    pub(super) relays: (usize, usize),
    /// Those that are up, and all.
    pub(super) links: (usize, usize),
}

#[cfg(feature = "cluster")]
impl ClusterCount {
    fn of(cluster: &crate::relay::cluster::Status) -> Self {
        let there = cluster.relays.iter().filter(|relay| relay.alive).count();
        let links = || cluster.relays.iter().flat_map(|relay| &relay.links);
        let up = links().filter(|link| link.up).count();
        Self { relays: (there + 1, cluster.relays.len() + 1), links: (up, links().count()) }
    }
}

/// A row in two censuses: the relay and the room of a link, or the room and the number of a client.
type Key = (String, String, u64);

/// What a census has of a row.
struct Present {
    key: Key,
    kind: RowKind,
    name: String,
    stats: ClientStats,
}

impl Present {
    fn client(kind: RowKind, stats: ClientStats) -> Self {
        let name = stats.stream.as_ref().map(|stream| stream.stream_name().into_owned());
        let key = (String::new(), stats.room.clone(), stats.client);
        Self { key, kind, name: name.unwrap_or_default(), stats }
    }

    #[cfg(feature = "cluster")]
    fn link(relay: &RelayStatus, link: &LinkStatus) -> Self {
        let addr = relay.addr.unwrap_or_else(|| ([0; 4], 0).into());
        let stats = ClientStats::new(0, addr).with(|stats| {
            stats.room.clone_from(&link.room);
            (stats.sent, stats.got, stats.lost) = (link.received, link.sent, link.lost);
        });
        let key = (relay.id.to_string(), link.room.clone(), 0);
        let name = relay.public.as_ref().map_or_else(|| addr.to_string(), ToString::to_string);
        Self { key, kind: RowKind::Link { is_up: link.up }, name, stats }
    }

    /// The clients of a relay, and what comes from others.
    fn all(census: &mut RelayStats) -> Vec<Self> {
        let clients = census.clients.drain(..);
        #[cfg_attr(not(feature = "cluster"), expect(unused_mut, reason = "there is nothing else"))]
        let mut all: Vec<_> = clients.map(|stats| Self::client(RowKind::Client, stats)).collect();
        #[cfg(feature = "cluster")]
        {
            all.extend(census.guests.drain(..).map(|stats| Self::client(RowKind::Guest, stats)));
            let relays = census.cluster.iter().flat_map(|cluster| &cluster.relays);
            all.extend(relays.flat_map(|relay| relay.links.iter().map(|link| Self::link(relay, link))));
        }
        all
    }
}

/// All that is shown, and the scroll position.
#[derive(Debug, Default)]
pub(super) struct DashboardModel {
    pub(super) rows: Vec<Row>,
    pub(super) totals: Summary,
    /// `None` for a relay on its own.
    pub(super) cluster: Option<ClusterCount>,
    pub(super) comes: TrafficRate,
    pub(super) goes: TrafficRate,
    /// Bytes sent in each of the last seconds.
    pub(super) history: VecDeque<u64>,
    pub(super) order: Order,
    pub(super) scrolled: usize,
    pub(super) help: bool,
    last: Option<(Instant, Summary)>,
    before: BTreeMap<Key, (Traffic, Traffic, u64)>,
    slow: BTreeMap<Key, Instant>,
}

impl DashboardModel {
    /// Takes a new census.
    pub(super) fn take(&mut self, mut census: RelayStats, now: Instant) {
        #[cfg(feature = "cluster")]
        {
            self.cluster = census.cluster.as_ref().map(ClusterCount::of);
        }
        let past = self
            .last
            .map(|(at, _)| now.saturating_duration_since(at).as_secs_f64())
            .filter(|past| *past > 0.0);
        let each = |new: u64, old: u64| past.map_or(0.0, |past| new.saturating_sub(old) as f64 / past);
        let rate = |new: Traffic, old: Traffic| TrafficRate {
            frames: each(new.frames, old.frames),
            bytes: each(new.bytes, old.bytes),
        };
        let mut rows = Vec::new();
        let mut before = BTreeMap::new();
        for Present { key, kind, name, stats: resident } in Present::all(&mut census) {
            let known = (resident.sent, resident.got, resident.lost);
            let (sent, got, lost) = self.before.get(&key).copied().unwrap_or(known);
            before.insert(key.clone(), known);
            if resident.lost > lost {
                self.slow.insert(key.clone(), now);
            }
            let slow = self.slow.get(&key);
            rows.push(Row {
                kind,
                sends: rate(resident.sent, sent),
                gets: rate(resident.got, got),
                loses: each(resident.lost, lost),
                slow: slow.is_some_and(|since| now.saturating_duration_since(*since) < SLOW_STAYS),
                name,
                resident,
            });
        }
        let mut names = BTreeMap::<String, u32>::new();
        let is_named = |row: &&mut Row| !row.name.is_empty() && !matches!(row.kind, RowKind::Link { .. });
        for row in rows.iter_mut().filter(is_named) {
            let times = names.entry(row.name.clone()).or_default();
            *times += 1;
            if *times > 1 {
                row.name = format!("{} ({times})", row.name);
            }
        }
        self.slow.retain(|client, _| before.contains_key(client));
        self.before = before;
        self.rows = rows;
        let old = self.last.map_or(census.totals, |(_, totals)| totals);
        let totals = census.totals;
        self.comes = TrafficRate {
            frames: each(totals.messages_in, old.messages_in),
            bytes: each(totals.bytes_in, old.bytes_in),
        };
        self.goes = TrafficRate {
            frames: each(totals.messages_out, old.messages_out),
            bytes: each(totals.bytes_out, old.bytes_out),
        };
        if past.is_some() {
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(self.goes.bytes as u64);
        }
        self.totals = totals;
        self.last = Some((now, totals));
        self.sort();
    }

    fn sort(&mut self) {
        match self.order {
            Order::Came => self.rows.sort_by_key(|row| (row.kind, row.resident.client)),
            Order::Sends => self.rows.sort_by(|a, b| b.sends.bytes.total_cmp(&a.sends.bytes)),
            Order::Lost => self.rows.sort_by_key(|row| std::cmp::Reverse(row.resident.lost)),
        }
        self.scroll(0);
    }

    /// The number of clients of this relay.
    pub(super) fn clients(&self) -> usize {
        self.rows.iter().filter(|row| row.kind == RowKind::Client).count()
    }

    /// Switches to the next sort order.
    pub(super) fn turn(&mut self) {
        self.order = self.order.next();
        self.sort();
    }

    /// Scrolls down by this many rows.
    pub(super) fn scroll(&mut self, rows: isize) {
        let most = self.rows.len().saturating_sub(1);
        self.scrolled = self.scrolled.saturating_add_signed(rows).min(most);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::wire::FrameInfo;

    /// Two senders, and a viewer that loses frames.
    pub(in crate::app::dashboard) fn census(second: u64) -> RelayStats {
        let resident = |number: u64, name: Option<&str>, rate: u64, lost: u64| {
            let addr = ([192, 168, 1, number as u8], 40_000).into();
            ClientStats::new(number, addr).with(|client| {
                client.since = Duration::from_secs(3_600 + second);
                client.stream = name.map(|name| FrameInfo::default().with_stream(name));
                client.age = name.map(|_| Duration::from_millis(12));
                client.late = name.map(|_| Duration::from_millis(3));
                client.views = name.is_none();
                client.sent.frames = rate * second;
                client.sent.others = 1;
                client.sent.bytes = rate * second * 100_000;
                client.got.frames = 30 * second;
                client.got.bytes = 3_000_000 * second;
                client.lost = lost;
            })
        };
        let mut totals = Summary::default();
        totals.joined = 5;
        totals.messages_in = 90 * second;
        totals.bytes_in = 9_000_000 * second;
        totals.messages_out = 180 * second;
        totals.bytes_out = 18_000_000 * second;
        totals.frames_lost = 9 * second;
        totals.refused = 1;
        let mut census = RelayStats::default();
        census.clients = vec![
            resident(1, Some("小明的摄像头 🎥"), 30, 0),
            resident(2, Some("ann@desk"), 60, 0),
            resident(3, None, 0, 9 * second),
        ];
        census.totals = totals;
        census
    }

    #[test]
    fn counters_become_rates_and_slow_ones_are_known() {
        let start = Instant::now();
        let mut model = DashboardModel::default();
        model.take(census(10), start);
        assert_eq!(
            (model.rows[0].sends, model.history.len()),
            (TrafficRate::default(), 0),
            "one census gives no rate"
        );
        model.take(census(11), start + Duration::from_secs(1));
        assert_eq!(model.rows[1].sends, TrafficRate { frames: 60.0, bytes: 6e6 });
        assert!(model.rows[2].slow && !model.rows[0].slow);
        assert!((model.rows[2].loses - 9.0).abs() < 1e-6 && model.history == [18_000_000]);
        let mut quiet = census(12);
        quiet.clients = census(11).clients;
        model.take(quiet.clone(), start + Duration::from_secs(2));
        assert!(model.rows[2].slow, "for a while");
        model.take(quiet, start + Duration::from_secs(7));
        assert!(!model.rows[2].slow);
    }

    /// A census with a client of another relay, and the link with that relay.
    #[cfg(feature = "cluster")]
    pub(in crate::app::dashboard) fn clustered(second: u64, up: bool) -> RelayStats {
        use crate::relay::cluster::{Load, RelayId, Status};

        let mut census = census(second);
        let addr = ([10, 0, 0, 2], 6869).into();
        let mut guest = ClientStats::new(1 << 63, ([10, 0, 0, 2], 41_000).into());
        guest.stream = Some(FrameInfo::default().with_stream("bob"));
        (guest.sent.frames, guest.sent.bytes) = (15 * second, 1_500_000 * second);
        let mut link = LinkStatus { up, viewers: 1, lost: 2 * second, ..LinkStatus::default() };
        (link.sent.frames, link.sent.bytes) = (90 * second, 9_000_000 * second);
        (link.received.frames, link.received.bytes) = (15 * second, 1_500_000 * second);
        let other = RelayStatus {
            id: RelayId::from_bits(2),
            alive: up,
            unusable: None,
            addr: Some(addr),
            public: Some("desk2.lan:6868".parse().unwrap()),
            load: Load::default(),
            links: vec![link],
        };
        census.guests = vec![guest];
        census.cluster = Some(Status::new(RelayId::from_bits(1), addr, None, vec![other]));
        census
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn what_comes_from_other_relays_is_no_client_of_this_one() {
        let start = Instant::now();
        let mut model = DashboardModel::default();
        model.take(clustered(10, true), start);
        model.take(clustered(11, true), start + Duration::from_secs(1));
        let kinds: Vec<_> = model.rows.iter().map(|row| row.kind).collect();
        let link = RowKind::Link { is_up: true };
        assert_eq!(kinds, [RowKind::Client, RowKind::Client, RowKind::Client, RowKind::Guest, link]);
        assert_eq!(model.clients(), 3);
        let [guest, link] = [&model.rows[3], &model.rows[4]];
        assert_eq!((guest.name.as_str(), guest.sends.frames), ("bob", 15.0));
        assert_eq!((link.name.as_str(), link.sends.frames, link.gets.frames), ("desk2.lan:6868", 15.0, 90.0));
        assert!(link.slow);
        assert_eq!(model.cluster, Some(ClusterCount { relays: (2, 2), links: (1, 1) }));
    }

    #[test]
    fn equal_names_are_numbered() {
        let mut twins = census(1);
        twins.clients[0].stream = twins.clients[1].stream.clone();
        let mut model = DashboardModel::default();
        model.take(twins, Instant::now());
        let names: Vec<_> = model.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["ann@desk", "ann@desk (2)", ""]);
    }

    #[test]
    fn rows_are_sorted_and_scrolled_as_far_as_there_are_any() {
        let start = Instant::now();
        let mut model = DashboardModel::default();
        model.take(census(1), start);
        model.take(census(2), start + Duration::from_secs(1));
        let order =
            |model: &DashboardModel| model.rows.iter().map(|row| row.resident.client).collect::<Vec<_>>();
        model.turn();
        assert_eq!(order(&model), [2, 1, 3]);
        model.turn();
        assert_eq!(order(&model)[0], 3);
        model.scroll(100);
        assert_eq!(model.scrolled, 2);
        model.take(RelayStats::default(), start + Duration::from_secs(2));
        assert_eq!((model.scrolled, model.rows.len()), (0, 0));
    }
}
