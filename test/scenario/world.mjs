// The world behind the scenario's cluster: an HTTP server, and an upstream DNS server that takes every question and says nothing.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

createServer((_request, response) => response.end('hello from backend\n')).listen(80, '10.88.0.5');
createSocket('udp4').bind(53, '10.88.0.53');
