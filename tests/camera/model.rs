//! Model of a simulated camera: its modes, and the USB descriptors that report them.
//!
//! Laid out as in "USB Device Class Definition for Video Devices" 1.1 and its MJPEG and uncompressed
//! payloads; streams over a bulk endpoint, which needs no scheduling of microframes.

/// Maximum bytes of a payload, header included: what uvcvideo requests in one transfer.
pub const MAX_PAYLOAD: u32 = 16_384;

/// The class clock in Hz; no time stamps use it here.
const CLOCK: u32 = 48_000_000;

/// Pixel format of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Mjpeg,
    Yuyv,
}

/// One size of one format.
#[derive(Clone, Debug)]
pub struct Size {
    pub format: Format,
    pub width: u16,
    pub height: u16,
    /// Frame intervals in units of 100 ns, the default first.
    pub intervals: Vec<u32>,
}

impl Size {
    pub const fn frame_bytes(&self) -> u32 {
        self.width as u32 * self.height as u32 * 2
    }
}

/// A kind of camera.
#[derive(Clone, Debug)]
pub struct Model {
    pub name: String,
    pub serial: String,
    pub vendor: u16,
    pub product: u16,
    /// At least one in MJPEG.
    pub sizes: Vec<Size>,
}

impl Default for Model {
    /// MJPEG at 640x480 (30, 15 and 7.5 fps) and 320x240 (30); YUYV at 320x240 (15 and 7.5).
    fn default() -> Self {
        let size = |format, width, height, intervals: &[u32]| Size {
            format,
            width,
            height,
            intervals: intervals.into(),
        };
        Self {
            name: "Lab UVC Camera".into(),
            serial: "0001".into(),
            vendor: 0x1209,
            product: 0x0001,
            sizes: vec![
                size(Format::Mjpeg, 640, 480, &[333_333, 666_666, 1_333_333]),
                size(Format::Mjpeg, 320, 240, &[333_333]),
                size(Format::Yuyv, 320, 240, &[666_666, 1_333_333]),
            ],
        }
    }
}

impl Model {
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The number of a format in the descriptors, from 1.
    const fn format_index(format: Format) -> u8 {
        match format {
            Format::Mjpeg => 1,
            Format::Yuyv => 2,
        }
    }

    fn sizes_of(&self, format: Format) -> Vec<&Size> {
        self.sizes.iter().filter(|size| size.format == format).collect()
    }

    /// The size selected by a probe's format and frame index; if they are invalid, the first one.
    pub fn size(&self, format_index: u8, frame_index: u8) -> (u8, u8, &Size) {
        let wanted = if format_index == 2 { Format::Yuyv } else { Format::Mjpeg };
        let format = if self.sizes_of(wanted).is_empty() { Format::Mjpeg } else { wanted };
        let frame = frame_index.max(1);
        match self.sizes_of(format).get(usize::from(frame) - 1) {
            Some(size) => (Self::format_index(format), frame, size),
            None => (Self::format_index(format), 1, self.sizes_of(format)[0]),
        }
    }

    pub fn device_descriptor(&self) -> Vec<u8> {
        let mut bytes = vec![18, 1, 0x00, 0x02, 0xef, 2, 1, 64];
        le16(&mut bytes, self.vendor);
        le16(&mut bytes, self.product);
        bytes.extend([0x00, 0x01, 1, 2, 3, 1]);
        bytes
    }

    pub fn configuration_descriptor(&self) -> Vec<u8> {
        let (control, streaming) = (control_interface(), self.streaming_interface());
        let mut body = vec![8, 11, 0, 2, 0x0e, 3, 0, 0]; // associates the two interfaces
        body.extend([9, 4, 0, 0, 0, 0x0e, 1, 0, 0]);
        body.extend(control);
        body.extend([9, 4, 1, 0, 1, 0x0e, 2, 0, 0]);
        body.extend(streaming);
        body.extend([7, 5, 0x81, 2, 0x00, 0x02, 0]); // bulk IN, packets of 512 bytes
        let mut bytes = vec![9, 2];
        le16(&mut bytes, (9 + body.len()) as u16);
        bytes.extend([2, 1, 0, 0x80, 250]);
        bytes.extend(body);
        bytes
    }

    pub fn string_descriptor(&self, index: u8) -> Option<Vec<u8>> {
        let text = match index {
            0 => return Some(vec![4, 3, 0x09, 0x04]), // English
            1 => "Lab",
            2 => &self.name,
            3 => &self.serial,
            _ => return None,
        };
        let mut bytes = vec![0, 3];
        for unit in text.encode_utf16() {
            le16(&mut bytes, unit);
        }
        bytes[0] = bytes.len() as u8;
        Some(bytes)
    }

    fn streaming_interface(&self) -> Vec<u8> {
        const COLOUR: [u8; 6] = [6, 0x24, 0x0d, 1, 1, 4];
        let mut formats = Vec::new();
        let mjpeg = self.sizes_of(Format::Mjpeg);
        formats.extend([11, 0x24, 0x06, 1, mjpeg.len() as u8, 1, 1, 0, 0, 0, 0]);
        for (i, size) in mjpeg.into_iter().enumerate() {
            formats.extend(frame_descriptor(0x07, i as u8 + 1, size));
        }
        formats.extend(COLOUR);
        let yuyv = self.sizes_of(Format::Yuyv);
        let count = if yuyv.is_empty() { 1 } else { 2 };
        if !yuyv.is_empty() {
            formats.extend([27, 0x24, 0x04, 2, yuyv.len() as u8]);
            formats.extend(b"YUY2\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71");
            formats.extend([16, 1, 0, 0, 0, 0]);
            for (i, size) in yuyv.into_iter().enumerate() {
                formats.extend(frame_descriptor(0x05, i as u8 + 1, size));
            }
            formats.extend(COLOUR);
        }
        let head = 13 + count;
        let mut bytes = vec![head, 0x24, 0x01, count];
        le16(&mut bytes, (usize::from(head) + formats.len()) as u16);
        bytes.extend([0x81, 0, 2, 0, 0, 0, 1]);
        bytes.extend(std::iter::repeat_n(0, count.into()));
        bytes.extend(formats);
        bytes
    }
}

fn control_interface() -> Vec<u8> {
    let mut input = vec![18, 0x24, 0x02, 1, 0x01, 0x02, 0, 0];
    input.extend([0, 0, 0, 0, 0, 0, 3, 0, 0, 0]);
    let output = [9, 0x24, 0x03, 2, 0x01, 0x01, 0, 1, 0];
    let mut bytes = vec![13, 0x24, 0x01, 0x00, 0x01];
    le16(&mut bytes, (13 + input.len() + output.len()) as u16);
    le32(&mut bytes, CLOCK);
    bytes.extend([1, 1]);
    bytes.extend(input);
    bytes.extend(output);
    bytes
}

fn frame_descriptor(subtype: u8, index: u8, size: &Size) -> Vec<u8> {
    let mut bytes = vec![(26 + 4 * size.intervals.len()) as u8, 0x24, subtype, index, 0];
    le16(&mut bytes, size.width);
    le16(&mut bytes, size.height);
    le32(&mut bytes, size.frame_bytes() * 8 * 5);
    le32(&mut bytes, size.frame_bytes() * 8 * 30);
    le32(&mut bytes, size.frame_bytes());
    le32(&mut bytes, size.intervals[0]);
    bytes.push(size.intervals.len() as u8);
    for interval in &size.intervals {
        le32(&mut bytes, *interval);
    }
    bytes
}

fn le16(bytes: &mut Vec<u8>, value: u16) {
    bytes.extend(value.to_le_bytes());
}

fn le32(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend(value.to_le_bytes());
}
