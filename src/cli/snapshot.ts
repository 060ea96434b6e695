/** `trowel snapshot`: lets the running flight recorder save what led to now. */
import { jsonText } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { askForSnapshot, type FlightAnswer, listeningRecorders } from './flight-control.ts';

export interface SnapshotOptions {
  /** Of the recorder, where several run. */
  readonly pid?: number;
  readonly json?: boolean;
}

export async function snapshot({ pid, json = false }: SnapshotOptions): Promise<void> {
  const running = listeningRecorders();
  if (pid === undefined && running.length > 1)
    throw new UsageError(`several flight recorders run: name one with --pid (${running.join(', ')})`);
  const asked = pid ?? running[0];
  const last: { news: FlightAnswer | null } = { news: null };
  const found = asked !== undefined && (await askForSnapshot(asked, (news) => hear(news, last, json)));
  if (!found) throw new Exit(EXIT.FAILED, 'no flight recorder of this user runs: start one with trowel record --ring 10m');
  const { news } = last;
  if (news?.state === 'refused') throw new Exit(EXIT.FAILED, news.reason);
  if (news?.state !== 'saved') throw new Exit(EXIT.FAILED, 'the recorder ended before it had saved');
  process.stdout.write(json ? `${jsonText(news)}\n` : `${news.path}\n`);
}

function hear(news: FlightAnswer, last: { news: FlightAnswer | null }, json: boolean): void {
  last.news = news;
  if (news.state === 'saving' && !json) say(`saving ${news.path} in ${news.seconds} s`);
}
