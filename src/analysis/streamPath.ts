/** The addresses behind a path index of a batch. */
export interface StreamPath {
  readonly source: string;
  readonly sourcePort: number;
  readonly group: string;
  readonly port: number;
  readonly interfaceIndex: number;
}
