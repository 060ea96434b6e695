/** Screens of the shipped capture, as pictures for the documents and as texts that a test compares. `npm run screens` makes both. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { OWN } from '../../src/tui/screens/index.ts';
import { endAll, Pty, type Run, testScript } from './pty.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PICTURES = join(ROOT, 'docs/screens');
const GOLDENS = join(import.meta.dirname, 'goldens');
export const CAPTURE = 'captures/critical-app.trowel';
export const SIZES = [
  [80, 24],
  [120, 40],
  [200, 50],
] as const;

export interface Picture {
  readonly name: string;
  /** What the documents say of it. */
  readonly text: string;
  /** Keys, and after each what is waited for. */
  readonly steps: readonly (readonly [keys: string, seen: string | RegExp])[];
  /** A packed capture, such as doctor/mtu-blackhole; absent: CAPTURE. */
  readonly of?: string;
}

const screen = (id: string, seen: string | RegExp, text: string): Picture => ({ name: id, text, steps: [[`:${id}\r`, seen]] });

// biome-ignore format: a table
const CHOSEN: readonly Picture[] = [
  { name: 'events', text: 'The list of events: what happened, event by event; pauses have a line of their own.', steps: [[':441\r', '#441']] },
  { name: 'detail', text: 'Enter: one event in full, with its payload.', steps: [[':822\r', '#822'], ['\r', '102 bytes']] },
  { name: 'filter', text: 'f: a filter is typed; what may follow, what is wrong and how many match is shown meanwhile.', steps: [['fproc.nme=curl and evt.type=read', '(Tab takes it)']] },
  { name: 'views', text: 'v: all screens, and which question each answers.', steps: [['v', 'what can be looked at']] },
  screen('findings', /▸10\.010 s/, 'What went wrong or took long here, the most costly first.'),
  { name: 'story', text: 'w: why it took so long. Every line leads to the event that shows it; n tells the next story.', steps: [['w', 'localdomain  TIMEOUT']] },
  screen('summary', 'most frequent', 'What the capture holds, and what it lacks.'),
  screen('dns', /TIMEOUT|SERVFAIL/, 'Which names were tried, at which server, and what that cost.'),
  screen('waits', /▸ ?5\.005 s/, 'Which threads waited longest, on what; o shows what others did meanwhile.'),
  screen('slow', /▸ ?5\.005 s/, 'The calls that took longest.'),
  screen('containers', 'CONTAINER.ID', 'Containers: Enter leads to their processes, descriptors, and what went through them.'),
  screen('processes', 'curl -s -S', 'Processes as a tree.'),
  screen('descriptors', 'anon_inode', 'Files, sockets and pipes, by the time they took.'),
  { name: 'stream', text: 'What went through a connection, in both directions; x shows it dotted or as hex, S saves it.', steps: [[':822\r', '#822'], ['e', /as text[\s\S]*hello from backend/]] },
  screen('http', 'HTTP.METHOD', 'HTTP requests and their answers.'),
  screen('spectrogram', '10 ms', 'How long calls took over time; a field leads to its events.'),
  screen('failures', 'ENOENT', 'What failed, how often, and to whom.'),
  screen('doctor', /dns-unanswered/, 'What is wrong with the node and its network, what shows it, and what to do.'),
  { ...screen('net-pods', /the node .* 1\/6 /s, 'The node’s network, of a capture with a look at it: pods, and how each hangs on the node.'), of: 'doctor/policy-drop' },
  { ...screen('net-drops', /PACKETS REASON/, 'Where packets vanished: which way they came, where they were dropped, by which rule.'), of: 'doctor/policy-drop' },
  { name: 'help', text: '?: what the columns of a screen mean, and every key.', steps: [[':waits\r', /▸ ?5\.005 s/], ['?', 'between calls']] },
];

/** Those about a cluster need one. */
const PODS: readonly string[] = ['pods', 'namespaces', 'workloads', 'nodes'];

/** The other screens, each by its own sentence. */
function others(): Picture[] {
  const chosen = new Set([...CHOSEN.map(({ name }) => name), 'by']);
  return OWN.filter(({ id }) => !chosen.has(id)).map(({ id, sentence }) => ({
    ...screen(id, ` ${id}: `, `${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`),
    ...(id.startsWith('net-') ? { of: 'doctor/kube-upstream-silent' } : PODS.includes(id) ? { of: 'nodes/shop-node1' } : {}),
  }));
}

/** A picture a screen; those that lenses make look as the rankings do. */
export const SHOWN: readonly Picture[] = [...CHOSEN, ...others()];

/** Plays a picture's keys; gives the terminal as it then is. */
export async function shot({ steps, of }: Picture, columns: number, rows: number): Promise<Pty> {
  const where = of === undefined ? {} : { cwd: folder };
  const pty = new Pty(['open', '--screen', 'events', of === undefined ? CAPTURE : unpacked(of)], {
    columns,
    rows,
    env: { TZ: 'UTC' },
    ...where,
  });
  await pty.until('Enter detail');
  for (const [keys, seen] of steps) {
    pty.type(keys);
    await pty.until(seen);
    await pty.until((now) => !now.includes('working …'));
  }
  return pty;
}

const folder = mkdtempSync(join(tmpdir(), 'trowel-pictures-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Its name within the folder: where that is, is no part of a picture. */
function unpacked(name: string): string {
  const file = `${basename(name)}.trowel`;
  if (!existsSync(join(folder, file)))
    writeFileSync(join(folder, file), gunzipSync(readFileSync(join(ROOT, `captures/${name}.trowel.gz`))));
  return file;
}

const goldenName = (name: string, columns: number, rows: number) => `${name}-${columns}x${rows}.txt`;
export const goldenPath = (...of: Parameters<typeof goldenName>) => join(GOLDENS, goldenName(...of));

/** Screens whose texts are compared at every size. */
export const COMPARED = SHOWN.filter(({ name }) =>
  ['events', 'detail', 'story', 'findings', 'dns', 'processes', 'stream', 'spectrogram', 'doctor', 'net-pods'].includes(name),
);

const CELL = { width: 8.4, height: 18 };
const COLOURS = ['#282c34', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#dcdfe4'];
const [BACKGROUND, TEXT] = ['#1e2127', '#dcdfe4'];

/** A screen as SVG. */
export function svgOf(lines: readonly (readonly Run[])[], columns: number): string {
  const width = Math.ceil(columns * CELL.width + 20);
  const height = lines.length * CELL.height + 20;
  const runs = lines.flatMap((line, y) => line.filter(({ text, inverse }) => inverse || text.trim() !== '').map((run) => runSvg(run, y)));
  const style = `font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>\n<g ${style}>\n${runs.join('\n')}\n</g>\n</svg>\n`;
}

function runSvg({ x, text, colour, bold, dim, inverse, underline }: Run, y: number): string {
  const left = (10 + x * CELL.width).toFixed(1);
  const wide = (text.length * CELL.width).toFixed(1);
  const ink = colour < 0 ? TEXT : (COLOURS[colour % 8] ?? TEXT);
  const bar = inverse ? `<rect x="${left}" y="${10 + y * CELL.height}" width="${wide}" height="${CELL.height}" fill="${ink}"/>` : '';
  const look = `${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.6"' : ''}${underline ? ' text-decoration="underline"' : ''}`;
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `${bar}<text x="${left}" y="${10 + y * CELL.height + 13.5}" textLength="${wide}" lengthAdjust="spacingAndGlyphs" fill="${inverse ? BACKGROUND : ink}"${look}>${escaped}</text>`;
}

function page(): string {
  const pictures = SHOWN.map(({ name, text }) => `## ${name}\n\n${text}\n\n![${name}](screens/${name}.svg)\n`);
  return `# The screen\n\nPictures of \`trowel open ${CAPTURE}\`, made by \`npm run screens\`. Keys are in [screen-keys.md](screen-keys.md).\n\n${pictures.join('\n')}`;
}

const hasRsvg = (() => {
  try {
    execFileSync('rsvg-convert', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Fills a new folder, which takes the other's place when all is in it: a picture that fails leaves those there are. */
async function anew(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const made = `${target}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  try {
    await fill(made);
    rmSync(target, { recursive: true, force: true });
    renameSync(made, target);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

async function draw(into: string): Promise<void> {
  for (const picture of SHOWN) {
    const pty = await shot(picture, 120, 30);
    const path = join(into, `${picture.name}.svg`);
    writeFileSync(path, svgOf(pty.runs, 120));
    if (hasRsvg) execFileSync('rsvg-convert', ['-o', path.replace(/svg$/, 'png'), path]);
    endAll();
  }
}

async function writeGoldens(into: string): Promise<void> {
  for (const picture of COMPARED) {
    for (const [columns, rows] of SIZES) {
      const pty = await shot(picture, columns, rows);
      writeFileSync(join(into, goldenName(picture.name, columns, rows)), `${pty.screen}\n`);
      endAll();
    }
  }
}

async function make(): Promise<void> {
  await anew(GOLDENS, writeGoldens);
  await anew(PICTURES, draw);
  writeFileSync(join(ROOT, 'docs/screens.md'), page());
  writeFileSync(join(ROOT, 'docs/screen-keys.md'), execFileSync(process.execPath, [testScript('test/tui/keys-page.ts')]));
}

if (process.argv[1] === import.meta.filename) await make();
