/*
 * Sending: spin to the deadline, write the departure times, hand over to the kernel, tell the outcome of
 * every slot.
 */
#include "send.h"

#include <endian.h>
#include <netinet/udp.h>
#include <poll.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/*
 * Datagrams of one sendmmsg. They share one reading of the clock, so it bounds how far a carried
 * time may lie before the true departure; 8 already have 98 % of what batching gains on 6.18.
 */
enum { CHUNK = 8 };

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Departure of slots [from, to), all in one system call: monotonic for us, realtime into the octets. */
static void depart(struct sender *sender, struct send_batch *batch, uint32_t from, uint32_t to, double *real,
                   double *mono) {
  clock_pair(sender->loop, real, mono);
  uint64_t unix_ns = (uint64_t)(sender->loop->epoch_real + (int64_t)*real);
  uint32_t high = (uint32_t)(unix_ns >> 32), low = (uint32_t)unix_ns;
  if (sender->ntp || sender->micro) {
    uint64_t seconds = unix_ns / 1000000000, rest = unix_ns % 1000000000;
    /* RFC 5905 section 6: seconds since 1900 and a binary fraction, each 32 bits. */
    high = (uint32_t)(sender->ntp ? seconds + 2208988800u : seconds);
    low = (uint32_t)(sender->ntp ? (rest << 32) / 1000000000 : rest / 1000);
  }
  uint64_t stamp = htobe64((uint64_t)high << 32 | low);
  for (uint32_t slot = from; slot < to; slot++) {
    batch->departure[slot] = *mono;
    uint32_t at = batch->stamp_at[slot];
    if (at == 0 || at + 8 > batch->length[slot]) continue;
    memcpy(batch->bytes + batch->offset[slot] + at, &stamp, sizeof(stamp));
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
  uint32_t run = 1, begin = batch->offset[slot] + length;
  /* One behind the other from a valid slot on: only the end of the slab is still to be looked at. */
  while (run < most && batch->destination[slot + run] == destination && batch->length[slot + run] == length &&
         batch->offset[slot + run] == begin && (uint64_t)begin + length <= batch->octets) {
    begin += length;
    run++;
  }
  return run;
}

/* The message got its transmit-stamp id: what the stamp has to be compared with is kept. */
static void remember(struct sender *sender, double real, double mono) {
  if (!sender->stamped) return;
  struct departure *departure = &sender->departures[sender->next_id % DEPARTURES];
  if (departure->waiting) sender->counters[COUNTER_TRANSMIT_STAMPS_MISSING]++;
  *departure = (struct departure){.id = sender->next_id++, .waiting = true, .real = real, .mono = mono};
}

static void sent(struct sender *sender, struct send_batch *batch, uint32_t from, uint32_t to) {
  uint64_t octets = 0;
  memset(batch->outcome + from, OUTCOME_SENT, to - from);
  for (uint32_t slot = from; slot < to; slot++) {
    uint32_t length = batch->length[slot];
    struct destination *destination = &sender->destinations[batch->destination[slot]];
    octets += length;
    if (length >= destination->proven_octets) destination->proven_octets = length + 1;
  }
  sender->counters[COUNTER_DATAGRAMS] += to - from;
  sender->counters[COUNTER_OCTETS] += (double)octets;
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
  sender->wants_writable = loop_rewatch(sender->loop, (struct watched *)sender, POLLOUT) == 0;
}

void sender_writable(struct sender *sender) {
  loop_rewatch(sender->loop, (struct watched *)sender, 0);
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
  uint8_t control[DESTINATION_CONTROL_OCTETS + CMSG_SPACE(sizeof(uint16_t))] __attribute__((aligned(8)));
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
napi_value js_send(napi_env env, napi_callback_info info) {
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
    /* The last one to be due may be anywhere: streams whose datagrams form super-packets come one after the other. */
    double latest = batch->due[at];
    for (uint32_t slot = at + 1; slot < end; slot++)
      if (batch->due[slot] > latest) latest = batch->due[slot];
    int64_t due = sender->loop->epoch_mono + (int64_t)latest;
    /* A fraction of a nanosecond counts as one: never early. */
    due += (double)(due - sender->loop->epoch_mono) < latest;
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
