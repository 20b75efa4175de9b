//! One run: a relay and some clients, faults, healing, a period without faults, and the checks in between.

use std::{cell::Cell, net::IpAddr, panic, sync::Once, time::Duration};

use fastrand::Rng;
use pulsecam_net::{
    clock::{self, Timestamp},
    link::Role,
};
use turmoil::{Builder, Sim};

use crate::{
    client::{self, Part},
    faults::{Action, schedule},
    invariants::{self, Before},
    journal::Book,
    relay,
};

/// The resolution of time: all that happens within a tick on one host happens before it is another's turn.
pub const TICK: Duration = Duration::from_millis(5);

/// The time within which all clients are back after healing. A link waits for [`client::TIMEOUT`], pauses for
/// [`client::MAX_BACKOFF`] and connects, and the relay drops connections that went silent meanwhile.
const RECOVERY: Duration = Duration::from_secs(4);

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

/// The offset of a host's wall clock from the relay's, in microseconds. The relay is the first host.
pub fn skew(host: usize) -> i64 {
    [0, 4_000_123, -2_500_321, 17, -90_000_000][host]
}

/// The wall clock of the current host. The host is recognised by the number of ticks by which it started
/// later than the simulation.
fn wall() -> Timestamp {
    let (Some(now), Some(wall)) = (turmoil::sim_elapsed(), turmoil::since_epoch()) else {
        return Timestamp::default();
    };
    let host = (now - turmoil::elapsed()).as_micros() / TICK.as_micros();
    Timestamp::from_micros(wall.as_micros() as u64).offset(skew(host as usize))
}

struct World {
    sim: Sim<'static>,
    book: Book,
    parts: Vec<Part>,
    delay: u64,
}

impl World {
    fn new(seed: u64, random: &mut Rng) -> Self {
        let book = Book::default();
        let roles = [Role::Both, Role::Both, Role::Sender, Role::Viewer];
        let parts: Vec<_> = (0..random.usize(2..=4))
            .map(|number| Part {
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
        let mut world = Self { sim, book, parts, delay };
        let book = world.book.clone();
        world.sim.host("relay", move || relay::live(book.clone()));
        for (number, part) in world.parts.clone().into_iter().enumerate() {
            world.run_for(TICK); // each starts at another tick: see `wall`
            let book = world.book.clone();
            world.sim.host(name(number), move || client::live(book.clone(), number, part));
        }
        world
    }

    fn run_for(&mut self, time: Duration) {
        let end = self.sim.elapsed() + time;
        while self.sim.elapsed() < end {
            self.sim.step().unwrap();
            let now = self.sim.elapsed();
            self.book.with(|journal| journal.clock = now);
        }
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
        let sim = &mut self.sim;
        let all = 0..self.parts.len();
        match action {
            Action::Cut(client) => sim.partition(name(client), "relay"),
            Action::CutUp(client) => sim.partition_oneway(name(client), "relay"),
            Action::CutDown(client) => sim.partition_oneway("relay", name(client)),
            Action::Hold(client) => sim.hold(name(client), "relay"),
            Action::Heal(client) => sim.release(name(client), "relay"),
            Action::Delay(client, millis) => {
                sim.set_link_latency(name(client), "relay", Duration::from_millis(millis));
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
            Action::KillRelay => sim.crash("relay"),
            Action::LoseRelay => {
                all.for_each(|client| sim.partition(name(client), "relay"));
                sim.crash("relay");
            }
            Action::StartRelay => {
                all.for_each(|client| sim.release(name(client), "relay"));
                sim.bounce("relay");
            }
        }
    }

    /// Stops the relay as on a signal, and waits until it has ended.
    fn stop_relay(&mut self) {
        self.book.with(|journal| (journal.stopping, journal.summary) = (true, None));
        while self.sim.is_host_running("relay") {
            self.run_for(TICK);
        }
        self.book.with(|journal| journal.stopping = false);
    }

    fn check(&self, how: impl FnOnce(&mut crate::journal::Journal, &[Part])) {
        self.book.with(|journal| how(journal, &self.parts));
    }
}

fn name(client: usize) -> String {
    format!("client{client}")
}

/// Runs one seed.
pub fn run(seed: u64) -> Run {
    count_panics();
    clock::set_wall_clock(Some(wall));
    fastrand::seed(seed); // for the links' jitter
    let mut random = Rng::with_seed(seed);
    let mut world = World::new(seed, &mut random);
    let (clients, delay) = (world.parts.len(), world.delay);
    world.say(true);
    for (at, action) in schedule(clients, delay, &mut random) {
        world.run_for(at.saturating_sub(world.sim.elapsed()));
        world.act(action);
    }
    for client in 0..clients {
        world.act(Action::Heal(client));
        world.act(Action::Delay(client, delay));
    }
    world.run_for(RECOVERY);
    let addresses = world.addresses();
    world.check(|journal, parts| invariants::everybody_is_there_once(journal, parts, &addresses));
    world.finish();
    world.check(|journal, _| invariants::texts(journal));
    world.check(|journal, _| invariants::frames(journal));
    // The same clients at a new relay, without faults: now every count must be exact.
    world.stop_relay();
    world.act(Action::StartRelay);
    world.run_for(RECOVERY);
    world.check(|journal, parts| invariants::everybody_is_there_once(journal, parts, &addresses));
    let before = world.book.with(|journal| Before::of(journal));
    world.say(true);
    world.run_for(QUIET);
    world.finish();
    world.check(|journal, _| invariants::texts(journal));
    world.check(|journal, _| invariants::frames(journal));
    world.stop_relay();
    world.check(|journal, parts| invariants::counters_add_up(journal, parts, &before));
    clock::set_wall_clock(None);
    world.book.with(|journal| {
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
