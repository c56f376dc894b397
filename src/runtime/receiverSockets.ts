import type { Io } from '../io/datagram.js';
import type { ReceivePlan } from '../profile/plan.js';
import { openFeedbackReceiver, type OpenFeedbackReceiver } from './feedbackSetup.js';
import { openForwards, type ForwardOutput } from './forwardOutput.js';
import { openSources, type OpenSource } from './receiverSetup.js';
import { openRecoveryClients, type RecoveryClients } from './recoveryClients.js';

/** All sockets of a receiver. */
export class ReceiverSockets {
  /** Those that it listens on, joined. */
  sources: readonly OpenSource[] = [];
  /** By which it asks for what is missing. */
  asking: RecoveryClients = { ports: [], feeds: [] };
  /** By which it reports to senders; `null`: it does not. */
  reporting: OpenFeedbackReceiver | null = null;
  /** By which it hands on what came. */
  forwards: readonly ForwardOutput[] = [];

  /** Of one that cannot be opened none stays open. */
  static async open(io: Io, plan: ReceivePlan): Promise<ReceiverSockets> {
    const opened = new ReceiverSockets();
    try {
      opened.sources = await openSources(io, plan);
      opened.asking = await openRecoveryClients(io, plan);
      opened.reporting = await openFeedbackReceiver(io, plan, opened.sources);
      opened.forwards = await openForwards(io, plan);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  close(): void {
    for (const { source } of this.sources) source.close();
    for (const forward of this.forwards) forward.close();
    for (const port of this.asking.ports) port.close();
    this.reporting?.close();
  }
}
