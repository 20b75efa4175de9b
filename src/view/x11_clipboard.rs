//! Pictures on the clipboard of an X server, as the files that its owner offers (ICCCM, selections).
//!
//! The clipboard crate decodes PNG and nothing else; a JPEG is to be sent as it is.

use std::{
    thread,
    time::{Duration, Instant},
};

use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        xproto::{
            self, AtomEnum, ConnectionExt, CreateWindowAux, EventMask, GetPropertyReply, Property,
            WindowClass,
        },
    },
    rust_connection::RustConnection,
};

use super::x11::Error;

/// Forms in which pictures are asked for; those that need no conversion first.
const FORMATS: [&str; 5] = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"];

/// Longest time without progress of the program that owns the clipboard.
const PATIENCE: Duration = Duration::from_secs(3);

/// Pause between looks for its answer.
const PAUSE: Duration = Duration::from_millis(2);

/// Most bytes of a picture: as much as a film's largest frame, and more than any relay passes on by default.
const MOST: usize = 64 << 20;

/// Bytes read at once, in units of four.
const PIECE: u32 = 1 << 20;

x11rb::atom_manager! {
    /// The atoms that are used.
    ClipboardAtoms:
    /// Their replies.
    ClipboardAtomsCookie {
        CLIPBOARD,
        TARGETS,
        INCR,
        UTF8_STRING,
        PULSECAM_PASTE,
    }
}

/// The picture on the clipboard; `None` if it has none, or a text.
pub(super) fn picture() -> Result<Option<Vec<u8>>, Error> {
    let (connection, screen) = x11rb::connect(None)?;
    let root = connection.setup().roots.get(screen).ok_or(Error::NoWindow)?.root;
    let window = connection.generate_id()?;
    let events = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    let class = WindowClass::INPUT_ONLY;
    connection.create_window(0, window, root, -1, -1, 1, 1, 0, class, x11rb::COPY_FROM_PARENT, &events)?;
    let atoms = ClipboardAtoms::new(&connection)?.reply()?;
    let reader = Reader { connection, window, atoms };
    let Some(offered) = reader.read(atoms.TARGETS)? else { return Ok(None) };
    let offered: Vec<u32> = offered.as_chunks::<4>().0.iter().map(|atom| u32::from_ne_bytes(*atom)).collect();
    // What is text for its owner is pasted as text, even if it also offers a picture of that.
    if offered.contains(&atoms.UTF8_STRING) || offered.contains(&AtomEnum::STRING.into()) {
        return Ok(None);
    }
    for format in FORMATS {
        let format = reader.connection.intern_atom(false, format.as_bytes())?.reply()?.atom;
        if offered.contains(&format) {
            return reader.read(format);
        }
    }
    Ok(None)
}

struct Reader {
    connection: RustConnection,
    window: xproto::Window,
    atoms: ClipboardAtoms,
}

impl Reader {
    /// The clipboard's content in a form; `None` if its owner does not give it.
    fn read(&self, form: xproto::Atom) -> Result<Option<Vec<u8>>, Error> {
        let (atoms, now) = (self.atoms, x11rb::CURRENT_TIME);
        self.connection.convert_selection(self.window, atoms.CLIPBOARD, form, atoms.PULSECAM_PASTE, now)?;
        self.connection.flush()?;
        let answer = self.wait(|event| match event {
            Event::SelectionNotify(event) => Some(event.property),
            _ => None,
        })?;
        if answer.is_none_or(|property| property == x11rb::NONE) {
            return Ok(None);
        }
        let mut content = Vec::new();
        let first = self.property(&mut content)?;
        if first.type_ != atoms.INCR {
            return Ok((content.len() <= MOST).then_some(content));
        }
        // In pieces: each is announced by the property, and an empty one ends them.
        content.clear();
        loop {
            let announced = self.wait(|event| match event {
                Event::PropertyNotify(event) if event.state == Property::NEW_VALUE => Some(()),
                _ => None,
            })?;
            let before = content.len();
            if announced.is_none() {
                return Ok(None);
            }
            self.property(&mut content)?;
            if content.len() == before {
                return Ok(Some(content));
            }
            if content.len() > MOST {
                return Ok(None);
            }
        }
    }

    /// Appends the property, which is removed, to the content; no more than about [`MOST`] bytes.
    fn property(&self, content: &mut Vec<u8>) -> Result<GetPropertyReply, Error> {
        let name = self.atoms.PULSECAM_PASTE;
        let mut from = 0;
        loop {
            let part = self.connection.get_property(false, self.window, name, AtomEnum::ANY, from, PIECE)?;
            let part = part.reply()?;
            content.extend_from_slice(&part.value);
            from += PIECE;
            if part.bytes_after == 0 || content.len() > MOST {
                self.connection.delete_property(self.window, name)?;
                self.connection.flush()?;
                return Ok(part);
            }
        }
    }

    /// Waits for an event; `None` if it does not come in time.
    fn wait<T>(&self, wanted: impl Fn(&Event) -> Option<T>) -> Result<Option<T>, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.connection.poll_for_event()? {
                Some(event) => {
                    if let Some(found) = wanted(&event) {
                        return Ok(Some(found));
                    }
                }
                None if Instant::now() >= deadline => return Ok(None),
                None => thread::sleep(PAUSE),
            }
        }
    }
}
