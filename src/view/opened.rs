//! A window that has just been opened, at the size and place of the last one.

use minifb::Window;

use super::{
    dpi::Screen, keys::Keys, options::Error, placement::Placement, surface::Surface, window_system::open,
};

/// A window, and what every window of this program has.
pub(crate) struct Opened {
    pub(crate) window: Window,
    pub(crate) surface: Surface,
    /// What is typed into it.
    pub(crate) keys: Keys,
    /// Pixels per unit.
    pub(crate) scale: f32,
}

impl Opened {
    /// Opens a window of this size, or else where one was before, or else as large as the screen suggests.
    ///
    /// # Errors
    /// [`Error::NoDisplay`].
    pub(crate) fn new(
        title: &str,
        size: Option<(usize, usize)>,
        place: Option<Placement>,
        scale: Option<f32>,
    ) -> Result<Self, Error> {
        let (screen, held) = Screen::find();
        let scale = scale.unwrap_or_else(|| screen.scale());
        let size = size.or(place.map(Placement::size));
        let mut window = open(title, size.unwrap_or_else(|| screen.window(scale)))?;
        let mut surface = Surface::of(&window);
        drop(held);
        if let Some(place) = place {
            surface.put_back(place);
        }
        let keys = Keys::default();
        window.set_input_callback(Box::new(keys.clone()));
        Ok(Self { window, surface, keys, scale })
    }
}
