/** Standard output, in large pieces. */

const PIECE = 1 << 16;

export class Out {
  #parts: string[] = [];
  #size = 0;

  line(text: string): void {
    this.#parts.push(text);
    this.#size += text.length + 1;
    if (this.#size > PIECE) this.flush();
  }

  lines(texts: Iterable<string>): void {
    for (const text of texts) this.line(text);
  }

  flush(): void {
    if (this.#parts.length === 0) return;
    process.stdout.write(`${this.#parts.join('\n')}\n`);
    this.#parts = [];
    this.#size = 0;
  }
}
