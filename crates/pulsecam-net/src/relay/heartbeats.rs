//! The heartbeats and receipts between a room and its members.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::time;

use super::{
    delivery_delay::{self, AudienceReport},
    event::ClientId,
    members::{ClientKind, Member},
    presence::{PendingHeartbeat, Presence},
    room::Room,
};
use crate::{
    clock::{self, Timestamp},
    feedback::FrameAcks,
    sync::lock,
    wire::{Cause, CloseReason, Heartbeat, OtherRelays, Receipt},
};

/// The interval of the viewers' reports. It is short enough to notice within 0.5 s that frames get old, and
/// long enough to cost nothing.
pub(super) const REPORT_INTERVAL: Duration = Duration::from_millis(250);

/// The shortest interval at which a changed number of viewers is sent to senders.
const NOTICE_INTERVAL: Duration = Duration::from_millis(50);

/// Notices sent at a time: each is a write of some 20 µs, and frames must not wait for all of them.
const NOTICES_AT_ONCE: usize = 16;

/// The pause before the next notices: at most a thousand a second, a fiftieth of a core.
const NOTICE_PAUSE: Duration = Duration::from_millis(16);

impl Room {
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
            let arrived = lock(&member.delivery).reported(got, then, clock);
            if let Some((sender, came)) = arrived {
                self.note_arrival(sender, came, then);
            }
        }
        if let Some(able) = heartbeat.receipts {
            member.writer.pace(able && self.shared.config.pacing);
        }
        // A client that sends a time is ours, and is asked for reports if a sender wants them.
        let asked = heartbeat.t1.is_some() && self.reported.load(Relaxed) > 0;
        let report = asked.then_some(REPORT_INTERVAL.as_millis() as u32);
        let epoch = heartbeat.t1.map(|_| self.epoch());
        let receipts = heartbeat.receipts.filter(|_| self.shared.config.pacing);
        let answer = Heartbeat::default().with(|beat| {
            beat.t1 = heartbeat.t1;
            beat.t2 = t2;
            beat.report = report;
            beat.epoch = epoch;
            beat.receipts = receipts;
        });
        member.schedule_heartbeat(PendingHeartbeat { answer: Some(answer), ..PendingHeartbeat::default() });
    }

    /// The run to which the numbers of connections belong.
    #[cfg(feature = "cluster")]
    fn epoch(&self) -> u64 {
        self.shared.cluster.epoch(self.epoch)
    }

    /// The run to which the numbers of connections belong.
    #[cfg(not(feature = "cluster"))]
    const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The other relays of which clients of ours are told.
    #[cfg(feature = "cluster")]
    pub(super) fn other_relays(&self) -> Arc<OtherRelays> {
        self.shared.cluster.others()
    }

    /// Without a cluster, there are none.
    #[cfg(not(feature = "cluster"))]
    pub(super) fn other_relays(&self) -> OtherRelays {
        OtherRelays::default()
    }

    /// What a client is told because the relay stops; `None` if it would not help it.
    pub(super) fn farewell(&self, member: &Member) -> Option<CloseReason> {
        let may_move = member.kind == ClientKind::Native && member.presence.is_pulsecam();
        let cause = (may_move && !self.other_relays().is_empty()).then_some(Cause::Stopping)?;
        Some(CloseReason::new("the relay is stopping").with_cause(cause))
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
        let own = self.audience_report(to, now);
        #[cfg(feature = "cluster")]
        let all = self.with_other_relays(to, own, now);
        #[cfg(not(feature = "cluster"))]
        let all = own.map(|(report, _)| report);
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        told.with(|beat| {
            beat.t3 = Some(Timestamp::now());
            beat.late = all.map(|report| micros(report.median.late));
            beat.queued = all.map(|report| micros(report.median.queued));
            beat.lost = all.map(|report| report.median.lost);
            beat.rate = all.and_then(|report| report.rate);
        })
    }

    /// How the members get the frames of a sender since the last report, and of how many members that is known.
    pub(super) fn audience_report(&self, of: ClientId, now: Instant) -> Option<(AudienceReport, u32)> {
        let members = self.members.list();
        let others = members.iter().filter(|member| member.id != of && member.presence.views());
        let lateness = |member: &Arc<Member>| {
            Some((
                lock(&member.delivery).lateness(of, now)?,
                member.writer.path().map(|(rate, _)| rate as u64),
            ))
        };
        let (all, rates): (Vec<_>, Vec<_>) = others.filter_map(lateness).unzip();
        let median = delivery_delay::median(&all)?;
        let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
        Some((AudienceReport { median, rate: delivery_delay::median_rate(rates) }, count))
    }

    /// The same with the viewers at other relays.
    #[cfg(feature = "cluster")]
    fn with_other_relays(
        &self,
        of: ClientId,
        own: Option<(AudienceReport, u32)>,
        now: Instant,
    ) -> Option<AudienceReport> {
        if self.links.is_empty() {
            return own.map(|(report, _)| report);
        }
        let members = self.members.list();
        let at = members.binary_search_by_key(&of, |member| member.id);
        let number = at.ok().and_then(|at| members[at].number.get().copied());
        self.links.median(of, number, own, now)
    }

    /// The number of others that may show a client's video; `None` if it did not ask, unless `in_any_case`.
    pub(super) fn viewers_for(&self, client: &Presence, in_any_case: bool) -> Option<u32> {
        let itself = u32::from(client.views());
        let here = || self.viewing.load(Relaxed).saturating_sub(itself);
        #[cfg(feature = "cluster")]
        let here = || here().saturating_add(self.links.viewers());
        (client.asks() || in_any_case).then(here)
    }

    /// Sends the number of viewers to clients that asked. It is sent at once when it changes, and then not
    /// again for a moment. If a thousand clients join and each were notified of each, that would be a million
    /// messages.
    pub(super) async fn notify_senders(&self) {
        loop {
            self.viewers_changed.notified().await;
            #[cfg(feature = "cluster")]
            self.links.tell_viewers(self.viewing.load(Relaxed));
            let mut asking = self.members.list().to_vec();
            // Each by the number that it got last: an answer may have sent one that is outdated.
            asking.retain(|member| {
                let viewers = self.viewers_for(&member.presence, false);
                viewers.is_some_and(|viewers| !member.presence.was_told(viewers))
            });
            if asking.is_empty() {
                continue;
            }
            notify(&asking, PendingHeartbeat { notice: true, ..PendingHeartbeat::default() }).await;
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
            // It may have moved to another relay, and kept its number.
            #[cfg(feature = "cluster")]
            let is_back = |number: u64| is_back(number) || self.links.is_filming(number);
            let gone = lock(&self.departures).take(is_back, clock::now());
            if gone.is_empty() {
                continue;
            }
            #[cfg(feature = "cluster")]
            self.links.departed(lock(&self.numbers).own(gone));
            let mut viewers = self.members.list().to_vec();
            viewers.retain(|member| member.presence.is_pulsecam() && member.presence.views());
            notify(&viewers, PendingHeartbeat { gone, ..PendingHeartbeat::default() }).await;
        }
    }
}

/// Schedules the heartbeat for each member, with pauses.
async fn notify(members: &[Arc<Member>], heartbeat: PendingHeartbeat) {
    for some in members.chunks(NOTICES_AT_ONCE) {
        for member in some {
            member.schedule_heartbeat(heartbeat);
        }
        time::sleep(NOTICE_PAUSE).await;
    }
}
