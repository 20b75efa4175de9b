//! Addresses that an operator keeps out for a while.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// The most addresses that are kept out at a time: more than an operator types. With more, the one whose time
/// ends first may come in again.
const MAX_KEPT_OUT: usize = 1024;

/// The addresses that are kept out, each until a time.
#[derive(Debug, Default)]
pub(super) struct KeptOut(HashMap<IpAddr, Instant>);

impl KeptOut {
    /// Keeps an address out for `time`, or longer if it is kept out already.
    #[cfg_attr(not(feature = "web"), allow(dead_code))]
    pub(super) fn add(&mut self, address: IpAddr, time: Duration, now: Instant) {
        let Some(until) = now.checked_add(time) else { return };
        self.0.retain(|_, until| *until > now);
        if self.0.len() >= MAX_KEPT_OUT && !self.0.contains_key(&address) {
            let first = self.0.iter().min_by_key(|(address, until)| (**until, **address));
            if let Some(first) = first.map(|(address, _)| *address) {
                self.0.remove(&first);
            }
        }
        let known = self.0.entry(address).or_insert(until);
        *known = until.max(*known);
    }

    /// How long the address is still kept out.
    pub(super) fn left(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let until = self.0.get(&address)?;
        Some(until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn an_address_is_kept_out_for_its_time() {
        let (mut kept, start) = (KeptOut::default(), Instant::now());
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
        kept.add(one, 60 * S, start);
        assert_eq!((kept.left(one, start), kept.left(other, start)), (Some(60 * S), None));
        kept.add(one, 10 * S, start);
        assert_eq!(kept.left(one, start + 59 * S), Some(S), "a shorter time does not let it in");
        assert_eq!(kept.left(one, start + 60 * S), None);
        kept.add(one, Duration::MAX, start);
        assert_eq!(kept.left(one, start + 60 * S), None, "no clock goes so far");
    }

    #[test]
    fn no_more_are_remembered_than_fit_and_the_first_to_end_goes() {
        let (mut kept, start) = (KeptOut::default(), Instant::now());
        for number in 0..3 * MAX_KEPT_OUT as u32 {
            kept.add(IpAddr::from(number.to_be_bytes()), (number + 1) * S, start);
        }
        assert_eq!(kept.0.len(), MAX_KEPT_OUT);
        let last = IpAddr::from((3 * MAX_KEPT_OUT as u32 - 1).to_be_bytes());
        assert!(kept.left(last, start).is_some() && kept.left(IpAddr::from([0; 4]), start).is_none());
    }
}
