/*
 * Sending: spin to the deadline, write the departure times, hand over to the kernel, tell the outcome of
 * every slot; and the error queue, where transmit stamps and ICMP errors come back.
 */
#include "mcast.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/*
 * Datagrams of one sendmmsg. They share one reading of the clock, so it bounds how far a carried
 * time may lie before the true departure; 8 already have 98 % of what batching gains on 6.18.
 */
enum { CHUNK = 8, CONTROL_OCTETS = 192, STAMPS_SENT = 4096, ERRORS_AT_ONCE = 16, ERRORS_MAX = 4096 };

/* As encoded by io/linux/destination.ts. */
struct destination_record {
  struct sockaddr_in6 name;
  uint32_t interface;
  uint8_t source[16];
  int32_t ttl;
  int32_t tos;
  uint8_t reserved[8];
};
_Static_assert(sizeof(struct destination_record) == 64, "records are encoded in 64 octets");

struct destination {
  struct sockaddr_in6 name;
  socklen_t name_length;
  uint32_t control_length;
  /* Longest datagram that the kernel has taken for it: proof that address, route and size are good. */
  uint32_t proven_octets;
  /* The device or the path took no super-packet of this destination. */
  bool no_segments;
  union {
    struct cmsghdr align;
    uint8_t bytes[CONTROL_OCTETS];
  } control;
};

/* What was read when the message with this transmit-stamp id left. */
struct departure {
  uint32_t id;
  bool waiting;
  double real;
  double mono;
};

struct sender {
  uint32_t kind;
  int fd;
  struct loop *loop;
  bool connected;
  bool ntp;
  bool stamped;
  bool wants_writable;
  uint32_t destination_count;
  struct destination *destinations;
  uint32_t next_id;
  struct departure *departures;
  double *counters;
  double *stamps;
  uint32_t stamp_capacity;
  struct pins pins;
};

struct send_batch {
  uint32_t kind;
  uint32_t capacity;
  size_t octets;
  uint8_t *bytes;
  uint32_t *offset, *length;
  double *due, *departure;
  uint16_t *destination, *stamp_at;
  uint8_t *outcome;
  struct pins pins;
};

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void put_u32(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 24);
  at[1] = (uint8_t)(value >> 16);
  at[2] = (uint8_t)(value >> 8);
  at[3] = (uint8_t)value;
}

/* Departure of slots [from, to), all in one system call: monotonic for us, realtime into the octets. */
static void depart(struct sender *sender, struct send_batch *batch, uint32_t from, uint32_t to, double *real,
                   double *mono) {
  clock_pair(sender->loop, real, mono);
  uint64_t unix_ns = (uint64_t)(sender->loop->epoch_real + (int64_t)*real);
  uint32_t high = (uint32_t)(unix_ns >> 32), low = (uint32_t)unix_ns;
  if (sender->ntp) {
    /* RFC 5905 section 6: seconds since 1900 and a binary fraction, each 32 bits. */
    uint64_t seconds = unix_ns / 1000000000, rest = unix_ns % 1000000000;
    high = (uint32_t)(seconds + 2208988800u);
    low = (uint32_t)((rest << 32) / 1000000000);
  }
  for (uint32_t slot = from; slot < to; slot++) {
    batch->departure[slot] = *mono;
    uint32_t at = batch->stamp_at[slot];
    if (at == 0 || at + 8 > batch->length[slot]) continue;
    put_u32(batch->bytes + batch->offset[slot] + at, high);
    put_u32(batch->bytes + batch->offset[slot] + at + 4, low);
  }
}

static bool valid(const struct sender *sender, const struct send_batch *batch, uint32_t slot) {
  return batch->destination[slot] < sender->destination_count &&
         (uint64_t)batch->offset[slot] + batch->length[slot] <= batch->octets;
}

static void compose(struct sender *sender, struct send_batch *batch, uint32_t slot, struct msghdr *header,
                    struct iovec *vector) {
  struct destination *destination = &sender->destinations[batch->destination[slot]];
  memset(header, 0, sizeof(*header));
  vector->iov_base = batch->bytes + batch->offset[slot];
  vector->iov_len = batch->length[slot];
  header->msg_iov = vector;
  header->msg_iovlen = 1;
  if (sender->connected) return;
  header->msg_name = &destination->name;
  header->msg_namelen = destination->name_length;
  if (destination->control_length == 0) return;
  header->msg_control = destination->control.bytes;
  header->msg_controllen = destination->control_length;
}

/* Slots from `slot` on that may form one super-packet: one destination, one length, contiguous. */
static uint32_t run_of(const struct sender *sender, const struct send_batch *batch, uint32_t slot, uint32_t to,
                       uint32_t segments) {
  uint32_t length = batch->length[slot], destination = batch->destination[slot];
  if (segments < 2 || length == 0 || length > UDP_PAYLOAD_MAX / 2 || !valid(sender, batch, slot) ||
      sender->destinations[destination].no_segments)
    return 1;
  uint32_t most = UDP_PAYLOAD_MAX / length;
  if (most > segments) most = segments;
  if (most > to - slot) most = to - slot;
  uint32_t run = 1;
  while (run < most && batch->destination[slot + run] == destination && batch->length[slot + run] == length &&
         batch->offset[slot + run] == batch->offset[slot] + run * length && valid(sender, batch, slot + run))
    run++;
  return run;
}

/* The message got its transmit-stamp id: what the stamp has to be compared with is kept. */
static void remember(struct sender *sender, double real, double mono) {
  if (!sender->stamped) return;
  struct departure *departure = &sender->departures[sender->next_id % STAMPS_SENT];
  if (departure->waiting) sender->counters[COUNTER_TRANSMIT_STAMPS_MISSING]++;
  *departure = (struct departure){.id = sender->next_id++, .waiting = true, .real = real, .mono = mono};
}

static void sent(struct sender *sender, struct send_batch *batch, uint32_t from, uint32_t to) {
  double octets = 0;
  for (uint32_t slot = from; slot < to; slot++) {
    struct destination *destination = &sender->destinations[batch->destination[slot]];
    batch->outcome[slot] = OUTCOME_SENT;
    octets += batch->length[slot];
    if (batch->length[slot] >= destination->proven_octets) destination->proven_octets = batch->length[slot] + 1;
  }
  sender->counters[COUNTER_DATAGRAMS] += to - from;
  sender->counters[COUNTER_OCTETS] += octets;
}

static void refused(struct sender *sender, struct send_batch *batch, uint32_t from, uint32_t to, int failed) {
  bool queue = failed == ENOBUFS;
  /* These two come from behind the point where the kernel numbers the message. */
  if (sender->stamped && (queue || failed == EPERM)) sender->next_id++;
  for (uint32_t slot = from; slot < to; slot++) batch->outcome[slot] = queue ? OUTCOME_NO_BUFFERS : OUTCOME_FAILED;
  sender->counters[queue ? COUNTER_NO_BUFFERS : COUNTER_FAILED] += to - from;
  sender->counters[COUNTER_LAST_ERRNO] = failed;
}

static void await_writable(struct sender *sender) {
  sender->counters[COUNTER_WOULD_BLOCK]++;
  if (sender->wants_writable) return;
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = sender};
  sender->wants_writable = epoll_ctl(sender->loop->epoll, EPOLL_CTL_MOD, sender->fd, &event) == 0;
}

void sender_writable(struct sender *sender) {
  struct epoll_event event = {.events = 0, .data.ptr = sender};
  epoll_ctl(sender->loop->epoll, EPOLL_CTL_MOD, sender->fd, &event);
  sender->wants_writable = false;
}

/*
 * A socket's pending ICMP error is returned by whatever is sent next, which was never offered to the
 * network. Returns whether that was it: then the send is to be tried again.
 */
static bool was_icmp(struct sender *sender) {
  double before = sender->counters[COUNTER_ICMP_ERRORS];
  sender_drain(sender);
  return sender->counters[COUNTER_ICMP_ERRORS] != before;
}

/* The send buffer is full at this moment, so that the kernel's answer must have been EAGAIN. */
static bool buffer_full(const struct sender *sender) {
  uint32_t memory[9] = {0};
  socklen_t length = sizeof(memory);
  if (getsockopt(sender->fd, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0) return false;
  return memory[2] >= memory[3];
}

/* One message of slots [from, to). Returns false where the caller must stop; `*next` is the slot to go on with. */
static bool send_one(struct sender *sender, struct send_batch *batch, uint32_t from, uint32_t to, uint32_t *next) {
  struct msghdr header;
  struct iovec vector;
  uint8_t control[CONTROL_OCTETS + CMSG_SPACE(sizeof(uint16_t))] __attribute__((aligned(8)));
  struct destination *destination = &sender->destinations[batch->destination[from]];
  compose(sender, batch, from, &header, &vector);
  if (to - from > 1) {
    uint16_t octets = (uint16_t)batch->length[from];
    vector.iov_len = (size_t)octets * (to - from);
    if (header.msg_controllen > 0) memcpy(control, header.msg_control, header.msg_controllen);
    struct cmsghdr *message = (struct cmsghdr *)(control + header.msg_controllen);
    memset(message, 0, CMSG_SPACE(sizeof(octets)));
    message->cmsg_level = IPPROTO_UDP;
    message->cmsg_type = UDP_SEGMENT;
    message->cmsg_len = CMSG_LEN(sizeof(octets));
    memcpy(CMSG_DATA(message), &octets, sizeof(octets));
    header.msg_control = control;
    header.msg_controllen += CMSG_SPACE(sizeof(octets));
  }
  for (int attempt = 0;; attempt++) {
    double real, mono;
    depart(sender, batch, from, to, &real, &mono);
    sender->counters[COUNTER_SYSTEM_CALLS]++;
    if (sendmsg(sender->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
      remember(sender, real, mono);
      sent(sender, batch, from, to);
      sender->counters[COUNTER_SUPER_PACKETS] += to - from > 1;
      *next = to;
      return true;
    }
    int failed = errno;
    *next = from;
    if (failed == EAGAIN) {
      await_writable(sender);
      return false;
    }
    if (failed != ENOBUFS && attempt < 4 && (failed == EINTR || was_icmp(sender))) continue;
    /* Larger than the MTU, no checksum offload, more segments than this kernel takes: one by one then. */
    if (to - from > 1 && (failed == EMSGSIZE || failed == EIO || failed == EINVAL || failed == EOPNOTSUPP)) {
      destination->no_segments = true;
      return true;
    }
    refused(sender, batch, from, to, failed);
    *next = to;
    return false;
  }
}

/*
 * Several messages by sendmmsg, which tells the error of the first one only. So each of them goes to
 * a destination that has taken such a size before: what stops it behind the first is a full send
 * buffer, a pending ICMP error, or the queueing discipline. A datagram that the latter refused must
 * not be offered a second time.
 */
static bool send_many(struct sender *sender, struct send_batch *batch, uint32_t from, uint32_t to, uint32_t *next) {
  struct mmsghdr headers[CHUNK];
  struct iovec vectors[CHUNK];
  double real, mono;
  for (uint32_t i = 0; i < to - from; i++) compose(sender, batch, from + i, &headers[i].msg_hdr, &vectors[i]);
  depart(sender, batch, from, to, &real, &mono);
  sender->counters[COUNTER_SYSTEM_CALLS]++;
  int count = sendmmsg(sender->fd, headers, to - from, MSG_DONTWAIT | MSG_NOSIGNAL);
  /* Nothing was offered, or refused for a reason that the next call repeats: but for one. */
  if (count < 0) {
    if (errno != ENOBUFS) return send_one(sender, batch, from, from + 1, next);
    refused(sender, batch, from, from + 1, ENOBUFS);
    *next = from + 1;
    return false;
  }
  for (int i = 0; i < count; i++) remember(sender, real, mono);
  sent(sender, batch, from, from + (uint32_t)count);
  *next = from + (uint32_t)count;
  if (*next == to || buffer_full(sender) || was_icmp(sender)) return true;
  refused(sender, batch, *next, *next + 1, ENOBUFS);
  *next += 1;
  return false;
}

static bool proven(const struct sender *sender, const struct send_batch *batch, uint32_t slot) {
  return batch->length[slot] < sender->destinations[batch->destination[slot]].proven_octets;
}

/* send(sender, batch, from, to, segments): index after the last slot handled, see DatagramSink.send */
static napi_value js_send(napi_env env, napi_callback_info info) {
  napi_value values[5];
  struct sender *sender;
  struct send_batch *batch;
  int64_t from, to, segments;
  if (!arguments(env, info, 5, values) || (sender = handle(env, values[0], KIND_SENDER)) == NULL ||
      (batch = handle(env, values[1], KIND_SEND_BATCH)) == NULL || !integer(env, values[2], &from) ||
      !integer(env, values[3], &to) || !integer(env, values[4], &segments))
    return NULL;
  if (from < 0 || to > batch->capacity || from > to) {
    refuse(env, "slots outside the batch");
    return NULL;
  }
  uint32_t at = (uint32_t)from, end = (uint32_t)to;
  uint32_t most = segments < 1 ? 1 : segments > SEGMENTS_MAX ? SEGMENTS_MAX : (uint32_t)segments;
  if (at < end) {
    int64_t due = sender->loop->epoch_mono + (int64_t)batch->due[end - 1];
    int64_t began = clock_ns(CLOCK_MONOTONIC), now = began;
    while (now < due) {
      relax();
      now = clock_ns(CLOCK_MONOTONIC);
    }
    sender->counters[COUNTER_SPIN_NS] += (double)(now - began);
  }
  for (bool on = true; on && at < end;) {
    if (!valid(sender, batch, at)) {
      batch->departure[at] = batch->due[at];
      refused(sender, batch, at, at + 1, EFAULT);
      at++;
      break;
    }
    uint32_t run = run_of(sender, batch, at, end, most);
    uint32_t stop = at + run;
    if (run == 1 && proven(sender, batch, at))
      while (stop < end && stop < at + CHUNK && valid(sender, batch, stop) && proven(sender, batch, stop) &&
             run_of(sender, batch, stop, end, most > 2 ? 2 : most) == 1)
        stop++;
    on = run > 1 || stop == at + 1 ? send_one(sender, batch, at, stop, &at) : send_many(sender, batch, at, stop, &at);
  }
  return number(env, at);
}

static void take_stamp(struct sender *sender, uint32_t id, const struct timespec *time) {
  struct departure *departure = &sender->departures[id % STAMPS_SENT];
  if (!departure->waiting || departure->id != id) {
    sender->counters[COUNTER_TRANSMIT_STAMPS_MISSING]++;
    return;
  }
  departure->waiting = false;
  int64_t stamp = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
  uint64_t entry = (uint64_t)sender->counters[COUNTER_TRANSMIT_STAMPS]++ % sender->stamp_capacity;
  sender->stamps[2 * entry] = departure->mono;
  sender->stamps[2 * entry + 1] = (double)(stamp - sender->loop->epoch_real) - departure->real;
}

static void take_error(struct sender *sender, struct msghdr *header) {
  struct timespec stamps[3];
  bool stamp = false;
  struct sock_extended_err error = {0};
  for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL; message = CMSG_NXTHDR(header, message)) {
    if (message->cmsg_level == SOL_SOCKET && message->cmsg_type == SO_TIMESTAMPING &&
        message->cmsg_len >= CMSG_LEN(sizeof(stamps))) {
      memcpy(stamps, CMSG_DATA(message), sizeof(stamps));
      stamp = true;
    } else if (((message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_RECVERR) ||
                (message->cmsg_level == IPPROTO_IPV6 && message->cmsg_type == IPV6_RECVERR)) &&
               message->cmsg_len >= CMSG_LEN(sizeof(error))) {
      memcpy(&error, CMSG_DATA(message), sizeof(error));
    }
  }
  if (error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && stamp) {
    if (sender->stamped && error.ee_info == SCM_TSTAMP_SND)
      take_stamp(sender, error.ee_data, stamps[2].tv_sec != 0 ? &stamps[2] : &stamps[0]);
  } else if (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6) {
    sender->counters[COUNTER_ICMP_ERRORS]++;
  }
}

int sender_drain(struct sender *sender) {
  struct mmsghdr headers[ERRORS_AT_ONCE];
  union {
    struct cmsghdr align;
    uint8_t bytes[256];
  } controls[ERRORS_AT_ONCE];
  int records = 0, count;
  do {
    memset(headers, 0, sizeof(headers));
    for (int i = 0; i < ERRORS_AT_ONCE; i++) {
      headers[i].msg_hdr.msg_control = controls[i].bytes;
      headers[i].msg_hdr.msg_controllen = sizeof(controls[i].bytes);
    }
    count = recvmmsg(sender->fd, headers, ERRORS_AT_ONCE, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) take_error(sender, &headers[i].msg_hdr);
    if (count > 0) records += count;
  } while (count == ERRORS_AT_ONCE && records < ERRORS_MAX);
  if (records == 0) {
    /* An error that left no record would make epoll return for ever. */
    int pending;
    socklen_t length = sizeof(pending);
    getsockopt(sender->fd, SOL_SOCKET, SO_ERROR, &pending, &length);
  }
  return records;
}

/* drainErrors(sender): records read */
static napi_value js_drain_errors(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct sender *sender;
  if (!arguments(env, info, 1, values) || (sender = handle(env, values[0], KIND_SENDER)) == NULL) return NULL;
  return number(env, sender->fd < 0 ? 0 : sender_drain(sender));
}

/* unsegmented(sender): destinations that took no super-packet */
static napi_value js_unsegmented(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct sender *sender;
  if (!arguments(env, info, 1, values) || (sender = handle(env, values[0], KIND_SENDER)) == NULL) return NULL;
  int64_t count = 0;
  for (uint32_t i = 0; i < sender->destination_count; i++) count += sender->destinations[i].no_segments;
  return number(env, count);
}

static void append(struct destination *destination, int level, int type, const void *data, size_t octets) {
  struct cmsghdr *message = (struct cmsghdr *)(destination->control.bytes + destination->control_length);
  message->cmsg_level = level;
  message->cmsg_type = type;
  message->cmsg_len = CMSG_LEN(octets);
  memcpy(CMSG_DATA(message), data, octets);
  destination->control_length += (uint32_t)CMSG_SPACE(octets);
}

static bool is_zero(const uint8_t *octets, size_t count) {
  while (count > 0)
    if (octets[--count] != 0) return false;
  return true;
}

/* What every datagram of the destination tells the kernel, written once. */
static void prepare(struct destination *destination, const struct destination_record *record) {
  bool ipv4 = record->name.sin6_family == AF_INET;
  destination->name = record->name;
  destination->name_length = ipv4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  if (record->interface != 0 || !is_zero(record->source, sizeof(record->source))) {
    if (ipv4) {
      struct in_pktinfo packet = {.ipi_ifindex = (int)record->interface};
      memcpy(&packet.ipi_spec_dst, record->source, 4);
      append(destination, IPPROTO_IP, IP_PKTINFO, &packet, sizeof(packet));
    } else {
      struct in6_pktinfo packet = {.ipi6_ifindex = record->interface};
      memcpy(&packet.ipi6_addr, record->source, 16);
      append(destination, IPPROTO_IPV6, IPV6_PKTINFO, &packet, sizeof(packet));
    }
  }
  /* IP_TTL as a control message refuses 0: the socket's own option serves that. */
  if (ipv4 && record->ttl > 0) append(destination, IPPROTO_IP, IP_TTL, &record->ttl, sizeof(int));
  if (!ipv4 && record->ttl >= 0) append(destination, IPPROTO_IPV6, IPV6_HOPLIMIT, &record->ttl, sizeof(int));
  if (record->tos >= 0)
    append(destination, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_TOS : IPV6_TCLASS, &record->tos, sizeof(int));
}

static void sender_close(struct sender *sender) {
  if (sender->fd >= 0) close(sender->fd);
  sender->fd = -1;
}

static void sender_finalize(napi_env env, void *data, void *hint) {
  struct sender *sender = data;
  (void)hint;
  sender_close(sender);
  unpin(env, &sender->pins);
  loop_release(env, sender->loop);
  free(sender->destinations);
  free(sender->departures);
  free(sender);
}

static napi_value js_sender_close(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct sender *sender;
  if (!arguments(env, info, 1, values) || (sender = handle(env, values[0], KIND_SENDER)) == NULL) return NULL;
  sender_close(sender);
  return NULL;
}

/*
 * senderOpen(loop, fd, flags, destinations: Uint8Array, counters: Float64Array, stamps: Float64Array)
 * flags: 1 connected, 2 carried times are NTP's, 4 transmit stamps are on. `stamps` is a ring of pairs.
 * Takes the socket over, unless a negative errno is returned.
 */
static napi_value js_sender_open(napi_env env, napi_callback_info info) {
  napi_value values[6];
  struct loop *loop;
  int64_t fd, flags;
  size_t octets = 0, stamps = 0;
  if (!arguments(env, info, 6, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL ||
      !integer(env, values[1], &fd) || !integer(env, values[2], &flags))
    return NULL;
  const uint8_t *records = array(env, values[3], napi_uint8_array, sizeof(struct destination_record), &octets);
  if (records == NULL || array(env, values[4], napi_float64_array, COUNTERS, NULL) == NULL ||
      array(env, values[5], napi_float64_array, 2, &stamps) == NULL)
    return NULL;
  struct sender *sender = calloc(1, sizeof(*sender));
  if (sender == NULL) return number(env, -ENOMEM);
  sender->kind = KIND_SENDER;
  sender->fd = (int)fd;
  sender->connected = (flags & 1) != 0;
  sender->ntp = (flags & 2) != 0;
  sender->stamped = (flags & 4) != 0;
  sender->stamp_capacity = (uint32_t)(stamps / 2);
  sender->destination_count = (uint32_t)(octets / sizeof(struct destination_record));
  sender->destinations = calloc(sender->destination_count, sizeof(*sender->destinations));
  sender->departures = calloc(STAMPS_SENT, sizeof(*sender->departures));
  struct epoll_event event = {.events = 0, .data.ptr = sender};
  int failed = sender->destinations == NULL || sender->departures == NULL ? ENOMEM : 0;
  if (failed == 0 && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, sender->fd, &event) < 0) failed = errno;
  if (failed != 0) {
    free(sender->destinations);
    free(sender->departures);
    free(sender);
    return number(env, -failed);
  }
  sender->loop = loop_retain(loop);
  for (uint32_t i = 0; i < sender->destination_count; i++) {
    struct destination_record record;
    memcpy(&record, records + i * sizeof(record), sizeof(record));
    prepare(&sender->destinations[i], &record);
  }
  sender->counters = pin(env, &sender->pins, values[4], napi_float64_array, COUNTERS);
  sender->stamps = pin(env, &sender->pins, values[5], napi_float64_array, 2);
  return external(env, sender, sender_finalize);
}

static void batch_finalize(napi_env env, void *data, void *hint) {
  struct send_batch *batch = data;
  (void)hint;
  unpin(env, &batch->pins);
  free(batch);
}

/* sendBatch(capacity, bytes, offset, length, dueMonoNs, departureMonoNs, destination, stampAt, outcome) */
static napi_value js_send_batch(napi_env env, napi_callback_info info) {
  napi_value values[9];
  int64_t capacity;
  if (!arguments(env, info, 9, values) || !integer(env, values[0], &capacity)) return NULL;
  if (capacity < 1 || capacity > INT32_MAX) {
    refuse(env, "size of the batch");
    return NULL;
  }
  struct send_batch *batch = calloc(1, sizeof(*batch));
  if (batch == NULL) return number(env, -ENOMEM);
  size_t slots = (size_t)capacity;
  struct pins *pins = &batch->pins;
  batch->kind = KIND_SEND_BATCH;
  batch->capacity = (uint32_t)capacity;
  bool pinned = array(env, values[1], napi_uint8_array, 0, &batch->octets) != NULL &&
                (batch->bytes = pin(env, pins, values[1], napi_uint8_array, 0)) &&
                (batch->offset = pin(env, pins, values[2], napi_uint32_array, slots)) &&
                (batch->length = pin(env, pins, values[3], napi_uint32_array, slots)) &&
                (batch->due = pin(env, pins, values[4], napi_float64_array, slots)) &&
                (batch->departure = pin(env, pins, values[5], napi_float64_array, slots)) &&
                (batch->destination = pin(env, pins, values[6], napi_uint16_array, slots)) &&
                (batch->stamp_at = pin(env, pins, values[7], napi_uint16_array, slots)) &&
                (batch->outcome = pin(env, pins, values[8], napi_uint8_array, slots));
  if (!pinned) {
    batch_finalize(env, batch, NULL);
    return NULL;
  }
  return external(env, batch, batch_finalize);
}

napi_value send_exports(napi_env env, napi_value exports) {
  const napi_property_descriptor calls[] = {
      {"senderOpen", NULL, js_sender_open, NULL, NULL, NULL, napi_enumerable, NULL},
      {"senderClose", NULL, js_sender_close, NULL, NULL, NULL, napi_enumerable, NULL},
      {"sendBatch", NULL, js_send_batch, NULL, NULL, NULL, napi_enumerable, NULL},
      {"send", NULL, js_send, NULL, NULL, NULL, napi_enumerable, NULL},
      {"drainErrors", NULL, js_drain_errors, NULL, NULL, NULL, napi_enumerable, NULL},
      {"unsegmented", NULL, js_unsegmented, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof(calls) / sizeof(calls[0]), calls);
  return exports;
}
