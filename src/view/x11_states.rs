//! What the window tells window managers, and asks of them: who it is, full screen, on top, and that it wants
//! attention (ICCCM and the Extended Window Manager Hints).

use x11rb::{
    connection::{Connection, RequestConnection},
    properties::WmHints,
    protocol::{
        randr::{self, ConnectionExt as _},
        xproto::{self, AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, PropMode},
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{
    icon::icon,
    placement::Placement,
    x11::Error,
    x11_small::{Place, X11Small},
};

/// The name and the class of the window, for rules of window managers and for docks.
const CLASS: &[u8] = b"pulsecam\0Pulsecam\0";

/// Sides of the icons in pixels.
const ICONS: [u32; 3] = [16, 32, 64];

/// Atoms of a list that are read.
const MOST_ATOMS: u32 = 1_024;

/// In a request to change a state: what to do with it.
const REMOVE: u32 = 0;
const ADD: u32 = 1;
const TOGGLE: u32 = 2;

/// In a request to move the window with the pointer: to do so, with the first button.
const MOVE: [u32; 2] = [8, 1];

/// In such a request: it comes from an application.
const FROM_APPLICATION: u32 = 1;

x11rb::atom_manager! {
    /// The atoms that are used.
    pub(super) StateAtoms:
    /// Their replies.
    StateAtomsCookie {
        _NET_SUPPORTED,
        _NET_WM_STATE,
        _NET_WM_STATE_FULLSCREEN,
        _NET_WM_STATE_ABOVE,
        _NET_WM_STATE_MAXIMIZED_HORZ,
        _NET_WM_STATE_MAXIMIZED_VERT,
        _NET_WM_MOVERESIZE,
        _NET_WM_PID,
        _NET_WM_ICON,
    }
}

/// The states of the window.
#[derive(Debug)]
pub(super) struct X11States {
    window: xproto::Window,
    root: xproto::Window,
    screen: (u16, u16),
    atoms: StateAtoms,
    is_urgent: bool,
    /// Without a window manager: where the window was before it filled the screen.
    before: Option<Place>,
    /// Where it was before it was asked to fill the screen.
    usual: Option<Place>,
    small: X11Small,
    /// Whether the window was on top before it was small.
    was_on_top: bool,
}

/// The name of this machine, as windows and dropped files give it.
pub(super) fn machine() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

impl X11States {
    /// Tells who the window is.
    pub(super) fn introduce(
        connection: &RustConnection,
        window: xproto::Window,
        screen: usize,
    ) -> Result<Self, Error> {
        let screen = connection.setup().roots.get(screen).ok_or(Error::NoWindow)?;
        let atoms = StateAtoms::new(connection)?.reply()?;
        let states = Self {
            window,
            root: screen.root,
            screen: (screen.width_in_pixels, screen.height_in_pixels),
            atoms,
            is_urgent: false,
            before: None,
            usual: None,
            small: X11Small::new(connection, window, screen)?,
            was_on_top: false,
        };
        let replace = PropMode::REPLACE;
        connection.change_property8(replace, window, AtomEnum::WM_CLASS, AtomEnum::STRING, CLASS)?;
        let pid = [std::process::id()];
        connection.change_property32(replace, window, atoms._NET_WM_PID, AtomEnum::CARDINAL, &pid)?;
        let host = machine();
        let host = host.as_bytes();
        connection.change_property8(replace, window, AtomEnum::WM_CLIENT_MACHINE, AtomEnum::STRING, host)?;
        let icons: Vec<u32> =
            ICONS.into_iter().flat_map(|side| [vec![side, side], icon(side)].concat()).collect();
        connection.change_property32(replace, window, atoms._NET_WM_ICON, AtomEnum::CARDINAL, &icons)?;
        states.hint(connection, false)?;
        connection.flush()?;
        Ok(states)
    }

    fn hint(&self, connection: &RustConnection, urgent: bool) -> Result<(), Error> {
        let hints = WmHints { input: Some(true), urgent, ..WmHints::default() };
        hints.set(connection, self.window)?;
        Ok(connection.flush()?)
    }

    /// Asks for attention, or no longer.
    pub(super) fn set_urgent(&mut self, connection: &RustConnection, urgent: bool) -> Result<(), Error> {
        if std::mem::replace(&mut self.is_urgent, urgent) != urgent {
            self.hint(connection, urgent)?;
        }
        Ok(())
    }

    fn atoms(
        &self,
        connection: &RustConnection,
        of: xproto::Window,
        name: xproto::Atom,
    ) -> Result<Vec<u32>, Error> {
        let property = connection.get_property(false, of, name, AtomEnum::ATOM, 0, MOST_ATOMS)?.reply()?;
        Ok(property.value32().map(Iterator::collect).unwrap_or_default())
    }

    /// Whether the window has this state, or `None` if the window manager has no such states.
    fn state(&self, connection: &RustConnection, state: xproto::Atom) -> Result<Option<bool>, Error> {
        if !self.atoms(connection, self.root, self.atoms._NET_SUPPORTED)?.contains(&state) {
            return Ok(None);
        }
        Ok(Some(self.atoms(connection, self.window, self.atoms._NET_WM_STATE)?.contains(&state)))
    }

    fn toggle(&self, connection: &RustConnection, state: xproto::Atom) -> Result<(), Error> {
        self.request(connection, TOGGLE, state)
    }

    fn request(&self, connection: &RustConnection, what: u32, state: xproto::Atom) -> Result<(), Error> {
        self.ask(connection, self.atoms._NET_WM_STATE, [what, state, 0, FROM_APPLICATION, 0])
    }

    /// Sends a request about the window to the window manager.
    fn ask(&self, connection: &RustConnection, what: xproto::Atom, data: [u32; 5]) -> Result<(), Error> {
        let request = ClientMessageEvent::new(32, self.window, what, data);
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        connection.send_event(false, self.root, to, request)?;
        Ok(connection.flush()?)
    }

    /// Whether the window fills the screen.
    pub(super) fn is_full_screen(&self, connection: &RustConnection) -> Result<bool, Error> {
        let state = self.state(connection, self.atoms._NET_WM_STATE_FULLSCREEN)?;
        Ok(state.unwrap_or(self.before.is_some()))
    }

    /// Fills the screen with the window, or ends that. Without a window manager, it moves and resizes itself.
    pub(super) fn toggle_full_screen(&mut self, connection: &RustConnection) -> Result<(), Error> {
        if let Some(is_full) = self.state(connection, self.atoms._NET_WM_STATE_FULLSCREEN)? {
            if !is_full {
                self.usual = self.usual_place(connection)?;
            }
            return self.toggle(connection, self.atoms._NET_WM_STATE_FULLSCREEN);
        }
        let place = match self.before.take() {
            Some(before) => before,
            None => {
                self.before = Some(self.small.place(connection)?);
                (0, 0, self.screen.0.into(), self.screen.1.into())
            }
        };
        self.small.configure(connection, place)
    }

    /// Keeps the window above others, or ends that; returns whether it stays above. `None` if the window manager
    /// does not know that.
    pub(super) fn toggle_on_top(&self, connection: &RustConnection) -> Result<Option<bool>, Error> {
        let Some(above) = self.state(connection, self.atoms._NET_WM_STATE_ABOVE)? else { return Ok(None) };
        self.toggle(connection, self.atoms._NET_WM_STATE_ABOVE)?;
        Ok(Some(!above))
    }

    /// Makes the window small, without a frame and on top, in the proportions of a picture, or as it was before; returns
    /// whether it is small.
    pub(super) fn toggle_small(
        &mut self,
        connection: &RustConnection,
        picture: (usize, usize),
    ) -> Result<bool, Error> {
        if !self.small.is_small() && self.is_full_screen(connection)? {
            self.toggle_full_screen(connection)?;
        }
        let above = self.atoms._NET_WM_STATE_ABOVE;
        let is_on_top = self.state(connection, above)?;
        let is_small = self.small.toggle(connection, picture)?;
        if is_small {
            self.was_on_top = is_on_top == Some(true);
        }
        // Without a window manager, nothing is above.
        if is_on_top.is_some() && !self.was_on_top {
            self.request(connection, if is_small { ADD } else { REMOVE }, above)?;
        }
        Ok(is_small)
    }

    /// Whether the window is small.
    pub(super) const fn is_small(&self) -> bool {
        self.small.is_small()
    }

    /// Where the window is, unless the window manager has given it the whole screen or a side of it.
    fn usual_place(&self, connection: &RustConnection) -> Result<Option<Place>, Error> {
        let states = self.atoms(connection, self.window, self.atoms._NET_WM_STATE)?;
        let StateAtoms {
            _NET_WM_STATE_FULLSCREEN: full,
            _NET_WM_STATE_MAXIMIZED_HORZ: wide,
            _NET_WM_STATE_MAXIMIZED_VERT: high,
            ..
        } = self.atoms;
        if states.iter().any(|state| [full, wide, high].contains(state)) {
            return Ok(None);
        }
        Ok(Some(self.small.usual_place(connection)?))
    }

    /// Where the window is when it is neither full screen nor small, if known.
    pub(super) fn place(&self, connection: &RustConnection) -> Result<Option<Placement>, Error> {
        let place = match self.before {
            Some(before) => Some(before),
            None => self.usual_place(connection)?.or(self.usual),
        };
        Ok(place.map(|(x, y, width, height)| Placement { x, y, width, height }))
    }

    /// Puts the window where it was the last time, as far as the monitors allow.
    pub(super) fn put_back(&self, connection: &RustConnection, place: Placement) -> Result<(), Error> {
        let place = place.on(&self.monitors(connection)?).ok_or(Error::NoState)?;
        self.small.configure(connection, (place.x, place.y, place.width, place.height))
    }

    /// The monitors, the user's main one first; a server without that extension has a single screen.
    fn monitors(&self, connection: &RustConnection) -> Result<Vec<Placement>, Error> {
        let screen = Placement { x: 0, y: 0, width: self.screen.0.into(), height: self.screen.1.into() };
        if connection.extension_information(randr::X11_EXTENSION_NAME)?.is_none() {
            return Ok(vec![screen]);
        }
        let Ok(mut told) = connection.randr_get_monitors(self.root, true)?.reply() else {
            return Ok(vec![screen]); // an old one
        };
        told.monitors.sort_by_key(|monitor| !monitor.primary);
        let monitors = told.monitors.iter().map(|monitor| Placement {
            x: monitor.x.into(),
            y: monitor.y.into(),
            width: monitor.width.into(),
            height: monitor.height.into(),
        });
        let monitors: Vec<_> = monitors.filter(|monitor| monitor.width > 0 && monitor.height > 0).collect();
        Ok(if monitors.is_empty() { vec![screen] } else { monitors })
    }

    /// Lets the window manager move the window with the pointer, until its button is released.
    pub(super) fn move_with_pointer(&self, connection: &RustConnection) -> Result<(), Error> {
        let pointer = connection.query_pointer(self.root)?.reply()?;
        connection.ungrab_pointer(x11rb::CURRENT_TIME)?;
        let at = |at: i16| i32::from(at).cast_unsigned();
        let data = [at(pointer.root_x), at(pointer.root_y), MOVE[0], MOVE[1], FROM_APPLICATION];
        self.ask(connection, self.atoms._NET_WM_MOVERESIZE, data)
    }
}
