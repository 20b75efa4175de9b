//! The page, probes, and requests that get an error.

use pulsecam_net::relay::web;

use super::{
    browser::{exchange, get, get_with},
    common::server::Server,
    with_web,
};

#[tokio::test]
async fn the_page_loads_with_what_protects_it_and_its_files_never_change() {
    let server = Server::start(with_web()).await;
    let page = get(server.addr, "/?lang=zh").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'self'"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert!(!page.text().contains("{{assets}}"));
    let tag = page.header("etag").unwrap();
    let again = get_with(server.addr, "/", &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let view = get(server.addr, "/view/door").await;
    assert_eq!(view.status, 200);
    assert!(!view.header("content-security-policy").unwrap().contains("frame-ancestors"), "may be framed");
    let facts = get(server.addr, "/page.json").await;
    assert!(facts.text().contains("\"https\":false") && facts.text().contains("\"keys\":false"));
    server.stop().await;
}

/// For the QR code of a page that was opened at the relay's own machine.
#[tokio::test]
async fn only_a_page_on_the_relays_own_machine_is_told_its_other_addresses() {
    let web = web::Config::default().with(|web| web.names = vec!["cam.example.org".into()]);
    let server = Server::start(with_web().with(|config| config.web = Some(web))).await;
    let port = server.addr.port();
    let facts = async |host: &str| {
        let request = format!("GET /page.json HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
        let answer = exchange(server.addr, request.as_bytes()).await;
        serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()
    };
    let addresses = serde_json::json!([format!("http://cam.example.org:{port}")]);
    assert_eq!(facts("localhost").await["addresses"], addresses);
    assert_eq!(facts("127.0.0.1").await["addresses"], addresses);
    for other in ["cam.example.org", "192.0.2.1", "desk.local"] {
        assert!(facts(other).await.get("addresses").is_none(), "{other}");
    }
    server.stop().await;
}

#[tokio::test]
async fn probes_answer_whatever_the_host_is_called() {
    let server = Server::start(with_web()).await;
    for target in ["/healthz", "/readyz"] {
        let answer = exchange(
            server.addr,
            format!("GET {target} HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n").as_bytes(),
        )
        .await;
        assert_eq!((answer.status, answer.text().lines().count()), (200, 1));
    }
    server.stop().await;
}

/// Each gets its status and, if it is a request at all, one line of words; nobody else notices.
#[tokio::test]
async fn a_bad_request_gets_its_status_and_disturbs_nobody() {
    let server = Server::start(with_web()).await;
    let addr = server.addr;
    let head =
        |first: &str, lines: &str| format!("{first}\r\nHost: {addr}\r\nConnection: close\r\n{lines}\r\n");
    let long = "x".repeat(40_000);
    let many = "X-A: b\r\n".repeat(100);
    let foreign = "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_owned();
    for (request, status) in [
        (head("GET /nothing HTTP/1.1", ""), 404),
        (head("GET /assets/0/app.js HTTP/1.1", ""), 404),
        (head("DELETE / HTTP/1.1", ""), 405),
        (head("OPTIONS /stream HTTP/1.1", ""), 405),
        (foreign, 403),
        (head("GET /wire HTTP/1.1", ""), 426),
        (head("GET /wire HTTP/1.1", "Upgrade: websocket\r\nConnection: upgrade\r\n"), 426),
        (head("GET /cert.pem HTTP/1.1", ""), 404),
        (head("POST /stream HTTP/1.1", "Content-Length: 0\r\n"), 400),
        (head("GET /stream/nobody HTTP/1.1", ""), 404),
        (head("GET /snapshot HTTP/1.1", ""), 503),
    ] {
        let answer = exchange(addr, request.as_bytes()).await;
        assert_eq!(answer.status, status, "{request}");
        assert_eq!(answer.text().lines().count(), 1, "{request}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    for (request, status) in [
        (head(&format!("GET /{long} HTTP/1.1"), ""), 431),
        (head("GET / HTTP/1.1", &format!("X-Long: {long}\r\n")), 431),
        (head("GET / HTTP/1.1", &many), 431),
        (head("GET / HTTP/9.9", ""), 400),
        (head("G\u{1}T / HTTP/1.1", ""), 400),
    ] {
        assert_eq!(exchange(addr, request.as_bytes()).await.status, status);
    }
    assert_eq!(get(addr, "/").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_serves_several_requests() {
    let server = Server::start(with_web()).await;
    let addr = server.addr;
    let first = format!("GET /healthz HTTP/1.1\r\nHost: {addr}\r\n\r\n");
    let second = format!("HEAD / HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    let both = exchange(addr, [first, second].concat().as_bytes()).await;
    let rest = both.text();
    assert!(rest.contains("healthy\nHTTP/1.1 200 OK"), "{rest}");
    assert!(rest.ends_with("\r\n\r\n"), "HEAD has no body");
    server.stop().await;
}

/// Without the setting, the port is for clients of the wire only.
#[tokio::test]
async fn a_relay_without_web_serves_no_browser() {
    let server = Server::start(pulsecam_net::relay::Config::default()).await;
    let mut stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut all).await;
    assert!(!all.starts_with(b"HTTP"));
    server.stop().await;
}
