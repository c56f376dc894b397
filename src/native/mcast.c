/* The addon: sockets as plain numbers, options and addresses as octets, the clocks and the thread. */
#include "mcast.h"
#include "receive.h"

#include <linux/filter.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/timex.h>
#include <unistd.h>

/* Result of a system call: its value, or the negative errno. */
static napi_value outcome(napi_env env, int64_t value) {
  return number(env, value < 0 ? -errno : value);
}

/* socket(domain, type, protocol): a non-blocking descriptor */
static napi_value js_socket(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int64_t domain, type, protocol;
  if (!arguments(env, info, 3, values) || !integer(env, values[0], &domain) || !integer(env, values[1], &type) ||
      !integer(env, values[2], &protocol))
    return NULL;
  return outcome(env, socket((int)domain, (int)type | SOCK_CLOEXEC | SOCK_NONBLOCK, (int)protocol));
}

static napi_value js_close(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int64_t fd;
  if (!arguments(env, info, 1, values) || !integer(env, values[0], &fd)) return NULL;
  return outcome(env, close((int)fd));
}

static bool addressed(napi_env env, napi_callback_info info, int64_t *fd, void **address, size_t *length) {
  napi_value values[2];
  return arguments(env, info, 2, values) && integer(env, values[0], fd) &&
         (*address = array(env, values[1], napi_uint8_array, 0, length)) != NULL;
}

/* bind(fd, address), connect(fd, address) */
static napi_value js_bind(napi_env env, napi_callback_info info) {
  int64_t fd;
  void *address;
  size_t length;
  if (!addressed(env, info, &fd, &address, &length)) return NULL;
  return outcome(env, bind((int)fd, address, (socklen_t)length));
}

static napi_value js_connect(napi_env env, napi_callback_info info) {
  int64_t fd;
  void *address;
  size_t length;
  if (!addressed(env, info, &fd, &address, &length)) return NULL;
  return outcome(env, connect((int)fd, address, (socklen_t)length));
}

/* localAddress(fd, out): octets of the address */
static napi_value js_local_address(napi_env env, napi_callback_info info) {
  int64_t fd;
  void *address;
  size_t length;
  if (!addressed(env, info, &fd, &address, &length)) return NULL;
  socklen_t octets = (socklen_t)length;
  return outcome(env, getsockname((int)fd, address, &octets) < 0 ? -1 : (int64_t)octets);
}

static bool optional(napi_env env, napi_callback_info info, int64_t *fd, int64_t *level, int64_t *name, void **octets,
                     size_t *length) {
  napi_value values[4];
  return arguments(env, info, 4, values) && integer(env, values[0], fd) && integer(env, values[1], level) &&
         integer(env, values[2], name) && (*octets = array(env, values[3], napi_uint8_array, 0, length)) != NULL;
}

/* setOption(fd, level, name, octets) */
static napi_value js_set_option(napi_env env, napi_callback_info info) {
  int64_t fd, level, name;
  void *octets;
  size_t length;
  if (!optional(env, info, &fd, &level, &name, &octets, &length)) return NULL;
  return outcome(env, setsockopt((int)fd, (int)level, (int)name, octets, (socklen_t)length));
}

/* getOption(fd, level, name, octets): octets written; what is there is passed in, too */
static napi_value js_get_option(napi_env env, napi_callback_info info) {
  int64_t fd, level, name;
  void *octets;
  size_t length;
  if (!optional(env, info, &fd, &level, &name, &octets, &length)) return NULL;
  socklen_t written = (socklen_t)length;
  return outcome(env, getsockopt((int)fd, (int)level, (int)name, octets, &written) < 0 ? -1 : (int64_t)written);
}

/* control(fd, request, octets): ioctl whose argument is the octets */
static napi_value js_control(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int64_t fd, request;
  void *octets;
  if (!arguments(env, info, 3, values) || !integer(env, values[0], &fd) || !integer(env, values[1], &request) ||
      (octets = array(env, values[2], napi_uint8_array, 0, NULL)) == NULL)
    return NULL;
  return outcome(env, ioctl((int)fd, (unsigned long)request, octets));
}

/* interfaceControl(fd, request, name, octets): ioctl on an interface whose ifr_data is the octets */
static napi_value js_interface_control(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int64_t fd, request;
  size_t length = 0;
  struct ifreq argument;
  memset(&argument, 0, sizeof(argument));
  if (!arguments(env, info, 4, values) || !integer(env, values[0], &fd) || !integer(env, values[1], &request) ||
      (argument.ifr_data = array(env, values[3], napi_uint8_array, 0, NULL)) == NULL)
    return NULL;
  if (napi_get_value_string_utf8(env, values[2], argument.ifr_name, IFNAMSIZ, &length) != napi_ok) {
    refuse(env, "name of an interface");
    return NULL;
  }
  return outcome(env, ioctl((int)fd, (unsigned long)request, &argument));
}

/* attachFilter(fd, program): classic BPF, as an array of struct sock_filter */
static napi_value js_attach_filter(napi_env env, napi_callback_info info) {
  int64_t fd;
  void *octets;
  size_t length;
  if (!addressed(env, info, &fd, &octets, &length)) return NULL;
  struct sock_filter instructions[256];
  if (length > sizeof(instructions) || length % sizeof(*instructions) != 0) return number(env, -EINVAL);
  memcpy(instructions, octets, length);
  struct sock_fprog program = {.len = (unsigned short)(length / sizeof(*instructions)), .filter = instructions};
  return outcome(env, setsockopt((int)fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

/*
 * sendTo(fd, octets, address), receiveFrom(fd, octets, address, stamp: BigInt64Array(1)): single datagrams. Who sent the
 * received one is written into the address, as far as it has room, and when the kernel stamped it (REALTIME; 0: it did
 * not) into the stamp
 */
static napi_value js_send_to(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int64_t fd;
  void *octets, *address;
  size_t length, address_length;
  if (!arguments(env, info, 3, values) || !integer(env, values[0], &fd) ||
      (octets = array(env, values[1], napi_uint8_array, 0, &length)) == NULL ||
      (address = array(env, values[2], napi_uint8_array, 0, &address_length)) == NULL)
    return NULL;
  return outcome(env, sendto((int)fd, octets, length, MSG_DONTWAIT | MSG_NOSIGNAL, address, (socklen_t)address_length));
}

static napi_value js_receive_from(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int64_t fd;
  int64_t *stamp;
  struct iovec octets;
  union control control;
  struct msghdr header;
  size_t address_length;
  memset(&header, 0, sizeof(header));
  if (!arguments(env, info, 4, values) || !integer(env, values[0], &fd) ||
      (octets.iov_base = array(env, values[1], napi_uint8_array, 0, &octets.iov_len)) == NULL ||
      (header.msg_name = array(env, values[2], napi_uint8_array, 0, &address_length)) == NULL ||
      (stamp = array(env, values[3], napi_bigint64_array, 1, NULL)) == NULL)
    return NULL;
  header.msg_namelen = (socklen_t)address_length;
  header.msg_iov = &octets;
  header.msg_iovlen = 1;
  header.msg_control = &control;
  header.msg_controllen = sizeof(control);
  ssize_t length = recvmsg((int)fd, &header, MSG_DONTWAIT);
  *stamp = length < 0 ? 0 : receive_stamp(&header);
  return outcome(env, length);
}

/*
 * clocks(out: BigInt64Array(4)): REALTIME, MONOTONIC, MONOTONIC_RAW as of one instant, and half of the
 * time within which they were read; the narrowest of several readings
 */
static napi_value js_clocks(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int64_t *out;
  if (!arguments(env, info, 1, values) || (out = array(env, values[0], napi_bigint64_array, 4, NULL)) == NULL)
    return NULL;
  int64_t narrowest = INT64_MAX;
  for (int i = 0; i < 20; i++) {
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    int64_t real = clock_ns(CLOCK_REALTIME);
    int64_t raw = clock_ns(CLOCK_MONOTONIC_RAW);
    int64_t after = clock_ns(CLOCK_MONOTONIC);
    if (after - before >= narrowest) continue;
    narrowest = after - before;
    out[0] = real;
    out[1] = before + narrowest / 2;
    out[2] = raw;
    out[3] = (narrowest + 1) / 2;
  }
  return NULL;
}

/*
 * adjustment(out: Float64Array(7)): adjtimex, reading only: clock state, status bits, offset,
 * frequency (2^-16 ppm), maximum error (us), estimated error (us), TAI minus UTC (s)
 */
static napi_value js_adjustment(napi_env env, napi_callback_info info) {
  napi_value values[1];
  double *out;
  struct timex clock;
  memset(&clock, 0, sizeof(clock));
  if (!arguments(env, info, 1, values) || (out = array(env, values[0], napi_float64_array, 7, NULL)) == NULL)
    return NULL;
  int state = adjtimex(&clock);
  if (state < 0) return outcome(env, -1);
  out[0] = state;
  out[1] = clock.status;
  out[2] = (double)clock.offset;
  out[3] = (double)clock.freq;
  out[4] = (double)clock.maxerror;
  out[5] = (double)clock.esterror;
  out[6] = clock.tai;
  return number(env, 0);
}

/* timerSlack(ns): of the calling thread */
static napi_value js_timer_slack(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int64_t slack;
  if (!arguments(env, info, 1, values) || !integer(env, values[0], &slack)) return NULL;
  return outcome(env, prctl(PR_SET_TIMERSLACK, (unsigned long)slack, 0, 0, 0));
}

/* affinity(cpu): binds the calling thread to one processor */
static napi_value js_affinity(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int64_t cpu;
  cpu_set_t set;
  if (!arguments(env, info, 1, values) || !integer(env, values[0], &cpu)) return NULL;
  if (cpu < 0 || cpu >= CPU_SETSIZE) return number(env, -EINVAL);
  CPU_ZERO(&set);
  CPU_SET((size_t)cpu, &set);
  return outcome(env, sched_setaffinity(0, sizeof(set), &set));
}

/* realtime(priority): SCHED_FIFO for the calling thread, not for what it starts */
static napi_value js_realtime(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int64_t priority;
  if (!arguments(env, info, 1, values) || !integer(env, values[0], &priority)) return NULL;
  const struct sched_param scheduled = {.sched_priority = (int)priority};
  return outcome(env, sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &scheduled));
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor calls[] = {
      {"socket", NULL, js_socket, NULL, NULL, NULL, napi_enumerable, NULL},
      {"close", NULL, js_close, NULL, NULL, NULL, napi_enumerable, NULL},
      {"bind", NULL, js_bind, NULL, NULL, NULL, napi_enumerable, NULL},
      {"connect", NULL, js_connect, NULL, NULL, NULL, napi_enumerable, NULL},
      {"localAddress", NULL, js_local_address, NULL, NULL, NULL, napi_enumerable, NULL},
      {"setOption", NULL, js_set_option, NULL, NULL, NULL, napi_enumerable, NULL},
      {"getOption", NULL, js_get_option, NULL, NULL, NULL, napi_enumerable, NULL},
      {"control", NULL, js_control, NULL, NULL, NULL, napi_enumerable, NULL},
      {"interfaceControl", NULL, js_interface_control, NULL, NULL, NULL, napi_enumerable, NULL},
      {"attachFilter", NULL, js_attach_filter, NULL, NULL, NULL, napi_enumerable, NULL},
      {"sendTo", NULL, js_send_to, NULL, NULL, NULL, napi_enumerable, NULL},
      {"receiveFrom", NULL, js_receive_from, NULL, NULL, NULL, napi_enumerable, NULL},
      {"clocks", NULL, js_clocks, NULL, NULL, NULL, napi_enumerable, NULL},
      {"adjustment", NULL, js_adjustment, NULL, NULL, NULL, napi_enumerable, NULL},
      {"timerSlack", NULL, js_timer_slack, NULL, NULL, NULL, napi_enumerable, NULL},
      {"affinity", NULL, js_affinity, NULL, NULL, NULL, napi_enumerable, NULL},
      {"realtime", NULL, js_realtime, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof(calls) / sizeof(calls[0]), calls);
  loop_exports(env, exports);
  receive_exports(env, exports);
  return send_exports(env, exports);
}
