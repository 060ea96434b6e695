/** A gap that is far away is looked for beside the thread with the keyboard. */
import { type Counting, type CountNews, nextId, PATIENCE } from './counting.ts';

export class GapElsewhere {
  readonly #filter: string;
  readonly #beside: Counting;
  #wanted: { readonly direction: 1 | -1; readonly from: number } | null = null;
  #slices = 0;
  /** The job that was given away; 0: none is. */
  #id = 0;
  #news: CountNews | null = null;

  constructor(filter: string, beside: Counting) {
    this.#filter = filter;
    this.#beside = beside;
  }

  /** It is looked for elsewhere, and not found yet. */
  get isAway(): boolean {
    return this.#id !== 0 && this.#news?.done !== true;
  }

  begin(direction: 1 | -1, from: number): void {
    this.#wanted = { direction, from };
    this.#slices = 0;
  }

  /** How far it is, or what was found; null: it is to be looked for here, for a slice more. */
  step(): { readonly found: number | null } | { readonly at: number } | null {
    if (this.#wanted === null) return null;
    if (this.#id === 0 && ++this.#slices < PATIENCE) return null;
    const { from, direction } = this.#wanted;
    if (this.#id === 0) {
      this.#id = nextId();
      this.#beside.count({ lane: 'gap', id: this.#id, filter: this.#filter, text: null, from, direction });
    }
    if (this.#news?.done !== true) return { at: this.#news?.at ?? from };
    const { found } = this.#news;
    this.#forget();
    return found === undefined ? null : { found };
  }

  told(news: CountNews): void {
    if (news.id === this.#id) this.#news = news;
  }

  stop(): void {
    if (this.isAway) this.#beside.stop('gap');
    this.#forget();
  }

  #forget(): void {
    this.#wanted = this.#news = null;
    this.#id = 0;
  }
}
