//! One run: a relay or three, some clients, faults, healing, a period without faults, and the checks in between.

use std::{
    cell::Cell,
    collections::{BTreeSet, VecDeque},
    net::IpAddr,
    panic,
    sync::Once,
    time::Duration,
};

use fastrand::Rng;
use pulsecam_net::{
    clock::{self, Timestamp},
    link::Role,
    relay::cluster::Board,
};
use turmoil::{Builder, Sim};

use crate::{
    client::{self, Part},
    faults::{Action, between, pairs, schedule},
    invariants::{self, Before},
    journal::{Book, Ways},
    relay, together,
};

/// The resolution of time: all that happens within a tick on one host happens before it is another's turn.
pub const TICK: Duration = Duration::from_millis(5);

/// The time within which all clients are back after healing. A link waits for [`client::TIMEOUT`], pauses for
/// [`client::MAX_BACKOFF`] and connects, and the relay drops connections that went silent meanwhile.
const RECOVERY: Duration = Duration::from_secs(4);

/// The same with three relays, whose links notice after 4 s that they are dead, and may be in an attempt to connect that
/// takes 3 s.
const REUNION: Duration = Duration::from_secs(9);

/// The time after which relays notice that one is gone, or is back.
pub const NOTICED: Duration = Duration::from_secs(1);

/// The number of relays in a cluster.
pub const CLUSTER: usize = 3;

/// The time within which all texts are confirmed after the last was sent.
const CONFIRMED: Duration = Duration::from_secs(30);

/// The time within which all clients have received the last message, even slow viewers.
const QUIET: Duration = Duration::from_secs(2);

/// The delays of a healthy connection in milliseconds: next door, in another town, on another continent.
const DELAYS: [u64; 3] = [2, 20, 90];

/// The result of a run.
pub struct Run {
    pub trace: Vec<String>,
    pub broken: Vec<String>,
    /// Frames that viewers got in pieces, and those of which they got only a part.
    pub in_pieces: u64,
    pub torn: u64,
    /// Receipts of frames that viewers sent.
    pub receipts: u64,
    /// Times that a slow viewer told the relay how many frames it wants.
    pub credits: u64,
}

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
    /// The number of relays of this run.
    static RELAYS: Cell<usize> = const { Cell::new(1) };
}

/// Counts panics, because a task that panics does not end the run.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
    PANICS.set(0);
}

/// The time that several relays have to choose their slots, before there are clients.
const fn meeting(relays: usize) -> Duration {
    if relays == 1 { Duration::ZERO } else { Duration::from_millis(1500) }
}

/// The wall clock of the current host. The host is recognised by the number of ticks by which it started
/// later than the simulation: relays come first.
fn wall() -> Timestamp {
    let (Some(now), Some(wall)) = (turmoil::sim_elapsed(), turmoil::since_epoch()) else {
        return Timestamp::default();
    };
    let since = now - turmoil::elapsed();
    let relays = RELAYS.get();
    let number = |since: Duration| (since.as_micros() / TICK.as_micros()) as usize;
    let skew = match number(since) {
        host if host < relays => relay::skew(host),
        _ => client::skew(number(since - meeting(relays)) - relays),
    };
    Timestamp::from_micros(wall.as_micros() as u64).offset(skew)
}

struct World {
    sim: Sim<'static>,
    book: Book,
    parts: Vec<Part>,
    delay: u64,
    relays: usize,
    board: Board,
    /// Relays that do not run.
    down: BTreeSet<usize>,
    /// Pairs of relays without a connection.
    cut: BTreeSet<(usize, usize)>,
    /// What relays will notice, and when.
    unnoticed: VecDeque<Ways>,
}

impl World {
    fn new(seed: u64, random: &mut Rng, relays: usize) -> Self {
        RELAYS.set(relays);
        let book = Book::default();
        let roles = [Role::Both, Role::Both, Role::Sender, Role::Viewer];
        let (fewest, first) = if relays == 1 { (2, 0) } else { (3, random.usize(..relays)) };
        let parts: Vec<_> = (0..random.usize(fewest..=4))
            .map(|number| Part {
                // In a cluster, each relay has one first.
                relay: (first + number) % relays,
                // The first one sends video, or there would be nothing to view.
                role: if number == 0 { Role::Both } else { roles[random.usize(..roles.len())] },
                dawdles: (random.u32(..4) == 0).then(|| Duration::from_millis(random.u64(30..200))),
                is_large: random.bool(),
                seed: random.u64(..),
            })
            .collect();
        let delay = DELAYS[random.usize(..DELAYS.len())];
        let sim = Builder::new()
            .rng_seed(seed)
            .epoch(std::time::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
            .tick_duration(TICK)
            .min_message_latency(Duration::from_millis(delay))
            .max_message_latency(Duration::from_millis(delay))
            .tcp_capacity([32, 48, 64][random.usize(..3)])
            .enable_random_order()
            .build();
        let (board, unnoticed) = (Board::default(), VecDeque::new());
        let (down, cut) = (BTreeSet::new(), BTreeSet::new());
        let mut world = Self { sim, book, parts, delay, relays, board, down, cut, unnoticed };
        for number in 0..relays {
            if number > 0 {
                world.run_for(TICK); // each host starts at another tick: see `wall`
            }
            let (book, board) = (world.book.clone(), world.board.clone());
            let board = move || (relays > 1).then(|| board.clone());
            world.sim.host(relay::name(number), move || relay::live(book.clone(), number, board()));
        }
        world.run_for(meeting(relays));
        for (number, part) in world.parts.clone().into_iter().enumerate() {
            world.run_for(TICK);
            let book = world.book.clone();
            world.sim.host(name(number), move || client::live(book.clone(), number, part));
        }
        if relays > 1 {
            world.ways_changed();
        }
        world
    }

    fn run_for(&mut self, time: Duration) {
        let end = self.sim.elapsed() + time;
        while self.sim.elapsed() < end {
            self.sim.step().unwrap();
            let now = self.sim.elapsed();
            self.book.with(|journal| journal.clock = now);
            while self.unnoticed.front().is_some_and(|ways| ways.since + NOTICED <= now) {
                if let Some(ways) = self.unnoticed.pop_front() {
                    self.notice(&ways);
                }
            }
        }
    }

    /// Records which relays can reach each other from now on; they notice it later.
    fn ways_changed(&mut self) {
        let running: BTreeSet<_> = (0..self.relays).filter(|relay| !self.down.contains(relay)).collect();
        let is_near = |one: usize, other: usize| {
            let pair = (one.min(other), one.max(other));
            running.contains(&one) && running.contains(&other) && !self.cut.contains(&pair)
        };
        // Gossip goes over a third one.
        let is_reached = |one, other| {
            is_near(one, other) || (0..self.relays).any(|third| is_near(one, third) && is_near(third, other))
        };
        let apart = pairs(self.relays).filter(|(one, other)| !is_reached(*one, *other)).collect();
        let ways = Ways { since: self.sim.elapsed(), running: running.clone(), apart };
        self.book.with(|journal| journal.ways.push(ways.clone()));
        self.unnoticed.push_back(ways);
    }

    /// Shows relays what they notice.
    fn notice(&self, ways: &Ways) {
        let lives = |relay: usize| self.book.with(|journal| journal.at(relay).life);
        let ids: Vec<_> =
            (0..self.relays).filter_map(|relay| Some((relay, relay::id(relay, lives(relay)?)))).collect();
        for (relay, newest) in &ids {
            // Those before the newest are dead, whatever has happened since.
            (0..lives(*relay).unwrap_or(0))
                .for_each(|life| self.board.set_alive(relay::id(*relay, life), false));
            if !ways.running.contains(relay) && self.down.contains(relay) {
                self.board.set_alive(*newest, false);
            }
        }
        for ((one, first), (other, second)) in ids
            .iter()
            .flat_map(|one| ids.iter().map(move |other| (one, other)))
            .filter(|(one, other)| one.0 < other.0)
        {
            self.board.set_cut(*first, *second, ways.apart.contains(&(*one, *other)));
        }
        self.book.note(format_args!("noticed: {ways:?}"));
    }

    fn say(&self, talking: bool) {
        self.book.with(|journal| {
            journal.talking = talking;
            journal.note(if talking { "=== talk" } else { "=== hush" });
        });
    }

    /// Waits until everything is sent and received. Messages that were unconfirmed when a link broke are sent
    /// one by one, each after the one before is confirmed, which takes a round trip each.
    fn finish(&mut self) {
        self.say(false);
        let end = self.sim.elapsed() + CONFIRMED;
        while self.sim.elapsed() < end && !self.book.with(|journal| invariants::all_is_confirmed(journal)) {
            self.run_for(10 * TICK);
        }
        self.run_for(QUIET);
    }

    fn addresses(&self) -> Vec<IpAddr> {
        (0..self.parts.len()).map(|number| self.sim.lookup(name(number))).collect()
    }

    fn act(&mut self, action: Action) {
        self.book.note(action);
        let before = (self.down.clone(), self.cut.clone());
        let own = |client: usize| relay::name(self.parts[client].relay);
        let sim = &mut self.sim;
        match action {
            Action::Cut(client) => sim.partition(name(client), own(client)),
            Action::CutUp(client) => sim.partition_oneway(name(client), own(client)),
            Action::CutDown(client) => sim.partition_oneway(own(client), name(client)),
            Action::Hold(client) => sim.hold(name(client), own(client)),
            Action::Heal(client) => sim.release(name(client), own(client)),
            Action::Delay(client, millis) => {
                sim.set_link_latency(name(client), own(client), Duration::from_millis(millis));
            }
            Action::Kill(client) => {
                sim.crash(name(client));
                self.book.with(|journal| {
                    if let Some(process) = journal.newest(client) {
                        journal.of(process).is_up = false;
                    }
                });
            }
            Action::Start(client) => sim.bounce(name(client)),
            Action::KillRelay(relay) => {
                sim.crash(relay::name(relay));
                self.down.insert(relay);
            }
            Action::LoseRelay(relay) => {
                self.neighbours(relay)
                    .into_iter()
                    .for_each(|other| self.sim.partition(other, relay::name(relay)));
                self.sim.crash(relay::name(relay));
                self.down.insert(relay);
            }
            Action::StartRelay(relay) => {
                self.neighbours(relay)
                    .into_iter()
                    .for_each(|other| self.sim.release(other, relay::name(relay)));
                self.cut.retain(|(one, other)| *one != relay && *other != relay);
                self.sim.bounce(relay::name(relay));
                self.down.remove(&relay);
            }
            Action::CutRelays(one, other) => {
                sim.partition(relay::name(one), relay::name(other));
                self.cut.insert((one, other));
            }
            Action::HoldRelays(one, other) => {
                sim.hold(relay::name(one), relay::name(other));
                self.cut.insert((one, other));
            }
            Action::HealRelays(one, other) => {
                sim.release(relay::name(one), relay::name(other));
                self.cut.remove(&(one, other));
            }
            Action::DelayRelays(one, other, millis) => {
                sim.set_link_latency(relay::name(one), relay::name(other), Duration::from_millis(millis));
            }
        }
        if self.relays > 1 && before != (self.down.clone(), self.cut.clone()) {
            self.ways_changed();
        }
    }

    /// The hosts with a connection to a relay: its clients, and the other relays.
    fn neighbours(&self, relay: usize) -> Vec<String> {
        let clients = (0..self.parts.len()).filter(|client| self.parts[*client].relay == relay).map(name);
        clients.chain((0..self.relays).filter(|other| *other != relay).map(relay::name)).collect()
    }

    /// Stops the relay as on a signal, and waits until it has ended.
    fn stop_relay(&mut self) {
        self.book.with(|journal| (journal.stopping, journal.at(0).summary) = (true, None));
        while self.sim.is_host_running(relay::name(0)) {
            self.run_for(TICK);
        }
        self.book.with(|journal| journal.stopping = false);
    }

    /// Lets clients talk through all of these faults, and heals them.
    fn suffer(&mut self, faults: Vec<(Duration, Action)>) {
        self.say(true);
        for (at, action) in faults {
            let at = at + meeting(self.relays);
            self.run_for(at.saturating_sub(self.sim.elapsed()));
            self.act(action);
        }
        let (clients, delay) = (self.parts.len(), self.delay);
        for client in 0..clients {
            self.act(Action::Heal(client));
            self.act(Action::Delay(client, delay));
        }
        for (one, other) in pairs(self.relays) {
            self.act(Action::HealRelays(one, other));
            self.act(Action::DelayRelays(one, other, delay));
        }
    }

    /// The checks after everything was sent and received.
    fn check_received(&self) {
        self.check(invariants::texts);
        self.check(invariants::frames);
    }

    fn check_presence(&self) {
        let addresses = self.addresses();
        self.check(|journal, parts| invariants::everybody_is_there_once(journal, parts, &addresses));
    }

    /// What has happened.
    fn into_run(self) -> Run {
        clock::set_wall_clock(None);
        self.book.with(|journal| {
            if PANICS.get() > 0 {
                journal.broken(format_args!("{} tasks panicked", PANICS.get()));
            }
            let counters = || journal.lives.values().map(|record| record.counters);
            let (in_pieces, torn, receipts, credits) = (
                counters().map(|counters| counters.frames_in_pieces).sum(),
                counters().map(|counters| counters.frames_torn).sum(),
                counters().map(|counters| counters.receipts_sent).sum(),
                counters().map(|counters| counters.credits_sent).sum(),
            );
            let (trace, broken) = (std::mem::take(&mut journal.trace), std::mem::take(&mut journal.broken));
            Run { trace, broken, in_pieces, torn, receipts, credits }
        })
    }

    fn check(&self, how: impl FnOnce(&mut crate::journal::Journal, &[Part])) {
        self.book.with(|journal| how(journal, &self.parts));
    }
}

fn name(client: usize) -> String {
    format!("client{client}")
}

fn begin(seed: u64) -> Rng {
    count_panics();
    clock::set_wall_clock(Some(wall));
    fastrand::seed(seed); // for the links' jitter
    Rng::with_seed(seed)
}

/// Runs one seed with one relay.
pub fn run(seed: u64) -> Run {
    let mut random = begin(seed);
    let mut world = World::new(seed, &mut random, 1);
    let faults = schedule(world.parts.len(), world.delay, &mut random);
    world.suffer(faults);
    world.run_for(RECOVERY);
    world.check_presence();
    world.finish();
    world.check_received();
    // The same clients at a new relay, without faults: now every count must be exact.
    world.stop_relay();
    world.act(Action::StartRelay(0));
    world.run_for(RECOVERY);
    world.check_presence();
    let before = world.book.with(|journal| Before::of(journal));
    world.say(true);
    world.run_for(QUIET);
    world.finish();
    world.check_received();
    world.stop_relay();
    world.check(|journal, parts| invariants::counters_add_up(journal, parts, &before));
    world.into_run()
}

/// Runs one seed with three relays as one.
pub fn run_cluster(seed: u64) -> Run {
    let mut random = begin(seed);
    let mut world = World::new(seed, &mut random, CLUSTER);
    let (clients, delay) = (world.parts.len(), world.delay);
    let mut faults = schedule(clients, delay, &mut random);
    // The crashes of the only relay are not meant here.
    let is_crash = |action: &Action| {
        matches!(action, Action::KillRelay(_) | Action::LoseRelay(_) | Action::StartRelay(_))
    };
    faults.retain(|(_, action)| !is_crash(action));
    faults.extend(between(CLUSTER, delay, &mut random));
    faults.sort_by_key(|(at, _)| *at);
    world.suffer(faults);
    world.run_for(REUNION);
    world.check_presence();
    world.finish();
    world.check_received();
    // Without faults, everything comes everywhere.
    let since = world.sim.elapsed();
    world.say(true);
    world.run_for(QUIET);
    world.finish();
    world.check_presence();
    world.check_received();
    world.check(|journal, _| together::numbers(journal));
    world.check(|journal, parts| together::pictures(journal, parts, since));
    world.into_run()
}
