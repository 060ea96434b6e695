/** HTML out of texts: the only place where a text becomes a part of a page, and harmless. */
import { sanitize } from '../printable.ts';

/** A piece of HTML that is safe as it stands. Made here alone. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Child = Html | string | number | null | readonly Child[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escaped(text: string): string {
  return sanitize(text.toWellFormed()).replace(/[&<>"']/g, (one) => ENTITIES[one]!);
}

function childText(child: Child): string {
  if (child === null) return '';
  if (child instanceof Html) return child.text;
  return Array.isArray(child) ? (child as readonly Child[]).map(childText).join('') : escaped(String(child));
}

/** `attributes` of names that we choose; their values may hold anything. */
export function element(name: string, attributes: Readonly<Record<string, string>>, ...children: Child[]): Html {
  const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return new Html(`<${name}${all.join('')}>${children.map(childText).join('')}</${name}>`);
}

/** A table of texts; columns that are named in `right` hold numbers. */
export function table(titles: readonly string[], rows: readonly (readonly Child[])[], right: ReadonlySet<string> = new Set()): Html {
  const side = (i: number) => (right.has(titles[i]!) ? { class: 'right' } : {});
  const head = titles.map((title, i) => element('th', side(i), title));
  const body = rows.map((cells) => element('tr', {}, ...cells.map((cell, i) => element('td', side(i), cell))));
  return element(
    'div',
    { class: 'scroll' },
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...body)),
  );
}
