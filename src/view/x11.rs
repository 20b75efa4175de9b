//! A second connection to the X server, for the window that minifb has opened on its own.

use std::{
    io::IoSlice,
    time::{Duration, Instant},
};

use minifb::Window;
use x11rb::{
    connection::{Connection, RequestConnection},
    errors::{ConnectionError, ReplyError, ReplyOrIdError},
    protocol::{
        Event,
        xproto::{
            self, AtomEnum, ChangeWindowAttributesAux, ConnectionExt, CreateGCAux, EventMask, ImageFormat,
            ImageOrder, MapState,
        },
    },
    rust_connection::RustConnection,
};

use super::{
    pointer::PointerEvent,
    presses::Press,
    visibility::{Fact, Visibility},
    x11_clipboard,
    x11_keys::X11Keys,
    x11_pointer::X11Pointer,
    x11_states::X11States,
};
use crate::{drawing::Rect, picture::Canvas};

/// Interval at which a window that nobody sees is looked at: an event may be missed if the window manager
/// unmaps a window around it.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Rows of one request: Linux takes 1,024 pieces of memory at once (`IOV_MAX`), and the head is some of them.
const MOST_ROWS: usize = 1_000;

/// Bytes of a request besides the pixels.
const HEAD: usize = 24;

/// Atoms of `_NET_WM_STATE` that are read; there are a dozen.
const MOST_STATES: u32 = 64;

/// The largest coordinate in a request.
const FARTHEST: usize = i16::MAX as usize;

/// Why there is no such connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Connect(#[from] x11rb::errors::ConnectError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Reply(#[from] ReplyError),
    #[error(transparent)]
    Id(#[from] ReplyOrIdError),
    #[error(transparent)]
    Thread(#[from] std::io::Error),
    #[error("the window has no number")]
    NoWindow,
    #[error("the screen does not take 32 bits a pixel in this machine's order")]
    Format,
    #[error("the window manager has no such state")]
    NoState,
}

/// The connection, and what it needs to know about the window.
#[derive(Debug)]
pub(crate) struct X11Surface {
    connection: RustConnection,
    window: xproto::Window,
    context: xproto::Gcontext,
    depth: u8,
    atoms: Atoms,
    /// If it is missing, minifb's states of the pointer are polled.
    pointer: Option<X11Pointer>,
    states: Option<X11States>,
    keys: Option<X11Keys>,
    /// What the keys have entered since that was last asked for, as of the last look at the window's events.
    presses: Vec<Press>,
    /// Whether the window has to be looked at.
    is_due: bool,
    checked: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Atoms {
    net_wm_state: xproto::Atom,
    hidden: xproto::Atom,
    wm_state: xproto::Atom,
}

impl X11Surface {
    /// Connects to the server of this window, and subscribes to its events.
    pub(crate) fn attach(window: &Window) -> Result<Self, Error> {
        let (connection, screen) = x11rb::connect(None)?;
        let window = u32::try_from(window.get_window_handle() as usize).map_err(|_| Error::NoWindow)?;
        let depth = connection.get_geometry(window)?.reply()?.depth;
        if !takes_canvases(connection.setup(), depth) {
            return Err(Error::Format);
        }
        let events = EventMask::EXPOSURE
            | EventMask::VISIBILITY_CHANGE
            | EventMask::STRUCTURE_NOTIFY
            | EventMask::PROPERTY_CHANGE;
        let events = ChangeWindowAttributesAux::new().event_mask(events);
        connection.change_window_attributes(window, &events)?.check()?;
        let context = connection.generate_id()?;
        connection.create_gc(context, window, &CreateGCAux::new().graphics_exposures(0))?.check()?;
        let atom = |name: &str| Ok::<_, Error>(connection.intern_atom(false, name.as_bytes())?.reply()?.atom);
        let atoms = Atoms {
            net_wm_state: atom("_NET_WM_STATE")?,
            hidden: atom("_NET_WM_STATE_HIDDEN")?,
            wm_state: atom("WM_STATE")?,
        };
        let told = |error: &Error| tracing::debug!("a part of the window system is missing: {error}");
        let pointer = X11Pointer::cover(&connection, window).inspect_err(told).ok();
        let states = X11States::introduce(&connection, window, screen).inspect_err(told).ok();
        let keys = X11Keys::watch(window).inspect_err(told).ok();
        Ok(Self {
            connection,
            window,
            context,
            depth,
            atoms,
            pointer,
            states,
            keys,
            presses: Vec::new(),
            is_due: true,
            checked: Instant::now(),
        })
    }

    /// Notes which keys were pressed so far; to be called right before minifb takes its events, so that it hears of the
    /// same ones.
    pub(crate) fn note_presses(&mut self) {
        self.presses.extend(self.keys.iter().flat_map(X11Keys::take));
    }

    /// The keys that were noted since the last call.
    pub(crate) fn presses(&mut self) -> Vec<Press> {
        std::mem::take(&mut self.presses)
    }

    /// What the pointer has done; `None` if that is not known here.
    pub(crate) fn pointer_events(&mut self) -> Option<Vec<PointerEvent>> {
        self.pointer.as_mut().map(X11Pointer::events)
    }

    /// Fills the screen with the window, or ends that.
    pub(crate) fn toggle_full_screen(&mut self) -> Result<(), Error> {
        self.states.as_mut().ok_or(Error::NoState)?.toggle_full_screen(&self.connection)
    }

    /// Ends that.
    pub(crate) fn leave_full_screen(&mut self) -> Result<(), Error> {
        let Some(states) = &mut self.states else { return Ok(()) };
        if states.is_full_screen(&self.connection)? {
            states.toggle_full_screen(&self.connection)
        } else {
            Ok(())
        }
    }

    /// Keeps the window above others, or ends that; returns whether it stays above.
    pub(crate) fn toggle_on_top(&self) -> Result<bool, Error> {
        let states = self.states.as_ref().ok_or(Error::NoState)?;
        states.toggle_on_top(&self.connection)?.ok_or(Error::NoState)
    }

    /// Makes the window small, in the proportions of a picture, or as it was before; returns whether it is small.
    pub(crate) fn toggle_small(&mut self, picture: (usize, usize)) -> Result<bool, Error> {
        self.states.as_mut().ok_or(Error::NoState)?.toggle_small(&self.connection, picture)
    }

    /// Whether the window is small.
    pub(crate) fn is_small(&self) -> bool {
        self.states.as_ref().is_some_and(X11States::is_small)
    }

    /// Lets the window manager move the window with the pointer, whose button is down.
    pub(crate) fn move_with_pointer(&mut self) -> Result<(), Error> {
        self.states.as_ref().ok_or(Error::NoState)?.move_with_pointer(&self.connection)?;
        if let Some(pointer) = &mut self.pointer {
            pointer.forget_press();
        }
        Ok(())
    }

    /// Asks for attention, or no longer.
    pub(crate) fn set_urgent(&mut self, urgent: bool) -> Result<(), Error> {
        let Some(states) = &mut self.states else { return Ok(()) };
        states.set_urgent(&self.connection, urgent)
    }

    /// Takes the window's events. Returns whether pixels were lost.
    pub(crate) fn watch(&mut self, visibility: &mut Visibility, now: Instant) -> Result<bool, Error> {
        let mut lost = false;
        while let Some(event) = self.connection.poll_for_event()? {
            if let Some(pointer) = &mut self.pointer {
                pointer.take(&event);
            }
            match event {
                Event::Expose(_) => lost = true,
                Event::VisibilityNotify(event) if event.window == self.window => {
                    visibility.note(Fact::Covered(event.state == xproto::Visibility::FULLY_OBSCURED));
                    self.is_due = true;
                }
                Event::MapNotify(_) | Event::UnmapNotify(_) | Event::ReparentNotify(_) => self.is_due = true,
                Event::PropertyNotify(event) => {
                    self.is_due |= [self.atoms.net_wm_state, self.atoms.wm_state].contains(&event.atom);
                }
                Event::Error(error) => tracing::debug!("the X server refuses: {error:?}"),
                _ => {}
            }
        }
        let overdue = now.saturating_duration_since(self.checked) >= CHECK_EVERY;
        if std::mem::take(&mut self.is_due) || (overdue && !visibility.is_seen()) {
            self.checked = now;
            visibility.note(Fact::Mapped(self.is_mapped()?));
            visibility.note(Fact::Hidden(self.is_hidden()?));
        }
        Ok(lost)
    }

    /// Whether the window and all that contain it are mapped.
    fn is_mapped(&self) -> Result<bool, Error> {
        let attributes = self.connection.get_window_attributes(self.window)?.reply()?;
        Ok(attributes.map_state == MapState::VIEWABLE)
    }

    /// Whether the window manager has minimised the window.
    fn is_hidden(&self) -> Result<bool, Error> {
        let Atoms { net_wm_state, hidden, .. } = self.atoms;
        let states =
            self.connection.get_property(false, self.window, net_wm_state, AtomEnum::ATOM, 0, MOST_STATES)?;
        Ok(states.reply()?.value32().is_some_and(|mut states| states.any(|state| state == hidden)))
    }

    /// Sends these areas of the canvas, and waits until the server has drawn them.
    pub(crate) fn present(&self, canvas: &Canvas, areas: &[Rect]) -> Result<(), Error> {
        let row = canvas.width * size_of::<u32>();
        let rows = (self.connection.maximum_request_bytes().saturating_sub(2 * HEAD)) / row.max(1);
        for area in areas {
            let area = area.within(canvas.width.min(FARTHEST), canvas.height.min(FARTHEST));
            for band in bands(area, rows.clamp(1, MOST_ROWS)) {
                self.put(canvas, band)?;
            }
        }
        self.connection.get_input_focus()?.reply()?; // answered in order, after the pixels
        Ok(())
    }

    /// Sends an area within the canvas.
    fn put(&self, canvas: &Canvas, area: Rect) -> Result<(), ConnectionError> {
        if canvas.pixels.len() < canvas.width * canvas.height {
            return Ok(());
        }
        let length = (HEAD + area.width * area.height * size_of::<u32>()) / 4;
        let mut head = Vec::with_capacity(HEAD);
        head.extend([xproto::PUT_IMAGE_REQUEST, u8::from(ImageFormat::Z_PIXMAP)]);
        // Longer requests have their length elsewhere, and x11rb inserts it.
        head.extend(u16::try_from(length).unwrap_or_default().to_ne_bytes());
        head.extend(self.window.to_ne_bytes());
        head.extend(self.context.to_ne_bytes());
        for number in [area.width, area.height, area.x, area.y] {
            head.extend(u16::try_from(number).unwrap_or_default().to_ne_bytes());
        }
        head.extend([0, self.depth, 0, 0]);
        let (row, bytes) = (canvas.width * size_of::<u32>(), canvas.bytes());
        let (from, across) = (area.x * size_of::<u32>(), area.width * size_of::<u32>());
        let rows = bytes.chunks_exact(row.max(1)).skip(area.y).take(area.height);
        let rows = rows.filter_map(|row| row.get(from..from + across)).map(IoSlice::new);
        let request: Vec<_> = std::iter::once(IoSlice::new(&head)).chain(rows).collect();
        // The pixels go to the socket from where they are: x11rb's own function takes one piece only.
        self.connection.send_request_without_reply(&request, Vec::new())?;
        Ok(())
    }
}

/// The picture on the clipboard as a file, if there is one.
pub(crate) fn clipboard_picture() -> Option<Vec<u8>> {
    let picture = x11_clipboard::picture();
    picture.inspect_err(|error| tracing::debug!("no picture can be pasted: {error}")).ok().flatten()
}

/// Whether windows of this depth take the pixels of a [`Canvas`] as they are.
fn takes_canvases(setup: &xproto::Setup, depth: u8) -> bool {
    let order = if cfg!(target_endian = "little") { ImageOrder::LSB_FIRST } else { ImageOrder::MSB_FIRST };
    let is_wide = |format: &xproto::Format| {
        (format.depth, format.bits_per_pixel, format.scanline_pad) == (depth, 32, 32)
    };
    setup.image_byte_order == order && setup.pixmap_formats.iter().any(is_wide)
}

/// The area in parts of so many rows; none if it has no pixels.
fn bands(area: Rect, rows: usize) -> impl Iterator<Item = Rect> {
    let bottom = if area.width == 0 { area.y } else { area.bottom() };
    let band = move |y| Rect { y, height: rows.min(bottom - y), ..area };
    (area.y..bottom).step_by(rows.max(1)).map(band)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_high_area_is_sent_in_parts_without_gaps() {
        let parts: Vec<_> = bands(Rect::new(3, 5, 40, 2_400), 1_000).collect();
        assert_eq!(parts, [(5, 1_000), (1_005, 1_000), (2_005, 400)].map(|(y, h)| Rect::new(3, y, 40, h)));
        for empty in [Rect::new(0, 0, 10, 0), Rect::new(0, 0, 0, 10)] {
            assert_eq!(bands(empty, 1_000).count(), 0);
        }
    }
}
