//! Reads what a client sends, and handles each message within the limits.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use tokio::{
    io::AsyncRead,
    task,
    time::{self, MissedTickBehavior},
};
use tracing::debug;

use super::{
    config::Limits, members::Member, passing::Passing, presence::PendingHeartbeat, rate_limit::RateLimiter,
    read_turn::ReadTurn, reason::LeaveReason, room::Room, stall_detector::InputAge,
};
use crate::{
    clock,
    wire::{Heartbeat, Message, MessageKind, Progress, Reader, Receipt},
};

/// The number of immediate turns that others get to take a client's messages. After them the next check is
/// delayed.
const TURNS: u32 = 3;

/// The delay of that check. A fast client does not empty its mailbox within this time.
const HOLD_LOOK: Duration = Duration::from_millis(5);

/// The longest time that a message waits because the relay's memory is short. Clients that never read may
/// keep it full.
const HOLD_FOR_MEMORY: Duration = Duration::from_secs(1);

/// How often a client that is not being read gets a sign of life. Without answers it gives up after ten
/// seconds.
const ALIVE_INTERVAL: Duration = Duration::from_secs(2);

/// Reads until the connection ends, is silent for too long, or exceeds a limit.
pub(super) async fn read<R: AsyncRead + Unpin>(
    reader: &mut Reader<R>,
    member: &Member,
    room: &Room,
) -> LeaveReason {
    let limit = room.shared.config.client_timeout;
    let Limits { message_time, hello_time, .. } = room.shared.config.limits;
    let mut look = looks(room.shared.config.look_interval());
    let came = clock::now();
    let (mut received, mut heard) = (reader.received(), came);
    let mut rate_limiter = RateLimiter::new(&room.shared.config.limits, heard);
    let mut turn = ReadTurn::default();
    // When the unfinished message began, and whether any message ever came.
    let (mut begun, mut said) = (None, false);
    let mut waiting = InputAge::new(came);
    let mut passing = Passing::new(room, member);
    loop {
        let next = tokio::select! {
            biased;
            next = reader.next_or_part(passing.looks_beyond()) => Some(next),
            _ = look.tick() => None,
            () = passing.overdue() => {
                passing.tear();
                continue;
            }
        };
        let now = clock::now();
        let since = |then| now.saturating_duration_since(then);
        // Bytes of an unfinished message also prove it alive.
        if reader.received() > received {
            (received, heard) = (reader.received(), now);
        }
        let stood = room.stall_detector.turn(now);
        if next.is_none() {
            waiting.emptied(now, stood);
        }
        match next {
            Some(Ok(Some(Progress::Part))) if waiting.is_old(stood) || !member.kind.may_send() => {
                passing.ignore();
            }
            Some(Ok(Some(Progress::Part))) => {
                let (arriving, arrived) = (reader.arriving(), reader.arrived());
                let pieces = passing.part(arriving.as_ref(), arrived, &mut rate_limiter, now);
                if turn.passed_on(passing.piece_length(), pieces, false) {
                    task::yield_now().await;
                }
            }
            Some(Ok(Some(Progress::Whole(message)))) => {
                (begun, said) = (None, true);
                passing.whole(&message, reader.took());
                if let Err(reason) = rate_limiter.verify(&message, now) {
                    return reason;
                }
                if message.kind().is_ordered() && hold(&message, member, room, !turn.is_new()).await {
                    heard = clock::now();
                }
                member.crowds.store(turn.is_crowd(message.wire_len()), Relaxed);
                let arrival = MessageArrival { at: now, took: reader.took(), is_old: waiting.is_old(stood) };
                handle(&message, arrival, member, room, &mut passing);
                passing.end();
                let others = if message.kind().is_forwarded() { room.others() } else { 0 };
                let over = turn.passed_on(message.wire_len(), others, reader.is_amid());
                let pause = rate_limiter.pause(others, now);
                if !pause.is_zero() {
                    time::sleep(pause).await;
                    heard = clock::now();
                } else if over {
                    task::yield_now().await;
                }
            }
            Some(Ok(None)) => return LeaveReason::Closed,
            Some(Err(error)) => return error.into(),
            None if since(heard) >= limit => return LeaveReason::Silent(limit),
            None if !reader.is_amid() => {
                begun = None;
                if !said && since(came) >= hello_time {
                    return LeaveReason::SaidNothing(hello_time);
                }
            }
            None if since(*begun.get_or_insert(now)) >= message_time => {
                return LeaveReason::Unfinished(message_time);
            }
            None => {}
        }
    }
}

/// The ticks at which a silent client is checked. After a stall, one check replaces all that were
/// missed.
fn looks(every: Duration) -> time::Interval {
    let mut looks = time::interval(every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

/// Waits while the client's messages fill others' mailboxes, or too much of the relay's memory. Returns
/// whether it waited. `amid`: its turn is not over.
pub(super) async fn hold(message: &Message, member: &Member, room: &Room, mut amid: bool) -> bool {
    let begun = clock::now();
    let (mut told, mut looks) = (begun, 0_u32);
    loop {
        let now = clock::now();
        let bytes = message.wire_len();
        let others = member.memory.sent.bytes().saturating_sub(bytes);
        let fills_memory =
            others > room.shared.memory.free() && now.saturating_duration_since(begun) < HOLD_FOR_MEMORY;
        if !fills_memory && !room.is_held_up(member, bytes, amid, now) {
            return looks > 0;
        }
        amid = false;
        looks = looks.saturating_add(1);
        if looks <= TURNS {
            task::yield_now().await;
            continue;
        }
        if member.presence.is_pulsecam() && now.saturating_duration_since(told) >= ALIVE_INTERVAL {
            told = now;
            member.schedule_heartbeat(PendingHeartbeat { alive: true, ..PendingHeartbeat::default() });
        }
        time::sleep(HOLD_LOOK).await;
    }
}

/// The arrival of a message.
#[derive(Clone, Copy)]
struct MessageArrival {
    at: Instant,
    /// The time since its first byte.
    took: Duration,
    /// Whether it waited while the relay was suspended.
    is_old: bool,
}

fn handle(
    message: &Message,
    arrival: MessageArrival,
    member: &Member,
    room: &Room,
    passing: &mut Passing<'_>,
) {
    match message.kind() {
        MessageKind::Heartbeat => {
            if let Some(name) = Heartbeat::only(message.description()) {
                member.presence.wanted.set(name);
            }
            room.handle_heartbeat(member, &Heartbeat::parse(message.description()));
        }
        MessageKind::Reserved(number) => match Receipt::parse(message) {
            Some(receipt) => room.handle_receipt(member, &receipt),
            None => debug!("client {} sent the reserved type {number}: ignored", member.id),
        },
        _ if !member.kind.may_send() => {
            debug!("client {} may only watch: its message is dropped", member.id);
        }
        MessageKind::Video => {
            let due = room.acknowledge(member, arrival.took, arrival.at);
            if !arrival.is_old {
                room.forward(member, message, arrival.at, passing);
            }
            if due {
                member.schedule_heartbeat(PendingHeartbeat { report: true, ..PendingHeartbeat::default() });
            }
        }
        MessageKind::Text | MessageKind::Image | MessageKind::Other(_) => {
            room.forward(member, message, arrival.at, passing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_standstill_of_hours_is_looked_at_once() {
        let mut looks = looks(Duration::from_secs(1));
        looks.tick().await;
        time::advance(Duration::from_secs(8 * 3600)).await;
        let mut at_once = 0;
        while time::timeout(Duration::ZERO, looks.tick()).await.is_ok() {
            at_once += 1;
        }
        assert_eq!(at_once, 1);
    }
}
