/** Whole commands on the shipped capture, start included. */
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { childCpuMs, report } from './measure.ts';

const root = packageRoot();
const capture = join(root, 'captures/critical-app.trowel');
const COMMANDS: readonly (readonly [args: readonly string[], budget: number])[] = [
  [['version'], 100],
  [['read', capture, 'fd.type=ipv4 and proc.name=curl'], 150],
  [['read', capture, '--json'], 250],
  [['dns', capture], 150],
  [['explain', capture], 200],
  [['info', capture], 150],
];

for (const [args, budget] of COMMANDS) {
  const ms = Math.min(...Array.from({ length: 7 }, () => childCpuMs(join(root, 'bin/trowel'), args)));
  report(`trowel ${args.filter((arg) => arg !== capture).join(' ')}`, ms, 'ms', budget);
}
