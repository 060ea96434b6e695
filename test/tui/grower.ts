/** A process that writes a capture and appends to it when it is told to: {append: n} and {close: true}. */
import { repeated, stalledLookup, writeCapture } from './scene.ts';

const events = stalledLookup();
const first = events.chunk.n;
const writer = writeCapture(process.argv[2]!, events, true);
let written = first;

process.on('message', ({ append = 0, close = false }: { append?: number; close?: boolean }) => {
  for (const chunk of repeated(events, append, 1000)) {
    for (let i = 0; i < chunk.n; i++) {
      chunk.num[i] = ++written;
      chunk.time[i] = 9e9 + written * 1000;
    }
    writer.append(chunk);
  }
  writer.flush();
  if (close) {
    writer.close({});
    process.disconnect();
  }
});
process.send?.('ready');
