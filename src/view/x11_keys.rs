//! Presses of keys as the X server reports them, on a connection and a thread of their own.
//!
//! A virtual keyboard, or a tool that types, binds a character to a free key, presses it, and binds the next character to
//! the same key some milliseconds later. Whoever looks up what the key enters only after that finds the wrong one. So a
//! thread waits for these events and looks at once. It takes the presses of free keys for itself (a passive grab, which
//! works only while the window has the focus), because minifb would look too late.

use std::{collections::HashSet, sync::mpsc, thread};

use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        xproto::{
            self, ChangeWindowAttributesAux, ConnectionExt, EventMask, GrabMode, KeyButMask, ModMask,
            NotifyMode,
        },
    },
    rust_connection::RustConnection,
};

use super::{
    key_table::{KeyTable, Repeats},
    presses::Press,
    x11::Error,
};

/// The bits of a key event's state that tell the keyboard's group begin here (XKB).
const GROUP_SHIFT: u16 = 13;

/// Presses kept until the window takes them: more are not typed between two looks.
const MOST_WAITING: usize = 256;

/// The presses.
#[derive(Debug)]
pub(super) struct X11Keys {
    presses: mpsc::Receiver<Press>,
}

impl X11Keys {
    /// Watches the keys of this window, until it is destroyed.
    pub(super) fn watch(window: xproto::Window) -> Result<Self, Error> {
        let (connection, _) = x11rb::connect(None)?;
        let events = EventMask::KEY_PRESS
            | EventMask::KEY_RELEASE
            | EventMask::FOCUS_CHANGE
            | EventMask::STRUCTURE_NOTIFY;
        let events = ChangeWindowAttributesAux::new().event_mask(events);
        connection.change_window_attributes(window, &events)?.check()?;
        let table = read(&connection)?;
        let free: HashSet<u8> = table.free().collect();
        for key in &free {
            let mode = GrabMode::ASYNC;
            connection.grab_key(false, window, ModMask::ANY, *key, mode, mode)?;
        }
        connection.flush()?;
        let (give, presses) = mpsc::sync_channel(MOST_WAITING);
        let mut keyboard = Keyboard { table, free, repeats: Repeats::default() };
        thread::Builder::new().name("keys".into()).spawn(move || {
            if let Err(error) = keyboard.forward(&connection, window, &give) {
                tracing::debug!("keys are no longer watched: {error}");
            }
        })?;
        Ok(Self { presses })
    }

    /// The presses since the last call.
    pub(super) fn take(&self) -> Vec<Press> {
        self.presses.try_iter().take(MOST_WAITING).collect()
    }
}

/// Reads which keys enter which characters.
fn read(connection: &RustConnection) -> Result<KeyTable, Error> {
    let setup = connection.setup();
    let (first, last) = (setup.min_keycode, setup.max_keycode);
    let count = last.saturating_sub(first).saturating_add(1);
    let keys = connection.get_keyboard_mapping(first, count)?.reply()?;
    Ok(KeyTable::new(first, keys.keysyms_per_keycode.into(), keys.keysyms))
}

#[derive(Debug)]
struct Keyboard {
    table: KeyTable,
    /// The keys that entered nothing at the start.
    free: HashSet<u8>,
    repeats: Repeats,
}

impl Keyboard {
    fn forward(
        &mut self,
        connection: &RustConnection,
        window: xproto::Window,
        to: &mpsc::SyncSender<Press>,
    ) -> Result<(), Error> {
        loop {
            match connection.wait_for_event()? {
                Event::KeyPress(event) => {
                    self.repeats.pressed(event.detail, event.time);
                    // One press too many is lost, as in a keyboard's own buffer.
                    if let Some(press) = self.press(&event)
                        && matches!(to.try_send(press), Err(mpsc::TrySendError::Disconnected(_)))
                    {
                        return Ok(());
                    }
                }
                Event::KeyRelease(event) => self.repeats.released(event.detail, event.time),
                Event::FocusOut(event) if event.mode == NotifyMode::NORMAL => self.repeats.forget(),
                Event::MappingNotify(_) => self.table = read(connection)?,
                Event::DestroyNotify(event) if event.window == window => return Ok(()),
                Event::Error(error) => tracing::debug!("the X server refuses: {error:?}"),
                _ => {}
            }
        }
    }

    fn press(&self, event: &xproto::KeyPressEvent) -> Option<Press> {
        let state = u16::from(event.state);
        // With Control, Alt or the key of the desktop, a letter enters nothing.
        let shortcuts = u16::from(KeyButMask::CONTROL | KeyButMask::MOD1 | KeyButMask::MOD4);
        if state & shortcuts != 0 {
            return None;
        }
        let group = u8::try_from(state >> GROUP_SHIFT & 3).unwrap_or_default();
        let shift = state & u16::from(KeyButMask::SHIFT) != 0;
        Some(Press {
            character: self.table.character(event.detail, group, shift)?,
            command: self.table.command(event.detail, group),
            by_place: !self.table.is_latin(group),
            is_virtual: self.free.contains(&event.detail),
            is_repeated: self.repeats.is_repeated,
        })
    }
}
