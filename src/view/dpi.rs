//! The scale of the interface on this screen, and the size of a window on it.

/// Dots per inch at which the scale is 1.
#[cfg(any(test, all(unix, not(target_os = "macos"))))]
const PLAIN: f32 = 96.0;

/// Accepted scales: the size that a screen reports may be nonsense.
#[cfg(any(test, all(unix, not(target_os = "macos"))))]
const PLAUSIBLE: std::ops::RangeInclusive<f32> = 1.0..=3.0;

/// Size of a window in pixels at a scale of 1.
const WINDOW: (usize, usize) = (1280, 720);

/// The part of the screen that a window takes at most, in percent: there are panels and a title bar.
const MOST_OF_SCREEN: usize = 90;

/// What is known about the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Screen {
    dpi: Option<f32>,
    /// Width and height in pixels.
    size: Option<(usize, usize)>,
}

/// A connection to the display, to be kept until the window is open. An X server that has no other clients starts anew
/// when the last one leaves, and cuts off the next one that comes meanwhile: libX11 then fails or crashes.
#[derive(Debug, Default)]
pub(crate) struct Held {
    #[cfg(all(unix, not(target_os = "macos")))]
    _connection: Option<x11rb::rust_connection::RustConnection>,
}

impl Screen {
    /// The screen on which a window opens, and the connection by which that was found. On Windows and macOS nothing is
    /// known about it; they scale the windows of programs that, like this one, do not declare that they draw for dense
    /// screens.
    pub(crate) fn find() -> (Self, Held) {
        #[cfg(all(unix, not(target_os = "macos")))]
        return x11().unwrap_or_default();
        #[cfg(not(all(unix, not(target_os = "macos"))))]
        Default::default()
    }

    /// Pixels per unit.
    pub(crate) fn scale(self) -> f32 {
        #[cfg(any(test, all(unix, not(target_os = "macos"))))]
        return self.dpi.map_or(1.0, scale);
        #[cfg(not(any(test, all(unix, not(target_os = "macos")))))]
        1.0
    }

    /// The size of a window in pixels at this scale of the interface.
    pub(crate) fn window(self, scale: f32) -> (usize, usize) {
        let side = |side: usize, of_screen: Option<usize>| {
            let room = of_screen.map_or(usize::MAX, |side| side / 100 * MOST_OF_SCREEN);
            ((side as f32 * scale.max(1.0)) as usize).min(room.max(side))
        };
        (side(WINDOW.0, self.size.map(|size| size.0)), side(WINDOW.1, self.size.map(|size| size.1)))
    }
}

/// Pixels per unit.
pub(crate) fn guess() -> f32 {
    Screen::find().0.scale()
}

/// The density from the desktop's setting (`Xft.dpi`), or else from the screen's own size.
#[cfg(all(unix, not(target_os = "macos")))]
fn x11() -> Option<(Screen, Held)> {
    use x11rb::connection::Connection;
    let (connection, number) = x11rb::connect(None).ok()?;
    let screen = connection.setup().roots.get(number)?;
    let size = Some((screen.width_in_pixels.into(), screen.height_in_pixels.into()));
    let resources = x11rb::resource_manager::new_from_default(&connection).ok();
    let set = resources.and_then(|resources| resources.get_value::<f32>("Xft.dpi", "Xft.Dpi").ok().flatten());
    let millimetres = f32::from(screen.height_in_millimeters);
    let measured = || (millimetres > 0.0).then(|| f32::from(screen.height_in_pixels) / (millimetres / 25.4));
    let screen = Screen { dpi: set.or_else(measured), size };
    Some((screen, Held { _connection: Some(connection) }))
}

/// Rounded to quarters, so that a scale close to 1 becomes exactly 1, and sharp.
#[cfg(any(test, all(unix, not(target_os = "macos"))))]
fn scale(dpi: f32) -> f32 {
    let scale = (dpi / PLAIN * 4.0).round() / 4.0;
    if scale.is_finite() { scale.clamp(*PLAUSIBLE.start(), *PLAUSIBLE.end()) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screens_are_plain_dense_or_nonsense() {
        for (dpi, wanted) in
            [(96.0, 1.0), (101.0, 1.0), (144.0, 1.5), (192.0, 2.0), (30.0, 1.0), (9e9, 3.0), (f32::NAN, 1.0)]
        {
            assert!((scale(dpi) - wanted).abs() < 1e-6, "{dpi}");
        }
    }

    #[test]
    fn a_window_grows_with_the_scale_as_far_as_the_screen_allows() {
        let screen = |size| Screen { dpi: Some(192.0), size };
        assert!((screen(None).scale() - 2.0).abs() < 1e-6 && (Screen::default().scale() - 1.0).abs() < 1e-6);
        assert_eq!(screen(Some((3840, 2160))).window(2.0), (2560, 1440));
        assert_eq!(screen(Some((1920, 1080))).window(2.0), (1710, 900));
        assert_eq!(screen(Some((1024, 768))).window(3.0), (1280, 720), "never smaller than at a scale of 1");
        assert_eq!(Screen::default().window(0.5), (1280, 720));
    }
}
