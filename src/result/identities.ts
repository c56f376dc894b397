import { Figure, FIGURE_IDS, type Figures, figuresOf, orNothing } from './figures.js';
import type { Arbitration, Sender, Stream } from './model.js';
import type { AlikeStreams, StreamDigest } from './streamDigest.js';
import { UNIT_FIGURES } from './unitFigures.js';

/** Which sums do not add up. Empty: all do. `checked`: how many could be judged. */
export interface IdentityCheck {
  readonly broken: readonly string[];
  readonly checked: number;
}

/** What holds between figures of a stream that counts in `unit`. */
function rulesOf(unit: keyof typeof UNIT_FIGURES) {
  const { expected, received, lost, reordered } = UNIT_FIGURES[unit];
  return {
    sums: [
      { whole: expected, parts: [received, lost, Figure.packets_pending] },
      { whole: lost, parts: [Figure.loss_network, Figure.loss_socket_buffer, Figure.loss_application] },
    ].map(({ whole, parts }) => ({ whole, parts, text: `${name(whole)} = ${parts.map(name).join(' + ')}` })),
    shares: [
      { part: reordered, of: received, text: `${name(reordered)} among ${name(received)}` },
      { part: Figure.loss_periods, of: lost, text: 'loss_periods among lost' },
    ],
  };
}

function name(column: number): string {
  return FIGURE_IDS[column]!;
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

  add({ brief, figures, histograms, transport }: StreamDigest): void {
    const { id, unit, after } = brief;
    this.#checkFigures(id, unit, figures.values);
    // After repair nothing is pending: what is not decided is not expected.
    if (after !== null) this.#checkFigures(id, unit, figuresOf({ ...after.metrics, packets_pending: 0 }).values);
    const delays = histograms?.one_way_delay_ns?.count;
    if (delays !== undefined) {
      this.#atMost(id, 'delays among packets_received', delays, figures.values[Figure.packets_received]!);
    }
    if (transport !== null) {
      const counted = transport.pids.reduce((sum, pid) => sum + pid.packets, 0);
      this.#atMost(id, 'packets of all PIDs among packets of the transport stream', counted, transport.packets);
    }
    if (brief.loss_attribution === 'bounded' || unit === 'message') this.#areDropsComparable = false;
    this.socketBufferLost += orNothing(figures.values[Figure.loss_socket_buffer]!);
  }

  /** Nothing of them is lost, and none has repair, histograms or content of its own. */
  addAlike({ brief, own, runs }: AlikeStreams): void {
    const { unit, loss_attribution: attribution } = brief;
    for (const { first, count, figures } of runs) {
      const before = { broken: this.#broken.length, checked: this.#checked };
      this.#checkFigures(own.id(first), unit, figures.values);
      // No identity has times in it: what holds for the first one holds for all.
      if (this.#broken.length === before.broken) this.#checked += (this.#checked - before.checked) * (count - 1);
      else for (let i = first + 1; i < first + count; i++) this.#checkFigures(own.id(i), unit, figures.values);
    }
    if (attribution === 'bounded') this.#areDropsComparable = false;
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

  #checkFigures(id: string, unit: Stream['unit'], values: Figures['values']): void {
    const { sums, shares } = unit === 'message' ? MESSAGES : PACKETS;
    for (const rule of sums) {
      const left = values[rule.whole]!;
      let right = 0;
      for (const part of rule.parts) right += values[part]!;
      if (Number.isNaN(left) || Number.isNaN(right)) continue;
      this.#checked++;
      if (left === right) continue;
      const parts = rule.parts.map((part) => values[part]).join(' + ');
      this.#broken.push(`${id}: ${rule.text}: ${left} is not ${parts}`);
    }
    for (const { part, of, text } of shares) this.#atMost(id, text, values[part]!, values[of]!);
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

  /** NaN, `null`: not known, nothing to check. */
  #atMost(where: string, what: string, part: number, all: number | null): void {
    if (Number.isNaN(part) || all === null || Number.isNaN(all)) return;
    this.#checked++;
    if (part > all) this.#broken.push(`${where}: ${what}: ${part} is more than ${all}`);
  }
}
