/** Shows a picker until something is chosen. Ink is loaded with this file, and only with it. */
import { type Instance, render } from 'ink';
import { INK_OPTIONS } from './kit/ink-options.ts';
import { painter } from './kit/paint.ts';
import { Terminal } from './kit/terminal.ts';
import { type Choice, type PickerState, pickerKey, pickerView } from './picker.ts';
import { Lines } from './screen.tsx';

/** Index of what was chosen; null: the user left. */
export async function pick(title: string, choices: readonly Choice[], colour: boolean): Promise<number | null> {
  const chosen = Promise.withResolvers<number | null>();
  const paint = painter(colour);
  let ink: Instance | null = null;
  const terminal = new Terminal({
    keys: (keys) => {
      for (const key of keys) if (key.kind === 'key') press(key.key);
    },
    ended: () => chosen.resolve(null),
    stopped: () => {},
  });
  let state: PickerState = {
    title,
    choices,
    selected: Math.max(
      0,
      choices.findIndex(({ off }) => off === null),
    ),
    notice: '',
    size: terminal.size,
  };
  const draw = () => ink?.rerender(<Lines frame={pickerView(state, paint)} />);
  const press = (key: string) => {
    const step = pickerKey(state, key);
    if ('chosen' in step) return chosen.resolve(step.chosen);
    state = step.state;
    draw();
  };
  const resize = () => {
    state = { ...state, size: terminal.size };
    draw();
  };
  terminal.open();
  process.stdout.on('resize', resize);
  ink = render(<Lines frame={pickerView(state, paint)} />, INK_OPTIONS);
  try {
    return await chosen.promise;
  } finally {
    process.stdout.off('resize', resize);
    ink.unmount();
    terminal.close();
  }
}
