//! The formats that are recognised: what they are good for, their names, and how to convert them.

use std::fmt;

/// A format that is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Jpeg,
    Png,
    Gif,
    WebP,
    Bmp,
    /// TIFF, and the raw pictures of cameras, most of which are one.
    Tiff,
    Heif,
    Avif,
    JpegXl,
    Jpeg2000,
    Photoshop,
    Gimp,
    Pnm,
    Ico,
    OpenExr,
    Radiance,
    Qoi,
    Dds,
    Matroska,
    Avi,
    /// QuickTime and MP4, which share one structure.
    Mov,
    Asf,
    Flv,
    Ogg,
    Ivf,
    Y4m,
    MpegTs,
    MpegPs,
    MpegVideo,
    Mpeg4Video,
    H264,
    H265,
    Wav,
    Mp3,
    Flac,
    Pdf,
    PostScript,
    Gzip,
    Xz,
    Zstd,
    Bzip2,
    Zip,
    SevenZip,
    Multipart,
    Http,
    Html,
    Svg,
    Xml,
    Text,
    Zeros,
}

impl FileKind {
    /// Whether JPEGs may follow: a multipart dump starts with text.
    pub(crate) const fn may_hold_jpegs(self) -> bool {
        matches!(
            self,
            Self::Jpeg
                | Self::Multipart
                | Self::Http
                | Self::Html
                | Self::Svg
                | Self::Xml
                | Self::Text
                | Self::Zeros
        )
    }

    /// Whether it is a film with its own timing, in a supported container.
    pub(crate) const fn is_film(self) -> bool {
        matches!(self, Self::Matroska | Self::Avi | Self::Mov)
    }

    /// Whether it is one picture, possibly animated.
    pub(crate) const fn is_still(self) -> bool {
        matches!(
            self,
            Self::Jpeg
                | Self::Png
                | Self::Gif
                | Self::WebP
                | Self::Bmp
                | Self::Tiff
                | Self::Heif
                | Self::Avif
                | Self::JpegXl
                | Self::Jpeg2000
                | Self::Photoshop
                | Self::Gimp
                | Self::Pnm
                | Self::Ico
                | Self::OpenExr
                | Self::Radiance
                | Self::Qoi
                | Self::Dds
        )
    }

    /// The command that converts it to JPEGs in a pipe; `None` if there is none.
    pub(crate) fn advice(self) -> Option<String> {
        Some(match self.unpacker() {
            Some(unpacker) => format!("{unpacker} -dc"),
            None => format!("ffmpeg -f {} -i - -f mjpeg -", self.demuxer()?),
        })
    }

    /// The command that converts a file of it to JPEGs; `None` if there is none.
    pub(crate) fn advice_for_file(self) -> Option<String> {
        Some(match self.unpacker() {
            Some(unpacker) => format!("{unpacker} -dc FILE"),
            None if self == Self::Heif => "heif-convert FILE picture.jpg".into(),
            None => {
                self.demuxer()?;
                "ffmpeg -i FILE -f mjpeg -".into()
            }
        })
    }

    const fn unpacker(self) -> Option<&'static str> {
        Some(match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            _ => return None,
        })
    }

    /// ffmpeg's name for the format.
    const fn demuxer(self) -> Option<&'static str> {
        Some(match self {
            Self::Png => "png_pipe",
            Self::Gif => "gif_pipe",
            Self::WebP => "webp_pipe",
            Self::Bmp => "bmp_pipe",
            Self::Tiff => "tiff_pipe",
            Self::JpegXl => "jpegxl_pipe",
            Self::Jpeg2000 => "j2k_pipe",
            Self::Photoshop => "psd_pipe",
            Self::Pnm => "ppm_pipe",
            Self::OpenExr => "exr_pipe",
            Self::Qoi => "qoi_pipe",
            Self::Dds => "dds_pipe",
            Self::Matroska => "matroska",
            Self::Avi => "avi",
            Self::Mov | Self::Avif => "mov",
            Self::Asf => "asf",
            Self::Flv => "flv",
            Self::Ogg => "ogg",
            Self::Ivf => "ivf",
            Self::Y4m => "yuv4mpegpipe",
            Self::MpegTs => "mpegts",
            Self::MpegPs => "mpeg",
            Self::MpegVideo => "mpegvideo",
            Self::Mpeg4Video => "m4v",
            Self::H264 => "h264",
            Self::H265 => "hevc",
            _ => return None,
        })
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "a JPEG picture",
            Self::Png => "a PNG picture",
            Self::Gif => "a GIF picture",
            Self::WebP => "a WebP picture",
            Self::Bmp => "a BMP picture",
            Self::Tiff => "a TIFF or raw picture",
            Self::Heif => "a HEIC picture",
            Self::Avif => "an AVIF picture",
            Self::JpegXl => "a JPEG XL picture",
            Self::Jpeg2000 => "a JPEG 2000 picture",
            Self::Photoshop => "a Photoshop picture",
            Self::Gimp => "a GIMP picture",
            Self::Pnm => "a PNM picture",
            Self::Ico => "an icon (ICO)",
            Self::OpenExr => "an OpenEXR picture",
            Self::Radiance => "a Radiance HDR picture",
            Self::Qoi => "a QOI picture",
            Self::Dds => "a DDS picture",
            Self::Matroska => "a Matroska or WebM film",
            Self::Avi => "an AVI film",
            Self::Mov => "an MP4 or QuickTime film",
            Self::Asf => "a Windows Media film",
            Self::Flv => "a Flash film (FLV)",
            Self::Ogg => "an Ogg film or sound",
            Self::Ivf => "an IVF film",
            Self::Y4m => "uncompressed video (YUV4MPEG2)",
            Self::MpegTs => "an MPEG transport stream (MPEG-TS)",
            Self::MpegPs => "an MPEG program stream (MPEG-PS)",
            Self::MpegVideo => "MPEG-1 or MPEG-2 video",
            Self::Mpeg4Video => "MPEG-4 video",
            Self::H264 => "H.264 video",
            Self::H265 => "H.265 video",
            Self::Wav => "a WAV sound",
            Self::Mp3 => "an MP3 sound",
            Self::Flac => "a FLAC sound",
            Self::Pdf => "a PDF document",
            Self::PostScript => "a PostScript document",
            Self::Gzip => "data compressed by gzip",
            Self::Xz => "data compressed by xz",
            Self::Zstd => "data compressed by zstd",
            Self::Bzip2 => "data compressed by bzip2",
            Self::Zip => "a ZIP archive",
            Self::SevenZip => "a 7z archive",
            Self::Multipart => "a multipart stream",
            Self::Http => "a web server's response",
            Self::Html => "a web page (HTML)",
            Self::Svg => "a drawing (SVG)",
            Self::Xml => "XML",
            Self::Text => "text",
            Self::Zeros => "zeros",
        })
    }
}
