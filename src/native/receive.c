/* Receiving: recvmmsg into a registered batch, every column of every slot written for every datagram. */
#include "receive.h"

#include <netinet/udp.h>

#ifndef SO_RXQ_OVFL
#define SO_RXQ_OVFL 40
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* What the control messages of one datagram said. */
struct ancillary {
  int64_t stamp_kernel;
  int64_t stamp_hardware;
  uint32_t drops;
  uint32_t interface;
  uint32_t segment_octets;
  uint8_t destination[16];
  uint8_t tos, ttl;
  bool has_tos, has_ttl, has_drops, has_destination;
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
        out->has_destination = true;
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
        out->has_destination = true;
      }
    } else if (message->cmsg_level == IPPROTO_UDP && message->cmsg_type == UDP_GRO) {
      out->segment_octets = value > 0 ? (uint32_t)value : 0;
    }
  }
}

int64_t receive_stamp(struct msghdr *header) {
  struct ancillary ancillary;
  read_ancillary(header, &ancillary);
  return ancillary.stamp_kernel;
}

static uint32_t intern(struct receiver *receiver, const struct sockaddr_in6 *name, const struct ancillary *ancillary) {
  struct loop *loop = receiver->loop;
  struct path_key key;
  memset(key.source, 0, sizeof(key.source));
  memcpy(key.group, ancillary->has_destination ? ancillary->destination : receiver->group, 16);
  key.interface = ancillary->has_destination ? ancillary->interface : receiver->interface;
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

void receiver_tell_drops(struct receiver *receiver, uint32_t drops) {
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
    receiver_tell_drops(receiver, ancillary.drops);
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
  uint32_t offset = message * batch->stride, end = slot + segments;
  if (segments == 1) step = octets;
  /* Column by column: a super-packet has up to 128 slots. */
  memset(batch->flags + slot, flags | SLOT_TIME_SHARED, segments);
  memset(batch->tos + slot, ancillary.tos, segments);
  memset(batch->ttl + slot, ancillary.ttl, segments);
  batch->flags[slot] = flags;
  for (uint32_t i = slot; i < end; i++) batch->offset[i] = offset + (i - slot) * step;
  for (uint32_t i = slot; i < end; i++) batch->length[i] = step;
  for (uint32_t i = slot; i < end; i++) batch->time[i] = time;
  for (uint32_t i = slot; i < end; i++) batch->path[i] = path;
  for (uint32_t i = slot; i < end; i++) batch->socket[i] = (uint16_t)receiver->index;
  for (uint32_t i = slot; i < end; i++) batch->drops[i] = receiver->drops;
  for (uint32_t i = slot; i < end; i++) batch->following[i] = (uint8_t)(end - 1 - i);
  /* The last segment is what is left. */
  if (octets < segments * step) batch->length[end - 1] = octets - (segments - 1) * step;
  slot = end;
  if (truncated) {
    batch->flags[slot - 1] |= SLOT_TRUNCATED;
    receiver->counters[COUNTER_TRUNCATED]++;
  }
  if (path == 0) receiver->counters[COUNTER_PATH_OVERFLOW] += segments;
  receiver->counters[COUNTER_DATAGRAMS] += segments;
  receiver->counters[COUNTER_OCTETS] += header->msg_len;
  return slot;
}

/* receive(receiver, batch): number of slots filled, 0 when nothing is there */
napi_value js_receive(napi_env env, napi_callback_info info) {
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
  counters[COUNTER_MESSAGES] += count;
  clock_pair(receiver->loop, &batch->read_clock[0], &batch->read_clock[1]);
  uint32_t slot = 0;
  for (int message = 0; message < count; message++) {
    slot = unpack(receiver, batch, (uint32_t)message, slot);
    receive_rearm(batch, (uint32_t)message);
  }
  return number(env, slot);
}
