/** The time of day without its steps: an administrator, or NTP, may set the clock while a recording runs, whose times go on. */

/** ms since 1970 by the clock as it was when this thread began, counted on steadily. */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
