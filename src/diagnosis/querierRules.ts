import { formatDuration } from '../core/format.js';
import type { HeardQuerier, PlaceFacts, QuerierFacts } from './facts.js';
import { finding, listed, notChecked, plural, seen, type Evidence, type Outcome } from './outcome.js';

/** Query Interval and Query Response Interval by default (RFC 3376 sections 8.2 and 8.3, RFC 3810 sections 9.2 and 9.3). */
const QUERY_INTERVAL_SECONDS = 125;
const RESPONSE_SECONDS = 10;
/** Group Membership Interval: 2 x 125 + 10 (RFC 3376 section 8.4). */
const MEMBERSHIP_SECONDS = 260;

/** Whether somebody asks, and who else is there. */
export function* querierRules(place: PlaceFacts): Generator<Outcome> {
  const { family, interface: iface, unicast, querier, members } = place;
  if (unicast || iface?.loopback === true) return;
  if (querier.known) yield judgeQuerier(place, querier.value);
  else yield notChecked('querier', querier);
  const several = querier.known ? distinctAddresses(querier.value.queriers) : [];
  if (several.length > 1) {
    const text = `${several.length} hosts ask on ${place.interfaceName}: ${listed(several)}; of the queriers of a network one should remain (RFC ${family === 4 ? '3376 section 6.6.2' : '3810 section 7.6.2'})`;
    yield finding('querier', 'warning', text, querierEvidence(place));
  }
  if (!members.known) {
    yield notChecked('members', members);
    return;
  }
  const heard = members.value;
  const groups = [...new Set(heard.flatMap((member) => member.groups))];
  const text =
    heard.length === 0
      ? 'no other member told of itself (a switch that snoops keeps their reports from this host)'
      : `${plural(heard.length, 'other member')} told of ${plural(groups.length, 'group')}: ${listed(heard.map(({ address, groups: own }) => `${address} in ${listed(own)}`))}`;
  yield finding('members', 'ok', text, [seen(members, () => plural(heard.length, 'member'))]);
}

function judgeQuerier(place: PlaceFacts, facts: QuerierFacts): Outcome {
  const { interfaceName: name, family, bridge } = place;
  const { queriers, asked, answeredNs, listenedNs, hearsAll } = facts;
  const word = family === 4 ? 'IGMP' : 'MLD';
  const evidence = querierEvidence(place);
  if (queriers.length > 0) {
    const when = answeredNs === null ? '' : `, and asked ${formatDuration(answeredNs)} after ${asked} was left`;
    return finding('querier', 'ok', `${queriers.map((one) => querierText(one, word)).join('; ')}${when}`, evidence);
  }
  const own = bridge.known && bridge.value !== null && bridge.value.snooping && !bridge.value.querier;
  const remedy = own
    ? `ip link set ${name} type bridge mcast_querier 1`
    : `switch an ${word} querier on at a router or switch of this network (a Linux bridge: ip link set <bridge> type bridge mcast_querier 1)`;
  const waited = formatDuration(listenedNs);
  const cut = `switches that snoop ${word} then cut a stream off some ${MEMBERSHIP_SECONDS} s after its join, or never let it through`;
  if (hearsAll && listenedNs >= (QUERY_INTERVAL_SECONDS + RESPONSE_SECONDS) * 1e9) {
    return finding('querier', 'broken', `no ${word} querier on ${name} within ${waited}: ${cut}`, evidence, remedy);
  }
  if (asked !== null) {
    const sure = hearsAll
      ? `; they ask every ${QUERY_INTERVAL_SECONDS} s by default: --wait ${QUERY_INTERVAL_SECONDS + RESPONSE_SECONDS}s makes sure`
      : '';
    const text = `no ${word} querier on ${name} asked after ${asked} was left, as one has to (${waited}): ${cut}${sure}`;
    return finding('querier', 'warning', text, evidence, remedy);
  }
  const text = hearsAll
    ? `no ${word} querier was heard on ${name} within ${waited}, which says little: they ask every ${QUERY_INTERVAL_SECONDS} s by default`
    : `whether an ${word} querier is there could not be told on ${name}`;
  const longer = `--wait ${QUERY_INTERVAL_SECONDS + RESPONSE_SECONDS}s`;
  return finding('querier', 'note', text, evidence, hearsAll ? longer : null);
}

function querierText({ address, version, intervalSeconds }: HeardQuerier, word: string): string {
  const speaks = version === null ? word : `${word}v${version}`;
  const who =
    address === null
      ? `a querier speaks ${speaks}`
      : isNobody(address)
        ? `a switch asks in ${speaks}, from ${address}`
        : `the querier ${address} speaks ${speaks}`;
  return intervalSeconds === null ? who : `${who}, every ${intervalSeconds} s`;
}

function isNobody(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Of switches without an address there may be several. */
function distinctAddresses(queriers: readonly HeardQuerier[]): string[] {
  return [...new Set(queriers.flatMap(({ address }) => (address === null || isNobody(address) ? [] : [address])))];
}

function querierEvidence({ querier, bridge, interfaceName: name }: PlaceFacts): Evidence {
  const heard = seen(querier, ({ queriers, listenedNs, asked, answeredNs }) =>
    [
      `${plural(queriers.length, 'querier')} in ${formatDuration(listenedNs)}`,
      ...(asked === null
        ? []
        : [`left ${asked}: ${answeredNs === null ? 'no question' : `asked ${formatDuration(answeredNs)} later`}`]),
    ].join(', '),
  );
  if (!bridge.known || bridge.value === null) return [heard];
  const { snooping, querier: asks } = bridge.value;
  const value = `snooping ${snooping ? 'on' : 'off'}, querier ${asks ? 'on' : 'off'}`;
  return [heard, { from: `bridge ${name}`, value }];
}
