/** What Ink draws: the lines of a frame, one Text each. All that is to be decided was decided in view.ts. */
import { Box, Text, useCursor } from 'ink';
import { memo, useSyncExternalStore } from 'react';
import { type Frame, view } from './frame/view.ts';
import type { Paint } from './kit/paint.ts';
import type { Session } from './session.ts';

const FrameLine = memo(({ text }: { readonly text: string }) => <Text wrap="truncate-end">{text === '' ? ' ' : text}</Text>);

export function Lines({ frame: { lines, cursor } }: { readonly frame: Frame }) {
  const { setCursorPosition } = useCursor();
  setCursorPosition(cursor ?? undefined);
  return (
    <Box flexDirection="column" height={lines.length}>
      {lines.map((text, y) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line of the screen is its place
        <FrameLine key={y} text={text} />
      ))}
    </Box>
  );
}

export function Screen({ session, paint }: { readonly session: Session; readonly paint: Paint }) {
  const state = useSyncExternalStore(
    (listener) => session.subscribe(listener),
    () => session.state,
  );
  return <Lines frame={view(state, paint)} />;
}
