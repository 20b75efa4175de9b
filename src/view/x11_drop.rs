//! Files that are dropped on the window (XDND, the drag-and-drop protocol for X11, version 5).
//!
//! minifb gets what is sent to the window, and drops it. So the window says that another one speaks for it
//! (`XdndProxy`): the invisible window over it, whose messages come here.

use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        xproto::{
            self, AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, PropMode, SelectionNotifyEvent,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{
    dropped::{DropContent, Dropped},
    x11::Error,
    x11_states::machine,
};

/// The version of the protocol that is spoken.
const VERSION: u32 = 5;

/// Types that a source can offer in a list.
const MOST_TYPES: u32 = 256;

/// Most bytes of a list of files, in units of four: thousands of long paths.
const MOST_LIST: u32 = (1 << 20) / 4;

/// In an answer to a position: the drop is accepted.
const ACCEPTED: u32 = 1;

/// Further answers are wanted as the pointer moves.
const EVERY_MOVE: u32 = 2;

x11rb::atom_manager! {
    /// The atoms that are used.
    DropAtoms:
    /// Their replies.
    DropAtomsCookie {
        XdndAware,
        XdndProxy,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndSelection,
        XdndTypeList,
        XdndActionCopy,
        URI_LIST: b"text/uri-list",
        PULSECAM_DROP,
    }
}

/// What is known about a drag over the window.
#[derive(Clone, Copy, Debug)]
struct Drag {
    source: xproto::Window,
    /// The window that the source means: ours, or the one over it.
    target: xproto::Window,
    has_files: bool,
}

/// The window as a target of drag and drop.
#[derive(Debug)]
pub(super) struct X11Drop {
    /// The window that gets the messages.
    proxy: xproto::Window,
    atoms: DropAtoms,
    machine: String,
    drag: Option<Drag>,
    waiting: Option<DropContent>,
}

impl X11Drop {
    /// Says that `window` takes drops, and that `proxy`, a window of this connection, speaks for it.
    pub(super) fn accept(
        connection: &RustConnection,
        window: xproto::Window,
        proxy: xproto::Window,
    ) -> Result<Self, Error> {
        let atoms = DropAtoms::new(connection)?.reply()?;
        let replace = PropMode::REPLACE;
        for each in [window, proxy] {
            connection.change_property32(replace, each, atoms.XdndAware, AtomEnum::ATOM, &[VERSION])?;
            connection.change_property32(replace, each, atoms.XdndProxy, AtomEnum::WINDOW, &[proxy])?;
        }
        connection.flush()?;
        Ok(Self { proxy, atoms, machine: machine(), drag: None, waiting: None })
    }

    /// Takes an event, if it is about drag and drop.
    pub(super) fn take(&mut self, connection: &RustConnection, event: &Event) -> Result<(), Error> {
        match event {
            Event::ClientMessage(event) if event.format == 32 => self.message(connection, event),
            Event::SelectionNotify(event) if event.requestor == self.proxy => self.read(connection, event),
            _ => Ok(()),
        }
    }

    /// What was dropped since the last call.
    pub(super) fn dropped(&mut self) -> Option<DropContent> {
        self.waiting.take()
    }

    fn message(&mut self, connection: &RustConnection, event: &ClientMessageEvent) -> Result<(), Error> {
        let data = event.data.as_data32();
        let (atoms, source) = (self.atoms, data[0]);
        if event.type_ == atoms.XdndEnter {
            let has_more = data[1] & 1 == 1;
            let types = if has_more { self.types(connection, source)? } else { data[2..].to_vec() };
            self.drag =
                Some(Drag { source, target: event.window, has_files: types.contains(&atoms.URI_LIST) });
        } else if event.type_ == atoms.XdndLeave {
            self.drag = None;
        } else if event.type_ == atoms.XdndPosition {
            // Also what is no file is accepted, so that the user is told why it is not sent.
            let is_known = self.drag.is_some_and(|drag| drag.source == source);
            let accepted = if is_known { ACCEPTED } else { 0 };
            let action = if is_known { atoms.XdndActionCopy } else { x11rb::NONE };
            // No rectangle: wherever the pointer is, the answer is the same.
            let data = [event.window, accepted | EVERY_MOVE, 0, 0, action];
            self.tell(connection, source, atoms.XdndStatus, data)?;
        } else if event.type_ == atoms.XdndDrop {
            let Some(drag) = self.drag.filter(|drag| drag.source == source) else { return Ok(()) };
            if drag.has_files {
                let (selection, target) = (atoms.XdndSelection, atoms.URI_LIST);
                connection.convert_selection(self.proxy, selection, target, atoms.PULSECAM_DROP, data[2])?;
                connection.flush()?;
            } else {
                self.waiting = Some(DropContent::NoFiles);
                self.finish(connection, drag, false)?;
            }
        }
        Ok(())
    }

    /// The types that a source offers, if there are more than three.
    fn types(&self, connection: &RustConnection, source: xproto::Window) -> Result<Vec<u32>, Error> {
        let name = self.atoms.XdndTypeList;
        // The source may be gone.
        let types = connection.get_property(false, source, name, AtomEnum::ATOM, 0, MOST_TYPES)?.reply();
        Ok(types.ok().and_then(|types| types.value32().map(Iterator::collect)).unwrap_or_default())
    }

    /// Reads the list of files, and says that it was read.
    fn read(&mut self, connection: &RustConnection, event: &SelectionNotifyEvent) -> Result<(), Error> {
        let Some(drag) = self.drag else { return Ok(()) };
        let name = self.atoms.PULSECAM_DROP;
        let list = if event.property == name {
            connection.get_property(true, self.proxy, name, AtomEnum::ANY, 0, MOST_LIST)?.reply().ok()
        } else {
            None
        };
        // A list in pieces has another type; nobody drops as many files.
        let list = list.filter(|list| list.format == 8 && list.bytes_after == 0);
        let is_read = list.is_some();
        self.waiting = Some(match list {
            Some(list) => DropContent::Files(Dropped::read(&list.value, &self.machine)),
            None => DropContent::NoFiles,
        });
        self.finish(connection, drag, is_read)
    }

    /// Tells the source that the drop is over.
    fn finish(&mut self, connection: &RustConnection, drag: Drag, is_taken: bool) -> Result<(), Error> {
        self.drag = None;
        let action = if is_taken { self.atoms.XdndActionCopy } else { x11rb::NONE };
        let data = [drag.target, u32::from(is_taken), action, 0, 0];
        self.tell(connection, drag.source, self.atoms.XdndFinished, data)
    }

    fn tell(
        &self,
        connection: &RustConnection,
        source: xproto::Window,
        what: xproto::Atom,
        data: [u32; 5],
    ) -> Result<(), Error> {
        let message = ClientMessageEvent::new(32, source, what, data);
        connection.send_event(false, source, EventMask::NO_EVENT, message)?;
        Ok(connection.flush()?)
    }
}
