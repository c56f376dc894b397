/** Operands of `send` and `recv`: endpoints as they stand, line-ups read from files, standard input or announcements. */
import { parseAddress } from '../core/address.js';
import { McastError } from '../core/errors.js';
import { parseLineup, type LineupEntry } from './lineup.js';
import { OPTION_NAMES, type OptionName } from './options.js';
import type { PlannedEndpoint } from './profileParts.js';
import type { WrittenOptions } from './readOptions.js';

/** One endpoint to be read: an operand itself (`where` is `null`), or one of a line-up or a profile. */
export interface EndpointText {
  readonly endpoint: string;
  readonly name: string | null;
  /** The endpoint of the same stream's second leg, not read yet. */
  readonly legB: string | null;
  /** `channels.csv:3`. */
  readonly where: string | null;
  /** What stands beside it for it alone, as parameters would: columns of a line-up, keys of a profile. */
  readonly own: WrittenOptions;
  readonly ownIs: 'column' | 'key';
}

/** Files, which this layer does not open itself. */
export interface FileReader {
  /** Reads a file whole; `-` is standard input. Throws McastError ERR_FILE. */
  readonly readWhole: (path: string) => Uint8Array;
  /** Whether a file of this name is there. */
  readonly isFile: (path: string) => boolean;
  /** Whether a file of this name is there and begins as a capture does. Left out where none is sent. */
  readonly isCapture?: (path: string) => boolean;
  /** Why an input that is a file has nothing to be read, with ERR_FILE; `null`: it has. */
  readonly unreadable?: (path: string) => McastError | null;
  /** The description (SDP) of an announced session; `null`: not heard. Left out where nobody listens for them. */
  readonly readSession?: (name: string) => string | null;
  /** The endpoints of a profile that stands in place of one; `null`: it is none. Left out where none was read. */
  readonly profileEndpoints?: (operand: string) => readonly PlannedEndpoint[] | null;
}

const NOTHING: WrittenOptions = new Map();

/** What `sap://<name>[/parameter=value]...` asks for. */
export interface SapOperand {
  /** Of the session; never empty. */
  readonly name: string;
  /** From `/iface=`; `null`: not said. */
  readonly iface: string | null;
  /** As written, from the first `/` on; empty: none. */
  readonly parameters: string;
}

/** Endpoints in the order of the operands; what is wrong in line-ups is appended to `problems`. Throws ERR_FILE. */
export function readOperands(operands: readonly string[], files: FileReader, problems: McastError[]): EndpointText[] {
  return operands.flatMap((operand): EndpointText[] => {
    const ofProfile = files.profileEndpoints?.(operand) ?? null;
    if (ofProfile !== null) return ofProfile.flatMap((endpoint) => ofProfileEndpoint(endpoint, files, problems));
    const session = sapOperand(operand);
    if (session !== null) return readSession(operand, session, files, problems);
    if (!isLineup(operand, files)) {
      return [{ endpoint: operand, name: null, legB: null, where: null, own: NOTHING, ownIs: 'column' }];
    }
    const source = operand === '-' ? 'stdin' : operand;
    return parseLineup(decode(files.readWhole(operand), source), source, problems).map(ofLineup);
  });
}

function ofLineup({ endpoint, name, legB, where, rate, input }: LineupEntry): EndpointText {
  const own = new Map<OptionName, readonly string[]>();
  if (rate !== null) own.set('rate', [rate]);
  if (input !== null) own.set('input', [input]);
  return { endpoint, name, legB, where, own, ownIs: 'column' };
}

/** A line-up in its place stands for all of its own. */
function ofProfileEndpoint(of: PlannedEndpoint, files: FileReader, problems: McastError[]): EndpointText[] {
  const { endpoint, name, legB, options } = of;
  if (isLineupName(endpoint.text)) return readOperands([endpoint.text], files, problems);
  const own = new Map([...options].map(([option, values]) => [option, values.map(({ text }) => text)]));
  return [{ endpoint: endpoint.text, name, legB, where: endpoint.at, own, ownIs: 'key' }];
}

/** `null`: something else, also an endpoint of SAP packets themselves, which names a group. */
export function sapOperand(operand: string): SapOperand | null {
  const rest = /^sap:\/\/(.+)$/is.exec(operand)?.[1];
  if (rest === undefined || namesGroup(rest)) return null;
  const parameters = [...rest.matchAll(/\/([a-z][a-z0-9-]*)=/g)];
  // A name may hold slashes: parameters begin with the first word that is one.
  const from = parameters.find(([, name]) => OPTION_NAMES.some((option) => option === name))?.index ?? rest.length;
  const tail = rest.slice(from);
  if (from === 0) return null;
  return { name: rest.slice(0, from), iface: /\/iface=([^/]+)/.exec(tail)?.[1] ?? null, parameters: tail };
}

function namesGroup(rest: string): boolean {
  const place = /^[^/?]*/.exec(rest)![0].replace(/^.*@/, '');
  const address = /^\[([^\]%]+)/.exec(place)?.[1] ?? place.replace(/[%+].*$/, '');
  return parseAddress(address) !== null || parseAddress(address.replace(/:\d+$/, '')) !== null;
}

/** The session's endpoints, each with the parameters of the operand, which go before its own. */
function readSession(operand: string, asked: SapOperand, files: FileReader, problems: McastError[]): EndpointText[] {
  const text = files.readSession?.(asked.name) ?? null;
  if (text === null) {
    const hint = 'A session is announced by mcast send --announce and shown by mcast list.';
    problems.push(
      new McastError('ERR_ENDPOINT', `endpoint "${operand}": mcast recv alone looks for sessions`, { hint }),
    );
    return [];
  }
  const names = [...asked.parameters.matchAll(/\/([a-z][a-z0-9-]*)=/g)].map((match) => match[1]!);
  const withParameters = (endpoint: string): string => {
    let own = endpoint;
    for (const name of names) own = own.replace(new RegExp(`/${name}=[^/]*`), '');
    return own + asked.parameters;
  };
  return parseLineup(text, `sap://${asked.name}`, problems).map((entry) => ({
    ...ofLineup(entry),
    endpoint: withParameters(entry.endpoint),
    legB: entry.legB === null ? null : withParameters(entry.legB),
  }));
}

/** What is written as a line-up, or a file that is there. */
function isLineup(operand: string, files: FileReader): boolean {
  return isLineupName(operand) || (!operand.includes('://') && files.isFile(operand));
}

/** `-`, or a path that is written as one or ends like a line-up. */
export function isLineupName(operand: string): boolean {
  if (operand === '-') return true;
  if (operand.includes('://')) return false;
  if (/\.(csv|m3u8?|txt|list|sdp)$/i.test(operand) && !operand.includes('=')) return true;
  return /^\.{0,2}\//.test(operand) && !/^\/[a-z][a-z0-9-]*=/.test(operand);
}

function decode(octets: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (error) {
    throw new McastError('ERR_LINEUP', `${source}: this is not text (UTF-8)`, { cause: error });
  }
}
