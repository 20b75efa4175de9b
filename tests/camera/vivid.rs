//! The kernel's virtual camera: raw pixels in many formats, and buttons that make its driver fail.

use std::{
    thread,
    time::{Duration, Instant},
};

use v4l::{
    Device, Format, FourCC, Fraction,
    control::{Control, Description, Type, Value},
    video::{Capture, capture::Parameters},
};

use super::{PATIENCE, node::Node};

const NAME: &str = "vivid";

/// No text over the test picture.
const NO_TEXT: i64 = 2;

/// Vivid's camera in its default state, which is restored on drop.
pub struct Vivid {
    node: Node,
}

impl Vivid {
    pub fn ready() -> Self {
        let deadline = Instant::now() + PATIENCE;
        let node = loop {
            let here = |node: &Node| node.name.starts_with(NAME) && node.is_capture;
            // After "Disconnect" it is listed but cannot be opened.
            match Node::all().into_iter().find(here) {
                Some(node) if Device::new(node.number).is_ok() => break node,
                _ => assert!(Instant::now() < deadline, "vivid does not come back"),
            }
            thread::sleep(Duration::from_millis(20));
        };
        let vivid = Self { node };
        vivid.calm();
        vivid
    }

    pub fn path(&self) -> String {
        self.node.path()
    }

    /// The `--source` argument.
    pub fn source(&self) -> String {
        format!("camera:{}", self.node.path())
    }

    /// A handle on it, as another program would have.
    pub fn open(&self) -> Device {
        Device::new(self.node.number).unwrap()
    }

    /// Presses a button, on a handle that stays open until it is dropped. A disconnected camera comes back
    /// once nobody holds it open.
    pub fn press(&self, name: &str) -> Device {
        let device = self.open();
        let id = control(&device, name).id;
        device.set_control(Control { id, value: Value::None }).unwrap();
        device
    }

    pub fn set(&self, name: &str, value: i64) {
        let device = self.open();
        let control = control(&device, name);
        let value =
            if control.typ == Type::Boolean { Value::Boolean(value != 0) } else { Value::Integer(value) };
        device.set_control(Control { id: control.id, value }).unwrap();
    }

    /// Leaves this format and interval set, as another program might.
    pub fn leave(&self, fourcc: &[u8; 4], size: (u32, u32), interval: (u32, u32)) {
        let device = self.open();
        device.set_format(&Format::new(size.0, size.1, FourCC::new(fourcc))).unwrap();
        device.set_params(&Parameters::new(Fraction::new(interval.0, interval.1))).unwrap();
        let (format, set) = (device.format().unwrap(), device.params().unwrap());
        println!("left at {}x{} {}, {}", format.width, format.height, format.fourcc, set.interval);
    }

    fn calm(&self) {
        self.set("OSD Text Mode", NO_TEXT);
        self.set("Percentage of Dropped Buffers", 0);
    }
}

impl Drop for Vivid {
    fn drop(&mut self) {
        if !thread::panicking() && Device::new(self.node.number).is_ok() {
            self.calm();
        }
    }
}

fn control(device: &Device, name: &str) -> Description {
    let controls = device.query_controls().unwrap();
    let names: Vec<_> = controls.iter().map(|control| control.name.clone()).collect();
    controls
        .into_iter()
        .find(|control| control.name == name)
        .unwrap_or_else(|| panic!("no {name:?} in {names:?}"))
}
