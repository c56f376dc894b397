import type { Arbitration, Sender, Stream } from './model.js';

/** Which sums do not add up. Empty: all do. `checked`: how many could be judged. */
export interface IdentityCheck {
  readonly broken: readonly string[];
  readonly checked: number;
}

/** Figures of streams that count in `unit`, and in words what holds between them: once, not for each of ten thousand. */
function rulesOf<Unit extends 'packets' | 'messages'>(unit: Unit) {
  return {
    expected: `${unit}_expected`,
    received: `${unit}_received`,
    lost: `${unit}_lost`,
    reordered: `${unit}_reordered`,
    expectation: `${unit}_expected = ${unit}_received + ${unit}_lost + packets_pending`,
    causes: `${unit}_lost = loss_network + loss_socket_buffer + loss_application`,
    reordering: `${unit}_reordered among ${unit}_received`,
  } as const;
}

const PACKETS = rulesOf('packets');
const MESSAGES = rulesOf('messages');

/**
 * Recomputes what must hold between the figures of a result. A broken identity is our own mistake:
 * the verdict is then `invalid`.
 */
export function checkIdentities(
  streams: readonly Stream[],
  sender: Sender | null,
  kernelDrops: number | null,
  arbitration: Arbitration | null = null,
): IdentityCheck {
  const broken: string[] = [];
  let checked = 0;
  function same(where: string, what: string, left: number | null, right: readonly (number | null)[]): void {
    if (left === null || right.includes(null)) return;
    checked++;
    const sum = right.reduce<number>((total, value) => total + value!, 0);
    if (left !== sum) broken.push(`${where}: ${what}: ${left} is not ${right.join(' + ')}`);
  }
  function atMost(where: string, what: string, part: number | null | undefined, whole: number | null): void {
    if (part === null || part === undefined || whole === null) return;
    checked++;
    if (part > whole) broken.push(`${where}: ${what}: ${part} is more than ${whole}`);
  }

  for (const stream of streams) {
    for (const metrics of [stream.metrics, stream.after?.metrics]) {
      if (metrics === undefined) continue;
      const m = metrics;
      const rule = stream.unit === 'message' ? MESSAGES : PACKETS;
      const lost = m[rule.lost];
      // After repair nothing is pending: what is not decided is not expected.
      same(stream.id, rule.expectation, m[rule.expected], [m[rule.received], lost, m.packets_pending ?? 0]);
      same(stream.id, rule.causes, lost, [m.loss_network, m.loss_socket_buffer, m.loss_application]);
      atMost(stream.id, rule.reordering, m[rule.reordered], m[rule.received]);
      atMost(stream.id, 'loss_periods among lost', m.loss_periods, lost);
    }
    atMost(
      stream.id,
      'delays among packets_received',
      stream.histograms?.one_way_delay_ns?.count,
      stream.metrics.packets_received,
    );
  }
  for (const { id, transport } of streams) {
    if (transport === null) continue;
    const counted = transport.pids.reduce((sum, pid) => sum + pid.packets, 0);
    atMost(id, 'packets of all PIDs among packets of the transport stream', counted, transport.packets);
  }
  for (const { name, legs, packets_expected, packets_pending } of arbitration?.streams ?? []) {
    if (packets_pending !== 0) continue;
    for (const { leg, stream, packets_received, packets_lost } of legs) {
      const where = `arbitration ${name ?? stream ?? ''} leg ${leg}`;
      same(where, 'packets_expected = packets_received + packets_lost', packets_expected, [
        packets_received,
        packets_lost,
      ]);
    }
  }
  // With offload the kernel counts super-packets; a lost message is not a dropped datagram.
  if (streams.every((stream) => stream.loss_attribution !== 'bounded' && stream.unit !== 'message')) {
    const attributed = streams.reduce((sum, stream) => sum + (stream.metrics.loss_socket_buffer ?? 0), 0);
    atMost('sockets', 'loss_socket_buffer among kernel_drops', attributed, kernelDrops);
  }
  if (sender !== null) {
    const { no_buffers, too_late, failed, skipped } = sender.not_sent_by_reason;
    same('sender', 'not_sent = sum of its reasons', sender.not_sent, [no_buffers, too_late, failed, skipped]);
    // What impairment took away never leaves, what it added leaves as well.
    const { lost, duplicated, corrupted } = sender.impairment ?? { lost: 0, duplicated: 0, corrupted: 0 };
    const offered = sender.scheduled - lost + duplicated + corrupted;
    const rule = 'scheduled - impairment.lost + impairment.duplicated + impairment.corrupted = sent + not_sent';
    same('sender', rule, offered, [sender.sent, sender.not_sent]);
  }
  return { broken, checked };
}
