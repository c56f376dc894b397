import type { IntervalRow } from '../result/interval.js';

type Losses = Pick<IntervalRow, 'packets_lost' | 'loss_network' | 'loss_socket_buffer' | 'loss_application'>;

/**
 * Datagrams or messages. Of formats that number messages rows say only by what they were lost: lost = network + socket
 * buffer + application.
 */
export function lostInInterval(row: Partial<Losses>): number | null {
  if (typeof row.packets_lost === 'number') return row.packets_lost;
  const causes = [row.loss_network, row.loss_socket_buffer, row.loss_application];
  return causes.every((cause) => typeof cause === 'number') ? causes.reduce((sum, cause) => sum + cause, 0) : null;
}
