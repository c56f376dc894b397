import { describe, expect, it } from 'vitest';
import { messageWithoutSecrets, valueWithoutSecrets, withoutSecret } from '../../src/core/secret.js';
import { readCommandLine } from '../../src/cli/program.js';
import { receiverCommand } from '../../src/cli/receiverCommand.js';
import { planSend } from '../../src/profile/makePlan.js';
import { planContext } from '../../src/runtime/planContext.js';

const SECRET = 'correct horse/battery=1';

describe('an address', () => {
  it.each([
    [`srt://h:9000/passphrase=${SECRET}`, 'srt://h:9000/passphrase=***'],
    [`srt://h:9000?mode=caller&passphrase=${SECRET}&latency=120`, 'srt://h:9000?mode=caller&passphrase=***'],
    [
      `rtp://239.1.1.1:5004/input=srt://h:9000?passphrase=${SECRET}`,
      'rtp://239.1.1.1:5004/input=srt://h:9000?passphrase=***',
    ],
    [`--input=https://h/a?PASSWORD=${SECRET}`, '--input=https://h/a?PASSWORD=***'],
    ['srt://h:9000/passphrase-file=secret/latency=1s', 'srt://h:9000/passphrase-file=secret/latency=1s'],
    ['srt://h:9000?passphrase_file=secret', 'srt://h:9000?passphrase_file=secret'],
    ['probe://239.1.1.1:5001/ttl=4', 'probe://239.1.1.1:5001/ttl=4'],
  ])('%s is shown without a secret', (text, shown) => {
    expect(withoutSecret(text)).toBe(shown);
  });

  it('in a command line is told in no result', () => {
    const { argv } = planContext(['relay', `srt://h:9000/passphrase=${SECRET}`, 'rtp://239.1.1.1:5004']);
    expect(argv).toEqual(['relay', 'srt://h:9000/passphrase=***', 'rtp://239.1.1.1:5004']);
  });
});

it('endpoints are named without the secrets of their inputs, and so is the other end', async () => {
  const endpoints = [1, 2, 3, 4, 5].map(
    (n) => `rtp://239.1.1.${n}:5004/input=srt://h:900${n}?passphrase=correct horse`,
  );
  const { given, operands } = await readCommandLine(['send', ...endpoints]);
  const { plan } = planSend(operands, given, planContext([]));
  expect(plan.streams[0]!.media!.input).toMatchObject({ name: 'srt://h:9001?passphrase=correct horse' });
  expect(plan.streams[0]!.address.endpoint).toBe('rtp://239.1.1.1:5004/input=srt://h:9001?passphrase=***');
  const command = receiverCommand(plan, { interfaces: [], loopback: false }, operands);
  expect(command).toContain('rtp://239.1.1.5:5004/input=srt://h:9005?passphrase=***');
  expect(command).not.toContain('horse');
});

it('a value is shown without the secrets in it, whatever it is', () => {
  const text = `srt://h:9000/passphrase=${SECRET}`;
  const value = { outputs: [{ forward: [{ kind: 'srt', text }], save: null }, null], count: 4, once: true };
  expect(valueWithoutSecrets(value)).toEqual({
    outputs: [{ forward: [{ kind: 'srt', text: 'srt://h:9000/passphrase=***' }], save: null }, null],
    count: 4,
    once: true,
  });
});

describe('a message', () => {
  const words = ['send', `srt://h:9000/passphrase=${SECRET}`, 'rtp://a/passphrase=ab', 'x/passphrase='];

  it('loses what it quotes of the command line', () => {
    const message = `endpoint "srt://h:9000/passphrase=${SECRET}": "${SECRET}" is wrong; tab "/passphrase=ab"`;
    expect(messageWithoutSecrets(message, words)).toBe(
      'endpoint "srt://h:9000/passphrase=***": "***" is wrong; tab "/passphrase=***"',
    );
  });

  it('loses a part of a secret that was taken for something else', () => {
    const message = `endpoint "srt://h:9000/passphrase=${SECRET}": unknown parameter "battery"; did you mean "ttl"?`;
    expect(messageWithoutSecrets(message, words)).toBe(
      'endpoint "srt://h:9000/passphrase=***": unknown parameter "***"; did you mean "ttl"?',
    );
  });

  it('loses what another program or a file brought, and nothing else', () => {
    expect(
      messageWithoutSecrets('a.m3u:2: "srt://h:9?passphrase=other-words&x=1" and srt://h/passphrase=*** : no', []),
    ).toBe('a.m3u:2: "srt://h:9?passphrase=***&x=1" and srt://h/passphrase=*** : no');
    expect(messageWithoutSecrets('srt://h:9/passphrase=***: refused, see /passphrase-file=a', words)).toBe(
      'srt://h:9/passphrase=***: refused, see /passphrase-file=a',
    );
  });
});
