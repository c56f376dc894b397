/** What is to be said about a capture beside its datagrams. */
import type { CaptureCounts, CaptureFile } from '../io/captureFile.js';
import { LinkType } from '../wire/ip.js';

/** Frames that were left out, by why: `3 not UDP, 1 fragmented`; empty: none. */
export function skippedText(counts: CaptureCounts): string {
  const skipped: readonly (readonly [number, string])[] = [
    [counts.toHosts, 'to single hosts'],
    [counts.filtered, 'of other addresses or ports'],
    [counts.notIp, 'not IP'],
    [counts.notUdp, 'not UDP'],
    [counts.fragments, 'fragmented'],
    [counts.cutHeaders, 'cut within their headers'],
    [counts.malformed, 'malformed'],
    [counts.unknownLink, 'of a link layer that is not read'],
  ];
  const reasons = skipped.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return reasons.join(', ');
}

/** Frames that the capture itself says it missed, on all of its interfaces; `null`: not told. */
export function missedFrames(file: CaptureFile): number | null {
  const told = file.interfaces.map(({ dropped }) => dropped).filter((dropped) => dropped !== null);
  return told.length === 0 ? null : told.reduce((sum, dropped) => sum + dropped, 0);
}

/** pcapng numbers its interfaces and may name them; cooked captures give the kernel's index of each frame's. */
export function interfaceNameOf(file: CaptureFile, index: number): string | null {
  const numbered = file.format === 'pcapng' ? file.interfaces[index - 1] : undefined;
  return numbered === undefined || numbered.linkType === LinkType.LinuxSll2 ? null : numbered.name;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
