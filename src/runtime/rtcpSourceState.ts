import { SenderReportKind, SenderReports } from '../control/rtcpSender.js';
import { unixNsFromNtp } from '../core/ntpTime.js';
import type { Nanos } from '../core/time.js';
import type { RtcpBalance, RtcpSnapshot, RtpFigures } from '../metrics/rtcpSnapshot.js';
import type { RtcpSenderReport } from '../wire/rtcpReports.js';
import { quotedText } from '../wire/rtcpText.js';

/** Of a source whose media has not come. */
const NOTHING = { firstNumber: NaN, highestNumber: NaN, received: 0, payloadOctets: 0 } as const;
type Arrived = Pick<RtpFigures, keyof typeof NOTHING>;

/** What the RTCP of one source said, against its media: see {@link RtcpSnapshot}. */
export class RtcpSourceState {
  readonly ssrc: number;
  readonly path: number;
  readonly #clockHz: number;
  readonly #epochUnixNs: bigint;
  #reports: SenderReports;
  /** Of the reports before the stream began anew at this receiver. */
  #heardBefore = 0;
  #staleBefore = 0;
  #restartsBefore = 0;
  /** As counted at the first report and at the newest one. */
  #atFirst: Arrived = NOTHING;
  #atLast: Arrived = NOTHING;
  /** Number of the packet before the first that was ever sent: highest number less packets sent; -Infinity: not known. */
  #origin = -Infinity;
  #cname: string | null = null;
  #tool: string | null = null;
  #bye = false;
  #byeMonoNs: Nanos = NaN;
  #clockDifferenceNs: Nanos = Infinity;

  constructor(ssrc: number, path: number, clockHz: number, epochUnixNs: bigint) {
    this.ssrc = ssrc;
    this.path = path;
    this.#clockHz = clockHz;
    this.#epochUnixNs = epochUnixNs;
    this.#reports = new SenderReports(clockHz, epochUnixNs);
  }

  /** `figures`: as counted when it came; `null`: no media yet. Returns whether it is newer than those before. */
  onReport(report: RtcpSenderReport, figures: RtpFigures | null, arrivalRealNs: Nanos): boolean {
    const arrived = figures ?? NOTHING;
    if (this.#hasBegunAnew(arrived)) this.#beginAnew();
    const counted = { packets: arrived.received, payloadOctets: arrived.payloadOctets };
    const kind = this.#reports.onReport(report, counted);
    if (kind === SenderReportKind.Stale) return false;
    if (kind !== SenderReportKind.Next) {
      this.#atFirst = arrived;
      this.#origin = -Infinity;
    }
    this.#atLast = arrived;
    // A sender that goes on has not left.
    this.#bye = false;
    this.#byeMonoNs = NaN;
    const origin = arrived.highestNumber - this.#totalPackets;
    if (origin > this.#origin) this.#origin = origin;
    if (report.ntp !== 0n) this.#compareClocks(report.ntp, arrivalRealNs);
    return true;
  }

  /** Returns whether it is the first since a report. */
  onBye(monoNs: Nanos): boolean {
    if (this.#bye) return false;
    this.#bye = true;
    this.#byeMonoNs = monoNs;
    return true;
  }

  describe(item: 'cname' | 'tool', octets: Uint8Array): void {
    // Quoted text is a JSON string of what may be shown.
    const text = JSON.parse(quotedText(octets)) as string;
    if (item === 'cname') this.#cname = text;
    else this.#tool = text;
  }

  /** `figures`: as counted now. */
  snapshot(figures: RtpFigures | null): RtcpSnapshot {
    const reports = this.#reports;
    return {
      ssrc: this.ssrc,
      reports: this.#heardBefore + reports.heard,
      staleReports: this.#staleBefore + reports.stale,
      restarts: this.#restartsBefore + reports.restarts,
      last: this.#balance(figures),
      cname: this.#cname,
      tool: this.#tool,
      bye: this.#bye,
      byeMonoNs: this.#byeMonoNs,
      clockHzMeasured: reports.measuredHz,
      clockDifferenceNs: this.#clockDifferenceNs === Infinity ? null : this.#clockDifferenceNs,
    };
  }

  get #totalPackets(): number {
    return this.#reports.sentAgainstArrived?.totalPackets ?? 0;
  }

  #balance(figures: RtpFigures | null): RtcpBalance | null {
    const sent = this.#reports.sentAgainstArrived;
    if (sent === null) return null;
    const isSame = figures !== null && !this.#hasBegunAnew(figures);
    const arrived = this.#bye && isSame ? figures : this.#atLast;
    const isTied = this.#origin > -Infinity && arrived.highestNumber === arrived.highestNumber;
    const packetsArrived = arrived.received - this.#atFirst.received;
    return {
      packetsSent: sent.sentPackets,
      octetsSent: sent.sentOctets,
      packetsArrived,
      octetsArrived: arrived.payloadOctets - this.#atFirst.payloadOctets,
      difference: sent.sentPackets - packetsArrived,
      totalPackets: sent.totalPackets,
      totalOctets: sent.totalOctets,
      packetsBefore: isTied ? Math.max(0, arrived.firstNumber - this.#origin - 1) : null,
      packetsBehind: isTied ? Math.max(0, this.#origin + sent.totalPackets - arrived.highestNumber) : null,
    };
  }

  /** The receiver takes the stream for a new one, or counts anew: nothing may be subtracted from what was before. */
  #hasBegunAnew({ firstNumber, received }: Arrived): boolean {
    const last = this.#atLast;
    return received < last.received || (last.received > 0 && firstNumber !== last.firstNumber);
  }

  #beginAnew(): void {
    this.#heardBefore += this.#reports.heard;
    this.#staleBefore += this.#reports.stale;
    this.#restartsBefore += this.#reports.restarts + 1;
    this.#reports = new SenderReports(this.#clockHz, this.#epochUnixNs);
  }

  #compareClocks(ntp: bigint, arrivalRealNs: Nanos): void {
    const sentRealNs = Number(unixNsFromNtp(ntp, this.#epochUnixNs) - this.#epochUnixNs);
    this.#clockDifferenceNs = Math.min(this.#clockDifferenceNs, arrivalRealNs - sentRealNs);
  }
}
