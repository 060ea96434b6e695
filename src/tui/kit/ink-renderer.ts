/**
 * Takes the place of Ink's renderer in the bundle (scripts/bundle.mjs): from Ink's tree to the text of a frame. Ink's own takes every line
 * apart into cells and puts it together again, for every frame. Ours draws what screen.tsx makes: whole lines, one Text below the other,
 * harmless and fitted already, so that a frame is these lines.
 */
import { cutPainted } from './text.ts';

/** What is looked at of a node of Ink's tree: a text, or what has some. */
interface InkNode {
  readonly nodeName: string;
  readonly nodeValue?: string;
  readonly childNodes?: readonly InkNode[];
  readonly yogaNode?: { getComputedWidth(): number };
}

/** `staticOutput`: what is written once and scrolls away; we have none. */
interface InkFrame {
  readonly output: string;
  readonly outputHeight: number;
  readonly staticOutput: string;
}

export default function renderer(root: InkNode): InkFrame {
  const width = root.yogaNode?.getComputedWidth() ?? 0;
  const lines = [...linesOf(root)].map((line) => cutPainted(line, width));
  return { output: lines.join('\n'), outputHeight: lines.length, staticOutput: '' };
}

function* linesOf(node: InkNode): Generator<string> {
  if (node.nodeName === 'ink-text') yield textOf(node).trimEnd();
  else for (const child of node.childNodes ?? []) yield* linesOf(child);
}

function textOf({ nodeValue = '', childNodes = [] }: InkNode): string {
  return nodeValue + childNodes.map(textOf).join('');
}
