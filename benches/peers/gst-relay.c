// A relay made of GStreamer elements: what one sender at a time writes goes to every viewer,
// through tcpserversink, whose fan-out is measured. Prints {"in":"ADDRESS","out":"ADDRESS"}; ends
// with its standard input.
//
// Configured as an expert would:
// - socketsrc with large reads: tcpserversrc reads 4 KiB at a time, so the sink would write each 4
//   KiB to each viewer separately.
// - TCP_NODELAY for the viewers, for which the sink has no property.
// The sink's queue is unbounded, which does not matter here: the load has at most three messages in
// flight.
#include "common.h"

#include <gio/gio.h>
#include <gst/gst.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static GSocketListener *listener;

// socketsrc emits this signal to get the next socket when the last was closed.
static void next_sender(GstElement *source, gpointer user)
{
    (void)user;
    // The element keeps the last socket until it has this one.
    GSocket *socket = g_socket_listener_accept_socket(listener, NULL, NULL, NULL);
    if (socket)
        g_object_set(source, "socket", socket, NULL);
}

static void client_added(GstElement *element, GSocket *socket, gpointer user)
{
    (void)element, (void)user;
    g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
}

int main(int argc, char **argv)
{
    int block = 1 << 18;
    static const struct option options[] = {{"block", 1, 0, 'b'}, {0, 0, 0, 0}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'b': block = atoi(optarg); break;
        default: DIE("usage: gst-relay [--block BYTES]");
        }
    }
    gst_init(NULL, NULL);
    listener = g_socket_listener_new();
    GSocketAddress *any = g_inet_socket_address_new_from_string("127.0.0.1", 0), *bound = NULL;
    if (!g_socket_listener_add_address(listener, any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL))
        DIE("no port is free");
    const int in = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    char *text = g_strdup_printf("socketsrc name=in blocksize=%d ! tcpserversink name=out host=127.0.0.1 port=0 sync=false "
                                 "sync-method=latest", block);
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch(text, &error);
    if (error)
        DIE("%s", error->message);
    GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "in");
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    g_signal_connect(source, "connection-closed-by-peer", G_CALLBACK(next_sender), NULL);
    g_signal_connect(sink, "client-added", G_CALLBACK(client_added), NULL);

    // The pipeline needs an initial socket: a closed one, so that it asks for a sender.
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        DIE("no socket");
    close(pair[1]);
    GSocket *closed = g_socket_new_from_fd(pair[0], NULL);
    g_object_set(source, "socket", closed, NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    int out = 0;
    for (int i = 0; i < 500 && out == 0; ++i, g_usleep(10000))
        g_object_get(sink, "current-port", &out, NULL);
    if (out == 0)
        DIE("tcpserversink does not listen");
    printf("{\"in\":\"127.0.0.1:%d\",\"out\":\"127.0.0.1:%d\"}\n", in, out);
    fflush(stdout);
    char ignored[256];
    while (read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
    }
    return 0;
}
