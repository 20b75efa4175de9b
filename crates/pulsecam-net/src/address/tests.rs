use super::*;

fn parsed(text: &str) -> Result<String, Error> {
    text.parse::<Address>().map(|address| address.to_string())
}

#[test]
fn the_port_is_added_if_it_is_missing() {
    for (text, shown) in [
        ("cam.local", "cam.local:6868"),
        ("cam.local:1", "cam.local:1"),
        ("cam.local.", "cam.local.:6868"),
        ("192.0.2.1", "192.0.2.1:6868"),
        ("192.0.2.1:7", "192.0.2.1:7"),
        ("::1", "[::1]:6868"),
        ("[::1]", "[::1]:6868"),
        ("[::1]:7", "[::1]:7"),
        ("2001:DB8::0:2", "[2001:db8::2]:6868"),
        ("2001:db8:1:2:3:4:5:6868", "[2001:db8:1:2:3:4:5:6868]:6868"),
        ("::ffff:192.0.2.1", "192.0.2.1:6868"),
        ("摄像机", "摄像机:6868"),
    ] {
        assert_eq!(parsed(text).as_deref(), Ok(shown), "{text}");
        assert_eq!(parsed(shown).as_deref(), Ok(shown), "what is shown can be typed");
    }
}

#[test]
fn a_zone_belongs_to_a_link_local_address() {
    for (text, shown) in [
        ("fe80::2%eth0", "[fe80::2%eth0]:6868"),
        ("fe80::2%3", "[fe80::2%3]:6868"),
        ("[fe80::2%eth0]", "[fe80::2%eth0]:6868"),
        ("[fe80::2%eth0]:7", "[fe80::2%eth0]:7"),
        ("tcp://[fe80::2%25eth0]:7", "[fe80::2%eth0]:7"),
        ("2001:db8::2%eth0", "[2001:db8::2]:6868"),
        ("fe80::a00:27ff:fe4e:66a1%usb0", "[fe80::a00:27ff:fe4e:66a1%usb0]:6868"),
    ] {
        assert_eq!(parsed(text).as_deref(), Ok(shown), "{text}");
    }
    let error = parsed("fe80::2").unwrap_err();
    assert!(error.to_string().contains("write fe80::2%eth0"), "{error}");
    assert_eq!(parsed("fe80::2%eth0:7"), Err(Error::Unbracketed("[fe80::2%eth0]:7".into())));
}

#[test]
fn what_people_paste_is_understood() {
    for text in [
        " desk.local:7000 ",
        "desk.local:7000\n",
        "desk.local:7000/",
        "http://desk.local:7000",
        "http://desk.local:7000/",
        "HTTP://desk.local:7000//",
        "tcp://desk.local:7000",
        "pulsecam://desk.local:7000/",
    ] {
        assert_eq!(parsed(text).as_deref(), Ok("desk.local:7000"), "{text}");
    }
    assert_eq!(parsed("http://[::1]/").as_deref(), Ok("[::1]:6868"));
}

#[test]
fn what_is_not_understood_is_refused_with_the_right_form() {
    for (text, right) in [
        ("", "HOST:PORT"),
        ("  ", "HOST:PORT"),
        ("http://", "HOST:PORT"),
        (":6868", "localhost:6868"),
        ("desk.local:", "desk.local:6868"),
        ("desk.local:0", "desk.local:6868"),
        ("desk.local:70000", "desk.local:6868"),
        ("desk.local:+1", "desk.local:6868"),
        ("desk.local:http", "desk.local:6868"),
        ("[::1]:", "[::1]:6868"),
        ("[::1]:70000", "[::1]:6868"),
        ("[::1", "[::1]:6868"),
        ("[::1]7", "[::1]:6868"),
        ("[desk.local]:7", "[::1]:6868"),
        ("::1:6868", "[::1]:6868 if it is, otherwise [::1:6868]"),
        ("fe80::2%eth0:70000", "[fe80::2%eth0]:6868"),
        ("2001:db8:1:2:3:4:5:6:7000", "[2001:db8:1:2:3:4:5:6]:7000"),
        ("desk.local:6868:6868", "HOST:PORT"),
        ("ann@desk.local", "write desk.local without ann@"),
        ("http://ann:secret@desk.local:1", "write desk.local:1 without"),
        ("desk.local/live", "write desk.local without /live"),
        ("http://desk.local:7/?a=b", "write desk.local:7 without /?a=b"),
        ("https://desk.local/", "write desk.local without https://"),
        ("rtsp://desk.local:554", "write desk.local:554"),
    ] {
        let error = parsed(text).expect_err(text).to_string();
        assert!(error.contains(right), "{text:?} should say {right:?}: {error}");
    }
}

#[test]
fn a_password_is_not_repeated() {
    let error = parsed("http://ann:secret@desk.local").unwrap_err().to_string();
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn words_numbers_and_times_are_no_hosts_to_a_person() {
    let unmistakable = |text: &str| text.parse::<Address>().is_ok_and(|address| address.is_unmistakable());
    for host in
        ["desk.local", "desk.local:7", "localhost", "192.0.2.1", "[::1]", "fe80::1%3", "a.b-c.example"]
    {
        assert!(unmistakable(host), "{host}");
    }
    for text in ["coffee", "10:30", "3.5", "e.g.", "done.", "v1.2", "...", "你好.", "", "wait:", "1.2.3"] {
        assert!(!unmistakable(text), "{text}");
    }
}
