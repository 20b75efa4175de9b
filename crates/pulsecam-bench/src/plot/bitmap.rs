//! The bitmap backend, with text set as a browser sets the SVG's.
//!
//! plotters' own ignores glyphs' side bearings and draws text too high.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};
use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};

use pulsecam_media::drawing;

/// Ems per unit of font size, as in the SVG backend.
const EM: f64 = 1.0 / 1.24;

/// Distance from a text's position down to its baseline, in ems: the SVG backend's 0.5ex, 0.76em and -0.5ex.
const CENTRE: f64 = 0.273;
const TOP: f64 = 0.76;
const BOTTOM: f64 = -0.273;

pub(crate) struct Bitmap<'a>(pub(crate) BitMapBackend<'a>);

type Drawn<'a> = Result<(), DrawingErrorKind<<BitMapBackend<'a> as DrawingBackend>::ErrorType>>;

impl<'a> DrawingBackend for Bitmap<'a> {
    type ErrorType = <BitMapBackend<'a> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.0.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<'a> {
        self.0.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<'a> {
        self.0.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, colour: BackendColor) -> Drawn<'a> {
        self.0.draw_pixel(at, colour)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn<'a> {
        self.0.draw_rect(from, to, style, fill)
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn<'a> {
        let font =
            FontRef::try_from_slice(drawing::SANS).map_err(|e| DrawingErrorKind::FontError(Box::new(e)))?;
        let em = style.size() * EM;
        // ab_glyph's scale is the line height.
        let lines = font.height_unscaled() / font.units_per_em().unwrap_or(1.0);
        let scale = PxScale::from(em as f32 * lines);
        let scaled = font.as_scaled(scale);
        let mut pen = 0.0;
        let mut before = None;
        let mut glyphs = Vec::new();
        for id in text.chars().map(|c| font.glyph_id(c)) {
            pen += before.map(|before| scaled.kern(before, id)).unwrap_or_default();
            glyphs.push((id, pen));
            pen += scaled.h_advance(id);
            before = Some(id);
        }
        let left = x as f32
            - match style.anchor().h_pos {
                HPos::Left => 0.0,
                HPos::Center => pen / 2.0,
                HPos::Right => pen,
            };
        let down = match style.anchor().v_pos {
            VPos::Top => TOP,
            VPos::Center => CENTRE,
            VPos::Bottom => BOTTOM,
        };
        let baseline = y as f32 + (down * em) as f32;
        let colour = style.color();
        for (id, pen) in glyphs {
            let glyph = id.with_scale_and_position(scale, ab_glyph::point(left + pen, baseline));
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            let mut drawn = Ok(());
            outline.draw(|right, down, share| {
                if drawn.is_ok() && share > 0.0 {
                    let at = (corner.x as i32 + right as i32, corner.y as i32 + down as i32);
                    let alpha = colour.alpha * f64::from(share.min(1.0));
                    drawn = self.0.draw_pixel(at, BackendColor { alpha, ..colour });
                }
            });
            drawn?;
        }
        Ok(())
    }
}
