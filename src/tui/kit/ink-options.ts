/** How Ink is used everywhere: the terminal class has the screen and the keys, Ink only draws. */
import type { RenderOptions } from 'ink';

export const INK_OPTIONS: RenderOptions = {
  incrementalRendering: true,
  interactive: true,
  exitOnCtrlC: false,
  patchConsole: false,
  maxFps: 60,
  isScreenReaderEnabled: false,
};
