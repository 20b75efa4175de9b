use super::*;

fn cluster(frames: u64) -> Cluster {
    let link = Link {
        up: true,
        viewers: 3,
        frames_out: frames,
        bytes_out: frames * 100_000,
        late_us: Some(1500),
        round_trip_us: Some(640),
        ..Link::default()
    };
    let other = |relay: &str, alive, links| Other {
        relay: relay.into(),
        alive,
        unusable: None,
        public: alive.then(|| "10.0.0.2:6868".into()),
        clients: 4,
        max_clients: 1024,
        bytes_per_s: 9_000_000,
        links,
    };
    Cluster {
        relay: "00".into(),
        public: Some("10.0.0.1:6868".into()),
        clients: 12,
        max_clients: 1024,
        bytes_out: 0,
        relays: vec![other("01", true, vec![link]), other("02", false, Vec::new())],
    }
}

#[test]
fn rates_are_those_of_the_time_between_two_answers() {
    let text = table(&cluster(100), &cluster(160), Duration::from_secs(2));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "10.0.0.1:6868  asked  12/1024 clients  0.0 kB/s out",
            "10.0.0.2:6868  there   4/1024 clients  9.0 MB/s out",
            "  link up: to it 30 frames/s, 3.0 MB/s, 3 viewers there, 1.5 ms late, 0.6 ms of round trip; from it 0 frames/s, 0.0 kB/s",
            "02             gone    4/1024 clients  9.0 MB/s out",
        ]
    );
}

#[test]
fn what_is_wrong_is_said_in_the_relays_words() {
    let answer = |status: &str, body: &str| format!("HTTP/1.1 {status}\r\nX: y\r\n\r\n{body}").into_bytes();
    assert_eq!(read(&answer("200 OK", "{}")).as_deref(), Ok("{}"));
    let refused = read(&answer("401 Unauthorized", "a key is needed\n"));
    assert_eq!(refused, Err("a key is needed".into()));
    assert_eq!(read(&answer("404 Not Found", "")), Err("status 404".into()));
    assert!(read(b"\0\0\0\x0c").is_err());
}

#[test]
fn the_key_itself_is_not_sent() {
    let key = Key::new("sixteen letters.").unwrap();
    let request = request("[::1]:6868".parse().unwrap(), Some(&key));
    assert!(request.contains("Host: [::1]:6868\r\n") && request.contains(&key.view_token()), "{request}");
    assert!(!request.contains("sixteen"), "{request}");
}
