//! Handles the relay's heartbeats. They carry the number of viewers and the report on frames, confirm
//! messages, and measure the round trip and the clock offset.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use super::{State, counters::ConnectStage, moves::Arrival, session::Session, unacked::Answered};
use crate::{
    clock::{Timestamp, now},
    wire::Heartbeat,
};

impl Session<'_> {
    /// Keeps the number of viewers, if `heartbeat` has it.
    pub(super) fn viewers_told(&self, heartbeat: &Heartbeat) {
        // A client that did not ask would keep an outdated number: only some messages tell it.
        if heartbeat.viewers.is_some() && self.hub.config.role.views().is_some() {
            let new = heartbeat.viewers;
            self.hub.viewers.send_if_modified(|known| std::mem::replace(known, new) != new);
        }
    }

    pub(super) fn answered(&self, answer: &Heartbeat, t4: Timestamp) {
        if answer.got.is_some() {
            let counts = (self.hub.counters.frames_sent.load(Relaxed), self.hub.outbox.replaced());
            let rate = self.writer.path().map(|(bytes_per_s, _)| bytes_per_s as u64);
            let report = self.hub.sent_frames().reported(answer, counts, rate, now());
            if report.is_some() {
                self.hub.reports.send_replace(report);
            }
        }
        if answer.t1.is_none() && (answer.viewers.is_some() || answer.got.is_some()) {
            return; // unsolicited, not an answer
        }
        self.hub.page.send_if_modified(|known| std::mem::replace(known, answer.web) != answer.web);
        let mut inner = self.lock();
        if !std::mem::replace(&mut inner.introduced, true) {
            self.hub.streams().numbered_in(answer.epoch);
        }
        let receipts = self.hub.config.pacing && answer.receipts == Some(true);
        self.writer.pace(receipts);
        self.hub.handling.credit().able(receipts);
        inner.frame_acks.asked(answer.report.map(|millis| Duration::from_millis(millis.into())));
        let shorter = answer.silence.is_some_and(|millis| {
            inner.keep_alive.must_not_be_silent_for(Duration::from_millis(millis.into()), now())
        });
        if shorter {
            self.confirm.notify_one(); // the heartbeat's interval has changed
        }
        let Some(Answered { sent, confirmed }) = inner.kept.unacked.answered(answer.t1) else { return };
        self.hub.counters.reached(ConnectStage::Answered);
        let newly = confirmed.len() as u64;
        if newly > 0 && inner.kept.retrying > 0 {
            inner.kept.retrying = inner.kept.retrying.saturating_sub(newly);
            self.hub.outbox.hold_ordered(false);
        }
        let rtt = now().duration_since(sent);
        if now().duration_since(self.began) >= self.hub.config.max_backoff {
            inner.kept.hosts.well(&self.host.address);
        }
        let config = &self.hub.config;
        let (interval, silence) = inner.kept.hosts.patience((config.interval, config.timeout), Some(rtt));
        let sooner = inner.keep_alive.expect(interval, silence, now());
        let up_for = inner.up_since.map_or(Duration::ZERO, |since| now().saturating_duration_since(since));
        let reported = inner.kept.outages.is_up(up_for);
        if let (Some(t1), Some(t2), Some(t3)) = (answer.t1, answer.t2, answer.t3) {
            inner.offsets.sample(t1, t2, t3, t4);
        }
        let best = inner.offsets.best();
        let more = inner.kept.unacked.wants_heartbeat() || sooner;
        drop(inner);
        self.tell_credit(); // if no frame comes any more, there is nothing to limit
        if reported {
            self.report_up(true, Arrival::Up);
        }
        if more {
            self.confirm.notify_one();
        }
        let mut deliveries = self.hub.deliveries();
        for _ in 0..newly {
            deliveries.settle(&Ok(()));
        }
        drop(deliveries);
        self.hub.answered.send_replace(Some(sent));
        self.hub.state.send_modify(|state| {
            if let State::Up { rtt: shown, offset, .. } = state {
                *shown = Some(rtt);
                *offset = best;
            }
        });
    }
}
