/* The addon: the library's life, the sockets that are open, and what the library says of itself. */
#include "srt.h"

#include <srt/logging_api.h>

struct state *state_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

struct open_socket *find(struct state *state, int64_t number) {
  for (uint32_t i = 0; i < state->count; i++)
    if (state->sockets[i].number == number) return &state->sockets[i];
  return NULL;
}

int keep(struct state *state, SRTSOCKET opened) {
  if (opened == SRT_INVALID_SOCK) return failure();
  if (state->count == SOCKETS_MAX) {
    srt_close(opened);
    return -SRT_ENOBUF;
  }
  state->sockets[state->count++] = (struct open_socket){opened, NULL};
  return opened;
}

static int drop(struct state *state, struct open_socket *entry) {
  /* With sending in blocking mode it would wait for the library's queues. */
  const bool no = false;
  srt_setsockflag(entry->number, SRTO_SNDSYN, &no, sizeof(no));
  int result = srt_close(entry->number);
  /* A closed listener calls back no more: the library holds one lock for both. */
  free(entry->gate);
  *entry = state->sockets[--state->count];
  return result;
}

static void drop_all(struct state *state) {
  while (state->count > 0) drop(state, &state->sockets[state->count - 1]);
  for (; state->started > 0; state->started--) srt_cleanup();
}

/* The thread ends, terminated perhaps. */
static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  drop_all(data);
  free(data);
}

void set_blocking(SRTSOCKET socket, bool blocking) {
  srt_setsockflag(socket, SRTO_RCVSYN, &blocking, sizeof(blocking));
  srt_setsockflag(socket, SRTO_SNDSYN, &blocking, sizeof(blocking));
}

/* startup(), cleanup(): of the library, counted. cleanup closes what is open. */
static napi_value js_startup(napi_env env, napi_callback_info info) {
  (void)info;
  int result = srt_startup();
  if (result < 0) return number(env, failure());
  state_of(env)->started++;
  /* It would write to standard error. What matters comes back from the calls. */
  srt_setloglevel(LOG_CRIT);
  return number(env, 0);
}

static napi_value js_cleanup(napi_env env, napi_callback_info info) {
  (void)info;
  drop_all(state_of(env));
  return number(env, 0);
}

/* version(): 0x010501 for 1.5.1 */
static napi_value js_version(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, srt_getversion());
}

/* rejectReason(socket): why it was not connected, as the library numbers it; rejectText(reason) */
static napi_value js_reject_reason(napi_env env, napi_callback_info info) {
  napi_value values[1];
  SRTSOCKET socket;
  if (!socket_argument(env, info, 1, values, &socket)) return NULL;
  return number(env, srt_getrejectreason(socket));
}

static napi_value js_reject_text(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int64_t reason;
  if (!arguments(env, info, 1, values) || !integer(env, values[0], &reason)) return NULL;
  return text(env, srt_rejectreason_str((int)reason));
}

/* lastError(): of the last call of this thread that failed */
static napi_value js_last_error(napi_env env, napi_callback_info info) {
  (void)info;
  return text(env, srt_getlasterror_str());
}

/* lastErrno(): of the system call below it, or 0 */
static napi_value js_last_errno(napi_env env, napi_callback_info info) {
  (void)info;
  int code = 0;
  srt_getlasterror(&code);
  return number(env, code);
}

/* close(socket): at once, unsent data is lost */
static napi_value js_close(napi_env env, napi_callback_info info) {
  napi_value values[1];
  SRTSOCKET socket;
  if (!socket_argument(env, info, 1, values, &socket)) return NULL;
  struct state *state = state_of(env);
  struct open_socket *entry = find(state, socket);
  if (entry == NULL) return number(env, -SRT_EINVSOCK);
  return outcome(env, drop(state, entry));
}

bool define(napi_env env, napi_value exports, const struct call *calls, size_t count) {
  for (size_t i = 0; i < count; i++) {
    napi_value function;
    if (napi_create_function(env, calls[i].name, NAPI_AUTO_LENGTH, calls[i].function, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, calls[i].name, function) != napi_ok)
      return false;
  }
  return true;
}

NAPI_MODULE_INIT() {
  struct state *state = calloc(1, sizeof(*state));
  if (state == NULL || napi_set_instance_data(env, state, finalize, NULL) != napi_ok) {
    free(state);
    refuse(env, "no memory");
    return NULL;
  }
  const struct call calls[] = {
      {"startup", js_startup},
      {"cleanup", js_cleanup},
      {"version", js_version},
      {"rejectReason", js_reject_reason},
      {"rejectText", js_reject_text},
      {"lastError", js_last_error},
      {"lastErrno", js_last_errno},
      {"close", js_close},
  };
  if (!define(env, exports, calls, sizeof(calls) / sizeof(calls[0])) || !connect_exports(env, exports) ||
      !transfer_exports(env, exports))
    return NULL;
  return exports;
}
