/** How `trowel snapshot` and a flight recorder find each other: a socket that only its owner can reach. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a recorder answers: it will save, it has saved, or why not. */
export type FlightAnswer =
  | { readonly state: 'saving'; readonly path: string; readonly seconds: number }
  | { readonly state: 'saved'; readonly path: string; readonly explanation: string }
  | { readonly state: 'refused'; readonly reason: string };

const PREFIX = 'recorder-';
const SUFFIX = '.sock';
/** A question is one line; what is longer is none. */
const MAX_QUESTION = 4096;

/** Where sockets are. Throws where the folder is somebody else's, or open to others. */
export function runtimeFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const base = process.env.TROWEL_RUNTIME ?? (uid === 0 ? '/run' : (process.env.XDG_RUNTIME_DIR ?? tmpdir()));
  const folder = join(base, base === tmpdir() ? `trowel-${uid}` : 'trowel');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = lstatSync(folder);
  if (owner !== uid || (mode & 0o077) !== 0) throw new Error(`${folder} is not this user's alone`);
  return folder;
}

/** Where this process listens. */
export const snapshotSocket = () => join(runtimeFolder(), `${PREFIX}${process.pid}${SUFFIX}`);

/** Listens for snapshots. `ask` is called for each, and answers as often as there is news. */
export async function listenForSnapshots(ask: (answer: (news: FlightAnswer) => void) => void): Promise<{ close(): void }> {
  const path = snapshotSocket();
  rmSync(path, { force: true });
  const server = createServer((socket) => serve(socket, ask));
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject).listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return { close: () => closeServer(server, path) };
}

function closeServer(server: Server, path: string): void {
  server.close();
  try {
    rmSync(path, { force: true });
  } catch {
    // root's, and this process no more: the broker removes it
  }
}

function serve(socket: Socket, ask: (answer: (news: FlightAnswer) => void) => void): void {
  let said = '';
  socket.on('error', () => {}); // who asked is gone: what was begun goes on
  socket.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.length > MAX_QUESTION) socket.destroy();
    if (!said.endsWith('\n')) return;
    said = '';
    ask((news) => {
      if (!socket.writable) return;
      if (news.state === 'saving') socket.write(`${JSON.stringify(news)}\n`);
      else socket.end(`${JSON.stringify(news)}\n`);
    });
  });
}

/** pids of recorders that listen, or that were killed while they did. */
export function listeningRecorders(): number[] {
  return readdirSync(runtimeFolder())
    .filter((name) => name.startsWith(PREFIX) && name.endsWith(SUFFIX))
    .map((name) => Number(name.slice(PREFIX.length, -SUFFIX.length)))
    .filter((pid) => Number.isInteger(pid));
}

/** Asks one recorder; null: it is gone. */
export function askForSnapshot(pid: number, onNews: (news: FlightAnswer) => void): Promise<boolean> {
  const path = join(runtimeFolder(), `${PREFIX}${pid}${SUFFIX}`);
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(path, () => socket.write('snapshot\n'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT') return reject(error);
      rmSync(path, { force: true });
      resolve(false);
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const lines = said.split('\n');
      said = lines.pop()!;
      for (const line of lines) onNews(JSON.parse(line) as FlightAnswer);
    });
    socket.on('end', () => resolve(true));
  });
}
