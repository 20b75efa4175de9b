//! The form: a line for an address, one for a key, and lists of relays. It decides what keys and clicks do.

use minifb::Key;

use super::{Choice, Relay, Search};
use crate::{
    i18n::Phrase,
    view::{
        command::Writing,
        entry::{Edit, Entry},
        keys::Stroke,
    },
};

/// A list of relays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Known,
    Found,
}

/// What keys act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    Address,
    Key,
    /// The relay with this address in a list.
    Listed(List, String),
    Demo,
}

/// What a click acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Press {
    Focus(Focus),
    Watch,
    Call,
    Demo,
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    Paste,
    Choose(Choice),
    Close,
}

/// What is said below the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    Phrase(Phrase),
    Text(String),
}

/// The state of the window.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) address: Entry,
    pub(super) key: Entry,
    pub(super) focus: Focus,
    pub(super) known: Vec<Relay>,
    pub(super) search: Search,
    pub(super) notice: Option<Notice>,
}

impl Form {
    /// A form with this address in its line. Without one, the newest of the known relays is selected.
    pub(super) fn new(address: &str, known: Vec<Relay>, notice: Option<String>) -> Self {
        let mut line = Entry::default();
        line.edit(&Edit::Put(address.to_owned()));
        let first = known.first().filter(|_| address.is_empty() && notice.is_none());
        let focus = first.map_or(Focus::Address, |relay| Focus::Listed(List::Known, relay.address.clone()));
        let notice = notice.map(Notice::Text);
        Self { address: line, key: Entry::default(), focus, known, search: Search::Absent, notice }
    }

    /// The relays of a list.
    pub(super) fn list(&self, list: List) -> &[Relay] {
        match (list, &self.search) {
            (List::Known, _) => &self.known,
            (List::Found, Search::Found(found)) => found,
            (List::Found, _) => &[],
        }
    }

    /// Takes what is found by now. A selected relay that is gone is no longer selected.
    pub(super) fn found(&mut self, search: Search) {
        self.search = search;
        if !self.places().contains(&self.focus) {
            self.focus = Focus::Address;
        }
    }

    /// Everything that can have the focus, from the top down.
    pub(super) fn places(&self) -> Vec<Focus> {
        let listed =
            |list: List| self.list(list).iter().map(move |relay| Focus::Listed(list, relay.address.clone()));
        let lists = listed(List::Known).chain(listed(List::Found));
        [Focus::Address, Focus::Key].into_iter().chain(lists).chain([Focus::Demo]).collect()
    }

    /// Moves the focus down, or up; no further than to the ends.
    fn step(&mut self, down: bool) {
        let mut places = self.places();
        let at = places.iter().position(|place| *place == self.focus).unwrap_or_default();
        let to = if down { (at + 1).min(places.len() - 1) } else { at.saturating_sub(1) };
        self.focus = places.swap_remove(to);
    }

    /// The relay that has the focus in a list.
    fn listed(&self) -> Option<&Relay> {
        let Focus::Listed(list, address) = &self.focus else { return None };
        self.list(*list).iter().find(|relay| relay.address == *address)
    }

    /// What is in the line, or else the selected relay.
    fn choose(&mut self, call: bool) -> Step {
        if self.focus == Focus::Demo {
            return Step::Choose(Choice::Demo);
        }
        if let Some(relay) = self.listed().cloned() {
            self.address = Entry::default();
            self.address.edit(&Edit::Put(relay.address));
            if relay.key && self.key.finished().is_none() {
                // If the key is set elsewhere, it may stay empty: the next time, it is not asked for.
                self.focus = Focus::Key;
                self.notice = Some(Notice::Phrase(Phrase::StartKeyAsked));
                return Step::Nothing;
            }
        }
        let Some(address) = self.address.finished() else {
            self.focus = Focus::Address;
            self.notice = Some(Notice::Phrase(Phrase::StartNothing));
            return Step::Nothing;
        };
        let mut all = self.list(List::Found).iter().chain(&self.known);
        let tls = all.any(|relay| relay.address == address && relay.tls);
        let key = self.key.finished().unwrap_or_default();
        Step::Choose(Choice::Relay { address, key, tls, call })
    }

    /// Handles a key.
    pub(super) fn stroke(&mut self, stroke: &Stroke) -> Step {
        match stroke.key {
            Some(Key::Q) if stroke.control => return Step::Close,
            Some(Key::Tab) => {
                self.step(!stroke.shift);
                return Step::Nothing;
            }
            _ => {}
        }
        match stroke.writing() {
            Some(Writing::Send) if stroke.repeated => Step::Nothing,
            Some(Writing::Send) => self.choose(stroke.shift),
            Some(Writing::Paste) => Step::Paste,
            Some(Writing::Scroll(lines)) => {
                self.scroll(lines);
                Step::Nothing
            }
            Some(Writing::Edit(edit)) => {
                self.edit(&edit);
                Step::Nothing
            }
            // What is typed is cleared first.
            Some(Writing::Close) => {
                let was_empty = self.address.finished().is_none() && self.key.finished().is_none();
                (self.address, self.key, self.notice) = (Entry::default(), Entry::default(), None);
                if was_empty { Step::Close } else { Step::Nothing }
            }
            None => Step::Nothing,
        }
    }

    /// The wheel selects the next place, or the one before.
    pub(super) fn scroll(&mut self, lines: isize) {
        self.step(lines < 0);
    }

    /// Edits the line that has the focus.
    pub(super) fn edit(&mut self, edit: &Edit) {
        self.notice = None;
        let line = match self.focus {
            Focus::Key => &mut self.key,
            Focus::Address => &mut self.address,
            // Letters are meant for the address, and not for what was in its line before a relay was selected.
            Focus::Listed(..) | Focus::Demo => {
                self.focus = Focus::Address;
                if matches!(edit, Edit::Put(_)) {
                    self.address = Entry::default();
                }
                &mut self.address
            }
        };
        line.edit(edit); // what is too long for a line is no address
    }

    /// Handles a click; the second one in a row chooses.
    pub(super) fn click(&mut self, press: Press, is_second: bool) -> Step {
        match press {
            Press::Watch => self.choose(false),
            Press::Call if self.focus == Focus::Demo => {
                self.focus = Focus::Address;
                self.choose(true)
            }
            Press::Call => self.choose(true),
            Press::Demo => Step::Choose(Choice::Demo),
            Press::Focus(focus) => {
                let is_listed = matches!(focus, Focus::Listed(..));
                self.focus = focus;
                if is_listed && is_second { self.choose(false) } else { Step::Nothing }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay(address: &str) -> Relay {
        Relay { address: address.into(), ..Relay::default() }
    }

    fn key(key: Key) -> Stroke {
        Stroke { key: Some(key), ..Stroke::default() }
    }

    fn write(form: &mut Form, text: &str) {
        for letter in text.chars() {
            form.stroke(&Stroke { text: letter.into(), ..Stroke::default() });
        }
    }

    fn chosen(address: &str, key: &str, tls: bool, call: bool) -> Step {
        let (address, key) = (address.to_owned(), key.to_owned());
        Step::Choose(Choice::Relay { address, key, tls, call })
    }

    #[test]
    fn enter_takes_the_newest_relay_until_something_is_typed() {
        let mut form = Form::new("", vec![relay("desk:6868"), relay("lab:6868")], None);
        assert_eq!(form.stroke(&key(Key::Enter)), chosen("desk:6868", "", false, false));
        let mut form = Form::new("", vec![relay("desk:6868"), relay("lab:6868")], None);
        form.stroke(&key(Key::Down));
        let shift = Stroke { shift: true, ..key(Key::Enter) };
        assert_eq!(form.stroke(&shift), chosen("lab:6868", "", false, true), "with the camera");
        let mut form = Form::new("", vec![relay("desk:6868")], None);
        write(&mut form, "qh.local");
        assert_eq!(
            form.stroke(&key(Key::Enter)),
            chosen("qh.local", "", false, false),
            "letters are no commands"
        );
        let mut form = Form::new("desk", vec![relay("lab:6868")], None);
        assert_eq!(form.stroke(&key(Key::Enter)), chosen("desk", "", false, false), "the one that is set");
    }

    #[test]
    fn an_empty_line_is_no_address() {
        let mut form = Form::new("", vec![], None);
        assert_eq!(form.stroke(&key(Key::Enter)), Step::Nothing);
        assert_eq!(form.notice, Some(Notice::Phrase(Phrase::StartNothing)));
        write(&mut form, "d");
        assert_eq!(form.notice, None);
        assert_eq!(form.stroke(&key(Key::Escape)), Step::Nothing, "what is typed is cleared");
        assert_eq!(form.stroke(&key(Key::Escape)), Step::Close);
        let quit = Stroke { control: true, ..key(Key::Q) };
        assert_eq!(form.stroke(&quit), Step::Close);
    }

    #[test]
    fn a_relay_with_a_key_asks_for_it_once() {
        let mut form = Form::new("", vec![], None);
        let locked = Relay { name: "lab".into(), tls: true, key: true, ..relay("192.0.2.1:6868") };
        form.found(Search::Found(vec![locked]));
        [Key::Down, Key::Down].into_iter().for_each(|down| _ = form.stroke(&key(down)));
        assert_eq!(form.stroke(&key(Key::Enter)), Step::Nothing);
        assert_eq!((&form.focus, form.address.parts().0), (&Focus::Key, "192.0.2.1:6868"));
        let mut configured = Form::new("", vec![], None);
        (configured.search, configured.address) = (form.search.clone(), form.address.clone());
        configured.focus = Focus::Key;
        assert_eq!(configured.stroke(&key(Key::Enter)), chosen("192.0.2.1:6868", "", true, false));
        write(&mut form, "sixteen letters.");
        assert_eq!(form.stroke(&key(Key::Enter)), chosen("192.0.2.1:6868", "sixteen letters.", true, false));
    }

    #[test]
    fn the_focus_follows_a_relay_and_leaves_one_that_is_gone() {
        let mut form = Form::new("", vec![relay("desk:6868")], None);
        form.found(Search::Found(vec![relay("b:1")]));
        let b = Focus::Listed(List::Found, "b:1".into());
        assert_eq!(form.click(Press::Focus(b.clone()), false), Step::Nothing);
        form.found(Search::Found(vec![relay("a:1"), relay("b:1")]));
        assert_eq!(form.focus, b);
        form.found(Search::Found(vec![relay("a:1")]));
        assert_eq!(form.focus, Focus::Address);
        let places = form.places();
        for _ in 0..20 {
            form.stroke(&key(Key::Tab));
        }
        assert_eq!((places.len(), &form.focus), (5, &Focus::Demo));
        assert_eq!(form.stroke(&key(Key::Enter)), Step::Choose(Choice::Demo));
        for _ in 0..20 {
            form.stroke(&key(Key::Up));
        }
        assert_eq!(form.focus, Focus::Address);
    }

    #[test]
    fn a_double_click_chooses_and_buttons_act_on_the_selected_relay() {
        let mut form = Form::new("", vec![relay("desk:6868"), relay("lab:6868")], None);
        let lab = || Press::Focus(Focus::Listed(List::Known, "lab:6868".into()));
        assert_eq!(form.click(lab(), false), Step::Nothing);
        assert_eq!(form.click(Press::Call, false), chosen("lab:6868", "", false, true));
        assert_eq!(form.click(lab(), true), chosen("lab:6868", "", false, false));
        assert_eq!(form.click(Press::Demo, false), Step::Choose(Choice::Demo));
        let mut empty = Form::new("", vec![], None);
        assert_eq!(empty.click(Press::Watch, false), Step::Nothing);
    }
}
