/* The error queue of a sending socket, where transmit stamps and ICMP errors come back. */
#include "send.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

enum { ERRORS_AT_ONCE = 16, ERRORS_MAX = 4096 };

static void take_stamp(struct sender *sender, uint32_t id, const struct timespec *time) {
  struct departure *departure = &sender->departures[id % DEPARTURES];
  if (!departure->waiting || departure->id != id) {
    sender->counters[COUNTER_TRANSMIT_STAMPS_MISSING]++;
    return;
  }
  departure->waiting = false;
  int64_t stamp = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
  uint64_t entry = (uint64_t)sender->counters[COUNTER_TRANSMIT_STAMPS]++ % sender->stamp_capacity;
  sender->stamps[2 * entry] = departure->mono;
  sender->stamps[2 * entry + 1] = (double)(stamp - sender->loop->epoch_real) - departure->real;
}

static void take_error(struct sender *sender, struct msghdr *header) {
  struct timespec stamps[3];
  bool stamp = false;
  struct sock_extended_err error = {0};
  for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL; message = CMSG_NXTHDR(header, message)) {
    if (message->cmsg_level == SOL_SOCKET && message->cmsg_type == SO_TIMESTAMPING &&
        message->cmsg_len >= CMSG_LEN(sizeof(stamps))) {
      memcpy(stamps, CMSG_DATA(message), sizeof(stamps));
      stamp = true;
    } else if (((message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_RECVERR) ||
                (message->cmsg_level == IPPROTO_IPV6 && message->cmsg_type == IPV6_RECVERR)) &&
               message->cmsg_len >= CMSG_LEN(sizeof(error))) {
      memcpy(&error, CMSG_DATA(message), sizeof(error));
    }
  }
  if (error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && stamp) {
    if (sender->stamped && error.ee_info == SCM_TSTAMP_SND)
      take_stamp(sender, error.ee_data, stamps[2].tv_sec != 0 ? &stamps[2] : &stamps[0]);
  } else if (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6) {
    sender->counters[COUNTER_ICMP_ERRORS]++;
  }
}

int sender_drain(struct sender *sender) {
  struct mmsghdr headers[ERRORS_AT_ONCE];
  union {
    struct cmsghdr align;
    uint8_t bytes[256];
  } controls[ERRORS_AT_ONCE];
  int records = 0, count;
  do {
    memset(headers, 0, sizeof(headers));
    for (int i = 0; i < ERRORS_AT_ONCE; i++) {
      headers[i].msg_hdr.msg_control = controls[i].bytes;
      headers[i].msg_hdr.msg_controllen = sizeof(controls[i].bytes);
    }
    count = recvmmsg(sender->fd, headers, ERRORS_AT_ONCE, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) take_error(sender, &headers[i].msg_hdr);
    if (count > 0) records += count;
  } while (count == ERRORS_AT_ONCE && records < ERRORS_MAX);
  if (records == 0) {
    /* An error that left no record would make epoll return for ever. */
    int pending;
    socklen_t length = sizeof(pending);
    getsockopt(sender->fd, SOL_SOCKET, SO_ERROR, &pending, &length);
  }
  return records;
}
