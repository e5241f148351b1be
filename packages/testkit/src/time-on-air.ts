/** A data rate as the Semtech protocol writes it: `SF7BW125`, or bits per second for FSK. */
export type RadioDataRate = string | number;

const loraPattern = /^SF(\d{1,2})BW(\d{3})$/;

/**
 * How long a frame occupies the air. Kept apart from the server's computation on purpose: the simulated gateway
 * finds collisions with it that a wrong computation in the server would cause.
 */
export function timeOnAirMs(dataRate: RadioDataRate, length: number, crc: boolean): number {
  // RP002-1.0.4 §4.1: FSK has 5 bytes of preamble, 3 of sync word, one of length and two of CRC.
  if (typeof dataRate === "number") return ((5 + 3 + 1 + length + (crc ? 2 : 0)) * 8 * 1000) / dataRate;
  const match = loraPattern.exec(dataRate);
  if (match === null) throw new TypeError(`no data rate: ${dataRate}`);
  const spreadingFactor = Number(match[1]);
  const bandwidthKHz = Number(match[2]);
  const symbolMs = 2 ** spreadingFactor / bandwidthKHz;
  // Semtech AN1200.13: low data rate optimisation from symbols of 16 ms on.
  const optimised = symbolMs > 16 ? 1 : 0;
  const bits = 8 * length - 4 * spreadingFactor + 28 + (crc ? 16 : 0);
  const payloadSymbols = 8 + Math.max(0, Math.ceil(bits / (4 * (spreadingFactor - 2 * optimised))) * 5);
  return (8 + 4.25 + payloadSymbols) * symbolMs;
}
