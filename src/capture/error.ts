/** A capture that cannot be read, with what is wrong and what to try. */
export class CaptureError extends Error {
  constructor(
    readonly path: string,
    readonly problem: string,
  ) {
    super(`${path}: ${problem}`);
    this.name = 'CaptureError';
  }
}
