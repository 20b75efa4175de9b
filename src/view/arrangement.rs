//! The order of the streams as the user wants it: pinned ones first, then those that were moved, then all others by their
//! numbers.
//!
//! Streams are known by their names, so that the order lasts: the numbers of connections do not.

use serde::{Deserialize, Serialize};

/// Most names that are kept: many times what is shown at once, and a sender may make up names.
const MOST: usize = 256;

/// The user's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// The names of pinned streams.
    pinned: Vec<String>,
    /// Names in the order in which the user has put them.
    order: Vec<String>,
}

impl Arrangement {
    /// The key by which streams are sorted, before their numbers.
    pub(crate) fn rank(&self, name: &str) -> (bool, usize) {
        let place = self.order.iter().position(|other| other == name);
        (!self.is_pinned(name), place.unwrap_or(usize::MAX))
    }

    /// Whether the stream of this name stays in front.
    pub(crate) fn is_pinned(&self, name: &str) -> bool {
        self.pinned.iter().any(|other| other == name)
    }

    /// Pins a stream, or no longer.
    pub(crate) fn toggle_pin(&mut self, name: &str) {
        if self.is_pinned(name) {
            self.pinned.retain(|other| other != name);
        } else {
            self.pinned.push(name.to_owned());
            let surplus = self.pinned.len().saturating_sub(MOST);
            self.pinned.drain(..surplus);
        }
    }

    /// Puts the stream at one place of those that are here to another; `names` are theirs, in the order in which they
    /// are shown.
    pub(crate) fn put(&mut self, names: &[&str], from: usize, to: usize) {
        if from >= names.len() {
            return;
        }
        let mut order: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let moved = order.remove(from);
        order.insert(to.min(order.len()), moved);
        // Streams that are away come after those that are here.
        let away = std::mem::take(&mut self.order).into_iter().filter(|name| !names.contains(&name.as_str()));
        order.extend(away);
        order.truncate(MOST);
        self.order = order;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<'a>(arrangement: &Arrangement, names: &[&'a str]) -> Vec<&'a str> {
        let mut numbered: Vec<_> = names.iter().copied().enumerate().collect();
        numbered.sort_by_key(|(number, name)| (arrangement.rank(name), *number));
        numbered.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn pinned_ones_come_first_then_moved_ones_then_the_others() {
        let mut arrangement = Arrangement::default();
        assert_eq!(sorted(&arrangement, &["ann", "bob", "cid"]), ["ann", "bob", "cid"]);
        arrangement.put(&["ann", "bob", "cid"], 2, 0);
        assert_eq!(sorted(&arrangement, &["ann", "bob", "cid"]), ["cid", "ann", "bob"]);
        assert_eq!(sorted(&arrangement, &["ann", "bob", "cid", "dot"]), ["cid", "ann", "bob", "dot"]);
        arrangement.toggle_pin("bob");
        assert_eq!(sorted(&arrangement, &["ann", "bob", "cid"]), ["bob", "cid", "ann"]);
        arrangement.put(&["bob", "cid", "ann"], 2, 0);
        assert_eq!(
            sorted(&arrangement, &["ann", "bob", "cid"]),
            ["bob", "ann", "cid"],
            "in front of the others"
        );
        arrangement.toggle_pin("bob");
        assert_eq!(sorted(&arrangement, &["ann", "bob", "cid"]), ["ann", "bob", "cid"]);
    }

    #[test]
    fn those_that_are_away_keep_their_places_and_names_do_not_fill_the_memory() {
        let mut arrangement = Arrangement::default();
        arrangement.put(&["ann", "bob", "cid"], 2, 0);
        arrangement.put(&["ann", "bob"], 1, 0);
        assert_eq!(sorted(&arrangement, &["ann", "bob", "cid"]), ["bob", "ann", "cid"]);
        arrangement.put(&["ann"], 5, 0);
        arrangement.put(&["ann"], 0, 9);
        for number in 0..2_000 {
            let name = number.to_string();
            arrangement.toggle_pin(&name);
            arrangement.put(&[&name, "ann"], 1, 0);
        }
        assert_eq!((arrangement.pinned.len(), arrangement.order.len()), (MOST, MOST));
    }
}
