/** What a flight recorder's helper is told: JSON on its standard input. */

/** All of it. Waits: the pipe is empty until the recorder has had time to write. */
export async function orderIn<Order>(): Promise<Order> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return JSON.parse(Buffer.concat(pieces).toString()) as Order;
}
