/**
 * Reads a session description (RFC 8866): tolerant of line ends, order, blank lines and everything unknown;
 * bounded; what is known and malformed is a problem with its line. Our own reader, because the problems need
 * their lines and several connections and source filters of one media must all be kept.
 */
import { printable } from '../core/printable.js';
import { McastError } from '../core/errors.js';
import {
  readConnection,
  readExtmap,
  readFormatParameters,
  readGroup,
  readMediaLine,
  readOrigin,
  readRtcp,
  readRtpmap,
  readSourceFilter,
  type SdpMediaLine,
} from './sdpFields.js';
import type {
  SdpConnection,
  SdpDescription,
  SdpExtmap,
  SdpFormatParameters,
  SdpGroup,
  SdpMediaRead,
  SdpOrigin,
  SdpRtcp,
  SdpRtpmap,
  SdpSourceFilter,
} from './sdp.js';

/** Bounds of what is read: a text beyond them is refused, and no problem is told after so many. */
export const SDP_MOST_CHARACTERS = 1_048_576;
export const SDP_MOST_MEDIA = 4096;
const MOST_PROBLEMS = 20;
const MOST_LINE_CHARACTERS = 8192;
/** A name is shown and becomes a stream's. */
const MOST_NAME_CHARACTERS = 200;

/** What session and media have alike; a media's own goes before the session's. */
interface Section {
  title: string | null;
  connections: SdpConnection[];
  filters: SdpSourceFilter[];
  rtpmaps: SdpRtpmap[];
  formatParameters: SdpFormatParameters[];
  extmaps: SdpExtmap[];
  rtcp: SdpRtcp | null;
  mid: string | null;
}

interface MediaSection extends Section {
  readonly head: SdpMediaLine;
  readonly line: number;
}

/** Throws ERR_LINEUP with every problem, a line each. */
export function parseSdp(text: string, source: string): SdpDescription<SdpMediaRead> {
  const problems: string[] = [];
  const description = readSdp(text, source, problems);
  if (description === null) throw new McastError('ERR_LINEUP', problems.join('\n'));
  return description;
}

/**
 * The same for text from the network: never throws. `null`: `problems` then got at least one line
 * `<source>:<line>: <what>`.
 */
export function readSdp(text: string, source: string, problems: string[]): SdpDescription<SdpMediaRead> | null {
  if (text.length > SDP_MOST_CHARACTERS) {
    problems.push(`${source}: a session description of more than ${SDP_MOST_CHARACTERS} characters is not read`);
    return null;
  }
  const reader = new Reader();
  const lines = text
    .replace(/^\uFEFF/, '')
    // Ends of line to regular expressions, not to RFC 8866.
    .replace(/[\u2028\u2029]/g, '\uFFFD')
    .split(/\r\n|\n|\r/);
  for (let i = 0; i < lines.length && reader.problems.length < MOST_PROBLEMS; i++) reader.take(lines[i]!, i + 1);
  if (!reader.begun) reader.problems.push({ line: 1, what: 'a session description begins with v=0' });
  if (reader.problems.length === 0) return reader.result();
  for (const { line, what } of reader.problems) problems.push(`${source}:${line}: ${what}`);
  return null;
}

class Reader {
  readonly problems: { readonly line: number; readonly what: string }[] = [];
  begun = false;
  readonly #session = emptySection();
  readonly #media: MediaSection[] = [];
  readonly #groups: SdpGroup[] = [];
  #section: Section = this.#session;
  #origin: SdpOrigin | null = null;
  #name: string | null = null;
  #tool: string | null = null;
  #line = 0;

  take(raw: string, line: number): void {
    this.#line = line;
    const text = raw.trim();
    // ffmpeg prints a heading before the description that people save.
    if (text === '' || (text === 'SDP:' && !this.begun)) return;
    if (text.length > MOST_LINE_CHARACTERS) {
      this.#wrong(`a line of more than ${MOST_LINE_CHARACTERS} characters is not read`);
      return;
    }
    const match = /^([A-Za-z])=(.*)$/.exec(text);
    if (match === null) {
      this.#wrong(`"${printable(text.slice(0, 40))}" is not <letter>=<value>`);
      return;
    }
    const type = match[1]!;
    const value = match[2]!.trim();
    if (!this.begun) {
      // Section 5.1: 0 is the only version there is.
      if (type !== 'v' || value !== '0') this.#wrong('a session description begins with v=0');
      this.begun = true;
      return;
    }
    this.#takeField(type, value);
  }

  result(): SdpDescription<SdpMediaRead> {
    const session = this.#session;
    return {
      origin: this.#origin,
      name: this.#name,
      information: session.title,
      tool: this.#tool,
      groups: this.#groups,
      media: this.#media.map(({ head, ...media }) => ({
        ...head,
        ...media,
        // Section 5.7: a connection of the media's own replaces that of the session.
        connections: media.connections.length > 0 ? media.connections : session.connections,
        // RFC 4570 section 3: and so do filters.
        filters: media.filters.length > 0 ? media.filters : session.filters,
        // RFC 8285 section 5: extensions of the session hold for every media.
        extmaps: [...session.extmaps, ...media.extmaps],
      })),
    };
  }

  #takeField(type: string, value: string): void {
    const section = this.#section;
    switch (type) {
      case 'v':
        this.#wrong('a second v=: one description at a time is read');
        return;
      case 'o':
        this.#keep(readOrigin(value), (origin) => (this.#origin = origin));
        return;
      case 's':
        this.#name = value === '-' ? null : nameOf(value);
        return;
      case 'i':
        section.title = nameOf(value);
        return;
      case 'c':
        this.#keep(readConnection(value), (connection) => section.connections.push(connection));
        return;
      case 'm':
        this.#keep(readMediaLine(value), (head) => this.#openMedia(head));
        return;
      case 'a':
        this.#takeAttribute(value);
        return;
      default:
        // Section 5: types that are not understood are ignored.
        return;
    }
  }

  #openMedia(head: SdpMediaLine): void {
    if (this.#media.length >= SDP_MOST_MEDIA) this.#wrong(`more than ${SDP_MOST_MEDIA} media are not read`);
    const media = { ...emptySection(), head, line: this.#line };
    this.#media.push(media);
    this.#section = media;
  }

  #takeAttribute(attribute: string): void {
    const section = this.#section;
    const colon = attribute.indexOf(':');
    const value = colon < 0 ? '' : attribute.slice(colon + 1).trim();
    switch (colon < 0 ? attribute : attribute.slice(0, colon)) {
      case 'source-filter':
        this.#keep(readSourceFilter(value), (filter) => section.filters.push(filter));
        return;
      case 'rtpmap':
        this.#keep(readRtpmap(value), (rtpmap) => section.rtpmaps.push(rtpmap));
        return;
      case 'fmtp':
        this.#keep(readFormatParameters(value), (parameters) => section.formatParameters.push(parameters));
        return;
      case 'extmap':
        this.#keep(readExtmap(value), (extmap) => section.extmaps.push(extmap));
        return;
      case 'rtcp':
        this.#keep(readRtcp(value), (rtcp) => (section.rtcp = rtcp));
        return;
      case 'group':
        this.#keep(readGroup(value), (group) => this.#groups.push(group));
        return;
      case 'mid':
        section.mid = nameOf(value);
        return;
      case 'tool':
        this.#tool = nameOf(value);
        return;
      default:
        // Section 5.13: and so are attributes.
        return;
    }
  }

  #keep<T extends object>(read: T | string, use: (value: T) => void): void {
    if (typeof read === 'string') this.#wrong(read);
    else use(read);
  }

  #wrong(what: string): void {
    this.problems.push({ line: this.#line, what: printable(what) });
  }
}

function emptySection(): Section {
  return {
    title: null,
    connections: [],
    filters: [],
    rtpmaps: [],
    formatParameters: [],
    extmaps: [],
    rtcp: null,
    mid: null,
  };
}

function nameOf(value: string): string | null {
  return printable(value).slice(0, MOST_NAME_CHARACTERS) || null;
}
