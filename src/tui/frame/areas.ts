/** How the screen is divided, and which rows of the list it shows. */

import { GAP_NS } from '../data/seek.ts';
import type { Size } from '../kit/terminal.ts';
import type { ListLook } from '../screens/events/columns.ts';
import type { ListedRow } from '../screens/events/rows.ts';
import type { State } from '../state.ts';

export const SMALLEST: Size = { columns: 40, rows: 10 };

/** From this width on the detail stands beside the list, whose names stay whole; else below. */
const BESIDE_FROM = 210;
/** A hex dump needs so much. */
const BESIDE_WIDTH = 78;
/** Header, filter, column titles, key bar. */
const CHROME = 4;
/** Lines under a filter that is being typed: the caret, what is wrong, and candidates. */
export const PROBLEM_LINES = 2;
const MOST_CANDIDATES = 6;
/** Events that a detail below leaves in the list. Where there is no room for both, the detail waits. */
const LEAST_LIST = 1;

export interface Area {
  readonly width: number;
  /** Lines. */
  readonly height: number;
}

export interface Areas {
  readonly list: Area;
  /** Lines under a filter that is being typed. */
  readonly panel: number;
  readonly candidates: number;
  /** Without its title line where it stands below; null: closed. */
  readonly detail: (Area & { readonly beside: boolean }) | null;
}

const completes = (prompt: State['prompt']) => prompt?.purpose === 'filter' || prompt?.purpose === 'goto';

export function areasOf({ size, prompt, detail, table }: State): Areas {
  const candidates = completes(prompt) ? Math.min(MOST_CANDIDATES, Math.floor(size.rows / 6)) : 0;
  const panel = completes(prompt) ? PROBLEM_LINES + candidates : 0;
  const height = Math.max(1, size.rows - CHROME - timelineHeight(size) - panel);
  const whole = { width: size.columns, height };
  if (!detail.open || table !== null) return { list: whole, panel, candidates, detail: null };
  if (size.columns >= BESIDE_FROM) {
    const list = { width: size.columns - BESIDE_WIDTH - 2, height };
    return { list, panel, candidates, detail: { width: BESIDE_WIDTH, height, beside: true } };
  }
  const below = Math.min(Math.max(3, Math.floor(height * 0.55)), height - LEAST_LIST - 1);
  if (below < 1) return { list: whole, panel, candidates, detail: null };
  return {
    list: { width: size.columns, height: height - below - 1 },
    panel,
    candidates,
    detail: { width: size.columns - 1, height: below, beside: false },
  };
}

/** From so many lines on one is the capture's time. */
const TIMELINE_FROM = 30;

export function timelineHeight({ rows }: Size): 0 | 1 {
  return rows >= TIMELINE_FROM ? 1 : 0;
}

/** Lines of a page that are seen at once. */
export function pageHeight({ rows }: Size): number {
  return rows - 2;
}

/** What the columns' texts depend on. */
export function lookOf(state: State): ListLook {
  const { facts, timeMode, reference } = state;
  return { width: areasOf(state).list.width - 1, timeMode, reference, epoch: facts.epoch, end: facts.end, places: facts.places };
}

/** A line of the list: an event, or the pause before one. */
export type ListItem = { readonly kind: 'row'; readonly row: ListedRow } | { readonly kind: 'gap'; readonly ns: number };

/** The items from row `top` on that fit into `height` lines. A gap at the very top is left out: Δ says it too. */
export function visibleItems(rows: readonly ListedRow[], top: number, height: number): ListItem[] {
  const items: ListItem[] = [];
  for (let i = top; i < rows.length && items.length < height; i++) {
    const row = rows[i]!;
    if (i > top && isAfterGap(row)) {
      if (items.length + 2 > height) break;
      items.push({ kind: 'gap', ns: row.since! });
    }
    items.push({ kind: 'row', row });
  }
  return items;
}

/** Index of the row to begin with so that row `selected` is seen, moving away from row `top` no more than needed. */
export function scrolled(rows: readonly ListedRow[], top: number, selected: number, height: number): number {
  if (selected <= top) return selected;
  let lines = 1;
  let first = selected;
  while (first > top) {
    const needed = 1 + (isAfterGap(rows[first]!) ? 1 : 0);
    if (lines + needed > height) break;
    lines += needed;
    first--;
  }
  return first;
}

/** Index of the row to begin with so that row `selected` is in the middle, or as near to it as leaves no line empty. */
export function centred(rows: readonly ListedRow[], selected: number, height: number): number {
  return Math.min(scrolled(rows, 0, selected, Math.ceil(height / 2)), scrolled(rows, 0, rows.length - 1, height));
}

function isAfterGap({ since }: ListedRow): boolean {
  return since !== null && since > GAP_NS;
}
