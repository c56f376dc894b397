/*
 * Native layer: system calls and nothing else. No thread, no static state (several workers load it),
 * no knowledge of any protocol above UDP, no allocation after open, no string per datagram.
 * Options, joins and addresses are encoded by the caller.
 */
#ifndef MCAST_H
#define MCAST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8
#include <node_api.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Bits of SlotFlag in core/batch.ts. */
enum {
  SLOT_TIME_KERNEL = 1 << 0,
  SLOT_TIME_HARDWARE = 1 << 1,
  SLOT_TIME_USER = 1 << 2,
  SLOT_TIME_SHARED = 1 << 3,
  SLOT_TRUNCATED = 1 << 4,
  SLOT_NO_TOS = 1 << 5,
  SLOT_NO_TTL = 1 << 6,
  SLOT_CONTROL_TRUNCATED = 1 << 7,
};

/* SendOutcome in core/batch.ts. */
enum { OUTCOME_PENDING, OUTCOME_SENT, OUTCOME_NO_BUFFERS, OUTCOME_TOO_LATE, OUTCOME_FAILED };

/* SocketCounter in io/datagram.ts. */
enum {
  COUNTER_DATAGRAMS,
  COUNTER_OCTETS,
  COUNTER_SYSTEM_CALLS,
  COUNTER_KERNEL_DROPS,
  COUNTER_TRUNCATED,
  COUNTER_CONTROL_TRUNCATED,
  COUNTER_WOULD_BLOCK,
  COUNTER_NO_BUFFERS,
  COUNTER_TOO_LATE,
  COUNTER_FAILED,
  COUNTER_LAST_ERRNO,
  COUNTER_ICMP_ERRORS,
  COUNTER_TRANSMIT_STAMPS,
  COUNTER_TRANSMIT_STAMPS_MISSING,
  COUNTER_PATH_OVERFLOW,
  COUNTER_DISCARDED,
  COUNTER_SUPER_PACKETS,
  COUNTER_SPIN_NS,
  COUNTER_MESSAGES,
  COUNTERS = 24,
};

/* UDP_MAX_SEGMENTS of the kernel. */
enum { SEGMENTS_MAX = 128, UDP_PAYLOAD_MAX = 65507 };

/* What a handle points to; the first member of every such struct. */
enum kind { KIND_LOOP = 0x6d63a001, KIND_RECEIVER, KIND_SENDER, KIND_RECEIVE_BATCH, KIND_SEND_BATCH };

/* Typed arrays that a struct points into, kept alive by references until its finalizer. */
enum { PINS_MAX = 13 };
struct pins {
  napi_ref refs[PINS_MAX];
  unsigned count;
};

/* Addresses of a path, IPv4 as ::ffff:a.b.c.d, ports in host order. Compared as octets: no padding. */
struct path_key {
  uint8_t source[16];
  uint8_t group[16];
  uint32_t interface;
  uint16_t source_port;
  uint16_t port;
};

/* What receivers and senders begin with. */
struct watched {
  uint32_t kind;
  int fd;
};

/*
 * So many sockets of a loop are looked at with poll, the further ones with epoll: a socket that epoll watches costs
 * the kernel a call back for every datagram (0.1 us on Linux 6.18), one that is polled only while somebody waits.
 */
enum { POLLED_MAX = 8 };

struct loop {
  uint32_t kind;
  /* Its own handle, its receivers and its senders: the last one to go frees it. */
  uint32_t references;
  int epoll;
  int event;
  struct {
    struct watched *socket;
    short events;
  } polled[POLLED_MAX];
  uint32_t polled_count;
  int64_t epoch_real;
  int64_t epoch_mono;
  /* (real - epoch_real) - (mono - epoch_mono): constant but for clock steps. */
  int64_t offset;
  int32_t *ready;
  uint32_t ready_capacity;
  /* [0] real, [1] mono, both written; [2] until, [3] gather, of wait: as arguments doubles would be boxed. */
  double *clock;
  struct path_key *paths;
  uint16_t *path_slots;
  uint32_t path_capacity;
  uint32_t path_slot_mask;
  uint32_t path_count;
  struct pins pins;
};

struct receiver {
  uint32_t kind;
  int fd;
  struct loop *loop;
  uint32_t index;
  uint16_t port;
  /* What it is bound to: of datagrams that come without packet information. */
  uint8_t group[16];
  uint32_t interface;
  bool hardware;
  /* Whole seconds, in ns, by which the NIC's clock is ahead of REALTIME. */
  int64_t hardware_ahead;
  bool offload;
  uint32_t last_path;
  /* SO_RXQ_OVFL of the latest datagram that carried it. */
  uint32_t drops;
  /* Highest count told so far, by SO_RXQ_OVFL or SO_MEMINFO. */
  uint32_t drops_told;
  double *counters;
  struct pins pins;
};

/* arguments.c */
bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool integer(napi_env env, napi_value value, int64_t *out);
void *handle(napi_env env, napi_value value, uint32_t kind);
/* Pointer and length of a typed array, valid during the call only. */
void *array(napi_env env, napi_value value, napi_typedarray_type type, size_t least, size_t *length);
/* The same, referenced until unpin. */
void *pin(napi_env env, struct pins *pins, napi_value value, napi_typedarray_type type, size_t least);
void unpin(napi_env env, struct pins *pins);
napi_value number(napi_env env, int64_t value);
napi_value external(napi_env env, void *data, napi_finalize finalize);
void refuse(napi_env env, const char *what);

/* loop.c */
int64_t clock_ns(clockid_t clock);
/* Both clocks since the epoch, ns, read as one instant. */
void clock_pair(struct loop *loop, double *real, double *mono);
struct loop *loop_retain(struct loop *loop);
void loop_release(napi_env env, struct loop *loop);
uint32_t path_intern(struct loop *loop, const struct path_key *key);
/* `events`: POLLIN, POLLOUT or 0, which leaves errors. 0 or the negative errno. */
int loop_watch(struct loop *loop, struct watched *socket, short events);
int loop_rewatch(struct loop *loop, struct watched *socket, short events);
/* Before its descriptor is closed. */
void loop_unwatch(struct loop *loop, struct watched *socket);
napi_value loop_exports(napi_env env, napi_value exports);

/* receive.c */
napi_value receive_exports(napi_env env, napi_value exports);

/* send.c */
struct sender;
/* Reads the error queue empty, as far as a bound; returns the number of records. */
int sender_drain(struct sender *sender);
/* Epoll said that the socket is writable again. */
void sender_writable(struct sender *sender);
napi_value send_exports(napi_env env, napi_value exports);


#endif
