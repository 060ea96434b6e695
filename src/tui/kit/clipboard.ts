/** Where a copied text goes: to the terminal's clipboard where the terminal is known to take it, to tmux where that is between, else into a file. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Terminals that take OSC 52 as they are installed, by what they say of themselves. */
const PROGRAMS = /^(iTerm\.app|WezTerm|ghostty|rio|vscode|Hyper|contour|Tabby)$/i;
const TERMS = /^(xterm-kitty|xterm-ghostty|alacritty|foot|wezterm|contour|rio)/;
/** What all of them take at once. */
const CLIPBOARD_BYTES = 74_000;

type Env = Readonly<Record<string, string | undefined>>;

export function takesClipboard({ TERM = '', TERM_PROGRAM = '', WT_SESSION, KITTY_WINDOW_ID, TMUX, STY }: Env): boolean {
  if (TMUX !== undefined || STY !== undefined) return false; // they keep it to themselves unless told otherwise
  return PROGRAMS.test(TERM_PROGRAM) || TERMS.test(TERM) || WT_SESSION !== undefined || KITTY_WINDOW_ID !== undefined;
}

/** Gives where the text is now, in words. `osc52`: puts it on the terminal's clipboard. The caller has made it harmless. */
export function copyText(text: string, osc52: (text: string) => void, env: Env = process.env): string {
  if (env.TMUX !== undefined && spawnSync('tmux', ['load-buffer', '-'], { input: text }).status === 0) return 'in tmux’s buffer';
  if (takesClipboard(env) && Buffer.byteLength(text) <= CLIPBOARD_BYTES) {
    osc52(text);
    return 'in the terminal’s clipboard';
  }
  const path = join(env.XDG_STATE_HOME || join(homedir(), '.local/state'), 'trowel/copied.txt');
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return `in ${path}`;
  } catch (error) {
    return `nowhere: ${(error as Error).message}`;
  }
}
