/** The name that a lookup is for, told by the names that it tries: with a known search list exactly, else by what they share. */

export class Stem {
  readonly #search: readonly string[] | null;
  readonly #names: string[] = [];
  /** What all names may have been before a search domain was appended. */
  #candidates: string[] | null = null;
  /** The labels with which all names begin. */
  #shared: string[] | null = null;
  /** A name does not follow from the search list. */
  #contradicted = false;

  /** `search`: of the resolv.conf that was read; null: none was. */
  constructor(search: readonly string[] | null) {
    this.#search = search?.map((domain) => domain.toLowerCase()) ?? null;
  }

  /** Adds a name that was tried, in lower case. */
  add(name: string): void {
    const stems = stemsOf(name, this.#search ?? []);
    const common = this.#candidates?.filter((stem) => stems.includes(stem)) ?? stems;
    this.#contradicted ||= this.#search !== null && common.length === 0;
    this.#candidates = common.length === 0 ? [] : common;
    this.#shared = this.#shared === null ? name.split('.') : sharedLabels(this.#shared, name.split('.'));
    this.#names.push(name);
  }

  /** Whether a name may be the next that is tried. What is asked outranks what the file says: a name may contradict it. */
  fits(name: string): boolean {
    const shared = sharedLabels(this.#shared!, name.split('.'));
    if (this.#search === null) return shared.length > 0;
    const stems = stemsOf(name, this.#search);
    return this.#candidates!.some((stem) => stems.includes(stem)) || areOfOneList(this.#names.at(-1)!, name, shared);
  }

  /** The name that was asked for, as far as it shows. `ndots`: with fewer dots a name goes through the search list first. */
  name(ndots: number): string {
    const [first] = this.#names;
    const alone = this.#names.length === 1;
    if (this.#search === null || this.#contradicted) return alone ? first! : this.#shared!.join('.');
    const tried = this.#candidates!.filter((stem) => !alone && this.#names.includes(stem));
    return tried[0] ?? this.#preferred(ndots);
  }

  /** Of several possible names, the one that the resolver would have tried so first. */
  #preferred(ndots: number): string {
    const [first] = this.#names;
    const dots = (name: string) => name.split('.').length - 1;
    const isSearched = (stem: string) => stem !== first && dots(stem) < ndots && first === `${stem}.${this.#search![0]}`;
    return this.#candidates!.find(isSearched) ?? this.#candidates![0] ?? first!;
  }
}

/** What a name may have been before a search domain was appended. */
function stemsOf(name: string, search: readonly string[]): string[] {
  const suffixes = search.filter((domain) => name.endsWith(`.${domain}`));
  return [...new Set([name, ...suffixes.map((domain) => name.slice(0, -domain.length - 1))])];
}

function sharedLabels(a: readonly string[], b: readonly string[]): string[] {
  let n = 0;
  while (a[n] !== undefined && a[n] === b[n]) n++;
  return a.slice(0, n);
}

/**
 * Whether two names look like one under two domains of a search list that is not the file's (LOCALDOMAIN, line ends of DOS):
 * one is the name itself, or one domain lies within the other, or they share several labels before domains of several.
 */
function areOfOneList(before: string, name: string, shared: readonly string[]): boolean {
  if (shared.length === 0) return false;
  const skip = shared.join('.').length + 1;
  const [a, b] = [before.slice(skip), name.slice(skip)];
  if (a === '' || b === '' || a.endsWith(`.${b}`) || b.endsWith(`.${a}`)) return true;
  return shared.length > 1 && a.includes('.') && b.includes('.');
}
