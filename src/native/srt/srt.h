/*
 * Optional addon over libsrt, apart from the other so that nothing else needs the library. Sockets are the
 * library's own numbers, options are numbered as in its header, and encoded by the caller. No state but the
 * list of open sockets, which belongs to the thread that loaded it. No call waits longer than its time-out.
 */
#ifndef MCAST_SRT_H
#define MCAST_SRT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8
#include <node_api.h>

#include <srt/srt.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS_MAX = 64, TEXT_MAX = 1024 };

/* Of a listener; the library's receiving thread calls back through it. */
struct gate {
  atomic_bool open;
  /* Peers that came while it was open, whether their passphrase was right or not, and while it was closed. */
  atomic_uint asked;
  atomic_uint turned_away;
};

struct open_socket {
  SRTSOCKET number;
  struct gate *gate;
};

struct state {
  uint32_t started;
  uint32_t count;
  struct open_socket sockets[SOCKETS_MAX];
};

/* arguments.c. A wrong argument is a bug: it throws. */
napi_value number(napi_env env, double value);
napi_value text(napi_env env, const char *value);
void refuse(napi_env env, const char *what);
bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool integer(napi_env env, napi_value value, int64_t *out);
bool string(napi_env env, napi_value value, char *out, size_t *length);
/* Valid during the call only. */
void *array(napi_env env, napi_value value, napi_typedarray_type type, size_t *length);
/* `count` arguments, of which the first is a socket. */
bool socket_argument(napi_env env, napi_callback_info info, size_t count, napi_value *values, SRTSOCKET *socket);
/* The negative code of the library's last error; every failure of the library itself comes back so. */
int failure(void);
napi_value outcome(napi_env env, int result);

/* srt.c */
struct call {
  const char *name;
  napi_callback function;
};
bool define(napi_env env, napi_value exports, const struct call *calls, size_t count);
struct state *state_of(napi_env env);
struct open_socket *find(struct state *state, int64_t number);
/* Takes an opened socket into the list, or closes it again. */
int keep(struct state *state, SRTSOCKET opened);
/* Sending and receiving: until the time-out, or not at all. */
void set_blocking(SRTSOCKET socket, bool blocking);

/* connect.c */
bool connect_exports(napi_env env, napi_value exports);

/* transfer.c */
bool transfer_exports(napi_env env, napi_value exports);

#endif
