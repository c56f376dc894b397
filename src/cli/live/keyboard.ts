import { emitKeypressEvents, type Key as Keypress } from 'node:readline';

export type Key =
  | 'pause'
  | 'sort'
  | 'quit'
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'home'
  | 'end'
  /** What the terminal would make signals of, were it not for the keys: Ctrl-C, Ctrl-Z, Ctrl-\. */
  | 'SIGINT'
  | 'SIGTSTP'
  | 'SIGQUIT';

const KEYS: ReadonlyMap<string | undefined, Key> = new Map([
  ['p', 'pause'],
  ['s', 'sort'],
  ['q', 'quit'],
  ['up', 'up'],
  ['k', 'up'],
  ['down', 'down'],
  ['j', 'down'],
  ['pageup', 'pageUp'],
  ['pagedown', 'pageDown'],
  ['space', 'pageDown'],
  ['home', 'home'],
  ['end', 'end'],
]);
/** As they come in raw mode. */
const CONTROLS: ReadonlyMap<string | undefined, Key> = new Map([
  ['\u0003', 'SIGINT'],
  ['\u001A', 'SIGTSTP'],
  ['\u001C', 'SIGQUIT'],
]);

/** Keys of the terminal at standard input, while it is open. */
export class Keyboard {
  readonly #listener: (key: Key) => void;
  readonly #input = process.stdin;
  #isThere: boolean | null = null;
  #isOpen = false;

  constructor(listener: (key: Key) => void) {
    this.#listener = listener;
  }

  /** It was found, and nobody else reads from it. */
  get isThere(): boolean {
    return this.#isThere === true;
  }

  /** From now on keys are told one by one and not shown. */
  open(): void {
    this.#isThere ??= this.#find();
    if (!this.#isThere || this.#isOpen) return;
    this.#isOpen = true;
    // Off and on: a shell may have changed the modes since.
    this.#input.setRawMode(false);
    this.#input.setRawMode(true);
    this.#input.on('keypress', this.#onKeypress);
    this.#input.resume();
    this.#input.unref();
  }

  /** The terminal is as it was, unless it is another's by now (`mayChange`). Reading ends with the next tick. */
  close(mayChange: boolean): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#input.off('keypress', this.#onKeypress);
    this.#input.pause();
    if (mayChange) this.#input.setRawMode(false);
  }

  #find(): boolean {
    const isRead = this.#input.listenerCount('data') > 0 || this.#input.listenerCount('readable') > 0;
    if (!this.#input.isTTY || isRead) return false;
    // A terminal that is gone says so by SIGHUP.
    this.#input.on('error', () => {});
    emitKeypressEvents(this.#input);
    return true;
  }

  readonly #onKeypress = (_: string | undefined, { name, sequence, ctrl, meta }: Keypress): void => {
    const isPlain = ctrl !== true && meta !== true;
    const key = CONTROLS.get(sequence) ?? (isPlain ? KEYS.get(name) : undefined);
    if (key !== undefined) this.#listener(key);
  };
}
