import { execFile } from 'node:child_process';
import { findProgram, type Environment } from './findProgram.js';

/** What a program that lists the rules of packet filters printed. */
export interface FilterText {
  readonly program: FilterProgram;
  readonly text: string;
}

/** `legacy`: the rules of the kernel's older tables, where the plain name is the program that keeps its rules in nftables. */
export type FilterProgram =
  | 'nft'
  | 'iptables-save'
  | 'ip6tables-save'
  | 'iptables-legacy-save'
  | 'ip6tables-legacy-save';

/** Rules that could be listed, and why others could not. */
export interface FilterTexts {
  readonly texts: readonly FilterText[];
  /** In words. */
  readonly failures: string[];
  /** One of the programs wants more privileges. */
  readonly wantsRoot: boolean;
}

const PROGRAMS = [
  ['nft', ['-j', 'list', 'ruleset']],
  ['iptables-save', ['-c']],
  ['ip6tables-save', ['-c']],
  ['iptables-legacy-save', ['-c']],
  ['ip6tables-legacy-save', ['-c']],
] as const;
const PATIENCE_MS = 5000;
const LONGEST_OCTETS = 64 * 1024 * 1024;

/** Lists the rules of nftables and iptables, whichever are installed. Changes nothing. */
export async function readFilterTexts(environment: Environment): Promise<FilterTexts> {
  // An ordinary user's path lacks the administrator's programs.
  const path = `${environment['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const texts: FilterText[] = [];
  const failures: string[] = [];
  let wantsRoot = false;
  for (const [program, words] of PROGRAMS) {
    const file = findProgram(program, { ...environment, PATH: path });
    if (file === null) continue;
    const { text, failure } = await run(file, words);
    if (text !== null) texts.push({ program, text });
    else {
      failures.push(`${program}: ${failure}`);
      wantsRoot ||= /permitted|permission|must be root|be root/i.test(failure);
    }
  }
  if (texts.length === 0 && failures.length === 0) failures.push('neither nft nor iptables-save is installed');
  return { texts, failures, wantsRoot };
}

async function run(
  file: string,
  words: readonly string[],
): Promise<{ text: string; failure: '' } | { text: null; failure: string }> {
  return await new Promise((resolve) => {
    const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL', maxBuffer: LONGEST_OCTETS } as const;
    execFile(file, words, options, (error, stdout, stderr) => {
      if (error === null) resolve({ text: stdout, failure: '' });
      else
        resolve({ text: null, failure: firstLine(stderr) || `ended with ${error.signal ?? error.code ?? 'an error'}` });
    });
  });
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 200);
}
