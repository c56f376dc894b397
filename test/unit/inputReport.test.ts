import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SendBatch } from '../../src/core/batch.js';
import { McastError } from '../../src/core/errors.js';
import type { PacedOptions } from '../../src/feed/limits.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import type { TsFeed } from '../../src/feed/tsFeed.js';
import type { MediaPlan } from '../../src/profile/plan.js';
import type { SentCapture } from '../../src/result/model.js';
import { inputName, inputReport, refuseUnsent } from '../../src/runtime/inputReport.js';
import { mediaFeed } from '../../src/runtime/mediaFeed.js';
import { replayFeed } from '../../src/runtime/replaySetup.js';
import { NULL_PID, putNullPacket, TS_PACKET_OCTETS } from '../../src/wire/mpegts.js';
import { recordsOf, type Recorded } from '../replayRecords.js';
import { collect } from '../sim/collect.js';
import { senderInput } from './resultFixture.js';

const CLIP = readFileSync(new URL('../../assets/testcard.mpegts', import.meta.url)).subarray(0, 100 * TS_PACKET_OCTETS);
const NULLS = new Uint8Array(40_000 * TS_PACKET_OCTETS);
for (let at = 0; at < NULLS.length; at += TS_PACKET_OCTETS) putNullPacket(NULLS, at);

const PACED: PacedOptions = {
  packetsPerSecond: 100,
  pattern: { kind: 'cbr' },
  count: 10,
  durationNs: null,
  startMonoNs: 0,
  seed: 1,
  sizeOctets: 7 * TS_PACKET_OCTETS,
  destination: 0,
};

function sharedRecords(all: readonly Recorded[]): SharedArrayBuffer {
  const octets = recordsOf(all);
  const shared = new SharedArrayBuffer(octets.length);
  new Uint8Array(shared).set(octets);
  return shared;
}

/** Of the clip and what follows it, begun at `startOctet` and repeated. */
function feedOf(behind: Uint8Array, startOctet: number, pcrPid: number | null = null): TsFeed {
  const octets = new SharedArrayBuffer(CLIP.length + behind.length);
  new Uint8Array(octets).set(CLIP);
  new Uint8Array(octets).set(behind, CLIP.length);
  const media = { pcrPid, muxRateBitPerSecond: null, tsPerDatagram: 7, rtp: null } as unknown as MediaPlan;
  const { origin } = mediaFeed(
    media,
    { kind: 'memory', octets, loop: true, startOctet },
    { ...PACED, payloadSlots: new PayloadSlots() },
  );
  return origin;
}

function refusal(feed: TsFeed): string {
  try {
    refuseUnsent([{ input: null }, { input: { name: 'a.ts', feed } }]);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    return `${error.code} ${error.message}`;
  }
  return 'accepted';
}

describe('an input', () => {
  it('is called as the operator called it, without what is secret', () => {
    expect(inputName({ kind: 'testcard' })).toBe('testcard');
    expect(inputName({ kind: 'stdin' })).toBe('-');
    expect(inputName({ kind: 'named', name: 'a.ts' })).toBe('a.ts');
    expect(inputName({ kind: 'named', name: 'srt://h:1?passphrase=0123456789' })).toBe('srt://h:1?passphrase=***');
  });

  it('is refused where nothing can be sent of it', () => {
    const garbage = new Uint8Array(2 << 20);
    const nothing = feedOf(garbage, CLIP.length);
    expect(refusal(nothing)).toBe('ERR_FILE_FORMAT a.ts: no MPEG transport stream was found where reading began');
    expect(inputReport('s', { name: 'a.ts', feed: nothing })).toMatchObject({
      stream: 's',
      pcr_pid: null,
      failure: 'no MPEG transport stream was found where reading began',
    });
    expect(refusal(feedOf(NULLS, CLIP.length, NULL_PID))).toBe(
      'ERR_FILE_FORMAT a.ts: no clock (PCR) was found that sets the pace',
    );
    expect(refusal(feedOf(NULLS, 0))).toBe('accepted');
  });

  it('is reported as its feed has counted it', () => {
    const feed = feedOf(new Uint8Array(1000), 0);
    const batch = new SendBatch(100, 100 * feed.sizeOctets);
    feed.fill(batch, 60e9);
    expect(batch.count).toBe(10);
    expect(inputReport('s', { name: 'a.ts', feed })).toEqual({
      stream: 's',
      name: 'a.ts',
      pcr_pid: 256,
      passes: 0,
      underruns: 0,
      resyncs: feed.resyncs,
      skipped_octets: feed.skippedOctets,
      truncated_packets: feed.truncatedPackets,
      discontinuities: 0,
      unstamped_units: 0,
      left_out_packets: 0,
      correction_ppm: 0,
      failure: null,
      capture: null,
      messages: null,
    });
    expect(feed.skippedOctets).toBeGreaterThan(0);
  });

  it('that is a capture is reported with what of it is not sent', () => {
    const capture: SentCapture = {
      frames: 9,
      datagrams: 1,
      not_selected: 1,
      outside: 1,
      truncated: 1,
      too_large: 1,
      fragments: 1,
      not_udp: 1,
      malformed: 1,
      unknown_link: 1,
      path_overflow: 0,
      backwards: 0,
      fault: 'octet 7: the file ends within a record',
    };
    const payload = Uint8Array.of(1);
    const replay = replayFeed(
      {
        kind: 'replay',
        records: {
          kind: 'memory',
          octets: sharedRecords([{ offsetNs: 0, flow: 0, payload }]),
          loop: true,
          startOctet: 0,
        },
        flows: 1,
        flow: 0,
        passNs: 1000,
        speed: 2,
        capture,
      },
      { ...PACED, count: 3, startMonoNs: 7, flowBase: 5, payloadSlots: new PayloadSlots() },
    );
    const sent = collect(replay);
    expect(sent.map(({ dueNs, flow }) => [dueNs, flow])).toEqual([
      [7, 5],
      [507, 5],
      [1007, 5],
    ]);
    refuseUnsent([{ input: { name: 'a.pcap', replay, capture } }]);
    expect(inputReport('s', { name: 'a.pcap', replay, capture })).toEqual({
      ...senderInput({ stream: 's', name: 'a.pcap', pcr_pid: null }),
      passes: 2,
      underruns: 0,
      failure: capture.fault,
      capture,
    });
  });
});
