/** `trowel live`: records into a capture and shows it as it grows. Recorder and screen are two processes, so that neither waits for the other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFilter } from '../filter/compile.ts';
import { expanded } from '../filter/definitions.ts';
import { parseFilter } from '../filter/parse.ts';
import { say } from '../output/stderr.ts';
import { definitions } from './definitions.ts';
import { EXIT, Exit } from './exit.ts';
import { Recorder } from './live-recorder.ts';
import { prepareInk, requireTerminal, wantsColour } from './open.ts';
import { contextOf } from './open-capture.ts';
import { ScreenReader } from './screen-reader.ts';
import { newTarget } from './target.ts';

export interface LiveOptions {
  readonly write?: string;
  readonly only?: string;
  readonly color?: string;
}

export async function live(filter: string, options: LiveOptions): Promise<void> {
  requireTerminal('trowel record');
  parseFilter(options.only ?? '');
  parseFilter(filter); // a mistake must show before anything is started
  if (options.write !== undefined) newTarget(options.write);
  const folder = mkdtempSync(join(tmpdir(), 'trowel-live-'));
  const recorder = new Recorder(options.write ?? join(folder, 'live.trowel'), expanded(options.only ?? '', definitions()));
  try {
    await show(recorder, filter, options);
  } finally {
    await recorder.end();
    rmSync(folder, { recursive: true, force: true });
  }
  if (options.write !== undefined) say(`${options.write}: trowel open shows it again`);
}

async function show(recorder: Recorder, filter: string, options: LiveOptions): Promise<void> {
  const capture = await recorder.capture();
  try {
    const context = contextOf(capture, true);
    compileFilter(filter, context);
    prepareInk();
    const { openScreen } = await import('../tui/open.tsx');
    const file = options.write ?? `${capture.meta.hostname ?? 'this node'} live`;
    const code = await openScreen({
      capture,
      context,
      file,
      filter,
      follow: true,
      tables: new ScreenReader({ path: capture.path, growing: true, definitions: [...definitions()] }),
      colour: wantsColour(options.color),
      trouble: recorder.failure,
    });
    if (code !== EXIT.OK) throw new Exit(code);
  } finally {
    capture.close();
  }
}
