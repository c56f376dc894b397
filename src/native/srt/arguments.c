/* Reading of arguments and making of results. */
#include "srt.h"

napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

napi_value text(napi_env env, const char *value) {
  napi_value result;
  napi_create_string_utf8(env, value == NULL ? "" : value, NAPI_AUTO_LENGTH, &result);
  return result;
}

void refuse(napi_env env, const char *what) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, "ERR_NATIVE_ARGUMENT", what);
}

bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given >= count) return true;
  refuse(env, "too few arguments");
  return false;
}

bool integer(napi_env env, napi_value value, int64_t *out) {
  if (napi_get_value_int64(env, value, out) == napi_ok) return true;
  refuse(env, "a number was expected");
  return false;
}

bool string(napi_env env, napi_value value, char *out, size_t *length) {
  if (napi_get_value_string_utf8(env, value, out, TEXT_MAX, length) == napi_ok && *length < TEXT_MAX - 1) return true;
  refuse(env, "a text of at most 1022 octets was expected");
  return false;
}

void *array(napi_env env, napi_value value, napi_typedarray_type type, size_t *length) {
  napi_typedarray_type actual;
  void *data = NULL;
  bool is_array = false;
  napi_is_typedarray(env, value, &is_array);
  if (is_array && napi_get_typedarray_info(env, value, &actual, length, &data, NULL, NULL) == napi_ok &&
      actual == type && data != NULL)
    return data;
  refuse(env, "a typed array of another kind was expected");
  return NULL;
}

bool socket_argument(napi_env env, napi_callback_info info, size_t count, napi_value *values,
                            SRTSOCKET *socket) {
  int64_t given;
  if (!arguments(env, info, count, values) || !integer(env, values[0], &given)) return false;
  *socket = (SRTSOCKET)given;
  return true;
}

int failure(void) {
  int code = srt_getlasterror(NULL);
  return code > 0 ? -code : SRT_EUNKNOWN;
}

napi_value outcome(napi_env env, int result) {
  return number(env, result < 0 ? failure() : result);
}
