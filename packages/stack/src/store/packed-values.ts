import type { SqlValue } from "./store.ts";

const tags = { null: 0, int32: 1, double: 2, bigint: 3, text: 4, blob: 5 } as const;

/** Strings up to this length are copied character by character, which is cheaper than a call into native code. */
const shortText = 24;

/** Writes SQL values one behind the other into one growing buffer that can be handed to another thread. */
export class PackedWriter {
  position = 0;
  #buffer: ArrayBuffer;
  #bytes: Buffer;
  #view: DataView;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
    this.#bytes = Buffer.from(buffer);
    this.#view = new DataView(buffer);
  }

  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  putUint8(value: number): void {
    this.#ensure(1);
    this.#view.setUint8(this.position, value);
    this.position += 1;
  }

  putUint16(value: number): void {
    this.#ensure(2);
    this.#view.setUint16(this.position, value);
    this.position += 2;
  }

  putUint32(value: number): void {
    this.#ensure(4);
    this.#view.setUint32(this.position, value);
    this.position += 4;
  }

  patchUint32(position: number, value: number): void {
    this.#view.setUint32(position, value);
  }

  putValue(value: SqlValue): void {
    if (typeof value === "number") this.#putNumber(value);
    else if (typeof value === "string") this.#putText(value);
    else if (value === null) this.putUint8(tags.null);
    else if (value instanceof Uint8Array) this.#putBlob(value);
    else if (typeof value === "bigint") this.#putBigint(value);
    else throw new TypeError(`a statement takes null, numbers, strings and bytes, not ${typeof value}`);
  }

  #putNumber(value: number): void {
    this.#ensure(9);
    if ((value | 0) === value) {
      this.#view.setUint8(this.position, tags.int32);
      this.#view.setInt32(this.position + 1, value);
      this.position += 5;
    } else {
      this.#view.setUint8(this.position, tags.double);
      this.#view.setFloat64(this.position + 1, value);
      this.position += 9;
    }
  }

  #putBigint(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError("an integer column holds 64 bits");
    this.#ensure(9);
    this.#view.setUint8(this.position, tags.bigint);
    this.#view.setBigInt64(this.position + 1, value);
    this.position += 9;
  }

  #putText(value: string): void {
    this.#ensure(5 + value.length * 3);
    const start = this.position + 5;
    const length = this.#copyShortText(value, start) ?? this.#bytes.write(value, start, "utf8");
    this.#view.setUint8(this.position, tags.text);
    this.#view.setUint32(this.position + 1, length);
    this.position = start + length;
  }

  /** Undefined when the text is long or not ASCII. */
  #copyShortText(value: string, start: number): number | undefined {
    const length = value.length;
    if (length > shortText) return undefined;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) return undefined;
      this.#bytes[start + index] = code;
    }
    return length;
  }

  #putBlob(value: Uint8Array): void {
    this.#ensure(5 + value.length);
    this.#view.setUint8(this.position, tags.blob);
    this.#view.setUint32(this.position + 1, value.length);
    this.#bytes.set(value, this.position + 5);
    this.position += 5 + value.length;
  }

  #ensure(length: number): void {
    const needed = this.position + length;
    if (needed <= this.#buffer.byteLength) return;
    this.#buffer = this.#buffer.transfer(Math.max(needed, this.#buffer.byteLength * 2));
    this.#bytes = Buffer.from(this.#buffer);
    this.#view = new DataView(this.#buffer);
  }
}

/** Reads what `PackedWriter` wrote. */
export class PackedReader {
  position = 0;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** Copies blobs, so that a kept one does not keep the whole buffer. */
  readonly #copyBlobs: boolean;

  constructor(buffer: ArrayBuffer, copyBlobs: boolean) {
    this.#bytes = Buffer.from(buffer);
    this.#view = new DataView(buffer);
    this.#copyBlobs = copyBlobs;
  }

  takeUint8(): number {
    return this.#view.getUint8(this.position++);
  }

  takeUint16(): number {
    const value = this.#view.getUint16(this.position);
    this.position += 2;
    return value;
  }

  takeUint32(): number {
    const value = this.#view.getUint32(this.position);
    this.position += 4;
    return value;
  }

  takeValue(): SqlValue {
    const tag = this.takeUint8();
    switch (tag) {
      case tags.null:
        return null;
      case tags.int32:
        this.position += 4;
        return this.#view.getInt32(this.position - 4);
      case tags.double:
        this.position += 8;
        return this.#view.getFloat64(this.position - 8);
      case tags.bigint:
        this.position += 8;
        return this.#view.getBigInt64(this.position - 8);
      case tags.text: {
        const length = this.takeUint32();
        this.position += length;
        return this.#bytes.toString("utf8", this.position - length, this.position);
      }
      case tags.blob: {
        const length = this.takeUint32();
        this.position += length;
        const view = this.#bytes.subarray(this.position - length, this.position);
        return this.#copyBlobs ? new Uint8Array(view) : view;
      }
      default:
        throw new Error(`packed values are damaged at ${this.position - 1}`);
    }
  }
}
