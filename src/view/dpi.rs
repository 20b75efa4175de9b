//! The scale of the interface on this screen.

/// Dots per inch at which the scale is 1.
const PLAIN: f32 = 96.0;

/// Accepted scales: the size that a screen reports may be nonsense.
const PLAUSIBLE: std::ops::RangeInclusive<f32> = 1.0..=3.0;

/// Pixels per unit, from the desktop's setting (`Xft.dpi`), or else from the screen's own size.
pub(crate) fn guess() -> f32 {
    #[cfg(all(unix, not(target_os = "macos")))]
    if let Some(dpi) = x11() {
        return scale(dpi);
    }
    1.0
}

#[cfg(all(unix, not(target_os = "macos")))]
fn x11() -> Option<f32> {
    use x11rb::connection::Connection;
    let (connection, screen) = x11rb::connect(None).ok()?;
    let resources = x11rb::resource_manager::new_from_default(&connection).ok()?;
    if let Ok(Some(dpi)) = resources.get_value::<f32>("Xft.dpi", "Xft.Dpi") {
        return Some(dpi);
    }
    let screen = connection.setup().roots.get(screen)?;
    let millimetres = f32::from(screen.height_in_millimeters);
    (millimetres > 0.0).then(|| f32::from(screen.height_in_pixels) / (millimetres / 25.4))
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
}
