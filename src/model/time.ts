/** Inside a capture, time is a plain number: ns since the capture's start. Only here does it meet the clock on the wall. */

export const US = 1e3;
export const MS = 1e6;
export const SECOND = 1e9;

/** A clock reading: ns since 1970 at which the capture's time was zero. Too large for a number, hence bigint. */
export type Epoch = bigint;

/** ns since 1970, as decimal digits. */
export function wallNs(epoch: Epoch, time: number): string {
  return (epoch + BigInt(Math.round(time))).toString();
}

/** `15:41:39.536834352`, in the zone of TZ or UTC. */
export function clockText(epoch: Epoch, time: number, withDate = false, utc = false): string {
  const wall = epoch + BigInt(Math.round(time));
  const date = new Date(Number(wall / 1_000_000n));
  const nanos = (wall % 1_000_000_000n).toString().padStart(9, '0');
  const two = (n: number) => String(n).padStart(2, '0');
  const [y, mo, d, h, mi, s] = utc
    ? [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    : [date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
  const clock = `${two(h)}:${two(mi)}:${two(s)}.${nanos}`;
  return withDate ? `${y}-${two(mo + 1)}-${two(d)} ${clock}` : clock;
}

/** `12.345678901`: seconds with all nine digits. */
export function secondsText(ns: number): string {
  const sign = ns < 0 ? '-' : '';
  const whole = Math.abs(Math.round(ns));
  return `${sign}${Math.floor(whole / SECOND)}.${String(whole % SECOND).padStart(9, '0')}`;
}

/** `8.011 s`, `2.17 ms`, `740 µs`, `9 ns`: three significant digits, for people. */
export function spanText(ns: number): string {
  const size = Math.abs(ns);
  const [unit, scale] = size >= SECOND ? ['s', SECOND] : size >= MS ? ['ms', MS] : size >= US ? ['µs', US] : ['ns', 1];
  const value = ns / scale;
  const digits =
    scale === 1
      ? 0
      : Math.abs(value) >= 100
        ? unit === 's'
          ? 1
          : 0
        : Math.abs(value) >= 10
          ? unit === 's'
            ? 3
            : 1
          : unit === 's'
            ? 3
            : 2;
  return `${value.toFixed(digits)} ${unit}`;
}
