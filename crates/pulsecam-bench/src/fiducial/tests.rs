use pulsecam_media::{drawing::Rect, picture::Canvas};

use super::*;
use crate::optics::{Camera, Optics};

const SCREEN: (usize, usize) = (800, 640);
const VGA: (usize, usize) = (640, 480);

fn stamps(first: u64) -> [Stamp; SLOTS] {
    [0, 1, 2, 3].map(|slot| Stamp::new(0xa5, first + slot * 16))
}

/// A screen with a sheet that fills it.
fn screen(stamps: [Stamp; SLOTS]) -> Luma {
    let mut canvas = Canvas::filled(SCREEN.0, SCREEN.1, 0x00ff_ffff);
    let layout = Layout::within(Rect::new(0, 0, SCREEN.0, SCREEN.1)).unwrap();
    layout.draw(&mut canvas);
    for (slot, stamp) in stamps.into_iter().enumerate() {
        layout.draw_slot(&mut canvas, slot, stamp);
    }
    Luma::of_canvas(&canvas)
}

fn film(optics: Optics, looks: &[Luma]) -> Luma {
    Camera::new(optics, SCREEN).unwrap().expose(looks)
}

/// Slots that were read; the test fails if one was misread.
fn slots_read(optics: Optics, first: u64) -> usize {
    let wanted = stamps(first);
    let reading = read(&film(optics, &[screen(wanted)]));
    let Some(sheet) = reading.sheets.first() else { return 0 };
    let read = sheet.slots.iter().zip(wanted).filter_map(|(read, wanted)| read.map(|read| (read, wanted)));
    read.map(|(read, wanted)| assert_eq!(read, wanted, "{optics:?}")).count()
}

/// Corners of a sheet that is smaller and turned about its middle.
fn turned(scale: f32, degrees: f32) -> [(f32, f32); 4] {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [(-0.5, -0.4), (0.5, -0.4), (0.5, 0.4), (-0.5, 0.4)].map(|(x, y)| {
        let (x, y) = (x * scale, y * scale);
        ((x * cos - y * sin) + 0.5, (x * sin + y * cos) * 4.0 / 3.0 + 0.5)
    })
}

#[test]
fn every_bit_of_a_stamp_has_its_place_and_every_slot_its_own_checksum() {
    let times = (0..MILLIS_BITS).map(|bit| 1 << bit).chain([0, (1 << MILLIS_BITS) - 1]);
    for (session, millis) in times.flat_map(|millis| [(0, millis), (0xff, millis), (0x5a, millis)]) {
        let stamp = Stamp::new(session, millis);
        for slot in 0..SLOTS {
            assert_eq!(Stamp::from_bits(slot, stamp.bits(slot)), Some(stamp));
            assert_eq!(Stamp::from_bits((slot + 1) % SLOTS, stamp.bits(slot)), None);
        }
    }
    assert_eq!((Stamp::from_bits(0, 0), Stamp::from_bits(0, (1 << 48) - 1)), (None, None), "one colour");
}

/// Spells out the bits, because other programs may read them.
#[test]
fn the_layout_stays_as_documented() {
    let bits = Stamp::new(1, 2).bits(3);
    assert_eq!(bits >> 16, (0x0100_0002 * 0x9e37_79b1_u64) & 0xffff_ffff);
    let check = |bytes: &[u8]| {
        bytes.iter().fold(0xffff_u16, |crc, byte| {
            (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            })
        })
    };
    assert_eq!(check(b"123456789"), 0x29b1, "CRC-16/CCITT-FALSE");
    let value = (bits >> 16) as u32;
    assert_eq!(bits as u16, check(&[&[3], &value.to_be_bytes()[..]].concat()));
}

#[test]
fn consecutive_stamps_of_a_slot_differ_in_many_cells() {
    let differing: Vec<_> = (0..1000)
        .map(|at| (Stamp::new(7, at * 64).bits(1) ^ Stamp::new(7, at * 64 + 64).bits(1)).count_ones())
        .collect();
    let mean = f64::from(differing.iter().sum::<u32>()) / 1000.0;
    assert!(mean > 16.0 && *differing.iter().min().unwrap() >= 6, "{mean}");
}

#[test]
fn times_are_compared_across_the_wrap() {
    let (before, after) = (Stamp::new(0, (1 << MILLIS_BITS) - 5), Stamp::new(0, (1 << MILLIS_BITS) + 7));
    assert_eq!((after.millis_since(before), before.millis_since(after)), (12, -12));
}

#[test]
fn a_sheet_is_read_from_any_direction() {
    for (index, corners) in [
        Optics::ideal(VGA).corners,
        Optics::webcam(VGA).corners,
        // From far to the left, from below, and rolled over.
        [(0.1, 0.05), (0.75, 0.2), (0.75, 0.75), (0.1, 0.95)],
        [(0.2, 0.15), (0.8, 0.15), (0.97, 0.9), (0.03, 0.9)],
        turned(0.6, 30.0),
        turned(0.6, 45.0),
        turned(0.6, 100.0),
        turned(0.7, 180.0),
        turned(0.6, 290.0),
        // Mirrored.
        [(0.9, 0.1), (0.1, 0.1), (0.1, 0.9), (0.9, 0.9)],
    ]
    .into_iter()
    .enumerate()
    {
        let optics = Optics { corners, ..Optics::webcam(VGA) };
        assert_eq!(slots_read(optics, 1_000_000 + index as u64), SLOTS, "{corners:?}");
    }
}

#[test]
fn a_sheet_is_read_small_blurred_noisy_dim_and_with_stripes() {
    let webcam = Optics::webcam(VGA);
    for optics in [
        Optics { corners: turned(0.3, 3.0), blur: 1.0, ..webcam },
        Optics { corners: turned(0.8, 2.0), blur: 6.0, ..webcam },
        Optics { noise: 60, ..webcam },
        Optics { levels: (20, 75), noise: 6, ..webcam },
        Optics { levels: (120, 255), ..webcam },
        Optics { moire: 0.4, ..webcam },
        Optics { size: (320, 240), ..webcam },
        Optics { size: (1920, 1080), blur: 4.0, ..webcam },
    ] {
        assert_eq!(slots_read(optics, 77_777), SLOTS, "{optics:?}");
    }
}

#[test]
fn a_picture_during_a_change_gives_old_stamps_and_never_wrong_ones() {
    let old = stamps(5_000);
    let mut new = old;
    new[2] = Stamp::new(0xa5, 5_064);
    let (before, after) = (screen(old), screen(new));
    let mut missing = 0;
    for shutter in [0.25, 0.5, 1.0] {
        for changed in 0..=8 {
            let looks: Vec<_> =
                (0..8).map(|look| if look < changed { before.clone() } else { after.clone() }).collect();
            let reading = read(&film(Optics { shutter, ..Optics::webcam(VGA) }, &looks));
            let sheet = reading.sheets[0];
            for slot in [0, 1, 3] {
                assert_eq!(sheet.slots[slot], Some(old[slot]), "{shutter} {changed}");
            }
            match sheet.slots[2] {
                None => missing += 1,
                read => {
                    assert!(read == Some(old[2]) || read == Some(new[2]), "{shutter} {changed}: {read:?}");
                }
            }
            let newest = sheet.newest().unwrap();
            assert!(newest == new[2] || newest == old[3], "{newest:?}");
        }
    }
    assert!((3..20).contains(&missing), "{missing} of 27");
}

#[test]
fn sheets_in_two_windows_are_both_read() {
    let [near, far] = [stamps(9_000), stamps(8_700)].map(screen);
    let place = |corners| Optics { corners, ..Optics::ideal(VGA) };
    let left = film(place([(0.02, 0.2), (0.55, 0.2), (0.55, 0.8), (0.02, 0.8)]), &[near]);
    let right = film(place([(0.6, 0.3), (0.98, 0.3), (0.98, 0.7), (0.6, 0.7)]), &[far]);
    let pixels = left.pixels.iter().zip(&right.pixels).map(|(left, right)| *left.max(right)).collect();
    let reading = read(&Luma { pixels, ..left });
    let newest: Vec<_> = reading.sheets.iter().filter_map(Sheet::newest).collect();
    assert_eq!(newest, [stamps(9_000)[3], stamps(8_700)[3]]);
    assert_eq!(newest[0].millis_since(newest[1]), 300);
}

#[test]
fn a_sheet_that_leaves_the_picture_is_noticed() {
    let corners = [(-0.3, 0.1), (0.6, 0.1), (0.6, 0.9), (-0.3, 0.9)];
    let reading = read(&film(Optics { corners, ..Optics::webcam(VGA) }, &[screen(stamps(1))]));
    assert!(reading.cut && reading.sheets.is_empty(), "{reading:?}");
}

#[test]
fn a_sheet_too_blurred_to_be_read_is_still_seen() {
    let states: Vec<_> = (4..=14_u8)
        .map(|blur| {
            let optics = Optics { corners: turned(0.8, 0.0), blur: blur.into(), ..Optics::webcam(VGA) };
            let reading = read(&film(optics, &[screen(stamps(1))]));
            reading.sheets.first().map(Sheet::readable)
        })
        .collect();
    // By rising blur: read, only seen, not found.
    assert_eq!(states.first(), Some(&Some(SLOTS)), "{states:?}");
    assert!(states.contains(&Some(0)), "{states:?}");
    assert!(states.is_sorted_by(|one, other| one >= other), "{states:?}");
}

#[test]
fn pictures_without_a_sheet_have_none() {
    let mut random = fastrand::Rng::with_seed(17);
    for (width, height) in [(0, 0), (1, 1), (3, 500), (640, 480)] {
        for level in [0, 128, 255] {
            let luma = Luma { width, height, pixels: vec![level; width * height] };
            assert_eq!(read(&luma).sheets, []);
        }
        let noise = Luma { width, height, pixels: (0..width * height).map(|_| random.u8(..)).collect() };
        assert!(read(&noise).sheets.iter().all(|sheet| sheet.newest().is_none()));
    }
    assert_eq!(read(&Luma { width: 640, height: 480, pixels: vec![0; 3] }), Reading::default());
    for name in ["astronaut_512x512.jpg", "coffee_600x400.jpg", "raccoon_1024x768.jpg"] {
        let path = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/{}"), name);
        let jpeg = std::fs::read(path).unwrap();
        let picture = pulsecam_media::jpeg::Decoder::new().unwrap().decode_rgb(&jpeg).unwrap();
        assert_eq!(read(&Luma::of_picture(&picture)).sheets, [], "{name}");
    }
}

#[test]
fn a_room_too_small_has_no_sheet() {
    assert_eq!(Layout::within(Rect::new(0, 0, 21, 600)), None);
    let layout = Layout::within(Rect::new(10, 20, 640, 480)).unwrap();
    assert_eq!(layout.frame(), Rect::new(70, 52, 20 * 26, 16 * 26));
    // Drawing outside the canvas is cut.
    layout.draw(&mut Canvas::filled(100, 100, 0));
}
