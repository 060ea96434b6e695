/** Words of commands that people paste: whatever a capture says stands in them as one word. */

const PLAIN = /^[A-Za-z0-9_./:@%+=,-]+$/;
const CONTROL = /\p{Cc}/gu;

/** As it is where it means nothing to a shell, else quoted; control characters become `?`. */
export function shellWord(value: string): string {
  return PLAIN.test(value) ? value : `'${value.replace(CONTROL, '?').replaceAll("'", "'\\''")}'`;
}
