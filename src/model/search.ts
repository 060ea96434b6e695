/** Binary search, for all that is kept ascending. */

/**
 * Index of the first of `n` things (fewer than 2^31) for which `isFrom` holds; `n` where it holds for none.
 * It must hold for all that come after one for which it holds.
 */
export function firstIndex(n: number, isFrom: (i: number) => boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isFrom(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
