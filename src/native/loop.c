/* The one wait of a worker (poll, epoll and an eventfd), its clocks, and its table of paths. */
#include "mcast.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 256 };

int64_t clock_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void clock_pair(struct loop *loop, double *real, double *mono) {
  int64_t before = clock_ns(CLOCK_MONOTONIC);
  int64_t wall = 0, after = before, width = INT64_MAX, middle = before;
  /* Being interrupted between two readings would look like a step of the clock: read again. */
  for (int attempt = 0; attempt < 4 && width > 2000; attempt++) {
    int64_t now = clock_ns(CLOCK_REALTIME);
    after = clock_ns(CLOCK_MONOTONIC);
    if (after - before < width) {
      width = after - before;
      wall = now;
      middle = before + width / 2;
    }
    before = after;
  }
  int64_t since = wall - loop->epoch_real;
  int64_t offset = since - (middle - loop->epoch_mono);
  /* Between steps the kernel keeps real minus mono constant; what differs is the reading's own error. */
  int64_t change = offset - loop->offset;
  if (change > width || change < -width) loop->offset = offset;
  *real = (double)since;
  *mono = (double)(since - loop->offset);
}

static uint32_t hash(const struct path_key *key) {
  uint64_t words[5], mixed = 0x9e3779b97f4a7c15u;
  _Static_assert(sizeof(words) == sizeof(*key), "path keys are hashed and compared as octets");
  memcpy(words, key, sizeof(words));
  for (int i = 0; i < 5; i++) {
    mixed = (mixed ^ words[i]) * 0xff51afd7ed558ccdu;
    mixed ^= mixed >> 32;
  }
  return (uint32_t)mixed;
}

uint32_t path_intern(struct loop *loop, const struct path_key *key) {
  uint32_t slot = hash(key) & loop->path_slot_mask;
  /* At most half of the slots are ever used, so the probe ends. */
  for (uint32_t index; (index = loop->path_slots[slot]) != 0; slot = (slot + 1) & loop->path_slot_mask)
    if (memcmp(&loop->paths[index], key, sizeof(*key)) == 0) return index;
  if (loop->path_count + 1 >= loop->path_capacity) return 0;
  uint32_t index = ++loop->path_count;
  loop->paths[index] = *key;
  loop->path_slots[slot] = (uint16_t)index;
  return index;
}

static void loop_close(struct loop *loop) {
  if (loop->epoll >= 0) close(loop->epoll);
  if (loop->event >= 0) close(loop->event);
  loop->epoll = loop->event = -1;
}

struct loop *loop_retain(struct loop *loop) {
  loop->references++;
  return loop;
}

void loop_release(napi_env env, struct loop *loop) {
  if (--loop->references > 0) return;
  unpin(env, &loop->pins);
  free(loop->paths);
  free(loop->path_slots);
  free(loop);
}

static void loop_finalize(napi_env env, void *data, void *hint) {
  (void)hint;
  loop_close(data);
  loop_release(env, data);
}

/* loopOpen(epochReal: bigint, epochMono: bigint, ready: Int32Array, clock: Float64Array, paths: number) */
static napi_value js_loop_open(napi_env env, napi_callback_info info) {
  napi_value values[5];
  int64_t paths, real, mono;
  bool lossless;
  if (!arguments(env, info, 5, values) || !integer(env, values[4], &paths)) return NULL;
  if (napi_get_value_bigint_int64(env, values[0], &real, &lossless) != napi_ok ||
      napi_get_value_bigint_int64(env, values[1], &mono, &lossless) != napi_ok || paths < 2 || paths > 65536) {
    refuse(env, "epoch or size of the path table");
    return NULL;
  }
  struct loop *loop = calloc(1, sizeof(*loop));
  if (loop == NULL) return number(env, -ENOMEM);
  loop->kind = KIND_LOOP;
  loop->references = 1;
  loop->epoll = loop->event = -1;
  loop->epoch_real = real;
  loop->epoch_mono = mono;
  uint32_t slots = 2;
  while (slots < (uint64_t)paths * 2) slots *= 2;
  loop->path_capacity = (uint32_t)paths;
  loop->path_slot_mask = slots - 1;
  loop->paths = calloc((size_t)paths, sizeof(*loop->paths));
  loop->path_slots = calloc(slots, sizeof(*loop->path_slots));
  size_t ready = 0;
  if (array(env, values[2], napi_int32_array, 1, &ready) != NULL) loop->ready_capacity = (uint32_t)ready;
  loop->ready = pin(env, &loop->pins, values[2], napi_int32_array, 1);
  loop->clock = pin(env, &loop->pins, values[3], napi_float64_array, 4);
  int failed = loop->paths == NULL || loop->path_slots == NULL ? ENOMEM : 0;
  if (failed == 0 && loop->clock != NULL && loop->ready != NULL) {
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    if (loop->epoll < 0 || loop->event < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->event, &event) < 0)
      failed = errno;
  }
  if (failed != 0 || loop->clock == NULL || loop->ready == NULL) {
    loop_finalize(env, loop, NULL);
    return failed != 0 ? number(env, -failed) : NULL;
  }
  double unused[2];
  clock_pair(loop, &unused[0], &unused[1]);
  return external(env, loop, loop_finalize);
}

/* loopHandle(loop): number that wake takes, from any thread of the process */
static napi_value js_loop_handle(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct loop *loop;
  if (!arguments(env, info, 1, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL) return NULL;
  return number(env, loop->event);
}

/* loopClock(loop): writes clock[0] (real) and clock[1] (mono) */
static napi_value js_loop_clock(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct loop *loop;
  if (!arguments(env, info, 1, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL) return NULL;
  clock_pair(loop, &loop->clock[0], &loop->clock[1]);
  return NULL;
}

/* What one look at the sockets found, beside the sources in `ready`. */
enum { FOUND_READABLE = 1, FOUND_OTHER = 2 };

/* POLLIN, POLLOUT, POLLERR and POLLHUP have the values of their EPOLL namesakes. */
static int epoll_watch(struct loop *loop, int operation, struct watched *socket, short events) {
  struct epoll_event event = {.events = (uint32_t)events, .data.ptr = socket};
  return epoll_ctl(loop->epoll, operation, socket->fd, &event) < 0 ? -errno : 0;
}

int loop_watch(struct loop *loop, struct watched *socket, short events) {
  if (loop->polled_count == POLLED_MAX) return epoll_watch(loop, EPOLL_CTL_ADD, socket, events);
  loop->polled[loop->polled_count].socket = socket;
  loop->polled[loop->polled_count++].events = events;
  return 0;
}

int loop_rewatch(struct loop *loop, struct watched *socket, short events) {
  for (uint32_t i = 0; i < loop->polled_count; i++) {
    if (loop->polled[i].socket != socket) continue;
    loop->polled[i].events = events;
    return 0;
  }
  return epoll_watch(loop, EPOLL_CTL_MOD, socket, events);
}

void loop_unwatch(struct loop *loop, struct watched *socket) {
  for (uint32_t i = 0; i < loop->polled_count; i++)
    if (loop->polled[i].socket == socket) loop->polled[i] = loop->polled[--loop->polled_count];
}

/* A socket of which poll or epoll said something; returns FOUND_ bits. */
static int attend(struct loop *loop, struct watched *socket, uint32_t events, uint32_t *ready) {
  if (socket->kind == KIND_RECEIVER) {
    if (*ready < loop->ready_capacity) loop->ready[(*ready)++] = (int32_t)((struct receiver *)socket)->index;
    return FOUND_READABLE;
  }
  if (events & (EPOLLERR | EPOLLHUP)) sender_drain((struct sender *)socket);
  if (!(events & EPOLLOUT)) return 0;
  sender_writable((struct sender *)socket);
  return FOUND_OTHER;
}

/*
 * Waits for at most `timeout_ns` (-1: for ever) and fills `ready`. Error queues are drained here: an
 * undrained one makes poll return at once. Returns FOUND_ bits, 0 when nothing that ends a wait
 * came, or the negative errno.
 */
static int look(struct loop *loop, int64_t timeout_ns, uint32_t *ready) {
  struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  struct pollfd polls[POLLED_MAX + 1];
  struct watched *sockets[POLLED_MAX];
  struct epoll_event events[EVENTS_MAX];
  nfds_t count = loop->polled_count;
  int found = 0;
  *ready = 0;
  for (nfds_t i = 0; i < count; i++) {
    sockets[i] = loop->polled[i].socket;
    polls[i] = (struct pollfd){.fd = sockets[i]->fd, .events = loop->polled[i].events};
  }
  polls[count] = (struct pollfd){.fd = loop->epoll, .events = POLLIN};
  /* A signal ends the wait: JavaScript may want to look at it. */
  if (ppoll(polls, count + 1, timeout_ns < 0 ? NULL : &timeout, NULL) < 0) return errno == EINTR ? FOUND_OTHER : -errno;
  for (nfds_t i = 0; i < count; i++)
    if (polls[i].revents != 0) found |= attend(loop, sockets[i], (uint32_t)polls[i].revents, ready);
  int more = polls[count].revents == 0 ? 0 : epoll_wait(loop->epoll, events, EVENTS_MAX, 0);
  if (more < 0) return errno == EINTR ? FOUND_OTHER : -errno;
  for (int i = 0; i < more; i++) {
    uint64_t told;
    if (*(uint32_t *)events[i].data.ptr != KIND_LOOP) found |= attend(loop, events[i].data.ptr, events[i].events, ready);
    else if (read(loop->event, &told, sizeof(told)) > 0) found |= FOUND_OTHER;
  }
  return found;
}

/* What is left until `until` (since the epoch), ns; at most `most`. -1: for ever. */
static int64_t left_until(struct loop *loop, double until, double most) {
  double left = until - (double)(clock_ns(CLOCK_MONOTONIC) - loop->epoch_mono);
  if (left > most) left = most;
  return left > 9e15 ? -1 : left > 0 ? (int64_t)left : 0;
}

/*
 * loopWait(loop): until clock[2] (mono since the epoch) at the latest; the number of readable sources,
 * whose indexes are in `ready`. With clock[3] above 0 it sleeps on for so long behind the first of them.
 */
static napi_value js_loop_wait(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct loop *loop;
  uint32_t ready = 0;
  if (!arguments(env, info, 1, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL) return NULL;
  for (int found = 0; found == 0;) {
    int64_t left = left_until(loop, loop->clock[2], INFINITY);
    found = look(loop, left, &ready);
    if (found < 0) return number(env, found);
    if (left == 0) break;
    if (found != FOUND_READABLE || !(loop->clock[3] > 0)) continue;
    left = left_until(loop, loop->clock[2], loop->clock[3]);
    struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    struct pollfd woken = {.fd = loop->event, .events = POLLIN};
    if (left > 0) ppoll(&woken, 1, &timeout, NULL);
    found = look(loop, 0, &ready);
    if (found < 0) return number(env, found);
    break;
  }
  return number(env, ready);
}

static napi_value js_loop_close(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct loop *loop;
  if (!arguments(env, info, 1, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL) return NULL;
  loop_close(loop);
  return NULL;
}

/* wake(handle) */
static napi_value js_wake(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int64_t event;
  uint64_t one = 1;
  if (!arguments(env, info, 1, values) || !integer(env, values[0], &event)) return NULL;
  return number(env, write((int)event, &one, sizeof(one)) < 0 ? -errno : 0);
}

/* pathCount(loop): paths known, number 0 (the table was full) included */
static napi_value js_path_count(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct loop *loop;
  if (!arguments(env, info, 1, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL) return NULL;
  return number(env, (int64_t)loop->path_count + 1);
}

/* path(loop, index, out: Uint8Array(40)): struct path_key, integers in host order */
static napi_value js_path(napi_env env, napi_callback_info info) {
  napi_value values[3];
  struct loop *loop;
  int64_t index;
  if (!arguments(env, info, 3, values) || (loop = handle(env, values[0], KIND_LOOP)) == NULL ||
      !integer(env, values[1], &index))
    return NULL;
  void *out = array(env, values[2], napi_uint8_array, sizeof(struct path_key), NULL);
  if (out == NULL) return NULL;
  if (index < 1 || index > loop->path_count) return number(env, -EINVAL);
  memcpy(out, &loop->paths[index], sizeof(struct path_key));
  return number(env, 0);
}

napi_value loop_exports(napi_env env, napi_value exports) {
  const napi_property_descriptor calls[] = {
      {"loopOpen", NULL, js_loop_open, NULL, NULL, NULL, napi_enumerable, NULL},
      {"loopHandle", NULL, js_loop_handle, NULL, NULL, NULL, napi_enumerable, NULL},
      {"loopClock", NULL, js_loop_clock, NULL, NULL, NULL, napi_enumerable, NULL},
      {"loopWait", NULL, js_loop_wait, NULL, NULL, NULL, napi_enumerable, NULL},
      {"loopClose", NULL, js_loop_close, NULL, NULL, NULL, napi_enumerable, NULL},
      {"wake", NULL, js_wake, NULL, NULL, NULL, napi_enumerable, NULL},
      {"pathCount", NULL, js_path_count, NULL, NULL, NULL, napi_enumerable, NULL},
      {"path", NULL, js_path, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof(calls) / sizeof(calls[0]), calls);
  return exports;
}
