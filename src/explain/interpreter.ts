/** A program that is there, though the kernel says ENOENT: what is missing is its interpreter. */
import { payload } from '../model/chunk.ts';
import type { Analysis } from './analysis.ts';

/** The program's first line, where somebody read it; `name` empty: it is there, but what it needs was not read. null: not known to be there. */
export function interpreterOf(analysis: Analysis, path: string): { readonly name: string; readonly num: number } | null {
  const rows = new Set<number>();
  for (const fd of analysis.dims.fds.all()) if (fd.kind === 'file' && fd.name === path) rows.add(fd.id);
  if (rows.size === 0) return null;
  for (const head of analysis.capture.heads()) {
    const present = head.presence('fd');
    if (present !== null && !present.some((id) => rows.has(id))) continue;
    const chunk = analysis.capture.passingChunk(head);
    for (let i = 0; i < chunk.n; i++) {
      if (!rows.has(chunk.fd[i]!) || analysis.dims.types.get(chunk.type[i]!)?.io !== 'read') continue;
      const name = shebang(payload(chunk, i));
      if (name !== null) return { name, num: chunk.num[i]! };
    }
  }
  return { name: '', num: 0 };
}

/** What follows `#!` up to the line's end; a carriage return before it is part of the name, and mostly the mistake. */
function shebang(bytes: Uint8Array): string | null {
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.startsWith('#!')) return null;
  return text.slice(2).split('\n')[0]!.replace(/^ +/, '').split(' ')[0]!;
}

/** A shell that found the file but could not run it says so. */
export function saidInterpreter(words: string): { readonly name: string; readonly num: number } | null {
  const named = /: ([^:\n]+): bad interpreter/.exec(words);
  if (named !== null) return { name: named[1]!, num: 0 };
  return words.includes('required file not found') ? { name: '', num: 0 } : null;
}
