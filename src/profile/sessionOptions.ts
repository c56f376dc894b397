/** The rows of the table of options that say how receivers get to know of a stream. */
import { parseSwitch } from '../core/units.js';
import { one, type OptionRow } from './optionRow.js';
import { parseText } from './optionValues.js';

export const SESSION_OPTIONS = {
  sdp: one('Video', parseText, {
    value: '<file>',
    commands: ['send', 'relay'],
    help: 'write the session description (SDP) of the rtp and udp streams, for players and mcast recv',
  }),
  announce: one('Video', parseSwitch, {
    commands: ['send', 'relay'],
    brief: ['relay'],
    gist: 'announce what is sent (SAP)',
    help: 'announce the rtp and udp streams (SAP): players and mcast list show them by their names',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;
