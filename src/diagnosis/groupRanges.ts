/** What the range of a group says of it. */
import { formatAddress, parseAddress, type Address } from '../core/address.js';
import { sharePrefix } from './subnet.js';

export interface RangeRemark {
  readonly severity: 'broken' | 'warning' | 'note';
  readonly text: string;
  readonly reference: string;
}

type Remarks = readonly [
  from: string,
  bits: number,
  severity: RangeRemark['severity'],
  text: string,
  reference: string,
][];

/** The first that fits counts. RFC 5771 and the registry that it set up; RFC 6308 gives the overview. */
const IPV4: Remarks = [
  [
    '224.0.0.0',
    24,
    'warning',
    'is of the local control block: no router forwards it, hosts and protocols use it themselves',
    'RFC 5771 section 4',
  ],
  [
    '224.0.1.0',
    24,
    'warning',
    'is of the internetwork control block, whose addresses are assigned one by one',
    'RFC 5771 section 5',
  ],
  ['224.0.0.0', 16, 'note', 'is of an ad-hoc block, whose addresses are assigned one by one', 'RFC 5771 section 6'],
  ['224.2.0.0', 16, 'note', 'is of the block of announced sessions (SAP)', 'RFC 5771 section 7'],
  ['224.3.0.0', 16, 'note', 'is of an ad-hoc block, whose addresses are assigned one by one', 'RFC 5771 section 6'],
  ['224.4.0.0', 16, 'note', 'is of an ad-hoc block, whose addresses are assigned one by one', 'RFC 5771 section 6'],
  ['224.0.0.0', 8, 'warning', 'is reserved', 'RFC 5771 section 3'],
  ['225.0.0.0', 8, 'warning', 'is reserved', 'RFC 5771 section 3'],
  ['226.0.0.0', 7, 'warning', 'is reserved', 'RFC 5771 section 3'],
  ['228.0.0.0', 6, 'warning', 'is reserved', 'RFC 5771 section 3'],
  ['232.0.0.0', 24, 'warning', 'is of the part of 232.0.0.0/8 that is reserved for assignment', 'RFC 4607 section 1'],
  ['233.252.0.0', 24, 'note', 'is for examples in documents', 'RFC 6676'],
  ['233.252.0.0', 14, 'note', 'is of an ad-hoc block, whose addresses are assigned one by one', 'RFC 5771 section 6'],
  ['233.0.0.0', 8, 'note', 'belongs to an autonomous system by its number (GLOP)', 'RFC 3180'],
  ['234.0.0.0', 8, 'note', 'belongs to who has the unicast prefix in it', 'RFC 6034'],
  ['235.0.0.0', 8, 'warning', 'is reserved', 'RFC 5771 section 3'],
  ['236.0.0.0', 7, 'warning', 'is reserved', 'RFC 5771 section 3'],
  ['238.0.0.0', 8, 'warning', 'is reserved', 'RFC 5771 section 3'],
  ['239.255.255.0', 24, 'note', 'is of the part of the local scope that protocols use (SAP)', 'RFC 2365 section 9'],
  [
    '239.195.255.0',
    24,
    'note',
    'is of the part of the organization-local scope that protocols use (SAP)',
    'RFC 2365 section 9',
  ],
];

const SSM_WITHOUT_SOURCE: RangeRemark = {
  severity: 'warning',
  text: 'is source-specific, and no source is named: routers that keep to it forward nothing',
  reference: 'RFC 4607 section 1, RFC 4604',
};
const SOURCE_OUTSIDE_SSM: RangeRemark = {
  severity: 'note',
  text: 'is not of the source-specific range: routers may build a shared tree for it all the same',
  reference: 'RFC 4607 section 1',
};

/** What is to be said of a group that is joined with or without sources. Nothing: it is fit for use. */
export function rangeRemarks(group: string, sources: readonly string[], leavesHost: boolean): RangeRemark[] {
  const address = parseAddress(group);
  if (address === null) return [];
  return address.length === 4 ? ipv4Remarks(address, sources) : ipv6Remarks(address, sources, leavesHost);
}

function ipv4Remarks(address: Address, sources: readonly string[]): RangeRemark[] {
  const remarks: RangeRemark[] = [];
  const row = IPV4.find(([from, bits]) => sharePrefix(address, parseAddress(from)!, bits));
  if (row !== undefined) remarks.push({ severity: row[2], text: row[3], reference: row[4] });
  const isSourceSpecific = address[0] === 232;
  if (isSourceSpecific && sources.length === 0) remarks.push(SSM_WITHOUT_SOURCE);
  if (!isSourceSpecific && sources.length > 0 && row === undefined) remarks.push(SOURCE_OUTSIDE_SSM);
  return remarks;
}

/** Flags of an IPv6 group: R (RFC 3956), P (RFC 3306), T (RFC 4291 section 2.7). */
const Flag = { Reserved: 8, R: 4, P: 2, T: 1 } as const;

function ipv6Remarks(address: Address, sources: readonly string[], leavesHost: boolean): RangeRemark[] {
  const flags = address[1]! >>> 4;
  return [
    ...scopeRemarks(address[1]! & 0x0f, leavesHost),
    ...flagRemarks(address, flags),
    ...sourceRemarks(address, flags, sources),
  ];
}

function scopeRemarks(scope: number, leavesHost: boolean): RangeRemark[] {
  const reference = 'RFC 7346 section 2';
  switch (scope) {
    case 0:
    case 15:
      return [{ severity: 'warning', text: `has the scope ${scope.toString(16)}, which is reserved`, reference }];
    case 1:
      return leavesHost
        ? [{ severity: 'broken', text: 'is of interface-local scope: it never leaves the host', reference }]
        : [];
    case 2:
      return [{ severity: 'note', text: 'is of link-local scope: no router forwards it', reference }];
    default:
      return [];
  }
}

function flagRemarks(address: Address, flags: number): RangeRemark[] {
  const reference = 'RFC 4291 section 2.7';
  if ((flags & Flag.Reserved) !== 0) {
    return [{ severity: 'warning', text: 'has the highest flag set, which is to be 0', reference }];
  }
  if ((flags & Flag.P) === 0) {
    if ((flags & Flag.R) !== 0) {
      const text = 'has the flag R (rendezvous point within) without P';
      return [{ severity: 'warning', text, reference: 'RFC 3956 section 3' }];
    }
    if ((flags & Flag.T) !== 0) return [];
    const own = Uint8Array.from(address);
    own[1]! |= Flag.T << 4;
    const text = `is of those that are assigned for good: ${formatAddress(own)} is one of your own`;
    return [{ severity: 'note', text, reference }];
  }
  if ((flags & Flag.T) === 0) {
    return [{ severity: 'warning', text: 'has the flag P (prefix within) without T', reference: 'RFC 3306 section 4' }];
  }
  const prefixBits = address[3]!;
  if (prefixBits <= 64) return [];
  const text = `says that ${prefixBits} bits of a prefix are in it, where 64 have room`;
  return [{ severity: 'warning', text, reference: 'RFC 3306 section 4' }];
}

function sourceRemarks(address: Address, flags: number, sources: readonly string[]): RangeRemark[] {
  const isSourceSpecific = flags === (Flag.P | Flag.T) && address[2] === 0 && address[3] === 0;
  if (!isSourceSpecific) return sources.length > 0 ? [SOURCE_OUTSIDE_SSM] : [];
  const remarks: RangeRemark[] = sources.length === 0 ? [SSM_WITHOUT_SOURCE] : [];
  // The group identifier lies in the last 32 bits: the upper half of them is free.
  if (address[12]! < 0x80) {
    const text = 'is below ff3x::8000:0, where source-specific groups are assigned or invalid';
    remarks.push({ severity: 'note', text, reference: 'RFC 4607 section 1, RFC 3307 section 4' });
  }
  return remarks;
}
