//! The bundled fonts.

use std::{
    io::Read,
    sync::{Arc, LazyLock},
};

use cosmic_text::fontdb::{self, Database, FaceInfo, Source};
use flate2::read::GzDecoder;

/// The bundled sans serif.
pub const SANS: &[u8] = include_bytes!("fonts/DejaVuSans-subset.ttf");

pub(super) const SANS_FAMILY: &str = "DejaVu Sans";
pub(super) const HAN_FAMILY: &str = "Droid Sans Fallback";

/// The hanzi are decompressed, in milliseconds, with the first text that has any.
static HAN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut font = Vec::new();
    let compressed: &[u8] = include_bytes!("fonts/DroidSansFallback-GB2312.ttf.gz");
    if let Err(error) = GzDecoder::new(compressed).read_to_end(&mut font) {
        tracing::error!(%error, "the bundled hanzi are damaged");
    }
    font
});

struct Han;

impl AsRef<[u8]> for Han {
    fn as_ref(&self) -> &[u8] {
        &HAN
    }
}

/// The bundled fonts only.
pub(super) fn database() -> Database {
    let mut db = Database::new();
    db.load_font_source(Source::Binary(Arc::new(SANS)));
    // `load_font_source` would read what is stated here from the font, and so decompress it.
    db.push_face_info(FaceInfo {
        id: fontdb::ID::dummy(),
        source: Source::Binary(Arc::new(Han)),
        index: 0,
        families: vec![(HAN_FAMILY.to_owned(), fontdb::Language::English_UnitedStates)],
        post_script_name: "DroidSansFallback".to_owned(),
        style: fontdb::Style::Normal,
        weight: fontdb::Weight::NORMAL,
        stretch: fontdb::Stretch::Normal,
        monospaced: false,
    });
    db
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_are_what_is_said_of_them() {
        let mut read = Database::new();
        for font in [SANS, &HAN] {
            read.load_font_data(font.to_vec());
        }
        let said = |db: &Database| -> Vec<_> {
            let face = |face: &FaceInfo| {
                let FaceInfo {
                    index, families, post_script_name, style, weight, stretch, monospaced, ..
                } = face.clone();
                (index, families, post_script_name, style, weight, stretch, monospaced)
            };
            db.faces().map(face).collect()
        };
        assert_eq!(said(&database()), said(&read));
        let families: Vec<_> = read.faces().map(|face| face.families[0].0.clone()).collect();
        assert_eq!(families, [SANS_FAMILY, HAN_FAMILY]);
    }
}
