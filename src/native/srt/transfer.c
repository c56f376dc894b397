/* What goes over a connection, and how it goes. */
#include "srt.h"

/* Of a call on a connection: its octets, 0 when the time-out passed, -1 when the connection is gone. */
static int transferred(int octets) {
  if (octets > 0) return octets;
  if (octets == 0) return -1;
  switch (srt_getlasterror(NULL)) {
    case SRT_ETIMEOUT:
    case SRT_EASYNCRCV:
    case SRT_EASYNCSND:
    case SRT_ECONGEST:
      return 0;
    case SRT_ECONNLOST:
    case SRT_ENOCONN:
    case SRT_EINVSOCK:
      return -1;
    default:
      return failure();
  }
}

static bool part(napi_env env, napi_value *values, uint8_t **octets, int *length) {
  int64_t at, count;
  size_t whole;
  uint8_t *first = array(env, values[1], napi_uint8_array, &whole);
  if (first == NULL || !integer(env, values[2], &at) || !integer(env, values[3], &count)) return false;
  if (at >= 0 && count > 0 && count <= INT32_MAX && (uint64_t)at <= whole && (uint64_t)count <= whole - (uint64_t)at) {
    *octets = first + at;
    *length = (int)count;
    return true;
  }
  refuse(env, "a part of the array was expected");
  return false;
}

/* recv(socket, into, at, most): one message */
static napi_value js_recv(napi_env env, napi_callback_info info) {
  napi_value values[4];
  SRTSOCKET socket;
  uint8_t *octets;
  int length;
  if (!socket_argument(env, info, 4, values, &socket) || !part(env, values, &octets, &length)) return NULL;
  return number(env, transferred(srt_recv(socket, (char *)octets, length)));
}

/* send(socket, octets, at, length): one message */
static napi_value js_send(napi_env env, napi_callback_info info) {
  napi_value values[4];
  SRTSOCKET socket;
  uint8_t *octets;
  int length;
  if (!socket_argument(env, info, 4, values, &socket) || !part(env, values, &octets, &length)) return NULL;
  return number(env, transferred(srt_send(socket, (const char *)octets, length)));
}

/* unacknowledged(socket): packets that the peer has not confirmed; negative: the connection is gone */
static napi_value js_unacknowledged(napi_env env, napi_callback_info info) {
  napi_value values[1];
  SRTSOCKET socket;
  size_t packets = 0, octets = 0;
  if (!socket_argument(env, info, 1, values, &socket)) return NULL;
  if (srt_getsndbuffer(socket, &packets, &octets) < 0) return number(env, failure());
  return number(env, (double)packets);
}

/* alive(socket): 1 while it is connected */
static napi_value js_alive(napi_env env, napi_callback_info info) {
  napi_value values[1];
  SRTSOCKET socket;
  if (!socket_argument(env, info, 1, values, &socket)) return NULL;
  return number(env, srt_getsockstate(socket) == SRTS_CONNECTED);
}

/* stats(socket, out: Float64Array(18)): in the order of SrtStat in io/srtAddon.ts; 0, or a negative code */
static napi_value js_stats(napi_env env, napi_callback_info info) {
  napi_value values[2];
  SRTSOCKET socket;
  size_t length;
  double *out;
  SRT_TRACEBSTATS now;
  if (!socket_argument(env, info, 2, values, &socket) ||
      (out = array(env, values[1], napi_float64_array, &length)) == NULL)
    return NULL;
  const int clear = 0, instantaneous = 1;
  if (srt_bistats(socket, &now, clear, instantaneous) < 0) return number(env, failure());
  const double all[] = {
      (double)now.pktSentTotal,
      (double)now.pktRecvTotal,
      (double)now.byteSentTotal,
      (double)now.byteRecvTotal,
      now.pktRetransTotal,
      now.pktSndLossTotal,
      now.pktRcvLossTotal,
      now.pktSndDropTotal,
      now.pktRcvDropTotal,
      now.pktRcvUndecryptTotal,
      now.msRTT,
      now.mbpsBandwidth * 1e6,
      now.msSndBuf,
      now.msRcvBuf,
      now.pktSndBuf,
      now.pktRcvBuf,
      now.msSndTsbPdDelay,
      now.msRcvTsbPdDelay,
  };
  if (length < sizeof(all) / sizeof(all[0])) {
    refuse(env, "an array of 18 numbers was expected");
    return NULL;
  }
  memcpy(out, all, sizeof(all));
  return number(env, 0);
}

bool transfer_exports(napi_env env, napi_value exports) {
  const struct call calls[] = {
      {"recv", js_recv},
      {"send", js_send},
      {"unacknowledged", js_unacknowledged},
      {"alive", js_alive},
      {"stats", js_stats},
  };
  return define(env, exports, calls, sizeof(calls) / sizeof(calls[0]));
}
