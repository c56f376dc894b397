/** A reader of server-sent events (HTML Living Standard section 9.2.6), for tests. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { until } from './netns/lab.js';

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

export class EventReader {
  readonly events: ServerEvent[] = [];
  readonly response: IncomingMessage;
  hasEnded = false;

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const [response] = (await once(get(url, { headers, agent: false }), 'response')) as [IncomingMessage];
    const reader = new EventReader(response);
    onTestFinished(() => void response.destroy());
    return reader;
  }

  private constructor(response: IncomingMessage) {
    this.response = response;
    let rest = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      const blocks = (rest + part).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) this.events.push(eventOf(block));
    });
    response.on('error', () => {});
    response.on('close', () => (this.hasEnded = true));
  }

  of(event: string): ServerEvent[] {
    return this.events.filter((one) => one.event === event);
  }

  async until(event: string, times = 1): Promise<string> {
    await until(() => this.of(event).length >= times, `${times} x event ${event}`);
    return this.of(event)[times - 1]!.data;
  }

  /** All parts as they are now. */
  get page(): Record<string, string> {
    const updates = this.of('parts').map(({ data }) => (JSON.parse(data) as { parts: Record<string, string> }).parts);
    return Object.assign({}, ...updates) as Record<string, string>;
  }
}

function eventOf(block: string): ServerEvent {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value] = /^(event|data): ?(.*)$/su.exec(line) ?? [];
    if (field === 'event') event = value!;
    else if (field === 'data') data.push(value!);
    else throw new Error(`no field of an event: ${line}`);
  }
  return { event, data: data.join('\n') };
}
