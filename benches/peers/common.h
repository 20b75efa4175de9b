// Shared by the peers' programs: pictures, an exact rate, time stamps, percentiles, and the JSON
// result.
//
// Everything here is outside the measured path, and the same for every peer.
#pragma once

#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// As in `pulsecam bench latency`: frames at the start that are not counted.
enum { WARM_UP = 15 };

#define DIE(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

static inline int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static inline void sleep_until(int64_t ns)
{
    const struct timespec t = {ns / 1000000000, ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0) {
    }
}

// Raw planar 4:2:0 pictures, repeated in a loop.
typedef struct {
    int width, height, count;
    size_t bytes; // per picture
    uint8_t *data;
} Pictures;

static inline Pictures load_pictures(const char *file, int width, int height)
{
    Pictures p = {.width = width, .height = height, .bytes = (size_t)width * height * 3 / 2};
    const int fd = open(file, O_RDONLY);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0)
        DIE("%s: cannot be read", file);
    p.count = (int)(info.st_size / (off_t)p.bytes);
    if (p.count < 1 || info.st_size % (off_t)p.bytes != 0)
        DIE("%s: not whole pictures of %dx%d", file, width, height);
    // Read and not only mapped, so that there are no page faults during the measurement.
    p.data = aligned_alloc(64, (info.st_size + 63) / 64 * 64);
    for (off_t at = 0; at < info.st_size;) {
        const ssize_t got = read(fd, p.data + at, info.st_size - at);
        if (got <= 0)
            DIE("%s: cannot be read", file);
        at += got;
    }
    close(fd);
    return p;
}

static inline uint8_t *picture(const Pictures *p, int64_t index)
{
    return p->data + (index % p->count) * p->bytes;
}

// When each frame left and arrived. The path neither drops nor reorders, so frames are identified
// by number; at the end as many must have arrived as left, or nothing is reported.
typedef struct {
    int64_t frames;
    int64_t *begin, *end;
    _Atomic int64_t pushed, arrived, bytes;
} Stamps;

static inline void stamps_new(Stamps *s, double seconds, double fps)
{
    s->frames = (int64_t)(seconds * fps) + WARM_UP;
    s->begin = calloc(s->frames, sizeof *s->begin);
    s->end = calloc(s->frames, sizeof *s->end);
}

static inline void stamp_arrival(Stamps *s)
{
    const int64_t now = now_ns(), index = s->arrived;
    if (index < s->frames)
        s->end[index] = now;
    s->arrived = index + 1;
}

static inline int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// Processor time of the whole process so far, of all threads.
static inline double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static inline void report(Stamps *s, double cpu)
{
    if (s->arrived != s->frames)
        DIE("%lld frames left, %lld arrived: nothing to report", (long long)s->frames, (long long)s->arrived);
    const int64_t n = s->frames - WARM_UP;
    int64_t *ns = malloc(n * sizeof *ns);
    for (int64_t i = 0; i < n; ++i)
        ns[i] = s->end[WARM_UP + i] - s->begin[WARM_UP + i];
    qsort(ns, n, sizeof *ns, compare_ns);
    // Nearest rank: the smallest value that at least this share of all values does not exceed.
#define RANK(share) (ns[(int64_t)((share) * n + 0.999999) - 1] / 1e6)
    printf("{\"frames\":%lld,\"bytes_per_frame\":%lld,\"whole_ms\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f},"
           "\"cpu_ms_per_frame\":%.3f}\n",
           (long long)n, (long long)(s->bytes / s->frames), RANK(0.5), RANK(0.95), RANK(0.99), RANK(1.0),
           cpu * 1e3 / (double)s->frames);
#undef RANK
    free(ns);
}

static inline void parse_size(const char *text, int *width, int *height)
{
    if (sscanf(text, "%dx%d", width, height) != 2 || *width < 16 || *height < 16 || *width % 2 || *height % 2)
        DIE("--size is written like 1280x720, with even numbers");
}
