/* A sending socket, its destinations, and the batches that it is given. */
#ifndef SEND_H
#define SEND_H

#include "mcast.h"

enum { DESTINATION_CONTROL_OCTETS = 192, DEPARTURES = 4096 };

struct destination {
  struct sockaddr_in6 name;
  socklen_t name_length;
  uint32_t control_length;
  /* Above every length that the kernel has taken for it: proof that address, route and size are good. */
  uint32_t proven_octets;
  /* The device or the path took no super-packet of this destination. */
  bool no_segments;
  union {
    struct cmsghdr align;
    uint8_t bytes[DESTINATION_CONTROL_OCTETS];
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
  bool micro;
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

/* send.c */
napi_value js_send(napi_env env, napi_callback_info info);

#endif
