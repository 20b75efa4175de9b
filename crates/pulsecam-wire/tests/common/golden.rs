//! Messages with their bytes, written by hand from the format: never produced by the code under test.

use bytes::Bytes;
use pulsecam_wire::{FrameInfo, Heartbeat, Message, Origin, QString, Side, timestamp::Timestamp};

use super::hex;

/// A message and its bytes; the names are those of `peer golden`.
pub struct Golden {
    pub name: &'static str,
    pub message: Message,
    pub bytes: Vec<u8>,
}

/// "this is text" and "this is image" in UTF-16.
const TEXT: &str = "00000018 0074 0068 0069 0073 0020 0069 0073 0020 0074 0065 0078 0074";
const IMAGE: &str = "0000001a 0074 0068 0069 0073 0020 0069 0073 0020 0069 006d 0061 0067 0065";
/// "this is video image", without its length.
const VIDEO: &str =
    "0074 0068 0069 0073 0020 0069 0073 0020 0076 0069 0064 0065 006f 0020 0069 006d 0061 0067 0065";

pub fn golden() -> Vec<Golden> {
    let mut cases = Vec::new();
    let mut add = |name, message: Message, bytes: &str| {
        cases.push(Golden { name, message, bytes: hex(bytes) });
    };
    let raw = |number: i32, description, payload: Option<&[u8]>| {
        Message::new(number.into(), description, payload.map(Bytes::copy_from_slice)).unwrap()
    };
    let text = |text: &str| Message::text(text, &Origin::default()).unwrap();

    add("default", raw(0, QString::from(""), None), "0000000c 00000000 00000000 ffffffff");
    add(
        "text-hello",
        text("hello"),
        &format!("00000032 00000001 {TEXT} 0000000e 0000000a 0068 0065 006c 006c 006f"),
    );
    add(
        "text-chinese",
        text("你好，世界"),
        &format!("00000032 00000001 {TEXT} 0000000e 0000000a 4f60 597d ff0c 4e16 754c"),
    );
    add(
        "text-emoji",
        text("📷🙂"),
        &format!("00000030 00000001 {TEXT} 0000000c 00000008 d83d dcf7 d83d de42"),
    );
    add(
        "text-right-to-left",
        text("שלום"),
        &format!("00000030 00000001 {TEXT} 0000000c 00000008 05e9 05dc 05d5 05dd"),
    );
    add("text-empty", text(""), &format!("00000028 00000001 {TEXT} 00000004 00000000"));
    add(
        "text-null",
        raw(1, QString::from("this is text"), Some(&[0xff; 4])),
        &format!("00000028 00000001 {TEXT} 00000004 ffffffff"),
    );
    add(
        "text-lone-surrogate",
        raw(1, QString::from("this is text"), Some(&[0, 0, 0, 2, 0xd8, 0])),
        &format!("0000002a 00000001 {TEXT} 00000006 00000002 d800"),
    );
    add(
        "text-embedded-nul",
        text("a\0b"),
        &format!("0000002e 00000001 {TEXT} 0000000a 00000006 0061 0000 0062"),
    );
    let image = |payload: Option<&[u8]>| raw(2, QString::from("this is image"), payload);
    add("image-3-bytes", image(Some(&[1, 2, 3])), &format!("00000029 00000002 {IMAGE} 00000003 010203"));
    add("image-null-payload", image(None), &format!("00000026 00000002 {IMAGE} ffffffff"));
    add("image-empty-payload", image(Some(&[])), &format!("00000026 00000002 {IMAGE} 00000000"));
    let jpeg = || Bytes::from_static(&[0xff, 0xd8, 0xff, 0xd9]);
    add(
        "video-4-bytes",
        Message::video(jpeg(), &FrameInfo::default()).unwrap(),
        &format!("00000036 00000003 00000026 {VIDEO} 00000004 ffd8ffd9"),
    );
    let info = FrameInfo::default().with_stream("cam").with_seq(7).with_captured(Timestamp::from_micros(1));
    add(
        "video-attributes",
        Message::video(jpeg(), &info).unwrap(),
        // "; stream=cam; seq=7; captured=1"
        &format!(
            "00000074 00000003 00000064 {VIDEO}
             003b 0020 0073 0074 0072 0065 0061 006d 003d 0063 0061 006d
             003b 0020 0073 0065 0071 003d 0037
             003b 0020 0063 0061 0070 0074 0075 0072 0065 0064 003d 0031
             00000004 ffd8ffd9"
        ),
    );
    add(
        "heartbeat-client",
        Heartbeat::default().to_message(Side::Client),
        // "This is a heartbeat msg to server."
        "00000054 00000064 00000044
         0054 0068 0069 0073 0020 0069 0073 0020 0061 0020 0068 0065 0061 0072 0074 0062 0065 0061 0074
         0020 006d 0073 0067 0020 0074 006f 0020 0073 0065 0072 0076 0065 0072 002e
         00000004 00000000",
    );
    add(
        "heartbeat-server",
        Heartbeat::default().to_message(Side::Relay),
        // "This is a message of heartbeat from server."
        "00000067 00000064 00000056
         0054 0068 0069 0073 0020 0069 0073 0020 0061 0020 006d 0065 0073 0073 0061 0067 0065 0020 006f 0066
         0020 0068 0065 0061 0072 0074 0062 0065 0061 0074 0020 0066 0072 006f 006d 0020
         0073 0065 0072 0076 0065 0072 002e
         00000005 00000001 00",
    );
    add(
        "type-42-null-description",
        raw(42, QString::NULL, Some(&[1, 2, 3])),
        "0000000f 0000002a ffffffff 00000003 010203",
    );
    add(
        "type-42-empty-description",
        raw(42, QString::from(""), Some(&[1, 2, 3])),
        "0000000f 0000002a 00000000 00000003 010203",
    );
    cases
}
