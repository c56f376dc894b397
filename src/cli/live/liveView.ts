import { livePage, renderLive, type LiveOptions } from '../../report/live/renderLive.js';
import { LiveState, type RunBounds } from '../../report/live/liveState.js';
import { ORDERS } from '../../report/live/order.js';
import type { RunMessage } from '../../runtime/messages.js';
import type { End } from '../conductedRun.js';
import { Keyboard, type Key } from './keyboard.js';
import { LiveRegion } from './liveRegion.js';
import { TerminalHold } from './terminalHold.js';

/** Between two drawings. */
const EVERY_MS = 100;
/** Of a terminal that does not say. */
const COLUMNS = 80;
const ROWS = 24;

type Look = Pick<LiveOptions, 'title' | 'color' | 'offsetAt' | 'ascii'>;

/**
 * The live view of a run on a terminal, from {@link begin} to the disposal of what that returns. It is drawn at most ten
 * times a second, where something has changed, below all text, which goes through {@link say}.
 */
export class LiveView {
  readonly #stream: NodeJS.WriteStream;
  readonly #unchanging: Look;
  readonly #state: LiveState;
  /** What is shown while it is paused. */
  #frozen: LiveState | null = null;
  #order = 0;
  #top = 0;
  #isEnding = false;
  readonly #region = new LiveRegion();
  readonly #keyboard = new Keyboard((key) => this.#onKey(key));
  #hold: TerminalHold | null = null;
  #interrupt: () => void = () => {};
  /** Said since the last drawing. */
  #pending = '';
  /** The terminal has another size than at the last drawing. */
  #isMoved = false;
  #drawnMs = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(stream: NodeJS.WriteStream, bounds: RunBounds, look: Look) {
    this.#stream = stream;
    this.#unchanging = look;
    this.#state = new LiveState(bounds);
  }

  /** `interrupt`: what SIGINT does. */
  begin(interrupt: () => void): Disposable {
    this.#interrupt = interrupt;
    const hold = new TerminalHold({ take: () => this.#take(), giveBack: (mayChange) => this.#giveBack(mayChange) });
    this.#hold = hold;
    this.#stream.on('resize', this.#onResize);
    return {
      [Symbol.dispose]: () => {
        this.#stream.off('resize', this.#onResize);
        hold[Symbol.dispose]();
        this.#hold = null;
      },
    };
  }

  /** Whole lines for people. */
  say(text: string): void {
    if (this.#region.isShown) {
      this.#pending += text;
      this.#schedule();
    } else {
      this.#stream.write(text);
    }
  }

  /** Everything that a run posts. Returns whether it can be seen here: an interval then needs no lines. */
  show(message: RunMessage, end: End): boolean {
    if (message.type === 'event') this.#state.tell(message.event);
    if (message.type !== 'interval') return false;
    this.#state.add(message, end);
    const isSeen = this.#hold?.take() === true;
    if (isSeen) this.#schedule();
    return isSeen;
  }

  #take(): void {
    this.#keyboard.open();
    this.#schedule();
  }

  #giveBack(mayChange: boolean): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#stream.write(this.#region.clear(this.#pending));
    this.#pending = '';
    this.#keyboard.close(mayChange);
  }

  readonly #onResize = (): void => {
    this.#isMoved = true;
    this.#schedule();
  };

  #schedule(): void {
    if (this.#timer !== null || this.#hold?.isHeld !== true) return;
    const sinceMs = performance.now() - this.#drawnMs;
    this.#timer = setTimeout(() => this.#draw(), Math.max(0, EVERY_MS - sinceMs)).unref();
  }

  #draw(): void {
    this.#timer = null;
    this.#drawnMs = performance.now();
    const lines = renderLive(this.#frozen ?? this.#state, this.#look());
    const octets = this.#region.draw(lines, this.#pending, this.#isMoved);
    this.#pending = '';
    this.#isMoved = false;
    if (octets !== '') this.#stream.write(octets);
  }

  #look(): LiveOptions {
    const { columns = COLUMNS, rows = ROWS } = this.#stream;
    return {
      ...this.#unchanging,
      columns: columns === 0 ? COLUMNS : columns,
      // A line of text is always to be seen.
      rows: Math.max(1, (rows === 0 ? ROWS : rows) - 1),
      order: ORDERS[this.#order]!,
      top: this.#top,
      hasKeys: this.#keyboard.isThere,
      isPaused: this.#frozen !== null,
      isEnding: this.#isEnding,
    };
  }

  #onKey(key: Key): void {
    switch (key) {
      case 'pause':
        this.#frozen = this.#frozen === null ? this.#state.copy() : null;
        break;
      case 'sort':
        this.#order = (this.#order + 1) % ORDERS.length;
        this.#top = 0;
        break;
      case 'quit':
        // Once: a second time would be impatience, for which there is Ctrl-C.
        if (!this.#isEnding) this.#interrupt();
        this.#isEnding = true;
        break;
      case 'SIGINT':
      case 'SIGTSTP':
      case 'SIGQUIT':
        this.#signal(key);
        break;
      default:
        this.#scroll(key);
    }
    this.#schedule();
  }

  #scroll(key: 'up' | 'down' | 'pageUp' | 'pageDown' | 'home' | 'end'): void {
    const { rows, lastTop } = livePage(this.#frozen ?? this.#state, this.#look());
    const by = { up: -1, down: 1, pageUp: -rows, pageDown: rows, home: -Infinity, end: Infinity }[key];
    this.#top = Math.min(lastTop, Math.max(0, this.#top + by));
  }

  /** As the terminal would: to the whole group, of which a pipe or a script may have more processes. */
  #signal(signal: 'SIGINT' | 'SIGTSTP' | 'SIGQUIT'): void {
    if (signal === 'SIGINT') this.#isEnding = true;
    if (process.platform !== 'win32') {
      // It ends the process without asking.
      if (signal === 'SIGQUIT') this.#hold?.[Symbol.dispose]();
      process.kill(0, signal);
    } else if (signal === 'SIGINT') {
      this.#interrupt();
    }
  }
}
