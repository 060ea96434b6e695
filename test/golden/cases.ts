/** What Trowel prints for the captures that come with it: one golden file a line. `npm run goldens` writes them anew. */
export const GOLDENS: readonly { readonly file: string; readonly args: readonly string[] }[] = [
  { file: 'dns.out', args: ['dns', 'captures/critical-app.trowel'] },
  { file: 'dns.json', args: ['dns', 'captures/critical-app.trowel', '--json'] },
  { file: 'explain.out', args: ['explain', 'captures/critical-app.trowel'] },
  { file: 'explain.json', args: ['explain', 'captures/critical-app.trowel', '--json'] },
  { file: 'explain.md', args: ['explain', 'captures/critical-app.trowel', '--markdown'] },
  { file: 'trace-string.out', args: ['trace-string', 'captures/critical-app.trowel', 'localdomain'] },
  { file: 'localdomain.out', args: ['read', 'captures/critical-app.trowel', 'dns.qname contains localdomain'] },
  { file: 'curl-sockets.out', args: ['read', 'captures/critical-app.trowel', 'fd.type=ipv4 and proc.name=curl'] },
  { file: 'processes.out', args: ['read', 'captures/critical-app.trowel', 'evt.type in (execve, clone, clone3, fork, vfork, procexit)'] },
  { file: 'read.json', args: ['read', 'captures/critical-app.trowel', 'evt.type=connect', '--json'] },
  { file: 'ascii.out', args: ['read', 'captures/critical-app.trowel', 'evt.buffer contains "HTTP/1.1"', '-A', '-t', 'r'] },
  { file: 'hex.out', args: ['read', 'captures/critical-app.trowel', 'fd.name=/etc/resolv.conf and evt.is_io_read=true', '-X', '-n', '1'] },
  { file: 'hex-field.out', args: ['read', 'captures/critical-app.trowel', 'fd.port=53', '-x', '-n', '2', '-p', '%evt.num %evt.buffer'] },
  {
    file: 'explain-filter.out',
    args: [
      'read',
      'captures/critical-app.trowel',
      'proc.name=curl and fd.port=53 and (evt.latency>1ms or evt.buffer contains localdomain) and not dns.rcode=NXDOMAIN and evt.args contains res',
      '--explain-filter',
    ],
  },
];
