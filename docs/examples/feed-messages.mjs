// The messages of a feed in a program: both lines merged, in order, with what neither brought.
//
//   node docs/examples/feed-messages.mjs                                                        over loopback
//   node docs/examples/feed-messages.mjs mold://239.1.1.1:26400/iface=eth0 mold://239.1.2.1:26400/iface=eth1
import { checkItch, itchCodec, McastError, openReceiver, openSender, WireStatus } from 'mcastkit';

const [a, b] = process.argv.slice(2);
const lines = a === undefined ? ['mold://239.255.42.45:26400/iface=lo', 'mold://239.255.42.46:26400/iface=lo'] : [a, b];

try {
  // It ends with its session; without the option no message is kept.
  const receiver = await openReceiver(lines[0], { legB: lines[1], messages: true, once: true, wait: '5s' });
  if (a === undefined) {
    // In place of an exchange: each line loses a tenth of its own.
    await openSender(`${lines[0]}/impair=loss=10%,seed=1`, {
      legB: `${lines[1]}/impair=loss=10%,seed=2`,
      mps: 1000,
      duration: '1s',
      messagesPerDatagram: 1,
      maxLate: '10s',
    });
  }

  const kinds = new Map();
  let messages = 0;
  let missing = 0;
  for await (const message of receiver.messages()) {
    messages++;
    if (message.missing > 0) {
      missing += message.missing;
      console.log(`${message.missing} missing before ${message.number} of ${message.session}`);
    }
    const { octets } = message;
    if (checkItch(new DataView(octets.buffer), 0, octets.length) !== WireStatus.Ok) continue;
    const read = itchCodec.create();
    itchCodec.parse(octets, 0, octets.length, read);
    kinds.set(read.type, (kinds.get(read.type) ?? 0) + 1);
  }

  const { arbitration, outputs } = await receiver.finished;
  console.log([...kinds].map(([type, count]) => `${type} ${count}`).join(', '));
  // What this program was too slow for was dropped, and never held up the measurement.
  const { dropped } = outputs.find(({ name }) => name === 'messages');
  console.log(`${messages} messages, ${missing} missing, ${dropped} datagrams not taken in time`);
  console.log(`${arbitration?.both_lost ?? 0} lost on both lines`);
} catch (error) {
  if (!(error instanceof McastError)) throw error;
  console.error(`${error.message}\n${error.hint}`);
  process.exitCode = error.exitStatus;
}
