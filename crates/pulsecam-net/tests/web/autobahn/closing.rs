//! Closing, with codes and reasons that may be sent or not.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_7_closing() {
    let good = |number: &str| frame(FIN | BINARY, &message(number, 100));
    let half = message("7.1.5", 100);
    let wrong = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64";
    let large =
        [frame(FIN | BINARY, &message("7.1.6", 256 << 10)), good("7.1.6"), bye(), frame(FIN | PING, b"")];
    let cases = [
        Case::new("7.1.1", [good("7.1.1"), bye()], NORMAL).passes([100]),
        Case::new("7.1.2", [bye(), frame(FIN | CLOSE, b"")], NORMAL),
        Case::new("7.1.3", [bye(), frame(FIN | PING, b"")], NORMAL),
        Case::new("7.1.4", [bye(), good("7.1.4")], NORMAL),
        Case::new("7.1.5", [frame(BINARY, &half[..50]), bye(), frame(FIN, &half[50..])], NORMAL),
        Case::new("7.1.6", large, NORMAL).passes([256 << 10, 100]),
        Case::new("7.3.1", [frame(FIN | CLOSE, b"")], NORMAL),
        Case::new("7.3.2", [frame(FIN | CLOSE, b"a")], PROTOCOL),
        Case::new("7.3.3", [bye()], NORMAL),
        Case::new("7.3.4", [close(NORMAL, b"Hello World!")], NORMAL),
        Case::new("7.3.5", [close(NORMAL, &[b'*'; 123])], NORMAL),
        Case::new("7.3.6", [close(NORMAL, &[b'*'; 124])], PROTOCOL),
        Case::new("7.5.1", [close(NORMAL, wrong)], PROTOCOL),
        // What these give is up to a server.
        Case::new("7.13.1", [close(5000, b"")], PROTOCOL),
        Case::new("7.13.2", [close(65_535, b"")], PROTOCOL),
    ];
    let valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
    let valid = valid.into_iter().enumerate();
    let valid =
        valid.map(|(index, code)| Case::new(format!("7.7.{}", index + 1), [close(code, b"")], NORMAL));
    let invalid = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].into_iter().enumerate();
    let invalid =
        invalid.map(|(index, code)| Case::new(format!("7.9.{}", index + 1), [close(code, b"")], PROTOCOL));
    run(cases.into_iter().chain(valid).chain(invalid)).await;
}
