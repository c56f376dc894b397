import { expect, it } from 'vitest';
import { distinctlyNamed } from '../../src/result/distinctNames.js';
import { receiver } from './reportFixture.js';
import { receiverResult } from './resultFixture.js';

it('tells receivers of one name apart by SSRC, else by run, and leaves others as they are', () => {
  const reporting = receiver('lab');
  const silent = { name: 'lab', address: '10.0.0.9', report: null, result: null };
  const list = [reporting, { ...reporting, report: null }, silent, receiver('edge')];
  expect(distinctlyNamed(list).map(({ name }) => name)).toEqual([
    `lab (${reporting.report!.ssrc})`,
    `lab (${receiverResult().run.id})`,
    'lab',
    'edge',
  ]);
});
