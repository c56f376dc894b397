import { formatCount, formatHostPort } from '../core/format.js';
import { octetsAtLayer } from '../core/layers.js';
import type { NetworkInterface } from '../io/interfaces.js';
import type { SendPlan, SendStream } from '../profile/plan.js';

/** Most streams that are named. */
const MOST = 4;

/**
 * Streams whose datagrams are larger than their interface's MTU: one lost fragment then loses the datagram, and
 * with `--df` the kernel refuses it (EMSGSIZE). None where `--fragment` says that it is meant.
 */
export function fragmentWarnings(
  plan: Pick<SendPlan, 'fragmentsExpected' | 'dontFragment'>,
  placed: readonly {
    readonly stream: Pick<SendStream, 'address' | 'sizeOctets'>;
    readonly via: Pick<NetworkInterface, 'name' | 'mtuOctets'>;
  }[],
): string[] {
  if (plan.fragmentsExpected) return [];
  const warnings: string[] = [];
  let more = 0;
  for (const { stream, via } of placed) {
    const { address, sizeOctets } = stream;
    if (via.mtuOctets === null || octetsAtLayer(sizeOctets, address.family, 'ip') <= via.mtuOctets) continue;
    if (warnings.length === MOST) {
      more++;
      continue;
    }
    const fate = plan.dontFragment
      ? 'none of them will leave, because of --df'
      : 'each leaves in fragments (--fragment if that is meant)';
    warnings.push(
      `datagrams of ${sizeOctets} octets to ${formatHostPort(address.group, address.port)} do not fit the MTU of ${via.name}, ${via.mtuOctets}: ${fate}; the largest that fits is --size ${via.mtuOctets - octetsAtLayer(0, address.family, 'ip')}`,
    );
  }
  return more === 0 ? warnings : [...warnings, `and ${formatCount(more)} more streams do not fit their MTU`];
}
