import { hasPcr, PCR_HZ, PCR_MODULUS, pcrTicks, putNullPacket, putPcr, TS_PACKET_OCTETS } from '../wire/mpegts.js';

/** How many packets of a clip of constant rate last as long at `bitPerSecond`: at least as many as it has. */
export function stuffedPackets(clipPackets: number, clipBitPerSecond: number, bitPerSecond: number): number {
  return Math.max(clipPackets, Math.round((clipPackets * bitPerSecond) / clipBitPerSecond));
}

/**
 * Fills a clip of constant rate up with null packets (ISO/IEC 13818-1 section 2.4.3.3, PID 0x1fff), so that it has a
 * higher rate and lasts as long: `to` is as many packets as it shall have. Each packet stands where it is due, less than
 * one packet's time early, and its PCR says so: it stays exact to a tick of 27 MHz. OPCRs stay as they are.
 */
export function stuffTransportStream(clip: Uint8Array, clipBitPerSecond: number, to: Uint8Array): void {
  const packets = clip.length / TS_PACKET_OCTETS;
  const slots = to.length / TS_PACKET_OCTETS;
  const packetTicks = (PCR_HZ * TS_PACKET_OCTETS * 8) / clipBitPerSecond;
  const slotTicks = (packetTicks * packets) / slots;
  for (let slot = 0; slot < slots; slot++) putNullPacket(to, slot * TS_PACKET_OCTETS);
  for (let packet = 0; packet < packets; packet++) {
    const slot = Math.floor((packet * slots) / packets);
    const at = slot * TS_PACKET_OCTETS;
    to.set(clip.subarray(packet * TS_PACKET_OCTETS, (packet + 1) * TS_PACKET_OCTETS), at);
    if (!hasPcr(to, at)) continue;
    const movedTicks = Math.round(slot * slotTicks - packet * packetTicks);
    putPcr(to, at, (pcrTicks(to, at) + movedTicks + PCR_MODULUS) % PCR_MODULUS);
  }
}
