/** Messages of a made-up feed in files: as they come, and those of one type alone, which are all of one length. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runMeasured } from './processorTime.mjs';

const LINE = 'mold://239.255.77.14:26800/iface=lo';
const PACE = '--mps 100000 --messages-per-datagram 20 --seed 1 --count 300000';
/** Octets of the length before each message, and of what is the most frequent of them. */
const PREFIX_OCTETS = 2;
const ADD_ORDER = 'A'.charCodeAt(0);

/** Paths of both files in `folder`. */
export async function feedFiles(folder, limitMs) {
  const [mixed, oneLength] = ['mixed.itch', 'one-length.itch'].map((name) => path.join(folder, name));
  await runMeasured(
    ['recv', LINE, '--once', '--until-idle', '3s', '--json', '--wait', '10', '--save', mixed],
    ['send', LINE, ...PACE.split(' '), '--json', '--force'],
    limitMs,
  );
  const octets = readFileSync(mixed);
  const adds = [];
  for (let at = 0; at < octets.length;) {
    const end = at + PREFIX_OCTETS + octets.readUInt16BE(at);
    if (octets[at + PREFIX_OCTETS] === ADD_ORDER) adds.push(octets.subarray(at, end));
    at = end;
  }
  writeFileSync(oneLength, Buffer.concat(adds));
  return { mixed, oneLength };
}
