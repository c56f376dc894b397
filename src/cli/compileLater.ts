import { setFlagsFromString } from 'node:v8';

/** Octets of bytecode that a function runs through before the engine asks whether to optimise it; 67,584 of its own. */
const BUDGET_OCTETS = 1_000_000;
/** The first version of V8 that counts calls instead, and has a cheap compiler in between. */
const COUNTS_CALLS = 12;

/**
 * From now on the engine optimises what has run for longer. What a rehearsal made hot is compiled by now; of what else a
 * receiver does much is done once for each of ten thousand streams, and over before its compiling has paid: 6 % of the
 * processor time of such a run of seconds (docs/benchmarks.md). Holds for the whole process, so nothing for a library.
 */
export function compileLater(): void {
  if (Number.parseInt(process.versions.v8, 10) < COUNTS_CALLS)
    setFlagsFromString(`--interrupt-budget=${BUDGET_OCTETS}`);
}
