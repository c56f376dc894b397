/* Receiving: recvmmsg into a registered batch, every column of every slot written for every datagram. */
#include "mcast.h"

#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#ifndef SO_RXQ_OVFL
#define SO_RXQ_OVFL 40
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/*
 * Stamps 64, counter 24, packet info 40, TTL 24, TOS 24, segment size 24: 200 octets of control
 * messages on a 64-bit machine. With less, MSG_CTRUNC would be set and seen in the flags.
 */
enum { CONTROL_OCTETS = 320, MESSAGE_OCTETS_MAX = 65536 };

union control {
  struct cmsghdr align;
  uint8_t bytes[CONTROL_OCTETS];
};

struct receive_batch {
  uint32_t kind;
  uint32_t messages;
  uint32_t capacity;
  uint32_t stride;
  uint8_t *bytes;
  uint32_t *offset, *length;
  uint8_t *flags;
  double *time;
  uint32_t *path;
  uint16_t *socket;
  uint8_t *tos, *ttl;
  uint32_t *drops;
  uint8_t *segment;
  double *read_clock;
  struct mmsghdr *headers;
  struct iovec *vectors;
  struct sockaddr_in6 *names;
  union control *controls;
  struct pins pins;
};

/* What the control messages of one datagram said. */
struct ancillary {
  int64_t stamp_kernel;
  int64_t stamp_hardware;
  uint32_t drops;
  uint32_t interface;
  uint32_t segment_octets;
  uint8_t destination[16];
  uint8_t tos, ttl;
  bool has_tos, has_ttl, has_drops;
};

static void map_ipv4(uint8_t *out, const void *address) {
  memset(out, 0, 10);
  out[10] = out[11] = 0xff;
  memcpy(out + 12, address, 4);
}

static int64_t stamp_ns(const uint8_t *at) {
  struct timespec time;
  memcpy(&time, at, sizeof(time));
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void read_ancillary(struct msghdr *header, struct ancillary *out) {
  memset(out, 0, sizeof(*out));
  for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL; message = CMSG_NXTHDR(header, message)) {
    const uint8_t *data = CMSG_DATA(message);
    int value = 0;
    if (message->cmsg_len < CMSG_LEN(sizeof(int))) {
      /* IP_TOS is the one message of a single octet. */
      if (message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_TOS && message->cmsg_len >= CMSG_LEN(1)) {
        out->tos = data[0];
        out->has_tos = true;
      }
      continue;
    }
    memcpy(&value, data, sizeof(value));
    if (message->cmsg_level == SOL_SOCKET) {
      if (message->cmsg_type == SO_RXQ_OVFL) {
        out->drops = (uint32_t)value;
        out->has_drops = true;
      } else if (message->cmsg_type == SO_TIMESTAMPING && message->cmsg_len >= CMSG_LEN(3 * sizeof(struct timespec))) {
        out->stamp_kernel = stamp_ns(data);
        out->stamp_hardware = stamp_ns(data + 2 * sizeof(struct timespec));
      }
    } else if (message->cmsg_level == IPPROTO_IP) {
      if (message->cmsg_type == IP_TTL) {
        out->ttl = (uint8_t)value;
        out->has_ttl = true;
      } else if (message->cmsg_type == IP_TOS) {
        out->tos = (uint8_t)value;
        out->has_tos = true;
      } else if (message->cmsg_type == IP_PKTINFO && message->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo))) {
        struct in_pktinfo packet;
        memcpy(&packet, data, sizeof(packet));
        out->interface = (uint32_t)packet.ipi_ifindex;
        map_ipv4(out->destination, &packet.ipi_addr);
      }
    } else if (message->cmsg_level == IPPROTO_IPV6) {
      if (message->cmsg_type == IPV6_HOPLIMIT) {
        out->ttl = (uint8_t)value;
        out->has_ttl = true;
      } else if (message->cmsg_type == IPV6_TCLASS) {
        out->tos = (uint8_t)value;
        out->has_tos = true;
      } else if (message->cmsg_type == IPV6_PKTINFO && message->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo))) {
        struct in6_pktinfo packet;
        memcpy(&packet, data, sizeof(packet));
        out->interface = packet.ipi6_ifindex;
        memcpy(out->destination, &packet.ipi6_addr, 16);
      }
    } else if (message->cmsg_level == IPPROTO_UDP && message->cmsg_type == UDP_GRO) {
      out->segment_octets = value > 0 ? (uint32_t)value : 0;
    }
  }
}

static uint32_t intern(struct receiver *receiver, const struct sockaddr_in6 *name, const struct ancillary *ancillary) {
  struct loop *loop = receiver->loop;
  struct path_key key;
  memset(key.source, 0, sizeof(key.source));
  memcpy(key.group, ancillary->destination, 16);
  key.interface = ancillary->interface;
  key.source_port = 0;
  key.port = receiver->port;
  if (name->sin6_family == AF_INET) {
    struct sockaddr_in ipv4;
    memcpy(&ipv4, name, sizeof(ipv4));
    map_ipv4(key.source, &ipv4.sin_addr);
    key.source_port = ntohs(ipv4.sin_port);
  } else if (name->sin6_family == AF_INET6) {
    memcpy(key.source, &name->sin6_addr, 16);
    key.source_port = ntohs(name->sin6_port);
  }
  if (receiver->last_path != 0 && memcmp(&loop->paths[receiver->last_path], &key, sizeof(key)) == 0)
    return receiver->last_path;
  return receiver->last_path = path_intern(loop, &key);
}

/* The counter is 32 bits and wraps; what it tells of can come in either order from its two sources. */
static void tell_drops(struct receiver *receiver, uint32_t drops) {
  int32_t growth = (int32_t)(drops - receiver->drops_told);
  if (growth <= 0) return;
  receiver->counters[COUNTER_KERNEL_DROPS] += growth;
  receiver->drops_told = drops;
}

/* Writes the slots of one message, from `slot` on; returns the slot after them. */
static uint32_t unpack(struct receiver *receiver, struct receive_batch *batch, uint32_t message, uint32_t slot) {
  struct mmsghdr *header = &batch->headers[message];
  struct ancillary ancillary;
  read_ancillary(&header->msg_hdr, &ancillary);

  uint8_t flags = 0;
  double time = batch->read_clock[0];
  if (receiver->hardware && ancillary.stamp_hardware != 0) {
    time = (double)(ancillary.stamp_hardware - receiver->hardware_ahead - receiver->loop->epoch_real);
    flags |= SLOT_TIME_HARDWARE;
  } else if (ancillary.stamp_kernel != 0) {
    time = (double)(ancillary.stamp_kernel - receiver->loop->epoch_real);
    flags |= SLOT_TIME_KERNEL;
  } else {
    flags |= SLOT_TIME_USER;
  }
  if (!ancillary.has_tos) flags |= SLOT_NO_TOS;
  if (!ancillary.has_ttl) flags |= SLOT_NO_TTL;
  if (header->msg_hdr.msg_flags & MSG_CTRUNC) {
    flags |= SLOT_CONTROL_TRUNCATED;
    receiver->counters[COUNTER_CONTROL_TRUNCATED]++;
  }
  /* The kernel leaves the counter out while it is 0. */
  if (ancillary.has_drops) {
    receiver->drops = ancillary.drops;
    tell_drops(receiver, ancillary.drops);
  }
  uint32_t path = intern(receiver, &batch->names[message], &ancillary);

  uint32_t octets = header->msg_len;
  uint32_t step = ancillary.segment_octets;
  uint32_t segments = step != 0 && step < octets ? (octets + step - 1) / step : 1;
  bool truncated = (header->msg_hdr.msg_flags & MSG_TRUNC) != 0;
  /* A caller gives 128 slots for a message, or one when the socket does not coalesce. */
  uint32_t room = receiver->offload ? SEGMENTS_MAX : 1;
  if (segments > room) {
    segments = room;
    truncated = true;
  }
  uint32_t offset = message * batch->stride;
  for (uint32_t segment = 0; segment < segments; segment++, slot++) {
    uint32_t length = segments == 1 || octets < step ? octets : step;
    batch->offset[slot] = offset;
    batch->length[slot] = length;
    batch->time[slot] = time;
    batch->flags[slot] = flags | (segment > 0 ? SLOT_TIME_SHARED : 0);
    batch->path[slot] = path;
    batch->socket[slot] = (uint16_t)receiver->index;
    batch->tos[slot] = ancillary.tos;
    batch->ttl[slot] = ancillary.ttl;
    batch->drops[slot] = receiver->drops;
    batch->segment[slot] = (uint8_t)segment;
    offset += length;
    octets -= length;
  }
  if (truncated) {
    batch->flags[slot - 1] |= SLOT_TRUNCATED;
    receiver->counters[COUNTER_TRUNCATED]++;
  }
  if (path == 0) receiver->counters[COUNTER_PATH_OVERFLOW] += segments;
  receiver->counters[COUNTER_DATAGRAMS] += segments;
  receiver->counters[COUNTER_OCTETS] += header->msg_len;
  return slot;
}

/* What recvmmsg overwrites is set again behind it, so that the next call finds it right. */
static void rearm(struct receive_batch *batch, uint32_t message) {
  struct msghdr *header = &batch->headers[message].msg_hdr;
  header->msg_namelen = sizeof(struct sockaddr_in6);
  header->msg_controllen = CONTROL_OCTETS;
  header->msg_flags = 0;
}

/* receive(receiver, batch): number of slots filled, 0 when nothing is there */
static napi_value js_receive(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct receiver *receiver;
  struct receive_batch *batch;
  if (!arguments(env, info, 2, values) || (receiver = handle(env, values[0], KIND_RECEIVER)) == NULL ||
      (batch = handle(env, values[1], KIND_RECEIVE_BATCH)) == NULL)
    return NULL;
  uint32_t most = receiver->offload ? batch->capacity / SEGMENTS_MAX : batch->capacity;
  if (most > batch->messages) most = batch->messages;
  if (most == 0) {
    refuse(env, "with UDP_GRO a batch needs 128 slots for each message");
    return NULL;
  }
  double *counters = receiver->counters;
  int count = recvmmsg(receiver->fd, batch->headers, most, MSG_DONTWAIT, NULL);
  counters[COUNTER_SYSTEM_CALLS]++;
  if (count < 0) {
    if (errno == EAGAIN) {
      counters[COUNTER_WOULD_BLOCK]++;
    } else if (errno != EINTR) {
      counters[COUNTER_FAILED]++;
      counters[COUNTER_LAST_ERRNO] = errno;
    }
    return number(env, 0);
  }
  clock_pair(receiver->loop, &batch->read_clock[0], &batch->read_clock[1]);
  uint32_t slot = 0;
  for (int message = 0; message < count; message++) {
    slot = unpack(receiver, batch, (uint32_t)message, slot);
    rearm(batch, (uint32_t)message);
  }
  return number(env, slot);
}

/* readDrops(receiver): SO_MEMINFO's drop count, 32 bits; a negative errno where the kernel has none */
static napi_value js_read_drops(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct receiver *receiver;
  uint32_t memory[9] = {0};
  socklen_t length = sizeof(memory);
  if (!arguments(env, info, 1, values) || (receiver = handle(env, values[0], KIND_RECEIVER)) == NULL) return NULL;
  if (getsockopt(receiver->fd, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0) return number(env, -errno);
  if (length < sizeof(memory)) return number(env, -ENODATA);
  tell_drops(receiver, memory[8]);
  return number(env, memory[8]);
}

/* receiverOffload(receiver): UDP_GRO on; 0 or a negative errno */
static napi_value js_receiver_offload(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct receiver *receiver;
  int on = 1;
  if (!arguments(env, info, 1, values) || (receiver = handle(env, values[0], KIND_RECEIVER)) == NULL) return NULL;
  if (!receiver->offload && setsockopt(receiver->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) < 0)
    return number(env, -errno);
  receiver->offload = true;
  return number(env, 0);
}

static void receiver_close(struct receiver *receiver) {
  if (receiver->fd >= 0) close(receiver->fd);
  receiver->fd = -1;
}

static void receiver_finalize(napi_env env, void *data, void *hint) {
  struct receiver *receiver = data;
  (void)hint;
  receiver_close(receiver);
  unpin(env, &receiver->pins);
  loop_release(env, receiver->loop);
  free(receiver);
}

static napi_value js_receiver_close(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct receiver *receiver;
  if (!arguments(env, info, 1, values) || (receiver = handle(env, values[0], KIND_RECEIVER)) == NULL) return NULL;
  receiver_close(receiver);
  return NULL;
}

/*
 * receiverOpen(loop, fd, index, port, hardware, hardwareSeconds, counters: Float64Array): takes the
 * socket over, unless a negative errno is returned. `hardwareSeconds` are taken off the NIC's stamps.
 */
static napi_value js_receiver_open(napi_env env, napi_callback_info info) {
  napi_value values[7];
  struct loop *loop;
  int64_t fd, index, port, hardware, seconds;
  if (!arguments(env, info, 7, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL ||
      !integer(env, values[1], &fd) || !integer(env, values[2], &index) || !integer(env, values[3], &port) ||
      !integer(env, values[4], &hardware) || !integer(env, values[5], &seconds) ||
      array(env, values[6], napi_float64_array, COUNTERS, NULL) == NULL)
    return NULL;
  struct receiver *receiver = calloc(1, sizeof(*receiver));
  if (receiver == NULL) return number(env, -ENOMEM);
  receiver->kind = KIND_RECEIVER;
  receiver->fd = (int)fd;
  receiver->index = (uint32_t)index;
  receiver->port = (uint16_t)port;
  receiver->hardware = hardware != 0;
  receiver->hardware_ahead = seconds * 1000000000;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = receiver};
  if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, receiver->fd, &event) < 0) {
    int failed = errno;
    free(receiver);
    return number(env, -failed);
  }
  receiver->loop = loop_retain(loop);
  receiver->counters = pin(env, &receiver->pins, values[6], napi_float64_array, COUNTERS);
  return external(env, receiver, receiver_finalize);
}

static void batch_finalize(napi_env env, void *data, void *hint) {
  struct receive_batch *batch = data;
  (void)hint;
  unpin(env, &batch->pins);
  free(batch->headers);
  free(batch->vectors);
  free(batch->names);
  free(batch->controls);
  free(batch);
}

/*
 * receiveBatch(messages, stride, capacity, bytes, offset, length, flags, timeRealNs, path, socket, tos, ttl, drops,
 * segment, readClock)
 */
static napi_value js_receive_batch(napi_env env, napi_callback_info info) {
  napi_value values[15];
  int64_t messages, stride, capacity;
  if (!arguments(env, info, 15, values) || !integer(env, values[0], &messages) || !integer(env, values[1], &stride) ||
      !integer(env, values[2], &capacity))
    return NULL;
  if (messages < 1 || messages > 65536 || stride < 1 || stride > UINT32_MAX / messages || capacity < 1 ||
      capacity > INT32_MAX) {
    refuse(env, "size of the batch");
    return NULL;
  }
  struct receive_batch *batch = calloc(1, sizeof(*batch));
  if (batch == NULL) return number(env, -ENOMEM);
  size_t slots = (size_t)capacity, count = (size_t)messages;
  struct pins *pins = &batch->pins;
  batch->kind = KIND_RECEIVE_BATCH;
  batch->messages = (uint32_t)messages;
  batch->stride = (uint32_t)stride;
  batch->capacity = (uint32_t)capacity;
  batch->headers = calloc(count, sizeof(*batch->headers));
  batch->vectors = calloc(count, sizeof(*batch->vectors));
  batch->names = calloc(count, sizeof(*batch->names));
  batch->controls = calloc(count, sizeof(*batch->controls));
  bool complete = batch->headers != NULL && batch->vectors != NULL && batch->names != NULL && batch->controls != NULL;
  bool pinned = (batch->bytes = pin(env, pins, values[3], napi_uint8_array, count * (size_t)stride)) &&
                (batch->offset = pin(env, pins, values[4], napi_uint32_array, slots)) &&
                (batch->length = pin(env, pins, values[5], napi_uint32_array, slots)) &&
                (batch->flags = pin(env, pins, values[6], napi_uint8_array, slots)) &&
                (batch->time = pin(env, pins, values[7], napi_float64_array, slots)) &&
                (batch->path = pin(env, pins, values[8], napi_uint32_array, slots)) &&
                (batch->socket = pin(env, pins, values[9], napi_uint16_array, slots)) &&
                (batch->tos = pin(env, pins, values[10], napi_uint8_array, slots)) &&
                (batch->ttl = pin(env, pins, values[11], napi_uint8_array, slots)) &&
                (batch->drops = pin(env, pins, values[12], napi_uint32_array, slots)) &&
                (batch->segment = pin(env, pins, values[13], napi_uint8_array, slots)) &&
                (batch->read_clock = pin(env, pins, values[14], napi_float64_array, 2));
  if (!complete || !pinned) {
    batch_finalize(env, batch, NULL);
    return pinned ? number(env, -ENOMEM) : NULL;
  }
  for (size_t i = 0; i < count; i++) {
    struct msghdr *header = &batch->headers[i].msg_hdr;
    batch->vectors[i].iov_base = batch->bytes + i * (size_t)stride;
    batch->vectors[i].iov_len = stride < MESSAGE_OCTETS_MAX ? (size_t)stride : MESSAGE_OCTETS_MAX;
    header->msg_iov = &batch->vectors[i];
    header->msg_iovlen = 1;
    header->msg_name = &batch->names[i];
    header->msg_control = batch->controls[i].bytes;
    rearm(batch, (uint32_t)i);
  }
  return external(env, batch, batch_finalize);
}

napi_value receive_exports(napi_env env, napi_value exports) {
  const napi_property_descriptor calls[] = {
      {"receiverOpen", NULL, js_receiver_open, NULL, NULL, NULL, napi_enumerable, NULL},
      {"receiverOffload", NULL, js_receiver_offload, NULL, NULL, NULL, napi_enumerable, NULL},
      {"receiverClose", NULL, js_receiver_close, NULL, NULL, NULL, napi_enumerable, NULL},
      {"receiveBatch", NULL, js_receive_batch, NULL, NULL, NULL, napi_enumerable, NULL},
      {"receive", NULL, js_receive, NULL, NULL, NULL, napi_enumerable, NULL},
      {"readDrops", NULL, js_read_drops, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof(calls) / sizeof(calls[0]), calls);
  return exports;
}
