import type { Arbitration, Sender, Stream } from './model.js';
import { UNIT_METRICS } from './unitMetrics.js';

/** Which sums do not add up. Empty: all do. `checked`: how many could be judged. */
export interface IdentityCheck {
  readonly broken: readonly string[];
  readonly checked: number;
}

/** Figures of streams that count in `unit`, and in words what holds between them: once, not for each of ten thousand. */
function rulesOf(unit: keyof typeof UNIT_METRICS) {
  const ids = UNIT_METRICS[unit];
  return {
    ids,
    expectation: `${ids.expected} = ${ids.received} + ${ids.lost} + packets_pending`,
    causes: `${ids.lost} = loss_network + loss_socket_buffer + loss_application`,
    reordering: `${ids.reordered} among ${ids.received}`,
  };
}

const PACKETS = rulesOf('packets');
const MESSAGES = rulesOf('messages');

/**
 * Recomputes what must hold between the figures of a result. A broken identity is our own mistake:
 * the verdict is then `invalid`. Streams are told one after another, then the rest.
 */
export class Identities {
  readonly #broken: string[] = [];
  #checked = 0;
  /** With offload the kernel counts super-packets; a lost message is not a dropped datagram. */
  #areDropsComparable = true;
  /** Lost in socket buffers, as far as a stream's loss is put down to them. */
  socketBufferLost = 0;

  add(stream: Stream): void {
    for (const metrics of [stream.metrics, stream.after?.metrics]) {
      if (metrics === undefined) continue;
      const m = metrics;
      const rule = stream.unit === 'message' ? MESSAGES : PACKETS;
      const { ids } = rule;
      const lost = m[ids.lost];
      // After repair nothing is pending: what is not decided is not expected.
      this.#same(stream.id, rule.expectation, m[ids.expected], [m[ids.received], lost, m.packets_pending ?? 0]);
      this.#same(stream.id, rule.causes, lost, [m.loss_network, m.loss_socket_buffer, m.loss_application]);
      this.#atMost(stream.id, rule.reordering, m[ids.reordered], m[ids.received]);
      this.#atMost(stream.id, 'loss_periods among lost', m.loss_periods, lost);
    }
    this.#atMost(
      stream.id,
      'delays among packets_received',
      stream.histograms?.one_way_delay_ns?.count,
      stream.metrics.packets_received,
    );
    if (stream.transport !== null) {
      const counted = stream.transport.pids.reduce((sum, pid) => sum + pid.packets, 0);
      const rule = 'packets of all PIDs among packets of the transport stream';
      this.#atMost(stream.id, rule, counted, stream.transport.packets);
    }
    if (stream.loss_attribution === 'bounded' || stream.unit === 'message') this.#areDropsComparable = false;
    this.socketBufferLost += stream.metrics.loss_socket_buffer ?? 0;
  }

  finish(sender: Sender | null, kernelDrops: number | null, arbitration: Arbitration | null): IdentityCheck {
    for (const { name, legs, packets_expected, packets_pending } of arbitration?.streams ?? []) {
      if (packets_pending !== 0) continue;
      for (const { leg, stream, packets_received, packets_lost } of legs) {
        const where = `arbitration ${name ?? stream ?? ''} leg ${leg}`;
        const rule = 'packets_expected = packets_received + packets_lost';
        this.#same(where, rule, packets_expected, [packets_received, packets_lost]);
      }
    }
    if (this.#areDropsComparable) {
      this.#atMost('sockets', 'loss_socket_buffer among kernel_drops', this.socketBufferLost, kernelDrops);
    }
    if (sender !== null) this.#checkSender(sender);
    return { broken: this.#broken, checked: this.#checked };
  }

  #checkSender(sender: Sender): void {
    const { no_buffers, too_late, failed, skipped } = sender.not_sent_by_reason;
    this.#same('sender', 'not_sent = sum of its reasons', sender.not_sent, [no_buffers, too_late, failed, skipped]);
    // What impairment took away never leaves, what it added leaves as well.
    const { lost, duplicated, corrupted } = sender.impairment ?? { lost: 0, duplicated: 0, corrupted: 0 };
    const offered = sender.scheduled - lost + duplicated + corrupted;
    const rule = 'scheduled - impairment.lost + impairment.duplicated + impairment.corrupted = sent + not_sent';
    this.#same('sender', rule, offered, [sender.sent, sender.not_sent]);
  }

  #same(where: string, what: string, left: number | null, right: readonly (number | null)[]): void {
    if (left === null || right.includes(null)) return;
    this.#checked++;
    const sum = right.reduce<number>((total, value) => total + value!, 0);
    if (left !== sum) this.#broken.push(`${where}: ${what}: ${left} is not ${right.join(' + ')}`);
  }

  #atMost(where: string, what: string, part: number | null | undefined, all: number | null): void {
    if (part === null || part === undefined || all === null) return;
    this.#checked++;
    if (part > all) this.#broken.push(`${where}: ${what}: ${part} is more than ${all}`);
  }
}
