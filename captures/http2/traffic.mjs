// Plain HTTP/2 and gRPC between two ends in this process, by Node's own library (nghttp2) and by @grpc/grpc-js: what `record` beside this records.
import { once } from 'node:events';
import http2 from 'node:http2';
import { Client, Metadata, Server, ServerCredentials, credentials, status } from '@grpc/grpc-js';

const HOST = '127.0.0.1';

function serve() {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    if (headers[':path'] === '/missing') return stream.respond({ ':status': 404 }, { endStream: true });
    stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
    stream.respond({ ':status': headers[':method'] === 'POST' ? 201 : 200, 'content-type': 'application/json', 'x-trace': 'one' });
    stream.end('{}'.repeat(headers[':path'] === '/large' ? 50_000 : 1));
  });
  return server.listen(8080, HOST);
}

async function ask(session, headers, body) {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  stream.resume();
  await once(stream, 'close');
}

async function plain() {
  const server = serve();
  await once(server, 'listening');
  const session = http2.connect(`http://${HOST}:8080`);
  await ask(session, { ':path': '/items?page=1', 'user-agent': 'shop/1.0', authorization: 'Bearer none' });
  await ask(session, { ':path': '/items?page=1', 'user-agent': 'shop/1.0', authorization: 'Bearer none' });
  await ask(session, { ':method': 'POST', ':path': '/orders', 'content-type': 'application/json' }, '{"item":1}');
  await ask(session, { ':path': '/missing' });
  await ask(session, { ':path': '/large' });
  await ask(session, { ':path': '/long', 'x-long': 'y'.repeat(40_000) }); // goes on in a second frame
  session.close();
  await once(session, 'close');
  server.close();
}

const same = (bytes) => bytes;
const method = (name, responseStream = false) => ({
  path: `/shop.Orders/${name}`, requestStream: false, responseStream, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same,
});

async function grpc() {
  const server = new Server();
  server.addService({ Get: method('Get'), Fail: method('Fail'), Watch: method('Watch', true) }, {
    Get: (_, done) => done(null, Buffer.from('order')),
    Fail: (_, done) => done({ code: status.UNAVAILABLE, details: 'no stock' }),
    Watch: (call) => { for (let i = 0; i < 3; i++) call.write(Buffer.from([i])); call.end(); },
  });
  await new Promise((done, failed) => server.bindAsync(`${HOST}:50051`, ServerCredentials.createInsecure(), (error) => (error ? failed(error) : done())));
  const client = new Client(`${HOST}:50051`, credentials.createInsecure());
  const call = (name) => new Promise((done) => client.makeUnaryRequest(`/shop.Orders/${name}`, same, same, Buffer.from('1'), new Metadata(), done));
  await call('Get');
  await call('Get');
  await call('Fail');
  const watch = client.makeServerStreamRequest('/shop.Orders/Watch', same, same, Buffer.from('1'), new Metadata());
  watch.resume();
  await once(watch, 'status');
  client.close();
  server.forceShutdown();
}

await plain();
await grpc();
