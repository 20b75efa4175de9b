//! Drawing a sheet.

use pulsecam_media::{
    drawing::{Rect, fill},
    picture::Canvas,
};

use super::{COLUMNS, MARGIN, ROWS, SLOT_COLUMNS, SLOT_ROWS, Stamp, slot_origin};

const WHITE: u32 = 0x00ff_ffff;
const BLACK: u32 = 0;

/// White cells around the frame.
const BORDER: usize = 1;

/// The place of a sheet on a canvas, in whole pixels: cells of unequal size would look like distortion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Upper left corner of the black frame.
    origin: (usize, usize),
    /// Pixels of a cell, across and down.
    cell: usize,
}

impl Layout {
    /// The largest sheet within `room`, in its middle; `None` if there is no room for one.
    #[must_use]
    pub fn within(room: Rect) -> Option<Self> {
        let (across, down) = (COLUMNS + 2 * BORDER, ROWS + 2 * BORDER);
        let cell = (room.width / across).min(room.height / down);
        let whole = room.middle(across * cell, down * cell);
        (cell > 0).then_some(Self { origin: (whole.x + BORDER * cell, whole.y + BORDER * cell), cell })
    }

    /// The black frame's outer edge.
    #[must_use]
    pub const fn frame(&self) -> Rect {
        let (x, y) = self.origin;
        Rect::new(x, y, COLUMNS * self.cell, ROWS * self.cell)
    }

    /// Draws border, frame and margin; all slots are empty.
    pub fn draw(&self, canvas: &mut Canvas) {
        let Rect { x, y, width, height } = self.frame();
        let border = BORDER * self.cell;
        fill(canvas, Rect::new(x - border, y - border, width + 2 * border, height + 2 * border), WHITE);
        fill(canvas, self.frame(), BLACK);
        fill(canvas, self.frame().inset(self.cell), WHITE);
        fill(canvas, self.cells(1, 1, 1, 1), BLACK);
    }

    /// Draws a stamp in its slot.
    pub fn draw_slot(&self, canvas: &mut Canvas, slot: usize, stamp: Stamp) {
        let ((left, top), bits) = (slot_origin(slot), stamp.bits(slot));
        fill(canvas, self.cells(left, top, SLOT_COLUMNS, SLOT_ROWS), WHITE);
        for index in (0..SLOT_COLUMNS * SLOT_ROWS).filter(|index| bits >> (47 - index) & 1 == 1) {
            let cell = self.cells(left + index % SLOT_COLUMNS, top + index / SLOT_COLUMNS, 1, 1);
            fill(canvas, cell, BLACK);
        }
    }

    const fn cells(&self, column: usize, row: usize, across: usize, down: usize) -> Rect {
        let Self { origin: (x, y), cell } = *self;
        Rect::new(x + column * cell, y + row * cell, across * cell, down * cell)
    }
}

const _: () = assert!(SLOT_COLUMNS * 2 + 2 * MARGIN == COLUMNS && SLOT_ROWS * 2 + 2 * MARGIN == ROWS);
const _: () = assert!(SLOT_COLUMNS * SLOT_ROWS == 48, "the bits of a stamp");
