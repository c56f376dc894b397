import type { Io } from '../io/datagram.js';
import type { SendPlan } from '../profile/plan.js';
import type { OpenFeedbackSender } from './feedbackSetup.js';
import type { PlacedStream } from './placedStream.js';
import { openRecoveryServers, type RecoveryServer } from './recoveryServers.js';
import type { Announcing } from './senderSession.js';
import { openSinks, type OpenSink } from './senderSetup.js';

/** All sockets of a sender. */
export class SenderSockets {
  /** By which streams leave. */
  sinks: readonly OpenSink[] = [];
  /** Where messages are asked for again. */
  servers: readonly RecoveryServer[] = [];
  /** By which receivers are asked for reports; `null`: they are not, or not yet. */
  asking: OpenFeedbackSender | null = null;
  /** By which sessions are announced; `null`: they are not, or not yet. */
  announcing: Announcing | null = null;
  /** What has gone wrong meanwhile, in words. */
  readonly trouble = new Set<string>();

  /** Those that have to be there from the beginning; of one that cannot be opened none stays open. */
  static async open(io: Io, plan: SendPlan, placed: readonly PlacedStream[]): Promise<SenderSockets> {
    const opened = new SenderSockets();
    try {
      opened.sinks = await openSinks(io, plan, placed);
      opened.servers = await openRecoveryServers(io, plan, (error) => {
        const why = error instanceof Error ? error.message : String(error);
        opened.trouble.add(`messages are not kept any more: ${why}`);
      });
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  close(): void {
    for (const { sink } of this.sinks) sink.close();
    for (const sink of this.announcing?.sinks ?? []) sink.close();
    for (const server of this.servers) server.close();
    this.asking?.close();
  }
}
