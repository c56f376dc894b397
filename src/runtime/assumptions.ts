/** A stream, or a whole receiver, that hears nothing for so long is silent. */
export const SILENCE_NS = 2e9;

/**
 * By how much a departure may be later than the time that a probe datagram carries: our sender reads the
 * clock at most 8 datagrams before the last of a system call; 3 us each (Linux 6.18). A receiver cannot
 * know how the sender batches; the sender's own document states that.
 */
export const SEND_TIME_BOUND_NS = 8 * 3e3;

/** Media wait so long for a packet that nothing repairs. */
export const MEDIA_HOLD_NS = 200e6;
