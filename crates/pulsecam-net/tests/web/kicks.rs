//! A client that is disconnected, and kept out for a while.

use pulsecam_net::{auth::Key, relay::web, wire::close_reason_text};

use super::{
    browser::{exchange, get},
    common::server::{Bare, Server},
    operators::{json, post, with_admin},
    with_web,
};

#[tokio::test]
async fn a_kicked_client_is_kept_out_for_a_while() {
    let (addr, admin, _stop) = with_admin().await;
    let mut client = Bare::connect(addr).await;
    for bad in ["", "0", "soon", "8d", "-5"] {
        let refused = post(admin, &format!("/api/v1/clients/1/kick?for={bad}"), "", "").await;
        assert_eq!(refused.status, 400, "{bad}");
        assert!(refused.text().contains("10m"), "{}", refused.text());
    }
    assert_eq!(post(admin, "/api/v1/clients/9/kick?for=10m", "", "").await.status, 404);
    client.ask().await;
    assert_eq!(get(addr, "/healthz").await.status, 200, "nobody is kept out by a mistake");
    let kicked = post(admin, "/api/v1/clients/1/kick?for=10m", "", "").await;
    assert_eq!((kicked.status, &*kicked.text()), (200, "disconnected; 127.0.0.1 is kept out for 10m\n"));
    assert!(close_reason_text(&client.receive().await).unwrap().contains("operator"));
    client.end().await;
    let mut again = Bare::connect_unseen(addr).await;
    let farewell = again.receive().await;
    assert!(close_reason_text(&farewell).unwrap().contains("keeps this address out"), "{farewell:?}");
    again.end().await;
    assert_eq!(json(admin, "/api/v1/clients").await.as_array().unwrap().len(), 0);
    let metrics = get(admin, "/metrics").await.text();
    assert!(metrics.contains("pulsecam_leaves_total{reason=\"kicked\"} 1"), "{metrics}");
    assert!(metrics.contains("pulsecam_refused_total{reason=\"address_full\"} 1"), "{metrics}");
}

/// Browsers keep connections open.
#[tokio::test]
async fn a_connection_that_is_open_is_refused_too() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (addr, admin, _stop) = with_admin().await;
    let mut idle = tokio::net::TcpStream::connect(addr).await.unwrap();
    let mut answers = Vec::new();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {addr}\r\n\r\n");
    idle.write_all(request.as_bytes()).await.unwrap();
    while !answers.ends_with(b"healthy\n") {
        assert!(idle.read_buf(&mut answers).await.unwrap() > 0);
    }
    let mut client = Bare::connect(addr).await;
    assert_eq!(post(admin, "/api/v1/clients/1/kick?for=60", "", "").await.status, 200);
    client.end().await;
    let request = format!("GET /snapshot HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    idle.write_all(request.as_bytes()).await.unwrap();
    answers.clear();
    idle.read_to_end(&mut answers).await.unwrap();
    let refused = super::browser::parsed(&answers);
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("keeps this address out"), "{}", refused.text());
    assert_eq!(get(admin, "/healthz").await.status, 200, "operators have a port of their own");
}

#[tokio::test]
async fn an_operator_does_not_keep_itself_out() {
    let token = "the operators' token";
    let config = with_web().with(|config| {
        config.web =
            Some(web::Config::default().with(|web| web.admin_token = Some(Key::new(token).unwrap())));
    });
    let server = Server::start(config).await;
    let mut client = Bare::connect(server.addr).await;
    let kick = |query: &str| {
        format!(
            "POST /api/v1/clients/1/kick{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Length: 0\r\nAuthorization: Bearer {token}\r\n\r\n",
            server.addr
        )
    };
    let refused = exchange(server.addr, kick("?for=60").as_bytes()).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("same address"), "{}", refused.text());
    client.ask().await;
    assert_eq!(exchange(server.addr, kick("").as_bytes()).await.status, 200);
    client.end().await;
    server.stop().await;
}
