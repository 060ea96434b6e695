/** DNS over TCP: each message has its length before it, in two bytes, and neither reads nor writes keep to messages. */

/** A message cannot be longer than its length field can say. */
const MAX_MESSAGE = 65_535;
const MAX_STREAMS = 4_096;

export class TcpStreams {
  readonly #rest = new Map<string, Uint8Array>();

  /**
   * Adds what one operation moved in one direction of a connection; gives the messages that are complete with it.
   * `whole`: all moved bytes are there; otherwise what follows cannot be told apart and the direction starts anew.
   */
  add(connection: number, direction: 'read' | 'write', bytes: Uint8Array, whole: boolean): Uint8Array[] {
    const key = `${connection} ${direction}`;
    const before = this.#rest.get(key);
    let stream = before === undefined ? bytes : Buffer.concat([before, bytes]);
    const messages: Uint8Array[] = [];
    while (stream.length >= 2) {
      const length = (stream[0]! << 8) | stream[1]!;
      if (stream.length < 2 + length) break;
      messages.push(stream.subarray(2, 2 + length));
      stream = stream.subarray(2 + length);
    }
    if (!whole && stream.length > 2) messages.push(stream.subarray(2));
    this.#keep(key, whole ? stream : new Uint8Array(0));
    return messages;
  }

  #keep(key: string, rest: Uint8Array): void {
    this.#rest.delete(key);
    if (rest.length === 0 || rest.length > MAX_MESSAGE + 2) return;
    this.#rest.set(key, Uint8Array.from(rest));
    if (this.#rest.size > MAX_STREAMS) this.#rest.delete(this.#rest.keys().next().value!);
  }
}
