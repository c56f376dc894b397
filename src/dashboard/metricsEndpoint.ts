import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { expositionFormat } from '../report/export/negotiation.js';
import { CONTENT_TYPES, prometheusText, type ExpositionFormat } from '../report/export/prometheusText.js';
import type { RunResult } from '../result/model.js';
import { sendText } from './httpServer.js';
import { inSlices } from './slices.js';

/** A result serves all scrapes for so long: however many read, the run is asked once a second. */
const FRESH_MS = 1000;
/** Longer nobody waits for a result. */
const PATIENCE_MS = 5000;
const compress = promisify(gzip);

interface Page {
  readonly result: RunResult;
  readonly asOfMs: number;
  /** As it is sent, by format and whether it is compressed: made for the first who wants it. */
  readonly bodies: Map<string, Promise<Buffer>>;
}

/** Answers Prometheus with the result so far. */
export class MetricsEndpoint {
  readonly #ask: () => Promise<RunResult | null>;
  #page: Page | null = null;
  #asking: Promise<Page | null> | null = null;
  #isLast = false;

  /** `ask`: the result so far; `null`: there is none, yet or any more. */
  constructor(ask: () => Promise<RunResult | null>) {
    this.#ask = ask;
  }

  /** The result of the whole run: nothing newer comes. */
  finish(result: RunResult): void {
    this.#page = pageOf(result);
    this.#isLast = true;
  }

  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (path === '/') {
      sendText(response, 200, 'mcastkit: metrics are at /metrics');
      return;
    }
    if (path !== '/metrics') {
      sendText(response, 404, 'there is nothing here: metrics are at /metrics');
      return;
    }
    const page = await this.#current();
    if (page === null) {
      response.setHeader('Retry-After', '1');
      sendText(response, 503, 'the run has no figures yet');
      return;
    }
    const format = expositionFormat(request.headers.accept ?? '');
    const zipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/u.test(String(request.headers['accept-encoding'] ?? ''));
    const body = await bodyOf(page, format, zipped);
    response.writeHead(200, {
      'Content-Type': CONTENT_TYPES[format],
      'Content-Length': body.length,
      Vary: 'Accept, Accept-Encoding',
      ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.end(body);
  }

  async #current(): Promise<Page | null> {
    if (this.#isLast || (this.#page !== null && performance.now() - this.#page.asOfMs < FRESH_MS)) return this.#page;
    this.#asking ??= this.#renew().finally(() => (this.#asking = null));
    return await this.#asking;
  }

  async #renew(): Promise<Page | null> {
    let patience: NodeJS.Timeout | undefined;
    const tooLong = new Promise<null>((resolve) => (patience = setTimeout(() => resolve(null), PATIENCE_MS)));
    const result = await Promise.race([this.#ask(), tooLong]);
    clearTimeout(patience);
    // A run that ended meanwhile has left its last result.
    if (result !== null && !this.#isLast) this.#page = pageOf(result);
    return this.#page;
  }
}

function pageOf(result: RunResult): Page {
  return { result, asOfMs: performance.now(), bodies: new Map() };
}

async function bodyOf(page: Page, format: ExpositionFormat, zipped: boolean): Promise<Buffer> {
  const key = `${format} ${zipped}`;
  let body = page.bodies.get(key);
  if (body === undefined) page.bodies.set(key, (body = rendered(page.result, format, zipped)));
  return await body;
}

async function rendered(result: RunResult, format: ExpositionFormat, zipped: boolean): Promise<Buffer> {
  const text = Buffer.from(await inSlices(prometheusText(result, format)));
  // The least compression makes a tenth of it already, in a thread of its own.
  return zipped ? await compress(text, { level: constants.Z_BEST_SPEED }) : text;
}
