//! The window as a small one in a corner of the screen: without a frame, above others, in the proportions of its picture
//! (hints of ICCCM, Motif and the Extended Window Manager Hints).

use x11rb::{
    connection::Connection,
    properties::{AspectRatio, WmSizeHints},
    protocol::xproto::{self, AtomEnum, ConfigureWindowAux, ConnectionExt, PropMode},
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::x11::Error;

/// The smallest sides of the window: below, nothing can be read.
const LEAST: (i32, i32) = (160, 120);

/// Part of the screen's width for the small window, and the distance from its edges in pixels.
const SHARE: (u32, u32) = (4, 24);

/// Motif's hint that a window has no frame: only the decorations count, and there are none.
const NO_FRAME: [u32; 5] = [1 << 1, 0, 0, 0, 0];

x11rb::atom_manager! {
    /// The atoms that are used.
    pub(super) SmallAtoms:
    /// Their replies.
    SmallAtomsCookie {
        _MOTIF_WM_HINTS,
        _NET_FRAME_EXTENTS,
    }
}

/// Where a window is on the screen, without its frame.
pub(super) type Place = (i32, i32, u32, u32);

/// The small window.
#[derive(Debug)]
pub(super) struct X11Small {
    window: xproto::Window,
    root: xproto::Window,
    screen: (u16, u16),
    atoms: SmallAtoms,
    /// Where the window was before it was small.
    before: Option<Place>,
}

impl X11Small {
    /// Prepares for this window, and tells its smallest size.
    pub(super) fn new(
        connection: &RustConnection,
        window: xproto::Window,
        screen: &xproto::Screen,
    ) -> Result<Self, Error> {
        let atoms = SmallAtoms::new(connection)?.reply()?;
        let size = (screen.width_in_pixels, screen.height_in_pixels);
        let small = Self { window, root: screen.root, screen: size, atoms, before: None };
        small.hint(connection, None)?;
        Ok(small)
    }

    /// Whether the window is small.
    pub(super) const fn is_small(&self) -> bool {
        self.before.is_some()
    }

    /// Tells the window's smallest size, and its proportions if it keeps some.
    fn hint(&self, connection: &RustConnection, proportions: Option<(usize, usize)>) -> Result<(), Error> {
        let side = |side: usize| i32::try_from(side.max(1)).unwrap_or(i32::MAX);
        let aspect = proportions.map(|(width, height)| AspectRatio::new(side(width), side(height)));
        let hints = WmSizeHints {
            min_size: Some(LEAST),
            aspect: aspect.map(|aspect| (aspect, aspect)),
            ..WmSizeHints::default()
        };
        hints.set_normal_hints(connection, self.window)?;
        Ok(())
    }

    /// Where the window is now.
    pub(super) fn place(&self, connection: &RustConnection) -> Result<Place, Error> {
        let geometry = connection.get_geometry(self.window)?.reply()?;
        let at = connection.translate_coordinates(self.window, self.root, 0, 0)?.reply()?;
        Ok((at.dst_x.into(), at.dst_y.into(), geometry.width.into(), geometry.height.into()))
    }

    /// Width of the frame's left edge, and height of its upper one.
    fn frame(&self, connection: &RustConnection) -> Result<(i32, i32), Error> {
        let name = self.atoms._NET_FRAME_EXTENTS;
        let sides = connection.get_property(false, self.window, name, AtomEnum::CARDINAL, 0, 4)?.reply()?;
        let sides: Vec<u32> = sides.value32().map(Iterator::collect).unwrap_or_default();
        let side = |at: usize| sides.get(at).and_then(|side| i32::try_from(*side).ok()).unwrap_or_default();
        Ok((side(0), side(2)))
    }

    /// Makes the window small, in the proportions of a picture, or as large as it was; returns whether it is small.
    pub(super) fn toggle(
        &mut self,
        connection: &RustConnection,
        picture: (usize, usize),
    ) -> Result<bool, Error> {
        if let Some((x, y, width, height)) = self.before.take() {
            self.hint(connection, None)?;
            connection.delete_property(self.window, self.atoms._MOTIF_WM_HINTS)?;
            self.configure(connection, (x, y, width, height))?;
            return Ok(false);
        }
        let (x, y, width, height) = self.place(connection)?;
        // Window managers place the frame.
        let (left, top) = self.frame(connection)?;
        self.before = Some((x - left, y - top, width, height));
        let hints = self.atoms._MOTIF_WM_HINTS;
        connection.change_property32(PropMode::REPLACE, self.window, hints, hints, &NO_FRAME)?;
        self.hint(connection, Some(picture))?;
        self.configure(connection, corner(self.screen, picture))?;
        Ok(true)
    }

    /// Asks for another place of the window.
    pub(super) fn configure(
        &self,
        connection: &RustConnection,
        (x, y, width, height): Place,
    ) -> Result<(), Error> {
        let place = ConfigureWindowAux::new().x(x).y(y).width(width).height(height);
        connection.configure_window(self.window, &place)?;
        Ok(connection.flush()?)
    }
}

/// The lower right corner of a screen, for a window in the proportions of a picture.
fn corner(screen: (u16, u16), (across, down): (usize, usize)) -> Place {
    let (width, height) = (u32::from(screen.0), u32::from(screen.1));
    let (least, side) = ((LEAST.0.unsigned_abs(), LEAST.1.unsigned_abs()), |side: usize| side.max(1) as f64);
    let (share, edge) = SHARE;
    let high = |wide: u32| (f64::from(wide) * side(down) / side(across)).round() as u32;
    let mut wide = (width / share).max(least.0);
    // As high as it is wide at most, and not smaller than a window can be.
    if high(wide) > wide {
        wide = (f64::from(wide) * side(across) / side(down)).round() as u32;
    }
    let size = (wide.max(least.0), high(wide).max(least.1));
    let at = |screen: u32, size: u32| i32::try_from(screen.saturating_sub(size + edge)).unwrap_or_default();
    (at(width, size.0), at(height, size.1), size.0, size.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corner_has_the_proportions_of_the_picture() {
        assert_eq!(corner((1920, 1080), (1280, 720)), (1920 - 480 - 24, 1080 - 270 - 24, 480, 270));
        assert_eq!(corner((1920, 1080), (720, 1280)), (1920 - 270 - 24, 1080 - 480 - 24, 270, 480));
        assert_eq!(corner((100, 100), (1280, 720)), (0, 0, 160, 120), "no smaller than a window can be");
        let (_, _, width, height) = corner((1920, 1080), (0, 5));
        assert!(width >= 160 && height >= 120);
    }
}
