//! The icon of the window: a lens, as on the page that a relay serves.

/// Distances from the middle, in halves of the side, and the colours that are painted up to there.
const RINGS: [(f32, [u8; 3]); 3] =
    [(0.64, [0xa9, 0xb0, 0xba]), (0.48, [0x16, 0x19, 0x1f]), (0.28, [0x56, 0xd3, 0x8c])];

/// Colour of the plate.
const PLATE: [u8; 3] = [0x16, 0x19, 0x1f];

/// Radius of the plate's corners, in halves of the side.
const CORNER: f32 = 0.44;

/// The pixels of an icon of this side, with their opacity: `0xAARRGGBB`.
pub(super) fn icon(side: u32) -> Vec<u32> {
    let half = side as f32 / 2.0;
    let pixel = |index: u32| {
        let at = |number: u32| (number as f32 + 0.5 - half) / half;
        let (x, y) = (at(index % side), at(index / side));
        // Distance outside of the plate's edge; an edge is one pixel wide.
        let (out_x, out_y) = ((x.abs() - 1.0 + CORNER).max(0.0), (y.abs() - 1.0 + CORNER).max(0.0));
        let covered = |distance: f32| (0.5 - distance * half).clamp(0.0, 1.0);
        let alpha = covered(out_x.hypot(out_y) - CORNER);
        let mut colour = PLATE.map(f32::from);
        for (radius, paint) in RINGS {
            let share = covered(x.hypot(y) - radius);
            for (channel, paint) in colour.iter_mut().zip(paint) {
                *channel += (f32::from(paint) - *channel) * share;
            }
        }
        let [red, green, blue] = colour.map(|channel| channel.round() as u8);
        u32::from_be_bytes([(alpha * 255.0).round() as u8, red, green, blue])
    };
    (0..side * side).map(pixel).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_lens_on_a_plate_with_round_corners() {
        for side in [16, 64] {
            let icon = icon(side);
            let at = |x: u32, y: u32| icon[(y * side + x) as usize];
            assert_eq!(at(side / 2, side / 2), 0xff56_d38c);
            assert_eq!(at(0, 0) >> 24, 0, "a corner");
            assert_eq!(at(side / 2, 1) >> 24, 255, "an edge");
        }
    }
}
