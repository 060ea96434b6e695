/** The cells of a table as texts. */
import { secondsText, spanText } from '../../../model/time.ts';
import { sizeText } from '../../../output/cell.ts';
import { countText, harmless } from '../../kit/text.ts';
import type { ScreenColumn } from '../screen.ts';

/** As people read it. */
export function cellText({ unit }: ScreenColumn, cell: string | number | null): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return harmless(cell);
  if (unit === 'ns') return spanText(cell);
  if (unit === 'time') return `+${secondsText(cell).slice(0, -3)}`;
  if (unit === 'heat') return cell === 0 ? '·' : countText(cell);
  if (unit === 'bytes') return sizeText(cell);
  if (unit === 'num' || unit === 'number') return String(cell);
  return unit === 'share' ? `${(100 * cell).toFixed(1)} %` : countText(cell);
}
