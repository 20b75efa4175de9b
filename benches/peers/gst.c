// GStreamer's path of a frame, with elements from Debian's packages, over real loopback TCP:
//
//   appsrc ! jpegenc ! multipartmux ! tcpserversink  →  tcpclientsrc ! multipartdemux ! jpegdec [! videoconvert] ! appsink
//
// With --relay, one more pipeline in between: tcpclientsrc ! tcpserversink. A frame is stamped when
// it is pushed, and when its pixels are pulled. Pictures are wrapped, not copied. --floor omits
// everything between encoder and decoder.
#include "common.h"

#include <gio/gio.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static Stamps stamps;
static _Atomic int clients; // of all sinks
static FILE *dump;          // each picture's JPEG once, to compare sizes and quality
static int dumped, dump_count;
static bool no_delay = true;

// tcpserversink has no property for it, and its clients' sockets have Nagle's algorithm on: the
// footer of a part, for which the demuxer waits, may then wait for an acknowledgement that is
// itself delayed. An expert would do this.
static void client_added(GstElement *sink, GSocket *socket, gpointer user)
{
    (void)sink, (void)user;
    if (no_delay && !g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL))
        DIE("TCP_NODELAY cannot be set");
    ++clients;
}

static GstPadProbeReturn encoded(GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
    (void)pad, (void)user;
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    stamps.bytes += gst_buffer_get_size(buffer);
    if (dump && dumped < dump_count) {
        GstMapInfo map;
        gst_buffer_map(buffer, &map, GST_MAP_READ);
        fwrite(map.data, 1, map.size, dump);
        gst_buffer_unmap(buffer, &map);
        ++dumped;
    }
    return GST_PAD_PROBE_OK;
}

static GstFlowReturn decoded(GstAppSink *sink, gpointer bytes)
{
    GstSample *sample = gst_app_sink_pull_sample(sink);
    stamp_arrival(&stamps);
    if (gst_buffer_get_size(gst_sample_get_buffer(sample)) != GPOINTER_TO_SIZE(bytes))
        DIE("a picture of another size arrived");
    gst_sample_unref(sample);
    return GST_FLOW_OK;
}

// An error in a pipeline exits the program: there is nothing to report.
static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, gpointer user)
{
    (void)bus, (void)user;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        GError *error;
        gst_message_parse_error(message, &error, NULL);
        DIE("%s: %s", GST_OBJECT_NAME(message->src), error->message);
    }
    return GST_BUS_PASS;
}

static GstElement *launch(char *text)
{
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch(text, &error);
    if (error)
        DIE("%s: %s", text, error->message);
    g_free(text);
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, on_message, NULL, NULL);
    gst_object_unref(bus);
    return pipeline;
}

// Returns a pipeline's element by name; the pipeline keeps it alive.
static GstElement *element(GstElement *pipeline, const char *name)
{
    GstElement *found = gst_bin_get_by_name(GST_BIN(pipeline), name);
    if (found)
        gst_object_unref(found);
    return found;
}

// Starts a pipeline that ends in a listening sink; returns the port.
static int serve(GstElement *pipeline)
{
    GstElement *sink = element(pipeline, "net");
    g_signal_connect(sink, "client-added", G_CALLBACK(client_added), NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    int port = 0;
    for (int i = 0; i < 500 && port == 0; ++i, g_usleep(10000))
        g_object_get(sink, "current-port", &port, NULL);
    if (port == 0)
        DIE("tcpserversink does not listen");
    return port;
}

// Reader of a port. tcpclientsrc reads 4 KiB at a time and has no property for it; socketsrc, from
// the same plug-in, has `blocksize` and takes a connected socket.
static char *reader_text(int port, const char *source)
{
    return strcmp(source, "tcpclientsrc") == 0 ? g_strdup_printf("tcpclientsrc host=127.0.0.1 port=%d", port)
                                               : g_strdup_printf("socketsrc name=reader blocksize=%s", source);
}

static void connect_reader(GstElement *pipeline, int port)
{
    GstElement *reader = element(pipeline, "reader");
    if (!reader)
        return;
    GSocketClient *client = g_socket_client_new();
    GSocketConnection *connection = g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, NULL);
    if (!connection)
        DIE("port %d cannot be connected to", port);
    g_object_set(reader, "socket", g_socket_connection_get_socket(connection), NULL);
}

int main(int argc, char **argv)
{
    const char *file = NULL, *encoder = "jpegenc quality=80", *decoder = "jpegdec", *convert = NULL;
    const char *source = "tcpclientsrc", *dump_file = NULL;
    int width = 0, height = 0;
    double fps = 30, seconds = 10;
    bool relay = false, floor = false;
    static const struct option options[] = {
        {"pictures", 1, 0, 'p'}, {"size", 1, 0, 's'},    {"fps", 1, 0, 'f'},    {"seconds", 1, 0, 't'},
        {"encoder", 1, 0, 'e'},  {"decoder", 1, 0, 'd'}, {"convert", 1, 0, 'c'}, {"source", 1, 0, 'b'},
        {"relay", 0, 0, 'r'},    {"floor", 0, 0, 'l'},   {"nagle", 0, 0, 'n'},  {"dump", 1, 0, 'u'},
        {0, 0, 0, 0},
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'p': file = optarg; break;
        case 's': parse_size(optarg, &width, &height); break;
        case 'f': fps = atof(optarg); break;
        case 't': seconds = atof(optarg); break;
        case 'e': encoder = optarg; break;
        case 'd': decoder = optarg; break;
        case 'c': convert = optarg; break;
        case 'b': source = optarg; break;
        case 'r': relay = true; break;
        case 'l': floor = true; break;
        case 'n': no_delay = false; break;
        case 'u': dump_file = optarg; break;
        default: return 2;
        }
    }
    if (!file || !width)
        DIE("usage: gst --pictures FILE --size WxH [--fps N] [--seconds S] [--convert 'videoconvert …'] [--relay] [--floor]\n"
            "           [--encoder ELEMENT] [--decoder ELEMENT] [--source tcpclientsrc|BLOCKSIZE] [--nagle] [--dump FILE]");

    gst_init(NULL, NULL);
    const Pictures pictures = load_pictures(file, width, height);
    stamps_new(&stamps, seconds, fps);
    if (dump_file && !(dump = fopen(dump_file, "wb")))
        DIE("%s: cannot be written", dump_file);
    dump_count = pictures.count;

    // Full range, as in JPEG.
    char *head = g_strdup_printf("appsrc name=in is-live=true format=time caps=video/x-raw,format=I420,width=%d,height=%d,"
                                 "framerate=%d/1,colorimetry=1:4:0:0,interlace-mode=progressive ! %s name=encoder",
                                 width, height, (int)fps, encoder);
    char *tail = convert ? g_strdup_printf("%s ! %s ! video/x-raw,format=BGRx ! appsink name=out sync=false", decoder, convert)
                         : g_strdup_printf("%s ! video/x-raw,format=I420 ! appsink name=out sync=false", decoder);
    const char *sink = "tcpserversink name=net host=127.0.0.1 port=0 sync=false sync-method=latest";

    GstElement *sender, *receiver, *middle = NULL;
    int expected = 0;
    if (floor) {
        sender = receiver = launch(g_strdup_printf("%s ! %s", head, tail));
    } else {
        sender = launch(g_strdup_printf("%s ! multipartmux ! %s", head, sink));
        int port = serve(sender);
        if (relay) {
            middle = launch(g_strdup_printf("%s ! %s", reader_text(port, source), sink));
            connect_reader(middle, port);
            port = serve(middle);
            ++expected;
        }
        receiver = launch(g_strdup_printf("%s ! multipartdemux single-stream=true ! %s", reader_text(port, source), tail));
        connect_reader(receiver, port);
        ++expected;
    }
    GstPad *pad = gst_element_get_static_pad(element(sender, "encoder"), "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, encoded, NULL, NULL);
    GstAppSinkCallbacks callbacks = {.new_sample = decoded};
    const size_t bytes = convert ? (size_t)width * height * 4 : pictures.bytes;
    gst_app_sink_set_callbacks(GST_APP_SINK(element(receiver, "out")), &callbacks, GSIZE_TO_POINTER(bytes), NULL);
    gst_element_set_state(receiver, GST_STATE_PLAYING);
    for (int i = 0; i < 500 && clients < expected; ++i)
        g_usleep(10000);
    if (clients < expected)
        DIE("only %d of %d connections stand", clients, expected);

    GstAppSrc *in = GST_APP_SRC(element(sender, "in"));
    const double interval = 1e9 / fps;
    const double cpu = cpu_seconds();
    const int64_t start = now_ns() + (int64_t)interval;
    for (int64_t i = 0; i < stamps.frames; ++i) {
        GstBuffer *buffer = gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, picture(&pictures, i), pictures.bytes, 0,
                                                        pictures.bytes, NULL, NULL);
        GST_BUFFER_PTS(buffer) = (GstClockTime)(i * interval);
        GST_BUFFER_DURATION(buffer) = (GstClockTime)interval;
        sleep_until(start + (int64_t)(i * interval));
        stamps.begin[i] = now_ns();
        if (gst_app_src_push_buffer(in, buffer) != GST_FLOW_OK)
            DIE("the pipeline takes no more");
    }
    for (int i = 0; i < 200 && stamps.arrived < stamps.frames; ++i)
        g_usleep(5000);
    report(&stamps, cpu_seconds() - cpu);
    if (dump)
        fclose(dump);
    // The process exits here, and the pipelines with it.
    return 0;
}
