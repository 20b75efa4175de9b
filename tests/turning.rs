//! Pictures that are turned, mirrored or flipped before they are sent, as a viewer gets them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use common::{
    clip::{self, GREEN, RED},
    program::{RelayProgram, Running, fails, viewer},
};
use pulsecam::{
    jpeg::{Decoder, header},
    picture::Picture,
};

/// Sends the picture, and returns it as the relay's clients get it.
fn sent(jpeg: &[u8], how: &[&str]) -> (Vec<u8>, Picture) {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let clip = clip::write(folder.path(), "clip", jpeg);
    let arguments =
        ["send", &relay.addr, "--source", &clip, "--repeat", "--fps", "20", "--name", "a", "--quiet"];
    let _sender = Running::start(&[&arguments[..], how].concat());
    let mut viewer = viewer(&relay.addr, &[]);
    viewer.event("frame", |_| true);
    let mut socket = TcpStream::connect(&relay.addr).unwrap();
    let request = format!("GET /snapshot/a HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", relay.addr);
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let body = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let jpeg = answer.split_off(body);
    let picture = Decoder::new().unwrap().decode_rgb(&jpeg).unwrap();
    (jpeg, picture)
}

/// Asserts that the middle of this eighth of the picture has the colour.
fn has(picture: &Picture, (x, y): (usize, usize), colour: [u8; 3]) {
    let at = 3 * (picture.height * y / 8 * picture.width + picture.width * x / 8);
    let found = &picture.bytes()[at..at + 3];
    assert!(
        found.iter().zip(colour).all(|(found, wanted)| found.abs_diff(wanted) < 40),
        "{x},{y}: {found:?}"
    );
}

#[test]
fn a_picture_of_whole_blocks_is_turned_without_loss() {
    let original = clip::two_halves(64, 32);
    let (_, picture) = sent(&original, &["--rotate", "90"]);
    assert_eq!((picture.width, picture.height), (32, 64));
    has(&picture, (4, 1), RED);
    has(&picture, (4, 7), GREEN);
    let (twice, mirrored) = sent(&original, &["--rotate", "180", "--mirror", "--flip"]);
    assert_eq!(twice, original, "turned and turned back: nothing to do");
    has(&mirrored, (1, 4), RED);
    let (_, mirrored) = sent(&original, &["--mirror"]);
    has(&mirrored, (1, 4), GREEN);
    has(&mirrored, (7, 4), RED);
}

#[test]
fn a_picture_of_any_size_is_turned_whole() {
    for (size, how, turned) in [
        ((61, 31), ["--rotate", "270"], (31, 61)),
        ((60, 30), ["--rotate", "180"], (60, 30)),
        ((33, 17), ["--rotate", "90"], (17, 33)),
    ] {
        let (jpeg, picture) = sent(&clip::two_halves(size.0, size.1), &how);
        let found = header(&jpeg).unwrap();
        assert_eq!((found.width, found.height), turned, "{size:?} {how:?}");
        let (first, second) = match how[1] {
            "90" => ((4, 1), (4, 7)),
            "180" => ((7, 4), (1, 4)),
            _ => ((4, 7), (4, 1)),
        };
        has(&picture, first, RED);
        has(&picture, second, GREEN);
    }
}

#[test]
fn raw_pictures_are_turned_before_they_are_encoded() {
    let relay = RelayProgram::start(&[]);
    let source = ["--source", "pattern", "--size", "320x240", "--rotate", "90", "--name", "a", "--quiet"];
    let _sender = Running::start(&[&["send", &relay.addr], &source[..]].concat());
    let mut viewer = viewer(&relay.addr, &[]);
    let frame = viewer.event("frame", |_| true);
    assert_eq!((&frame["width"], &frame["height"]), (&240.into(), &320.into()), "{frame}");
}

#[test]
fn other_angles_are_wrong_usage() {
    fails(&["send", "127.0.0.1:1", "--rotate", "45"], 2, &["90", "180", "270"]);
}
