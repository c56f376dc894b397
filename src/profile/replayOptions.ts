/** The rows of the table of options that say what of a capture is sent again, where and how fast. */
import { parseSwitch } from '../core/units.js';
import { one, SENDERS, several } from './optionRow.js';
import { parseCapturedGroup, parseGroupMap, parseMoment, parseSpeed, parseZone } from './replayValues.js';

export const REPLAY_OPTIONS = {
  select: several('Captures', parseCapturedGroup, {
    value: '<group[:port]>',
    commands: ['send'],
    scope: 'stream',
    help: 'send what the capture holds of this group alone; may be given several times. Needed where it holds several and an endpoint says where to send',
  }),
  map: several('Captures', parseGroupMap, {
    value: '<old=new>',
    commands: ['send'],
    help: 'without an endpoint: send what was captured of group[:port] to another group[:port]; may be given several times',
  }),
  'keep-groups': one('Captures', parseSwitch, {
    commands: ['send'],
    help: 'without an endpoint: groups without a --map are sent to as they are in the capture',
  }),
  speed: one('Captures', parseSpeed, {
    value: '<factor>',
    fallback: '1',
    commands: ['send'],
    scope: 'stream',
    help: 'so many times as fast as it was captured, 0.01..1000',
  }),
  from: one('Captures', parseMoment, {
    value: '<moment>',
    commands: ['send'],
    scope: 'stream',
    help: 'begin there: a time behind the first frame (10s), an instant (2026-03-01T12:00:00Z), or a time of day (09:30:00.5), the first one in the capture',
  }),
  to: one('Captures', parseMoment, {
    value: '<moment>',
    commands: ['send'],
    scope: 'stream',
    help: 'end there, as --from; a time of day is the first one behind that',
  }),
  zone: one('Captures', parseZone, {
    value: '<name>',
    fallback: 'UTC',
    commands: [...SENDERS, 'recv', 'analyze'],
    scope: 'run',
    help: 'time zone of times of day, as America/New_York',
  }),
} as const;
