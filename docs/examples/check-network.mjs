// Does multicast get through here, well enough? A receiver and a sender in one script, judged by limits.
//
//   node docs/examples/check-network.mjs                                        over loopback
//   node docs/examples/check-network.mjs probe://239.1.1.1:5001/iface=eth0      on an interface
import { exceeded, McastError, openReceiver, openSender, renderText } from 'mcastkit';

const endpoint = process.argv[2] ?? 'probe://239.255.42.43:5003/iface=lo';

try {
  // Resolves when the group is joined, so that the sender's first datagram is heard. It ends when the stream has.
  const receiver = await openReceiver(endpoint, { once: true, wait: '5s' });
  const sender = await openSender(endpoint, { rate: '5M', duration: '1s' });

  // Intervals and events, while it runs.
  for await (const update of receiver) {
    if (update.type === 'event') console.log(`${update.event.event}: ${update.event.text}`);
  }

  const [sent, received] = await Promise.all([sender.finished, receiver.finished]);
  console.log(renderText(received));
  console.log(`${sent.sender.sent} sent, ${received.aggregate?.metrics.packets_received ?? 0} received`);

  // The same words as --expect on the command line. Nothing received exceeds every limit.
  const failed = exceeded(received, ['packets_lost == 0', 'one_way_delay_ns.p50 < 50ms']);
  for (const limit of failed) console.log(`FAILED: ${limit.expression}, ${limit.reason ?? `is ${limit.value}`}`);
  process.exitCode = failed.length === 0 ? 0 : 3;
} catch (error) {
  // One line that says what is wrong, and one that says what to do about it.
  if (!(error instanceof McastError)) throw error;
  console.error(`${error.message}\n${error.hint}`);
  process.exitCode = error.exitStatus;
}
