/* Sockets: their options, and how they find a peer. */
#include "srt.h"

#include <srt/access_control.h>

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

/* Numeric host, empty for any address, and port. */
static bool address(napi_env env, napi_value host, napi_value port, struct sockaddr_storage *out, socklen_t *length) {
  char name[TEXT_MAX], service[8];
  size_t octets;
  int64_t value;
  if (!string(env, host, name, &octets) || !integer(env, port, &value)) return false;
  snprintf(service, sizeof(service), "%u", (unsigned)(value & 0xffff));
  const struct addrinfo hints = {
      .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
      .ai_family = octets == 0 ? AF_INET : AF_UNSPEC,
      .ai_socktype = SOCK_DGRAM,
  };
  struct addrinfo *found = NULL;
  if (getaddrinfo(octets == 0 ? NULL : name, service, &hints, &found) != 0 || found->ai_addrlen > sizeof(*out)) {
    if (found != NULL) freeaddrinfo(found);
    refuse(env, "a numeric address was expected");
    return false;
  }
  memset(out, 0, sizeof(*out));
  memcpy(out, found->ai_addr, found->ai_addrlen);
  *length = found->ai_addrlen;
  freeaddrinfo(found);
  return true;
}

/* Waits for an event on one socket, if `done` does not say that there is nothing to wait for any more. */
static void wait_for(SRTSOCKET socket, int events, int64_t timeout_ms, bool (*done)(SRTSOCKET, int *), int *result) {
  int epoll = srt_epoll_create();
  if (epoll >= 0 && srt_epoll_add_usock(epoll, socket, &events) == 0) {
    /* Only now: of what came before it was watched the library tells nothing. */
    if (!done(socket, result)) {
      SRT_EPOLL_EVENT event;
      srt_epoll_uwait(epoll, &event, 1, timeout_ms);
      done(socket, result);
    }
  } else {
    *result = failure();
  }
  if (epoll >= 0) srt_epoll_release(epoll);
}

/* create(): a socket whose connecting does not wait */
static napi_value js_create(napi_env env, napi_callback_info info) {
  (void)info;
  int created = keep(state_of(env), srt_create_socket());
  if (created > 0) set_blocking(created, false);
  return number(env, created);
}

/* setNumber(socket, option, value), setSwitch(socket, option, 0 | 1), setText(socket, option, text) */
static napi_value js_set_number(napi_env env, napi_callback_info info) {
  napi_value values[3];
  SRTSOCKET socket;
  int64_t option, value;
  if (!socket_argument(env, info, 3, values, &socket) || !integer(env, values[1], &option) ||
      !integer(env, values[2], &value))
    return NULL;
  int narrow = (int)value;
  bool wide = option == SRTO_MAXBW || option == SRTO_INPUTBW || option == SRTO_MININPUTBW;
  return outcome(env, srt_setsockflag(socket, (SRT_SOCKOPT)option, wide ? (void *)&value : (void *)&narrow,
                                      wide ? (int)sizeof(value) : (int)sizeof(narrow)));
}

static napi_value js_set_switch(napi_env env, napi_callback_info info) {
  napi_value values[3];
  SRTSOCKET socket;
  int64_t option, value;
  if (!socket_argument(env, info, 3, values, &socket) || !integer(env, values[1], &option) ||
      !integer(env, values[2], &value))
    return NULL;
  bool on = value != 0;
  return outcome(env, srt_setsockflag(socket, (SRT_SOCKOPT)option, &on, sizeof(on)));
}

static napi_value js_set_text(napi_env env, napi_callback_info info) {
  napi_value values[3];
  SRTSOCKET socket;
  int64_t option;
  char value[TEXT_MAX];
  size_t length;
  if (!socket_argument(env, info, 3, values, &socket) || !integer(env, values[1], &option) ||
      !string(env, values[2], value, &length))
    return NULL;
  return outcome(env, srt_setsockflag(socket, (SRT_SOCKOPT)option, value, (int)length));
}

/* bind(socket, host, port), connect(socket, host, port): connect only begins, see connected */
static napi_value js_bind(napi_env env, napi_callback_info info) {
  napi_value values[3];
  SRTSOCKET socket;
  struct sockaddr_storage to;
  socklen_t length;
  if (!socket_argument(env, info, 3, values, &socket) || !address(env, values[1], values[2], &to, &length))
    return NULL;
  return outcome(env, srt_bind(socket, (struct sockaddr *)&to, (int)length));
}

static napi_value js_connect(napi_env env, napi_callback_info info) {
  napi_value values[3];
  SRTSOCKET socket;
  struct sockaddr_storage to;
  socklen_t length;
  if (!socket_argument(env, info, 3, values, &socket) || !address(env, values[1], values[2], &to, &length))
    return NULL;
  return outcome(env, srt_connect(socket, (struct sockaddr *)&to, (int)length) < 0 ? -1 : 0);
}

static bool decided(SRTSOCKET socket, int *result) {
  SRT_SOCKSTATUS status = srt_getsockstate(socket);
  *result = status == SRTS_CONNECTED ? 1 : status == SRTS_CONNECTING ? 0 : -1;
  return *result != 0;
}

/* connected(socket, timeoutMs): 1 it is, 0 not yet, -1 it will not be: see rejectReason */
static napi_value js_connected(napi_env env, napi_callback_info info) {
  napi_value values[2];
  SRTSOCKET socket;
  int64_t timeout_ms;
  if (!socket_argument(env, info, 2, values, &socket) || !integer(env, values[1], &timeout_ms)) return NULL;
  int result = 0;
  wait_for(socket, SRT_EPOLL_OUT | SRT_EPOLL_ERR, timeout_ms, decided, &result);
  if (result == 1) set_blocking(socket, true);
  return number(env, result);
}

static int ask(void *opaque, SRTSOCKET socket, int version, const struct sockaddr *peer, const char *stream) {
  (void)version;
  (void)peer;
  (void)stream;
  struct gate *gate = opaque;
  if (atomic_load(&gate->open)) {
    atomic_fetch_add(&gate->asked, 1);
    return 0;
  }
  atomic_fetch_add(&gate->turned_away, 1);
  srt_setrejectreason(socket, SRT_REJX_CONFLICT);
  return -1;
}

/* listen(socket, backlog): its gate is open */
static napi_value js_listen(napi_env env, napi_callback_info info) {
  napi_value values[2];
  SRTSOCKET socket;
  int64_t backlog;
  if (!socket_argument(env, info, 2, values, &socket) || !integer(env, values[1], &backlog)) return NULL;
  struct open_socket *entry = find(state_of(env), socket);
  if (entry == NULL) return number(env, -SRT_EINVSOCK);
  if (entry->gate == NULL) {
    if ((entry->gate = calloc(1, sizeof(*entry->gate))) == NULL) return number(env, -SRT_ENOBUF);
    atomic_store(&entry->gate->open, true);
    srt_listen_callback(socket, ask, entry->gate);
  }
  return outcome(env, srt_listen(socket, (int)backlog));
}

/* admit(listener, 0 | 1): closes or opens its gate to further peers */
static napi_value js_admit(napi_env env, napi_callback_info info) {
  napi_value values[2];
  SRTSOCKET socket;
  int64_t open;
  if (!socket_argument(env, info, 2, values, &socket) || !integer(env, values[1], &open)) return NULL;
  struct open_socket *entry = find(state_of(env), socket);
  if (entry == NULL || entry->gate == NULL) return number(env, -SRT_EINVSOCK);
  atomic_store(&entry->gate->open, open != 0);
  return number(env, 0);
}

/* asked(listener), turnedAway(listener): peers that came to the open and to the closed gate */
static napi_value js_asked(napi_env env, napi_callback_info info) {
  napi_value values[1];
  SRTSOCKET socket;
  if (!socket_argument(env, info, 1, values, &socket)) return NULL;
  struct open_socket *entry = find(state_of(env), socket);
  return number(env, entry == NULL || entry->gate == NULL ? 0 : atomic_load(&entry->gate->asked));
}

static napi_value js_turned_away(napi_env env, napi_callback_info info) {
  napi_value values[1];
  SRTSOCKET socket;
  if (!socket_argument(env, info, 1, values, &socket)) return NULL;
  struct open_socket *entry = find(state_of(env), socket);
  return number(env, entry == NULL || entry->gate == NULL ? 0 : atomic_load(&entry->gate->turned_away));
}

static bool accepted(SRTSOCKET listener, int *result) {
  *result = srt_accept(listener, NULL, NULL);
  if (*result != SRT_INVALID_SOCK) return true;
  *result = srt_getlasterror(NULL) == SRT_EASYNCRCV ? 0 : failure();
  return *result != 0;
}

/* accept(listener, timeoutMs): a connected socket, or 0: none came */
static napi_value js_accept(napi_env env, napi_callback_info info) {
  napi_value values[2];
  SRTSOCKET socket;
  int64_t timeout_ms;
  if (!socket_argument(env, info, 2, values, &socket) || !integer(env, values[1], &timeout_ms)) return NULL;
  int result = 0;
  wait_for(socket, SRT_EPOLL_IN | SRT_EPOLL_ERR, timeout_ms, accepted, &result);
  if (result > 0) result = keep(state_of(env), result);
  if (result > 0) set_blocking(result, true);
  return number(env, result);
}

/* peer(socket): address and port of the other end, empty when there is none */
static napi_value js_peer(napi_env env, napi_callback_info info) {
  napi_value values[1];
  SRTSOCKET socket;
  struct sockaddr_storage peer;
  int length = sizeof(peer);
  char host[NI_MAXHOST], port[NI_MAXSERV], both[NI_MAXHOST + NI_MAXSERV + 4];
  if (!socket_argument(env, info, 1, values, &socket)) return NULL;
  if (srt_getpeername(socket, (struct sockaddr *)&peer, &length) < 0 ||
      getnameinfo((struct sockaddr *)&peer, (socklen_t)length, host, sizeof(host), port, sizeof(port),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return text(env, "");
  snprintf(both, sizeof(both), peer.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
  return text(env, both);
}

bool connect_exports(napi_env env, napi_value exports) {
  const struct call calls[] = {
      {"create", js_create},
      {"setNumber", js_set_number},
      {"setSwitch", js_set_switch},
      {"setText", js_set_text},
      {"bind", js_bind},
      {"connect", js_connect},
      {"connected", js_connected},
      {"listen", js_listen},
      {"admit", js_admit},
      {"asked", js_asked},
      {"turnedAway", js_turned_away},
      {"accept", js_accept},
      {"peer", js_peer},
  };
  return define(env, exports, calls, sizeof(calls) / sizeof(calls[0]));
}
