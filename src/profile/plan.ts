/**
 * What a run is to do, complete and checked: the command line, a profile or the API make a plan, the
 * runtime carries it out. Plain data (it crosses to a worker), no defaults left open.
 */
import type { Scheme } from '../core/endpoint.js';
import type { LayeredRate } from '../core/units.js';
import type { RateProfile } from '../feed/messageRates.js';
import type { FlowRates } from '../feed/flowRates.js';
import type { Pattern } from '../feed/schedule.js';
import type { ImpairSpec } from '../impair/spec.js';

export type { FlowRates, ImpairSpec, Pattern };

export interface StreamAddress {
  readonly scheme: Scheme | null;
  readonly family: 4 | 6;
  readonly group: string;
  readonly port: number;
  readonly sources: readonly string[];
  /** Name or index or local address of the interface as asked for, `all` (receivers), or `null`: the kernel's choice. */
  readonly iface: string | null;
  readonly name: string | null;
  /** The endpoint that made it, in canonical form. */
  readonly endpoint: string;
}

/** `--inject`: deliberate faults of the instrument itself; never `valid`. */
export interface InjectSpec {
  /** As it was written. */
  readonly text: string;
  readonly slowUs: number;
  readonly stall: { readonly forMs: number; readonly everyS: number } | null;
  readonly clockOffsetNs: number;
  readonly clockDriftPpm: number;
  /** Realtime clock step of so many ns, so many seconds into the run. */
  readonly clockStep: { readonly byNs: number; readonly atS: number } | null;
  readonly noStamp: boolean;
}

/** What `--input` names. */
export type InputSource =
  /** The clip that comes with the package. */
  | { readonly kind: 'testcard' }
  | { readonly kind: 'stdin' }
  /** A transport stream's file, or whatever ffmpeg reads. */
  | { readonly kind: 'named'; readonly name: string };

/** How ffmpeg is to make a transport stream of an input. */
export interface TranscodePlan {
  readonly videoCodec: 'auto' | 'copy' | 'h264' | 'h265' | 'mpeg2' | 'none';
  readonly videoBitPerSecond: number | null;
  readonly resolution: string | null;
  readonly fps: number | null;
  readonly audioCodec: 'auto' | 'copy' | 'aac' | 'mp2' | 'ac3' | 'none';
  /** The program; `null`: the one that is found. */
  readonly program: string | null;
  readonly inputOptions: readonly string[];
  readonly outputOptions: readonly string[];
}

/** Matrix of SMPTE ST 2022-1. */
export interface FecShape {
  readonly columns: number;
  readonly rows: number;
  /** Rows are protected too. */
  readonly hasRows: boolean;
}

/** A transport stream that is sent at the pace of its clock. */
export interface MediaPlan {
  readonly input: InputSource;
  readonly transcode: TranscodePlan;
  readonly loop: boolean;
  /** Bit/s of the transport stream, 188 octets a packet; `null`: not said. */
  readonly muxRateBitPerSecond: number | null;
  readonly pcrPid: number | null;
  readonly tsPerDatagram: number;
  /** `null`: bare UDP. */
  readonly rtp: { readonly sendTime: boolean } | null;
  readonly fec: FecShape | null;
  /** Where in a file of its own the stream begins, 0..1: streams of one input begin apart. */
  readonly startShare: number;
}

/** Group of a capture, with a port or any. */
export interface CapturedGroup {
  /** In canonical form, without brackets. */
  readonly group: string;
  readonly port: number | null;
}

/** Where a captured group goes instead; its port stays where none is named. */
export interface GroupMap {
  readonly from: CapturedGroup;
  readonly to: CapturedGroup;
}

/** A moment of a capture: behind its first frame, absolute, or a time of day. */
export type CaptureMoment =
  | { readonly afterNs: number }
  | { readonly unixNs: bigint }
  | { readonly sinceMidnightNs: number };

/** Recorded datagrams that are sent again in their own spacing. */
export interface ReplayPlan {
  /** The capture's file. */
  readonly name: string;
  /** What of it is sent; empty: all that there is. */
  readonly select: readonly CapturedGroup[];
  readonly speed: number;
  /** `null`: from its beginning, to its end. */
  readonly from: CaptureMoment | null;
  readonly to: CaptureMoment | null;
  /** IANA name of the time zone of times of day. */
  readonly zone: string;
  readonly loop: boolean;
  /** UDP payload of a datagram on average, known once the capture is open. */
  readonly meanOctets: number;
}

/** All flows of a capture on one schedule, each to a group of its own. */
export interface FlowReplay {
  readonly maps: readonly GroupMap[];
  /** Groups without a map are sent to as they are. */
  readonly keepGroups: boolean;
  /** What the streams have in common, its `replay` included; it has no group. */
  readonly template: SendStream;
}

/** What a feed's messages come from. */
export type FeedInput =
  | { readonly kind: 'synthetic'; readonly symbols: number }
  /** Nasdaq's length-prefixed messages. */
  | { readonly kind: 'itch'; readonly source: InputSource };

/** How a sender answers requests for messages that were missed. */
export interface SendRecoveryPlan {
  /** Local address; `null`: any. */
  readonly address: string | null;
  readonly port: number;
  readonly store:
    | { readonly kind: 'memory'; readonly octets: number }
    | { readonly kind: 'file'; readonly path: string };
  /** How long it answers when the feed is over. */
  readonly lingerNs: number;
}

/** Whom a receiver asks for messages that it missed, and how. */
export interface ReceiveRecoveryPlan {
  /** Asked in turn; names or addresses. */
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** Number on the wire that a late joiner begins with; `null`: the first one heard. */
  readonly from: number | null;
  readonly delayNs: number;
  readonly timeoutNs: number;
  readonly tries: number;
}

/** A sequenced feed of messages. */
export interface FeedPlan {
  readonly scheme: 'mold' | 'mdp' | 'xdp';
  readonly input: FeedInput;
  readonly arrivals: RateProfile;
  /** Infinity: as fast as can be; `null`: the messages' own times. */
  readonly messagesPerSecond: number | null;
  /** How many times as fast as the messages' own times. */
  readonly speed: number;
  /** The file begins again at its end, and the numbers go on. */
  readonly loop: boolean;
  /** `null`: a random one, where the framing has any. */
  readonly session: string | null;
  readonly firstSequence: bigint;
  /** UDP payload of the largest datagram, and of one on average, octets. */
  readonly payloadOctets: number;
  readonly meanOctets: number;
  readonly mostMessages: number;
  readonly flushAfterNs: number;
  /** Infinity: none. */
  readonly heartbeatNs: number;
  readonly stampNs: number;
  /** IANA name of the zone whose time of day is written into ITCH messages as they are due; `null`: into none. */
  readonly messageTimeZone: string | null;
  /** Both lines carry the same octets: nothing is written when they leave. */
  readonly hasLegs: boolean;
  /** `null`: nobody answers requests. */
  readonly recovery: SendRecoveryPlan | null;
  readonly seed: number;
}

export interface SendStream {
  readonly address: StreamAddress;
  readonly ttl: number;
  readonly tos: number;
  /** 0: the system's choice. */
  readonly sourcePort: number;
  readonly flows: number;
  readonly flowRates: FlowRates;
  /** UDP payload octets, at most. */
  readonly sizeOctets: number;
  /** Of each flow's datagrams in turn, over and over; `null`: all are of `sizeOctets`. */
  readonly sizes: readonly number[] | null;
  /** Datagrams per second of the whole stream (all its flows); `Infinity`: as fast as can be. */
  readonly packetsPerSecond: number;
  readonly pattern: Pattern;
  /** `udp`: octets repeated as the payload; `null`: something else. */
  readonly payload: Uint8Array | null;
  /** `rtp`, `udp`: a transport stream, whose rate stands in `packetsPerSecond` once its input is open; `null`: something else. */
  readonly media: MediaPlan | null;
  /** `udp`: datagrams of a capture, whose rate and size are known once it is open; `null`: something else. */
  readonly replay: ReplayPlan | null;
  /** `mold`, `mdp`, `xdp`: a sequenced feed; `null`: something else. */
  readonly feed: FeedPlan | null;
  /** The same packets on a second path; its own `legB` is `null`. */
  readonly legB: SendStream | null;
  readonly impair: ImpairSpec | null;
}

/** What every run has. */
export interface RunPlan {
  readonly command: string;
  readonly argv: readonly string[];
  readonly intervalNs: number;
  /** Warm-up that enters no metric, from the first datagram. */
  readonly omitNs: number;
  /** `null`: nothing in it is random. */
  readonly seed: number | null;
  readonly name: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly inject: InjectSpec | null;
}

/** What a run over sockets has. */
export interface CommonPlan extends RunPlan {
  readonly io: 'auto' | 'native' | 'dgram';
  readonly unicast: boolean;
  /** `null`: until stopped (receivers), until the input ends (senders). */
  readonly durationNs: number | null;
  readonly count: number | null;
  /** Absolute, unix ns; `null`: at once. */
  readonly startAtUnixNs: bigint | null;
  readonly endAtUnixNs: bigint | null;
  readonly seed: number;
  readonly cpu: number | null;
  /** Measuring threads go before all ordinary threads of the host. */
  readonly realtime: boolean;
  readonly timestamps: 'auto' | 'hardware' | 'kernel' | 'user';
  readonly offload: 'auto' | 'on' | 'off';
  /** Longest spin before a deadline; `null`: chosen from the rate. */
  readonly spinNs: number | null;
}

/** How a sender asks its receivers for reports. */
export interface SendFeedbackPlan {
  /** Of the announcements, on the first group. */
  readonly controlPort: number;
  /** What else they are sent to: every further single host, each with the port on which it listens for them. */
  readonly hosts: readonly { readonly group: string; readonly port: number }[];
  /** Local port of reports and results; 0: any. */
  readonly port: number;
  /** Receivers that are waited for, and how long; 0: none. */
  readonly receivers: number;
  readonly waitNs: number;
  /** The shortest between two reports of a receiver. */
  readonly reportIntervalNs: number;
}

/** Where a receiver listens for senders that want reports. */
export interface ReceiveFeedbackPlan {
  readonly places: readonly StreamAddress[];
  /** Single hosts whose RTCP has the only socket of the port: announcements are among what comes there. */
  readonly onRtcp: readonly StreamAddress[];
}

export interface SendPlan extends CommonPlan {
  readonly streams: readonly SendStream[];
  /** What becomes streams once its capture is open; `null`: the streams are complete. */
  readonly flowReplay: FlowReplay | null;
  /** That send at the same time, each some of the streams and flows. */
  readonly threads: number;
  /** A processor for each of them; empty: not pinned. */
  readonly cpus: readonly number[];
  /** `null`: chosen from the rate. */
  readonly quantumNs: number | null;
  readonly maxLateNs: number;
  readonly loopback: boolean;
  readonly sendBufferOctets: number;
  readonly dontFragment: boolean;
  /** Sizes above the MTU are meant: no warning. */
  readonly fragmentsExpected: boolean;
  readonly transmitTimestamps: boolean;
  /** Where the session description (SDP) goes, `-`: standard output; `null`: nowhere. */
  readonly sdp: string | null;
  /** The transport streams are announced (SAP). */
  readonly announce: boolean;
  /** `null`: receivers are asked for nothing. */
  readonly feedback: SendFeedbackPlan | null;
  /** The secret that proves feedback; `null`: none. In no document. */
  readonly feedbackKey: Uint8Array | null;
  readonly force: boolean;
}

/** What an address of a receiver is joined for. */
export interface StreamPlace {
  /** `fec`, `control`: beside the media at `position`, on ports of their own; they may well be silent. */
  readonly role: 'media' | 'fec' | 'control';
  /** 1: the second leg of what is at `position`. */
  readonly leg: 0 | 1;
  /** Position in `streams` of the (first leg's) media that it belongs to. */
  readonly position: number;
  readonly hasLegs: boolean;
}

/** Where the media of a stream, or a feed, are sent on to. */
export type ForwardPlan =
  | {
      readonly kind: 'datagrams';
      /** `rtp`: media with headers of their own; else bare, and feeds in their own framing. */
      readonly scheme: Scheme;
      readonly address: StreamAddress;
      readonly ttl: number;
      readonly tos: number;
    }
  /** As it was written; whoever opens it reads it. It may hold a passphrase. */
  | { readonly kind: 'srt'; readonly text: string };

/** Where the media of a stream, or a feed, go. */
export interface MediaOutputPlan {
  /** A file of transport packets, or of messages, `-` for standard output. */
  readonly save: string | null;
  readonly forward: readonly ForwardPlan[];
  /** A folder of HLS segments. */
  readonly hls: string | null;
  /** A player, by name or path; `-`: the one that is found. */
  readonly play: string | null;
}

export interface ReceivePlan extends CommonPlan, MeasuringPlan {
  readonly streams: readonly StreamAddress[];
  /** Same order as `streams`. */
  readonly places: readonly StreamPlace[];
  /** Of those at positions of media; `null`: none. Same order as `streams`. */
  readonly mediaOutputs: readonly (MediaOutputPlan | null)[];
  /** Of those at positions of media; `null`: what is missing is not asked for. Same order as `streams`. */
  readonly recovery: readonly (ReceiveRecoveryPlan | null)[];
  /** How far two legs may be apart. */
  readonly mergeWindowNs: number;
  /** TTL and DSCP that the endpoint says were sent; `null`: not said. Same order as `streams`. */
  readonly sentMarks: readonly { readonly ttl: number | null; readonly dscp: number | null }[];
  /** Bit/s of UDP payload that the endpoint says will come; `null`: not said. Same order as `streams`. */
  readonly expectedRates: readonly (number | null)[];
  /** Longest wait for a first datagram; none by then is status 3; `null`: for ever. */
  readonly waitNs: number | null;
  readonly once: boolean;
  readonly untilIdleNs: number | null;
  readonly receiveBufferOctets: number;
  readonly gatherNs: number;
  readonly busyPollUs: number;
  readonly capture: string | null;
  /** Nothing but IGMP and MLD is sent. */
  readonly passive: boolean;
  /** Receiver reports go back to the senders of RTP. */
  readonly rtcp: boolean;
  /** Clients of iperf 2 that send to this host alone wait for a report at their end. */
  readonly answersIperf: boolean;
  /** `null`: no sender is answered. */
  readonly feedback: ReceiveFeedbackPlan | null;
  /** The secret that proves feedback; `null`: none. In no document. */
  readonly feedbackKey: Uint8Array | null;
  readonly force: boolean;
}

/** How a measurement tells streams and losses. */
export interface MeasuringPlan {
  readonly reorderWindowNs: number;
  readonly reorderWindowPackets: number;
  readonly maxStreams: number;
  readonly detail: number;
  /** Rate of the link whose queue is told; `null`: of none. */
  readonly drain: LayeredRate | null;
  /** IANA name of the zone whose times of day ITCH messages carry, by which delay is measured; `null`: by none. */
  readonly messageTimeZone: string | null;
}

/** What is to be measured in a capture, or a transport stream in a file. */
export interface AnalyzePlan extends RunPlan, MeasuringPlan {
  /** A path, or `-` for standard input. */
  readonly capture: string;
  /** A second capture of the same streams, nearer to the receivers; `null`: none. */
  readonly against: string | null;
  /** A capture of the other line, which carries the same; `null`: none. */
  readonly legB: string | null;
  /** How far the two lines may be apart. */
  readonly mergeWindowNs: number;
  /** What of the capture is measured, and what each is, as of a receiver of the same endpoints; empty: all. */
  readonly streams: readonly StreamAddress[];
  readonly places: readonly StreamPlace[];
  /** Datagrams to single hosts are measured too. */
  readonly unicast: boolean;
}
