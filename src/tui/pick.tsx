/** Shows a picker until something is chosen. */
import { painter } from './kit/paint.ts';
import { DEFAULT_SIZE } from './kit/terminal.ts';
import { type Choice, type PickerState, pickerKey, pickerView } from './picker.ts';
import { Stage } from './stage.tsx';

/** Index of what was chosen; null: the user left. */
export async function pick(title: string, choices: readonly Choice[], colour: boolean): Promise<number | null> {
  const chosen = Promise.withResolvers<number | null>();
  const paint = painter(colour);
  const first = choices.findIndex(({ off }) => off === null);
  let state: PickerState = { title, choices, selected: Math.max(0, first), notice: '', size: DEFAULT_SIZE };
  const stage = new Stage({
    frame: (size) => {
      state = { ...state, size };
      return pickerView(state, paint);
    },
    press: (key) => {
      const step = pickerKey(state, key);
      if ('chosen' in step) chosen.resolve(step.chosen);
      else state = step.state;
    },
    ended: () => chosen.resolve(null),
  });
  try {
    return await chosen.promise;
  } finally {
    stage.close();
  }
}
