import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { planAnalyze } from '../../src/profile/analyzePlan.js';
import { planContext } from '../../src/runtime/planContext.js';
import { planReceive, planSend } from '../../src/profile/makePlan.js';
import { readOptionObject, type RunOptions } from '../../src/profile/optionObject.js';
import type { CommandName } from '../../src/profile/options.js';
import { readCommandLine } from '../../src/cli/program.js';

const CONTEXT = {
  argv: [],
  nowUnixNs: 1_772_366_400_000_000_000n,
  random: () => 4_000_000_000,
  files: {
    readWhole: (path: string): Uint8Array => {
      throw new McastError('ERR_FILE', `${path}: no such file`);
    },
    isFile: () => false,
  },
};
const ENDPOINT = 'probe://239.1.1.1:5001';

function refusal(command: CommandName, options: object): string {
  try {
    readOptionObject(command, options as RunOptions);
  } catch (error) {
    if (error instanceof McastError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('options of a program', () => {
  it.each<[string, RunOptions]>([
    ['--rate 20M --duration 10s --ttl 4 --dscp af41', { rate: 20e6, duration: 10, ttl: 4, dscp: 'af41' }],
    ['--rate max --force --size 64', { rate: Infinity, force: true, size: 64 }],
    ['--source-port 4000 --no-local --max-late 5ms', { sourcePort: 4000, noLocal: true, maxLate: '5ms' }],
    ['--impair loss=1%,seed=7 --flows 3 --label a=b --label c=d', impairAnd()],
    ['--spin 0.0000001 --duration 0.5', { spin: 1e-7, duration: 0.5 }],
    ['', { force: false, rate: undefined }],
  ])('make the plan of the command line: %s', async (line, options) => {
    const words = line === '' ? [] : line.split(' ');
    const { given } = await readCommandLine(['send', ENDPOINT, ...words]);
    const written = planSend([ENDPOINT], given, CONTEXT).plan;
    expect(planSend([ENDPOINT], readOptionObject('send', options), CONTEXT).plan).toEqual(written);
  });

  it('carry limits and what a receiver is told was sent', () => {
    const options = readOptionObject('recv', { max: ['loss_ratio=1%'], expect: 'packets_lost==0', allowSilence: true });
    const { output } = planReceive([ENDPOINT], options, CONTEXT);
    expect(output.limits.map(({ expression }) => expression)).toEqual(['loss_ratio <= 1%', 'packets_lost == 0']);
    expect(output.allowSilence).toBe(true);
  });

  it('take the octets of a payload', () => {
    const given = readOptionObject('send', { payload: Uint8Array.of(0, 10, 255) });
    expect(given.values.payload).toEqual({ octets: Uint8Array.of(0, 10, 255) });
  });

  it('plan an analysis', () => {
    const given = readOptionObject('analyze', { omit: 1, interval: '100ms', reorderWindow: '10ms,64', unicast: true });
    expect(planAnalyze(['x.pcap'], given, planContext([])).plan).toMatchObject({
      command: 'analyze',
      capture: 'x.pcap',
      against: null,
      omitNs: 1e9,
      intervalNs: 100e6,
      reorderWindowNs: 10e6,
      reorderWindowPackets: 64,
      unicast: true,
      detail: 256,
    });
    expect(() => planAnalyze(['-'], readOptionObject('analyze', { against: '-' }), planContext([]))).toThrow(
      'both captures',
    );
    expect(() => planAnalyze(['x'], readOptionObject('analyze', { interval: '1ms' }), planContext([]))).toThrow(
      'too short',
    );
  });

  it.each<[CommandName, object, string]>([
    ['recv', { duratoin: 5 }, 'ERR_USAGE "duratoin" is no option of recv; did you mean duration?'],
    ['recv', { rate: '5M' }, 'ERR_USAGE "rate" is no option of recv'],
    ['send', { 'max-late': '5ms' }, 'ERR_USAGE "max-late" is no option of send; did you mean maxLate?'],
    ['send', { json: true }, 'ERR_USAGE "json" is no option of send'],
    ['send', { rate: 20 }, 'ERR_USAGE rate: "20" lacks a unit'],
    ['send', { ttl: NaN }, 'ERR_USAGE ttl: a value is text, a number or true, not NaN'],
    ['send', { dscp: {} }, 'ERR_USAGE dscp: a value is text, a number or true, not a value of type object'],
    ['send', { dscp: null }, 'ERR_USAGE dscp: a value is text, a number or true, not null'],
    ['send', { dscp: ['af41', 'ef'] }, 'ERR_USAGE dscp: one value is all it takes'],
    ['send', { ttl: 300, size: -1 }, 'ERR_USAGE size: "-1" is negative'],
  ])('%s refuses %j', (command, options, expected) => {
    expect(refusal(command, options)).toContain(expected);
  });

  it('tell all problems at once', () => {
    expect(refusal('send', { ttl: 300, sise: 5 }).split('\n').length).toBe(2);
  });
});

function impairAnd(): RunOptions {
  return { impair: 'loss=1%,seed=7', flows: 3, label: ['a=b', 'c=d'] };
}
