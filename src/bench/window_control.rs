//! Does to a window what its user may do: minimises it, covers it, presses a key.

use std::io;

use x11rb::{
    connection::Connection,
    protocol::xproto::{
        self, AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt, CreateWindowAux, EventMask,
        KeyPressEvent, StackMode, WindowClass,
    },
    rust_connection::RustConnection,
};

/// `WM_CHANGE_STATE`: the state of a minimised window (ICCCM 4.1.4).
const ICONIC: u32 = 3;

/// The keysym of the space bar.
const SPACE: u32 = 0x20;

/// Bytes of a title that are read; longer ones are not searched for.
const TITLE: u32 = 256;

/// A window of another connection.
#[derive(Debug)]
pub(super) struct WindowControl {
    connection: RustConnection,
    root: xproto::Window,
    window: xproto::Window,
}

impl WindowControl {
    /// The window with this title.
    pub(super) fn find(title: &str) -> io::Result<Self> {
        let (connection, screen) = x11rb::connect(None).map_err(io::Error::other)?;
        let root = connection.setup().roots.get(screen).map(|screen| screen.root);
        let root = root.ok_or_else(|| io::Error::other("the display has no screen"))?;
        let window = search(&connection, root, title).map_err(io::Error::other)?;
        let window = window.ok_or_else(|| io::Error::other("the window is not on the display"))?;
        Ok(Self { connection, root, window })
    }

    /// Minimises it, by the window manager if there is one.
    pub(super) fn minimise(&self) -> io::Result<()> {
        self.try_minimise().map_err(io::Error::other)
    }

    fn try_minimise(&self) -> Result<(), x11rb::errors::ReplyError> {
        if !self.is_managed()? {
            return self.connection.unmap_window(self.window)?.check();
        }
        let change = self.connection.intern_atom(false, b"WM_CHANGE_STATE")?.reply()?.atom;
        let message = ClientMessageEvent::new(32, self.window, change, [ICONIC, 0, 0, 0, 0]);
        let listeners = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.connection.send_event(false, self.root, listeners, message)?.check()
    }

    /// Whether a window manager runs.
    fn is_managed(&self) -> Result<bool, x11rb::errors::ReplyError> {
        let check = self.connection.intern_atom(false, b"_NET_SUPPORTING_WM_CHECK")?.reply()?.atom;
        let found = self.connection.get_property(false, self.root, check, AtomEnum::WINDOW, 0, 1)?.reply()?;
        Ok(found.value_len > 0)
    }

    /// Shows it again.
    pub(super) fn restore(&self) -> io::Result<()> {
        self.connection.map_window(self.window).map_err(io::Error::other)?.check().map_err(io::Error::other)
    }

    /// Covers all of it with another window, until [`WindowControl::uncover`].
    pub(super) fn cover(&self) -> io::Result<xproto::Window> {
        self.try_cover().map_err(io::Error::other)
    }

    fn try_cover(&self) -> Result<xproto::Window, x11rb::errors::ReplyOrIdError> {
        let size = self.connection.get_geometry(self.window)?.reply()?;
        let place = self.connection.translate_coordinates(self.window, self.root, 0, 0)?.reply()?;
        let cover = self.connection.generate_id()?;
        // Not managed, so that it gets exactly this place.
        let options = CreateWindowAux::new().override_redirect(1).background_pixel(0);
        self.connection
            .create_window(
                x11rb::COPY_DEPTH_FROM_PARENT,
                cover,
                self.root,
                place.dst_x,
                place.dst_y,
                size.width,
                size.height,
                0,
                WindowClass::INPUT_OUTPUT,
                x11rb::COPY_FROM_PARENT,
                &options,
            )?
            .check()?;
        self.connection.map_window(cover)?.check()?;
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        self.connection.configure_window(cover, &above)?.check()?;
        Ok(cover)
    }

    /// Removes what covers it.
    pub(super) fn uncover(&self, cover: xproto::Window) -> io::Result<()> {
        self.connection.destroy_window(cover).map_err(io::Error::other)?.check().map_err(io::Error::other)
    }

    /// Presses the space bar in it.
    pub(super) fn press_space(&self) -> io::Result<()> {
        self.try_press_space().map_err(io::Error::other)
    }

    fn try_press_space(&self) -> Result<(), x11rb::errors::ReplyError> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let keys = self.connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let per_key = usize::from(keys.keysyms_per_keycode).max(1);
        let at = keys.keysyms.chunks(per_key).position(|syms| syms.first() == Some(&SPACE));
        let Some(key) = at.and_then(|at| u8::try_from(usize::from(first) + at).ok()) else { return Ok(()) };
        for (kind, mask) in [
            (xproto::KEY_PRESS_EVENT, EventMask::KEY_PRESS),
            (xproto::KEY_RELEASE_EVENT, EventMask::KEY_RELEASE),
        ] {
            let event = KeyPressEvent {
                response_type: kind,
                detail: key,
                sequence: 0,
                time: x11rb::CURRENT_TIME,
                root: self.root,
                event: self.window,
                child: x11rb::NONE,
                root_x: 0,
                root_y: 0,
                event_x: 0,
                event_y: 0,
                state: xproto::KeyButMask::default(),
                same_screen: true,
            };
            self.connection.send_event(false, self.window, mask, event)?.check()?;
        }
        Ok(())
    }
}

/// The window with this title among all that `parent` contains.
fn search(
    connection: &RustConnection,
    parent: xproto::Window,
    title: &str,
) -> Result<Option<xproto::Window>, x11rb::errors::ReplyError> {
    let mut waiting = vec![parent];
    while let Some(window) = waiting.pop() {
        let name = connection.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, TITLE)?;
        if name.reply()?.value == title.as_bytes() {
            return Ok(Some(window));
        }
        waiting.extend(connection.query_tree(window)?.reply()?.children);
    }
    Ok(None)
}
