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

/** What SQLite or the codecs cannot make sense of: the rest of the file may be readable all the same. */
export class CaptureDamage extends CaptureError {
  constructor(
    path: string,
    readonly detail: string,
  ) {
    super(path, `is damaged: ${detail}; trowel repair gets what can still be read`);
    this.name = 'CaptureDamage';
  }
}
