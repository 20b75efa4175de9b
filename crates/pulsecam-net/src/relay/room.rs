//! A room: its members, and who gets which message.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;

use super::{
    delivery_delay,
    departures::Departures,
    event::{ClientId, Event},
    members::{ClientKind, Item, Member, MemberList},
    memory::ClientMemory,
    passing::Passing,
    peer_numbers::PeerNumbers,
    presence::{PendingHeartbeat, Presence},
    reason::LeaveReason,
    shared::Shared,
    stall_detector::StallDetector,
    stats::{self, ClientStats},
    tally::RoomTraffic,
};
use crate::{
    clock::{self, Timestamp},
    feedback::FrameAcks,
    queue,
    sync::lock,
    transport::{MessageWriter, Written},
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Receipt},
};

/// The interval of the viewers' reports. It is short enough to notice within 0.5 s that frames get old, and
/// long enough to cost nothing.
const REPORT_INTERVAL: Duration = Duration::from_millis(250);

/// The shortest interval at which a sender's newest frame is noted: every frame of a usual stream, and few of a
/// flood.
const NOTE_INTERVAL: Duration = Duration::from_millis(10);

/// The shortest interval at which a changed number of viewers is sent to senders.
const NOTICE_INTERVAL: Duration = Duration::from_millis(50);

/// Notices sent at a time: each is a write of some 20 µs, and frames must not wait for all of them.
const NOTICES_AT_ONCE: usize = 16;

/// The pause before the next notices: at most a thousand a second, a fiftieth of a core.
const NOTICE_PAUSE: Duration = Duration::from_millis(16);

/// A group of clients that receive each other's messages.
pub(super) struct Room {
    pub(super) shared: Arc<Shared>,
    name: String,
    members: MemberList,
    /// The number of members.
    here: AtomicUsize,
    /// Members that may show video.
    viewing: AtomicU32,
    /// Notified when that changes.
    viewers_changed: Notify,
    /// Members that want reports on their video.
    reported: AtomicU32,
    /// Members that take frames in pieces.
    piece_takers: AtomicU32,
    pub(super) stall_detector: StallDetector,
    pub(super) numbers: Mutex<PeerNumbers>,
    departures: Mutex<Departures>,
    /// Notified when there is one more.
    departed: Notify,
    /// What it received and sent.
    pub(super) traffic: RoomTraffic,
    /// Distinguishes the numbers of this run of the relay from those of other runs.
    epoch: u64,
}

impl Room {
    pub(super) fn new(shared: Arc<Shared>, name: String) -> Self {
        Self {
            stall_detector: StallDetector::new(shared.config.look_interval()),
            shared,
            name,
            members: MemberList::default(),
            here: AtomicUsize::new(0),
            viewing: AtomicU32::new(0),
            viewers_changed: Notify::new(),
            reported: AtomicU32::new(0),
            piece_takers: AtomicU32::new(0),
            numbers: Mutex::default(),
            departures: Mutex::default(),
            departed: Notify::new(),
            traffic: RoomTraffic::default(),
            epoch: fastrand::u64(..),
        }
    }

    /// Adds a client.
    pub(super) fn join(
        &self,
        addr: SocketAddr,
        writer: Arc<MessageWriter>,
        memory: ClientMemory,
        dismissed: CancellationToken,
        kind: ClientKind,
    ) -> (Arc<Member>, queue::Receiver<ClientId, Item>, Event) {
        let (id, budget) = (self.shared.next_client(), self.shared.config.mailbox);
        let mailbox_queue = queue::ConflatingQueue::new(budget).with_latest_budget(budget, Item::weight);
        let (mailbox, waiting) = queue::channel_with(mailbox_queue);
        let mut member = Member::new(id, addr, mailbox, writer, budget, memory, dismissed);
        member.kind = kind;
        let member = Arc::new(member);
        let clients = self.members.join(&member);
        self.viewing.fetch_add(1, Relaxed);
        self.viewers_changed.notify_one();
        self.shared.joins.count(kind.label());
        let room = (!self.name.is_empty()).then(|| self.name.clone());
        self.here.store(clients, Relaxed);
        let joined = Event::Joined { client: member.id, addr, room, clients };
        (member, waiting, joined)
    }

    /// Removes a client; returns the event to report.
    pub(super) fn leave(&self, member: &Member, reason: LeaveReason) -> Event {
        let clients = self.members.leave(member.id);
        if clients == 0 {
            self.stall_detector.pause();
        }
        if member.presence.leaves() {
            self.viewing.fetch_sub(1, Relaxed);
            self.viewers_changed.notify_one();
        }
        if member.presence.takes_pieces() {
            self.piece_takers.fetch_sub(1, Relaxed);
        }
        if let Some(number) = member.number.get() {
            let is_final = lock(&self.numbers).leave(*number, matches!(reason, LeaveReason::Closed));
            if is_final && clients > 0 {
                lock(&self.departures).add(*number, clock::now());
                self.departed.notify_one();
            }
        }
        if lock(&member.intake).is_asked() {
            self.reported.fetch_sub(1, Relaxed);
        }
        let frames_lost = member.mailbox.replaced();
        self.shared.count_lost(frames_lost);
        self.traffic.lost_by_gone(frames_lost);
        self.shared.leaves.count(reason.label());
        self.here.store(clients, Relaxed);
        Event::Left { client: member.id, addr: member.addr, reason, frames_lost, clients }
    }

    /// Whether an ordered message of `bytes` must wait because the sender fills another's mailbox.
    pub(super) fn is_held_up(&self, sender: &Member, bytes: usize, amid: bool, now: Instant) -> bool {
        let members = self.members.list();
        members.iter().any(|other| other.id != sender.id && other.holds_up(sender.id, bytes, amid, now))
    }

    /// Its name; empty without keys.
    #[cfg(feature = "web")]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Counts a message that is sent to a member.
    pub(super) fn count_out(&self, message: &Message) {
        self.shared.count_out(message);
        self.traffic.sent(message);
    }

    /// The number of other members.
    pub(super) fn others(&self) -> usize {
        self.here.load(Relaxed).saturating_sub(1)
    }

    /// The number of other members that take frames in pieces.
    pub(super) fn piece_takers(&self, member: &Member) -> u32 {
        let itself = u32::from(member.presence.takes_pieces());
        self.piece_takers.load(Relaxed).saturating_sub(itself)
    }

    /// All members.
    pub(super) fn members(&self) -> Arc<[Arc<Member>]> {
        self.members.list()
    }

    /// Handles a client's heartbeat. A plain one gets a plain answer, as a Qt client expects; one with a time
    /// gets the relay's times.
    pub(super) fn handle_heartbeat(&self, member: &Member, heartbeat: &Heartbeat) {
        self.shared.count_heartbeat();
        let t2 = heartbeat.t1.map(|_| Timestamp::now());
        if t2.is_some() {
            member.presence.mark_pulsecam();
        }
        if let Some(token) = heartbeat.token {
            let _ = member.token.set(token); // the first token counts
        }
        if let Some(views) = heartbeat.views
            && member.presence.says(views)
        {
            if views {
                self.viewing.fetch_add(1, Relaxed);
            } else {
                self.viewing.fetch_sub(1, Relaxed);
            }
            self.viewers_changed.notify_one();
        }
        if heartbeat.pieces && t2.is_some() && member.presence.says_pieces() {
            self.piece_takers.fetch_add(1, Relaxed);
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
        if let Some(able) = heartbeat.receipts {
            // A sender that adapts takes each frame that pacing replaces for a loss, and would send ever less: with
            // a slow link far away, 61 % of it was used instead of 78 %. It keeps queues short by itself.
            let adapts = self.reported.load(Relaxed) > 0;
            member.writer.pace(able && self.shared.config.pacing && !adapts);
        }
        // A client that sends a time is ours, and is asked for reports if a sender wants them.
        let asked = heartbeat.t1.is_some() && self.reported.load(Relaxed) > 0;
        let report = asked.then_some(REPORT_INTERVAL.as_millis() as u32);
        let epoch = heartbeat.t1.map(|_| self.epoch);
        let receipts = heartbeat.receipts.filter(|_| self.shared.config.pacing);
        let answer = Heartbeat { t1: heartbeat.t1, t2, report, epoch, receipts, ..Heartbeat::default() };
        member.schedule_heartbeat(PendingHeartbeat { answer: Some(answer), ..PendingHeartbeat::default() });
    }

    /// Handles what a client says about the frames that it gets, or asks about those that it sends.
    pub(super) fn handle_receipt(&self, member: &Member, receipt: &Receipt) {
        if let Some(wanted) = receipt.ask {
            lock(&member.intake).asked_for_receipts(wanted && self.shared.config.pacing);
        }
        member.writer.receipt_came(receipt);
    }

    /// Counts a client's frame, and sends a receipt if it wants one. Returns whether a report is due.
    pub(super) fn acknowledge(&self, member: &Member, took: Duration, now: Instant) -> bool {
        let mut intake = lock(&member.intake);
        let due = intake.came(now);
        let receipt = intake.receipt(Some(took), now);
        drop(intake);
        if let Some(receipt) = receipt {
            member.writer.send_receipt(receipt);
        }
        due
    }

    /// The report to a client about its video.
    pub(super) fn report(&self, to: ClientId, intake: &Mutex<FrameAcks>) -> Heartbeat {
        let now = clock::now();
        let told = lock(intake).tell(Heartbeat::default(), now);
        let viewers = self.members.list();
        let others = viewers.iter().filter(|member| member.id != to && member.presence.views());
        let lateness = |member: &Arc<Member>| {
            Some((
                lock(&member.delivery).lateness(to, now)?,
                member.writer.path().map(|(rate, _)| rate as u64),
            ))
        };
        let (all, rates): (Vec<_>, Vec<_>) = others.filter_map(lateness).unzip();
        let median = delivery_delay::median(&all);
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Heartbeat {
            t3: Some(Timestamp::now()),
            late: median.map(|median| micros(median.late)),
            queued: median.map(|median| micros(median.queued)),
            lost: median.map(|median| median.lost),
            rate: delivery_delay::median_rate(rates),
            ..told
        }
    }

    /// The number of others that may show a client's video; `None` if it did not ask, unless `in_any_case`.
    pub(super) fn viewers_for(&self, client: &Presence, in_any_case: bool) -> Option<u32> {
        let itself = u32::from(client.views());
        (client.asks() || in_any_case).then(|| self.viewing.load(Relaxed).saturating_sub(itself))
    }

    /// Sends the number of viewers to clients that asked. It is sent at once when it changes, and then not
    /// again for a moment. If a thousand clients join and each were notified of each, that would be a million
    /// messages.
    pub(super) async fn notify_senders(&self) {
        loop {
            self.viewers_changed.notified().await;
            let mut asking = self.members.list().to_vec();
            // Each by the number that it got last: an answer may have sent one that is outdated.
            asking.retain(|member| {
                let viewers = self.viewers_for(&member.presence, false);
                viewers.is_some_and(|viewers| !member.presence.was_told(viewers))
            });
            if asking.is_empty() {
                continue;
            }
            for some in asking.chunks(NOTICES_AT_ONCE) {
                for member in some {
                    member
                        .schedule_heartbeat(PendingHeartbeat { notice: true, ..PendingHeartbeat::default() });
                }
                time::sleep(NOTICE_PAUSE).await;
            }
            time::sleep(NOTICE_INTERVAL).await;
        }
    }

    /// Tells viewers of connections that have ended for good.
    pub(super) async fn announce_departures(&self) {
        loop {
            let due = lock(&self.departures).due();
            let Some(due) = due else {
                self.departed.notified().await;
                continue;
            };
            time::sleep_until(due.into()).await;
            let is_back = |number: u64| lock(&self.numbers).is_here(number);
            let gone = lock(&self.departures).take(is_back, clock::now());
            if gone.is_empty() {
                continue;
            }
            for some in self.members.list().chunks(NOTICES_AT_ONCE) {
                let viewers =
                    some.iter().filter(|member| member.presence.is_pulsecam() && member.presence.views());
                for member in viewers {
                    member.schedule_heartbeat(PendingHeartbeat { gone, ..PendingHeartbeat::default() });
                }
                time::sleep(NOTICE_PAUSE).await;
            }
        }
    }

    /// Sends a message to all members but its sender. It goes straight into the socket if nothing waits
    /// before it, otherwise into the mailbox.
    ///
    /// Clients of ours get it with its sender's number, in one new head for all of them; old programs, which
    /// might not expect that, get it unchanged. Viewers that have got a part of it already get the rest.
    pub(super) fn forward(
        &self,
        sender: &Member,
        message: &Message,
        came: Instant,
        passing: &mut Passing<'_>,
    ) {
        self.shared.count_in(message);
        self.traffic.received(message);
        let from = sender.id;
        let is_video = message.kind() == MessageKind::Video;
        let watched = self.shared.watches;
        if watched {
            sender.sent.count(message);
            if is_video {
                self.note_frame(sender, message);
            }
        }
        let mut numbered = None;
        // The viewers' writers join many small messages in a row.
        let crowds = !is_video && sender.crowds.load(Relaxed);
        for member in self.members.list().iter().filter(|member| member.id != from) {
            if is_video && !member.presence.views() {
                continue; // it announced that it does not view
            }
            if !is_video && !member.kind.takes_texts() {
                continue;
            }
            let message = if member.presence.is_pulsecam() {
                numbered.get_or_insert_with(|| self.numbered(sender, message)).as_ref().unwrap_or(message)
            } else {
                message
            };
            if is_video && passing.finish(member, message, came) {
                continue;
            }
            // Waking each client's task costs more than writing for it. Only that client's own task takes
            // items out of its mailbox, while it holds the writer, so this write overtakes nothing.
            let at_once = !crowds && member.mailbox.is_empty();
            let written = if at_once { member.writer.try_write(message) } else { Written::Nothing };
            if written != Written::Nothing {
                self.count_out_to(member, message);
                if is_video {
                    let mut delivery = lock(&member.delivery);
                    delivery.forwarded(from, came);
                    if written == Written::Whole {
                        delivery.written(clock::now());
                    }
                }
            } else if is_video {
                // A mailbox without a receiver belongs to a client that is just leaving.
                if member.mailbox.send_latest(from, Item::Message(message.clone(), came)).unwrap_or(false) {
                    lock(&member.delivery).replaced(from);
                }
            } else {
                member.enqueue_ordered(sender, message);
            }
        }
    }

    /// Counts a message whose writing to a client has begun.
    pub(super) fn count_out_to(&self, member: &Member, message: &Message) {
        self.count_out(message);
        if self.shared.watches {
            member.got.count(message);
        }
    }

    /// Sends a text of the relay's own to all members.
    #[cfg(feature = "web")]
    pub(super) fn announce(&self, message: &Message) {
        for member in self.members.list().iter().filter(|member| member.kind.takes_texts()) {
            // Charged to its receiver: the relay is no member.
            member.enqueue_ordered(member, message);
        }
    }

    /// Keeps what a frame says about itself, for whoever asks. Not of every frame, unless somebody watches: that
    /// would cost more than to count it.
    fn note_frame(&self, sender: &Member, message: &Message) {
        let now = Timestamp::now();
        let mut newest = lock(&sender.newest);
        let is_fresh = |came: Timestamp| came <= now && now.since(came) < NOTE_INTERVAL;
        if self.shared.config.watcher.is_none() && newest.as_ref().is_some_and(|(_, came)| is_fresh(*came)) {
            return;
        }
        let told = stats::kept(message.description());
        if let Some(captured) = FrameInfo::parse(&told).captured_at_relay() {
            self.traffic.ages.observe(now.since(captured));
        }
        *newest = Some((told, now));
    }

    /// Counts a frame of this sender whose rest did not come in time.
    pub(super) fn count_torn(&self, sender: &Member) {
        sender.torn.fetch_add(1, Relaxed);
        self.shared.count_torn();
    }

    /// Reports clients that lost frames since their last report.
    pub(super) fn report_slow_clients(&self, now: Instant) {
        for member in self.members.list().iter() {
            if let Some((lost, frames_lost)) = member.is_slow(now) {
                self.shared.emit_guarded(&Event::Slow {
                    client: member.id,
                    addr: member.addr,
                    lost,
                    frames_lost,
                });
            }
        }
    }

    /// Takes a snapshot of its members.
    pub(super) fn client_stats(&self, now: Instant) -> Vec<ClientStats> {
        let members = self.members.list();
        members.iter().map(|member| member.stats(&self.name, &members, now)).collect()
    }

    /// The frames that current members have lost.
    pub(super) fn frames_lost(&self) -> u64 {
        self.members.list().iter().map(|member| member.mailbox.replaced()).sum()
    }
}
