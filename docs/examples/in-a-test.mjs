// Multicast asserted in a test of your own, here with node:test:
//
//   node --test docs/examples/in-a-test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exceeded, openReceiver, openSender } from 'mcastkit';

const ENDPOINT = 'probe://239.255.42.44:5004/iface=lo';

test('the product forwards every datagram, marked as it was', async () => {
  const receiver = await openReceiver(ENDPOINT, { once: true, wait: '5s' });
  try {
    // In place of the product under test: a sender of our own.
    // A machine that is busy with tests may hold it up: what is late is sent all the same.
    const sender = await openSender(ENDPOINT, { pps: 2000, count: 1000, dscp: 'af41', maxLate: '10s' });
    await sender.finished;
    const result = await receiver.finished;
    assert.deepEqual(exceeded(result, ['packets_received == 1000', 'packets_lost == 0', 'dscp_received == af41']), []);
  } finally {
    // With a language version that has it: await using receiver = await openReceiver(...)
    await receiver[Symbol.asyncDispose]();
  }
});

test('a bad network is found out', async () => {
  const receiver = await openReceiver(ENDPOINT, { once: true, wait: '5s' });
  try {
    // The impairment says what it did, so that the receiver's count can be compared number by number.
    const sender = await openSender(ENDPOINT, { pps: 2000, count: 1000, maxLate: '10s', impair: 'loss=5%,seed=7' });
    const sent = await sender.finished;
    const result = await receiver.finished;
    const lost = result.streams[0].metrics.packets_lost;
    assert.ok(lost > 0);
    assert.equal(lost, sent.sender.impairment.lost);
    assert.equal(exceeded(result, ['loss_ratio <= 1%']).length, 1);
  } finally {
    await receiver[Symbol.asyncDispose]();
  }
});
