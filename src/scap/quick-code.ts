/** How good V8 makes the code that reads a file: the best takes a third of all CPU time where the file is short, and is ready when it is over. */
import { statSync } from 'node:fs';

/** Of up to so many bytes; for those of twice as many it makes no difference, and longer ones take more CPU with code that is only good. */
const SHORT = 1 << 23;
const GOOD = ['--no-turbofan', '--force-emit-interrupt-budget-checks'];
const BEST = ['--turbofan', '--no-force-emit-interrupt-budget-checks'];

/** How many short files are being read. */
let reading = 0;

/**
 * Reads a file by `work`. Its modules are loaded before: V8 takes code from Node’s cache only under the flags under which it was made.
 * Afterwards what still runs often gets the best code, as ever: that is what the second flag is for.
 */
export async function withQuickCode<T>(path: string, work: () => Promise<T>): Promise<T> {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined || !file.isFile() || file.size > SHORT) return work();
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  if (reading++ === 0) for (const flag of GOOD) setFlagsFromString(flag);
  try {
    return await work();
  } finally {
    if (--reading === 0) for (const flag of BEST) setFlagsFromString(flag);
  }
}
