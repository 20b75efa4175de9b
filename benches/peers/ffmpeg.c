// FFmpeg's path of a frame, with its libraries from Debian's packages and no pipes, over real loopback TCP:
//
//   mjpeg encoder → mpjpeg muxer → tcp:// (listening)  →  tcp:// → mpjpeg demuxer → mjpeg decoder [→ swscale to BGR0]
//
// One thread sends and one receives. A frame is stamped when the encoder gets it, and when its
// pixels are decoded. Pictures are referenced, not copied. --floor omits everything between encoder
// and decoder.
#include "common.h"

#include <arpa/inet.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <pthread.h>
#include <sys/socket.h>

static Stamps stamps;
static Pictures pictures;
static double fps = 30, seconds = 10;
static int encode_threads = 1, convert_threads = 1;
static const char *huffman = "default";
static bool to_bgr = false, direct = false;
static FILE *dump;
static char url[64];

static int must(int code, const char *what)
{
    if (code < 0)
        DIE("%s: %s", what, av_err2str(code));
    return code;
}

// The tables of the JPEG standard at libjpeg's quality 80, in raster order. FFmpeg's own scale
// (-q:v) has other tables: with these, all encoders quantise alike and their sizes can be compared.
// (FFmpeg still uses 8 for the first entry.)
static const uint8_t standard_luma[64] = {
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
};
static const uint8_t standard_chroma[64] = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
};

static uint16_t *at_quality_80(const uint8_t *standard)
{
    uint16_t *table = av_malloc(64 * sizeof *table); // the encoder's context frees it
    for (int i = 0; i < 64; ++i)
        table[i] = (standard[i] * (200 - 80 * 2) + 50) / 100;
    return table;
}

static AVCodecContext *open_encoder(void)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *c = avcodec_alloc_context3(codec);
    c->width = pictures.width;
    c->height = pictures.height;
    c->pix_fmt = AV_PIX_FMT_YUVJ420P;
    c->color_range = AVCOL_RANGE_JPEG;
    c->time_base = av_d2q(1 / fps, 1000000);
    c->flags |= AV_CODEC_FLAG_QSCALE; // it rejects low_delay; without frame threads there is no delay
    c->global_quality = 8 * FF_QP2LAMBDA; // the scale at which the tables are used unchanged
    c->intra_matrix = at_quality_80(standard_luma);
    c->chroma_intra_matrix = at_quality_80(standard_chroma);
    c->thread_count = encode_threads;
    c->thread_type = FF_THREAD_SLICE; // frame threads would wait for the next frame
    av_opt_set(c->priv_data, "huffman", huffman, 0);
    must(avcodec_open2(c, codec, NULL), "encoder");
    return c;
}

static void borrowed(void *opaque, uint8_t *data) { (void)opaque, (void)data; }

static AVFrame *frame_of(uint8_t *data, int64_t index)
{
    AVFrame *f = av_frame_alloc();
    const int w = pictures.width, h = pictures.height;
    f->format = AV_PIX_FMT_YUVJ420P;
    f->color_range = AVCOL_RANGE_JPEG;
    f->width = w;
    f->height = h;
    f->pts = index;
    f->quality = 8 * FF_QP2LAMBDA;
    f->buf[0] = av_buffer_create(data, pictures.bytes, borrowed, NULL, AV_BUFFER_FLAG_READONLY);
    f->data[0] = data;
    f->data[1] = data + w * h;
    f->data[2] = data + w * h * 5 / 4;
    f->linesize[0] = w;
    f->linesize[1] = f->linesize[2] = w / 2;
    return f;
}

// Waits until the frame is due, stamps it, encodes it.
static void encode(AVCodecContext *encoder, AVPacket *packet, int64_t start, int64_t index)
{
    const double interval = 1e9 / fps;
    AVFrame *frame = frame_of(picture(&pictures, index), index);
    sleep_until(start + (int64_t)(index * interval));
    stamps.begin[index] = now_ns();
    must(avcodec_send_frame(encoder, frame), "encode");
    must(avcodec_receive_packet(encoder, packet), "encode");
    av_frame_free(&frame);
    stamps.bytes += packet->size;
    if (dump && index < pictures.count)
        fwrite(packet->data, 1, packet->size, dump);
}

typedef struct {
    AVCodecContext *codec;
    AVFrame *frame, *bgr;
    struct SwsContext *convert;
} Decoder;

static Decoder open_decoder(void)
{
    Decoder d = {.frame = av_frame_alloc(), .bgr = av_frame_alloc()};
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
    d.codec = avcodec_alloc_context3(codec);
    d.codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
    d.codec->thread_count = 1; // this decoder has no slice threads
    must(avcodec_open2(d.codec, codec, NULL), "decoder");
    d.bgr->format = AV_PIX_FMT_BGR0;
    d.bgr->width = pictures.width;
    d.bgr->height = pictures.height;
    must(av_frame_get_buffer(d.bgr, 0), "picture"); // one picture's memory, reused
    d.convert = sws_alloc_context();
    av_opt_set_int(d.convert, "srcw", pictures.width, 0);
    av_opt_set_int(d.convert, "srch", pictures.height, 0);
    av_opt_set_int(d.convert, "src_format", AV_PIX_FMT_YUVJ420P, 0);
    av_opt_set_int(d.convert, "src_range", 1, 0);
    av_opt_set_int(d.convert, "dstw", pictures.width, 0);
    av_opt_set_int(d.convert, "dsth", pictures.height, 0);
    av_opt_set_int(d.convert, "dst_format", AV_PIX_FMT_BGR0, 0);
    av_opt_set_int(d.convert, "dst_range", 1, 0);
    av_opt_set_int(d.convert, "sws_flags", SWS_FAST_BILINEAR, 0);
    av_opt_set_int(d.convert, "threads", convert_threads, 0);
    must(sws_init_context(d.convert, NULL, NULL), "swscale");
    return d;
}

static void decode(Decoder *d, const AVPacket *packet)
{
    must(avcodec_send_packet(d->codec, packet), "decode");
    must(avcodec_receive_frame(d->codec, d->frame), "decode");
    if (d->frame->width != pictures.width || d->frame->height != pictures.height)
        DIE("a picture of another size arrived");
    if (to_bgr)
        must(sws_scale_frame(d->convert, d->bgr, d->frame), "convert");
    stamp_arrival(&stamps);
}

// tcp:// cannot listen on a port that the system chooses and report it: find a free one.
static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&a, size) != 0 || getsockname(fd, (struct sockaddr *)&a, &size) != 0)
        DIE("no port is free");
    close(fd);
    return ntohs(a.sin_port);
}

static void *send_all(void *cpu_before)
{
    AVCodecContext *encoder = open_encoder();
    AVFormatContext *muxer;
    must(avformat_alloc_output_context2(&muxer, NULL, "mpjpeg", url), "muxer");
    AVStream *stream = avformat_new_stream(muxer, NULL);
    must(avcodec_parameters_from_context(stream->codecpar, encoder), "muxer");
    AVDictionary *options = NULL;
    av_dict_set(&options, "listen", "1", 0);
    av_dict_set(&options, "tcp_nodelay", "1", 0);
    // This waits for the receiver.
    must(avio_open2(&muxer->pb, url, AVIO_FLAG_WRITE | (direct ? AVIO_FLAG_DIRECT : 0), NULL, &options), url);
    muxer->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    must(avformat_write_header(muxer, NULL), "muxer");
    AVPacket *packet = av_packet_alloc();
    *(double *)cpu_before = cpu_seconds();
    const int64_t start = now_ns() + (int64_t)(1e9 / fps);
    for (int64_t i = 0; i < stamps.frames; ++i) {
        encode(encoder, packet, start, i);
        packet->stream_index = stream->index;
        must(av_write_frame(muxer, packet), "send");
        av_packet_unref(packet);
    }
    // The connection stays open until the process ends, so that the receiver sees no end of file
    // while it counts.
    return NULL;
}

static void receive_all(void)
{
    Decoder decoder = open_decoder();
    AVFormatContext *demuxer = NULL;
    av_log_set_level(AV_LOG_FATAL); // connections are refused until the sender listens
    for (int tries = 0;; ++tries) {
        AVDictionary *options = NULL;
        av_dict_set(&options, "fflags", "nobuffer", 0);
        av_dict_set(&options, "probesize", "32", 0);
        av_dict_set(&options, "analyzeduration", "0", 0);
        av_dict_set(&options, "tcp_nodelay", "1", 0);
        const int code = avformat_open_input(&demuxer, url, av_find_input_format("mpjpeg"), &options);
        av_dict_free(&options);
        if (code >= 0)
            break;
        if (tries == 200)
            must(code, url);
        sleep_until(now_ns() + 10000000);
    }
    av_log_set_level(AV_LOG_ERROR);
    AVPacket *packet = av_packet_alloc();
    while (stamps.arrived < stamps.frames) {
        must(av_read_frame(demuxer, packet), "receive");
        decode(&decoder, packet);
        av_packet_unref(packet);
    }
}

static double floor_alone(void)
{
    AVCodecContext *encoder = open_encoder();
    Decoder decoder = open_decoder();
    AVPacket *packet = av_packet_alloc();
    const double cpu = cpu_seconds();
    const int64_t start = now_ns() + (int64_t)(1e9 / fps);
    for (int64_t i = 0; i < stamps.frames; ++i) {
        encode(encoder, packet, start, i);
        decode(&decoder, packet);
        av_packet_unref(packet);
    }
    return cpu;
}

int main(int argc, char **argv)
{
    const char *file = NULL, *dump_file = NULL;
    int width = 0, height = 0;
    bool floor = false;
    static const struct option options[] = {
        {"pictures", 1, 0, 'p'}, {"size", 1, 0, 's'},    {"fps", 1, 0, 'f'},     {"seconds", 1, 0, 't'},
        {"threads", 1, 0, 'e'},  {"huffman", 1, 0, 'h'}, {"bgr", 1, 0, 'c'},     {"direct", 0, 0, 'd'},
        {"floor", 0, 0, 'l'},    {"dump", 1, 0, 'u'},    {0, 0, 0, 0},
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'p': file = optarg; break;
        case 's': parse_size(optarg, &width, &height); break;
        case 'f': fps = atof(optarg); break;
        case 't': seconds = atof(optarg); break;
        case 'e': encode_threads = atoi(optarg); break;
        case 'h': huffman = optarg; break;
        case 'c': to_bgr = true; convert_threads = atoi(optarg); break;
        case 'd': direct = true; break;
        case 'l': floor = true; break;
        case 'u': dump_file = optarg; break;
        default: return 2;
        }
    }
    if (!file || !width)
        DIE("usage: ffmpeg --pictures FILE --size WxH [--fps N] [--seconds S] [--threads N] [--huffman default|optimal]\n"
            "              [--bgr THREADS] [--direct] [--floor] [--dump FILE]");
    av_log_set_level(AV_LOG_ERROR);
    avformat_network_init();
    pictures = load_pictures(file, width, height);
    stamps_new(&stamps, seconds, fps);
    if (dump_file && !(dump = fopen(dump_file, "wb")))
        DIE("%s: cannot be written", dump_file);

    double cpu = 0;
    if (floor) {
        cpu = floor_alone();
    } else {
        snprintf(url, sizeof url, "tcp://127.0.0.1:%d", free_port());
        pthread_t sender;
        pthread_create(&sender, NULL, send_all, &cpu);
        receive_all();
        pthread_join(sender, NULL);
    }
    report(&stamps, cpu_seconds() - cpu);
    if (dump)
        fclose(dump);
    return 0;
}
