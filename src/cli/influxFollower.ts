import { hostname } from 'node:os';
import { printable } from '../core/printable.js';
import { HttpPush } from '../dashboard/httpPush.js';
import { PushQueue } from '../dashboard/pushQueue.js';
import { inSlices } from '../dashboard/slices.js';
import { DATAGRAM_OCTETS, UdpLines } from '../dashboard/udpLines.js';
import { McastError } from '../core/errors.js';
import { readWhole } from '../io/wholeFile.js';
import type { OutputPlan } from '../profile/makePlan.js';
import type { InfluxTarget } from '../profile/exportValues.js';
import { influxEvent, influxInterval, influxResult } from '../report/export/influxLines.js';
import { runTags } from '../report/export/runInfo.js';
import type { RunResult } from '../result/model.js';
import type { RunMessage } from '../runtime/messages.js';
import type { Follower } from './follower.js';
import { LineFile } from './output.js';
import { postOutcome } from './postOutcome.js';
import type { Snapshots } from './snapshots.js';
import { resultSoFar } from './soFar.js';

/** The result so far goes so often; intervals and events as they come. */
const RESULT_EVERY_MS = 10_000;
/** Lines that come within so long go together. */
const GATHER_MS = 1000;
/** Of one post: InfluxDB advises some thousand lines. */
const POST_OCTETS = 1024 * 1024;
const TOKEN_OCTETS = 4096;
/** By InfluxDB's documentation of its write API; 5xx of what stands before it likewise. */
const LATER: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Takes lines. Throws ERR_FILE. */
interface Sink {
  write(lines: string): void;
  /** Longest line, octets. */
  readonly mostOctets: number;
  reopen?(): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** `--influx`: intervals, events and results as lines. Rejects with ERR_FILE, ERR_SOCKET, ERR_USAGE. */
export async function openInflux(
  target: InfluxTarget,
  output: OutputPlan,
  snapshots: Snapshots,
  say: (text: string) => void,
  environment: NodeJS.ProcessEnv,
): Promise<Follower> {
  const { exports } = output;
  const sink = await openSink(target, exports.influxTokenFile, say, environment);
  let tags = runTags('', hostname(), exports);
  const tell = async (result: RunResult): Promise<void> => {
    const ofRun = runTags(result.run.id, result.host.name, result.run);
    sink.write(await inSlices(influxResult(result, ofRun, sink.mostOctets)));
  };
  let telling: Promise<void> | null = null;
  let failure: unknown = null;
  const tellSoFar = async (): Promise<void> => {
    const result = await resultSoFar(snapshots, output);
    if (result !== null) await tell(result);
  };
  const timer = setInterval(() => {
    telling ??= tellSoFar()
      // Told where it ends the run: with what it shows next.
      .catch((error: unknown) => (failure ??= error))
      .then(() => void (telling = null));
  }, RESULT_EVERY_MS);
  return {
    show: (message) => {
      if (failure !== null) throw failure;
      if (message.type === 'ready') tags = runTags(message.info.runId, hostname(), exports);
      const lines = linesOf(message, tags);
      if (lines !== '') sink.write(lines);
    },
    finish: async (result) => {
      clearInterval(timer);
      await telling;
      if (failure !== null) throw failure;
      await tell(result);
      await sink.flush();
    },
    ...(sink.reopen === undefined ? {} : { reopen: () => sink.reopen!() }),
    close: async () => {
      clearInterval(timer);
      await telling;
      await sink.close();
    },
  };
}

function linesOf(message: RunMessage, tags: ReturnType<typeof runTags>): string {
  if (message.type === 'interval') return [...influxInterval(message, tags)].join('');
  return message.type === 'event' ? influxEvent(message.event, tags) : '';
}

async function openSink(
  target: InfluxTarget,
  tokenFile: string | null,
  say: (text: string) => void,
  environment: NodeJS.ProcessEnv,
): Promise<Sink> {
  if (target.kind === 'http') return httpSink(target.url, tokenOf(tokenFile, environment), say);
  if (target.kind === 'udp') {
    const lines = await UdpLines.open('--influx', target.host, target.port, say);
    return {
      mostOctets: DATAGRAM_OCTETS,
      write: (text) => lines.send(text.split(/(?<=\n)/u)),
      flush: async () => {},
      close: () => lines.close(),
    };
  }
  const file = new LineFile(target.path);
  return {
    mostOctets: Infinity,
    write: (text) => file.write(text.replace(/\n$/u, '')),
    reopen: () => file.reopen(),
    flush: async () => {},
    close: async () => file[Symbol.dispose](),
  };
}

function httpSink(url: string, token: string | null, say: (text: string) => void): Sink {
  const push = new HttpPush(url, {
    'Content-Type': 'text/plain; charset=utf-8',
    ...(token === null ? {} : { Authorization: `Token ${token}` }),
  });
  const queue = new PushQueue({
    what: '--influx',
    say,
    send: async (body, signal) => postOutcome(await push.post(body, signal), url, LATER),
  });
  let gathered = '';
  let timer: NodeJS.Timeout | null = null;
  const post = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    for (const body of bodiesOf(gathered)) queue.add(body);
    gathered = '';
  };
  return {
    mostOctets: Infinity,
    write: (text) => {
      gathered += text;
      if (gathered.length >= POST_OCTETS) post();
      else timer ??= setTimeout(post, GATHER_MS);
    },
    flush: async () => {
      post();
      await queue.flush();
    },
    close: async () => {
      post();
      await queue.close();
      push[Symbol.dispose]();
    },
  };
}

/** Whole lines, about as many as one post should have. */
function* bodiesOf(text: string): Generator<string> {
  let from = 0;
  while (from < text.length) {
    const end = text.length - from <= POST_OCTETS ? text.length : text.lastIndexOf('\n', from + POST_OCTETS) + 1;
    const to = end > from ? end : text.indexOf('\n', from) + 1;
    yield text.slice(from, to);
    from = to;
  }
}

/** Never on the command line, which every user of the host can read. */
function tokenOf(file: string | null, environment: NodeJS.ProcessEnv): string | null {
  const text =
    file === null ? (environment['INFLUX_TOKEN'] ?? '') : new TextDecoder().decode(readWhole(file, TOKEN_OCTETS));
  const token = text.trim();
  if (file !== null && token === '') throw new McastError('ERR_FILE', `${file} holds no token`, { hint: '' });
  if (!/^[\u0021-\u007e]*$/u.test(token)) {
    const where = file ?? 'INFLUX_TOKEN';
    throw new McastError('ERR_USAGE', `${printable(where)} holds more than a token: one word of printable characters`, {
      hint: '',
    });
  }
  return token === '' ? null : token;
}
