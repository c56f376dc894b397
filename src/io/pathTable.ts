import type { Path } from './datagram.js';

/** Room for the addresses of one Io; the same in every implementation. */
export const MAX_PATHS = 16_384;

const UNKNOWN: Path = { source: '', sourcePort: 0, group: '', port: 0, interfaceIndex: 0 };

/** What a receiving socket adds to each of its paths, and the senders heard through it. */
export interface PathScope {
  readonly group: string;
  readonly port: number;
  readonly interfaceIndex: number;
  /** Source address -> source port -> path index. */
  readonly sources: Map<string, Map<number, number>>;
}

/** Numbers of paths for implementations that learn addresses as strings. Index 0: the table was full. */
export class PathTable {
  readonly #paths: Path[] = [UNKNOWN];
  readonly #limit: number;

  constructor(limit = MAX_PATHS) {
    this.#limit = limit;
  }

  /** Paths known, index 0 included. */
  get count(): number {
    return this.#paths.length;
  }

  path(index: number): Path {
    return this.#paths[index] ?? UNKNOWN;
  }

  /** The path's index, new or known; 0 when there is no room. A zone in `source` is left out of the path. */
  intern(scope: PathScope, source: string, sourcePort: number): number {
    let ports = scope.sources.get(source);
    const known = ports?.get(sourcePort);
    if (known !== undefined) return known;
    if (this.#paths.length >= this.#limit) return 0;
    if (ports === undefined) {
      ports = new Map();
      scope.sources.set(source, ports);
    }
    const index = this.#paths.length;
    ports.set(sourcePort, index);
    this.#paths.push({
      source: source.replace(/%.*$/, ''),
      sourcePort,
      group: scope.group,
      port: scope.port,
      interfaceIndex: scope.interfaceIndex,
    });
    return index;
  }
}

export function pathScope(group: string, port: number, interfaceIndex: number): PathScope {
  return { group, port, interfaceIndex, sources: new Map() };
}
