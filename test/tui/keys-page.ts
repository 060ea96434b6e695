/** docs/screen-keys.md: every key of the table, and what other tools' keys are here. Prints it. */
import { keysPage } from './keys-text.ts';

process.stdout.write(keysPage());
