/*
 * A kernel that misbehaves on request: the native layer is compiled with its recvmmsg replaced by this
 * one, which does the real call and then changes the control messages as the first octet of the datagram says.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
/* The system header declared the replacement by this name. */
#undef recvmmsg
extern int recvmmsg(int, struct mmsghdr *, unsigned, int, struct timespec *);

enum {
  NO_CONTROL = 1,
  CONTROL_TRUNCATED = 2,
  HARDWARE_ONLY = 3,
  HARDWARE_AND_KERNEL = 4,
  STAMP_OF_ZERO = 5,
  SEGMENT_OF_ZERO = 6,
  SEGMENTS_OF_TEN = 7,
  DROPS = 8,
  UNKNOWN_FAMILY = 9,
  SEGMENTS_OF_ONE = 10,
};

static struct cmsghdr *find(struct msghdr *header, int level, int type) {
  for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message != NULL; message = CMSG_NXTHDR(header, message))
    if (message->cmsg_level == level && message->cmsg_type == type) return message;
  return NULL;
}

static void append(struct msghdr *header, int level, int type, int value) {
  struct cmsghdr *message = (struct cmsghdr *)((char *)header->msg_control + header->msg_controllen);
  message->cmsg_level = level;
  message->cmsg_type = type;
  message->cmsg_len = CMSG_LEN(sizeof(value));
  memcpy(CMSG_DATA(message), &value, sizeof(value));
  header->msg_controllen += CMSG_SPACE(sizeof(value));
}

static void change(struct msghdr *header, const unsigned char *octets) {
  struct cmsghdr *stamps = find(header, SOL_SOCKET, SO_TIMESTAMPING);
  struct timespec times[3] = {{0}};
  if (stamps != NULL) memcpy(times, CMSG_DATA(stamps), sizeof(times));
  int value;
  switch (octets[0]) {
    case CONTROL_TRUNCATED:
      header->msg_flags |= MSG_CTRUNC;
      header->msg_controllen = 0;
      break;
    case NO_CONTROL:
      header->msg_controllen = 0;
      break;
    case HARDWARE_ONLY:
    case HARDWARE_AND_KERNEL:
      times[2] = times[0];
      times[2].tv_sec += 37;
      if (octets[0] == HARDWARE_ONLY) memset(&times[0], 0, sizeof(times[0]));
      break;
    case STAMP_OF_ZERO:
      memset(times, 0, sizeof(times));
      break;
    case SEGMENT_OF_ZERO:
      append(header, IPPROTO_UDP, 104, 0);
      break;
    case SEGMENTS_OF_TEN:
      append(header, IPPROTO_UDP, 104, 10);
      break;
    case SEGMENTS_OF_ONE:
      append(header, IPPROTO_UDP, 104, 1);
      break;
    case DROPS:
      memcpy(&value, octets + 4, sizeof(value));
      append(header, SOL_SOCKET, 40, value);
      break;
    case UNKNOWN_FAMILY:
      ((struct sockaddr *)header->msg_name)->sa_family = AF_UNSPEC;
      break;
    default:
      break;
  }
  if (stamps != NULL) memcpy(CMSG_DATA(stamps), times, sizeof(times));
}

int fake_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout) {
  int received = recvmmsg(fd, messages, count, flags, timeout);
  if (flags & MSG_ERRQUEUE) return received;
  for (int i = 0; i < received; i++)
    if (messages[i].msg_len > 0) change(&messages[i].msg_hdr, messages[i].msg_hdr.msg_iov->iov_base);
  return received;
}
