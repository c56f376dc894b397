/* Reading of arguments and the life of what JavaScript owns. A wrong argument is a bug: it throws. */
#include "mcast.h"

void refuse(napi_env env, const char *what) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, "ERR_NATIVE_ARGUMENT", what);
}

bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok || given < count) {
    refuse(env, "too few arguments");
    return false;
  }
  return true;
}

bool integer(napi_env env, napi_value value, int64_t *out) {
  if (napi_get_value_int64(env, value, out) == napi_ok) return true;
  refuse(env, "a number was expected");
  return false;
}

void *handle(napi_env env, napi_value value, uint32_t kind) {
  void *data = NULL;
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_external &&
      napi_get_value_external(env, value, &data) == napi_ok && data != NULL && *(uint32_t *)data == kind)
    return data;
  refuse(env, "a handle of another kind was expected");
  return NULL;
}

void *array(napi_env env, napi_value value, napi_typedarray_type type, size_t least, size_t *length) {
  napi_typedarray_type actual;
  size_t count = 0;
  void *data = NULL;
  bool is_array = false;
  napi_is_typedarray(env, value, &is_array);
  if (is_array && napi_get_typedarray_info(env, value, &actual, &count, &data, NULL, NULL) == napi_ok &&
      actual == type && count >= least) {
    if (length != NULL) *length = count;
    /* An empty array may have no memory; callers must be able to pass the pointer on. */
    return data != NULL ? data : (void *)"";
  }
  refuse(env, "a typed array of another kind or a longer one was expected");
  return NULL;
}

void *pin(napi_env env, struct pins *pins, napi_value value, napi_typedarray_type type, size_t least) {
  void *data = array(env, value, type, least, NULL);
  if (data == NULL) return NULL;
  if (pins->count == PINS_MAX || napi_create_reference(env, value, 1, &pins->refs[pins->count]) != napi_ok) {
    refuse(env, "the array could not be referenced");
    return NULL;
  }
  pins->count++;
  return data;
}

void unpin(napi_env env, struct pins *pins) {
  while (pins->count > 0) napi_delete_reference(env, pins->refs[--pins->count]);
}

napi_value number(napi_env env, int64_t value) {
  napi_value result;
  if (value >= INT32_MIN && value <= INT32_MAX) napi_create_int32(env, (int32_t)value, &result);
  else napi_create_int64(env, value, &result);
  return result;
}

napi_value external(napi_env env, void *data, napi_finalize finalize) {
  napi_value result;
  if (napi_create_external(env, data, finalize, NULL, &result) == napi_ok) return result;
  finalize(env, data, NULL);
  refuse(env, "no handle could be made");
  return NULL;
}
