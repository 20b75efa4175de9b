//! Other people's programs as they are: ffmpeg sends a stream and reads one, curl takes a picture, promtool reads
//! the counters.

use std::{
    io::Read,
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use pulsecam_net::relay::{self, AdminListener, Listeners};
use tokio::{net::TcpListener, sync::oneshot, task::spawn_blocking, time::timeout};

use super::{
    common::server::{PATIENCE, Server},
    with_web,
};

/// A running program, which ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may have ended
        let _ = self.0.wait();
    }
}

/// Begins to send a stream as ffmpeg does it.
fn publishes(addr: SocketAddr, name: &str) -> Running {
    let target = format!("http://{addr}/stream/{name}");
    let source = ["-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=30"];
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-loglevel", "error"]).args(source);
    ffmpeg.args(["-f", "mpjpeg", "-method", "POST", &target]);
    Running(ffmpeg.spawn().expect("ffmpeg is installed"))
}

/// Runs a program to its end, which must be a good one; returns what it printed.
async fn output(program: &str, args: &[&str]) -> Vec<u8> {
    let mut command = Command::new("timeout");
    command.arg(PATIENCE.as_secs().to_string()).arg(program).args(args);
    let output = spawn_blocking(move || command.output()).await.unwrap().expect("it is installed");
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs ffmpeg: make test-web-relay"]
async fn ffmpeg_sends_a_stream_and_reads_it_in_both_forms() {
    let server = Server::start_apart(with_web()).await;
    let _sender = publishes(server.addr, "test");
    server.told(&["joined"]).await;
    let source = format!("http://{}/stream/test", server.addr);
    for accept in ["*/*", "image/avif,image/webp,*/*"] {
        let headers = format!("Accept: {accept}\r\n");
        let args = ["-nostdin", "-loglevel", "error", "-headers", &headers, "-f", "mpjpeg", "-i", &source];
        let frames =
            output("ffmpeg", &[&args[..], &["-frames:v", "10", "-f", "framecrc", "-"]].concat()).await;
        let lines = String::from_utf8(frames).unwrap();
        assert_eq!(lines.lines().filter(|line| !line.starts_with('#')).count(), 10, "{lines}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs ffmpeg and curl: make test-web-relay"]
async fn curl_takes_a_picture_and_a_stream() {
    let server = Server::start_apart(with_web()).await;
    let _sender = publishes(server.addr, "test");
    server.told(&["joined"]).await;
    let base = format!("http://{}", server.addr);
    for target in ["/snapshot/test", "/?action=snapshot&1608856928650", "/webcam/?action=snapshot"] {
        let picture = output("curl", &["--silent", "--fail", &format!("{base}{target}")]).await;
        assert!(picture.starts_with(&[0xff, 0xd8]) && picture.ends_with(&[0xff, 0xd9]), "{target}");
    }
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--no-buffer", &format!("{base}/stream/test")]).stdout(Stdio::piped());
    let mut curl = Running(curl.spawn().unwrap());
    let mut picked = curl.0.stdout.take().unwrap();
    let reading = spawn_blocking(move || {
        let mut read = vec![0; 50_000];
        picked.read_exact(&mut read).map(|()| read)
    });
    let read = timeout(PATIENCE, reading).await.expect("it goes on").unwrap().unwrap();
    let text = String::from_utf8_lossy(&read);
    assert!(text.starts_with("--boundarydonotcross\r\nContent-Type: image/jpeg\r\nContent-Length: "));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs promtool: make test-web-relay"]
async fn promtool_finds_nothing_wrong_with_the_counters() {
    let main = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = admin.local_addr().unwrap();
    let (_stop, stopped) = oneshot::channel::<()>();
    let listeners = Listeners::new(main).with_admin(Some(AdminListener::Tcp(admin)));
    tokio::spawn(relay::run(listeners, with_web(), async move { _ = stopped.await }));
    let script = format!("curl --silent --fail http://{addr}/metrics | promtool check metrics");
    let said = output("bash", &["-o", "pipefail", "-c", &script]).await;
    assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
}
