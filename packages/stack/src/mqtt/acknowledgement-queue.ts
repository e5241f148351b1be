/** In place of an acknowledgement where none is due. */
export const noAcknowledgement = Buffer.alloc(0);

/** Sends acknowledgements in the order in which their packets came, whenever each is ready. [MQTT-4.6.0-2] [MQTT-4.6.0-3] */
export class AcknowledgementQueue {
  readonly #send: (packet: Buffer) => void;
  readonly #waiting: { packet: Buffer | undefined }[] = [];

  constructor(send: (packet: Buffer) => void) {
    this.#send = send;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Takes the next place; call the result with the packet once it may be sent. */
  reserve(): (packet: Buffer) => void {
    const place: { packet: Buffer | undefined } = { packet: undefined };
    this.#waiting.push(place);
    return (packet) => {
      place.packet = packet;
      for (let first = this.#waiting[0]?.packet; first !== undefined; first = this.#waiting[0]?.packet) {
        this.#waiting.shift();
        if (first.length > 0) this.#send(first);
      }
    };
  }
}
