/**
 * Every error that leaves a module as a thing for the operator: one row per code, the only place
 * where a code, its exit status and its hint are declared. `docs/errors.md` is tested against it.
 */
export const ERROR_CODES = {
  ERR_USAGE: { exit: 2, hint: 'See mcast <command> -h.' },
  ERR_ENDPOINT: {
    exit: 2,
    hint: 'An endpoint is [scheme://][source@]group[:port][/name=value]..., see docs/endpoints.md.',
  },
  ERR_LINEUP: {
    exit: 2,
    hint: 'A line-up is CSV (name,endpoint,...), M3U, or one endpoint per line; see docs/endpoints.md.',
  },
  ERR_PROFILE: {
    exit: 2,
    hint: 'mcast profiles lists those that come with it; docs/profiles.md says how one is written.',
  },
  ERR_UNICAST: { exit: 2, hint: 'Add --unicast if a single host is really meant.' },
  ERR_RESERVED_GROUP: { exit: 2, hint: 'Use a group of 239.0.0.0/8, 232.0.0.0/8 (source-specific) or ff15::/16.' },
  ERR_SAFETY: { exit: 2, hint: 'Add --force if this is really meant.' },
  ERR_FILE: { exit: 1, hint: 'Check the path and its permissions.' },
  ERR_FILE_FORMAT: {
    exit: 1,
    hint: 'Captures may be pcap or pcapng, plain or gzip; results are JSON or NDJSON written by --json.',
  },
  ERR_FFMPEG_MISSING: {
    exit: 1,
    hint: 'Install it (Debian: apt install ffmpeg), or name it with --ffmpeg or FFMPEG_PATH.',
  },
  ERR_FFMPEG_FAILED: { exit: 1, hint: 'That is what ffmpeg said; try the same source with ffprobe.' },
  ERR_PLAYER_MISSING: { exit: 1, hint: 'Install ffplay (Debian: apt install ffmpeg), vlc or mpv, or name one.' },
  ERR_INTERFACE: { exit: 1, hint: 'Name an interface of this host with --iface.' },
  ERR_SOURCE_ADDRESS: { exit: 1, hint: 'The source of a sender must be an address of this host.' },
  ERR_PERMISSION: { exit: 1, hint: 'Use a port above 1023, or grant CAP_NET_BIND_SERVICE.' },
  ERR_PORT_IN_USE: { exit: 1, hint: 'Choose another port, or end the program that holds it.' },
  ERR_NO_ROUTE: {
    exit: 1,
    hint: 'Name the interface with --iface, or add a route: ip route add 224.0.0.0/4 dev <interface>.',
  },
  ERR_MEMBERSHIP: { exit: 1, hint: 'See net.ipv4.igmp_max_memberships and net.ipv4.igmp_max_msf.' },
  ERR_SOCKET: { exit: 1, hint: 'That is what the system answered; see docs/errors.md.' },
  ERR_NATIVE_UNAVAILABLE: { exit: 1, hint: 'Run npm run build:native (needs a C compiler), or use --io dgram.' },
  ERR_UNSUPPORTED: { exit: 1, hint: 'The other --io implementation may offer it; see docs/architecture.md.' },
  ERR_AWAIT: { exit: 1, hint: 'Start the receivers first, or give them longer with --wait.' },
  ERR_FOREIGN_SENDER: { exit: 1, hint: 'Choose another group or port, or add --force to share it.' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error of the operator's or of the system's. Messages may change, codes may not. */
export class McastError extends Error {
  readonly code: ErrorCode;
  /** What to do about it, in one sentence; the table's unless a better one was given. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { readonly cause?: unknown; readonly hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'McastError';
    this.code = code;
    this.hint = options.hint ?? ERROR_CODES[code].hint;
  }

  get exitStatus(): number {
    return ERROR_CODES[this.code].exit;
  }
}
