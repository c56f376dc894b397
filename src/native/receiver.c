/* Opening and closing of receiving sockets and their batches. */
#include "receive.h"

#include <netinet/udp.h>
#include <stdlib.h>
#include <poll.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

void receive_rearm(struct receive_batch *batch, uint32_t message) {
  struct msghdr *header = &batch->headers[message].msg_hdr;
  header->msg_namelen = sizeof(struct sockaddr_in6);
  header->msg_controllen = CONTROL_OCTETS;
  header->msg_flags = 0;
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
  receiver_tell_drops(receiver, memory[8]);
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
  loop_unwatch(receiver->loop, (struct watched *)receiver);
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
 * receiverOpen(loop, fd, index, port, hardware, hardwareSeconds, counters: Float64Array, group: Uint8Array(16),
 * interface): takes the socket over, unless a negative errno is returned. `hardwareSeconds` are taken off the NIC's
 * stamps. `group` (IPv4 as ::ffff:a.b.c.d) and `interface` are those of datagrams without packet information.
 */
static napi_value js_receiver_open(napi_env env, napi_callback_info info) {
  napi_value values[9];
  struct loop *loop;
  int64_t fd, index, port, hardware, seconds, interface;
  void *group;
  if (!arguments(env, info, 9, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL ||
      !integer(env, values[1], &fd) || !integer(env, values[2], &index) || !integer(env, values[3], &port) ||
      !integer(env, values[4], &hardware) || !integer(env, values[5], &seconds) ||
      array(env, values[6], napi_float64_array, COUNTERS, NULL) == NULL ||
      (group = array(env, values[7], napi_uint8_array, 16, NULL)) == NULL || !integer(env, values[8], &interface))
    return NULL;
  struct receiver *receiver = calloc(1, sizeof(*receiver));
  if (receiver == NULL) return number(env, -ENOMEM);
  receiver->kind = KIND_RECEIVER;
  receiver->fd = (int)fd;
  receiver->index = (uint32_t)index;
  receiver->port = (uint16_t)port;
  receiver->hardware = hardware != 0;
  receiver->hardware_ahead = seconds * 1000000000;
  memcpy(receiver->group, group, 16);
  receiver->interface = (uint32_t)interface;
  int failed = loop_watch(loop, (struct watched *)receiver, POLLIN);
  if (failed < 0) {
    free(receiver);
    return number(env, failed);
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
 * following, readClock)
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
                (batch->following = pin(env, pins, values[13], napi_uint8_array, slots)) &&
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
    receive_rearm(batch, (uint32_t)i);
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
