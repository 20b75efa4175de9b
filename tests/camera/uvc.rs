//! A simulated USB webcam. The kernel's vhci-hcd accepts a socket as a USB cable (USB/IP), so the stock
//! uvcvideo driver binds to the simulation.

use std::{
    fs, io,
    net::Shutdown,
    os::{fd::AsRawFd, unix::net::UnixStream},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    PATIENCE,
    model::{Model, Size},
    node::Node,
    usbip::{Cable, Damage, Sent},
};

const ATTACH: &str = "/sys/devices/platform/vhci_hcd.0/attach";

/// USB 2.0, as the kernel numbers speeds.
const HIGH_SPEED: u8 = 3;

/// Polling interval for the kernel's device list; without udev there are no events.
const LOOK: Duration = Duration::from_millis(20);

/// A camera that is plugged in; dropping it unplugs it.
pub struct Uvc {
    pub model: Model,
    cable: Arc<Cable>,
    socket: UnixStream,
    threads: Vec<JoinHandle<()>>,
    node: Node,
}

impl Uvc {
    /// Plugs a camera into port 0 to 7 and waits for its device node.
    pub fn plug(port: u32, model: Model) -> Self {
        let (kernel, ours) = UnixStream::pair().unwrap();
        let before = Node::all();
        let cable = Arc::new(Cable::new(model.clone(), ours.try_clone().unwrap()));
        let threads = vec![
            {
                let (cable, socket) = (Arc::clone(&cable), ours.try_clone().unwrap());
                thread::spawn(move || cable.serve(socket))
            },
            {
                let cable = Arc::clone(&cable);
                thread::spawn(move || cable.stream())
            },
        ];
        attach(port, &kernel).unwrap();
        drop(kernel); // vhci holds its own reference
        let deadline = Instant::now() + PATIENCE;
        let node = loop {
            let new =
                |node: &Node| node.name.starts_with(&model.name) && node.is_capture && !before.contains(node);
            if let Some(node) = Node::all().into_iter().find(new) {
                break node;
            }
            assert!(Instant::now() < deadline, "the kernel makes no device of {}", model.name);
            thread::sleep(LOOK);
        };
        Self { model, cable, socket: ours, threads, node }
    }

    /// Its device, such as `/dev/video1`.
    pub fn path(&self) -> String {
        self.node.path()
    }

    /// The `--source` argument for exactly this camera, as long as it stays plugged in.
    pub fn by_path(&self) -> String {
        format!("camera:{}", self.path())
    }

    /// The `--source` argument that finds it again under another number.
    pub fn by_name(&self) -> String {
        format!("camera:{}", self.model.name)
    }

    /// Unplugs the camera and waits until its node is gone.
    pub fn unplug(mut self) -> Model {
        self.pull();
        self.model.clone()
    }

    fn pull(&mut self) {
        self.cable.cut();
        let _ = self.socket.shutdown(Shutdown::Both);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        let deadline = Instant::now() + PATIENCE;
        while Node::all().contains(&self.node) && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
    }

    /// Stops sending but stays plugged in, like a camera whose firmware hangs.
    pub fn stall(&self) {
        self.cable.with(|camera| camera.stalled = true);
    }

    pub fn resume(&self) {
        self.cable.with(|camera| camera.stalled = false);
    }

    /// Omits Huffman tables from JPEGs from now on, or includes them again.
    pub fn leave_tables_out(&self, out: bool) {
        self.cable.with(|camera| camera.without_tables = out);
    }

    /// Damages the next frames, one per entry.
    pub fn damage(&self, next: &[Damage]) {
        self.cable.with(|camera| camera.damage.extend(next));
    }

    /// Sends JPEGs of a size other than the mode's; `None` restores it.
    pub fn resize(&self, size: Option<(u16, u16)>) {
        self.cable.with(|camera| camera.size = size);
    }

    /// Sends a frame each `interval` regardless of the mode's rate, or as fast as the host takes them.
    pub fn hurry(&self, interval: Option<Duration>) {
        self.cable.with(|camera| camera.interval = interval);
    }

    /// Frames sent so far.
    pub fn frames(&self) -> u64 {
        self.cable.with(|camera| camera.next)
    }

    /// Damaged frames sent so far.
    pub fn damaged(&self) -> u64 {
        self.cable.with(|camera| camera.damaged)
    }

    /// The frame with this number as it was sent, if it is among the last ones.
    pub fn sent(&self, number: u64) -> Option<Sent> {
        self.cable.with(|camera| camera.sent(number))
    }

    /// When the frame with this number was sent, if it is among the last ones.
    pub fn sent_at(&self, number: u64) -> Option<Instant> {
        self.cable.with(|camera| camera.sent_at(number))
    }

    /// The size and the interval (in 100 ns) that the host has set.
    pub fn mode(&self) -> (Size, u32) {
        self.cable.with(|camera| camera.mode())
    }

    /// Waits until it has sent `more` frames.
    pub fn wait_for_frames(&self, more: u64) {
        let (until, deadline) = (self.frames() + more, Instant::now() + PATIENCE);
        while self.frames() < until {
            assert!(Instant::now() < deadline, "the host takes no frames");
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Uvc {
    fn drop(&mut self) {
        self.pull();
    }
}

/// Passes the other end to vhci. A port stays busy for a moment after its device was removed.
fn attach(port: u32, kernel: &UnixStream) -> io::Result<()> {
    let device = 0x0001_0002 + port;
    let request = format!("{port} {} {device} {HIGH_SPEED}", kernel.as_raw_fd());
    let deadline = Instant::now() + PATIENCE;
    loop {
        match fs::write(ATTACH, &request) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < deadline => {
                thread::sleep(LOOK);
            }
            done => return done,
        }
    }
}
