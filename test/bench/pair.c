/*
 * Reference for the benchmarks: the smallest sender and receiver that do honest work. The sender writes
 * the 52-octet probe header (docs/protocols/probe.md) into every datagram and keeps an absolute schedule;
 * the receiver checks header and sequence and records one delay per datagram. No analysis beyond that.
 *
 *   pair send|recv group=239.255.77.1 port=5001 size=64 rate=<datagrams/s, 0: as fast as can be>
 *        seconds=2 quantum=<us> segments=<1: no UDP_SEGMENT> spin=<us>           (send)
 *        gro=0|1 stamps=0|1 gather=<us> buffer=<octets> idle=<ms>                 (recv)
 *
 * Each prints one JSON object at its end; recv prints "ready" first. Multicast over lo.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

enum { HEADER_OCTETS = 52, START = 1, END = 2, SUPER_PACKET = 4 };
enum { MAX_MESSAGES = 64, MAX_SEGMENTS = 128, MAX_PAYLOAD = 65507, STRIDE = 65536 + 64 };
static const uint32_t MAGIC = 0x4d434b50, CHECK_SEED = 0x243f6a88;

/* ---- options and clocks ---- */

static int argc_;
static char **argv_;

static const char *option(const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (int i = 2; i < argc_; i++)
    if (strncmp(argv_[i], name, length) == 0 && argv_[i][length] == '=') return argv_[i] + length + 1;
  return otherwise;
}

static double number(const char *name, double otherwise) {
  const char *text = option(name, NULL);
  return text == NULL ? otherwise : atof(text);
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void must(int result, const char *what) {
  if (result < 0) fail(what);
}

static uint64_t now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- log-linear histogram, 128 sub-buckets per octave ---- */

struct histogram {
  uint64_t bucket[64 * 128], count, clamped;
};

static void record(struct histogram *h, int64_t value) {
  if (value < 0) h->clamped++, value = 0;
  uint64_t v = (uint64_t)value;
  int shift = v < 128 ? 0 : 63 - __builtin_clzll(v) - 7;
  h->bucket[(shift << 7) + (int)(v >> shift)]++;
  h->count++;
}

static double percentile(const struct histogram *h, double fraction) {
  uint64_t rank = (uint64_t)ceil(fraction * (double)h->count), seen = 0;
  for (int i = 0; i < 64 * 128; i++) {
    seen += h->bucket[i];
    if (seen < rank || seen == 0) continue;
    return i < 256 ? i : ldexp(128 + (i & 127) + 0.5, (i >> 7) - 1);
  }
  return 0;
}

/* ---- probe header ---- */

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}
static void put64(uint8_t *at, uint64_t value) {
  value = __builtin_bswap64(value);
  memcpy(at, &value, 8);
}
static uint32_t read32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}
static uint64_t read64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, 8);
  return __builtin_bswap64(value);
}

/* Over all words but the send time (7 and 8) and itself. */
static uint32_t check_of(const uint8_t *header) {
  uint32_t sum = CHECK_SEED;
  for (uint32_t i = 0; i < 12; i++) {
    uint32_t word = read32(header + 4 * i);
    if (i != 7 && i != 8) sum += (word ^ word >> 16) * (((i + 1) * 0x9e3779b9u) | 1u);
  }
  return sum;
}

static void write_header(uint8_t *at, unsigned flags, uint32_t run, uint64_t sequence, uint64_t total) {
  put32(at, MAGIC);
  put32(at + 4, 1u << 24 | flags << 16 | HEADER_OCTETS << 8);
  put32(at + 8, 1u << 24); /* TTL 1 */
  put32(at + 12, run);
  put32(at + 16, 0);
  put64(at + 20, sequence);
  put64(at + 28, 0);
  put64(at + 36, total);
  put32(at + 44, 0);
  put32(at + 48, check_of(at));
}

/* ---- sender ---- */

static struct sockaddr_in group_address(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number("port", 5001))};
  if (inet_pton(AF_INET, option("group", "239.255.77.1"), &address.sin_addr) != 1) fail("group");
  return address;
}

static uint64_t spin_ns;

/* Sleeps until shortly before, then spins. Returns the time at which it ended. */
static uint64_t wait_until(uint64_t due) {
  uint64_t t = now(CLOCK_MONOTONIC);
  if (due > t + spin_ns) {
    uint64_t wake = due - spin_ns;
    struct timespec at = {(time_t)(wake / 1000000000u), (long)(wake % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
  }
  while ((t = now(CLOCK_MONOTONIC)) < due) continue;
  return t;
}

static int run_sender(void) {
  int size = (int)number("size", 64), segments = (int)number("segments", 1);
  double rate = number("rate", 1000), seconds = number("seconds", 2), quantum_ns = number("quantum", 0) * 1000;
  spin_ns = (uint64_t)(number("spin", 50) * 1000);
  if (size < HEADER_OCTETS || size > MAX_PAYLOAD) return fputs("size: 52 .. 65507\n", stderr), 2;
  if (segments > MAX_SEGMENTS) segments = MAX_SEGMENTS;
  if (segments * size > MAX_PAYLOAD) segments = MAX_PAYLOAD / size;
  prctl(PR_SET_TIMERSLACK, 1);

  int s = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
  must(s, "socket");
  struct ip_mreqn interface = {.imr_ifindex = 1};
  must(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface), "IP_MULTICAST_IF");
  must(setsockopt(s, IPPROTO_IP, IP_RECVERR, &one, sizeof one), "IP_RECVERR");
  struct sockaddr_in to = group_address();
  must(connect(s, (struct sockaddr *)&to, sizeof to), "connect");
  if (segments > 1) must(setsockopt(s, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size), "UDP_SEGMENT");

  int messages = segments > 1 ? 16 : MAX_MESSAGES, most = messages * segments;
  uint8_t *slab = calloc((size_t)most, (size_t)size);
  struct mmsghdr message[MAX_MESSAGES] = {0};
  struct iovec piece[MAX_MESSAGES];
  unsigned flags = segments > 1 ? SUPER_PACKET : 0;
  uint32_t run = (uint32_t)(now(CLOCK_REALTIME) ^ (uint64_t)getpid() << 16);
  uint8_t marker[HEADER_OCTETS];
  int unsegmented = HEADER_OCTETS;
  static struct histogram departure;

  for (int i = 0; i < 3; i++) {
    write_header(marker, flags | START, run, 0, 0);
    put64(marker + 28, now(CLOCK_REALTIME));
    if (send(s, marker, HEADER_OCTETS, 0) != unsegmented) fail("start marker");
  }
  usleep(20000);

  uint64_t total = rate > 0 ? (uint64_t)(rate * seconds) : UINT64_MAX, sent = 0, refused = 0, calls = 0;
  double period = rate > 0 ? 1e9 / rate : 0;
  int wanted = rate > 0 ? (int)(quantum_ns / period) : most;
  if (wanted < 1) wanted = 1;
  uint64_t start = now(CLOCK_MONOTONIC) + 1000000, limit = start + (uint64_t)(seconds * 1.5e9), t = start;
  if (rate == 0) limit = start + (uint64_t)(seconds * 1e9);
  while (sent < total && t < limit) {
    /* What is due within one quantum leaves when the last of it is due, in calls of at most `most`. */
    uint64_t together = total - sent < (uint64_t)wanted ? total - sent : (uint64_t)wanted;
    if (rate > 0) t = wait_until(start + (uint64_t)((double)(sent + together - 1) * period));
    while (together > 0) {
      int n = together < (uint64_t)most ? (int)together : most, used = 0;
      for (int i = 0; i < n; i++) write_header(slab + i * size, flags, run, sent + (uint64_t)i, sent + (uint64_t)i + 1);
      for (int from = 0; from < n; from += segments, used++) {
        int here = n - from < segments ? n - from : segments;
        piece[used] = (struct iovec){slab + from * size, (size_t)(here * size)};
        message[used].msg_hdr.msg_iov = &piece[used];
        message[used].msg_hdr.msg_iovlen = 1;
      }
      uint64_t realtime = now(CLOCK_REALTIME);
      t = now(CLOCK_MONOTONIC);
      for (int i = 0; i < n; i++) {
        put64(slab + i * size + 28, realtime);
        if (rate > 0) record(&departure, (int64_t)(t - start) - (int64_t)((double)(sent + (uint64_t)i) * period));
      }
      for (int done = 0; done < used;) {
        int taken = sendmmsg(s, message + done, (unsigned)(used - done), 0);
        calls++;
        if (taken < 0 && errno != ENOBUFS) fail("sendmmsg");
        if (taken < 0) refused += piece[done].iov_len / (size_t)size, done++;
        else done += taken;
      }
      sent += (uint64_t)n;
      together -= (uint64_t)n;
    }
  }
  uint64_t took = now(CLOCK_MONOTONIC) - start;

  usleep(20000);
  for (int i = 0; i < 5; i++) {
    write_header(marker, flags | END, run, sent, sent - refused);
    put64(marker + 28, now(CLOCK_REALTIME));
    if (send(s, marker, HEADER_OCTETS, 0) != unsegmented) fail("end marker");
    usleep(2000);
  }
  printf("{\"sent\":%llu,\"not_sent\":%llu,\"seconds\":%.6f,\"rate\":%.0f,\"calls\":%llu,\"segments\":%d,"
         "\"departure_error_ns\":{\"p50\":%.0f,\"p99\":%.0f,\"max\":%.0f}}\n",
         (unsigned long long)(sent - refused), (unsigned long long)refused, (double)took / 1e9,
         (double)sent * 1e9 / (double)took, (unsigned long long)calls, segments, percentile(&departure, 0.5),
         percentile(&departure, 0.99), percentile(&departure, 1));
  return 0;
}

/* ---- receiver ---- */

static struct histogram delay;
static uint64_t received, next_sequence, late, gaps, malformed, total_heard, first_ns, last_ns;
static int ended;

static void take(const uint8_t *at, size_t length, uint64_t arrival) {
  if (length < HEADER_OCTETS || read32(at) != MAGIC || read32(at + 48) != check_of(at)) {
    malformed++;
    return;
  }
  uint64_t sequence = read64(at + 20), total = read64(at + 36);
  if (total > total_heard) total_heard = total;
  if (at[5] & (START | END)) {
    ended |= at[5] & END;
    return;
  }
  if (sequence == next_sequence) next_sequence++;
  else if (sequence > next_sequence) gaps += sequence - next_sequence, next_sequence = sequence + 1;
  else late++;
  received++;
  record(&delay, (int64_t)(arrival - read64(at + 28)));
}

static int run_receiver(void) {
  int gro = (int)number("gro", 0), stamps = (int)number("stamps", 0), one = 1;
  int buffer = (int)number("buffer", 8 << 20);
  useconds_t gather = (useconds_t)number("gather", 0);
  int idle_ms = (int)number("idle", 1500);
  int s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  must(s, "socket");
  prctl(PR_SET_TIMERSLACK, 1);
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0)
    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (gro) must(setsockopt(s, IPPROTO_UDP, UDP_GRO, &one, sizeof one), "UDP_GRO");
  int what = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  if (stamps) must(setsockopt(s, SOL_SOCKET, SO_TIMESTAMPING, &what, sizeof what), "SO_TIMESTAMPING");
  struct sockaddr_in group = group_address();
  must(bind(s, (struct sockaddr *)&group, sizeof group), "bind");
  struct ip_mreqn join = {.imr_multiaddr = group.sin_addr, .imr_ifindex = 1};
  must(setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join), "IP_ADD_MEMBERSHIP");

  uint8_t *slab = malloc((size_t)MAX_MESSAGES * STRIDE);
  memset(slab, 0, (size_t)MAX_MESSAGES * STRIDE);
  static struct mmsghdr message[MAX_MESSAGES];
  static struct iovec piece[MAX_MESSAGES];
  static char control[MAX_MESSAGES][256];
  for (int i = 0; i < MAX_MESSAGES; i++) {
    piece[i] = (struct iovec){slab + (size_t)i * STRIDE, 65536};
    message[i].msg_hdr.msg_iov = &piece[i];
    message[i].msg_hdr.msg_iovlen = 1;
  }
  puts("ready");
  fflush(stdout);

  uint64_t calls = 0;
  int waited_ms = 0;
  while (!ended && waited_ms < (received > 0 ? idle_ms : 10000)) {
    struct pollfd waiting = {.fd = s, .events = POLLIN};
    if (poll(&waiting, 1, 100) == 0) {
      waited_ms += 100;
      continue;
    }
    waited_ms = 0;
    if (gather > 0) usleep(gather);
    for (;;) {
      for (int i = 0; (gro || stamps) && i < MAX_MESSAGES; i++) {
        message[i].msg_hdr.msg_control = control[i];
        message[i].msg_hdr.msg_controllen = sizeof control[i];
      }
      int n = recvmmsg(s, message, MAX_MESSAGES, MSG_DONTWAIT, NULL);
      calls++;
      if (n < 0 && errno != EAGAIN) fail("recvmmsg");
      if (n <= 0) break;
      uint64_t realtime = now(CLOCK_REALTIME);
      if (received == 0) first_ns = realtime;
      last_ns = realtime;
      for (int i = 0; i < n; i++) {
        size_t length = message[i].msg_len, step = length;
        uint64_t arrival = realtime;
        if (gro || stamps)
          for (struct cmsghdr *c = CMSG_FIRSTHDR(&message[i].msg_hdr); c; c = CMSG_NXTHDR(&message[i].msg_hdr, c)) {
            if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) step = (size_t) * (int *)CMSG_DATA(c);
            if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPING) continue;
            struct timespec *stamp = (struct timespec *)CMSG_DATA(c);
            if (stamp->tv_sec) arrival = (uint64_t)stamp->tv_sec * 1000000000u + (uint64_t)stamp->tv_nsec;
          }
        const uint8_t *at = piece[i].iov_base;
        if (length == 0) malformed++;
        for (size_t from = 0; from < length; from += step)
          take(at + from, length - from < step ? length - from : step, arrival);
      }
      if (n < MAX_MESSAGES) break;
    }
  }
  double seconds = received > 0 ? (double)(last_ns - first_ns) / 1e9 : 0;
  printf("{\"received\":%llu,\"expected\":%llu,\"lost\":%lld,\"late\":%llu,\"gaps\":%llu,\"malformed\":%llu,"
         "\"ended\":%s,\"rate\":%.0f,\"calls\":%llu,\"delay_ns\":{\"p50\":%.0f,\"p99\":%.0f,\"clamped\":%llu}}\n",
         (unsigned long long)received, (unsigned long long)total_heard, (long long)(total_heard - received),
         (unsigned long long)late, (unsigned long long)gaps, (unsigned long long)malformed, ended ? "true" : "false",
         seconds > 0 ? (double)received / seconds : 0, (unsigned long long)calls, percentile(&delay, 0.5),
         percentile(&delay, 0.99), (unsigned long long)delay.clamped);
  return 0;
}

int main(int argc, char **argv) {
  argc_ = argc;
  argv_ = argv;
  if (argc > 1 && strcmp(argv[1], "send") == 0) return run_sender();
  if (argc > 1 && strcmp(argv[1], "recv") == 0) return run_receiver();
  fputs("usage: pair send|recv name=value...\n", stderr);
  return 2;
}
