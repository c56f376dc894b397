/* A batch of datagrams to be received. */
#ifndef RECEIVE_H
#define RECEIVE_H

#include "mcast.h"

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
  uint8_t *following;
  double *read_clock;
  struct mmsghdr *headers;
  struct iovec *vectors;
  struct sockaddr_in6 *names;
  union control *controls;
  struct pins pins;
};

/* receiver.c */
/* Sets again what recvmmsg overwrites in a message, so that the next call finds it right. */
void receive_rearm(struct receive_batch *batch, uint32_t message);

/* receive.c */
/* When the kernel stamped the datagram that a message header was filled for, REALTIME, ns; 0: it did not. */
int64_t receive_stamp(struct msghdr *header);
/* The counter is 32 bits and wraps; what tells of it comes in either order from its two sources. */
void receiver_tell_drops(struct receiver *receiver, uint32_t drops);
napi_value js_receive(napi_env env, napi_callback_info info);

#endif
