/** Today's ClickHouse, embedded (the npm package chdb), behind as much of its HTTP as a store's client uses: node chdb-front.mjs MODULES FOLDER. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, folder] = process.argv.slice(2);
const { Session } = createRequire(`${modules}/`)('chdb');
const session = new Session(join(folder, 'data'));
const files = mkdtempSync(join(folder, 'sent-'));
/** What is for the HTTP interface, which is this file. */
const OF_HTTP = new Set(['query', 'query_id', 'session_id', 'wait_end_of_query', 'database', 'enable_http_compression', 'default_format']);
let count = 0;
/** One statement after the other. */
let last = Promise.resolve();

createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    last = last.then(() => answer(new URL(request.url, 'http://front'), Buffer.concat(pieces), response));
  });
}).listen(0, '127.0.0.1', function listening() {
  console.log(this.address().port);
});

async function answer({ pathname, searchParams }, body, response) {
  if (pathname === '/ping') return response.end('Ok.\n');
  const query = searchParams.get('query');
  const file = join(files, `${++count}`);
  try {
    for (const [name, value] of searchParams) if (!OF_HTTP.has(name)) session.query(`SET ${name} = ${value}`);
    if (query !== null) writeFileSync(file, body);
    const sql = query === null ? body.toString() : query.replace(/ FORMAT (\w+)\s*$/, ` FROM INFILE '${file}' FORMAT $1`);
    const result = await session.queryAsync(sql);
    response.end(Buffer.from(result.bytes()));
  } catch (error) {
    response.writeHead(500, { 'x-clickhouse-exception-code': '1' }).end(error.message);
  } finally {
    rmSync(file, { force: true });
  }
}

process.stdin.resume().on('end', () => process.exit(0));
