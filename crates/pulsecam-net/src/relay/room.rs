//! Who is together, and who gets what.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;

use super::{
    Event,
    attendance::{Attendance, Due},
    census::{self, Resident},
    delivery,
    event::LeaveReason,
    house::House,
    member::{ClientId, Item, Member},
    memory::Accounts,
    numbers::Numbers,
    roster::Roster,
    standstill::Standstill,
};
use crate::{
    clock::{self, Timestamp},
    feedback::Receipts,
    fresh,
    socket::{Pen, Written},
    wire::{FrameInfo, Heartbeat, Kind, Message},
};

/// How often viewers are asked to report what video they get: often enough to notice within half a second that it gets old, too seldom to
/// cost anything.
const REPORT_INTERVAL: Duration = Duration::from_millis(250);

/// How often senders are told that the number of viewers has changed, at the most.
const NOTICE_INTERVAL: Duration = Duration::from_millis(50);

/// Senders that are told in one go: each is a write, some 20 µs, and frames must not wait for all of them.
const NOTICES_AT_ONCE: usize = 16;

/// The pause before the next are told: a thousand notices a second at the most, a fiftieth of a processor.
const NOTICE_PAUSE: Duration = Duration::from_millis(16);

/// Clients that see and hear each other.
pub(super) struct Room {
    pub(super) house: Arc<House>,
    name: String,
    roster: Roster,
    /// How many there are.
    here: AtomicUsize,
    /// Members that may show video.
    viewing: AtomicU32,
    /// Told when that changes.
    audience: Notify,
    /// Members that want to hear what comes of their video.
    reported: AtomicU32,
    pub(super) standstill: Standstill,
    numbers: Mutex<Numbers>,
    /// Tells the numbers of this run of the relay from those of another.
    epoch: u64,
}

impl Room {
    pub(super) fn new(house: Arc<House>, name: String) -> Self {
        Self {
            standstill: Standstill::new(house.config.look_interval()),
            house,
            name,
            roster: Roster::default(),
            here: AtomicUsize::new(0),
            viewing: AtomicU32::new(0),
            audience: Notify::new(),
            reported: AtomicU32::new(0),
            numbers: Mutex::default(),
            epoch: fastrand::u64(..),
        }
    }

    /// Lets a client in.
    pub(super) fn join(
        &self,
        addr: SocketAddr,
        pen: Arc<Pen>,
        accounts: Accounts,
        dismissed: CancellationToken,
    ) -> (Arc<Member>, fresh::Receiver<ClientId, Item>, Event) {
        let (id, budget) = (self.house.next_client(), self.house.config.mailbox);
        let lanes = fresh::Lanes::new(budget).with_fresh(budget, Item::weight);
        let (mailbox, waiting) = fresh::over(lanes);
        let member = Arc::new(Member::new(id, addr, mailbox, pen, budget, accounts, dismissed));
        let clients = self.roster.join(&member);
        self.viewing.fetch_add(1, Relaxed);
        self.audience.notify_one();
        let room = (!self.name.is_empty()).then(|| self.name.clone());
        self.here.store(clients, Relaxed);
        let joined = Event::Joined { client: member.id, addr, room, clients };
        (member, waiting, joined)
    }

    /// Lets it go; what is to be told of it.
    pub(super) fn leave(&self, member: &Member, reason: LeaveReason) -> Event {
        let clients = self.roster.leave(member.id);
        if clients == 0 {
            self.standstill.rest();
        }
        if member.attendance.leaves() {
            self.viewing.fetch_sub(1, Relaxed);
            self.audience.notify_one();
        }
        if let Some(number) = member.number.get() {
            lock(&self.numbers).leave(*number, matches!(reason, LeaveReason::Closed));
        }
        if lock(&member.intake).is_asked() {
            self.reported.fetch_sub(1, Relaxed);
        }
        let frames_lost = member.mailbox.replaced();
        self.house.count_lost(frames_lost);
        self.here.store(clients, Relaxed);
        Event::Left { client: member.id, addr: member.addr, reason, frames_lost, clients }
    }

    /// Whether a message of so many bytes that must not be lost has to wait, because what this client has sent fills what another one
    /// can take.
    pub(super) fn is_held_up(&self, sender: &Member, bytes: usize, amid: bool, now: Instant) -> bool {
        let members = self.roster.list();
        members.iter().any(|other| other.id != sender.id && other.holds_up(sender.id, bytes, amid, now))
    }

    /// How many others are here.
    pub(super) fn others(&self) -> usize {
        self.here.load(Relaxed).saturating_sub(1)
    }

    /// Everybody who is here.
    pub(super) fn members(&self) -> Arc<[Arc<Member>]> {
        self.roster.list()
    }

    /// A client's heartbeat came. A plain one is answered plainly, as a Qt client expects; one with a time gets the relay's times.
    pub(super) fn heard(&self, member: &Member, heartbeat: &Heartbeat) {
        let t2 = heartbeat.t1.map(|_| Timestamp::now());
        if t2.is_some() {
            member.attendance.shows_ours();
        }
        if let Some(token) = heartbeat.token {
            let _ = member.token.set(token); // the first one counts
        }
        if let Some(views) = heartbeat.views
            && member.attendance.says(views)
        {
            if views {
                self.viewing.fetch_add(1, Relaxed);
            } else {
                self.viewing.fetch_sub(1, Relaxed);
            }
            self.audience.notify_one();
        }
        if let Some(millis) = heartbeat.report
            && lock(&member.intake).asked(Some(Duration::from_millis(millis.into())))
        {
            self.reported.fetch_add(1, Relaxed);
        }
        if let (Some(got), Some(ago)) = (heartbeat.got, heartbeat.ago) {
            let now = clock::now();
            let then = now.checked_sub(Duration::from_micros(ago)).unwrap_or(now);
            let clock = heartbeat.t1.map(|t1| t1.as_micros().saturating_sub(ago));
            let clock = clock.and_then(|micros| i64::try_from(micros).ok());
            lock(&member.delivery).reported(got, then, clock);
        }
        // One that tells the time is ours, and is asked to report where that helps somebody.
        let asked = heartbeat.t1.is_some() && self.reported.load(Relaxed) > 0;
        let report = asked.then_some(REPORT_INTERVAL.as_millis() as u32);
        let epoch = heartbeat.t1.map(|_| self.epoch);
        let answer = Heartbeat { t1: heartbeat.t1, t2, report, epoch, ..Heartbeat::default() };
        member.say(Due { answer: Some(answer), ..Due::default() });
    }

    /// What a client is told of its video.
    pub(super) fn report(&self, to: ClientId, intake: &Mutex<Receipts>) -> Heartbeat {
        let now = clock::now();
        let told = lock(intake).tell(Heartbeat::default(), now);
        let viewers = self.roster.list();
        let others = viewers.iter().filter(|member| member.id != to && member.attendance.views());
        let all: Vec<_> = others.filter_map(|member| lock(&member.delivery).lateness(to, now)).collect();
        let median = delivery::median(&all);
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Heartbeat {
            t3: Some(Timestamp::now()),
            late: median.map(|median| micros(median.late)),
            queued: median.map(|median| micros(median.queued)),
            lost: median.map(|median| median.lost),
            ..told
        }
    }

    /// How many others may show what a client sends; `None` for who did not ask, unless it is told in any case.
    pub(super) fn viewers_for(&self, client: &Attendance, in_any_case: bool) -> Option<u32> {
        let itself = u32::from(client.views());
        (client.asks() || in_any_case).then(|| self.viewing.load(Relaxed).saturating_sub(itself))
    }

    /// Tells those who asked how many view: at once when it changes, and then not again for a moment. Were each of a thousand told
    /// of each that comes, a crowd at the door would be a million messages.
    pub(super) async fn keep_senders_told(&self) {
        loop {
            self.audience.notified().await;
            let mut asking = self.roster.list().to_vec();
            // Each by what it was told itself: an answer may have told one what was true a moment ago.
            asking.retain(|member| {
                let viewers = self.viewers_for(&member.attendance, false);
                viewers.is_some_and(|viewers| !member.attendance.knows(viewers))
            });
            if asking.is_empty() {
                continue;
            }
            for some in asking.chunks(NOTICES_AT_ONCE) {
                for member in some {
                    member.say(Due { notice: true, ..Due::default() });
                }
                time::sleep(NOTICE_PAUSE).await;
            }
            time::sleep(NOTICE_INTERVAL).await;
        }
    }

    /// Gives a message to everybody but its sender: into the socket at once where nothing waits before it, else into the mailbox.
    ///
    /// To those of ours it goes with its sender's number, in one new head for all of them; to old programs, which might stumble over
    /// that, as it came.
    pub(super) fn pass_on(&self, sender: &Member, message: &Message, came: Instant) {
        self.house.count_in(message);
        let from = sender.id;
        let is_video = message.kind() == Kind::Video;
        let watched = self.house.config.watcher.is_some();
        if watched {
            sender.sent.count(message);
            if is_video {
                let told = census::kept(message.description());
                *lock(&sender.newest) = Some((told, Timestamp::now()));
            }
        }
        let mut numbered = None;
        // Many small ones in a row are joined by the viewers' writers.
        let crowds = !is_video && sender.crowds.load(Relaxed);
        for member in self.roster.list().iter().filter(|member| member.id != from) {
            if is_video && !member.attendance.views() {
                continue; // it said so itself
            }
            let message = if member.attendance.is_ours() {
                numbered.get_or_insert_with(|| self.numbered(sender, message)).as_ref().unwrap_or(message)
            } else {
                message
            };
            // Waking each client's task costs more than writing for it. Only this client's own task takes out of its
            // mailbox, with the pen in hand: what this writes passes nothing by.
            let at_once = !crowds && member.mailbox.is_empty();
            let written = if at_once { member.pen.try_write(message) } else { Written::Nothing };
            if written != Written::Nothing {
                self.house.count_out(message);
                if watched {
                    member.got.count(message);
                }
                if is_video {
                    let mut delivery = lock(&member.delivery);
                    delivery.given(from, came);
                    if written == Written::Whole {
                        delivery.written(clock::now());
                    }
                }
            } else if is_video {
                // A mailbox without a reader belongs to a client that is just leaving.
                if member.mailbox.send_fresh(from, Item::Message(message.clone(), came)).unwrap_or(false) {
                    lock(&member.delivery).replaced(from);
                }
            } else {
                member.give_ordered(sender, message);
            }
        }
    }

    /// The message with its sender's number; `None` if it goes to ours as it came, too.
    fn numbered(&self, sender: &Member, message: &Message) -> Option<Message> {
        if !message.takes_number() {
            return None;
        }
        let number = *sender.number.get_or_init(|| {
            let mut numbers = lock(&self.numbers);
            let mark = numbers.mark(sender.addr.ip(), message);
            numbers.take(sender.token.get().copied(), mark)
        });
        message.numbered(number, self.house.config.max_message)
    }

    /// What waited for one of ours, as it may leave. Queued before the client said its first word, it has no number, or one that its
    /// sender made up: such a frame is left out, as newer ones follow, and the rest loses the number.
    pub(super) fn checked(&self, message: &Message) -> Option<Message> {
        if !message.is_as_it_came() || !message.takes_number() {
            return Some(message.clone());
        }
        // Too large to be numbered is as it came, too.
        let fits = message.numbered(u64::MAX, self.house.config.max_message).is_some();
        let is_early_frame = message.kind() == Kind::Video && fits;
        (!is_early_frame).then(|| message.unnumbered().unwrap_or_else(|| message.clone()))
    }

    /// Reports those that lost frames since they were last reported.
    pub(super) fn survey(&self, now: Instant) {
        for member in self.roster.list().iter() {
            if let Some((lost, frames_lost)) = member.is_slow(now) {
                self.house.tell_safely(&Event::Slow {
                    client: member.id,
                    addr: member.addr,
                    lost,
                    frames_lost,
                });
            }
        }
    }

    /// Who is in it.
    pub(super) fn residents(&self, now: Instant) -> Vec<Resident> {
        let members = self.roster.list();
        let resident = |member: &Arc<Member>| {
            let newest = lock(&member.newest).clone();
            let stream = newest.as_ref().map(|(description, _)| {
                let info = FrameInfo::parse(description);
                FrameInfo { peer: member.number.get().copied(), ..info }
            });
            let captured = stream.as_ref().and_then(FrameInfo::captured_at_relay);
            // Of who sends nothing there is nothing to look up: with a thousand members that would be a million times.
            let sends = newest.is_some();
            let viewers =
                members.iter().filter(|other| sends && other.id != member.id && other.attendance.views());
            let mut lateness: Vec<_> =
                viewers.filter_map(|viewer| lock(&viewer.delivery).known_lateness(member.id, now)).collect();
            lateness.sort_unstable();
            Resident {
                client: member.id,
                addr: member.addr,
                room: self.name.clone(),
                since: now.saturating_duration_since(member.came),
                age: newest.and_then(|(_, came)| Some(came.since(captured?))),
                stream,
                late: lateness.get(lateness.len() / 2).copied(),
                views: member.attendance.views(),
                sent: member.sent.amount(),
                got: member.got.amount(),
                lost: member.mailbox.replaced(),
            }
        };
        members.iter().map(resident).collect()
    }

    /// Frames that members have lost who are here.
    pub(super) fn frames_lost(&self) -> u64 {
        self.roster.list().iter().map(|member| member.mailbox.replaced()).sum()
    }
}

/// No code panics while it holds one of these locks.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
