//! Division of the window between the pictures and the conversation.

use super::theme::Metrics;
use crate::drawing::Rect;

/// Width of a window, in heights of its text, from which the conversation is beside the pictures.
const BESIDE: usize = 36;

/// Height from which it is below them.
const BELOW: usize = 28;

/// Least and largest width of the conversation beside the pictures, in the same unit: lines of some 35 to 60 letters.
const WIDTH: (usize, usize) = (18, 30);

/// The parts of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stage {
    /// The part of the pictures, and of everything over them; it begins in the upper left corner.
    pub(crate) pictures: Rect,
    /// The part of the conversation, while it is open.
    pub(crate) conversation: Option<Rect>,
}

impl Stage {
    /// Divides a window of this size. In a small one, the conversation is over the pictures.
    pub(crate) fn new((width, height): (usize, usize), is_talking: bool, metrics: Metrics) -> Self {
        let whole = Rect::new(0, 0, width, height);
        let unit = metrics.text as usize;
        if !is_talking {
            Self { pictures: whole, conversation: None }
        } else if width >= BESIDE * unit && width >= height {
            let panel = (width * 3 / 10).clamp(WIDTH.0 * unit, WIDTH.1 * unit);
            let (pictures, left) = (Rect { width: width - panel, ..whole }, width - panel);
            Self { pictures, conversation: Some(Rect { x: left, width: panel, ..whole }) }
        } else if height >= BELOW * unit {
            let panel = height * 2 / 5;
            let (pictures, top) = (Rect { height: height - panel, ..whole }, height - panel);
            Self { pictures, conversation: Some(Rect { y: top, height: panel, ..whole }) }
        } else {
            Self { pictures: whole, conversation: Some(whole) }
        }
    }

    /// Whether the conversation lies over the pictures.
    pub(crate) fn is_covered(&self) -> bool {
        self.conversation.is_some_and(|conversation| conversation.overlaps(self.pictures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversation_is_beside_the_pictures_or_below_them() {
        let stage = |size, scale| Stage::new(size, true, Metrics::new(scale));
        let beside = stage((1280, 720), 1.0);
        assert_eq!(beside.conversation, Some(Rect::new(896, 0, 384, 720)));
        assert_eq!(beside.pictures, Rect::new(0, 0, 896, 720));
        assert_eq!(
            stage((3840, 1080), 1.0).conversation.map(|panel| panel.width),
            Some(480),
            "no wider than a line"
        );
        let below = stage((600, 900), 1.0);
        assert_eq!(below.conversation, Some(Rect::new(0, 540, 600, 360)));
        assert!(!beside.is_covered() && !below.is_covered());
        assert!(stage((400, 300), 1.0).is_covered(), "too small for both");
        assert_eq!(stage((1280, 720), 2.0).pictures.width, 1280 - 18 * 32, "a dense screen");
        let closed = Stage::new((640, 360), false, Metrics::new(1.0));
        assert_eq!((closed.pictures, closed.conversation), (Rect::new(0, 0, 640, 360), None));
    }
}
