/* Opening and closing of sending sockets and their batches. */
#include "send.h"

#include <stdlib.h>
#include <unistd.h>

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
  loop_unwatch(sender->loop, (struct watched *)sender);
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
 * flags: 1 connected, 2 carried times are NTP's, 4 transmit stamps are on, 8 carried times are seconds and microseconds.
 * `stamps` is a ring of pairs.
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
  sender->micro = (flags & 8) != 0;
  sender->stamp_capacity = (uint32_t)(stamps / 2);
  sender->destination_count = (uint32_t)(octets / sizeof(struct destination_record));
  sender->destinations = calloc(sender->destination_count, sizeof(*sender->destinations));
  sender->departures = calloc(DEPARTURES, sizeof(*sender->departures));
  int failed = sender->destinations == NULL || sender->departures == NULL ? -ENOMEM : 0;
  if (failed == 0) failed = loop_watch(loop, (struct watched *)sender, 0);
  if (failed < 0) {
    free(sender->destinations);
    free(sender->departures);
    free(sender);
    return number(env, failed);
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
