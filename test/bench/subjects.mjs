import { run, start } from './child.mjs';
import { runMcast } from './product.mjs';
import { runPair } from './reference.mjs';
import { SOCKPERF_PLACE, sockperfServer } from './sockperf.mjs';

/** Receive buffer asked for by all alike, octets. */
const BUFFER = 64 << 20;

/**
 * What is compared. `trial(load)` sends `rate` datagrams/s (0: as fast as can be) of `size` octets for
 * `seconds` and returns how many were sent and received and at which rates (datagrams/s).
 */
export const subjects = [
  { name: 'C pair', trial: (load) => trialOfPair(load, 1) },
  { name: 'C pair, offload', trial: (load) => trialOfPair(load, 128) },
  { name: 'mcast', trial: (load) => trialOfMcast(load, 'off') },
  { name: 'mcast, offload', trial: (load) => trialOfMcast(load, 'on') },
  { name: 'mcast, offload, 10 groups', trial: (load) => trialOfMcast(load, 'on', 10) },
  { name: 'mcast, offload, 100 groups', trial: (load) => trialOfMcast(load, 'on', 100) },
  { name: 'sockperf', needs: 'sockperf', trial: trialOfSockperf },
  { name: 'iperf 2', needs: 'iperf', maximumOnly: true, trial: trialOfIperf },
];

/** The receiver sleeps 200 us between reads, as ours may: measured 1.7 times the rate of one that does not. */
async function trialOfPair({ size, rate, seconds }, segments) {
  const { sent, received } = await runPair(
    { size, rate, seconds, segments, quantum: 50 },
    { gro: segments > 1 ? 1 : 0, gather: 200, buffer: BUFFER },
  );
  return { sent: sent.sent, received: received.received, sentRate: sent.rate, receivedRate: received.rate };
}

async function trialOfMcast({ size, rate, seconds }, offload, groups = 1) {
  const pace = rate === 0 ? ['--rate', 'max'] : ['--pps', String(Math.round(rate / groups))];
  const { sender, receiver } = await runMcast(
    // The C sender gives nothing up either: what is late leaves late, and lowers the rate that was held.
    ['--size', String(size), '--offload', offload, '--max-late', '1s', ...pace],
    ['--offload', offload, '--rcvbuf', String(BUFFER)],
    seconds,
    groups,
  );
  const { packets_received: received, rate_packets_per_second: receivedRate } = receiver.aggregate.metrics;
  // What the schedule gave up lowers the rate: it was asked for and not sent.
  const { sent, rate_packets_per_second: sentRate } = sender.sender;
  return { sent, received, sentRate, receivedRate };
}

async function trialOfSockperf({ size, rate, seconds }) {
  const server = await sockperfServer(['--buffer-size', String(BUFFER)]);
  const pace = `--mps=${rate === 0 ? 'max' : Math.round(rate)}`;
  const load = ['-m', String(size), '-t', String(Math.ceil(seconds)), pace];
  const client = await run('sockperf', ['throughput', ...SOCKPERF_PLACE, ...load]);
  // It handles what is queued before it looks at the signal only if it is given the time.
  await new Promise((resolve) => setTimeout(resolve, 500));
  server.stop();
  const { stdout } = await server.ended;
  const sent = Number(/Total of (\d+) messages sent/u.exec(client)[1]);
  const received = Number(/Total (\d+) messages received/u.exec(stdout)?.[1] ?? 0);
  const sentRate = Number(/Message Rate is (\d+)/u.exec(client)[1]);
  return { sent, received, sentRate, receivedRate: (sentRate * received) / sent };
}

async function trialOfIperf({ size, rate, seconds }) {
  const common = ['-u', '-p', '5004', '-l', String(size)];
  const server = start('iperf', ['-s', ...common, '-B', '239.255.77.2%lo', '-w', String(BUFFER), '-y', 'C'], {
    limitMs: 60_000,
  });
  // With a report as CSV it does not say when it listens.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const pace = rate === 0 ? '100g' : String(Math.round(rate * size * 8));
  const where = ['-c', '239.255.77.2', '-B', '127.0.0.1', '-T', '1'];
  await run('iperf', [...where, ...common, '-b', pace, '-t', String(seconds)]);
  await server.printed(/^\d+,.*\n/mu);
  server.stop('SIGKILL');
  const { stdout } = await server.ended;
  const fields = stdout.trim().split('\n')[0].split(',');
  const [lost, total] = [Number(fields[10]), Number(fields[11])];
  return { sent: total, received: total - lost, sentRate: total / seconds, receivedRate: (total - lost) / seconds };
}
