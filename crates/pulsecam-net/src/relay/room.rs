//! A room: its members, and who gets which message.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "cluster")]
use super::cluster::Neighbour;
use super::{
    departures::Departures,
    event::{ClientId, Event},
    mailbox::Item,
    members::{ClientKind, Member, MemberList},
    memory::ClientMemory,
    passing::Passing,
    peer_numbers::PeerNumbers,
    reason::LeaveReason,
    shared::Shared,
    stall_detector::StallDetector,
    stats::{ClientStats, NewestFrame},
    tally::{DropReason, RoomTraffic},
    wanted_stream::FrameName,
};
use crate::{
    clock::{self, Timestamp},
    queue,
    sync::lock,
    transport::{MessageWriter, Written},
    wire::{FrameInfo, Message, MessageKind},
};

/// The shortest interval at which a sender's newest frame is noted: a fresh answer to each request, and ten ages
/// a second for the histogram. Noting every frame makes relaying to one viewer cost 5 % more.
const NOTE_INTERVAL: Duration = Duration::from_millis(100);

/// A group of clients that receive each other's messages.
pub(super) struct Room {
    pub(super) shared: Arc<Shared>,
    name: String,
    pub(super) members: MemberList,
    /// Members that may show video.
    pub(super) viewing: AtomicU32,
    /// Notified when that changes.
    pub(super) viewers_changed: Notify,
    /// Members that want reports on their video.
    pub(super) reported: AtomicU32,
    /// Members that take frames in pieces.
    pub(super) piece_takers: AtomicU32,
    pub(super) stall_detector: StallDetector,
    pub(super) numbers: Mutex<PeerNumbers>,
    pub(super) departures: Mutex<Departures>,
    /// Notified when there is one more.
    pub(super) departed: Notify,
    /// What it received and sent.
    pub(super) traffic: RoomTraffic,
    /// Distinguishes the numbers of this run of the relay from those of other runs.
    pub(super) epoch: u64,
    /// Its links to other relays.
    #[cfg(feature = "cluster")]
    pub(super) links: super::cluster::RoomLinks,
}

impl Room {
    pub(super) fn new(shared: Arc<Shared>, name: String) -> Self {
        Self {
            stall_detector: StallDetector::new(shared.config.look_interval()),
            shared,
            name,
            members: MemberList::default(),
            viewing: AtomicU32::new(0),
            viewers_changed: Notify::new(),
            reported: AtomicU32::new(0),
            piece_takers: AtomicU32::new(0),
            numbers: Mutex::default(),
            departures: Mutex::default(),
            departed: Notify::new(),
            traffic: RoomTraffic::default(),
            epoch: fastrand::u64(..),
            #[cfg(feature = "cluster")]
            links: super::cluster::RoomLinks::default(),
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
        #[cfg(feature = "cluster")]
        self.occupancy_changed();
        let room = self.named();
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
            #[cfg(feature = "cluster")]
            let others = clients > 0 || !self.links.is_empty();
            #[cfg(not(feature = "cluster"))]
            let others = clients > 0;
            if is_final && others {
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
        self.traffic.dropped(DropReason::Gone, member.mailbox.waiting_frames() as u64);
        self.shared.leaves.count(reason.label());
        #[cfg(feature = "cluster")]
        self.occupancy_changed();
        Event::Left { client: member.id, addr: member.addr, reason, frames_lost, clients }
    }

    /// Whether an ordered message of `bytes` must wait because the sender fills another's mailbox.
    pub(super) fn is_held_up(&self, sender: &Member, bytes: usize, amid: bool, now: Instant) -> bool {
        let members = self.members.list();
        members.iter().any(|other| other.id != sender.id && other.holds_up(sender.id, bytes, amid, now))
    }

    /// Tells the cluster that a client has come or gone.
    #[cfg(feature = "cluster")]
    fn occupancy_changed(&self) {
        self.shared.cluster.occupancy.changed();
    }

    /// Waits until what a new client says goes to other relays as well, so that its first text does.
    pub(super) async fn settled(&self) {
        #[cfg(feature = "cluster")]
        if self.shared.config.cluster.is_some() {
            self.shared.cluster.occupancy.settled().await;
        }
    }

    /// Whether it has clients.
    #[cfg(feature = "cluster")]
    pub(super) fn is_occupied(&self) -> bool {
        self.count() > 0
    }

    /// The number of its clients.
    #[cfg(feature = "cluster")]
    pub(super) fn count(&self) -> usize {
        self.members.count()
    }

    /// Its name, if it has one, as events contain it.
    pub(super) fn named(&self) -> Option<String> {
        (!self.name.is_empty()).then(|| self.name.clone())
    }

    /// Its name; empty without keys.
    #[cfg(any(feature = "cluster", feature = "web"))]
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
        self.members.count().saturating_sub(1)
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
                self.note_frame(sender, message, came);
            }
        }
        #[cfg(feature = "cluster")]
        if sender.kind.neighbour().passes(Neighbour::Relay) && !self.links.is_empty() {
            self.links.push(from, self.number(sender, message), message, came);
        }
        let mut numbered = None;
        let name = FrameName::new(sender.number.get().copied(), message.description());
        // The viewers' writers join many small messages in a row.
        let crowds = !is_video && sender.crowds.load(Relaxed);
        for member in self.members.list().iter().filter(|member| member.id != from) {
            if is_video && !(member.presence.views() && member.presence.wanted.includes(&name)) {
                continue; // it announced that it does not show this
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
                    let reason = member.drop_reason();
                    if let Some(reason) = reason {
                        self.traffic.dropped(reason, 1);
                    }
                    if member.is_loss(reason) {
                        lock(&member.delivery).replaced(from);
                    }
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

    /// Keeps what a frame says about itself, for those who ask. Not of every frame, unless someone watches: that
    /// would cost more than to count it.
    fn note_frame(&self, sender: &Member, message: &Message, arrived: Instant) {
        let now = Timestamp::now();
        let mut newest = lock(&sender.newest);
        let is_fresh = |came: Timestamp| came <= now && now.since(came) < NOTE_INTERVAL;
        if self.shared.config.watcher.is_none() && newest.as_ref().is_some_and(|newest| is_fresh(newest.came))
        {
            return;
        }
        #[cfg(feature = "cluster")]
        let shifted = sender.shifted(message);
        #[cfg(feature = "cluster")]
        let message = shifted.as_ref().unwrap_or(message);
        let noted = NewestFrame::of(message, now);
        if let Some(captured) = FrameInfo::parse(&noted.description).captured_at_relay() {
            let age = now.since(captured);
            self.traffic.ages.observe(age);
            lock(&sender.ages).note(arrived, age);
        }
        *newest = Some(noted);
    }

    /// Counts the age of a frame of `sender` that came at `came` and that a viewer had at `then`.
    pub(super) fn note_arrival(&self, sender: ClientId, came: Instant, then: Instant) {
        let members = self.members.list();
        let at = members.binary_search_by_key(&sender, |member| member.id);
        if let Some(age) = at.ok().and_then(|at| lock(&members[at].ages).at(came, then)) {
            self.traffic.ages_at_viewers.observe(age);
        }
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
