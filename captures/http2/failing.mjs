// A server of plain HTTP/2 that fails, and curl, which ends for that: what `record` beside this records.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';

const server = http2.createServer();
server.on('stream', (stream) => {
  stream.respond({ ':status': 503 });
  stream.end('no stock\n');
});
await once(server.listen(8080, '127.0.0.1'), 'listening');
await once(spawn('curl', ['-sf', '--http2-prior-knowledge', 'http://127.0.0.1:8080/orders/7']), 'exit');
process.exit(0);
