import { expect, test } from 'vitest';
import { sessionLines, sessionTable, silenceLine } from '../../src/report/sessionText.js';
import { SESSION_LIST_SCHEMA, type ListedSession, type SessionList } from '../../src/result/sessionList.js';

const TIME = '2026-03-01T12:00:00.000000000Z';

function session(change: Partial<ListedSession> = {}): ListedSession {
  return {
    name: 'News',
    session: '- 1 IP4 10.0.0.1',
    source: '10.0.0.1',
    interface: 'lo',
    information: null,
    tool: null,
    endpoints: [{ endpoint: 'rtp://239.1.1.1:5004/ttl=16', name: null, encoding: 'MP2T' }],
    message_id_hash: 1,
    times_heard: 3,
    first_heard: TIME,
    last_heard: TIME,
    interval_ns: null,
    sdp: '',
    ...change,
  };
}

function list(...sessions: ListedSession[]): SessionList {
  const place = { interfaces: ['lo'], groups: ['239.255.255.255'] };
  return {
    schema: SESSION_LIST_SCHEMA,
    complete: true,
    start: TIME,
    end: TIME,
    ...place,
    sessions,
    packets: {},
    notes: [],
  };
}

test('a session as it is heard, changed, deleted, forgotten', () => {
  expect(sessionLines('heard', session({ information: 'all day' }), TIME)).toBe(
    '12:00:00Z      News, from 10.0.0.1: all day\n               rtp://239.1.1.1:5004/ttl=16',
  );
  expect(sessionLines('changed', session({ endpoints: [] }), TIME)).toBe(
    '12:00:00Z      News has changed, from 10.0.0.1\n               nothing in it can be joined',
  );
  expect(sessionLines('deleted', session(), TIME)).toBe('12:00:00Z      News: its announcer has deleted it');
  expect(sessionLines('expired', session(), TIME)).toBe('12:00:00Z      News: not announced any more');
});

test('the table has a line for each endpoint, and room for long names', () => {
  const long = 'A name that takes more than thirty-two columns';
  const media = [
    { endpoint: 'rtp://239.1.2.1:5004', name: 'Two video', encoding: 'MP2T' },
    { endpoint: 'rtp://239.1.2.2:5006', name: 'Two audio', encoding: 'MPA' },
  ];
  const text = sessionTable(list(session(), session({ name: 'Two', source: '10.0.0.20', endpoints: media })));
  expect(text.split('\n')).toEqual([
    'session  from       heard  endpoint',
    'News     10.0.0.1   3      rtp://239.1.1.1:5004/ttl=16',
    'Two      10.0.0.20  3      rtp://239.1.2.1:5004  Two video',
    '                           rtp://239.1.2.2:5006  Two audio',
  ]);
  const [, short, longest] = sessionTable(list(session(), session({ name: long }))).split('\n');
  expect(short!.indexOf('10.0.0.1')).toBe(34);
  expect(longest).toBe(`${long}  10.0.0.1  3      rtp://239.1.1.1:5004/ttl=16`);
});

test('nothing that an announcer wrote steers a terminal', () => {
  const evil = '\u001B[2J\u009B1m\u0007';
  const bad = session({
    name: evil,
    information: evil,
    endpoints: [{ endpoint: 'rtp://239.1.1.1:5004', name: evil, encoding: evil }],
  });
  const texts = [
    ...(['heard', 'changed', 'deleted', 'expired'] as const).map((state) => sessionLines(state, bad, TIME)),
    sessionTable(list(bad, bad)),
  ];
  // oxlint-disable-next-line no-control-regex -- what must not be there
  for (const text of texts) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test('silence has its likeliest reasons, in one line', () => {
  const lines = [silenceLine(['eth0', 'eth1'], false, 0), silenceLine(['lo'], true, 0), silenceLine(['lo'], true, 2)];
  expect(lines[0]).toMatch(/^no session was heard on eth0, eth1: nobody announces, .*IGMP.*querier.*--iface/);
  expect(lines[1]).toMatch(/^no session was heard on lo: nothing on this host announces there/);
  expect(lines[2]).toMatch(/^no session was heard on lo: 2 packets came/);
  for (const line of lines) expect(line).not.toContain('\n');
});
