/** What a recording's last line says of what is missing. */

/** `broke`: the stream ended before it said what it had lost. */
export function lostText(lost: number, broke: boolean): string {
  if (!broke) return lost === 0 ? 'nothing lost' : `${lost} lost`;
  return `broke off: ${lost === 0 ? '' : `${lost} lost, and `}an unknown number is missing at the end`;
}
