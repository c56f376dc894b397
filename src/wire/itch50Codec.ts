import { viewOf } from '../core/bytes.js';
import type { Codec } from './codec.js';
import { checkItch } from './itch50.js';
import { ITCH_MESSAGES, type ItchField, type ItchMessageType } from './itch50Messages.js';
import { WireStatus } from './status.js';

/** Text without the spaces that fill it; integers of up to 48 bits, of prices with their decimals; 64 bits as a bigint. */
export type ItchValue = string | number | bigint;

/** Cold form of one message, for dumps and tests: every field of its row in {@link ITCH_MESSAGES}, by its name. */
export interface ItchMessage {
  type: string;
  fields: Readonly<Record<string, ItchValue>>;
}

const BY_TYPE: ReadonlyMap<string, ItchMessageType> = new Map(ITCH_MESSAGES.map((message) => [message.type, message]));

export const itchCodec: Codec<ItchMessage> = {
  name: 'itch-5.0',
  reference: 'Nasdaq TotalView-ITCH 5.0 section 1',
  create: () => ({ type: '', fields: {} }),
  check: (bytes, at, length) => checkItch(viewOf(bytes), at, length),
  parse(bytes, at, length, out) {
    const view = viewOf(bytes);
    const status = checkItch(view, at, length);
    if (status !== WireStatus.Ok) return status;
    out.type = String.fromCharCode(view.getUint8(at));
    const fields = messageOf(out.type).fields.map((field) => [field.name, readField(view, at + field.at, field)]);
    out.fields = Object.fromEntries(fields) as Record<string, ItchValue>;
    return WireStatus.Ok;
  },
  octets: ({ type }) => messageOf(type).octets,
  write(bytes, at, { type, fields }) {
    const message = messageOf(type);
    const view = viewOf(bytes);
    view.setUint8(at, type.charCodeAt(0));
    for (const field of message.fields) {
      const value = fields[field.name];
      if (value === undefined) throw new Error(`ITCH ${type} without ${field.name}`);
      writeField(view, at + field.at, field, value);
    }
    return message.octets;
  },
  describe({ type, fields }) {
    const message = messageOf(type);
    const parts = message.fields.map((field) => `${field.name} ${valueText(field, fields[field.name]!)}`);
    return `itch ${type} ${message.name}: ${parts.join(' ')}`;
  },
};

function messageOf(type: string): ItchMessageType {
  const message = BY_TYPE.get(type);
  if (message === undefined) throw new Error(`no ITCH message type "${type}"`);
  return message;
}

function isText({ kind }: ItchField): boolean {
  return kind === 'char' || kind === 'alpha';
}

function readField(view: DataView, at: number, field: ItchField): ItchValue {
  if (isText(field)) {
    let text = '';
    for (let i = 0; i < field.octets; i++) text += String.fromCharCode(view.getUint8(at + i));
    return field.kind === 'alpha' ? text.replace(/ +$/u, '') : text;
  }
  if (field.octets === 8) return view.getBigUint64(at);
  let value = 0;
  for (let i = 0; i < field.octets; i++) value = value * 256 + view.getUint8(at + i);
  return value;
}

function writeField(view: DataView, at: number, field: ItchField, value: ItchValue): void {
  if (isText(field)) {
    const text = String(value).padEnd(field.octets, ' ');
    for (let i = 0; i < field.octets; i++) view.setUint8(at + i, text.charCodeAt(i));
    return;
  }
  let left = BigInt(value);
  for (let i = field.octets - 1; i >= 0; i--) {
    view.setUint8(at + i, Number(left & 0xffn));
    left >>= 8n;
  }
}

/** What would move a terminal's cursor is `?`; what is empty or could be taken for several words is quoted. */
function plainText(text: string): string {
  const shown = text.replaceAll(/[^\x20-\x7e]/gu, '?');
  return /^[^ "]+$/u.test(shown) ? shown : JSON.stringify(shown);
}

function valueText({ kind }: ItchField, value: ItchValue): string {
  if (typeof value === 'string') return plainText(value);
  if (kind === 'price4') return withDecimals(BigInt(value), 4);
  if (kind === 'price8') return withDecimals(BigInt(value), 8);
  return kind === 'timestamp48' ? timeOfDayText(Number(value)) : value.toString();
}

function withDecimals(value: bigint, decimals: number): string {
  const digits = value.toString().padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** hh:mm:ss with nine decimals; 48 bits reach beyond a day, and are shown so. */
function timeOfDayText(ns: number): string {
  const seconds = Math.floor(ns / 1e9);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = parts.map((part) => part.toString().padStart(2, '0')).join(':');
  return `${clock}.${(ns % 1e9).toString().padStart(9, '0')}`;
}
