/** A loss as an event at its time, for who reads along; it is a row besides, for every summary and verdict. */
import { ArgWriter } from '../model/args.ts';
import { EventFlag, type OpenChunk } from '../model/chunk.ts';
import { typeId } from '../model/event-type.ts';
import type { LossRow } from '../model/rows.ts';
import type { LossDef } from './wire.ts';

export type Loss = Omit<LossRow, 'id'>;

const LOST = typeId('lost');
const LOSS_REASONS = ['ring', 'queue'] as const;
const NOTHING = new Uint8Array(0);
const args = new ArgWriter();

export function lossOf({ reason, cpu, family, count, fromNs, toNs }: LossDef): Loss {
  return { reason: LOSS_REASONS[reason] ?? 'ring', cpu, family, count: count.toNumber(), from: fromNs, to: toNs };
}

/** Appends it; the caller has seen that there is room. */
export function appendLoss(chunk: OpenChunk, loss: Loss): void {
  const { n } = chunk;
  chunk.time[n] = loss.to;
  chunk.latency[n] = -1;
  chunk.type[n] = LOST;
  chunk.flags[n] = EventFlag.ONE_SIDED;
  chunk.cpu[n] = loss.cpu;
  chunk.thread[n] = chunk.fd[n] = 0;
  chunk.fdnum[n] = -1;
  chunk.res[n] = 0;
  args.reset();
  args.blob(Buffer.from(loss.reason));
  args.blob(Buffer.from(loss.family));
  for (const number of [loss.count, loss.from, loss.to]) args.number(Math.round(number));
  chunk.setArgs(args.bytes());
  chunk.setData(NOTHING);
  chunk.n++;
}
