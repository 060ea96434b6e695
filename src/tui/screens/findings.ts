/** The stories worth telling, the most costly first. */
import { sentenceOf } from '../../output/sentences.ts';
import { type ScreenSpec, screenColumn } from './screen.ts';
import { ofWhom, storiesOf } from './stories.ts';

export const FINDINGS: ScreenSpec = {
  id: 'findings',
  aliases: ['stories', 'list'],
  sentence: 'what went wrong or took long here, the most costly first',
  filter: '',
  enter: 'answer',
  read: (source) => {
    const stories = storiesOf(source);
    return {
      head: [
        ...ofWhom(source),
        ...(stories.length === 0
          ? ['nothing waited longer than 100 ms for what it had asked for, and no failure is known to have done harm']
          : []),
      ],
      columns: [
        screenColumn('cost', 'ns', null, 'time that its first cause cost; 0: it failed at once'),
        screenColumn('process', 'text', null, 'who waited or failed'),
        screenColumn('pid', 'number', null, 'its number'),
        screenColumn('pod', 'text', null, 'the pod that it ran in'),
        screenColumn('cause', 'text', null, 'the name of the cause, as explain has it'),
        screenColumn('what happened', 'prose', null, 'in a sentence'),
      ],
      rows: stories.map(({ process, pod, causes: [cause] }) => ({
        cells: [
          cause?.cost ?? 0,
          process.comm,
          process.pid,
          pod,
          cause?.id ?? '',
          cause === undefined ? 'no single cause stands out' : sentenceOf(cause),
        ],
        num: null,
        drill: `proc.pid=${process.pid}`,
        to: 'story',
      })),
    };
  },
};
